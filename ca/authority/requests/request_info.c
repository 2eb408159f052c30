// From a request's record to what administrators are shown.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request_info.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/peer.h"
#include "authority/requests/request.h"
#include "authority/requests/request_warnings.h"
#include "base/text.h"

// A hundred names with their types, and what is fixed.
#define LIMIT_DIGEST_BYTES (LIMIT_NAMES * LIMIT_LIST_TEXT_BYTES + 4096)

// --- states ----------------------------------------------------------------------------------

static const struct {
    enum request_state state;
    const char *name;
} states[] = {
    {REQUEST_PENDING, "pending"},
    {REQUEST_APPROVED, "approved"},
    {REQUEST_DENIED, "denied"},
    {REQUEST_EXPIRED, "expired"},
};
#define STATE_COUNT (sizeof(states) / sizeof(states[0]))

const char *request_state_name(enum request_state state) {
    for (size_t i = 0; i < STATE_COUNT; i++) {
        if (states[i].state == state) {
            return states[i].name;
        }
    }
    return "unknown";
}

enum result request_state_read(const char *text, int *out_state, struct error *err) {
    if (text == NULL) {
        *out_state = 0;
        return RESULT_OK;
    }
    for (size_t i = 0; i < STATE_COUNT; i++) {
        if (strcmp(states[i].name, text) == 0) {
            *out_state = states[i].state;
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_INVALID, "state_unknown",
                         "%.16s is not a state of requests", text);
    error_field(err, "state");
    error_hint(err, "Use pending, approved, denied or expired.");
    return RESULT_INVALID;
}

// --- digest ----------------------------------------------------------------------------------

static const char *issuer_name(const struct authority *authority, const char *profile_name) {
    const struct profile *profile = profile_find(&authority->config.profiles, profile_name);
    return profile != NULL && profile->issuer != NULL ? profile->issuer
                                                      : authority->issuers.issuing->record.name;
}

// Hashes of fixed size, then lines: names have no control characters.
static enum result write_digested(const struct authority *authority,
                                  const struct request_record *record,
                                  struct bytes profile_hash, struct buf *out) {
    TRY(buf_append_string(out, "signet-request-1\n"));
    TRY(buf_append(out, buf_bytes(&record->csr_hash)));
    TRY(buf_append(out, profile_hash));
    TRY(buf_printf(out, "%lld\n%s\n", (long long)record->lifetime,
                   issuer_name(authority, record->profile)));
    for (size_t i = 0; i < record->name_count; i++) {
        TRY(buf_printf(out, "%s:%s\n", record->names[i].type, record->names[i].value));
    }
    return RESULT_OK;
}

enum result request_digest(const struct authority *authority,
                           const struct request_record *record, struct bytes profile_hash,
                           uint8_t out_digest[SHA256_SIZE], struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_DIGEST_BYTES);
    if (write_digested(authority, record, profile_hash, &text) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return hash_sha256(buf_bytes(&text), out_digest);
}

enum result request_current_digest(const struct authority *authority,
                                   const struct request_record *record,
                                   uint8_t out_digest[SHA256_SIZE], struct error *err) {
    const struct profile *profile = profile_find(&authority->config.profiles, record->profile);
    bool is_open = record->state == REQUEST_PENDING && profile != NULL;
    return request_digest(authority, record,
                          is_open ? bytes_of(profile->hash, SHA256_SIZE)
                                  : buf_bytes(&record->profile_hash),
                          out_digest, err);
}

// --- approvals -------------------------------------------------------------------------------

struct approver_search {
    struct authority *authority;
    const uint8_t *digest;
    bool is_waiting;
    struct text_list *names;
};

// While a request waits: whoever gave it may still decide, with that certificate.
static enum result check_counts(const struct approver_search *search,
                                const struct approval_record *approval, bool *out_counts,
                                struct error *err) {
    *out_counts =
        bytes_equal(buf_bytes(&approval->digest), bytes_of(search->digest, SHA256_SIZE));
    if (!*out_counts || !search->is_waiting) {
        return RESULT_OK;
    }
    if (!approval->stands) {
        *out_counts = false;
        return RESULT_OK;
    }
    return peer_admin_may(search->authority, approval->admin, ADMIN_ROLES_THAT_DECIDE,
                          out_counts, err);
}

static bool has_name(const struct text_list *names, const char *name) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

// Each administrator once: one may have approved anew while the first certificate was on hold.
static enum result add_approver(void *context, const struct approval_record *approval,
                                struct error *err) {
    struct approver_search *search = context;
    bool counts = false;
    TRY(check_counts(search, approval, &counts, err));
    if (!counts || has_name(search->names, approval->admin)) {
        return RESULT_OK;
    }
    return text_list_add(search->names, approval->admin) == RESULT_OK
               ? RESULT_OK
               : error_out_of_memory(err);
}

enum result request_approvers(struct authority *authority, const struct request_record *record,
                              struct text_list *out_names, struct error *err) {
    uint8_t digest[SHA256_SIZE];
    TRY(request_current_digest(authority, record, digest, err));
    struct approver_search search = {
        .authority = authority,
        .digest = digest,
        .is_waiting = record->state == REQUEST_PENDING,
        .names = out_names,
    };
    return store_each_approval(authority->store, record->sequence, add_approver, &search, err);
}

enum result request_count_approvals(struct authority *authority,
                                    const struct request_record *record, int64_t *out_count,
                                    struct error *err) {
    AUTO(text_list_clear) struct text_list names = {0};
    TRY(request_approvers(authority, record, &names, err));
    *out_count = (int64_t)names.count;
    return RESULT_OK;
}

// --- the whole -------------------------------------------------------------------------------

static enum result list_names(const struct names *names, struct text_list *list) {
    AUTO(name_records_free_at) struct name_record *records = NULL;
    TRY(name_records_borrow(names, &records));
    return name_records_list(records, names->count, list);
}

// What the grant says, which may be more than the certificate would carry. False without one.
static enum result read_granted(struct authority *authority,
                                const struct request_record *record, struct names *out_names,
                                bool *out_has_grant, struct error *err) {
    *out_has_grant = record->is_granted;
    if (record->token_id.size > 0) {
        AUTO(token_record_clear) struct token_record token = {0};
        TRY(store_find_token(authority->store, buf_bytes(&record->token_id), &token, err));
        if (token.name_count > 0) {
            return name_records_read(token.names, token.name_count, out_names, err);
        }
    }
    if (record->predecessor_id != 0) {
        AUTO(certificate_record_clear) struct certificate_record predecessor = {0};
        TRY(store_find_certificate_by_id(authority->store, record->predecessor_id, &predecessor,
                                         err));
        return name_records_read(predecessor.names, predecessor.name_count, out_names, err);
    }
    return name_records_read(record->names, record->name_count, out_names, err);
}

static enum result fill_names(struct authority *authority, const struct request_record *record,
                              const struct csr *csr, int64_t now, struct request_info *info,
                              struct error *err) {
    AUTO(names_clear) struct names granted = {0};
    bool has_grant = false;
    TRY(read_granted(authority, record, &granted, &has_grant, err));
    if (name_records_list(record->names, record->name_count, &info->names) != RESULT_OK ||
        list_names(&csr->names, &info->asked) != RESULT_OK ||
        (has_grant && list_names(&granted, &info->granted) != RESULT_OK)) {
        return error_out_of_memory(err);
    }
    if (request_state_at(record, now) != REQUEST_PENDING) {
        return RESULT_OK;
    }
    return request_warn(authority, record, csr, has_grant ? &granted : NULL, now,
                        &info->warnings, err);
}

static enum result set_hex(char **member, struct bytes bytes) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * bytes.size + 1);
    TRY(text_hex_encode(bytes, &text));
    return text_set(member, buf_string(&text));
}

static enum result set_if_any(char **member, const char *text) {
    return text == NULL || text[0] == '\0' ? RESULT_OK : text_set(member, text);
}

static enum result fill_texts(const struct request_record *record, int64_t now,
                              const struct csr *csr, struct bytes digest,
                              struct request_info *info) {
    char id[REQUEST_ID_TEXT_SIZE];
    request_id_text(buf_bytes(&record->id), id);
    TRY(text_set(&info->id, id));
    TRY(text_set(&info->state, request_state_name(request_state_at(record, now))));
    TRY(text_set(&info->profile, record->profile));
    TRY(text_set(&info->code, record->code));
    TRY(text_set(&info->key_algorithm, key_algorithm_name(csr->algorithm)));
    TRY(set_hex(&info->key_fingerprint, buf_bytes(&record->key_hash)));
    TRY(set_hex(&info->digest, digest));
    TRY(set_if_any(&info->address, record->address));
    TRY(text_set(&info->requested_by, record->requested_by));
    TRY(set_if_any(&info->decided_by, record->decided_by));
    return set_if_any(&info->reason, record->reason);
}

static enum result fill_serial(struct authority *authority, const struct request_record *record,
                               struct request_info *info, struct error *err) {
    if (record->certificate_id == 0) {
        return RESULT_OK;
    }
    AUTO(certificate_record_clear) struct certificate_record certificate = {0};
    TRY(store_find_certificate_by_id(authority->store, record->certificate_id, &certificate,
                                     err));
    return set_hex(&info->serial, buf_bytes(&certificate.serial));
}

static int64_t approvals_needed(const struct authority *authority,
                                const struct request_record *record) {
    const struct profile *profile = profile_find(&authority->config.profiles, record->profile);
    bool is_open = record->state == REQUEST_PENDING && profile != NULL;
    return is_open ? request_approvals_needed(profile) : record->approvals;
}

enum result request_info_fill(struct authority *authority, const struct request_record *record,
                              int64_t now, struct request_info *info, struct error *err) {
    AUTO(csr_clear) struct csr csr = {0};
    TRY(csr_read(buf_bytes(&record->csr), &csr, err));
    uint8_t digest[SHA256_SIZE];
    TRY(request_current_digest(authority, record, digest, err));
    if (fill_texts(record, now, &csr, bytes_of(digest, SHA256_SIZE), info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    info->created = record->created;
    info->expires = record->expires;
    info->decided_at = record->decided_at;
    info->approvals = approvals_needed(authority, record);
    TRY(request_approvers(authority, record, &info->approved_by, err));
    TRY(fill_serial(authority, record, info, err));
    return fill_names(authority, record, &csr, now, info, err);
}
