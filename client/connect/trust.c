// Which CAs to believe: those that our root vouches for.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/trust.h"

#include "base/clock.h"
#include "base/limits.h"
#include "x509/certificate.h"

static bool holds(struct bytes trust, struct bytes der, size_t *out_count) {
    struct certificate certificate;
    size_t count = 0;
    for (; trust.size > 0; count++) {
        if (certificate_read_next(&trust, &certificate, NULL) != RESULT_OK) {
            break;
        }
        if (bytes_equal(certificate.der, der)) {
            return true;
        }
    }
    *out_count = count;
    return false;
}

// Whether our root vouches for this CA.
static enum result check_ca(const struct certificate *ca, struct bytes candidates,
                            struct bytes root, int64_t now, struct error *err) {
    struct certificate anchor;
    TRY(certificate_read(root, &anchor, err));
    if (!ca->is_ca) {
        return error_set(err, RESULT_DENIED, "the certificate is not one of a CA");
    }
    return certificate_verify_among(ca, candidates, &anchor, now, err);
}

// Whether it was not found out at all, which says nothing about the CA.
static bool is_undecided(enum result result) {
    return result == RESULT_LIMIT || result == RESULT_INTERNAL;
}

static enum result fail_undecided(enum result result, struct error *err) {
    if (result == RESULT_INTERNAL) {
        return error_out_of_memory(err);
    }
    (void)error_set_code(err, RESULT_LIMIT, "too_many_cas",
                         "there are more CAs than a device can keep: %d of them, in %d bytes",
                         LIMIT_TRUST_CERTIFICATES, LIMIT_CHAIN_BYTES);
    error_hint(err, "Take those of no more use out of ca.pem; on the authority: signetd issuer "
                    "retire.");
    return RESULT_LIMIT;
}

enum result trust_add(struct bytes candidates, struct bytes root, int64_t now,
                      struct buf *trust, struct error *err) {
    for (struct bytes rest = candidates; rest.size > 0;) {
        struct certificate ca;
        struct error reason = {0};
        size_t count = 0;
        TRY(certificate_read_next(&rest, &ca, err));
        if (holds(buf_bytes(trust), ca.der, &count)) {
            continue;
        }
        enum result result = check_ca(&ca, candidates, root, now, &reason);
        if (result == RESULT_OK) {
            result =
                count < LIMIT_TRUST_CERTIFICATES ? buf_append(trust, ca.der) : RESULT_LIMIT;
        }
        if (is_undecided(result)) {
            return fail_undecided(result, err);
        }
    }
    return RESULT_OK;
}

enum result trust_check(struct bytes chain, struct bytes root, struct error *err) {
    int64_t now = clock_now();
    for (struct bytes rest = chain; rest.size > 0;) {
        struct certificate ca;
        struct error reason = {0};
        enum result result = certificate_read_next(&rest, &ca, &reason);
        if (result == RESULT_OK && !bytes_equal(ca.der, root)) {
            result = check_ca(&ca, chain, root, now, &reason);
        }
        if (is_undecided(result)) {
            return fail_undecided(result, err);
        }
        if (result != RESULT_OK) {
            (void)error_set_code(
                err, RESULT_DENIED, "untrusted",
                "the authority shows a CA that our root does not vouch for: %s",
                reason.message);
            error_hint(err, "Nothing was changed. If the root was replaced, enroll anew.");
            return RESULT_DENIED;
        }
    }
    return RESULT_OK;
}

enum result trust_gather(struct bytes root, struct bytes chain, struct bytes before,
                         struct buf *out, struct error *err) {
    const int64_t now = clock_now();
    if (buf_append(out, root) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(trust_add(chain, root, now, out, err));
    return trust_add(before, root, now, out, err);
}
