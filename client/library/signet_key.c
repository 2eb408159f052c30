// Keys of the library.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/library/signet_private.h"

#include <stdlib.h>

#define ALGORITHMS_AGREE(name) _Static_assert((int)SIGNET_##name == (int)KEY_##name, #name)
ALGORITHMS_AGREE(P256);
ALGORITHMS_AGREE(P384);
ALGORITHMS_AGREE(ED25519);
ALGORITHMS_AGREE(RSA2048);
ALGORITHMS_AGREE(RSA3072);
ALGORITHMS_AGREE(RSA4096);

struct signet_key *key_keep(struct signet_key *key) {
    key->references++;
    return key;
}

enum result key_wrap(struct key *key, struct signet_key **out_key, struct error *err) {
    struct signet_key *wrapped = calloc(1, sizeof(*wrapped));
    if (wrapped == NULL) {
        key_free(key);
        return error_out_of_memory(err);
    }
    *wrapped = (struct signet_key){.key = key, .references = 1};
    *out_key = wrapped;
    return RESULT_OK;
}

void signet_key_free(struct signet_key *key) {
    if (key != NULL && --key->references == 0) {
        key_free(key->key);
        free(key);
    }
}

void signet_key_free_at(struct signet_key **key) {
    signet_key_free(*key);
    *key = NULL;
}

static enum result generate(enum signet_algorithm algorithm, struct signet_key **out_key,
                            struct error *err) {
    struct key *key = NULL;
    TRY(require_argument(out_key, "out_key", err));
    if ((int)algorithm < 0 || (int)algorithm >= KEY_ALGORITHM_COUNT) {
        return error_set_code(err, RESULT_INVALID, "usage", "there is no algorithm %d",
                              (int)algorithm);
    }
    TRY(key_generate((enum key_algorithm)algorithm, &key, err));
    return key_wrap(key, out_key, err);
}

enum signet_result signet_key_generate(struct signet_client *client,
                                       enum signet_algorithm algorithm,
                                       struct signet_key **out_key) {
    return client == NULL
               ? SIGNET_INVALID
               : client_end(client, generate(algorithm, out_key, client_begin(client)));
}

static enum result load(struct bytes der, struct signet_key **out_key, struct error *err) {
    struct key *key = NULL;
    TRY(require_argument(der.data, "der", err));
    TRY(require_argument(out_key, "out_key", err));
    if (der.size > LIMIT_KEY_FILE_BYTES) {
        return error_set_code(err, RESULT_LIMIT, "too_long", "a key has at most %d bytes",
                              LIMIT_KEY_FILE_BYTES);
    }
    TRY(key_load_pkcs8(der, &key, err));
    return key_wrap(key, out_key, err);
}

enum signet_result signet_key_load(struct signet_client *client, const uint8_t *der,
                                   size_t size, struct signet_key **out_key) {
    return client == NULL ? SIGNET_INVALID
                          : client_end(client, load((struct bytes){der, size}, out_key,
                                                    client_begin(client)));
}

static enum result save(const struct signet_key *key, uint8_t *room, size_t size,
                        size_t *out_size, struct error *err) {
    AUTO(buf_clear) struct buf der = {0};
    buf_init_secret(&der, LIMIT_KEY_FILE_BYTES);
    TRY(require_argument(key, "key", err));
    TRY(key_save_pkcs8(key->key, &der));
    return give_bytes(buf_bytes(&der), room, size, out_size, err);
}

enum signet_result signet_key_save(struct signet_client *client, const struct signet_key *key,
                                   uint8_t *room, size_t size, size_t *out_size) {
    return client == NULL
               ? SIGNET_INVALID
               : client_end(client, save(key, room, size, out_size, client_begin(client)));
}
