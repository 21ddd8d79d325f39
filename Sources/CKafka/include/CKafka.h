// librdkafka, loaded when the first topic is read: linked, it would bring TLS, SASL and two compressors into every start.
#ifndef MONITORD_CKAFKA_H
#define MONITORD_CKAFKA_H

#include <librdkafka/rdkafka.h>

/// The functions used, as librdkafka 2.0.2 has them; a later library has them too. None is variadic.
#define MONITORD_KAFKA_FUNCTIONS(FUNCTION) \
    FUNCTION(rd_kafka_version_str) \
    FUNCTION(rd_kafka_err2str) \
    FUNCTION(rd_kafka_conf_new) \
    FUNCTION(rd_kafka_conf_set) \
    FUNCTION(rd_kafka_conf_set_events) \
    FUNCTION(rd_kafka_conf_destroy) \
    FUNCTION(rd_kafka_new) \
    FUNCTION(rd_kafka_destroy_flags) \
    FUNCTION(rd_kafka_poll_set_consumer) \
    FUNCTION(rd_kafka_set_log_queue) \
    FUNCTION(rd_kafka_queue_get_main) \
    FUNCTION(rd_kafka_queue_get_consumer) \
    FUNCTION(rd_kafka_queue_destroy) \
    FUNCTION(rd_kafka_queue_poll) \
    FUNCTION(rd_kafka_event_type) \
    FUNCTION(rd_kafka_event_destroy) \
    FUNCTION(rd_kafka_event_message_next) \
    FUNCTION(rd_kafka_event_error) \
    FUNCTION(rd_kafka_event_error_string) \
    FUNCTION(rd_kafka_event_error_is_fatal) \
    FUNCTION(rd_kafka_event_topic_partition_list) \
    FUNCTION(rd_kafka_event_log) \
    FUNCTION(rd_kafka_event_CreateTopics_result) \
    FUNCTION(rd_kafka_subscribe) \
    FUNCTION(rd_kafka_unsubscribe) \
    FUNCTION(rd_kafka_assign) \
    FUNCTION(rd_kafka_incremental_assign) \
    FUNCTION(rd_kafka_incremental_unassign) \
    FUNCTION(rd_kafka_assignment_lost) \
    FUNCTION(rd_kafka_commit) \
    FUNCTION(rd_kafka_commit_queue) \
    FUNCTION(rd_kafka_error_code) \
    FUNCTION(rd_kafka_error_string) \
    FUNCTION(rd_kafka_error_destroy) \
    FUNCTION(rd_kafka_topic_partition_list_new) \
    FUNCTION(rd_kafka_topic_partition_list_add) \
    FUNCTION(rd_kafka_topic_partition_list_destroy) \
    FUNCTION(rd_kafka_topic_new) \
    FUNCTION(rd_kafka_topic_destroy) \
    FUNCTION(rd_kafka_topic_name) \
    FUNCTION(rd_kafka_produce) \
    FUNCTION(rd_kafka_last_error) \
    FUNCTION(rd_kafka_message_timestamp) \
    FUNCTION(rd_kafka_metadata) \
    FUNCTION(rd_kafka_metadata_destroy) \
    FUNCTION(rd_kafka_query_watermark_offsets) \
    FUNCTION(rd_kafka_get_watermark_offsets) \
    FUNCTION(rd_kafka_NewTopic_new) \
    FUNCTION(rd_kafka_NewTopic_set_config) \
    FUNCTION(rd_kafka_NewTopic_destroy) \
    FUNCTION(rd_kafka_CreateTopics) \
    FUNCTION(rd_kafka_CreateTopics_result_topics) \
    FUNCTION(rd_kafka_topic_result_error)

#define MONITORD_KAFKA_POINTER(name) __typeof__(name) *_Nonnull name;

/// The functions of a loaded library.
typedef struct monitord_kafka_functions {
    MONITORD_KAFKA_FUNCTIONS(MONITORD_KAFKA_POINTER)
} monitord_kafka_functions;

/// Loads a library and finds the functions in it; it stays loaded.
/// path: a file, or a name that the loader looks for.
/// Returns the functions, never freed; else NULL, and reason holds why (cut to reasonSize bytes, ends with 0).
const monitord_kafka_functions *_Nullable monitord_kafka_load(
    const char *_Nonnull path, char *_Nonnull reason, int reasonSize);

#endif
