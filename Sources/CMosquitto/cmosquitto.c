#include "cmosquitto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static struct monitord_mosquitto functions;
static int is_loaded;
static char problem[256] = "";
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void note(const char *words) {
    snprintf(problem, sizeof problem, "%s", words ? words : "no reason is known");
}

// One name in the table and in the library.
#define LOAD(field, name)                                                            \
    do {                                                                             \
        void *address = dlsym(library, #name);                                       \
        if (!address) {                                                              \
            note(dlerror());                                                         \
            return;                                                                  \
        }                                                                            \
        /* POSIX has functions and objects share their addresses' representation. */ \
        *(void **)&functions.field = address;                                        \
    } while (0)

static void load(void) {
    void *library = dlopen("libmosquitto.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        note(dlerror());
        return;
    }
    LOAD(lib_version, mosquitto_lib_version);
    LOAD(create, mosquitto_new);
    LOAD(destroy, mosquitto_destroy);
    LOAD(user_data_set, mosquitto_user_data_set);
    LOAD(username_pw_set, mosquitto_username_pw_set);
    LOAD(tls_set, mosquitto_tls_set);
    LOAD(int_option, mosquitto_int_option);
    LOAD(connect, mosquitto_connect);
    LOAD(disconnect, mosquitto_disconnect);
    LOAD(subscribe_multiple, mosquitto_subscribe_multiple);
    LOAD(publish, mosquitto_publish);
    LOAD(socket, mosquitto_socket);
    LOAD(want_write, mosquitto_want_write);
    LOAD(loop_read, mosquitto_loop_read);
    LOAD(loop_write, mosquitto_loop_write);
    LOAD(loop_misc, mosquitto_loop_misc);
    LOAD(connect_callback_set, mosquitto_connect_with_flags_callback_set);
    LOAD(disconnect_callback_set, mosquitto_disconnect_callback_set);
    LOAD(message_callback_set, mosquitto_message_callback_set);
    LOAD(subscribe_callback_set, mosquitto_subscribe_callback_set);
    LOAD(publish_callback_set, mosquitto_publish_callback_set);
    LOAD(strerror, mosquitto_strerror);
    LOAD(connack_string, mosquitto_connack_string);
    __typeof__(&mosquitto_lib_init) init = NULL;
    void *address = dlsym(library, "mosquitto_lib_init");
    if (!address) {
        note(dlerror());
        return;
    }
    *(void **)&init = address;
    if (init() != MOSQ_ERR_SUCCESS) {
        note("it cannot be initialised");
        return;
    }
    is_loaded = 1;
}

const struct monitord_mosquitto *monitord_mosquitto(void) {
    pthread_once(&once, load);
    return is_loaded ? &functions : NULL;
}

const char *monitord_mosquitto_problem(void) {
    pthread_once(&once, load);
    return problem;
}
