// Gathering CAs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/rollover.h"

#include "base/clock.h"
#include "base/limits.h"
#include "client/connect/ask.h"
#include "client/connect/credential.h"
#include "client/device/install.h"
#include "x509/certificate.h"

static bool holds(struct bytes trust, struct bytes der) {
    struct certificate certificate;
    while (trust.size > 0 && certificate_read_next(&trust, &certificate, NULL) == RESULT_OK) {
        if (bytes_equal(certificate.der, der)) {
            return true;
        }
    }
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
    return certificate_verify_chain(ca, candidates, &anchor, now, err);
}

enum result rollover_add(struct bytes candidates, struct bytes root, int64_t now,
                         struct buf *trust, struct error *err) {
    struct bytes rest = candidates;
    while (rest.size > 0) {
        struct certificate ca;
        TRY(certificate_read_next(&rest, &ca, err));
        bool is_wanted = !holds(buf_bytes(trust), ca.der) &&
                         check_ca(&ca, candidates, root, now, NULL) == RESULT_OK;
        if (is_wanted && ca.der.size <= trust->maximum - trust->size) {
            TRY(buf_append(trust, ca.der));
        }
    }
    return RESULT_OK;
}

// Every CA that the authority shows must be one of ours: it is not asked which to believe.
static enum result check_all(struct bytes chain, struct bytes root, struct error *err) {
    int64_t now = clock_now();
    for (struct bytes rest = chain; rest.size > 0;) {
        struct certificate ca;
        struct error reason = {0};
        enum result result = certificate_read_next(&rest, &ca, &reason);
        if (result == RESULT_OK && !bytes_equal(ca.der, root)) {
            result = check_ca(&ca, chain, root, now, &reason);
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

static enum result ask(const struct credential *credential, struct authority_info *out_info,
                       struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(exchange_clear) struct exchange exchange = {0};
    TRY(credential_connect(credential, &tls, &exchange, err));
    return ask_authority(&exchange, out_info, err);
}

static enum result take(const char *folder, const struct credential *credential,
                        struct bytes chain, bool *out_is_changed, struct error *err) {
    AUTO(buf_clear) struct buf trust = {0};
    struct bytes root = buf_bytes(&credential->root);
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    TRY(check_all(chain, root, err));
    TRY(buf_append(&trust, buf_bytes(&credential->trust)));
    TRY(rollover_add(chain, root, clock_now(), &trust, err));
    *out_is_changed = trust.size > credential->trust.size;
    return *out_is_changed ? install_trust(folder, buf_bytes(&trust), err) : RESULT_OK;
}

enum result rollover_check(const char *folder, bool *out_is_changed, struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    *out_is_changed = false;
    TRY(credential_read(folder, &credential, err));
    if (credential.root.size == 0) {
        return RESULT_OK; // not of an enrollment: nothing says which root is ours
    }
    struct authority_info info = {0};
    enum result result = ask(&credential, &info, err);
    if (result == RESULT_OK) {
        result = take(folder, &credential, blob_bytes(&info.chain), out_is_changed, err);
    }
    message_clear(&authority_info_type, &info);
    return result;
}
