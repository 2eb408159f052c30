// Checks on what an authority answered.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/issued.h"

#include <string.h>

#include "base/text.h"
#include "x509/certificate.h"
#include "x509/hash.h"

static enum result untrusted(struct error *err, const char *what) {
    (void)error_set_code(err, RESULT_DENIED, "untrusted",
                         "the authority's answer was refused: %s", what);
    error_hint(err, "Nothing was installed.");
    return RESULT_DENIED;
}

// A certificate that could not be looked at is not one that was found wrong.
static enum result untrusted_because(enum result result, const struct error *reason,
                                     struct error *err) {
    return result == RESULT_INTERNAL ? error_out_of_memory(err)
                                     : untrusted(err, reason->message);
}

enum result issued_read_names(const struct text_list *texts, struct names *out_names,
                              struct error *err) {
    AUTO(names_clear) struct names names = {0};
    for (size_t i = 0; i < texts->count; i++) {
        TRY(names_add_text(&names, texts->items[i], err));
    }
    names_move(out_names, &names);
    return RESULT_OK;
}

static enum result check_names(const struct issued *issued,
                               const struct certificate *certificate,
                               const struct names *wanted, struct error *err) {
    AUTO(names_clear) struct names carried = {0};
    AUTO(names_clear) struct names told = {0};
    struct error reason = {0};
    enum result result = certificate_names(certificate, &carried, &reason);
    if (result == RESULT_OK) {
        result = issued_read_names(&issued->names, &told, &reason);
    }
    if (result != RESULT_OK) {
        return untrusted_because(result, &reason, err);
    }
    if (!names_equal(&carried, &told)) {
        return untrusted(err, "the certificate carries other names than the answer states");
    }
    const struct name *missing = names_outside(wanted, &carried);
    if (missing != NULL) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, LIMIT_NAME_BYTES + 64);
        TRY(buf_append_string(&text, "the certificate lacks the name "));
        TRY(name_format(missing, &text));
        return untrusted(err, buf_string(&text));
    }
    return RESULT_OK;
}

static enum result check_serial(const struct issued *issued,
                                const struct certificate *certificate, struct error *err) {
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, 2 * LIMIT_SERIAL_BYTES);
    TRY(text_hex_encode(certificate->serial, &serial));
    return strcmp(buf_string(&serial), issued->serial) == 0
               ? RESULT_OK
               : untrusted(err, "the certificate has another serial than the answer states");
}

static enum result check_dates(const struct issued *issued,
                               const struct certificate *certificate, struct error *err) {
    bool are_told = certificate->not_before == issued->not_before &&
                    certificate->not_after == issued->not_after;
    if (!are_told) {
        return untrusted(err, "the certificate has other dates than the answer states");
    }
    if (issued->renew_after < issued->not_before || issued->renew_after > issued->not_after) {
        return untrusted(err, "it asks for a renewal outside the certificate's life");
    }
    return RESULT_OK;
}

// A renewal is the same kind of certificate once more, whatever became of the profile.
static enum result check_profile(const struct issued *issued, const char *expected,
                                 struct error *err) {
    if (expected == NULL || strcmp(expected, issued->profile) == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "untrusted",
                         "the authority's answer was refused: it is for the profile %.60s and "
                         "not for %.60s",
                         issued->profile, expected);
    error_hint(err, "Nothing was installed. For another profile, enroll with --with.");
    return RESULT_DENIED;
}

enum result issued_check(const struct issued *issued,
                         const struct issued_expectation *expectation, struct error *err) {
    struct error reason = {0};
    struct certificate certificate;
    struct certificate root;
    if (certificate_read(blob_bytes(&issued->certificate), &certificate, &reason) !=
            RESULT_OK ||
        certificate_read(expectation->root, &root, &reason) != RESULT_OK) {
        return untrusted(err, reason.message);
    }
    if (!bytes_equal(certificate.spki, expectation->public_key)) {
        return untrusted(err, "the certificate is for another key");
    }
    if (!bytes_equal(blob_bytes(&issued->root), expectation->root)) {
        return untrusted(err, "it names another root than the one that is trusted here");
    }
    const enum result result = certificate_verify_chain(
        &certificate, blob_bytes(&issued->chain), &root, expectation->now, &reason);
    if (result != RESULT_OK) {
        return untrusted_because(result, &reason, err);
    }
    if (certificate.is_ca) {
        return untrusted(err, "the certificate is one of a CA");
    }
    TRY(check_profile(issued, expectation->profile, err));
    TRY(check_serial(issued, &certificate, err));
    TRY(check_dates(issued, &certificate, err));
    return check_names(issued, &certificate, expectation->names, err);
}

enum result issued_find_root(struct bytes chain, struct bytes fingerprint,
                             struct bytes *out_root, struct error *err) {
    AUTO(buf_clear) struct buf expected = {0};
    AUTO(buf_clear) struct buf found = {0};
    buf_init(&expected, 2 * SHA256_SIZE);
    buf_init(&found, 2 * SHA256_SIZE);
    while (chain.size > 0) {
        struct certificate certificate;
        struct error reason = {0};
        if (certificate_read_next(&chain, &certificate, &reason) != RESULT_OK) {
            return untrusted(err, reason.message);
        }
        uint8_t digest[SHA256_SIZE];
        TRY(hash_sha256(certificate.der, digest));
        if (bytes_equal(bytes_of(digest, sizeof(digest)), fingerprint)) {
            *out_root = certificate.der;
            return RESULT_OK;
        }
        // The last one is the root: what to show when none fits.
        buf_reset(&found);
        TRY(text_hex_encode(bytes_of(digest, sizeof(digest)), &found));
    }
    TRY(text_hex_encode(fingerprint, &expected));
    (void)error_set_code(err, RESULT_DENIED, "untrusted",
                         "the server's root has the fingerprint %s, not the expected %s",
                         found.size > 0 ? buf_string(&found) : "(none)", buf_string(&expected));
    error_hint(err, "This is another authority than the one expected, or somebody between. "
                    "Nothing was sent. If the CA was replaced, ask an administrator for a "
                    "new token or fingerprint.");
    return RESULT_DENIED;
}
