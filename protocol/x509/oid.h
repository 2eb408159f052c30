// The object identifiers this project writes or reads, each with a name.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// Constant, name for people and configuration, dotted form.
#define OID_TABLE(X)                                                                           \
    X(COMMON_NAME, "CN", "2.5.4.3")                                                            \
    X(SERIAL_NUMBER, "serialNumber", "2.5.4.5")                                                \
    X(COUNTRY, "C", "2.5.4.6")                                                                 \
    X(LOCALITY, "L", "2.5.4.7")                                                                \
    X(STATE, "ST", "2.5.4.8")                                                                  \
    X(ORGANIZATION, "O", "2.5.4.10")                                                           \
    X(ORGANIZATIONAL_UNIT, "OU", "2.5.4.11")                                                   \
    X(DOMAIN_COMPONENT, "DC", "0.9.2342.19200300.100.1.25")                                    \
    X(EMAIL_ADDRESS, "emailAddress", "1.2.840.113549.1.9.1")                                   \
    X(EXTENSION_REQUEST, "extensionRequest", "1.2.840.113549.1.9.14")                          \
    X(CHALLENGE_PASSWORD, "challengePassword", "1.2.840.113549.1.9.7")                         \
    X(SUBJECT_KEY_ID, "subjectKeyIdentifier", "2.5.29.14")                                     \
    X(KEY_USAGE, "keyUsage", "2.5.29.15")                                                      \
    X(SUBJECT_ALT_NAME, "subjectAltName", "2.5.29.17")                                         \
    X(BASIC_CONSTRAINTS, "basicConstraints", "2.5.29.19")                                      \
    X(CRL_NUMBER, "cRLNumber", "2.5.29.20")                                                    \
    X(CRL_REASON, "cRLReason", "2.5.29.21")                                                    \
    X(INVALIDITY_DATE, "invalidityDate", "2.5.29.24")                                          \
    X(ISSUING_DISTRIBUTION_POINT, "issuingDistributionPoint", "2.5.29.28")                     \
    X(NAME_CONSTRAINTS, "nameConstraints", "2.5.29.30")                                        \
    X(CRL_DISTRIBUTION_POINTS, "cRLDistributionPoints", "2.5.29.31")                           \
    X(CERTIFICATE_POLICIES, "certificatePolicies", "2.5.29.32")                                \
    X(AUTHORITY_KEY_ID, "authorityKeyIdentifier", "2.5.29.35")                                 \
    X(EXTENDED_KEY_USAGE, "extendedKeyUsage", "2.5.29.37")                                     \
    X(AUTHORITY_INFO_ACCESS, "authorityInfoAccess", "1.3.6.1.5.5.7.1.1")                       \
    X(AD_OCSP, "OCSP", "1.3.6.1.5.5.7.48.1")                                                   \
    X(AD_CA_ISSUERS, "caIssuers", "1.3.6.1.5.5.7.48.2")                                        \
    X(OCSP_BASIC, "basicOCSPResponse", "1.3.6.1.5.5.7.48.1.1")                                 \
    X(OCSP_NONCE, "ocspNonce", "1.3.6.1.5.5.7.48.1.2")                                         \
    X(OCSP_NO_CHECK, "ocspNoCheck", "1.3.6.1.5.5.7.48.1.5")                                    \
    X(OCSP_EXTENDED_REVOKE, "ocspExtendedRevoke", "1.3.6.1.5.5.7.48.1.9")                      \
    X(SERVER_AUTH, "serverAuth", "1.3.6.1.5.5.7.3.1")                                          \
    X(CLIENT_AUTH, "clientAuth", "1.3.6.1.5.5.7.3.2")                                          \
    X(CODE_SIGNING, "codeSigning", "1.3.6.1.5.5.7.3.3")                                        \
    X(EMAIL_PROTECTION, "emailProtection", "1.3.6.1.5.5.7.3.4")                                \
    X(OCSP_SIGNING, "OCSPSigning", "1.3.6.1.5.5.7.3.9")                                        \
    X(CMC_RA, "cmcRA", "1.3.6.1.5.5.7.3.28")                                                   \
    X(ANY_EXTENDED_KEY_USAGE, "anyExtendedKeyUsage", "2.5.29.37.0")                            \
    X(XMPP_ADDR, "xmppAddr", "1.3.6.1.5.5.7.8.5")                                              \
    X(EC_PUBLIC_KEY, "ecPublicKey", "1.2.840.10045.2.1")                                       \
    X(CURVE_P256, "P-256", "1.2.840.10045.3.1.7")                                              \
    X(CURVE_P384, "P-384", "1.3.132.0.34")                                                     \
    X(ED25519, "Ed25519", "1.3.101.112")                                                       \
    X(RSA, "RSA", "1.2.840.113549.1.1.1")                                                      \
    X(RSA_SHA1, "sha1WithRSAEncryption", "1.2.840.113549.1.1.5")                               \
    X(ECDSA_SHA1, "ecdsa-with-SHA1", "1.2.840.10045.4.1")                                      \
    X(ECDSA_SHA256, "ecdsa-with-SHA256", "1.2.840.10045.4.3.2")                                \
    X(ECDSA_SHA384, "ecdsa-with-SHA384", "1.2.840.10045.4.3.3")                                \
    X(ECDSA_SHA512, "ecdsa-with-SHA512", "1.2.840.10045.4.3.4")                                \
    X(RSA_SHA256, "sha256WithRSAEncryption", "1.2.840.113549.1.1.11")                          \
    X(RSA_SHA384, "sha384WithRSAEncryption", "1.2.840.113549.1.1.12")                          \
    X(RSA_SHA512, "sha512WithRSAEncryption", "1.2.840.113549.1.1.13")                          \
    X(PBE_SHA1_3DES, "pbeWithSHAAnd3-KeyTripleDES-CBC", "1.2.840.113549.1.12.1.3")             \
    X(PBES2, "PBES2", "1.2.840.113549.1.5.13")                                                 \
    X(PBKDF2, "PBKDF2", "1.2.840.113549.1.5.12")                                               \
    X(HMAC_SHA1, "hmacWithSHA1", "1.2.840.113549.2.7")                                         \
    X(HMAC_SHA256, "hmacWithSHA256", "1.2.840.113549.2.9")                                     \
    X(HMAC_SHA384, "hmacWithSHA384", "1.2.840.113549.2.10")                                    \
    X(HMAC_SHA512, "hmacWithSHA512", "1.2.840.113549.2.11")                                    \
    X(DES_EDE3_CBC, "des-ede3-cbc", "1.2.840.113549.3.7")                                      \
    X(AES128_CBC, "aes128-CBC", "2.16.840.1.101.3.4.1.2")                                      \
    X(AES256_CBC, "aes256-CBC", "2.16.840.1.101.3.4.1.42")                                     \
    X(SHA1, "SHA-1", "1.3.14.3.2.26")                                                          \
    X(SHA256, "SHA-256", "2.16.840.1.101.3.4.2.1")                                             \
    X(FRIENDLY_NAME, "friendlyName", "1.2.840.113549.1.9.20")                                  \
    X(LOCAL_KEY_ID, "localKeyId", "1.2.840.113549.1.9.21")                                     \
    X(X509_CERTIFICATE, "x509Certificate", "1.2.840.113549.1.9.22.1")                          \
    X(PKCS7_DATA, "pkcs7-data", "1.2.840.113549.1.7.1")                                        \
    X(PKCS7_ENCRYPTED_DATA, "pkcs7-encryptedData", "1.2.840.113549.1.7.6")                     \
    X(SHROUDED_KEY_BAG, "pkcs8ShroudedKeyBag", "1.2.840.113549.1.12.10.1.2")                   \
    X(CERTIFICATE_BAG, "certBag", "1.2.840.113549.1.12.10.1.3")

enum oid {
    OID_UNKNOWN,
#define OID_CONSTANT(constant, name, dotted) OID_##constant,
    OID_TABLE(OID_CONSTANT)
#undef OID_CONSTANT
        OID_COUNT
};

// The content octets (without tag and length) of a known identifier; static memory.
struct bytes oid_content(enum oid oid);
// OID_UNKNOWN when the content octets are none of the table's.
enum oid oid_find(struct bytes content);
const char *oid_name(enum oid oid);
// By its name in the table, exactly; OID_UNKNOWN when there is none.
enum oid oid_from_name(const char *name);
// "1.2.840.113549" to content octets and back (X.690, 8.19).
enum result oid_encode(const char *dotted, struct buf *out, struct error *err);
enum result oid_format(struct bytes content, struct buf *out);
// The OBJECT IDENTIFIER element.
enum result oid_write(struct buf *out, enum oid oid);
