// Verifying a certificate under its issuer, and a chain up to a root (RFC 5280, section 6).
// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "x509/certificate.h"
#include "x509/der.h"

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

// One of those that may vouch for the leaf.
struct candidate {
    struct certificate certificate;
    bool is_used;
};

// A CA that the root vouches for, and how many more CAs may stand below it.
struct trusted {
    const struct certificate *certificate;
    bool is_anchor;
    int more; // INT_MAX without limit
};

// Trust grows from the root downwards, so that only signatures of trusted keys are ever looked
// for, each at most once, and foreign certificates cost a bounded number of verifications.
struct search {
    struct candidate *candidates;
    size_t candidate_count;
    struct trusted *trusted; // the root, and room for every candidate
    size_t trusted_count;
    const struct certificate *leaf;
    int64_t now;
};

static void search_clear(struct search *search) {
    free(search->candidates);
    free(search->trusted);
}

static int smaller(int a, int b) {
    return a < b ? a : b;
}

static enum result extend_trust(struct search *search, const struct trusted *parent,
                                const struct certificate *candidate, struct error *err) {
    TRY(verify_under(candidate, parent->certificate, parent->is_anchor, err));
    TRY(check_dates(candidate, search->now, "an intermediate certificate", err));
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
    search->trusted[search->trusted_count++] =
        (struct trusted){.certificate = candidate, .more = smaller(more, own)};
    return RESULT_OK;
}

static enum result count_certificates(struct bytes chain, size_t maximum, size_t *out_count,
                                      struct error *err) {
    struct der der = der_of(chain);
    size_t count = 0;
    for (; !der_at_end(&der); count++) {
        struct bytes whole = {0};
        if (count == maximum) {
            return error_set(err, RESULT_LIMIT, "there are more than %zu certificates",
                             maximum);
        }
        TRY(der_read_element(&der, DER_SEQUENCE, &whole, err));
    }
    *out_count = count;
    return RESULT_OK;
}

static enum result read_candidates(struct search *search, struct bytes others, size_t maximum,
                                   struct error *err) {
    size_t count = 0;
    TRY(count_certificates(others, maximum, &count, err));
    search->candidates = calloc(count + 1, sizeof(*search->candidates));
    search->trusted = calloc(count + 1, sizeof(*search->trusted));
    if (search->candidates == NULL || search->trusted == NULL) {
        return error_out_of_memory(err);
    }
    for (; search->candidate_count < count; search->candidate_count++) {
        TRY(certificate_read_next(
            &others, &search->candidates[search->candidate_count].certificate, err));
    }
    return RESULT_OK;
}

static bool is_in_need(const struct search *search, const struct candidate *candidate) {
    struct bytes subject = candidate->certificate.subject;
    if (bytes_equal(search->leaf->issuer, subject)) {
        return true;
    }
    for (size_t i = 0; i < search->candidate_count; i++) {
        const struct candidate *other = &search->candidates[i];
        if (other != candidate && bytes_equal(other->certificate.issuer, subject)) {
            return true;
        }
    }
    return false;
}

// Adds all candidates that are trustworthy, in any order. The error of the last one that is not
// stays in *err, for the case that it is the one that is needed.
static void grow_trust(struct search *search, struct error *err) {
    for (size_t i = 0; i < search->trusted_count; i++) {
        const struct trusted *parent = &search->trusted[i];
        for (size_t k = 0; k < search->candidate_count; k++) {
            struct candidate *candidate = &search->candidates[k];
            if (!candidate->is_used &&
                are_names_chained(&candidate->certificate, parent->certificate) &&
                is_in_need(search, candidate)) {
                candidate->is_used =
                    extend_trust(search, parent, &candidate->certificate, err) == RESULT_OK;
            }
        }
    }
}

// What the trusted say about the leaf. `nearest` is why one that might have been is not trusted.
static enum result judge(const struct search *search, const struct error *nearest,
                         struct error *err) {
    enum result result = RESULT_DENIED;
    bool is_issuer_found = false;
    for (size_t i = 0; i < search->trusted_count && result != RESULT_OK; i++) {
        const struct trusted *issuer = &search->trusted[i];
        if (are_names_chained(search->leaf, issuer->certificate)) {
            is_issuer_found = true;
            result = verify_under(search->leaf, issuer->certificate, issuer->is_anchor, err);
        }
    }
    if (is_issuer_found) {
        return result;
    }
    bool has_reason = nearest->result != RESULT_OK;
    (void)error_set_code(err, RESULT_DENIED, has_reason ? nearest->code : "issuer_unknown",
                         "no chain from the certificate to the root: %s",
                         has_reason ? nearest->message : "its issuer is not among those given");
    return RESULT_DENIED;
}

static enum result verify_among(const struct certificate *leaf, struct bytes others,
                                size_t maximum, const struct certificate *root, int64_t now,
                                struct error *err) {
    AUTO(search_clear) struct search search = {.leaf = leaf, .now = now};
    struct error nearest = {0};
    TRY(read_candidates(&search, others, maximum, err));
    TRY(check_dates(root, now, "the root certificate", err));
    TRY(check_dates(leaf, now, "the certificate", err));
    TRY(check_critical(leaf, "the certificate", err));
    search.trusted[search.trusted_count++] = (struct trusted){
        .certificate = root,
        .is_anchor = true,
        .more = root->path_length == PATH_LENGTH_NONE ? INT_MAX : root->path_length,
    };
    grow_trust(&search, &nearest);
    return judge(&search, &nearest, err);
}

enum result certificate_verify_chain(const struct certificate *leaf, struct bytes intermediates,
                                     const struct certificate *root, int64_t now,
                                     struct error *err) {
    return verify_among(leaf, intermediates, LIMIT_CHAIN_CERTIFICATES, root, now, err);
}

enum result certificate_verify_among(const struct certificate *ca, struct bytes others,
                                     const struct certificate *root, int64_t now,
                                     struct error *err) {
    return verify_among(ca, others, LIMIT_TRUST_CERTIFICATES, root, now, err);
}
