// Choosing, removing and looking again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/removal.h"

#include <string.h>

#include "base/clock.h"
#include "client/xmpp/xmpp_certificates.h"
#include "x509/certificate.h"

MESSAGE_DEFINE(removed);

void removed_clear(struct removed *removed) {
    message_clear(&removed_type, removed);
}

// --- choosing --------------------------------------------------------------------------------

static bool is_same(const char *text, const char *wanted) {
    return text != NULL && wanted != NULL && strcmp(text, wanted) == 0;
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

// --- removing --------------------------------------------------------------------------------

// What is being done: `names` are the server's for what stands in `removed`.
struct work {
    const struct removal *removal;
    struct xmpp_stream *stream;
    const struct xmpp_address *account;
    struct text_list names;
    struct removed *removed;
};

static void work_clear(struct work *work) {
    text_list_clear(&work->names);
}

static enum result remove_one(struct work *work, const char *name, const char *shown,
                              struct error *err) {
    TRY(xmpp_certificates_remove(work->stream, work->account, name,
                                 work->removal->ends_sessions, err));
    if (text_list_add(&work->removed->removed, shown) != RESULT_OK ||
        text_list_add(&work->names, name) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

static enum result remove_line(struct work *work, const struct registered *line,
                               struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_XMPP_STANZA_BYTES);
    if (registered_server_name(line, &name) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return remove_one(work, buf_string(&name), line->name, err);
}

static enum result remove_lines(struct work *work, const struct registered_page *page,
                                struct error *err) {
    const struct registered *lines = page->certificates.items;
    bool is_found = false;
    for (size_t i = 0; i < page->certificates.count; i++) {
        if (removal_takes(work->removal, &lines[i])) {
            TRY(remove_line(work, &lines[i], err));
            is_found = is_found || is_same(lines[i].name, work->removal->name);
        }
    }
    const char *name = work->removal->name;
    return name != NULL && page->is_cut && !is_found ? remove_one(work, name, name, err)
                                                     : RESULT_OK;
}

// --- looking again ---------------------------------------------------------------------------

static bool has_name(const struct registered *line, const char *name) {
    return line->server_name.size > 0
               ? bytes_equal(blob_bytes(&line->server_name), bytes_of_string(name))
               : is_same(line->name, name);
}

static bool is_there(const struct registered_page *page, const char *name) {
    const struct registered *lines = page->certificates.items;
    for (size_t i = 0; i < page->certificates.count; i++) {
        if (has_name(&lines[i], name)) {
            return true;
        }
    }
    return false;
}

// Leaves only those of `removed` that are gone.
static enum result keep_gone(struct work *work, const struct registered_page *page,
                             struct error *err) {
    struct text_list *shown = &work->removed->removed;
    AUTO(text_list_clear) struct text_list gone = {0};
    enum result result = RESULT_OK;
    for (size_t i = 0; i < shown->count; i++) {
        if (is_there(page, work->names.items[i])) {
            result = error_set_code(err, RESULT_CONFLICT, "server_refused",
                                    "the server still has %.100s, although it said that it "
                                    "was removed",
                                    shown->items[i]);
        } else if (text_list_add(&gone, shown->items[i]) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    struct text_list before = *shown;
    *shown = gone;
    gone = before;
    return result;
}

static enum result look_again(struct work *work, bool was_cut, struct error *err) {
    AUTO(registered_page_clear) struct registered_page page = {0};
    struct error reason = {0};
    enum result result =
        xmpp_certificates_list(work->stream, work->account, clock_now(), &page, &reason);
    if (result == RESULT_OK) {
        work->removed->is_checked = !page.is_cut;
        return keep_gone(work, &page, err);
    }
    if (was_cut && xmpp_certificates_unreadable(result, &reason)) {
        return RESULT_OK; // as before; nobody can tell
    }
    if (err != NULL) {
        *err = reason;
    }
    return result;
}

enum result removal_run(const struct removal *removal, struct xmpp_stream *stream,
                        const struct xmpp_address *account, const struct registered_page *page,
                        struct removed *out_removed, struct error *err) {
    AUTO(work_clear)
    struct work work = {
        .removal = removal, .stream = stream, .account = account, .removed = out_removed};
    TRY(remove_lines(&work, page, err));
    return work.names.count > 0 ? look_again(&work, page->is_cut, err) : RESULT_OK;
}
