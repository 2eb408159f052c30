// Building and signing certificate revocation lists, in time and memory linear in their
// entries. SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/crl.h"

#include <string.h>

#include "x509/der.h"
#include "x509/extension.h"

struct reason {
    enum crl_reason value;
    const char *name;
};

static const struct reason reasons[] = {
#define CRL_REASON_ROW(constant, value, name) {CRL_REASON_##constant, name},
    CRL_REASON_TABLE(CRL_REASON_ROW)
#undef CRL_REASON_ROW
};

#define REASON_COUNT (sizeof(reasons) / sizeof(reasons[0]))

const char *crl_reason_name(enum crl_reason reason) {
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (reasons[i].value == reason) {
            return reasons[i].name;
        }
    }
    return "unknown";
}

bool crl_reason_from_name(const char *name, enum crl_reason *out_reason) {
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (strcmp(reasons[i].name, name) == 0) {
            *out_reason = reasons[i].value;
            return true;
        }
    }
    return false;
}

// --- entries ---

static enum result write_reason(struct buf *out, uint8_t reason) {
    struct extension_marks marks = {0};
    TRY(extension_begin(out, OID_CRL_REASON, false, &marks));
    TRY(der_write(out, DER_ENUMERATED, bytes_of(&reason, 1)));
    return extension_end(out, &marks);
}

static enum result write_invalidity_date(struct buf *out, int64_t time) {
    struct extension_marks marks = {0};
    TRY(extension_begin(out, OID_INVALIDITY_DATE, false, &marks));
    TRY(der_write_generalized_time(out, time));
    return extension_end(out, &marks);
}

static enum result write_entry(struct buf *out, const struct crl_entry *entry) {
    size_t mark = 0, extensions = 0;
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    TRY(der_write_unsigned(out, DER_INTEGER, bytes_of(entry->serial, entry->serial_size)));
    TRY(der_write_time(out, entry->revoked_at));
    // RFC 5280, 5.3.1: unspecified is said by leaving the reason out.
    bool has_reason = entry->reason != CRL_REASON_UNSPECIFIED;
    if (has_reason || entry->invalid_since != 0) {
        TRY(der_begin(out, DER_SEQUENCE, &extensions));
        if (has_reason) {
            TRY(write_reason(out, entry->reason));
        }
        if (entry->invalid_since != 0) {
            TRY(write_invalidity_date(out, entry->invalid_since));
        }
        TRY(der_end(out, extensions));
    }
    return der_end(out, mark);
}

// At least what write_entry needs: headers, serial, time, and the two extensions.
static size_t estimate_entry(const struct crl_entry *entry) {
    size_t size = 2 + 3 + entry->serial_size + 17;
    size += entry->reason != CRL_REASON_UNSPECIFIED ? 2 + 12 : 0;
    size += entry->invalid_since != 0 ? 2 + 26 : 0;
    return size;
}

static enum result check_entry(const struct crl_entry *entry, struct error *err) {
    if (entry->serial_size == 0 || entry->serial_size > LIMIT_SERIAL_BYTES) {
        return error_set_code(err, RESULT_INVALID, "serial_invalid",
                              "a revoked serial number has %u octets; expected 1 to %d",
                              entry->serial_size, LIMIT_SERIAL_BYTES);
    }
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if ((uint8_t)reasons[i].value == entry->reason) {
            return RESULT_OK;
        }
    }
    return error_set(err, RESULT_INVALID, "%u is no reason of revocation (RFC 5280, 5.3.1)",
                     entry->reason);
}

// --- the list ---

static enum result write_number(struct buf *out, uint64_t number) {
    struct extension_marks marks = {0};
    uint8_t octets[8];
    for (size_t i = 0; i < sizeof(octets); i++) {
        octets[i] = (uint8_t)(number >> (8 * (sizeof(octets) - 1 - i)));
    }
    TRY(extension_begin(out, OID_CRL_NUMBER, false, &marks));
    TRY(der_write_unsigned(out, DER_INTEGER, bytes_of(octets, sizeof(octets))));
    return extension_end(out, &marks);
}

static enum result write_extensions(struct buf *out, const struct crl_plan *plan) {
    size_t wrapper = 0, list = 0;
    TRY(der_begin(out, DER_CONTEXT_CONSTRUCTED(0), &wrapper));
    TRY(der_begin(out, DER_SEQUENCE, &list));
    if (plan->authority_key_id.size > 0) {
        TRY(extension_write_authority_key_id(out, plan->authority_key_id));
    }
    TRY(write_number(out, plan->number));
    TRY(der_end(out, list));
    return der_end(out, wrapper);
}

static enum result write_entries(struct buf *out, const struct crl_plan *plan) {
    size_t mark = 0;
    if (plan->entry_count == 0) {
        return RESULT_OK; // RFC 5280, 5.1.2.6: absent, not empty
    }
    TRY(der_begin(out, DER_SEQUENCE, &mark));
    for (size_t i = 0; i < plan->entry_count; i++) {
        TRY(write_entry(out, &plan->entries[i]));
    }
    return der_end(out, mark);
}

static enum result write_tbs(struct buf *out, const struct crl_plan *plan,
                             struct bytes signature_algorithm) {
    size_t tbs = 0;
    TRY(der_begin(out, DER_SEQUENCE, &tbs));
    TRY(der_write_integer(out, 1)); // version 2
    TRY(der_write_raw(out, signature_algorithm));
    TRY(der_write_raw(out, plan->issuer));
    TRY(der_write_time(out, plan->this_update));
    TRY(der_write_time(out, plan->next_update));
    TRY(write_entries(out, plan));
    TRY(write_extensions(out, plan));
    return der_end(out, tbs);
}

// Everything beside the entries: names, key identifier, signature.
#define FRAME_BYTES 4096

static enum result reserve(struct buf *out, const struct crl_plan *plan, struct error *err) {
    size_t size = FRAME_BYTES;
    for (size_t i = 0; i < plan->entry_count; i++) {
        TRY(check_entry(&plan->entries[i], err));
        size += estimate_entry(&plan->entries[i]);
    }
    uint8_t *room = NULL;
    // Only growing is saved: near the maximum the writers find out themselves.
    size_t left = out->maximum - out->size;
    return buf_reserve(out, size < left ? size : left, &room);
}

static enum result failed(enum result result, const struct buf *out, struct error *err) {
    if (result == RESULT_LIMIT) {
        return error_set(err, result, "the CRL is larger than %zu bytes", out->maximum);
    }
    return error_set(err, result, "could not encode the CRL");
}

static enum result build(const struct crl_plan *plan, const struct key *key, struct buf *out,
                         struct error *err) {
    AUTO(buf_clear) struct buf signature = {0};
    buf_init(&signature, FRAME_BYTES);
    size_t list = 0;
    TRY(reserve(out, plan, err));
    enum result result = der_begin(out, DER_SEQUENCE, &list);
    size_t start = out->size;
    if (result == RESULT_OK) {
        result = write_tbs(out, plan, key_signature_algorithm(key));
    }
    if (result != RESULT_OK) {
        return failed(result, out, err);
    }
    struct bytes tbs = bytes_slice(buf_bytes(out), start, out->size);
    if (plan->judge != NULL) {
        TRY(plan->judge(tbs, err));
    }
    TRY(key_sign(key, tbs, &signature, err));
    result = der_write_raw(out, key_signature_algorithm(key));
    if (result == RESULT_OK) {
        result = der_write_bit_string(out, buf_bytes(&signature));
    }
    if (result == RESULT_OK) {
        result = der_end(out, list);
    }
    return result == RESULT_OK ? RESULT_OK : failed(result, out, err);
}

enum result crl_build(const struct crl_plan *plan, const struct key *key, struct buf *out_der,
                      struct error *err) {
    if (plan->next_update <= plan->this_update) {
        return error_set(err, RESULT_INVALID, "the CRL would expire before it is published");
    }
    size_t before = out_der->size;
    enum result result = build(plan, key, out_der, err);
    if (result != RESULT_OK) {
        out_der->size = before;
    }
    return result;
}
