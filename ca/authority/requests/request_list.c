// Listing and showing held requests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/authority.h"
#include "authority/cursor.h"
#include "authority/requests/request.h"
#include "authority/requests/request_info.h"
#include "authority/requests/request_review.h"
#include "authority/search.h"
#include "base/clock.h"
#include "base/text.h"

enum result request_find_named(struct authority *authority, const char *id_text,
                               struct request_record *out_record, struct error *err) {
    AUTO(buf_clear) struct buf id = {0};
    buf_init(&id, REQUEST_ID_SIZE);
    enum result result = RESULT_NOT_FOUND;
    if (text_hex_decode(bytes_of_string(id_text), &id) == RESULT_OK) {
        result = store_find_request(authority->store, buf_bytes(&id), out_record, err);
    }
    if (result == RESULT_NOT_FOUND) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "request_unknown", "there is no request %s",
                             id_text);
        error_field(err, "id");
        error_hint(err, "Copy it from the list of requests.");
    }
    return result;
}

// --- what is asked for -----------------------------------------------------------------------

static enum result read_filter(const struct request_list *request, struct search_texts *texts,
                               struct request_filter *filter, struct error *err) {
    filter->profile = request->profile;
    filter->code = request->code;
    filter->now = clock_now();
    TRY(request_state_read(request->state, &filter->state, err));
    TRY(search_read_name(request->name, texts, &filter->name, err));
    TRY(search_read_prefix(request->prefix, texts, &filter->prefix, err));
    TRY(search_read_key(request->key, texts, &filter->key_hash, err));
    return search_read_address(request->address, texts, &filter->address, err);
}

// --- the answer ------------------------------------------------------------------------------

struct request_listing {
    struct authority *authority;
    struct request_page *page;
    int64_t now;
};

static enum result add_to_page(void *context, const struct request_record *record,
                               struct error *err) {
    struct request_listing *listing = context;
    void *info = NULL;
    if (record_add(&listing->page->requests, &request_info_type, &info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return request_info_fill(listing->authority, record, listing->now, info, err);
}

enum result request_list(struct authority *authority, const struct peer *peer,
                         const struct request_list *request, struct request_page *reply,
                         struct error *err) {
    (void)peer;
    AUTO(search_texts_clear) struct search_texts texts = {0};
    struct request_filter filter = {.limit = cursor_page_size(request->limit)};
    struct request_list search = *request; // what stays the same from page to page
    search.after = NULL;
    search.limit = 0;
    TRY(read_filter(request, &texts, &filter, err));
    TRY(cursor_read_search(request->after, &request_list_type, &search, &filter.after, err));
    struct request_listing listing = {.authority = authority, .page = reply, .now = filter.now};
    struct list_position next = {0};
    TRY(store_list_requests(authority->store, &filter, add_to_page, &listing, &next, err));
    if (reply->requests.count == 0) {
        TRY(authority_require_profile(authority, request->profile, err));
    }
    return cursor_write_search(&next, &request_list_type, &search, &reply->next, err);
}

enum result request_show(struct authority *authority, const struct peer *peer,
                         const struct request_show *request, struct request_info *reply,
                         struct error *err) {
    (void)peer;
    AUTO(request_record_clear) struct request_record record = {0};
    TRY(request_find_named(authority, request->id, &record, err));
    TRY(request_info_fill(authority, &record, clock_now(), reply, err));
    if (blob_set(&reply->csr, buf_bytes(&record.csr)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}
