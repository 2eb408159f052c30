// Making, taking back and proving keys of CAs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/issuers/ca_key.h"

#include "authority/issuers/issuer.h"
#include "x509/key_pkcs11.h"

enum result ca_key_make(const struct ca_key_wish *wish, struct ca_key *out_key,
                        struct error *err) {
    struct ca_key made = {0};
    TRY(wish->uri == NULL ? key_generate(wish->algorithm, &made.key, err)
                          : key_open_or_make(wish->uri, wish->algorithm, &made.key,
                                             &made.is_made_on_token, err));
    *out_key = made;
    return RESULT_OK;
}

void ca_key_clear(struct ca_key *key) {
    if (key->is_made_on_token && !key->is_kept) {
        // The failure that led here is what counts; a key that stays is found by the next try.
        (void)key_destroy_at_uri(key_uri(key->key), NULL);
    }
    key_free_at(&key->key);
    *key = (struct ca_key){0};
}

enum result ca_key_prove(const struct certificate *certificate, const struct key *key,
                         struct error *err) {
    static const char message[] = "signet CA key";
    AUTO(buf_clear) struct buf signature = {0};
    buf_init(&signature, 1024);
    TRY(issuer_check_key(certificate, key, err));
    TRY(key_sign(key, bytes_of_string(message), &signature, err));
    return public_key_verify(certificate->spki, key_signature_algorithm(key),
                             bytes_of_string(message), buf_bytes(&signature), err);
}

enum result ca_key_prove_tokens(const struct issuer_set *set, struct error *err) {
    for (size_t i = 0; i < set->count; i++) {
        const struct issuer *issuer = &set->items[i];
        if (issuer->key == NULL || key_uri(issuer->key) == NULL) {
            continue;
        }
        enum result result = ca_key_prove(&issuer->certificate, issuer->key, err);
        if (result != RESULT_OK) {
            error_context(err, "CA \"%s\"", issuer->record.name);
            return result;
        }
    }
    return RESULT_OK;
}
