// Verifying a certificate under its issuer, and a chain up to a root (RFC 5280, section 6).
// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>

#include "base/clock.h"
#include "x509/certificate.h"

static enum result check_may_sign(const struct certificate *issuer, bool is_anchor,
                                  struct error *err) {
    // A version 1 root cannot say that it is a CA; somebody configured it as one.
    bool is_ca = issuer->is_ca || (is_anchor && issuer->version == 1);
    if (!is_ca) {
        return error_set_code(err, RESULT_DENIED, "issuer_no_ca",
                              "the issuer is no CA (basicConstraints CA:TRUE is missing)");
    }
    if (issuer->has_key_usage && (issuer->key_usage & KEY_USAGE_KEY_CERT_SIGN) == 0) {
        return error_set_code(err, RESULT_DENIED, "issuer_no_ca",
                              "the issuer's key usage has no keyCertSign");
    }
    return RESULT_OK;
}

static bool are_names_chained(const struct certificate *certificate,
                              const struct certificate *issuer) {
    bool has_both_ids =
        certificate->authority_key_id.size > 0 && issuer->subject_key_id.size > 0;
    return bytes_equal(certificate->issuer, issuer->subject) &&
           (!has_both_ids ||
            bytes_equal(certificate->authority_key_id, issuer->subject_key_id));
}

static enum result verify_under(const struct certificate *certificate,
                                const struct certificate *issuer, bool is_anchor,
                                struct error *err) {
    if (!are_names_chained(certificate, issuer)) {
        return error_set_code(err, RESULT_DENIED, "issuer_other",
                              "the certificate was issued by another CA (issuer name or key "
                              "identifier differ)");
    }
    TRY(check_may_sign(issuer, is_anchor, err));
    return public_key_verify(issuer->spki, certificate->signature_algorithm, certificate->tbs,
                             certificate->signature, err);
}

enum result certificate_verify(const struct certificate *certificate,
                               const struct certificate *issuer, struct error *err) {
    return verify_under(certificate, issuer, false, err);
}

static enum result check_dates(const struct certificate *certificate, int64_t now,
                               const char *which, struct error *err) {
    bool is_early = now < certificate->not_before;
    if (!is_early && now <= certificate->not_after) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 64);
    (void)time_format_rfc3339(is_early ? certificate->not_before : certificate->not_after,
                              &text);
    if (is_early) {
        (void)error_set_code(err, RESULT_DENIED, "certificate_not_yet_valid",
                             "%s is not valid before %s", which, buf_string(&text));
        error_hint(err, "Check this machine's clock.");
        return RESULT_DENIED;
    }
    return error_set_code(err, RESULT_DENIED, "certificate_expired", "%s expired at %s", which,
                          buf_string(&text));
}

static enum result check_critical(const struct certificate *certificate, const char *which,
                                  struct error *err) {
    if (certificate->has_unknown_critical) {
        return error_set_code(err, RESULT_DENIED, "extension_unknown",
                              "%s has a critical extension that is not supported", which);
    }
    return RESULT_OK;
}

// A CA that the root vouches for, and how many more CAs may stand below it.
struct trusted {
    struct certificate certificate;
    bool is_anchor;
    int more; // INT_MAX without limit
};

// Grown from the root downwards, so that only signatures of trusted keys are ever looked for
// and foreign certificates cost a bounded number of verifications.
struct trust {
    struct trusted items[LIMIT_CHAIN_CERTIFICATES + 1];
    size_t count;
};

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static enum result extend_trust(struct trust *trust, const struct certificate *candidate,
                                int64_t now, struct error *err) {
    enum result result =
        error_set_code(err, RESULT_DENIED, "issuer_unknown", "no trusted CA issued it");
    for (size_t i = 0; i < trust->count; i++) {
        const struct trusted *parent = &trust->items[i];
        if (!are_names_chained(candidate, &parent->certificate)) {
            continue;
        }
        result = verify_under(candidate, &parent->certificate, parent->is_anchor, err);
        if (result != RESULT_OK) {
            continue;
        }
        TRY(check_dates(candidate, now, "an intermediate certificate", err));
        TRY(check_critical(candidate, "an intermediate certificate", err));
        TRY(check_may_sign(candidate, false, err));
        // RFC 5280, 6.1.4 (l): self-issued certificates do not count.
        int step = certificate_is_self_issued(candidate) ? 0 : 1;
        if (parent->more < step) {
            return error_set_code(err, RESULT_DENIED, "path_too_long",
                                  "an intermediate certificate lies deeper than its CA's path "
                                  "length allows");
        }
        int more = parent->more == INT_MAX ? INT_MAX : parent->more - step;
        int own = candidate->path_length == PATH_LENGTH_NONE ? INT_MAX : candidate->path_length;
        trust->items[trust->count++] =
            (struct trusted){.certificate = *candidate, .more = smaller(more, own)};
        return RESULT_OK;
    }
    return result;
}

struct candidates {
    struct certificate items[LIMIT_CHAIN_CERTIFICATES];
    bool is_used[LIMIT_CHAIN_CERTIFICATES];
    size_t count;
};

static enum result read_candidates(struct bytes intermediates, struct candidates *out,
                                   struct error *err) {
    while (intermediates.size > 0) {
        if (out->count == LIMIT_CHAIN_CERTIFICATES) {
            return error_set(err, RESULT_LIMIT, "the chain has more than %d certificates",
                             LIMIT_CHAIN_CERTIFICATES);
        }
        TRY(certificate_read_next(&intermediates, &out->items[out->count], err));
        out->count++;
    }
    return RESULT_OK;
}

static bool is_in_need(const struct certificate *leaf, const struct candidates *candidates,
                       const struct certificate *candidate) {
    if (bytes_equal(leaf->issuer, candidate->subject)) {
        return true;
    }
    for (size_t i = 0; i < candidates->count; i++) {
        if (&candidates->items[i] != candidate &&
            bytes_equal(candidates->items[i].issuer, candidate->subject)) {
            return true;
        }
    }
    return false;
}

// Adds all candidates that are trustworthy, in any order. The error of the last one that is not
// stays in *err, for the case that it is the one that is needed.
static void grow_trust(struct trust *trust, struct candidates *candidates,
                       const struct certificate *leaf, int64_t now, struct error *err) {
    bool has_grown = true;
    while (has_grown) {
        has_grown = false;
        for (size_t i = 0; i < candidates->count; i++) {
            const struct certificate *candidate = &candidates->items[i];
            if (candidates->is_used[i] || !is_in_need(leaf, candidates, candidate)) {
                continue;
            }
            if (extend_trust(trust, candidate, now, err) == RESULT_OK) {
                candidates->is_used[i] = true;
                has_grown = true;
            }
        }
    }
}

enum result certificate_verify_chain(const struct certificate *leaf, struct bytes intermediates,
                                     const struct certificate *root, int64_t now,
                                     struct error *err) {
    struct candidates candidates = {0};
    TRY(read_candidates(intermediates, &candidates, err));
    TRY(check_dates(root, now, "the root certificate", err));
    TRY(check_dates(leaf, now, "the certificate", err));
    TRY(check_critical(leaf, "the certificate", err));
    struct trust trust = {.count = 1};
    trust.items[0] = (struct trusted){
        .certificate = *root,
        .is_anchor = true,
        .more = root->path_length == PATH_LENGTH_NONE ? INT_MAX : root->path_length,
    };
    struct error nearest = {0};
    grow_trust(&trust, &candidates, leaf, now, &nearest);
    enum result result = RESULT_DENIED;
    bool is_issuer_found = false;
    for (size_t i = 0; i < trust.count && result != RESULT_OK; i++) {
        const struct trusted *issuer = &trust.items[i];
        if (are_names_chained(leaf, &issuer->certificate)) {
            is_issuer_found = true;
            result = verify_under(leaf, &issuer->certificate, issuer->is_anchor, err);
        }
    }
    if (is_issuer_found) {
        return result;
    }
    bool has_reason = nearest.result != RESULT_OK;
    (void)error_set_code(err, RESULT_DENIED, has_reason ? nearest.code : "issuer_unknown",
                         "no chain from the certificate to the root: %s",
                         has_reason ? nearest.message : "its issuer is not among those given");
    return RESULT_DENIED;
}
