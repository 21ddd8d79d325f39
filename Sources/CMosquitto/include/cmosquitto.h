// libmosquitto, loaded when it is first used and not when the program starts: it brings OpenSSL with it, which would cost
// every start and every idle daemon some megabytes, whether it speaks MQTT or not.
#ifndef MONITORD_CMOSQUITTO_H
#define MONITORD_CMOSQUITTO_H

#include <mosquitto.h>

#pragma clang assume_nonnull begin

/// The functions of libmosquitto that are used, each with its own type out of mosquitto.h.
struct monitord_mosquitto {
    __typeof__(&mosquitto_lib_version) lib_version;
    __typeof__(&mosquitto_new) create;
    __typeof__(&mosquitto_destroy) destroy;
    __typeof__(&mosquitto_user_data_set) user_data_set;
    __typeof__(&mosquitto_username_pw_set) username_pw_set;
    __typeof__(&mosquitto_tls_set) tls_set;
    __typeof__(&mosquitto_int_option) int_option;
    __typeof__(&mosquitto_connect) connect;
    __typeof__(&mosquitto_disconnect) disconnect;
    __typeof__(&mosquitto_subscribe_multiple) subscribe_multiple;
    __typeof__(&mosquitto_publish) publish;
    __typeof__(&mosquitto_socket) socket;
    __typeof__(&mosquitto_want_write) want_write;
    __typeof__(&mosquitto_loop_read) loop_read;
    __typeof__(&mosquitto_loop_write) loop_write;
    __typeof__(&mosquitto_loop_misc) loop_misc;
    __typeof__(&mosquitto_connect_with_flags_callback_set) connect_callback_set;
    __typeof__(&mosquitto_disconnect_callback_set) disconnect_callback_set;
    __typeof__(&mosquitto_message_callback_set) message_callback_set;
    __typeof__(&mosquitto_subscribe_callback_set) subscribe_callback_set;
    __typeof__(&mosquitto_publish_callback_set) publish_callback_set;
    __typeof__(&mosquitto_strerror) strerror;
    __typeof__(&mosquitto_connack_string) connack_string;
};

/// The functions, loaded by the first call and never unloaded; NULL when the library or one of them is not to be had.
const struct monitord_mosquitto *_Nullable monitord_mosquitto(void);

/// What the loader said when ``monitord_mosquitto`` gave NULL, a text that stays.
const char *monitord_mosquitto_problem(void);

#pragma clang assume_nonnull end

#endif
