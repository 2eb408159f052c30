// Enrollment of a device that a rule names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/decide/issuance.h"
#include "authority/decide/lineage.h"
#include "authority/peer.h"
#include "authority/requests/rule.h"
#include "base/text.h"

// --- which rule ------------------------------------------------------------------------------

static enum result find_by_key(struct authority *authority, const char *profile,
                               const struct csr *csr, struct rule_record *out_rule,
                               struct error *err) {
    AUTO(buf_clear) struct buf key = {0};
    buf_init(&key, 2 * SHA256_SIZE + 1);
    TRY(hash_sha256_hex(csr->spki, &key));
    return store_find_rule(authority->store, profile, RULE_KIND_KEY, buf_string(&key), out_rule,
                           err);
}

static enum result read_serial(const struct csr *csr, char **out_serial, struct error *err) {
    struct bytes serial = {0};
    const char *common_name = names_first(&csr->names, NAME_CN);
    if (distinguished_name_find(csr->subject, OID_SERIAL_NUMBER, &serial) != RESULT_OK) {
        if (common_name == NULL) {
            return RESULT_NOT_FOUND;
        }
        serial = bytes_of_string(common_name);
    }
    if (bytes_contain_zero(serial)) {
        return RESULT_NOT_FOUND;
    }
    *out_serial = string_copy_bytes(serial);
    return *out_serial == NULL ? error_out_of_memory(err) : RESULT_OK;
}

static enum result find_by_serial(struct authority *authority, const char *profile,
                                  const struct csr *csr, struct rule_record *out_rule,
                                  struct error *err) {
    AUTO(string_free_at) char *serial = NULL;
    TRY(read_serial(csr, &serial, err));
    return store_find_rule(authority->store, profile, RULE_KIND_SERIAL, serial, out_rule, err);
}

// RESULT_NOT_FOUND (error untouched) when none names the device.
static enum result find_rule(struct authority *authority, const char *profile,
                             const struct csr *csr, struct rule_record *out_rule,
                             struct error *err) {
    struct error failure = {0};
    enum result result = find_by_key(authority, profile, csr, out_rule, &failure);
    if (result == RESULT_NOT_FOUND) {
        result = find_by_serial(authority, profile, csr, out_rule, &failure);
    }
    return result == RESULT_OK || result == RESULT_NOT_FOUND
               ? result
               : error_set(err, result, "%s", failure.message);
}

// --- a rule that was used --------------------------------------------------------------------

// The certificates of the line it was used for.
struct line {
    struct bytes key_hash;
    struct bytes csr_hash;
    int64_t now;
    bool is_seen;
    bool has_key; // the newest of the line is of this key
    bool is_revoked;
    int64_t newest_of_key; // certificate id
    int64_t same_request;  // certificate id; 0: none that is still valid
};

static enum result look_at(void *context, const struct certificate_record *record,
                           struct error *err) {
    struct line *line = context;
    (void)err;
    line->is_revoked = line->is_revoked || record->revoked_at != 0;
    bool is_newest = !line->is_seen; // the newest come first
    line->is_seen = true;
    if (!bytes_equal(buf_bytes(&record->key_hash), line->key_hash)) {
        return RESULT_OK;
    }
    if (is_newest) {
        line->newest_of_key = record->id;
        line->has_key = true;
    }
    if (line->same_request == 0 && line->now <= record->not_after &&
        bytes_equal(buf_bytes(&record->csr_hash), line->csr_hash)) {
        line->same_request = record->id;
    }
    return RESULT_OK;
}

static enum result read_line(struct authority *authority, const struct rule_record *rule,
                             struct line *line, struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record first = {0};
    TRY(store_find_certificate_by_id(authority->store, rule->certificate_id, &first, err));
    return store_each_certificate_of_lineage(authority->store, first.lineage_id, INT64_MIN,
                                             look_at, line, err);
}

enum result rule_standing_of(struct authority *authority, const char *profile,
                             const struct csr *csr, enum rule_standing *out_standing,
                             struct error *err) {
    AUTO(rule_record_clear) struct rule_record rule = {0};
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(csr->spki, key_hash));
    struct line line = {.key_hash = bytes_of(key_hash, SHA256_SIZE)};
    *out_standing = RULE_STANDING_NONE;
    enum result result = find_rule(authority, profile, csr, &rule, err);
    if (result == RESULT_NOT_FOUND) {
        return RESULT_OK;
    }
    TRY(result);
    *out_standing = RULE_STANDING_OPEN;
    if (rule.certificate_id == 0) {
        return RESULT_OK;
    }
    TRY(read_line(authority, &rule, &line, err));
    *out_standing = line.is_revoked ? RULE_STANDING_REVOKED
                    : line.has_key  ? RULE_STANDING_OWN
                                    : RULE_STANDING_TAKEN;
    return RESULT_OK;
}

// --- issuing ---------------------------------------------------------------------------------

// What is not granted is refused before anything is issued, and the rule stays open. A common name
// that carries the serial number is asked for like any other.
static enum result choose_names(const struct csr *csr, const struct rule_record *rule,
                                const struct grant *grant, struct names *out_names,
                                struct error *err) {
    const enum result result = policy_choose_names(csr, grant, out_names, err);
    const char *common_name = names_first(&csr->names, NAME_CN);
    if (result == RESULT_DENIED && strcmp(err->code, "name_not_granted") == 0 &&
        common_name != NULL && strcmp(common_name, rule->value) == 0) {
        error_hint(err, "the rule of this serial number grants other names: send the number as "
                        "serialNumber of the subject, without names (signet enroll "
                        "--serial-number)");
    }
    return result;
}

static void set_actor(struct peer *peer, const struct rule_record *rule) {
    char name[256];
    (void)snprintf(name, sizeof(name), "%s:%.200s", rule->kind, rule->value);
    peer_set_actor(peer, "rule", name);
}

// `held` is the request that waited for it; NULL for one that has just come.
static enum result issue(struct authority *authority, const struct peer *peer,
                         const struct hold_request *hold, const struct rule_record *rule,
                         int64_t predecessor_id, const struct request_record *held,
                         struct certificate_record *out_record, struct error *err) {
    AUTO(names_clear) struct names granted = {0};
    TRY(name_records_read(rule->names, rule->name_count, &granted, err));
    const struct grant grant = {.names = &granted};
    AUTO(names_clear) struct names names = {0};
    TRY(choose_names(hold->csr, rule, &grant, &names, err));
    TRY(issuance_check_key(authority, hold->csr->spki, &granted, err));
    AUTO(certificate_record_clear) struct certificate_record predecessor = {0};
    if (predecessor_id != 0) {
        AUTO(certificate_record_clear) struct certificate_record first = {0};
        TRY(store_find_certificate_by_id(authority->store, predecessor_id, &predecessor, err));
        TRY(store_find_certificate_by_id(authority->store, predecessor.lineage_id, &first,
                                         err));
        TRY(lineage_check_continue(authority, hold->profile, &predecessor, &first, &names,
                                   hold->now, err));
    }
    const struct issuance issuance = {
        .profile = hold->profile,
        .grant = &grant,
        .names = &names,
        .spki = hold->csr->spki,
        .csr_hash = hold->csr_hash,
        .request_id = held == NULL ? (struct bytes){0} : buf_bytes(&held->id),
        .address = held == NULL ? NULL : held->address,
        .predecessor = predecessor_id == 0 ? NULL : &predecessor,
        .now = hold->now,
    };
    TRY(issuance_run(authority, peer, "certificate issued", &issuance, out_record, err));
    return rule->certificate_id != 0
               ? RESULT_OK
               : store_use_rule(authority->store, rule->sequence, out_record->id, err);
}

enum result rule_issue_held(struct authority *authority, const struct peer *peer,
                            const struct rule_record *rule, const struct profile *profile,
                            const struct request_record *held, int64_t now,
                            int64_t *out_certificate_id, struct error *err) {
    AUTO(csr_clear) struct csr csr = {0};
    TRY(csr_read(buf_bytes(&held->csr), &csr, err));
    const struct hold_request hold = {
        .profile = profile,
        .csr = &csr,
        .csr_hash = buf_bytes(&held->csr_hash),
        .now = now,
    };
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(policy_check_key_algorithm(profile, csr.algorithm, err));
    TRY(issue(authority, peer, &hold, rule, 0, held, &record, err));
    *out_certificate_id = record.id;
    return RESULT_OK;
}

static enum result issue_and_reply(struct authority *authority, struct peer *peer,
                                   const struct hold_request *hold,
                                   const struct rule_record *rule, int64_t predecessor_id,
                                   struct issued *reply, struct error *err) {
    set_actor(peer, rule);
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(issue(authority, peer, hold, rule, predecessor_id, NULL, &record, err));
    return issuance_reply(authority, &record, reply, err);
}

static enum result issue_again(struct authority *authority, struct peer *peer,
                               const struct hold_request *hold, const struct rule_record *rule,
                               struct issued *reply, struct error *err) {
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(hold->csr->spki, key_hash));
    struct line line = {.key_hash = bytes_of(key_hash, SHA256_SIZE),
                        .csr_hash = hold->csr_hash,
                        .now = hold->now};
    TRY(read_line(authority, rule, &line, err));
    if (!line.has_key || line.is_revoked) {
        return RESULT_NOT_FOUND;
    }
    if (line.same_request == 0) {
        return issue_and_reply(authority, peer, hold, rule, line.newest_of_key, reply, err);
    }
    AUTO(certificate_record_clear) struct certificate_record given = {0};
    TRY(store_find_certificate_by_id(authority->store, line.same_request, &given, err));
    return issuance_reply(authority, &given, reply, err);
}

bool rule_may_approve(const struct profile *profile) {
    return profile->approvals <= 1;
}

enum result rule_enroll(struct authority *authority, struct peer *peer,
                        const struct hold_request *hold, struct issued *reply,
                        struct error *err) {
    AUTO(rule_record_clear) struct rule_record rule = {0};
    TRY(find_rule(authority, hold->profile->name, hold->csr, &rule, err));
    if (rule.certificate_id == 0 && !rule_may_approve(hold->profile)) {
        return RESULT_NOT_FOUND; // the profile was changed since: more than one must decide
    }
    return rule.certificate_id == 0
               ? issue_and_reply(authority, peer, hold, &rule, 0, reply, err)
               : issue_again(authority, peer, hold, &rule, reply, err);
}
