// What approvals of a held request are bound to, and which of them count.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request_approval.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/peer.h"

// A hundred names with their types, and what is fixed.
#define LIMIT_DIGEST_BYTES (LIMIT_NAMES * LIMIT_LIST_TEXT_BYTES + 4096)

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
