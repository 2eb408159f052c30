// The audit chain in the store: appending, verifying.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/audit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/text.h"

static struct audit_entry entry_of(const struct audit_record *record) {
    return (struct audit_entry){
        .sequence = record->sequence,
        .time = record->time,
        .actor = record->actor,
        .event = record->event,
        .subject = record->subject,
        .detail = record->detail,
        .previous_hash = record->previous_hash,
        .hash = record->hash,
    };
}

enum result audit_follow(struct audit_chain *chain, const struct audit_record *record,
                         struct error *err) {
    const struct audit_entry entry = entry_of(record);
    return audit_chain_follow(chain, &entry, err);
}

// Whatever a name or a quoted request holds, a record stays one line of text that fits its
// message: what could not be shown to an administrator would hide the records around it.
static char *one_line(const char *text, size_t most) {
    struct bytes all = bytes_of_string(text == NULL ? "" : text);
    char *copy = string_copy_bytes(bytes_slice(all, 0, most));
    if (copy == NULL) {
        return NULL;
    }
    if (all.size > most) {
        // Not in the middle of a character.
        size_t end = most;
        while (end > 0 && (all.data[end] & 0xC0) == 0x80) {
            end--;
        }
        copy[end] = '\0';
    }
    bool is_text = text_is_utf8(bytes_of_string(copy));
    bool has_control = is_text && text_has_control(bytes_of_string(copy));
    for (size_t i = 0; copy[i] != '\0'; i++) {
        uint8_t c = (uint8_t)copy[i];
        if (c < ' ' || c == 0x7f) {
            copy[i] = ' ';
        } else if (c >= 0x80 && !is_text) {
            copy[i] = '?';
        } else if (has_control && c == 0xC2 && (uint8_t)copy[i + 1] < 0xA0) {
            copy[i] = copy[i + 1] = ' '; // C1
        }
    }
    return copy;
}

static enum result fill(struct audit_record *record, const char *actor, const char *event,
                        const char *subject, const char *detail, struct error *err) {
    record->actor = one_line(actor, LIMIT_AUDIT_TEXT);
    record->event = one_line(event, LIMIT_AUDIT_EVENT);
    record->subject = one_line(subject, LIMIT_NAME_BYTES);
    record->detail = one_line(detail, LIMIT_AUDIT_DETAIL);
    if (record->actor == NULL || record->event == NULL || record->subject == NULL ||
        record->detail == NULL) {
        return error_out_of_memory(err);
    }
    const struct audit_entry entry = entry_of(record);
    return audit_entry_hash(&entry, record->hash, err);
}

enum result audit_append(struct store *store, int64_t now, const char *actor, const char *event,
                         const char *subject, const char *detail, struct error *err) {
    AUTO(audit_record_clear) struct audit_record last = {0};
    AUTO(audit_record_clear) struct audit_record record = {.sequence = 1, .time = now};
    enum result result = store_last_audit(store, &last, err);
    if (result == RESULT_OK) {
        record.sequence = last.sequence + 1;
        memcpy(record.previous_hash, last.hash, SHA256_SIZE);
    } else if (result != RESULT_NOT_FOUND) {
        return result;
    }
    TRY(fill(&record, actor, event, subject, detail, err));
    return store_add_audit(store, &record, err);
}

// --- verify --------------------------------------------------------------------------------------

struct verification {
    struct audit_chain chain;
    const struct audit_checkpoint *checkpoint;
};

static enum result verify_record(void *context, const struct audit_record *record,
                                 struct error *err) {
    struct verification *verification = context;
    TRY(audit_follow(&verification->chain, record, err));
    return verification->checkpoint == NULL
               ? RESULT_OK
               : audit_checkpoint_compare(verification->checkpoint, &verification->chain, err);
}

enum result audit_verify_to(struct store *store, const struct audit_checkpoint *checkpoint,
                            struct audit_chain *out_end, struct error *err) {
    struct verification verification = {.checkpoint = checkpoint};
    TRY(store_each_audit(store, 1, verify_record, &verification, err));
    if (checkpoint != NULL) {
        TRY(audit_checkpoint_reached(checkpoint, &verification.chain, err));
    }
    *out_end = verification.chain;
    return RESULT_OK;
}

enum result audit_verify(struct store *store, struct error *err) {
    struct audit_chain end = {0};
    return audit_verify_to(store, NULL, &end, err);
}
