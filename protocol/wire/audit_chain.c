// Hashing the records of the audit trail, walking along the chain, comparing with checkpoints.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/audit_chain.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"
#include "x509/certificate.h"
#include "x509/key.h"

// Fields and their sizes; the detail alone may be long.
#define LIMIT_AUDIT_BYTES (1024 * 1024)

#define CODE_BROKEN "audit_broken"
#define CODE_CHECKPOINT "checkpoint_invalid"

// --- one record --------------------------------------------------------------------------------

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
enum result audit_entry_hash(const struct audit_entry *entry, uint8_t out_hash[SHA256_SIZE],
                             struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_AUDIT_BYTES);
    if (buf_append(&text, bytes_of(entry->previous_hash, SHA256_SIZE)) != RESULT_OK ||
        append_number(&text, (uint64_t)entry->sequence, 8) != RESULT_OK ||
        append_number(&text, (uint64_t)entry->time, 8) != RESULT_OK ||
        append_text(&text, entry->actor) != RESULT_OK ||
        append_text(&text, entry->event) != RESULT_OK ||
        append_text(&text, entry->subject) != RESULT_OK ||
        append_text(&text, entry->detail) != RESULT_OK) {
        return error_set(err, RESULT_LIMIT, "an audit record is larger than %d bytes",
                         LIMIT_AUDIT_BYTES);
    }
    return hash_sha256(buf_bytes(&text), out_hash);
}

// --- the walk ----------------------------------------------------------------------------------

static enum result broken(int64_t sequence, const char *why, struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, CODE_BROKEN, "audit record %lld %s",
                         (long long)sequence, why);
    error_hint(err, "The trail was changed by hand: compare it with a backup or an export.");
    return RESULT_INVALID;
}

enum result audit_chain_follow(struct audit_chain *chain, const struct audit_entry *entry,
                               struct error *err) {
    if (chain->is_open && chain->sequence == 0) {
        chain->sequence = entry->sequence - 1;
        memcpy(chain->hash, entry->previous_hash, SHA256_SIZE);
    }
    if (entry->sequence != chain->sequence + 1) {
        return broken(entry->sequence, "does not follow the one before it", err);
    }
    if (memcmp(entry->previous_hash, chain->hash, SHA256_SIZE) != 0) {
        return broken(entry->sequence, "does not name the hash of the one before it", err);
    }
    uint8_t hash[SHA256_SIZE];
    TRY(audit_entry_hash(entry, hash, err));
    if (memcmp(hash, entry->hash, SHA256_SIZE) != 0) {
        return broken(entry->sequence, "was changed: its hash does not fit", err);
    }
    chain->sequence = entry->sequence;
    memcpy(chain->hash, hash, SHA256_SIZE);
    return RESULT_OK;
}

static enum result read_hash(const char *text, uint8_t out_hash[SHA256_SIZE]) {
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, SHA256_SIZE);
    if (text == NULL || text_hex_decode(bytes_of_string(text), &hash) != RESULT_OK ||
        hash.size != SHA256_SIZE) {
        return RESULT_INVALID;
    }
    memcpy(out_hash, hash.data, SHA256_SIZE);
    return RESULT_OK;
}

enum result audit_chain_follow_info(struct audit_chain *chain, const struct audit_info *info,
                                    struct error *err) {
    uint8_t previous_hash[SHA256_SIZE];
    uint8_t hash[SHA256_SIZE];
    if (read_hash(info->previous_hash, previous_hash) != RESULT_OK ||
        read_hash(info->hash, hash) != RESULT_OK) {
        return broken(info->sequence, "has a hash that is none", err);
    }
    const struct audit_entry entry = {
        .sequence = info->sequence,
        .time = info->time,
        .actor = info->actor,
        .event = info->event,
        .subject = info->subject,
        .detail = info->detail,
        .previous_hash = previous_hash,
        .hash = hash,
    };
    return audit_chain_follow(chain, &entry, err);
}

// --- checkpoints -------------------------------------------------------------------------------

enum result audit_checkpoint_text(const struct audit_checkpoint *checkpoint, struct buf *out) {
    TRY(buf_printf(out, "signet-audit-checkpoint-1\nsequence %lld\nhash %s\ntime ",
                   (long long)checkpoint->sequence, checkpoint->hash));
    TRY(time_format_rfc3339(checkpoint->time, out));
    return buf_printf(out, "\nissuer %s\n", checkpoint->issuer);
}

static enum result invalid(enum result result, const char *why, struct error *err) {
    (void)error_set_code(err, result, CODE_CHECKPOINT,
                         "this is not a checkpoint as it was "
                         "signed: %s",
                         why);
    error_hint(err, "Take another one that was kept, unchanged from its making.");
    return result;
}

enum result audit_checkpoint_verify(const struct audit_checkpoint *checkpoint,
                                    struct error *err) {
    struct bytes chain = blob_bytes(&checkpoint->chain);
    struct certificate signer = {0};
    uint8_t hash[SHA256_SIZE];
    struct error reason = {0};
    if (read_hash(checkpoint->hash, hash) != RESULT_OK) {
        return invalid(RESULT_INVALID, "its hash is none", err);
    }
    if (certificate_read_next(&chain, &signer, &reason) != RESULT_OK) {
        return invalid(RESULT_INVALID, reason.message, err);
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 4096);
    TRY(audit_checkpoint_text(checkpoint, &text));
    enum key_algorithm algorithm = KEY_P256;
    enum result result = public_key_check(signer.spki, &algorithm, &reason);
    if (result == RESULT_OK) {
        result =
            public_key_verify(signer.spki, key_algorithm_signature(algorithm), buf_bytes(&text),
                              blob_bytes(&checkpoint->signature), &reason);
    }
    return result == RESULT_OK ? RESULT_OK : invalid(RESULT_DENIED, reason.message, err);
}

enum result audit_checkpoint_compare(const struct audit_checkpoint *checkpoint,
                                     const struct audit_chain *chain, struct error *err) {
    uint8_t hash[SHA256_SIZE];
    if (chain->sequence != checkpoint->sequence) {
        return RESULT_OK;
    }
    if (read_hash(checkpoint->hash, hash) != RESULT_OK ||
        memcmp(hash, chain->hash, SHA256_SIZE) != 0) {
        return broken(
            chain->sequence,
            "is not the one that the checkpoint names: the trail up to it was rewritten", err);
    }
    return RESULT_OK;
}

enum result audit_checkpoint_reached(const struct audit_checkpoint *checkpoint,
                                     const struct audit_chain *chain, struct error *err) {
    if (chain->sequence >= checkpoint->sequence) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "audit_cut",
                         "the trail ends at record %lld, but the checkpoint knows record %lld: "
                         "its tail was cut off",
                         (long long)chain->sequence, (long long)checkpoint->sequence);
    error_hint(err, "The store was changed by hand, or restored from an older backup.");
    return RESULT_INVALID;
}
