// Requests of the library: one question, asked as often as it takes, that ends in one certificate.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/library/signet_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "client/connect/ask.h"
#include "client/connect/authority.h"
#include "client/connect/issued.h"
#include "x509/certificate.h"
#include "x509/csr.h"

// Below what an exchange may take, with room for a slow line.
#define WAIT_SECONDS_MOST 50
#define SAVED_BYTES (4 * (size_t)LIMIT_CHAIN_BYTES + 2 * (size_t)LIMIT_NAMES * LIMIT_NAME_BYTES)
_Static_assert(WAIT_SECONDS_MOST + 5 < LIMIT_CLIENT_EXCHANGE_SECONDS, "a poll ends in time");

struct signet_request {
    struct signet_client *client;
    struct signet_key *key;
    struct buf csr; // kept, for the authority knows a repetition by its bytes
    char code[PUBLIC_KEY_CODE_SIZE];
    struct names names;                    // that must be in the certificate
    struct signet_credential *predecessor; // of a renewal; or NULL, and the rest
    struct authority_place place;
    struct buf root; // DER, once it was found
    int64_t clock_error;
    struct buf token, claim;
    char *held_id; // NULL: not held
};

// A request as it is kept. Either there is a predecessor, or the address and what follows it.
#define saved_request_FIELDS(F, R)                                                             \
    F(BYTES, key, LIMIT_KEY_FILE_BYTES, REQUIRED)                                              \
    F(REQUEST, csr, LIMIT_CSR_BYTES, REQUIRED)                                                 \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    R(predecessor, saved_credential, 1)                                                        \
    F(TEXT, url, LIMIT_URL_BYTES, OPTIONAL)                                                    \
    F(TEXT, fingerprint, LIMIT_FINGERPRINT_TEXT, OPTIONAL)                                     \
    F(SECRET, token, LIMIT_TOKEN_TEXT_BYTES, OPTIONAL)                                         \
    F(SECRET, claim, LIMIT_CLAIM_BYTES, OPTIONAL)                                              \
    F(TEXT, id, LIMIT_REQUEST_ID_TEXT, OPTIONAL)
MESSAGE_DECLARE(saved_request);
MESSAGE_DEFINE(saved_request);

void signet_request_free(struct signet_request *request) {
    if (request == NULL) {
        return;
    }
    signet_key_free(request->key);
    signet_credential_free(request->predecessor);
    names_clear(&request->names);
    buf_clear(&request->csr);
    buf_clear(&request->root);
    buf_clear(&request->token);
    buf_clear(&request->claim);
    string_free_at(&request->held_id);
    free(request);
}

static void request_free_at(struct signet_request **request) {
    signet_request_free(*request);
}

const char *signet_request_code(const struct signet_request *request) {
    return request->code;
}

// --- making ------------------------------------------------------------------------------

static enum result request_new(struct signet_client *client, struct signet_key *key,
                               struct signet_request **out_request, struct error *err) {
    struct signet_request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return error_out_of_memory(err);
    }
    request->client = client;
    request->key = key_keep(key);
    buf_init(&request->csr, LIMIT_CSR_BYTES);
    buf_init(&request->root, LIMIT_CERTIFICATE_BYTES);
    buf_init_secret(&request->token, LIMIT_TOKEN_TEXT_BYTES);
    buf_init_secret(&request->claim, LIMIT_CLAIM_BYTES);
    request->place.transport = client_transport(client);
    *out_request = request;
    return public_key_code(key_public(key->key), request->code);
}

static enum result add_names(const char *const *names, size_t count, struct names *out,
                             struct error *err) {
    if (count > LIMIT_NAMES) {
        return error_set_code(err, RESULT_LIMIT, "too_many", "a request has at most %d names",
                              LIMIT_NAMES);
    }
    TRY(count > 0 ? require_argument(names, "names", err) : RESULT_OK);
    for (size_t i = 0; i < count; i++) {
        TRY(require_argument(names[i], "a name", err));
        TRY(names_add_text(out, names[i], err));
    }
    return RESULT_OK;
}

static enum result make_enrollment(struct signet_request *request, const char *token,
                                   const char *const *names, size_t count, struct error *err) {
    const struct transport *transport = request->place.transport;
    TRY(authority_read_token(token, &request->place, &request->token, err));
    request->place.transport = transport;
    TRY(add_names(names, count, &request->names, err));
    TRY(claim_make(&request->claim, err));
    return csr_build(request->key->key, &request->names, &request->csr, err);
}

static enum result enrollment_new(struct signet_client *client, const char *token,
                                  struct signet_key *key, const char *const *names,
                                  size_t count, struct signet_request **out_request,
                                  struct error *err) {
    AUTO(request_free_at) struct signet_request *request = NULL;
    TRY(require_argument(token, "token", err));
    TRY(require_argument(key, "key", err));
    TRY(require_argument(out_request, "out_request", err));
    TRY(request_new(client, key, &request, err));
    TRY(make_enrollment(request, token, names, count, err));
    *out_request = request;
    request = NULL;
    return RESULT_OK;
}

enum signet_result signet_enrollment_new(struct signet_client *client, const char *token,
                                         struct signet_key *key, const char *const *names,
                                         size_t name_count,
                                         struct signet_request **out_request) {
    return client == NULL
               ? SIGNET_INVALID
               : client_end(client, enrollment_new(client, token, key, names, name_count,
                                                   out_request, client_begin(client)));
}

// What the predecessor carries: the request itself names nothing, for it is granted just that.
static enum result take_names(struct signet_request *request, struct error *err) {
    struct certificate certificate;
    TRY(certificate_read(buf_bytes(&request->predecessor->certificate), &certificate, err));
    return certificate_names(&certificate, &request->names, err);
}

static enum result renewal_new(struct signet_client *client,
                               struct signet_credential *credential, struct signet_key *key,
                               struct signet_request **out_request, struct error *err) {
    AUTO(request_free_at) struct signet_request *request = NULL;
    const struct names none = {0};
    TRY(require_argument(credential, "credential", err));
    TRY(require_argument(key, "key", err));
    TRY(require_argument(out_request, "out_request", err));
    TRY(request_new(client, key, &request, err));
    request->predecessor = credential_keep(credential);
    TRY(take_names(request, err));
    TRY(csr_build(key->key, &none, &request->csr, err));
    *out_request = request;
    request = NULL;
    return RESULT_OK;
}

enum signet_result signet_renewal_new(struct signet_client *client,
                                      struct signet_credential *credential,
                                      struct signet_key *key,
                                      struct signet_request **out_request) {
    return client == NULL ? SIGNET_INVALID
                          : client_end(client, renewal_new(client, credential, key, out_request,
                                                           client_begin(client)));
}

// --- sending -----------------------------------------------------------------------------

static enum result find_root(struct signet_request *request, struct error *err) {
    if (request->root.size > 0) {
        return RESULT_OK;
    }
    TRY(authority_find_root(&request->place, &request->root, &request->clock_error, err));
    if (request->client->trusts_server_time) {
        clock_correct(clock_correction() + request->clock_error);
        request->clock_error = 0;
    }
    return RESULT_OK;
}

static enum result note_held(struct signet_request *request, const struct held *held,
                             struct error *err) {
    TRY(held_check(held, request->code, err));
    if (request->held_id == NULL && text_set(&request->held_id, held->id) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return error_set_code(err, RESULT_PENDING, "pending",
                          "the request %s waits for approval by an administrator",
                          request->code);
}

static enum result ask_enrollment(struct signet_request *request, int64_t wait,
                                  struct issued *out_issued, struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(exchange_clear) struct exchange exchange = {0};
    AUTO(api_delay_clear) struct api_delay delay = {0};
    const struct own_certificate none = {0};
    const struct enrollment_question question = {.csr = buf_bytes(&request->csr),
                                                 .token = buf_string(&request->token),
                                                 .claim = buf_string(&request->claim)};
    TRY(find_root(request, err));
    TRY(authority_connect(&request->place.url, request->place.transport,
                          buf_bytes(&request->root), &none, &tls, &exchange, err));
    const enum result result =
        ask_certificate(&exchange, &question, &request->held_id, wait, out_issued, &delay, err);
    return result == RESULT_PENDING ? note_held(request, &delay.held, err) : result;
}

static enum result ask_renewal(const struct signet_request *request, struct issued *out_issued,
                               struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(exchange_clear) struct exchange exchange = {0};
    AUTO(api_delay_clear) struct api_delay delay = {0};
    const struct signet_credential *old = request->predecessor;
    const struct own_certificate own = {.key = old->key->key,
                                        .certificate = buf_bytes(&old->certificate),
                                        .chain = buf_bytes(&old->chain)};
    if (request->client->trusts_server_time) {
        TRY(credential_take_time(old, err));
    }
    TRY(authority_connect(&old->url, client_transport(request->client), buf_bytes(&old->trust),
                          &own, &tls, &exchange, err));
    return ask_renew(&exchange, buf_bytes(&request->csr), out_issued, &delay, err);
}

static enum result take_issued(const struct signet_request *request,
                               const struct issued *issued,
                               struct signet_credential **out_credential, struct error *err) {
    const struct signet_credential *old = request->predecessor;
    const struct bytes root = buf_bytes(old != NULL ? &old->root : &request->root);
    const struct issued_expectation expectation = {.public_key = key_public(request->key->key),
                                                   .root = root,
                                                   .names = &request->names,
                                                   .profile = old != NULL ? old->profile : NULL,
                                                   .now = clock_now()};
    const struct credential_parts parts = {.client = request->client,
                                           .key = request->key,
                                           .issued = issued,
                                           .url = old != NULL ? &old->url : &request->place.url,
                                           .root = root,
                                           .before = old != NULL ? buf_bytes(&old->trust)
                                                                 : (struct bytes){0}};
    TRY(issued_check(issued, &expectation, err));
    return credential_make(&parts, out_credential, err);
}

static enum result send_request(struct signet_request *request, int wait_seconds,
                                struct signet_credential **out_credential, struct error *err) {
    struct issued issued = {0};
    TRY(require_argument(out_credential, "out_credential", err));
    if (wait_seconds < 0 || wait_seconds > WAIT_SECONDS_MOST) {
        return error_set_code(err, RESULT_INVALID, "usage", "wait_seconds is not 0 to %d",
                              WAIT_SECONDS_MOST);
    }
    enum result result = request->predecessor != NULL
                             ? ask_renewal(request, &issued, err)
                             : ask_enrollment(request, wait_seconds, &issued, err);
    if (result == RESULT_OK) {
        result = take_issued(request, &issued, out_credential, err);
    }
    message_clear(&issued_type, &issued);
    if (result != RESULT_OK) {
        authority_explain_clock(request->clock_error,
                                "set it, or trust the server's time if it is ours that is "
                                "wrong",
                                err);
    }
    return result;
}

enum signet_result signet_request_send(struct signet_request *request, int wait_seconds,
                                       struct signet_credential **out_credential) {
    if (request == NULL) {
        return SIGNET_INVALID;
    }
    struct error *err = client_begin(request->client);
    return client_end(request->client,
                      send_request(request, wait_seconds, out_credential, err));
}

// --- keeping -----------------------------------------------------------------------------

static enum result fill_enrollment(const struct signet_request *request,
                                   struct saved_request *saved) {
    AUTO(buf_clear) struct buf origin = {0};
    AUTO(buf_clear) struct buf fingerprint = {0};
    buf_init(&origin, LIMIT_URL_BYTES);
    buf_init(&fingerprint, LIMIT_FINGERPRINT_TEXT);
    TRY(url_format_origin(&request->place.url, &origin));
    TRY(text_hex_encode(bytes_of(request->place.fingerprint, SHA256_SIZE), &fingerprint));
    TRY(text_set(&saved->url, buf_string(&origin)));
    TRY(text_set(&saved->fingerprint, buf_string(&fingerprint)));
    TRY(text_set_bytes(&saved->token, buf_bytes(&request->token)));
    TRY(text_set_bytes(&saved->claim, buf_bytes(&request->claim)));
    for (size_t i = 0; i < request->names.count; i++) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, LIMIT_LIST_TEXT_BYTES);
        TRY(name_format(&request->names.items[i], &text));
        TRY(text_list_add(&saved->names, buf_string(&text)));
    }
    return request->held_id != NULL ? text_set(&saved->id, request->held_id) : RESULT_OK;
}

static enum result fill_saved(const struct signet_request *request, struct saved_request *saved,
                              struct error *err) {
    AUTO(buf_clear) struct buf key = {0};
    void *predecessor = NULL;
    buf_init_secret(&key, LIMIT_KEY_FILE_BYTES);
    TRY(key_save_pkcs8(request->key->key, &key));
    TRY(blob_set(&saved->key, buf_bytes(&key)));
    TRY(blob_set(&saved->csr, buf_bytes(&request->csr)));
    if (request->predecessor == NULL) {
        return fill_enrollment(request, saved);
    }
    TRY(record_add(&saved->predecessor, &saved_credential_type, &predecessor));
    return credential_fill_saved(request->predecessor, predecessor, err);
}

static enum result save(const struct signet_request *request, char *room, size_t size,
                        size_t *out_size, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, SAVED_BYTES);
    struct saved_request saved = {0};
    enum result result = fill_saved(request, &saved, err);
    if (result == RESULT_OK) {
        result = message_to_json(&saved_request_type, &saved, &text, err);
    }
    message_clear(&saved_request_type, &saved);
    return result == RESULT_OK ? give_bytes(buf_bytes(&text), room, size, out_size, err)
                               : result;
}

enum signet_result signet_request_save(struct signet_request *request, char *room, size_t size,
                                       size_t *out_size) {
    if (request == NULL) {
        return SIGNET_INVALID;
    }
    struct error *err = client_begin(request->client);
    return client_end(request->client, save(request, room, size, out_size, err));
}

static enum result damaged(struct error *err) {
    return error_set(err, RESULT_INVALID, "the saved request is damaged");
}

static enum result take_enrollment(const struct saved_request *saved,
                                   struct signet_request *request, struct error *err) {
    AUTO(buf_clear) struct buf fingerprint = {0};
    buf_init(&fingerprint, SHA256_SIZE);
    if (saved->url == NULL || saved->fingerprint == NULL || saved->token == NULL ||
        saved->claim == NULL ||
        text_hex_decode(bytes_of_string(saved->fingerprint), &fingerprint) != RESULT_OK ||
        fingerprint.size != SHA256_SIZE) {
        return damaged(err);
    }
    TRY(url_read(saved->url, &request->place.url, err));
    if (!request->place.url.is_https) {
        return damaged(err);
    }
    memcpy(request->place.fingerprint, fingerprint.data, SHA256_SIZE);
    TRY(buf_append_string(&request->token, saved->token));
    TRY(buf_append_string(&request->claim, saved->claim));
    TRY(issued_read_names(&saved->names, &request->names, err));
    return saved->id != NULL ? text_set(&request->held_id, saved->id) : RESULT_OK;
}

static enum result take_saved(const struct saved_request *saved, struct signet_request *request,
                              struct error *err) {
    // Of another key, it would bring a certificate that is refused.
    TRY(buf_append(&request->csr, blob_bytes(&saved->csr)));
    if (saved->predecessor.count == 0) {
        return take_enrollment(saved, request, err);
    }
    TRY(credential_from_saved(request->client, saved->predecessor.items, &request->predecessor,
                              err));
    return take_names(request, err);
}

static enum result from_saved(struct signet_client *client, const struct saved_request *saved,
                              struct signet_request **out_request, struct error *err) {
    struct key *key = NULL;
    AUTO(signet_key_free_at) struct signet_key *wrapped = NULL;
    AUTO(request_free_at) struct signet_request *request = NULL;
    TRY(key_load_pkcs8(blob_bytes(&saved->key), &key, err));
    TRY(key_wrap(key, &wrapped, err));
    TRY(request_new(client, wrapped, &request, err));
    TRY(take_saved(saved, request, err));
    *out_request = request;
    request = NULL;
    return RESULT_OK;
}

static enum result load(struct signet_client *client, struct bytes text,
                        struct signet_request **out_request, struct error *err) {
    TRY(require_argument(text.data, "saved", err));
    TRY(require_argument(out_request, "out_request", err));
    if (text.size > SAVED_BYTES) {
        return error_set_code(err, RESULT_LIMIT, "too_long",
                              "a saved request has at most %zu bytes", SAVED_BYTES);
    }
    struct saved_request saved = {0};
    enum result result = message_from_json(&saved_request_type, text, &saved, err);
    if (result == RESULT_OK) {
        result = from_saved(client, &saved, out_request, err);
    }
    message_clear(&saved_request_type, &saved);
    return result;
}

enum signet_result signet_request_load(struct signet_client *client, const char *saved,
                                       size_t size, struct signet_request **out_request) {
    return client == NULL ? SIGNET_INVALID
                          : client_end(client, load(client, bytes_of(saved, size), out_request,
                                                    client_begin(client)));
}
