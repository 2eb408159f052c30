// Counting the lines of an identity, and ending the oldest ones.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/active.h"

#include <stdlib.h>

#include "authority/authority.h"
#include "authority/peer.h"
#include "authority/decide/revoke.h"
#include "base/clock.h"
#include "store/store.h"
#include "x509/crl.h"

// A line that has a valid certificate; its id is that of its first one, so they grow with age.
struct line {
    int64_t id;
    int64_t last_not_after;
};

struct lines {
    struct line *items;
    size_t count;
};

static void lines_clear(struct lines *lines) {
    free(lines->items);
    *lines = (struct lines){0};
}

// Certificates come line by line, the oldest line first.
static enum result add_to_line(void *context, const struct certificate_record *record,
                               struct error *err) {
    struct lines *lines = context;
    struct line *last = lines->count == 0 ? NULL : &lines->items[lines->count - 1];
    if (last != NULL && last->id == record->lineage_id) {
        if (record->not_after > last->last_not_after) {
            last->last_not_after = record->not_after;
        }
        return RESULT_OK;
    }
    // Sizes of 1, 2, 4, …: grown when the count is one of them.
    if ((lines->count & (lines->count - 1)) == 0) {
        size_t capacity = lines->count == 0 ? 1 : 2 * lines->count;
        struct line *items = realloc(lines->items, capacity * sizeof(*items));
        if (items == NULL) {
            return error_out_of_memory(err);
        }
        lines->items = items;
    }
    lines->items[lines->count++] =
        (struct line){.id = record->lineage_id, .last_not_after = record->not_after};
    return RESULT_OK;
}

static const struct name *primary_name(const struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].type == NAME_CN) {
            return &names->items[i];
        }
    }
    return &names->items[0];
}

static enum result find_lines(struct authority *authority, const struct profile *profile,
                              const struct names *names, int64_t now, struct lines *lines,
                              struct error *err) {
    const struct name *primary = primary_name(names);
    const struct name_record name = {.type = (char *)(uintptr_t)name_type_prefix(primary->type),
                                     .value = primary->value};
    return store_each_certificate_of_identity(authority->store, profile->name, &name, now,
                                              add_to_line, lines, err);
}

// Nobody stands behind what a certificate asks for by itself, again and again: there is a limit
// whether the profile states one or not. 0: any number.
static size_t maximum_of(const struct profile *profile) {
    if (profile->active_maximum > 0) {
        return (size_t)profile->active_maximum;
    }
    bool asks_by_itself = (profile->ask.kinds & (ASK_HOLDERS | ASK_MANUFACTURER)) != 0;
    return asks_by_itself ? LIMIT_ACTIVE_UNSTATED : 0;
}

static enum result refuse(const struct profile *profile, const struct names *names,
                          const struct lines *lines, struct error *err) {
    const struct name *name = primary_name(names);
    int64_t first_end = INT64_MAX;
    for (size_t i = 0; i < lines->count; i++) {
        int64_t end = lines->items[i].last_not_after;
        first_end = end < first_end ? end : first_end;
    }
    AUTO(buf_clear) struct buf end_text = {0};
    buf_init(&end_text, 64);
    TRY(time_format_rfc3339(first_end, &end_text));
    (void)error_set_code(err, RESULT_DENIED, "too_many_active",
                         "%s:%.200s has %zu active certificates of profile %s, and %zu may be "
                         "active",
                         name_type_prefix(name->type), name->value, lines->count, profile->name,
                         maximum_of(profile));
    error_hint(err,
               "Renew the one there is, have an administrator revoke one, or wait until the "
               "first of them ends at %s.",
               buf_string(&end_text));
    return RESULT_DENIED;
}

// --- superseding -----------------------------------------------------------------------------

// The ids are collected first: the store is not changed while it is walked.
struct victims {
    int64_t *ids;
    size_t count;
    size_t capacity;
};

static void victims_clear(struct victims *victims) {
    free(victims->ids);
    *victims = (struct victims){0};
}

static enum result add_victim(void *context, const struct certificate_record *record,
                              struct error *err) {
    struct victims *victims = context;
    if (record->revoked_at != 0 && !record->is_on_hold) {
        return RESULT_OK;
    }
    if (victims->count == victims->capacity) {
        size_t capacity = victims->capacity == 0 ? 4 : 2 * victims->capacity;
        int64_t *ids = realloc(victims->ids, capacity * sizeof(*ids));
        if (ids == NULL) {
            return error_out_of_memory(err);
        }
        victims->ids = ids;
        victims->capacity = capacity;
    }
    victims->ids[victims->count++] = record->id;
    return RESULT_OK;
}

static enum result end_line(struct authority *authority, const struct peer *peer,
                            int64_t lineage_id, int64_t now, struct error *err) {
    AUTO(victims_clear) struct victims victims = {0};
    TRY(store_each_certificate_of_lineage(authority->store, lineage_id, now, add_victim,
                                          &victims, err));
    for (size_t i = 0; i < victims.count; i++) {
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        TRY(store_find_certificate_by_id(authority->store, victims.ids[i], &record, err));
        TRY(revoke_one(authority, peer, &record, CRL_REASON_SUPERSEDED, now, err));
    }
    return RESULT_OK;
}

// --- at the limit ----------------------------------------------------------------------------

enum result active_make_room(struct authority *authority, const struct peer *peer,
                             const struct profile *profile, const struct names *names,
                             int64_t now, struct error *err) {
    size_t maximum = maximum_of(profile);
    if (maximum == 0) {
        return RESULT_OK;
    }
    AUTO(lines_clear) struct lines lines = {0};
    TRY(find_lines(authority, profile, names, now, &lines, err));
    if (lines.count >= maximum && profile->at_limit == AT_LIMIT_REFUSE) {
        return refuse(profile, names, &lines, err);
    }
    for (size_t i = 0; i + maximum <= lines.count; i++) {
        TRY(end_line(authority, peer, lines.items[i].id, now, err));
    }
    return RESULT_OK;
}

enum result active_check_room(struct authority *authority, const struct profile *profile,
                              const struct names *names, int64_t now, struct error *err) {
    size_t maximum = maximum_of(profile);
    if (maximum == 0) {
        return RESULT_OK;
    }
    AUTO(lines_clear) struct lines lines = {0};
    TRY(find_lines(authority, profile, names, now, &lines, err));
    return lines.count < maximum ? RESULT_OK : refuse(profile, names, &lines, err);
}
