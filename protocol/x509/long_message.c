// Hashing in pieces with wolfCrypt, for the signature that comes at the end.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/long_message.h"

#include <stdlib.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/hash.h>

#include "x509/crypto.h"
#include "x509/key_private.h"

struct long_message {
    const struct signature_algorithm *algorithm;
    wc_HashAlg hash;
    bool is_open; // the hash is wolfCrypt's to be freed
};

bool long_message_suits(struct bytes signature_algorithm) {
    const struct signature_algorithm *algorithm = NULL;
    return signature_algorithm_read(signature_algorithm, &algorithm, NULL) == RESULT_OK &&
           algorithm->family != KEY_FAMILY_ED25519;
}

enum result long_message_new(struct bytes signature_algorithm,
                             struct long_message **out_message, struct error *err) {
    const struct signature_algorithm *algorithm = NULL;
    TRY(signature_algorithm_read(signature_algorithm, &algorithm, err));
    if (algorithm->family == KEY_FAMILY_ED25519) {
        return error_set(err, RESULT_INVALID, "Ed25519 signs no hash");
    }
    AUTO(long_message_free_at) struct long_message *message = calloc(1, sizeof(*message));
    if (message == NULL) {
        return error_out_of_memory(err);
    }
    message->algorithm = algorithm;
    int code = wc_HashInit(&message->hash, algorithm->hash);
    if (code != 0) {
        return crypto_failed(err, "begin a hash", code);
    }
    message->is_open = true;
    *out_message = message;
    message = NULL;
    return RESULT_OK;
}

void long_message_free(struct long_message *message) {
    if (message != NULL) {
        if (message->is_open) {
            (void)wc_HashFree(&message->hash, message->algorithm->hash);
        }
        free(message);
    }
}

void long_message_free_at(struct long_message **message) {
    long_message_free(*message);
    *message = NULL;
}

enum result long_message_add(struct long_message *message, struct bytes piece,
                             struct error *err) {
    TRY(crypto_check_size(piece, err));
    if (piece.size == 0) {
        return RESULT_OK;
    }
    int code =
        wc_HashUpdate(&message->hash, message->algorithm->hash, piece.data, (word32)piece.size);
    return code == 0 ? RESULT_OK : crypto_failed(err, "hash", code);
}

static enum result finish(struct long_message *message, uint8_t digest[WC_MAX_DIGEST_SIZE],
                          struct bytes *out_digest, struct error *err) {
    int code = wc_HashFinal(&message->hash, message->algorithm->hash, digest);
    if (code != 0) {
        return crypto_failed(err, "finish a hash", code);
    }
    *out_digest = bytes_of(digest, message->algorithm->digest_size);
    return RESULT_OK;
}

enum result long_message_sign(struct long_message *message, const struct key *key,
                              struct buf *out_signature, struct error *err) {
    uint8_t room[WC_MAX_DIGEST_SIZE];
    struct bytes digest = {0};
    TRY(finish(message, room, &digest, err));
    return key_sign_digest(key, digest, out_signature, err);
}

enum result long_message_verify(struct long_message *message, struct bytes spki,
                                struct bytes signature, struct error *err) {
    uint8_t room[WC_MAX_DIGEST_SIZE];
    struct bytes digest = {0};
    struct public_key key = {0};
    TRY(public_key_read(spki, &key, err));
    TRY(signature_algorithm_fits(message->algorithm, &key, err));
    TRY(finish(message, room, &digest, err));
    return public_key_verify_digest(&key, message->algorithm, digest, signature, err);
}
