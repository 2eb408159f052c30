// From a request's record to what administrators are shown.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request_info.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/requests/request.h"
#include "authority/requests/request_approval.h"
#include "authority/requests/request_warnings.h"
#include "base/text.h"

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
