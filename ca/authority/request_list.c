// Listing and showing held requests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "authority/authority.h"
#include "authority/cursor.h"
#include "authority/request.h"
#include "authority/request_info.h"
#include "authority/request_review.h"
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

// What a filter points to.
struct request_search {
    struct names names;
    uint8_t key_hash[SHA256_SIZE];
    char prefix_type[16];
};

static void request_search_clear(struct request_search *search) {
    names_clear(&search->names);
}

// The type in front of "type:value"; false when there is none that is known.
static bool take_type(const char *text, char out_prefix[16], const char **out_value) {
    const char *colon = strchr(text, ':');
    enum name_type type = NAME_CN;
    if (colon == NULL || (size_t)(colon - text) >= 16) {
        return false;
    }
    size_t size = (size_t)(colon - text);
    memcpy(out_prefix, text, size);
    out_prefix[size] = '\0';
    *out_value = &text[size + 1];
    return name_type_from_prefix(out_prefix, &type);
}

// "type:value" is brought to canonical form; anything else is a bare value of any type.
static enum result read_name(const char *text, struct request_search *search,
                             struct request_filter *filter, struct error *err) {
    const char *value = NULL;
    if (text == NULL) {
        return RESULT_OK;
    }
    if (!take_type(text, search->prefix_type, &value)) {
        filter->name_value = text;
        return RESULT_OK;
    }
    enum result result = names_add_text(&search->names, text, err);
    if (result != RESULT_OK) {
        error_field(err, "name");
        return result;
    }
    filter->name_type = search->prefix_type;
    filter->name_value = search->names.items[0].value;
    return RESULT_OK;
}

static enum result read_prefix(const char *text, struct request_search *search,
                               struct request_filter *filter, struct error *err) {
    const char *value = NULL;
    if (text == NULL) {
        return RESULT_OK;
    }
    if (filter->name_value != NULL) {
        (void)error_set_code(err, RESULT_INVALID, "wrong_value",
                             "name and prefix cannot be asked for together");
        error_field(err, "prefix");
        error_hint(err, "Leave one of them out.");
        return RESULT_INVALID;
    }
    filter->name_prefix = text;
    if (take_type(text, search->prefix_type, &value)) {
        filter->name_type = search->prefix_type;
        filter->name_prefix = value;
    }
    return RESULT_OK;
}

static enum result read_key(const char *text, struct request_search *search,
                            struct request_filter *filter, struct error *err) {
    if (text == NULL) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, SHA256_SIZE);
    if (text_hex_decode(bytes_of_string(text), &hash) != RESULT_OK ||
        hash.size != SHA256_SIZE) {
        (void)error_set_code(err, RESULT_INVALID, "fingerprint_invalid",
                             "a key's fingerprint is %d hexadecimal digits", 2 * SHA256_SIZE);
        error_field(err, "key");
        error_hint(err, "Copy it from the list of requests or certificates.");
        return RESULT_INVALID;
    }
    memcpy(search->key_hash, hash.data, SHA256_SIZE);
    filter->key_hash = bytes_of(search->key_hash, SHA256_SIZE);
    return RESULT_OK;
}

static enum result read_filter(const struct request_list *request,
                               struct request_search *search, struct request_filter *filter,
                               struct error *err) {
    filter->profile = request->profile;
    filter->address = request->address;
    filter->code = request->code;
    filter->now = clock_now();
    TRY(request_state_read(request->state, &filter->state, err));
    TRY(read_name(request->name, search, filter, err));
    TRY(read_prefix(request->prefix, search, filter, err));
    TRY(read_key(request->key, search, filter, err));
    return cursor_read(request->after, &filter->before_sequence, err);
}

// --- the answer ------------------------------------------------------------------------------

struct request_listing {
    struct authority *authority;
    struct request_page *page;
    size_t limit;
    int64_t now;
    int64_t last_sequence;
    bool has_more;
};

static enum result add_to_page(void *context, const struct request_record *record,
                               struct error *err) {
    struct request_listing *listing = context;
    if (listing->page->requests.count == listing->limit) {
        listing->has_more = true;
        return RESULT_OK;
    }
    void *info = NULL;
    if (record_add(&listing->page->requests, &request_info_type, &info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    listing->last_sequence = record->sequence;
    return request_info_fill(listing->authority, record, listing->now, info, err);
}

enum result request_list(struct authority *authority, const struct peer *peer,
                         const struct request_list *request, struct request_page *reply,
                         struct error *err) {
    (void)peer;
    AUTO(request_search_clear) struct request_search search = {0};
    struct request_filter filter = {0};
    TRY(read_filter(request, &search, &filter, err));
    struct request_listing listing = {
        .authority = authority,
        .page = reply,
        .limit = cursor_page_size(request->limit),
        .now = filter.now,
    };
    filter.limit = listing.limit + 1; // one more tells whether there is another page
    TRY(store_list_requests(authority->store, &filter, add_to_page, &listing, err));
    return listing.has_more ? cursor_write(listing.last_sequence, &reply->next) : RESULT_OK;
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
