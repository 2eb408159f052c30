// The audit chain: hashing, appending, verifying.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/audit.h"

#include <string.h>

#include "base/bytes.h"
#include "x509/hash.h"

// Names of a certificate make the longest details.
#define LIMIT_AUDIT_BYTES (1024 * 1024)

static enum result append_number(struct buf *out, uint64_t number, int octets) {
    for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) {
        TRY(buf_append_byte(out, (uint8_t)(number >> shift)));
    }
    return RESULT_OK;
}

static enum result append_text(struct buf *out, const char *text) {
    size_t size = text == NULL ? 0 : strlen(text);
    TRY(append_number(out, size, 4));
    return buf_append(out, bytes_of(text, size));
}

// The order and widths are part of the format: records are verified years later.
static enum result record_hash(const struct audit_record *record, uint8_t out_hash[SHA256_SIZE],
                               struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_AUDIT_BYTES);
    if (buf_append(&text, bytes_of(record->previous_hash, SHA256_SIZE)) != RESULT_OK ||
        append_number(&text, (uint64_t)record->sequence, 8) != RESULT_OK ||
        append_number(&text, (uint64_t)record->time, 8) != RESULT_OK ||
        append_text(&text, record->actor) != RESULT_OK ||
        append_text(&text, record->event) != RESULT_OK ||
        append_text(&text, record->subject) != RESULT_OK ||
        append_text(&text, record->detail) != RESULT_OK) {
        return error_set(err, RESULT_LIMIT, "an audit record is larger than %d bytes",
                         LIMIT_AUDIT_BYTES);
    }
    return hash_sha256(buf_bytes(&text), out_hash);
}

// A record stays one line whatever a name or label holds.
static char *one_line(const char *text) {
    char *copy = string_copy(text == NULL ? "" : text);
    for (char *next = copy; next != NULL && *next != '\0'; next++) {
        if ((unsigned char)*next < ' ' || *next == 0x7f) {
            *next = ' ';
        }
    }
    return copy;
}

static enum result fill(struct audit_record *record, const char *actor, const char *event,
                        const char *subject, const char *detail, struct error *err) {
    record->actor = one_line(actor);
    record->event = one_line(event);
    record->subject = one_line(subject);
    record->detail = one_line(detail);
    if (record->actor == NULL || record->event == NULL || record->subject == NULL ||
        record->detail == NULL) {
        return error_out_of_memory(err);
    }
    return record_hash(record, record->hash, err);
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

struct verification {
    int64_t expected;
    uint8_t hash[SHA256_SIZE];
};

static enum result broken(const struct audit_record *record, const char *why,
                          struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "audit_broken", "audit record %lld %s",
                         (long long)record->sequence, why);
    error_hint(err, "the store was changed by hand: compare it with a backup");
    return RESULT_INVALID;
}

static enum result verify_record(void *context, const struct audit_record *record,
                                 struct error *err) {
    struct verification *chain = context;
    uint8_t hash[SHA256_SIZE];
    if (record->sequence != chain->expected) {
        return broken(record, "does not follow the one before it", err);
    }
    if (memcmp(record->previous_hash, chain->hash, SHA256_SIZE) != 0) {
        return broken(record, "does not name the hash of the one before it", err);
    }
    TRY(record_hash(record, hash, err));
    if (memcmp(hash, record->hash, SHA256_SIZE) != 0) {
        return broken(record, "was changed: its hash does not fit", err);
    }
    chain->expected++;
    memcpy(chain->hash, hash, SHA256_SIZE);
    return RESULT_OK;
}

enum result audit_verify(struct store *store, struct error *err) {
    struct verification chain = {.expected = 1};
    return store_each_audit(store, 1, verify_record, &chain, err);
}
