// Listing and comparing CRLs: entries sorted by serial, then one walk over both.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/crl_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

MESSAGE_DEFINE(crl_line);
MESSAGE_DEFINE(crl_head);
MESSAGE_DEFINE(crl_report);
MESSAGE_DEFINE(crl_changed_line);
MESSAGE_DEFINE(crl_difference);

// --- messages --------------------------------------------------------------------------------

static enum result set_serial(char **member, const struct crl_entry *entry) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_SERIAL_BYTES + 1);
    TRY(text_hex_encode(bytes_of(entry->serial, entry->serial_size), &text));
    return text_set(member, buf_string(&text));
}

static enum result add_line(struct record_list *list, const struct crl_entry *entry) {
    void *record = NULL;
    TRY(record_add(list, &crl_line_type, &record));
    struct crl_line *line = record;
    line->revoked_at = entry->revoked_at;
    line->invalid_since = entry->invalid_since;
    TRY(set_serial(&line->serial, entry));
    return text_set(&line->reason, crl_reason_name(entry->reason));
}

static enum result add_changed(struct record_list *list, const struct crl_entry *before,
                               const struct crl_entry *after) {
    void *record = NULL;
    TRY(record_add(list, &crl_changed_line_type, &record));
    struct crl_changed_line *line = record;
    line->old_revoked_at = before->revoked_at;
    line->revoked_at = after->revoked_at;
    line->old_invalid_since = before->invalid_since;
    line->invalid_since = after->invalid_since;
    TRY(set_serial(&line->serial, after));
    TRY(text_set(&line->old_reason, crl_reason_name(before->reason)));
    return text_set(&line->reason, crl_reason_name(after->reason));
}

// Foreign CRLs may have none, or one that no integer of ours holds: both are told as none.
static int64_t number_of(const struct crl *crl) {
    int64_t number = 0;
    if (crl->number.size > 8 || (crl->number.size == 8 && crl->number.data[0] > 0x7f)) {
        return 0;
    }
    for (size_t i = 0; i < crl->number.size; i++) {
        number = number << 8 | crl->number.data[i];
    }
    return number <= MESSAGE_INTEGER_MAXIMUM ? number : 0;
}

static struct crl_head head_of(const struct crl *crl, size_t entries) {
    return (struct crl_head){.number = number_of(crl),
                             .this_update = crl->this_update,
                             .next_update = crl->next_update,
                             .entries = (int64_t)entries,
                             .size = (int64_t)crl->der.size};
}

// --- one CRL ---------------------------------------------------------------------------------

static enum result report_all(const struct crl *crl, struct crl_report *report,
                              struct error *err) {
    struct bytes cursor = crl->entries;
    struct crl_entry entry = {0};
    enum result result = RESULT_OK;
    while ((result = crl_next_entry(&cursor, &entry, err)) == RESULT_OK) {
        TRY(add_line(&report->revoked, &entry));
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result read_serial(const char *text, struct buf *out, struct error *err) {
    if (text_read_octets(text, out) == RESULT_OK) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "usage",
                         "%.48s is not a serial: expected 2 to %d hexadecimal digits", text,
                         2 * LIMIT_SERIAL_BYTES);
    return RESULT_INVALID;
}

static enum result report_one(const struct crl *crl, const char *text,
                              struct crl_report *report, struct error *err) {
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, LIMIT_SERIAL_BYTES + 1);
    struct crl_entry entry = {0};
    TRY(read_serial(text, &serial, err));
    enum result result = crl_find(crl, buf_bytes(&serial), &entry, err);
    if (result == RESULT_NOT_FOUND) {
        return error_set_code(err, RESULT_NOT_FOUND, "not_listed",
                              "the CRL of %s does not list %.48s", report->issuer, text);
    }
    TRY(result);
    return add_line(&report->revoked, &entry);
}

enum result crl_report(const struct crl *crl, const char *issuer, const char *const *serials,
                       size_t serial_count, struct crl_report *out_report, struct error *err) {
    size_t count = 0;
    TRY(crl_count(crl, &count, err));
    const struct crl_head head = head_of(crl, count);
    out_report->number = head.number;
    out_report->this_update = head.this_update;
    out_report->next_update = head.next_update;
    out_report->entries = head.entries;
    out_report->size = head.size;
    TRY(text_set(&out_report->issuer, issuer));
    if (serial_count == 0) {
        return report_all(crl, out_report, err);
    }
    for (size_t i = 0; i < serial_count; i++) {
        TRY(report_one(crl, serials[i], out_report, err));
    }
    return RESULT_OK;
}

// --- two CRLs --------------------------------------------------------------------------------

struct sorted_entries {
    struct crl_entry *items;
    size_t count;
};

static void sorted_entries_clear(struct sorted_entries *entries) {
    free(entries->items);
    *entries = (struct sorted_entries){0};
}

static int compare_serials(const void *a, const void *b) {
    const struct crl_entry *left = a;
    const struct crl_entry *right = b;
    return bytes_compare(bytes_of(left->serial, left->serial_size),
                         bytes_of(right->serial, right->serial_size));
}

static enum result sort_entries(const struct crl *crl, struct sorted_entries *out_entries,
                                struct error *err) {
    size_t count = 0;
    TRY(crl_count(crl, &count, err));
    AUTO(sorted_entries_clear)
    struct sorted_entries entries = {.items = calloc(count + 1, sizeof(*entries.items)),
                                     .count = count};
    if (entries.items == NULL) {
        return error_out_of_memory(err);
    }
    struct bytes cursor = crl->entries;
    for (size_t i = 0; i < count; i++) {
        TRY(crl_next_entry(&cursor, &entries.items[i], err));
    }
    qsort(entries.items, count, sizeof(*entries.items), compare_serials);
    *out_entries = entries;
    entries = (struct sorted_entries){0};
    return RESULT_OK;
}

static bool says_the_same(const struct crl_entry *before, const struct crl_entry *after) {
    return before->reason == after->reason && before->revoked_at == after->revoked_at &&
           before->invalid_since == after->invalid_since;
}

static enum result compare_entries(const struct sorted_entries *before,
                                   const struct sorted_entries *after,
                                   struct crl_difference *difference) {
    size_t i = 0, j = 0;
    while (i < before->count || j < after->count) {
        int order = i == before->count  ? 1
                    : j == after->count ? -1
                                        : compare_serials(&before->items[i], &after->items[j]);
        if (order < 0) {
            TRY(add_line(&difference->removed, &before->items[i++]));
        } else if (order > 0) {
            TRY(add_line(&difference->added, &after->items[j++]));
        } else {
            const struct crl_entry *old_entry = &before->items[i++];
            const struct crl_entry *new_entry = &after->items[j++];
            TRY(says_the_same(old_entry, new_entry)
                    ? RESULT_OK
                    : add_changed(&difference->changed, old_entry, new_entry));
        }
    }
    return RESULT_OK;
}

static enum result add_head(struct crl_difference *difference, const struct crl *crl,
                            size_t entries) {
    void *record = NULL;
    TRY(record_add(&difference->crls, &crl_head_type, &record));
    *(struct crl_head *)record = head_of(crl, entries);
    return RESULT_OK;
}

enum result crl_compare(const struct crl *old_crl, const struct crl *new_crl,
                        struct crl_difference *out_difference, struct error *err) {
    if (!bytes_equal(old_crl->issuer, new_crl->issuer) ||
        !bytes_equal(old_crl->authority_key_id, new_crl->authority_key_id)) {
        (void)error_set_code(err, RESULT_INVALID, "issuer_other",
                             "these are CRLs of two different CAs");
        error_hint(err,
                   "Compare CRLs of one CA: openssl crl -noout -issuer tells whose one is.");
        return RESULT_INVALID;
    }
    AUTO(sorted_entries_clear) struct sorted_entries before = {0};
    AUTO(sorted_entries_clear) struct sorted_entries after = {0};
    TRY(sort_entries(old_crl, &before, err));
    TRY(sort_entries(new_crl, &after, err));
    if (add_head(out_difference, old_crl, before.count) != RESULT_OK ||
        add_head(out_difference, new_crl, after.count) != RESULT_OK ||
        compare_entries(&before, &after, out_difference) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    out_difference->is_same =
        out_difference->added.count == 0 && out_difference->removed.count == 0 &&
        out_difference->changed.count == 0 && bytes_equal(old_crl->number, new_crl->number) &&
        old_crl->this_update == new_crl->this_update &&
        old_crl->next_update == new_crl->next_update;
    return RESULT_OK;
}
