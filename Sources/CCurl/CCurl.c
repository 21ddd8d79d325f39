#define CURL_DISABLE_TYPECHECK
// CURLOPT_PROTOCOLS: see there.
#define CURL_DISABLE_DEPRECATION
#include "CCurl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Never unloaded: libcurl and what it loads keep threads' and process' state.
static struct {
    void *library;
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_easy_init) easy_init;
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_easy_reset) easy_reset;
    __typeof__(&curl_easy_setopt) easy_setopt;
    __typeof__(&curl_easy_perform) easy_perform;
    __typeof__(&curl_easy_getinfo) easy_getinfo;
    __typeof__(&curl_easy_strerror) easy_strerror;
    __typeof__(&curl_slist_append) slist_append;
    __typeof__(&curl_slist_free_all) slist_free_all;
} curl;

static struct {
    void *library;
    __typeof__(&HMAC) hmac;
    __typeof__(&EVP_sha256) sha256;
} crypto;

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;

struct monitord_http {
    CURL *handle;
    char error[CURL_ERROR_SIZE];
};

static void say(char *problem, size_t size, const char *text) { snprintf(problem, size, "%s", text ? text : "unknown reason"); }

// The first library that is there; each has the same interface.
static void *open_first(const char *const *names, char *problem, size_t size) {
    for (; *names; names++) {
        void *library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
        if (library) return library;
        if (!*problem) say(problem, size, dlerror());
    }
    return NULL;
}

static int find(void *library, const char *name, void *target, char *problem, size_t size) {
    void *symbol = dlsym(library, name);
    if (!symbol) {
        say(problem, size, dlerror());
        return -1;
    }
    // Both are pointers to a function; ISO C has no conversion from one to an object to one.
    memcpy(target, &symbol, sizeof symbol);
    return 0;
}

static int load_curl(char *problem, size_t size) {
    // OpenSSL's flavour first, because the signatures are made by its libcrypto.
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
    void *library = open_first(names, problem, size);
    if (!library) return -1;
#define FIND(name) find(library, "curl_" #name, &curl.name, problem, size)
    if (FIND(global_init) || FIND(easy_init) || FIND(easy_cleanup) || FIND(easy_reset) || FIND(easy_setopt) ||
        FIND(easy_perform) || FIND(easy_getinfo) || FIND(easy_strerror) || FIND(slist_append) || FIND(slist_free_all))
        return -1;
#undef FIND
    CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) {
        say(problem, size, curl.easy_strerror(code));
        return -1;
    }
    curl.library = library;
    return 0;
}

int monitord_http_load(char *problem, size_t size) {
    problem[0] = 0;
    pthread_mutex_lock(&loading);
    int result = curl.library ? 0 : load_curl(problem, size);
    pthread_mutex_unlock(&loading);
    return result;
}

monitord_http *monitord_http_make(void) {
    monitord_http *connection = calloc(1, sizeof *connection);
    if (!connection) return NULL;
    connection->handle = curl.easy_init();
    if (connection->handle) return connection;
    free(connection);
    return NULL;
}

void monitord_http_free(monitord_http *connection) {
    if (!connection) return;
    curl.easy_cleanup(connection->handle);
    free(connection);
}

// Keeps the beginning of the body and passes over the rest.
static size_t keep(char *data, size_t unit, size_t count, void *target) {
    monitord_http_answer *answer = target;
    size_t have = strlen(answer->text), room = sizeof answer->text - 1 - have, length = unit * count;
    memcpy(answer->text + have, data, length < room ? length : room);
    return length;
}

static struct curl_slist *list(const char *lines) {
    struct curl_slist *headers = NULL;
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        char *line = strndup(lines, length);
        struct curl_slist *longer = line ? curl.slist_append(headers, line) : NULL;
        free(line);
        if (!longer) {
            curl.slist_free_all(headers);
            return NULL;
        }
        headers = longer;
        lines += length + (lines[length] == '\n');
    }
    return headers;
}

int monitord_http_post(
    monitord_http *connection, const char *url, const char *headers, const void *body, size_t length, const char *ca_file,
    const char *cert_file, const char *key_file, long timeout_ms, monitord_http_answer *answer) {
    memset(answer, 0, sizeof *answer);
    memset(connection->error, 0, sizeof connection->error);
    CURL *handle = connection->handle;
    // The options go, open connections stay.
    curl.easy_reset(handle);
    struct curl_slist *lines = list(headers);
    if (!lines) {
        say(answer->text, sizeof answer->text, "no memory");
        return CURLE_OUT_OF_MEMORY;
    }
    CURLcode code = CURLE_OK;
#define SET(option, value) if (code == CURLE_OK) code = curl.easy_setopt(handle, option, value)
    // Signals belong to other threads; names are looked up on a thread of libcurl's.
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_ERRORBUFFER, connection->error);
    SET(CURLOPT_URL, url);
    // Bits, not the names that took their place in 7.85: Debian 11 has 7.74.
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_TIMEOUT_MS, timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    SET(CURLOPT_HTTPHEADER, lines);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    SET(CURLOPT_POSTFIELDS, (const char *)body);
    SET(CURLOPT_WRITEFUNCTION, keep);
    SET(CURLOPT_WRITEDATA, answer);
    if (ca_file) SET(CURLOPT_CAINFO, ca_file);
    if (cert_file) SET(CURLOPT_SSLCERT, cert_file);
    if (key_file) SET(CURLOPT_SSLKEY, key_file);
#undef SET
    if (code == CURLE_OK) code = curl.easy_perform(handle);
    if (code == CURLE_OK) {
        curl_off_t seconds = 0;
        curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
        if (curl.easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0 && seconds < LONG_MAX)
            answer->retry_after = (long)seconds;
    } else {
        say(answer->text, sizeof answer->text, connection->error[0] ? connection->error : curl.easy_strerror(code));
    }
    curl.slist_free_all(lines);
    return code;
}

static int load_crypto(char *problem, size_t size) {
    static const char *const names[] = {"libcrypto.so.3", "libcrypto.so.1.1", NULL};
    void *library = open_first(names, problem, size);
    if (!library) return -1;
    if (find(library, "HMAC", &crypto.hmac, problem, size) || find(library, "EVP_sha256", &crypto.sha256, problem, size))
        return -1;
    crypto.library = library;
    return 0;
}

int monitord_hmac_sha256(
    const void *key, size_t key_length, const void *data, size_t length, unsigned char *digest, char *problem, size_t size) {
    problem[0] = 0;
    pthread_mutex_lock(&loading);
    int result = crypto.library ? 0 : load_crypto(problem, size);
    pthread_mutex_unlock(&loading);
    if (result) return result;
    unsigned int made = 0;
    if (key_length <= INT_MAX && crypto.hmac(crypto.sha256(), key, (int)key_length, data, length, digest, &made) && made == 32)
        return 0;
    say(problem, size, "libcrypto makes no HMAC-SHA256");
    return -1;
}
