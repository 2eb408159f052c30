// Comparing the profiles in force with those that the audit trail knows.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/profile_history.h"

#include <string.h>

#include "authority/authority.h"
#include "base/text.h"

#define EVENT_ADDED "profile added"
#define EVENT_CHANGED "profile changed"
#define EVENT_REMOVED "profile removed"

#define HASH_TEXT_SIZE (2 * SHA256_SIZE + 1)
// The detail begins with this and the hash that is in force from then on.
#define HASH_PREFIX "hash="

// What the trail last said of one profile.
struct last_word {
    int64_t sequence; // 0: nothing
    bool is_removed;
    char hash[HASH_TEXT_SIZE]; // "" when it is not there
};

static enum result take_word(void *context, const struct audit_record *record,
                             struct error *err) {
    struct last_word *word = context;
    (void)err;
    if (record->sequence <= word->sequence) {
        return RESULT_OK;
    }
    *word = (struct last_word){
        .sequence = record->sequence,
        .is_removed = strcmp(record->event, EVENT_REMOVED) == 0,
    };
    const size_t prefix = sizeof(HASH_PREFIX) - 1;
    struct bytes detail = bytes_of_string(record->detail == NULL ? "" : record->detail);
    if (text_starts_with(record->detail, HASH_PREFIX) &&
        detail.size >= prefix + HASH_TEXT_SIZE - 1) {
        memcpy(word->hash, bytes_slice(detail, prefix, HASH_TEXT_SIZE - 1).data,
               HASH_TEXT_SIZE - 1);
    }
    return RESULT_OK;
}

static enum result find_last_word(struct authority *authority, const char *profile,
                                  struct last_word *out_word, struct error *err) {
    static const char *const events[] = {EVENT_ADDED, EVENT_CHANGED, EVENT_REMOVED};
    *out_word = (struct last_word){0};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        const struct audit_filter filter = {.event = events[i], .subject = profile, .limit = 1};
        TRY(store_list_audit(authority->store, &filter, take_word, out_word, err));
    }
    return RESULT_OK;
}

static enum result compare_profile(struct authority *authority, const struct profile *profile,
                                   struct error *err) {
    struct last_word word = {0};
    AUTO(buf_clear) struct buf hash = {0};
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&hash, HASH_TEXT_SIZE - 1);
    buf_init(&detail, 256);
    TRY(find_last_word(authority, profile->name, &word, err));
    TRY(text_hex_encode(bytes_of(profile->hash, sizeof(profile->hash)), &hash));
    if (strcmp(word.hash, buf_string(&hash)) == 0) {
        return RESULT_OK;
    }
    bool is_new = word.sequence == 0 || word.is_removed;
    TRY(buf_printf(&detail, HASH_PREFIX "%s%s%s", buf_string(&hash),
                   is_new ? "" : " was=", is_new ? "" : word.hash));
    return decision_record(authority, NULL, LOG_LEVEL_INFO,
                           is_new ? EVENT_ADDED : EVENT_CHANGED, profile->name,
                           buf_string(&detail), err);
}

// --- profiles that are gone ----------------------------------------------------------------------

struct gone {
    const struct profile_list *profiles;
    struct config_list names;
};

static void gone_clear(struct gone *gone) {
    config_list_clear(&gone->names);
}

static bool is_listed(const struct config_list *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static enum result collect_gone(void *context, const struct audit_record *record,
                                struct error *err) {
    struct gone *gone = context;
    if (profile_find(gone->profiles, record->subject) != NULL ||
        is_listed(&gone->names, record->subject)) {
        return RESULT_OK;
    }
    return config_list_add(&gone->names, record->subject, err);
}

static enum result record_removal(struct authority *authority, const char *name,
                                  struct error *err) {
    struct last_word word = {0};
    TRY(find_last_word(authority, name, &word, err));
    if (word.is_removed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "was=%s", word.hash));
    return decision_record(authority, NULL, LOG_LEVEL_INFO, EVENT_REMOVED, name,
                           buf_string(&detail), err);
}

enum result profile_history_record(struct authority *authority, const struct config *config,
                                   struct error *err) {
    for (size_t i = 0; i < config->profiles.count; i++) {
        TRY(compare_profile(authority, &config->profiles.items[i], err));
    }
    AUTO(gone_clear) struct gone gone = {.profiles = &config->profiles};
    const struct audit_filter filter = {
        .event = EVENT_ADDED, .is_ascending = true, .limit = INT64_MAX};
    TRY(store_list_audit(authority->store, &filter, collect_gone, &gone, err));
    for (size_t i = 0; i < gone.names.count; i++) {
        TRY(record_removal(authority, gone.names.items[i], err));
    }
    return RESULT_OK;
}
