// The three messages of SCRAM.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/scram.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

// We can do without channel binding, and name nobody but the user (RFC 5802, 7).
#define GS2_HEADER "n,,"
#define GS2_HEADER_BASE64 "biws"

struct scram_kind {
    const char *name;
    size_t size;
    enum result (*hash)(struct bytes data, uint8_t *out_digest);
    enum result (*mac)(struct bytes key, struct bytes data, uint8_t *out_mac);
    enum result (*derive)(struct bytes password, struct bytes salt, int iterations,
                          uint8_t *out_key);
};

static const struct scram_kind kinds[] = {
    {"SCRAM-SHA-256", SHA256_SIZE, hash_sha256, hash_hmac_sha256, hash_pbkdf2_sha256},
    {"SCRAM-SHA-1", SHA1_SIZE, hash_sha1, hash_hmac_sha1, hash_pbkdf2_sha1},
};

static const struct scram_kind *find_kind(const char *mechanism) {
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, mechanism) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

bool scram_knows(const char *mechanism) {
    return find_kind(mechanism) != NULL;
}

void scram_clear(struct scram *scram) {
    buf_clear(&scram->password);
    buf_clear(&scram->nonce);
    buf_clear(&scram->exchange);
    memory_wipe(scram, sizeof(*scram));
}

// --- the first message -----------------------------------------------------------------------

// RFC 5802, 5.1: a name may hold neither of the two as they are.
static enum result append_user(struct buf *out, const char *user) {
    for (const char *at = user; *at != '\0'; at++) {
        TRY(*at == ','   ? buf_append_string(out, "=2C")
            : *at == '=' ? buf_append_string(out, "=3D")
                         : buf_append_byte(out, (uint8_t)*at));
    }
    return RESULT_OK;
}

static enum result begin(struct scram *scram, const char *user, const char *password,
                         const char *nonce, struct buf *out_message) {
    buf_init_secret(&scram->password, LIMIT_XMPP_PASSWORD_BYTES);
    buf_init(&scram->nonce, LIMIT_SCRAM_MESSAGE_BYTES);
    buf_init(&scram->exchange, (size_t)4 * LIMIT_SCRAM_MESSAGE_BYTES);
    TRY(buf_append_string(&scram->password, password));
    TRY(buf_append_string(&scram->nonce, nonce));
    TRY(buf_append_string(&scram->exchange, "n="));
    TRY(append_user(&scram->exchange, user));
    TRY(buf_printf(&scram->exchange, ",r=%s", nonce));
    TRY(buf_append_string(out_message, GS2_HEADER));
    return buf_append(out_message, buf_bytes(&scram->exchange));
}

enum result scram_begin(struct scram *scram, const char *mechanism, const char *user,
                        const char *password, const char *nonce, struct buf *out_message,
                        struct error *err) {
    scram->kind = find_kind(mechanism);
    if (scram->kind == NULL) {
        return error_set(err, RESULT_INVALID, "%s is not known here", mechanism);
    }
    enum result result = begin(scram, user, password, nonce, out_message);
    return result == RESULT_OK ? RESULT_OK
                               : error_set(err, result, "user name or password is too long");
}

// --- the server's first message --------------------------------------------------------------

static enum result bad_answer(struct error *err, const char *what) {
    return error_set_code(err, RESULT_INVALID, "answer", "the server's SCRAM message %s", what);
}

// Takes "n=VALUE" and what divides it from the next off the front of *message.
static bool take(struct bytes *message, char name, struct bytes *out_value) {
    if (message->size < 2 || message->data[0] != (uint8_t)name || message->data[1] != '=') {
        return false;
    }
    struct bytes rest = bytes_slice(*message, 2, message->size);
    const uint8_t *comma = rest.size == 0 ? NULL : memchr(rest.data, ',', rest.size);
    size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.data);
    *out_value = bytes_slice(rest, 0, size);
    *message = bytes_slice(rest, size + 1, rest.size);
    return true;
}

static enum result read_iterations(struct bytes text, int *out_iterations, struct error *err) {
    int64_t number = 0;
    if (text_read_int64(text, 1, INT64_MAX, &number) != RESULT_OK) {
        return bad_answer(err, "has no number of iterations");
    }
    if (number < LIMIT_SCRAM_ITERATIONS_LEAST) {
        (void)error_set_code(err, RESULT_DENIED, "untrusted",
                             "the server asks for %lld iterations of SCRAM, fewer than %d",
                             (long long)number, LIMIT_SCRAM_ITERATIONS_LEAST);
        error_hint(err, "What it would get says too much about the password (RFC 7677, 4).");
        return RESULT_DENIED;
    }
    if (number > LIMIT_SCRAM_ITERATIONS) {
        return error_set_code(err, RESULT_LIMIT, "answer",
                              "the server asks for %lld iterations of SCRAM, more than %d",
                              (long long)number, LIMIT_SCRAM_ITERATIONS);
    }
    *out_iterations = (int)number;
    return RESULT_OK;
}

// r=NONCE,s=SALT,i=ITERATIONS; the nonce is ours with something behind it.
static enum result read_first(struct scram *scram, struct bytes message, struct buf *out_salt,
                              int *out_iterations, struct error *err) {
    struct bytes nonce, salt, iterations;
    if (message.size > LIMIT_SCRAM_MESSAGE_BYTES) {
        return bad_answer(err, "is too long");
    }
    if (!take(&message, 'r', &nonce) || !take(&message, 's', &salt) ||
        !take(&message, 'i', &iterations)) {
        return bad_answer(err, "is not understood");
    }
    if (nonce.size <= scram->nonce.size ||
        !bytes_equal(bytes_slice(nonce, 0, scram->nonce.size), buf_bytes(&scram->nonce))) {
        return bad_answer(err, "is no answer to ours");
    }
    if (text_base64_decode(salt, out_salt) != RESULT_OK || out_salt->size == 0) {
        return bad_answer(err, "has no salt");
    }
    TRY(read_iterations(iterations, out_iterations, err));
    return buf_assign(&scram->nonce, nonce);
}

// --- the final messages ------------------------------------------------------------------------

// RFC 5802, 3, by the names used there; wiped at the end of its scope.
struct keys {
    uint8_t salted_password[SHA256_SIZE];
    uint8_t client_key[SHA256_SIZE];
    uint8_t stored_key[SHA256_SIZE];
    uint8_t server_key[SHA256_SIZE];
    uint8_t client_signature[SHA256_SIZE];
};

static void keys_clear(struct keys *keys) {
    memory_wipe(keys, sizeof(*keys));
}

static enum result derive_keys(const struct scram *scram, struct bytes salt, int iterations,
                               struct keys *keys) {
    const struct scram_kind *kind = scram->kind;
    struct bytes salted = bytes_of(keys->salted_password, kind->size);
    TRY(kind->derive(buf_bytes(&scram->password), salt, iterations, keys->salted_password));
    TRY(kind->mac(salted, BYTES_LITERAL("Client Key"), keys->client_key));
    TRY(kind->hash(bytes_of(keys->client_key, kind->size), keys->stored_key));
    TRY(kind->mac(salted, BYTES_LITERAL("Server Key"), keys->server_key));
    return kind->mac(bytes_of(keys->stored_key, kind->size), buf_bytes(&scram->exchange),
                     keys->client_signature);
}

static enum result write_final(struct scram *scram, struct bytes salt, int iterations,
                               struct bytes bare, struct buf *out_message) {
    AUTO(keys_clear) struct keys keys = {0};
    uint8_t proof[SHA256_SIZE];
    TRY(derive_keys(scram, salt, iterations, &keys));
    TRY(scram->kind->mac(bytes_of(keys.server_key, scram->kind->size),
                         buf_bytes(&scram->exchange), scram->server_signature));
    for (size_t i = 0; i < scram->kind->size; i++) {
        proof[i] = keys.client_key[i] ^ keys.client_signature[i];
    }
    TRY(buf_append(out_message, bare));
    TRY(buf_append_string(out_message, ",p="));
    return text_base64_encode(bytes_of(proof, scram->kind->size), out_message);
}

enum result scram_answer(struct scram *scram, struct bytes message, struct buf *out_message,
                         struct error *err) {
    AUTO(buf_clear) struct buf salt = {0};
    AUTO(buf_clear) struct buf bare = {0};
    int iterations = 0;
    buf_init(&salt, LIMIT_SCRAM_SALT_BYTES);
    buf_init(&bare, LIMIT_SCRAM_MESSAGE_BYTES + 16);
    TRY(read_first(scram, message, &salt, &iterations, err));
    enum result result =
        buf_printf(&bare, "c=" GS2_HEADER_BASE64 ",r=%s", buf_string(&scram->nonce));
    if (result == RESULT_OK) {
        result = buf_append_byte(&scram->exchange, ',');
    }
    if (result == RESULT_OK) {
        result = buf_append(&scram->exchange, message);
    }
    if (result == RESULT_OK) {
        result = buf_append_byte(&scram->exchange, ',');
    }
    if (result == RESULT_OK) {
        result = buf_append(&scram->exchange, buf_bytes(&bare));
    }
    if (result == RESULT_OK) {
        result =
            write_final(scram, buf_bytes(&salt), iterations, buf_bytes(&bare), out_message);
    }
    return result == RESULT_OK ? RESULT_OK
                               : error_set(err, result, "cannot compute the proof of SCRAM");
}

enum result scram_finish(const struct scram *scram, struct bytes message, struct error *err) {
    AUTO(buf_clear) struct buf signature = {0};
    struct bytes text;
    buf_init(&signature, SHA256_SIZE);
    if (!take(&message, 'v', &text) || text_base64_decode(text, &signature) != RESULT_OK ||
        !bytes_equal_secret(buf_bytes(&signature),
                            bytes_of(scram->server_signature, scram->kind->size))) {
        (void)error_set_code(err, RESULT_DENIED, "untrusted",
                             "the server did not prove that it knows the password");
        return RESULT_DENIED;
    }
    return RESULT_OK;
}
