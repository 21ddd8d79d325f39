// libcurl and libcrypto, loaded when they are first needed: linked, they and the twenty libraries that they need would be loaded at
// every start, also where no alert goes over HTTP. C, because curl_easy_setopt takes variable arguments, which Swift cannot call,
// and because the types of the functions come from libcurl's own header here.
#ifndef MONITORD_CCURL_H
#define MONITORD_CCURL_H

#include <stddef.h>

/// A connection that is kept from one request to the next. One thread at a time.
typedef struct monitord_http monitord_http;

/// What came of a request.
typedef struct {
    /// The status of HTTP; 0 when there was no answer.
    long status;
    /// Seconds that the answer asks to wait, 0 when it does not say.
    long retry_after;
    /// The beginning of the answer's body, or what went wrong, ended by a NUL.
    char text[512];
} monitord_http_answer;

/// Loads libcurl, once; tried again each time until it is there.
/// Returns 0, or -1 with the loader's words in `problem` (`size` bytes, ended by a NUL).
int monitord_http_load(char *_Nonnull problem, size_t size);

/// Makes a connection that is not open yet; NULL without memory. monitord_http_load comes first.
monitord_http *_Nullable monitord_http_make(void);

/// Closes a connection.
void monitord_http_free(monitord_http *_Nullable connection);

/// Posts a body and waits for the answer. http and https alone, no redirects; certificates are checked.
/// headers: one a line, ended by a line feed each.
/// ca_file, cert_file, key_file: in PEM; NULL for the system's authorities, and for no certificate of our own.
/// Returns 0 when there was an answer, else libcurl's code, with its words in answer->text.
int monitord_http_post(
    monitord_http *_Nonnull connection, const char *_Nonnull url, const char *_Nonnull headers, const void *_Nonnull body,
    size_t length, const char *_Nullable ca_file, const char *_Nullable cert_file, const char *_Nullable key_file, long timeout_ms,
    monitord_http_answer *_Nonnull answer);

/// HMAC-SHA256 (RFC 2104) by libcrypto, which is loaded when it is first needed.
/// Returns 0, or -1 with the reason in `problem`.
int monitord_hmac_sha256(
    const void *_Nonnull key, size_t key_length, const void *_Nonnull data, size_t length, unsigned char *_Nonnull digest,
    char *_Nonnull problem, size_t size);

#endif
