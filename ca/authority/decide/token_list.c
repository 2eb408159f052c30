// Lists of tokens, as administrators search them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/token.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/cursor.h"
#include "authority/search.h"
#include "base/clock.h"

// Who made a token is kept as an actor of the audit ("admin:jane"); people say "jane".
static enum result read_actor(const char *name, struct buf *actor,
                              const char **out_created_by) {
    if (name == NULL) {
        return RESULT_OK;
    }
    TRY(buf_printf(actor, "%s%s", strchr(name, ':') == NULL ? "admin:" : "", name));
    *out_created_by = buf_string(actor);
    return RESULT_OK;
}

// What expires within a time can be used now, unless another state is asked for.
static enum result read_expiring(int64_t expiring_in, struct token_filter *filter,
                                 struct error *err) {
    if (expiring_in == 0) {
        return RESULT_OK;
    }
    if (filter->state == TOKEN_EXPIRED) {
        (void)error_set_code(err, RESULT_INVALID, "filter_conflict",
                             "an expired token does not expire again");
        error_field(err, "expiring_in");
        error_hint(err, "Leave out the state or the time.");
        return RESULT_INVALID;
    }
    if (filter->state == TOKEN_ANY) {
        filter->state = TOKEN_OPEN;
    }
    filter->expires_from = filter->now;
    filter->expires_before = filter->now + expiring_in;
    return RESULT_OK;
}

static enum result read_filter(const struct token_list *request, struct search_texts *texts,
                               struct token_filter *filter, struct error *err) {
    filter->now = clock_now();
    filter->profile = request->profile;
    TRY(search_read_name(request->name, texts, &filter->name, err));
    TRY(search_read_prefix(request->prefix, texts, &filter->prefix, err));
    TRY(token_state_read(request->state, &filter->state, err));
    return read_expiring(request->expiring_in, filter, err);
}

struct token_listing {
    struct token_page *page;
    int64_t now;
};

static enum result add_to_page(void *context, const struct token_record *record,
                               struct error *err) {
    struct token_listing *listing = context;
    void *info = NULL;
    if (record_add(&listing->page->tokens, &token_info_type, &info) != RESULT_OK ||
        token_info_fill(record, listing->now, info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result token_list(struct authority *authority, const struct peer *peer,
                       const struct token_list *request, struct token_page *reply,
                       struct error *err) {
    (void)peer;
    AUTO(search_texts_clear) struct search_texts texts = {0};
    AUTO(buf_clear) struct buf actor = {0};
    buf_init(&actor, LIMIT_AUDIT_TEXT + 16);
    struct token_filter filter = {.limit = cursor_page_size(request->limit)};
    struct token_list search = *request; // what stays the same from page to page
    search.after = NULL;
    search.limit = 0;
    TRY(read_filter(request, &texts, &filter, err));
    TRY(read_actor(request->created_by, &actor, &filter.created_by));
    TRY(cursor_read_search(request->after, &token_list_type, &search, &filter.after, err));
    struct token_listing listing = {.page = reply, .now = filter.now};
    struct list_position next = {0};
    TRY(store_list_tokens(authority->store, &filter, add_to_page, &listing, &next, err));
    if (reply->tokens.count == 0) {
        TRY(authority_require_profile(authority, request->profile, err));
    }
    return cursor_write_search(&next, &token_list_type, &search, &reply->next, err);
}
