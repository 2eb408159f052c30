// Credentials of the library: what was issued, in memory, and as it is kept.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/library/signet_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "client/connect/authority.h"
#include "client/connect/trust.h"
#include "x509/certificate.h"
#include "x509/pem.h"

// PEM takes four thirds, and lines.
#define PEM_BYTES(der) (2 * (size_t)(der))
#define SAVED_BYTES                                                                            \
    (PEM_BYTES(2 * LIMIT_CHAIN_BYTES + 2 * LIMIT_CERTIFICATE_BYTES + LIMIT_KEY_FILE_BYTES))

MESSAGE_DEFINE(saved_credential);

struct signet_credential *credential_keep(struct signet_credential *credential) {
    credential->references++;
    return credential;
}

void signet_credential_free(struct signet_credential *credential) {
    if (credential == NULL || --credential->references > 0) {
        return;
    }
    signet_key_free(credential->key);
    buf_clear(&credential->certificate);
    buf_clear(&credential->chain);
    buf_clear(&credential->trust);
    buf_clear(&credential->root);
    string_free_at(&credential->profile);
    text_list_clear(&credential->names);
    free(credential);
}

void signet_credential_free_at(struct signet_credential **credential) {
    signet_credential_free(*credential);
    *credential = NULL;
}

// --- making ------------------------------------------------------------------------------

static enum result credential_new(struct signet_client *client, struct signet_key *key,
                                  struct signet_credential **out_credential,
                                  struct error *err) {
    struct signet_credential *credential = calloc(1, sizeof(*credential));
    if (credential == NULL) {
        return error_out_of_memory(err);
    }
    credential->client = client;
    credential->references = 1;
    credential->key = key_keep(key);
    buf_init(&credential->certificate, LIMIT_CERTIFICATE_BYTES);
    buf_init(&credential->chain, LIMIT_CHAIN_BYTES);
    buf_init(&credential->trust, LIMIT_CHAIN_BYTES);
    buf_init(&credential->root, LIMIT_CERTIFICATE_BYTES);
    *out_credential = credential;
    return RESULT_OK;
}

static enum result list_names(const struct names *names, struct text_list *list) {
    for (size_t i = 0; i < names->count; i++) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, LIMIT_LIST_TEXT_BYTES);
        TRY(name_format(&names->items[i], &text));
        TRY(text_list_add(list, buf_string(&text)));
    }
    return RESULT_OK;
}

// What the certificate itself tells; it must be of the key.
static enum result read_certificate(struct signet_credential *credential, struct error *err) {
    struct certificate certificate;
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, LIMIT_SERIAL_TEXT);
    TRY(certificate_read(buf_bytes(&credential->certificate), &certificate, err));
    if (!bytes_equal(certificate.spki, key_public(credential->key->key))) {
        return error_set_code(err, RESULT_INVALID, "key_mismatch",
                              "the key does not belong to the certificate");
    }
    TRY(certificate_names(&certificate, &names, err));
    TRY(list_names(&names, &credential->names));
    TRY(text_hex_encode(certificate.serial, &serial));
    memcpy(credential->serial, buf_string(&serial), serial.size + 1);
    credential->not_after = certificate.not_after;
    return RESULT_OK;
}

// A fleet that was enrolled in an hour must not come back in one: as the agent does, each
// certificate gets its own time in the first quarter of what is left. Needs no secrecy.
static int64_t draw_renewal(const struct issued *issued) {
    uint8_t chance = 0;
    (void)!random_bytes(&chance, sizeof(chance), NULL);
    return issued->renew_after + (issued->not_after - issued->renew_after) / 1024 * chance;
}

static enum result fill(struct signet_credential *credential,
                        const struct credential_parts *parts, struct error *err) {
    const struct issued *issued = parts->issued;
    TRY(buf_append(&credential->certificate, blob_bytes(&issued->certificate)));
    TRY(buf_append(&credential->chain, blob_bytes(&issued->chain)));
    TRY(buf_append(&credential->root, parts->root));
    TRY(trust_gather(parts->root, blob_bytes(&issued->chain), parts->before, &credential->trust,
                     err));
    TRY(text_set(&credential->profile, issued->profile));
    credential->url = *parts->url;
    credential->renew_after = draw_renewal(issued);
    return read_certificate(credential, err);
}

enum result credential_make(const struct credential_parts *parts,
                            struct signet_credential **out_credential, struct error *err) {
    AUTO(signet_credential_free_at) struct signet_credential *credential = NULL;
    TRY(credential_new(parts->client, parts->key, &credential, err));
    TRY(fill(credential, parts, err));
    *out_credential = credential;
    credential = NULL;
    return RESULT_OK;
}

// --- keeping -----------------------------------------------------------------------------

enum result credential_fill_saved(const struct signet_credential *credential,
                                  struct saved_credential *saved, struct error *err) {
    AUTO(buf_clear) struct buf key = {0};
    AUTO(buf_clear) struct buf origin = {0};
    buf_init_secret(&key, LIMIT_KEY_FILE_BYTES);
    buf_init(&origin, LIMIT_URL_BYTES);
    TRY(key_save_pkcs8(credential->key->key, &key));
    TRY(url_format_origin(&credential->url, &origin));
    saved->renew_after = credential->renew_after;
    if (blob_set(&saved->key, buf_bytes(&key)) != RESULT_OK ||
        blob_set(&saved->certificate, buf_bytes(&credential->certificate)) != RESULT_OK ||
        blob_set(&saved->chain, buf_bytes(&credential->chain)) != RESULT_OK ||
        blob_set(&saved->trust, buf_bytes(&credential->trust)) != RESULT_OK ||
        blob_set(&saved->root, buf_bytes(&credential->root)) != RESULT_OK ||
        text_set(&saved->url, buf_string(&origin)) != RESULT_OK ||
        text_set(&saved->profile, credential->profile) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result credential_take_time(const struct signet_credential *credential,
                                 struct error *err) {
    struct authority_place place = {.url = credential->url,
                                    .transport = client_transport(credential->client)};
    AUTO(buf_clear) struct buf root = {0};
    int64_t clock_error = 0;
    buf_init(&root, LIMIT_CERTIFICATE_BYTES);
    TRY(hash_sha256(buf_bytes(&credential->root), place.fingerprint));
    TRY(authority_find_root(&place, &root, &clock_error, err));
    clock_correct(clock_correction() + clock_error);
    return RESULT_OK;
}

static enum result ask_time(const struct signet_credential *credential, struct error *err) {
    if (!credential->client->trusts_server_time) {
        return error_set_code(err, RESULT_DENIED, "usage",
                              "this client does not trust the server's time");
    }
    return credential_take_time(credential, err);
}

enum signet_result signet_credential_ask_time(const struct signet_credential *credential) {
    if (credential == NULL) {
        return SIGNET_INVALID;
    }
    struct error *err = client_begin(credential->client);
    return client_end(credential->client, ask_time(credential, err));
}

static enum result write_saved(const struct saved_credential *saved, char *room, size_t size,
                               size_t *out_size, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, SAVED_BYTES);
    TRY(message_to_json(&saved_credential_type, saved, &text, err));
    return give_bytes(buf_bytes(&text), room, size, out_size, err);
}

enum signet_result signet_credential_save(const struct signet_credential *credential,
                                          char *room, size_t size, size_t *out_size) {
    if (credential == NULL) {
        return SIGNET_INVALID;
    }
    struct error *err = client_begin(credential->client);
    struct saved_credential saved = {0};
    enum result result = credential_fill_saved(credential, &saved, err);
    if (result == RESULT_OK) {
        result = write_saved(&saved, room, size, out_size, err);
    }
    message_clear(&saved_credential_type, &saved);
    return client_end(credential->client, result);
}

static enum result take_saved(const struct saved_credential *saved,
                              struct signet_credential *credential, struct error *err) {
    TRY(buf_append(&credential->certificate, blob_bytes(&saved->certificate)));
    TRY(buf_append(&credential->chain, blob_bytes(&saved->chain)));
    TRY(buf_append(&credential->trust, blob_bytes(&saved->trust)));
    TRY(buf_append(&credential->root, blob_bytes(&saved->root)));
    TRY(url_read(saved->url, &credential->url, err));
    if (!credential->url.is_https) {
        return error_set(err, RESULT_INVALID, "the saved address is not an https address");
    }
    TRY(text_set(&credential->profile, saved->profile));
    credential->renew_after = saved->renew_after;
    return read_certificate(credential, err);
}

enum result credential_from_saved(struct signet_client *client,
                                  const struct saved_credential *saved,
                                  struct signet_credential **out_credential,
                                  struct error *err) {
    struct key *key = NULL;
    AUTO(signet_key_free_at) struct signet_key *wrapped = NULL;
    AUTO(signet_credential_free_at) struct signet_credential *credential = NULL;
    TRY(key_load_pkcs8(blob_bytes(&saved->key), &key, err));
    TRY(key_wrap(key, &wrapped, err));
    TRY(credential_new(client, wrapped, &credential, err));
    TRY(take_saved(saved, credential, err));
    *out_credential = credential;
    credential = NULL;
    return RESULT_OK;
}

static enum result read_saved(struct signet_client *client, struct bytes text,
                              struct signet_credential **out_credential, struct error *err) {
    TRY(require_argument(text.data, "saved", err));
    TRY(require_argument(out_credential, "out_credential", err));
    if (text.size > SAVED_BYTES) {
        return error_set_code(err, RESULT_LIMIT, "too_long",
                              "a saved credential has at most %zu bytes", SAVED_BYTES);
    }
    struct saved_credential saved = {0};
    enum result result = message_from_json(&saved_credential_type, text, &saved, err);
    if (result == RESULT_OK) {
        result = credential_from_saved(client, &saved, out_credential, err);
    }
    message_clear(&saved_credential_type, &saved);
    return result;
}

enum signet_result signet_credential_load(struct signet_client *client, const char *saved,
                                          size_t size,
                                          struct signet_credential **out_credential) {
    return client == NULL
               ? SIGNET_INVALID
               : client_end(client, read_saved(client, bytes_of(saved, size), out_credential,
                                               client_begin(client)));
}

// --- what is in it -----------------------------------------------------------------------

static enum result write_chain(const struct signet_credential *credential, char *room,
                               size_t size, size_t *out_size, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PEM_BYTES(LIMIT_CERTIFICATE_BYTES + LIMIT_CHAIN_BYTES));
    TRY(pem_encode(PEM_CERTIFICATE, buf_bytes(&credential->certificate), &text));
    TRY(pem_encode_all(PEM_CERTIFICATE, buf_bytes(&credential->chain), &text));
    return give_bytes(buf_bytes(&text), room, size, out_size, err);
}

enum signet_result signet_credential_chain_pem(const struct signet_credential *credential,
                                               char *room, size_t size, size_t *out_size) {
    if (credential == NULL) {
        return SIGNET_INVALID;
    }
    struct error *err = client_begin(credential->client);
    return client_end(credential->client, write_chain(credential, room, size, out_size, err));
}

static const uint8_t *view(const struct buf *buf, size_t *out_size) {
    *out_size = buf->size;
    return buf->data;
}

const uint8_t *signet_credential_certificate(const struct signet_credential *credential,
                                             size_t *out_size) {
    return view(&credential->certificate, out_size);
}

const uint8_t *signet_credential_chain(const struct signet_credential *credential,
                                       size_t *out_size) {
    return view(&credential->chain, out_size);
}

const uint8_t *signet_credential_trust(const struct signet_credential *credential,
                                       size_t *out_size) {
    return view(&credential->trust, out_size);
}

struct signet_key *signet_credential_key(const struct signet_credential *credential) {
    return credential->key;
}

const char *signet_credential_serial(const struct signet_credential *credential) {
    return credential->serial;
}

const char *signet_credential_profile(const struct signet_credential *credential) {
    return credential->profile;
}

const char *signet_credential_name(const struct signet_credential *credential, size_t index) {
    return index < credential->names.count ? credential->names.items[index] : NULL;
}

int64_t signet_credential_not_after(const struct signet_credential *credential) {
    return credential->not_after;
}

int64_t signet_credential_renew_after(const struct signet_credential *credential) {
    return credential->renew_after;
}

bool signet_credential_is_due(const struct signet_credential *credential) {
    return clock_now() >= credential->renew_after;
}
