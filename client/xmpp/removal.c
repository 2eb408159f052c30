// Choosing, removing and looking again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/removal.h"

#include <string.h>

#include "base/clock.h"
#include "client/xmpp/xmpp_certificates.h"
#include "x509/certificate.h"

static bool is_same(const char *text, const char *wanted) {
    return text != NULL && strcmp(text, wanted) == 0;
}

// None of the CAs has signed it.
static bool is_foreign(struct bytes issuers, const struct registered *line) {
    struct certificate certificate;
    struct error reason = {0};
    if (line->certificate.size == 0 ||
        certificate_read(blob_bytes(&line->certificate), &certificate, &reason) != RESULT_OK) {
        return false;
    }
    while (issuers.size > 0) {
        struct certificate issuer;
        if (certificate_read_next(&issuers, &issuer, &reason) != RESULT_OK) {
            return false;
        }
        if (certificate_verify(&certificate, &issuer, &reason) == RESULT_OK) {
            return false;
        }
    }
    return true;
}

bool removal_takes(const struct removal *removal, const struct registered *line) {
    if (removal->name != NULL) {
        return is_same(line->name, removal->name) || is_same(line->label, removal->name);
    }
    return (removal->takes_expired && is_same(line->state, "expired")) ||
           (removal->takes_superseded && is_same(line->state, "superseded")) ||
           (removal->label != NULL && is_same(line->label, removal->label) &&
            !is_same(line->name, removal->keeps)) ||
           (removal->issuers.size > 0 && is_foreign(removal->issuers, line));
}

static enum result check_removed(struct xmpp_stream *stream, const struct xmpp_address *account,
                                 const struct text_list *removed, struct error *err) {
    AUTO(registered_page_clear) struct registered_page page = {0};
    TRY(xmpp_certificates_list(stream, account, clock_now(), &page, err));
    const struct registered *lines = page.certificates.items;
    for (size_t i = 0; i < page.certificates.count; i++) {
        for (size_t k = 0; k < removed->count; k++) {
            if (is_same(lines[i].name, removed->items[k])) {
                return error_set_code(err, RESULT_CONFLICT, "server_refused",
                                      "the server still has %.100s, although it said that it "
                                      "was removed",
                                      removed->items[k]);
            }
        }
    }
    return RESULT_OK;
}

enum result removal_run(const struct removal *removal, struct xmpp_stream *stream,
                        const struct xmpp_address *account, const struct registered_page *page,
                        struct text_list *out_removed, struct error *err) {
    const struct registered *lines = page->certificates.items;
    for (size_t i = 0; i < page->certificates.count; i++) {
        if (!removal_takes(removal, &lines[i])) {
            continue;
        }
        TRY(xmpp_certificates_remove(stream, account, lines[i].name, removal->ends_sessions,
                                     err));
        if (text_list_add(out_removed, lines[i].name) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return out_removed->count > 0 ? check_removed(stream, account, out_removed, err)
                                  : RESULT_OK;
}
