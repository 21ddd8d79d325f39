#include "CKafka.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {
#define NAME(name) #name,
    MONITORD_KAFKA_FUNCTIONS(NAME)
#undef NAME
};

const monitord_kafka_functions *monitord_kafka_load(const char *path, char *reason, int reasonSize) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(reason, (size_t)reasonSize, "%s", dlerror());
        return NULL;
    }
    // All members are pointers to functions, in the order of the names.
    enum { count = sizeof(names) / sizeof(names[0]) };
    _Static_assert(sizeof(monitord_kafka_functions) == count * sizeof(void *), "a member for each name");
    void **functions = calloc(count, sizeof(void *));
    if (functions == NULL) {
        snprintf(reason, (size_t)reasonSize, "no memory");
        return NULL;
    }
    for (int index = 0; index < count; index++) {
        functions[index] = dlsym(library, names[index]);
        if (functions[index] == NULL) {
            snprintf(reason, (size_t)reasonSize, "it has no %s", names[index]);
            free(functions);
            return NULL;
        }
    }
    return (const monitord_kafka_functions *)functions;
}
