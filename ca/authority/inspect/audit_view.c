// Pages of the audit trail, and checkpoints.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/inspect/audit_view.h"

#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/cursor.h"
#include "authority/peer.h"
#include "base/clock.h"
#include "base/text.h"
#include "wire/audit_chain.h"

// --- pages ---------------------------------------------------------------------------------------

static enum result set_hash(const uint8_t hash[SHA256_SIZE], char **out_text) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * SHA256_SIZE);
    TRY(text_hex_encode(bytes_of(hash, SHA256_SIZE), &text));
    return text_set(out_text, buf_string(&text));
}

static enum result set_unless_empty(const char *value, char **out_text) {
    return value == NULL || value[0] == '\0' ? RESULT_OK : text_set(out_text, value);
}

enum result audit_info_fill(const struct audit_record *record, struct audit_info *info) {
    info->sequence = record->sequence;
    info->time = record->time;
    TRY(text_set(&info->actor, record->actor == NULL ? "" : record->actor));
    TRY(text_set(&info->event, record->event == NULL ? "" : record->event));
    TRY(set_unless_empty(record->subject, &info->subject));
    TRY(set_unless_empty(record->detail, &info->detail));
    TRY(set_hash(record->previous_hash, &info->previous_hash));
    return set_hash(record->hash, &info->hash);
}

static size_t text_size(const char *text) {
    return text == NULL ? 0 : strlen(text);
}

struct audit_listing {
    struct audit_page *page;
    size_t limit;
    size_t bytes; // of texts so far
    int64_t last_sequence;
    bool has_more;
};

static enum result add_to_page(void *context, const struct audit_record *record,
                               struct error *err) {
    struct audit_listing *listing = context;
    size_t bytes = text_size(record->actor) + text_size(record->event) +
                   text_size(record->subject) + text_size(record->detail);
    bool is_full =
        listing->page->records.count == listing->limit ||
        (listing->page->records.count > 0 && listing->bytes + bytes > LIMIT_AUDIT_PAGE_BYTES);
    if (listing->has_more || is_full) {
        listing->has_more = true;
        return RESULT_OK;
    }
    void *info = NULL;
    if (record_add(&listing->page->records, &audit_info_type, &info) != RESULT_OK ||
        audit_info_fill(record, info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    listing->bytes += bytes;
    listing->last_sequence = record->sequence;
    return RESULT_OK;
}

enum result audit_list(struct authority *authority, const struct peer *peer,
                       const struct audit_list *request, struct audit_page *reply,
                       struct error *err) {
    (void)peer;
    int64_t after = 0;
    TRY(cursor_read(request->after, &after, err));
    struct audit_filter filter = {
        .event = request->event,
        .actor = request->actor,
        .subject = request->subject,
        .is_ascending = request->from != 0,
        .from_sequence = request->from,
    };
    if (filter.is_ascending && after >= filter.from_sequence) {
        filter.from_sequence = after + 1;
    } else {
        filter.before_sequence = after;
    }
    struct audit_listing listing = {.page = reply, .limit = cursor_page_size(request->limit)};
    filter.limit = listing.limit + 1; // one more tells whether there is another page
    TRY(store_list_audit(authority->store, &filter, add_to_page, &listing, err));
    return listing.has_more ? cursor_write(listing.last_sequence, &reply->next) : RESULT_OK;
}

// --- checkpoints ---------------------------------------------------------------------------------

static enum result fill_checkpoint(const struct authority *authority,
                                   const struct audit_record *last,
                                   struct audit_checkpoint *reply) {
    reply->sequence = last->sequence;
    reply->time = clock_now();
    TRY(set_hash(last->hash, &reply->hash));
    TRY(text_set(&reply->issuer, authority->issuers.issuing->record.name));
    return blob_set(&reply->chain, buf_bytes(&authority->chain));
}

enum result audit_sign_checkpoint(struct authority *authority, const struct peer *peer,
                                  const struct nothing *request, struct audit_checkpoint *reply,
                                  struct error *err) {
    (void)request;
    AUTO(audit_record_clear) struct audit_record last = {0};
    TRY(store_last_audit(authority->store, &last, err));
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf signature = {0};
    buf_init(&text, 4096);
    buf_init(&signature, 1024);
    if (fill_checkpoint(authority, &last, reply) != RESULT_OK ||
        audit_checkpoint_text(reply, &text) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(key_sign(authority->issuers.issuing->key, buf_bytes(&text), &signature, err));
    TRY(blob_set(&reply->signature, buf_bytes(&signature)));
    char sequence[32];
    (void)snprintf(sequence, sizeof(sequence), "%lld", (long long)last.sequence);
    return decision_record(authority, peer, LOG_LEVEL_INFO, "audit checkpoint signed", sequence,
                           reply->hash, err);
}

struct signer {
    struct bytes der;
    bool is_known;
};

static enum result compare_issuer(void *context, const struct issuer_record *issuer,
                                  struct error *err) {
    struct signer *signer = context;
    (void)err;
    signer->is_known |= bytes_equal(buf_bytes(&issuer->certificate), signer->der);
    return RESULT_OK;
}

enum result audit_trust_checkpoint(struct store *store,
                                   const struct audit_checkpoint *checkpoint,
                                   struct error *err) {
    TRY(audit_checkpoint_verify(checkpoint, err));
    struct bytes chain = blob_bytes(&checkpoint->chain);
    struct certificate certificate = {0};
    TRY(certificate_read_next(&chain, &certificate, err));
    struct signer signer = {.der = certificate.der};
    TRY(store_each_issuer(store, compare_issuer, &signer, err));
    if (signer.is_known) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "checkpoint_invalid",
                         "the checkpoint was signed by a CA that is none of this authority's");
    error_hint(err, "Name the folder of the authority that it was made by.");
    return RESULT_DENIED;
}
