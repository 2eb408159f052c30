// Rules as administrators see them: listed, and removed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/cursor.h"
#include "authority/peer.h"
#include "authority/requests/rule.h"
#include "base/text.h"

static enum result read_state(const char *text, enum rule_state *out_state, struct error *err) {
    *out_state = RULE_ANY;
    if (text == NULL) {
        return RESULT_OK;
    }
    if (strcmp(text, "open") == 0 || strcmp(text, "used") == 0) {
        *out_state = text[0] == 'o' ? RULE_OPEN : RULE_USED;
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "state_unknown", "%.16s is not a state of rules",
                         text);
    error_field(err, "state");
    error_hint(err, "Use open or used.");
    return RESULT_INVALID;
}

static enum result fill_info(struct authority *authority, const struct rule_record *rule,
                             struct rule_info *info, struct error *err) {
    info->created = rule->created;
    if (text_set(&info->profile, rule->profile) != RESULT_OK ||
        text_set(&info->kind, rule->kind) != RESULT_OK ||
        text_set(&info->value, rule->value) != RESULT_OK ||
        name_records_list(rule->names, rule->name_count, &info->names) != RESULT_OK ||
        (rule->created_by != NULL &&
         text_set(&info->created_by, rule->created_by) != RESULT_OK) ||
        (rule->label != NULL && text_set(&info->label, rule->label) != RESULT_OK)) {
        return error_out_of_memory(err);
    }
    if (rule->certificate_id == 0) {
        return RESULT_OK;
    }
    AUTO(certificate_record_clear) struct certificate_record used = {0};
    TRY(store_find_certificate_by_id(authority->store, rule->certificate_id, &used, err));
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&used.serial), serial);
    return text_set(&info->serial, serial) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

struct rule_listing {
    struct authority *authority;
    struct rule_page *page;
};

static enum result add_to_page(void *context, const struct rule_record *rule,
                               struct error *err) {
    struct rule_listing *listing = context;
    void *info = NULL;
    if (record_add(&listing->page->rules, &rule_info_type, &info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return fill_info(listing->authority, rule, info, err);
}

enum result rule_list(struct authority *authority, const struct peer *peer,
                      const struct rule_list *request, struct rule_page *reply,
                      struct error *err) {
    (void)peer;
    struct rule_filter filter = {.profile = request->profile,
                                 .value = request->value,
                                 .limit = cursor_page_size(request->limit)};
    struct rule_list search = *request; // what stays the same from page to page
    search.after = NULL;
    search.limit = 0;
    TRY(read_state(request->state, &filter.state, err));
    TRY(cursor_read_search(request->after, &rule_list_type, &search, &filter.after, err));
    struct rule_listing listing = {.authority = authority, .page = reply};
    struct list_position next = {0};
    TRY(store_list_rules(authority->store, &filter, add_to_page, &listing, &next, err));
    if (reply->rules.count == 0) {
        TRY(authority_require_profile(authority, request->profile, err));
    }
    return cursor_write_search(&next, &rule_list_type, &search, &reply->next, err);
}

enum result rule_remove(struct authority *authority, const struct peer *peer,
                        const struct rule_remove *request, struct rule_info *reply,
                        struct error *err) {
    AUTO(rule_record_clear) struct rule_record rule = {0};
    const char *kind = NULL;
    AUTO(string_free_at) char *value = NULL;
    TRY(rule_read_kind(request->kind, &kind, err));
    TRY(rule_read_value(kind, request->value, &value, err));
    enum result result =
        store_find_rule(authority->store, request->profile, kind, value, &rule, err);
    if (result == RESULT_NOT_FOUND) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "rule_unknown",
                             "profile %s lists no %s %.80s", request->profile, kind, value);
        error_hint(err, "Copy profile, kind and value from the list of rules.");
    }
    TRY(result);
    TRY(fill_info(authority, &rule, reply, err));
    TRY(store_remove_rule(authority->store, rule.sequence, err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "kind=%s value=%s", kind, value));
    return decision_record(authority, peer, LOG_LEVEL_INFO, "rule removed", rule.profile,
                           buf_string(&detail), err);
}
