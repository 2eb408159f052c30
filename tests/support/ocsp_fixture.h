// OCSP requests as relying parties make them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/test.h"
#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/extension.h"
#include "x509/ocsp.h"

static inline void ocsp_fixture_hash(enum oid hash, struct bytes data, struct buf *out) {
    uint8_t digest[SHA256_SIZE];
    assert_int_equal(hash == OID_SHA256 ? hash_sha256(data, digest) : hash_sha1(data, digest),
                     RESULT_OK);
    assert_int_equal(der_write(out, DER_OCTET_STRING,
                               bytes_of(digest, hash == OID_SHA256 ? SHA256_SIZE : SHA1_SIZE)),
                     RESULT_OK);
}

// A Request: the CertID of this serial. Without an issuer, hashes of nothing.
static inline void ocsp_fixture_id(const struct certificate *issuer, enum oid hash,
                                   struct bytes serial, struct buf *out) {
    size_t single = 0, id = 0, algorithm = 0;
    struct bytes key = {0};
    if (issuer != NULL) {
        assert_int_equal(public_key_bits(issuer->spki, &key, NULL), RESULT_OK);
    }
    assert_int_equal(der_begin(out, DER_SEQUENCE, &single), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &id), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &algorithm), RESULT_OK);
    assert_int_equal(oid_write(out, hash), RESULT_OK);
    assert_int_equal(der_write_null(out), RESULT_OK);
    assert_int_equal(der_end(out, algorithm), RESULT_OK);
    ocsp_fixture_hash(hash, issuer != NULL ? issuer->subject : (struct bytes){0}, out);
    ocsp_fixture_hash(hash, key, out);
    assert_int_equal(der_write_unsigned(out, DER_INTEGER, serial), RESULT_OK);
    assert_int_equal(der_end(out, id), RESULT_OK);
    assert_int_equal(der_end(out, single), RESULT_OK);
}

static inline void ocsp_fixture_nonce(struct bytes nonce, struct buf *out) {
    size_t wrapper = 0, list = 0;
    struct extension_marks marks = {0};
    if (nonce.size == 0) {
        return;
    }
    assert_int_equal(der_begin(out, DER_CONTEXT_CONSTRUCTED(2), &wrapper), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &list), RESULT_OK);
    assert_int_equal(extension_begin(out, OID_OCSP_NONCE, false, &marks), RESULT_OK);
    assert_int_equal(der_write(out, DER_OCTET_STRING, nonce), RESULT_OK);
    assert_int_equal(extension_end(out, &marks), RESULT_OK);
    assert_int_equal(der_end(out, list), RESULT_OK);
    assert_int_equal(der_end(out, wrapper), RESULT_OK);
}

// An OCSPRequest around Requests (ocsp_fixture_id) and a nonce, which may be empty.
static inline void ocsp_fixture_request(struct bytes requests, struct bytes nonce,
                                        struct buf *out) {
    size_t outer = 0, tbs = 0;
    buf_clear(out); // of an earlier one
    buf_init(out, 65536);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &outer), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &tbs), RESULT_OK);
    assert_int_equal(der_write(out, DER_SEQUENCE, requests), RESULT_OK);
    ocsp_fixture_nonce(nonce, out);
    assert_int_equal(der_end(out, tbs), RESULT_OK);
    assert_int_equal(der_end(out, outer), RESULT_OK);
}

// The most common one: a certificate by SHA-1, without a nonce.
static inline void ocsp_fixture_ask(const struct certificate *issuer, struct bytes serial,
                                    struct buf *out) {
    AUTO(buf_clear) struct buf requests = {0};
    buf_init(&requests, 4096);
    ocsp_fixture_id(issuer, OID_SHA1, serial, &requests);
    ocsp_fixture_request(buf_bytes(&requests), (struct bytes){0}, out);
}
