// Writing and reading enrollment tokens.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/enrollment_token.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SCHEME "signet://"

// base64url without padding (RFC 4648, section 5)
#define TEXT_SIZE(octets) (((octets)*4 + 2) / 3)

void enrollment_token_clear(struct enrollment_token *token) {
    memory_wipe(token, sizeof(*token));
}

enum result token_credential_format(const uint8_t id[TOKEN_ID_SIZE],
                                    const uint8_t secret[TOKEN_SECRET_SIZE], struct buf *out) {
    TRY(text_base64url_encode(bytes_of(id, TOKEN_ID_SIZE), out));
    TRY(buf_append_byte(out, '.'));
    return text_base64url_encode(bytes_of(secret, TOKEN_SECRET_SIZE), out);
}

enum result enrollment_token_format(const struct enrollment_token *token, struct buf *out) {
    TRY(buf_printf(out, SCHEME "%s:%u/", token->host, token->port));
    TRY(token_credential_format(token->id, token->secret, out));
    TRY(buf_append_byte(out, '.'));
    return text_base64url_encode(bytes_of(token->root_fingerprint, SHA256_SIZE), out);
}

static enum result refuse(struct error *err, const char *what, const char *hint) {
    (void)error_set_code(err, RESULT_INVALID, "token_malformed",
                         "this is not an enrollment token: %s", what);
    error_field(err, "token");
    error_hint(err, "%s", hint);
    return RESULT_INVALID;
}

static enum result refuse_token(struct error *err, const char *what) {
    return refuse(err, what, "Copy the whole token, from signet:// to its last character.");
}

static enum result refuse_credential(struct error *err, const char *what) {
    return refuse(err, what,
                  "Send the part of the token behind its address and before the last dot.");
}

// Splits *text at the first `separator` and moves it behind; false when there is none.
static bool take_part(struct bytes *text, char separator, struct bytes *out_part) {
    const uint8_t *found = text->size > 0 ? memchr(text->data, separator, text->size) : NULL;
    if (found == NULL) {
        return false;
    }
    size_t size = (size_t)(found - text->data);
    *out_part = bytes_slice(*text, 0, size);
    *text = bytes_slice(*text, size + 1, text->size);
    return true;
}

// *out_problem is NULL when it is well, otherwise what is wrong with it.
static enum result decode_part(struct bytes text, uint8_t *out, size_t size,
                               const char **out_problem) {
    AUTO(buf_clear) struct buf decoded = {0};
    buf_init_secret(&decoded, size + 3);
    *out_problem = text.size < TEXT_SIZE(size)   ? "is cut off"
                   : text.size > TEXT_SIZE(size) ? "is too long"
                                                 : NULL;
    if (*out_problem != NULL) {
        return RESULT_OK;
    }
    const enum result result = text_base64url_decode(text, &decoded);
    if (result == RESULT_INTERNAL) {
        return result; // memory is out: the token may be a good one
    }
    if (result != RESULT_OK || decoded.size != size) {
        *out_problem = "holds a wrong character";
        return RESULT_OK;
    }
    memcpy(out, decoded.data, size);
    return RESULT_OK;
}

// --- ID.SECRET -------------------------------------------------------------------------------

// `refuse_part` words the error for the form that was to be read.
static enum result read_part(struct bytes text, const char *name, uint8_t *out, size_t size,
                             enum result (*refuse_part)(struct error *, const char *),
                             struct error *err) {
    const char *problem = NULL;
    if (decode_part(text, out, size, &problem) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    if (problem == NULL) {
        return RESULT_OK;
    }
    char what[64];
    (void)snprintf(what, sizeof(what), "its %s %s", name, problem);
    return refuse_part(err, what);
}

struct credential {
    uint8_t id[TOKEN_ID_SIZE];
    uint8_t secret[TOKEN_SECRET_SIZE];
};

static void credential_clear(struct credential *credential) {
    memory_wipe(credential, sizeof(*credential));
}

enum result token_credential_read(const char *text, uint8_t out_id[TOKEN_ID_SIZE],
                                  uint8_t out_secret[TOKEN_SECRET_SIZE], struct error *err) {
    struct bytes secret = bytes_of_string(text), id = {0};
    if (!take_part(&secret, '.', &id)) {
        return refuse_credential(err, "it should be ID.SECRET");
    }
    AUTO(credential_clear) struct credential credential = {0};
    TRY(read_part(id, "id", credential.id, TOKEN_ID_SIZE, refuse_credential, err));
    TRY(read_part(secret, "secret", credential.secret, TOKEN_SECRET_SIZE, refuse_credential,
                  err));
    memcpy(out_id, credential.id, TOKEN_ID_SIZE);
    memcpy(out_secret, credential.secret, TOKEN_SECRET_SIZE);
    return RESULT_OK;
}

// --- the whole token -------------------------------------------------------------------------

// RFC 1123 characters: whether the name exists is for the resolver to say.
static bool is_host_name(struct bytes host) {
    for (size_t i = 0; i < host.size; i++) {
        uint8_t c = host.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '-') {
            return false;
        }
    }
    return host.size > 0;
}

static bool is_bracketed_ipv6(const char *host) {
    char address[64] = "";
    uint8_t octets[16];
    size_t length = strlen(host), size = 0;
    if (length < 3 || length >= sizeof(address) || host[0] != '[' || host[length - 1] != ']') {
        return false;
    }
    memcpy(address, host + 1, length - 2);
    return text_read_ip(address, octets, &size) == RESULT_OK && size == 16;
}

// "host:port" or "[v6]:port"; brackets stay in `host`.
static enum result read_address(struct bytes text, struct enrollment_token *token,
                                struct error *err) {
    const uint8_t *colon = text.size > 0 ? memrchr(text.data, ':', text.size) : NULL;
    if (colon == NULL) {
        return refuse_token(err, "its address should be HOST:PORT");
    }
    size_t host_size = (size_t)(colon - text.data);
    struct bytes host = bytes_slice(text, 0, host_size);
    int64_t port = 0;
    if (text_read_int64(bytes_slice(text, host_size + 1, text.size), 1, UINT16_MAX, &port) !=
        RESULT_OK) {
        return refuse_token(err, "its port is not a number from 1 to 65535");
    }
    if (host.size >= sizeof(token->host) || bytes_contain_zero(host)) {
        return refuse_token(err, "its host is too long");
    }
    if (host.size > 0) {
        memcpy(token->host, host.data, host.size);
    }
    token->host[host.size] = '\0';
    if (!is_host_name(host) && !is_bracketed_ipv6(token->host)) {
        return refuse_token(err, "its host is neither a name nor an address");
    }
    token->port = (uint16_t)port;
    return RESULT_OK;
}

static enum result read_token(struct bytes text, struct enrollment_token *token,
                              struct error *err) {
    struct bytes address = {0}, id = {0}, secret = {0};
    if (!take_part(&text, '/', &address)) {
        return refuse_token(err, "nothing stands behind its address");
    }
    TRY(read_address(address, token, err));
    if (!take_part(&text, '.', &id) || !take_part(&text, '.', &secret)) {
        return refuse_token(err, "ID.SECRET.FINGERPRINT should stand behind its address");
    }
    TRY(read_part(id, "id", token->id, TOKEN_ID_SIZE, refuse_token, err));
    TRY(read_part(secret, "secret", token->secret, TOKEN_SECRET_SIZE, refuse_token, err));
    return read_part(text, "fingerprint", token->root_fingerprint, SHA256_SIZE, refuse_token,
                     err);
}

enum result enrollment_token_read(const char *text, struct enrollment_token *out_token,
                                  struct error *err) {
    if (!text_starts_with(text, SCHEME)) {
        return refuse_token(err, "it should begin with " SCHEME);
    }
    AUTO(enrollment_token_clear) struct enrollment_token token = {0};
    TRY(read_token(bytes_of_string(text + strlen(SCHEME)), &token, err));
    *out_token = token;
    return RESULT_OK;
}
