// Reads certificate, key and chain of an existing CA, and judges whether it can issue.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/adopt.h"

#include <string.h>
#include <sys/stat.h>

#include "authority/issuers/issuer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "x509/certificate.h"
#include "x509/der.h"
#include "x509/key_pkcs11.h"
#include "x509/pem.h"

// A bundle may hold text and other blocks around what is wanted.
#define LIMIT_IMPORT_BYTES (1024 * 1024)
#define LIMIT_NOTES_BYTES (16 * 1024)
#define YEAR (365LL * 24 * 60 * 60)

void adoption_clear(struct adoption *adoption) {
    buf_clear(&adoption->chain);
    buf_clear(&adoption->notes);
    key_free_at(&adoption->key);
}

// --- files -----------------------------------------------------------------------------------

// Appends every certificate of a PEM text; other blocks (keys, parameters) are left alone.
static enum result collect_pem(struct bytes text, struct buf *out_der, struct error *err) {
    for (;;) {
        AUTO(pem_block_clear) struct pem_block block = {0};
        enum result result = pem_read_next(&text, &block, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        if (bytes_equal(block.label, BYTES_LITERAL(PEM_CERTIFICATE))) {
            if (buf_append(out_der, buf_bytes(&block.der)) != RESULT_OK) {
                return error_set(err, RESULT_LIMIT, "too many certificates");
            }
        }
    }
}

static enum result collect_certificates(const char *path, struct buf *out_der,
                                        struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_IMPORT_BYTES);
    TRY(file_read(path, &text, err));
    size_t before = out_der->size;
    bool is_der = text.size > 0 && text.data[0] == DER_SEQUENCE;
    enum result result = is_der ? buf_append(out_der, buf_bytes(&text))
                                : collect_pem(buf_bytes(&text), out_der, err);
    if (result == RESULT_OK && out_der->size == before) {
        result = error_set(err, RESULT_INVALID, "there is no certificate in it");
        error_hint(err, "expected a PEM file with -----BEGIN CERTIFICATE-----");
    }
    if (result != RESULT_OK) {
        error_context(err, "%s", path);
    }
    return result;
}

static enum result load_key(const struct init_options *options, struct adoption *adoption,
                            struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_IMPORT_BYTES);
    if (key_is_uri(options->import_key)) {
        return key_open_uri(options->import_key, &adoption->key, err);
    }
    TRY(file_read(options->import_key, &text, err));
    enum result result =
        key_load_pem(buf_bytes(&text), options->import_passphrase, &adoption->key, err);
    if (result == RESULT_OK) {
        return RESULT_OK;
    }
    error_context(err, "%s", options->import_key);
    if (result == RESULT_DENIED && options->import_passphrase == NULL) {
        error_hint(err, "give its passphrase in a file: --import-passphrase-file FILE");
    }
    return result;
}

static enum result note_open_key_file(const char *path, struct buf *notes) {
    struct stat status;
    if (stat(path, &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) {
        return RESULT_OK;
    }
    return buf_printf(notes,
                      "The key file %s can be read by others: keep it offline, or at least\n"
                      "  chmod 600 %s\n",
                      path, path);
}

// --- chain -----------------------------------------------------------------------------------

static bool is_issued_by(const struct certificate *certificate,
                         const struct certificate *candidate) {
    return bytes_equal(certificate->issuer, candidate->subject) &&
           certificate_verify(certificate, candidate, NULL) == RESULT_OK;
}

// The issuer of `certificate` among the concatenated certificates of the pool.
static enum result find_issuer(struct bytes pool, const struct certificate *certificate,
                               struct certificate *out_issuer, struct error *err) {
    while (pool.size > 0) {
        struct certificate candidate = {0};
        TRY(certificate_read_next(&pool, &candidate, err));
        if (is_issued_by(certificate, &candidate)) {
            *out_issuer = candidate;
            return RESULT_OK;
        }
    }
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, 200);
    // A longer name than that is not shown.
    (void)!distinguished_name_format(certificate->issuer, &name);
    (void)error_set_code(err, RESULT_INVALID, "chain_incomplete",
                         "the certificate of its issuer \"%s\" is missing", buf_string(&name));
    error_hint(err, "give all certificates above the imported one, up to the self-signed root: "
                    "--import-chain FILE");
    return RESULT_INVALID;
}

// Appends the certificates above the adopted one and says which is the root.
static enum result climb(struct bytes pool, const struct certificate *adopted,
                         struct buf *chain, struct certificate *out_root, struct error *err) {
    struct certificate current = *adopted;
    for (int steps = 1; !certificate_is_self_issued(&current); steps++) {
        struct certificate issuer = {0};
        TRY(find_issuer(pool, &current, &issuer, err));
        if (steps >= LIMIT_CHAIN_CERTIFICATES || buf_append(chain, issuer.der) != RESULT_OK) {
            return error_set(err, RESULT_LIMIT, "the chain has more than %d certificates",
                             LIMIT_CHAIN_CERTIFICATES);
        }
        current = issuer;
    }
    *out_root = current;
    return RESULT_OK;
}

// sha1WithRSAEncryption and ecdsa-with-SHA1, read nowhere else.
static bool is_signed_with_sha1(const struct certificate *certificate) {
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05};
    static const uint8_t ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01};
    struct der whole = der_of(certificate->signature_algorithm);
    struct der inside = {0};
    struct bytes identifier = {0};
    return der_enter(&whole, DER_SEQUENCE, &inside, NULL) == RESULT_OK &&
           der_read(&inside, DER_OID, &identifier, NULL) == RESULT_OK &&
           (bytes_equal(identifier, bytes_of(rsa, sizeof(rsa))) ||
            bytes_equal(identifier, bytes_of(ecdsa, sizeof(ecdsa))));
}

// A root's signature over itself proves nothing, so SHA-1 in it does no harm; a damaged one
// does.
static enum result check_self_signature(const struct certificate *root, struct buf *notes,
                                        struct error *err) {
    if (is_signed_with_sha1(root)) {
        return buf_append_string(
            notes, "The CA certificate signs itself with SHA-1. That does no harm in a trust\n"
                   "anchor; what it issues from now on is signed with SHA-256 or better.\n");
    }
    return certificate_verify(root, root, err);
}

static enum result check_chain(const struct certificate *adopted, struct bytes intermediates,
                               const struct certificate *root, int64_t now,
                               struct adoption *adoption, struct error *err) {
    TRY(check_self_signature(root, &adoption->notes, err));
    if (bytes_equal(adopted->der, root->der)) {
        return RESULT_OK;
    }
    return certificate_verify_chain(adopted, intermediates, root, now, err);
}

static enum result read_chain(const struct init_options *options, int64_t now,
                              struct adoption *adoption, struct certificate *out_adopted,
                              struct buf *pool, struct error *err) {
    TRY(collect_certificates(options->import_certificate, pool, err));
    if (options->import_chain != NULL) {
        TRY(collect_certificates(options->import_chain, pool, err));
    }
    struct bytes rest = buf_bytes(pool);
    struct certificate root = {0};
    enum result result = certificate_read_next(&rest, out_adopted, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", options->import_certificate);
        return result;
    }
    // What the CA says of itself comes first: it explains best why a chain would not hold.
    result = issuer_check(out_adopted, adoption->key, now, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", options->import_certificate);
        return result;
    }
    buf_init(&adoption->chain, LIMIT_CHAIN_BYTES);
    TRY(buf_append(&adoption->chain, out_adopted->der));
    TRY(climb(rest, out_adopted, &adoption->chain, &root, err));
    struct bytes above =
        bytes_slice(buf_bytes(&adoption->chain), out_adopted->der.size, SIZE_MAX);
    size_t between = above.size > root.der.size ? above.size - root.der.size : 0;
    return check_chain(out_adopted, bytes_slice(above, 0, between), &root, now, adoption, err);
}

static enum result note_adopted(const struct certificate *adopted, int64_t now,
                                struct buf *notes) {
    if (adopted->not_after - now < 2 * YEAR) {
        AUTO(buf_clear) struct buf end = {0};
        buf_init(&end, 64);
        TRY(time_format_plain(adopted->not_after, &end));
        TRY(buf_printf(notes, "The CA certificate ends on %s; no certificate outlives it.\n",
                       buf_string(&end)));
    }
    if (!adopted->has_key_usage) {
        TRY(buf_append_string(notes, "The CA certificate has no keyUsage: strict verifiers "
                                     "(Python 3.13 is one)\n"
                                     "refuse what is below it.\n"));
    }
    return buf_append_string(notes, "Certificates that this CA issued before stay valid until "
                                    "they expire. Those it revoked\n"
                                    "before are NOT on Signet's CRLs: keep refusing them by "
                                    "other means, or replace the CA.\n");
}

enum result adoption_read(const struct init_options *options, int64_t now,
                          struct adoption *out_adoption, struct error *err) {
    if (options->import_key == NULL) {
        (void)error_set(err, RESULT_INVALID, "the key of the imported certificate is missing");
        error_hint(err, "give it: --import-key FILE, or its pkcs11: URI");
        return RESULT_INVALID;
    }
    AUTO(adoption_clear) struct adoption adoption = {0};
    AUTO(buf_clear) struct buf pool = {0};
    buf_init(&pool, LIMIT_IMPORT_BYTES);
    buf_init(&adoption.notes, LIMIT_NOTES_BYTES);
    struct certificate adopted = {0};
    TRY(load_key(options, &adoption, err));
    TRY(read_chain(options, now, &adoption, &adopted, &pool, err));
    TRY(note_open_key_file(options->import_key, &adoption.notes));
    TRY(note_adopted(&adopted, now, &adoption.notes));
    *out_adoption = adoption;
    adoption = (struct adoption){0};
    return RESULT_OK;
}
