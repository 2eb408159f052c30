// Lists of certificates, as administrators search them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/inspect/inspect.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/cursor.h"
#include "authority/search.h"
#include "base/clock.h"

// --- what is asked for -----------------------------------------------------------------------

static enum result read_state(const char *text, enum certificate_state *out_state,
                              struct error *err) {
    static const struct {
        const char *name;
        enum certificate_state state;
    } states[] = {
        {"valid", CERTIFICATE_VALID},
        {"expired", CERTIFICATE_EXPIRED},
        {"revoked", CERTIFICATE_REVOKED},
        {"held", CERTIFICATE_HELD},
    };
    if (text == NULL) {
        *out_state = CERTIFICATE_ANY;
        return RESULT_OK;
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(states[i].name, text) == 0) {
            *out_state = states[i].state;
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_INVALID, "state_unknown",
                         "%.16s is not a state of certificates", text);
    error_field(err, "state");
    error_hint(err, "Use valid, expired, revoked or held.");
    return RESULT_INVALID;
}

// What ends within a time is valid now, unless revoked ones are asked for.
static enum result read_expiring(int64_t expiring_in, struct certificate_filter *filter,
                                 struct error *err) {
    if (expiring_in == 0) {
        return RESULT_OK;
    }
    if (filter->state == CERTIFICATE_EXPIRED) {
        (void)error_set_code(err, RESULT_INVALID, "filter_conflict",
                             "an expired certificate does not expire again");
        error_field(err, "expiring_in");
        error_hint(err, "Leave out the state or the time.");
        return RESULT_INVALID;
    }
    if (filter->state == CERTIFICATE_ANY) {
        filter->state = CERTIFICATE_VALID;
    }
    filter->expires_from = filter->now;
    filter->expires_before = filter->now + expiring_in;
    return RESULT_OK;
}

static enum result refuse_issuer(const struct authority *authority, const char *name,
                                 struct error *err) {
    AUTO(buf_clear) struct buf known = {0};
    buf_init(&known, sizeof(err->hint));
    for (size_t i = 0; i < authority->issuers.count; i++) {
        // What finds no room is not named.
        (void)buf_printf(&known, "%s%s", i == 0 ? "" : ", ",
                         authority->issuers.items[i].record.name);
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "issuer_unknown",
                         "this authority has no issuing CA %s", name);
    error_field(err, "issuer");
    error_hint(err, "It has: %s.", buf_string(&known));
    return RESULT_NOT_FOUND;
}

static enum result read_issuer(const struct authority *authority, const char *name,
                               int64_t *out_id, struct error *err) {
    if (name == NULL) {
        return RESULT_OK;
    }
    AUTO(issuer_record_clear) struct issuer_record record = {0};
    enum result result = store_find_issuer(authority->store, name, &record, err);
    if (result == RESULT_NOT_FOUND) {
        return refuse_issuer(authority, name, err);
    }
    TRY(result);
    *out_id = record.id;
    return RESULT_OK;
}

static enum result read_filter(const struct authority *authority,
                               const struct certificate_list *request,
                               struct search_texts *texts, struct certificate_filter *filter,
                               struct error *err) {
    filter->now = clock_now();
    filter->profile = request->profile;
    TRY(search_read_name(request->name, texts, &filter->name, err));
    TRY(search_read_prefix(request->prefix, texts, &filter->prefix, err));
    TRY(search_read_key(request->key, texts, &filter->key_hash, err));
    TRY(search_read_address(request->address, texts, &filter->address, err));
    TRY(read_issuer(authority, request->issuer, &filter->issuer_id, err));
    TRY(read_state(request->state, &filter->state, err));
    return read_expiring(request->expiring_in, filter, err);
}

// --- the page --------------------------------------------------------------------------------

struct certificate_listing {
    const struct authority *authority;
    struct certificate_page *page;
    int64_t now;
};

static enum result add_to_page(void *context, const struct certificate_record *record,
                               struct error *err) {
    struct certificate_listing *listing = context;
    void *info = NULL;
    if (record_add(&listing->page->certificates, &certificate_info_type, &info) != RESULT_OK ||
        certificate_info_fill(listing->authority, record, listing->now, info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result inspect_list_certificates(struct authority *authority, const struct peer *peer,
                                      const struct certificate_list *request,
                                      struct certificate_page *reply, struct error *err) {
    (void)peer;
    AUTO(search_texts_clear) struct search_texts texts = {0};
    struct certificate_filter filter = {.limit = cursor_page_size(request->limit)};
    struct certificate_list search = *request; // what stays the same from page to page
    search.after = NULL;
    search.limit = 0;
    TRY(read_filter(authority, request, &texts, &filter, err));
    TRY(cursor_read_search(request->after, &certificate_list_type, &search, &filter.after,
                           err));
    struct certificate_listing listing = {
        .authority = authority, .page = reply, .now = filter.now};
    struct list_position next = {0};
    TRY(store_list_certificates(authority->store, &filter, add_to_page, &listing, &next, err));
    if (reply->certificates.count == 0) {
        TRY(authority_require_profile(authority, request->profile, err));
    }
    return cursor_write_search(&next, &certificate_list_type, &search, &reply->next, err);
}
