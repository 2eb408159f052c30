// HMAC with a key from the password, and its element.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/pkcs12_mac.h"

#include "base/random.h"
#include "x509/der.h"
#include "x509/hash.h"
#include "x509/oid.h"

#define SALT_SIZE 16

static const struct mac_kind {
    enum oid oid;
    size_t size; // of the MAC and of its key
    enum result (*make)(struct bytes key, struct bytes data, uint8_t *out_mac);
} kinds[] = {
    [PKCS12_SHA1] = {OID_SHA1, SHA1_SIZE, hash_hmac_sha1},
    [PKCS12_SHA256] = {OID_SHA256, SHA256_SIZE, hash_hmac_sha256},
};

static enum result write_digest(enum oid algorithm, struct bytes digest, struct buf *out) {
    size_t information = 0, identifier = 0;
    TRY(der_begin(out, DER_SEQUENCE, &information));
    TRY(der_begin(out, DER_SEQUENCE, &identifier));
    TRY(oid_write(out, algorithm));
    TRY(der_write_null(out));
    TRY(der_end(out, identifier));
    TRY(der_write(out, DER_OCTET_STRING, digest));
    return der_end(out, information);
}

enum result pkcs12_write_mac(enum pkcs12_hash hash, int iterations, struct bytes content,
                             const char *password, struct buf *out, struct error *err) {
    const struct mac_kind *kind = &kinds[hash];
    uint8_t salt[SALT_SIZE], key[SHA256_SIZE], mac[SHA256_SIZE];
    TRY(random_bytes(salt, sizeof(salt), err));
    TRY(pkcs12_derive(hash, PKCS12_FOR_MAC, password, bytes_of(salt, sizeof(salt)), iterations,
                      key, kind->size, err));
    enum result result = kind->make(bytes_of(key, kind->size), content, mac);
    memory_wipe(key, sizeof(key));
    if (result != RESULT_OK) {
        return error_set(err, result, "cannot make the MAC of the PKCS#12 file");
    }
    size_t mark = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(write_digest(kind->oid, bytes_of(mac, kind->size), out));
    TRY(der_write(out, DER_OCTET_STRING, bytes_of(salt, sizeof(salt))));
    TRY(der_write_integer(out, iterations));
    return der_end(out, mark);
}
