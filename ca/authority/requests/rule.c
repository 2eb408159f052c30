// Lists of devices, added by administrators; rule_enroll.c is the side of the devices.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/rule.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/peer.h"
#include "authority/decide/policy.h"
#include "authority/requests/request_own.h"
#include "base/clock.h"
#include "base/text.h"

// --- one row ---------------------------------------------------------------------------------

// A row in the form in which it is kept.
struct row {
    const char *kind;
    char *value;
    struct names names;
};

static void row_clear(struct row *row) {
    string_free_at(&row->value);
    names_clear(&row->names);
}

enum result rule_read_kind(const char *text, const char **out_kind, struct error *err) {
    static const char *const kinds[] = {RULE_KIND_KEY, RULE_KIND_SERIAL};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i], text) == 0) {
            *out_kind = kinds[i];
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_INVALID, "rule_kind_unknown", "%.16s is no kind of rule",
                         text);
    error_hint(err, "Use key (with a fingerprint) or serial.");
    return RESULT_INVALID;
}

static enum result value_invalid(const char *what, struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "rule_value_invalid", "%s", what);
    error_hint(err, "A key is the SHA-256 of its SubjectPublicKeyInfo in hex, a serial number "
                    "what the device puts into its request.");
    return RESULT_INVALID;
}

enum result rule_read_value(const char *kind, const char *text, char **out_value,
                            struct error *err) {
    if (strcmp(kind, RULE_KIND_KEY) == 0) {
        AUTO(buf_clear) struct buf hash = {0};
        buf_init(&hash, SHA256_SIZE);
        if (text_hex_decode(bytes_of_string(text), &hash) != RESULT_OK ||
            hash.size != SHA256_SIZE) {
            return value_invalid("a key's fingerprint is 64 hexadecimal digits", err);
        }
    } else if (text[0] == '\0') {
        return value_invalid("a serial number is not empty", err);
    }
    if (text_set(out_value, text) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    if (strcmp(kind, RULE_KIND_KEY) == 0) {
        text_lower(*out_value);
    }
    return RESULT_OK;
}

static enum result read_names(const struct text_list *texts, const struct row *row,
                              struct names *out_names, struct error *err) {
    for (size_t i = 0; i < texts->count; i++) {
        TRY(names_add_text(out_names, texts->items[i], err));
    }
    if (out_names->count > 0) {
        return RESULT_OK;
    }
    if (strcmp(row->kind, RULE_KIND_SERIAL) == 0) {
        return names_add(out_names, NAME_CN, bytes_of_string(row->value), err);
    }
    (void)error_set_code(err, RESULT_INVALID, "names_missing",
                         "a rule for a key says which names it gets");
    error_hint(err, "Write names as type:value, for instance cn:phone-7.");
    return RESULT_INVALID;
}

static enum result read_row(const struct rule_entry *entry, const struct profile *profile,
                            struct row *row, struct error *err) {
    TRY(rule_read_kind(entry->kind, &row->kind, err));
    TRY(rule_read_value(row->kind, entry->value, &row->value, err));
    TRY(read_names(&entry->names, row, &row->names, err));
    const struct grant grant = {.names = &row->names};
    return policy_check_grant(profile, &grant, err);
}

static enum result check_same(const struct rule_record *known, const struct row *row,
                              struct error *err) {
    AUTO(names_clear) struct names names = {0};
    TRY(name_records_read(known->names, known->name_count, &names, err));
    if (names_equal(&names, &row->names)) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "rule_conflict",
                         "%s %.80s is listed already, with other names", row->kind, row->value);
    error_hint(err, "Remove the rule that is there, or leave this row out.");
    return RESULT_CONFLICT;
}

static enum result add_row(struct authority *authority, const struct peer *peer,
                           const struct rule_add *request, const struct row *row,
                           bool *out_is_new, struct error *err) {
    AUTO(rule_record_clear) struct rule_record known = {0};
    enum result result =
        store_find_rule(authority->store, request->profile, row->kind, row->value, &known, err);
    if (result == RESULT_OK) {
        *out_is_new = false;
        return check_same(&known, row, err);
    }
    if (result != RESULT_NOT_FOUND) {
        return result;
    }
    AUTO(name_records_free_at) struct name_record *names = NULL;
    TRY(name_records_borrow(&row->names, &names));
    const struct rule_record added = {
        .profile = request->profile,
        .kind = (char *)(uintptr_t)row->kind,
        .value = row->value,
        .names = names,
        .name_count = row->names.count,
        .created = clock_now(),
        .created_by = (char *)(uintptr_t)peer->actor,
        .label = request->label,
    };
    *out_is_new = true;
    return store_add_rule(authority->store, &added, err);
}

// --- add -------------------------------------------------------------------------------------

// A listed key is approved: what nobody may do for a request of their own.
static enum result refuse_own(struct authority *authority, const struct peer *peer,
                              const struct row *row, struct error *err) {
    if (strcmp(row->kind, RULE_KIND_KEY) != 0) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf key_hash = {0};
    buf_init(&key_hash, SHA256_SIZE);
    TRY(text_hex_decode(bytes_of_string(row->value), &key_hash));
    return request_refuse_own_key(authority, peer, buf_bytes(&key_hash), err);
}

static enum result find_open_profile(struct authority *authority, const char *name,
                                     const struct profile **out_profile, struct error *err) {
    TRY(authority_find_profile(authority, name, out_profile, err));
    if (!rule_may_approve(*out_profile)) {
        (void)error_set_code(err, RESULT_DENIED, "rule_not_enough",
                             "profile %s wants %lld approvals, and a list is one "
                             "administrator's word",
                             name, (long long)(*out_profile)->approvals);
        error_field(err, "profile");
        error_hint(err, "Set approvals = 1 in the profile, or approve each request.");
        return RESULT_DENIED;
    }
    if (((*out_profile)->ask.kinds & ASK_ANYONE) != 0) {
        return RESULT_OK;
    }
    (void)error_set_code(
        err, RESULT_DENIED, "ask_denied",
        "profile %s takes no requests without a token, so no rule is ever used", name);
    error_field(err, "profile");
    error_hint(err, "Add anyone to ask in the profile, or choose another.");
    return RESULT_DENIED;
}

static enum result record_added(struct authority *authority, const struct peer *peer,
                                const struct rule_add *request, const struct rule_added *reply,
                                struct error *err) {
    const struct rule_entry *entries = request->entries.items;
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 2048);
    TRY(buf_printf(&detail, "added=%lld known=%lld approved=%lld", (long long)reply->added,
                   (long long)reply->known, (long long)reply->approved));
    if (request->entries.count > 0) {
        TRY(buf_printf(&detail, " from=%s to=%s", entries[0].value,
                       entries[request->entries.count - 1].value));
    }
    if (request->label != NULL) {
        TRY(buf_printf(&detail, " label=\"%s\"", request->label));
    }
    return decision_record(authority, peer, LOG_LEVEL_INFO, "rules added", request->profile,
                           buf_string(&detail), err);
}

static enum result approve_waiting(struct authority *authority, const struct peer *peer,
                                   const struct profile *profile, const struct row *row,
                                   struct rule_added *reply, struct error *err) {
    AUTO(rule_record_clear) struct rule_record rule = {0};
    bool is_approved = false;
    TRY(store_find_rule(authority->store, profile->name, row->kind, row->value, &rule, err));
    if (rule.certificate_id == 0) {
        TRY(rule_approve_held(authority, peer, &rule, profile, &is_approved, err));
    }
    reply->approved += is_approved ? 1 : 0;
    return RESULT_OK;
}

enum result rule_add(struct authority *authority, const struct peer *peer,
                     const struct rule_add *request, struct rule_added *reply,
                     struct error *err) {
    const struct profile *profile = NULL;
    TRY(find_open_profile(authority, request->profile, &profile, err));
    const struct rule_entry *entries = request->entries.items;
    for (size_t i = 0; i < request->entries.count; i++) {
        AUTO(row_clear) struct row row = {0};
        bool is_new = false;
        enum result result = read_row(&entries[i], profile, &row, err);
        if (result == RESULT_OK) {
            result = refuse_own(authority, peer, &row, err);
        }
        if (result == RESULT_OK) {
            result = add_row(authority, peer, request, &row, &is_new, err);
        }
        if (result == RESULT_OK && strcmp(row.kind, RULE_KIND_KEY) == 0) {
            result = approve_waiting(authority, peer, profile, &row, reply, err);
        }
        if (result != RESULT_OK) {
            error_context(err, "row %zu", i + 1);
            error_field(err, "entries");
            return result;
        }
        reply->added += is_new ? 1 : 0;
        reply->known += is_new ? 0 : 1;
    }
    return record_added(authority, peer, request, reply, err);
}
