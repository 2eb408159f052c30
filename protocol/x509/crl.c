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

// --- around the entries ---

// Everything beside the entries: names, key identifier, signature.
#define FRAME_BYTES 4096

static enum result failed(enum result result, const struct buf *out, struct error *err) {
    if (result == RESULT_LIMIT) {
        return error_set(err, result, "the CRL is larger than %zu bytes", out->maximum);
    }
    return error_set(err, result, "could not encode the CRL");
}

enum result crl_write_entry(struct buf *entries, const struct crl_entry *entry,
                            struct error *err) {
    TRY(check_entry(entry, err));
    enum result result = write_entry(entries, entry);
    return result == RESULT_OK ? RESULT_OK : failed(result, entries, err);
}

// What stands before revokedCertificates, or without entries before the extensions.
static enum result write_start(struct buf *out, const struct crl_plan *plan,
                               struct bytes signature_algorithm) {
    TRY(der_write_integer(out, 1)); // version 2
    TRY(der_write_raw(out, signature_algorithm));
    TRY(der_write_raw(out, plan->issuer));
    TRY(der_write_time(out, plan->this_update));
    return der_write_time(out, plan->next_update);
}

// The entries are many and moved once, so what is before them is written apart.
static enum result wrap_tbs(const struct crl_plan *plan, struct bytes signature_algorithm,
                            struct buf *entries) {
    AUTO(buf_clear) struct buf start = {0};
    AUTO(buf_clear) struct buf head = {0};
    buf_init(&start, FRAME_BYTES);
    buf_init(&head, FRAME_BYTES);
    const size_t entries_size = entries->size;
    TRY(write_start(&start, plan, signature_algorithm));
    if (entries_size > 0) { // RFC 5280, 5.1.2.6: absent, not empty
        TRY(der_write_header(&start, DER_SEQUENCE, entries_size));
    }
    TRY(write_extensions(entries, plan));
    TRY(der_write_header(&head, DER_SEQUENCE, start.size + entries->size));
    TRY(buf_append(&head, buf_bytes(&start)));
    return buf_insert(entries, 0, buf_bytes(&head));
}

enum result crl_wrap_tbs(const struct crl_plan *plan, struct bytes signature_algorithm,
                         struct buf *entries, struct error *err) {
    if (plan->next_update <= plan->this_update) {
        return error_set(err, RESULT_INVALID, "the CRL would expire before it is published");
    }
    enum result result = wrap_tbs(plan, signature_algorithm, entries);
    return result == RESULT_OK ? RESULT_OK : failed(result, entries, err);
}

static enum result wrap_list(struct buf *tbs, struct bytes signature_algorithm,
                             struct bytes signature) {
    AUTO(buf_clear) struct buf header = {0};
    buf_init(&header, FRAME_BYTES);
    TRY(der_write_raw(tbs, signature_algorithm));
    TRY(der_write_bit_string(tbs, signature));
    TRY(der_write_header(&header, DER_SEQUENCE, tbs->size));
    return buf_insert(tbs, 0, buf_bytes(&header));
}

enum result crl_wrap_list(struct buf *tbs, struct bytes signature_algorithm,
                          struct bytes signature, struct error *err) {
    enum result result = wrap_list(tbs, signature_algorithm, signature);
    return result == RESULT_OK ? RESULT_OK : failed(result, tbs, err);
}

// --- the list ---

static enum result build(const struct crl_plan *plan, const struct key *key, struct buf *der,
                         struct error *err) {
    AUTO(buf_clear) struct buf signature = {0};
    buf_init(&signature, FRAME_BYTES);
    for (size_t i = 0; i < plan->entry_count; i++) {
        TRY(crl_write_entry(der, &plan->entries[i], err));
    }
    TRY(crl_wrap_tbs(plan, key_signature_algorithm(key), der, err));
    if (plan->judge != NULL) {
        TRY(plan->judge(buf_bytes(der), err));
    }
    TRY(key_sign(key, buf_bytes(der), &signature, err));
    return crl_wrap_list(der, key_signature_algorithm(key), buf_bytes(&signature), err);
}

enum result crl_build(const struct crl_plan *plan, const struct key *key, struct buf *out_der,
                      struct error *err) {
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, out_der->maximum - out_der->size);
    TRY(build(plan, key, &der, err));
    return buf_append(out_der, buf_bytes(&der));
}
