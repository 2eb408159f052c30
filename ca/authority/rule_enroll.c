// Enrollment of a device that a rule names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/issuance.h"
#include "authority/peer.h"
#include "authority/rule.h"
#include "base/text.h"

// --- which rule ------------------------------------------------------------------------------

static enum result find_by_key(struct authority *authority, const struct hold_request *hold,
                               struct rule_record *out_rule, struct error *err) {
    AUTO(buf_clear) struct buf key = {0};
    buf_init(&key, 2 * SHA256_SIZE + 1);
    TRY(hash_sha256_hex(hold->csr->spki, &key));
    return store_find_rule(authority->store, hold->profile->name, "key", buf_string(&key),
                           out_rule, err);
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

static enum result find_by_serial(struct authority *authority, const struct hold_request *hold,
                                  struct rule_record *out_rule, struct error *err) {
    AUTO(string_free_at) char *serial = NULL;
    TRY(read_serial(hold->csr, &serial, err));
    return store_find_rule(authority->store, hold->profile->name, "serial", serial, out_rule,
                           err);
}

static enum result find_rule(struct authority *authority, const struct hold_request *hold,
                             struct rule_record *out_rule, struct error *err) {
    enum result result = find_by_key(authority, hold, out_rule, err);
    return result == RESULT_NOT_FOUND ? find_by_serial(authority, hold, out_rule, err) : result;
}

// --- a rule that was used --------------------------------------------------------------------

// The certificates of the line it was used for.
struct line {
    struct bytes key_hash;
    struct bytes csr_hash;
    int64_t now;
    bool has_key;
    bool is_revoked;
    int64_t newest_of_key; // certificate id
    int64_t same_request;  // certificate id; 0: none that is still valid
};

static enum result look_at(void *context, const struct certificate_record *record,
                           struct error *err) {
    struct line *line = context;
    (void)err;
    line->is_revoked = line->is_revoked || record->revoked_at != 0;
    if (!bytes_equal(buf_bytes(&record->key_hash), line->key_hash)) {
        return RESULT_OK;
    }
    if (!line->has_key) {
        line->newest_of_key = record->id; // the newest come first
        line->has_key = true;
    }
    if (line->same_request == 0 && line->now <= record->not_after &&
        bytes_equal(buf_bytes(&record->csr_hash), line->csr_hash)) {
        line->same_request = record->id;
    }
    return RESULT_OK;
}

static enum result read_line(struct authority *authority, const struct hold_request *hold,
                             const struct rule_record *rule, struct line *line,
                             uint8_t key_hash[SHA256_SIZE], struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record first = {0};
    TRY(hash_sha256(hold->csr->spki, key_hash));
    *line = (struct line){.key_hash = bytes_of(key_hash, SHA256_SIZE),
                          .csr_hash = hold->csr_hash,
                          .now = hold->now};
    TRY(store_find_certificate_by_id(authority->store, rule->certificate_id, &first, err));
    return store_each_certificate_of_lineage(authority->store, first.lineage_id, INT64_MIN,
                                             look_at, line, err);
}

// --- issuing ---------------------------------------------------------------------------------

// The common name may be there to carry the serial number only; then it is not asked for.
static enum result choose_names(const struct csr *csr, const struct rule_record *rule,
                                const struct grant *grant, struct names *out_names,
                                struct error *err) {
    AUTO(names_clear) struct names asked = {0};
    for (size_t i = 0; i < csr->names.count; i++) {
        const struct name *name = &csr->names.items[i];
        bool is_serial = name->type == NAME_CN && strcmp(name->value, rule->value) == 0 &&
                         !names_contain(grant->names, NAME_CN, name->value);
        if (!is_serial) {
            TRY(names_add(&asked, name->type, bytes_of_string(name->value), err));
        }
    }
    struct csr without = *csr; // borrows
    without.names = asked;
    return policy_choose_names(&without, grant, out_names, err);
}

static void set_actor(struct peer *peer, const struct rule_record *rule) {
    char name[256];
    (void)snprintf(name, sizeof(name), "%s:%.200s", rule->kind, rule->value);
    peer_set_actor(peer, "rule", name);
}

static enum result issue(struct authority *authority, struct peer *peer,
                         const struct hold_request *hold, const struct rule_record *rule,
                         int64_t predecessor_id, struct issued *reply, struct error *err) {
    AUTO(names_clear) struct names granted = {0};
    TRY(name_records_read(rule->names, rule->name_count, &granted, err));
    const struct grant grant = {.names = &granted};
    AUTO(names_clear) struct names names = {0};
    TRY(choose_names(hold->csr, rule, &grant, &names, err));
    TRY(issuance_check_key(authority, hold->csr->spki, &granted, err));
    AUTO(certificate_record_clear) struct certificate_record predecessor = {0};
    if (predecessor_id != 0) {
        TRY(store_find_certificate_by_id(authority->store, predecessor_id, &predecessor, err));
    }
    const struct issuance issuance = {
        .profile = hold->profile,
        .grant = &grant,
        .names = &names,
        .spki = hold->csr->spki,
        .csr_hash = hold->csr_hash,
        .predecessor = predecessor_id == 0 ? NULL : &predecessor,
        .now = hold->now,
    };
    set_actor(peer, rule);
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(issuance_run(authority, peer, "certificate issued", &issuance, &record, err));
    if (rule->certificate_id == 0) {
        TRY(store_use_rule(authority->store, rule->sequence, record.id, err));
    }
    return issuance_reply(authority, &record, reply, err);
}

static enum result issue_again(struct authority *authority, struct peer *peer,
                               const struct hold_request *hold, const struct rule_record *rule,
                               struct issued *reply, struct error *err) {
    uint8_t key_hash[SHA256_SIZE];
    struct line line;
    TRY(read_line(authority, hold, rule, &line, key_hash, err));
    if (!line.has_key || line.is_revoked) {
        return RESULT_NOT_FOUND;
    }
    if (line.same_request == 0) {
        return issue(authority, peer, hold, rule, line.newest_of_key, reply, err);
    }
    AUTO(certificate_record_clear) struct certificate_record given = {0};
    TRY(store_find_certificate_by_id(authority->store, line.same_request, &given, err));
    return issuance_reply(authority, &given, reply, err);
}

enum result rule_enroll(struct authority *authority, struct peer *peer,
                        const struct hold_request *hold, struct issued *reply,
                        struct error *err) {
    AUTO(rule_record_clear) struct rule_record rule = {0};
    struct error failure = {0};
    enum result result = find_rule(authority, hold, &rule, &failure);
    if (result != RESULT_OK) {
        return result == RESULT_NOT_FOUND ? result
                                          : error_set(err, result, "%s", failure.message);
    }
    return rule.certificate_id == 0 ? issue(authority, peer, hold, &rule, 0, reply, err)
                                    : issue_again(authority, peer, hold, &rule, reply, err);
}
