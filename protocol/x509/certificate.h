// X.509 version 3 certificates (RFC 5280): build a TBSCertificate, sign it, read, verify.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "x509/key.h"
#include "x509/names.h"
#include "x509/oid.h"

// RFC 5280, 4.2.1.3: bit i is the i-th named bit.
enum key_usage {
    KEY_USAGE_DIGITAL_SIGNATURE = 1 << 0,
    KEY_USAGE_NON_REPUDIATION = 1 << 1,
    KEY_USAGE_KEY_ENCIPHERMENT = 1 << 2,
    KEY_USAGE_DATA_ENCIPHERMENT = 1 << 3,
    KEY_USAGE_KEY_AGREEMENT = 1 << 4,
    KEY_USAGE_KEY_CERT_SIGN = 1 << 5,
    KEY_USAGE_CRL_SIGN = 1 << 6,
};

#define LIMIT_EXTENDED_KEY_USAGES 8
#define PATH_LENGTH_NONE (-1)

// --- reading ---------------------------------------------------------------------------------

// What a certificate says; all views point into the DER that was read. An absent part is empty.
struct certificate {
    struct bytes der;
    struct bytes tbs;     // the whole TBSCertificate element
    int version;          // 3, or 1 for old roots
    struct bytes serial;  // big-endian, without leading zero
    struct bytes issuer;  // Name element
    struct bytes subject; // Name element
    struct bytes spki;
    struct bytes tbs_signature_algorithm;
    struct bytes signature_algorithm;
    struct bytes signature;
    int64_t not_before;
    int64_t not_after; // the last second it is valid
    bool has_basic_constraints, basic_constraints_critical, is_ca;
    int path_length; // PATH_LENGTH_NONE without
    bool has_key_usage, key_usage_critical;
    uint16_t key_usage;
    struct bytes extended_key_usages; // content of the SEQUENCE OF OID
    bool has_subject_alt_name, subject_alt_name_critical;
    struct bytes subject_alt_name; // GeneralNames element
    struct bytes subject_key_id;
    struct bytes authority_key_id;        // the keyIdentifier inside
    struct bytes crl_distribution_points; // extension value
    struct bytes authority_info_access;   // extension value
    bool has_unknown_critical;
};

// Strict DER; version 3 (version 1 is read too, for imported roots), no duplicate extension,
// both signature algorithms equal, serial of 1 to 20 octets and positive, notBefore <=
// notAfter.
enum result certificate_read(struct bytes der, struct certificate *out_certificate,
                             struct error *err);
// As certificate_read, from a TBSCertificate alone, before it is signed: `tbs` is the whole
// element; der, signature_algorithm and signature are empty.
enum result certificate_read_tbs(struct bytes tbs, struct certificate *out_certificate,
                                 struct error *err);
// Reads one certificate (the first) off concatenated DER and moves *chain behind it.
enum result certificate_read_next(struct bytes *chain, struct certificate *out_certificate,
                                  struct error *err);
// CN and SANs. Foreign types in the SAN are skipped.
enum result certificate_names(const struct certificate *certificate, struct names *out_names,
                              struct error *err);
bool certificate_has_extended_key_usage(const struct certificate *certificate, enum oid oid);
// The signature is the issuer's, the issuer may sign certificates (CA:TRUE, keyCertSign if it
// has key usage), names chain. Does not look at dates.
enum result certificate_verify(const struct certificate *certificate,
                               const struct certificate *issuer, struct error *err);
// Verifies leaf, intermediates and root at this time: signatures, names, dates, CA flags, path
// lengths, no unknown critical extension. `intermediates` is concatenated DER in any order;
// `root` is trusted as it is (dates checked).
enum result certificate_verify_chain(const struct certificate *leaf, struct bytes intermediates,
                                     const struct certificate *root, int64_t now,
                                     struct error *err);
// The same for a CA among all those that a device knows: up to LIMIT_TRUST_CERTIFICATES of them, and
// not LIMIT_CHAIN_CERTIFICATES, as strangers may send. RESULT_LIMIT for more says nothing about the
// CA.
enum result certificate_verify_among(const struct certificate *ca, struct bytes others,
                                     const struct certificate *root, int64_t now,
                                     struct error *err);
bool certificate_is_self_issued(const struct certificate *certificate);

// --- building --------------------------------------------------------------------------------

// Everything a TBSCertificate is made of; all borrowed. The subject is the CN among `names`, or
// empty, which makes the SAN critical.
struct certificate_plan {
    struct bytes serial; // big-endian, positive
    struct bytes issuer; // Name element
    const struct names *names;
    int64_t not_before;
    int64_t not_after;
    struct bytes spki;
    bool is_ca;
    int path_length;    // of a CA; PATH_LENGTH_NONE for none
    uint16_t key_usage; // critical; 0 leaves it out
    enum oid extended_key_usages[LIMIT_EXTENDED_KEY_USAGES]; // ended by OID_UNKNOWN
    struct bytes other_usages; // more of them: OBJECT IDENTIFIER elements, one behind the other
    struct bytes authority_key_id; // empty leaves it out (self-signed)
    const char *crl_url;           // NULL leaves it out
    const char *ca_issuers_url;
    const char *ocsp_url;
    bool ocsp_no_check; // of an OCSP responder that is trusted to its end (RFC 6960, 4.2.2.2.1)
};

// Appends the TBSCertificate. `signature_algorithm` is that of the key that will sign.
enum result certificate_build_tbs(const struct certificate_plan *plan,
                                  struct bytes signature_algorithm, struct buf *out_tbs,
                                  struct error *err);
// Appends the certificate: tbs, algorithm, signature.
enum result certificate_sign(struct bytes tbs, const struct key *key, struct buf *out_der,
                             struct error *err);
// 16 random bytes, top bit clear and not zero: always positive and 16 octets long.
#define SERIAL_SIZE 16
enum result certificate_make_serial(uint8_t out_serial[SERIAL_SIZE], struct error *err);
