// Serials, names and states of certificate records as text.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/certificate_text.h"

#include <stdlib.h>
#include <string.h>

#include "authority/authority.h"
#include "base/text.h"
#include "x509/crl.h"

void serial_text(struct bytes serial, char out_text[CERTIFICATE_SERIAL_TEXT_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    size_t size = serial.size < LIMIT_SERIAL_BYTES ? serial.size : LIMIT_SERIAL_BYTES;
    for (size_t i = 0; i < size; i++) {
        out_text[2 * i] = digits[serial.data[i] >> 4];
        out_text[2 * i + 1] = digits[serial.data[i] & 15];
    }
    out_text[2 * size] = '\0';
}

static enum result bad_serial(const char *text, struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "serial_invalid",
                         "%.48s is not a serial: expected 2 to %d hexadecimal digits", text,
                         2 * LIMIT_SERIAL_BYTES);
    error_field(err, "serial");
    error_hint(err, "Copy it from the list of certificates.");
    return RESULT_INVALID;
}

enum result serial_read(const char *text, uint8_t out_serial[LIMIT_SERIAL_BYTES],
                        size_t *out_size, struct error *err) {
    AUTO(buf_clear) struct buf digits = {0};
    buf_init(&digits, 2 * LIMIT_SERIAL_BYTES + 2);
    for (const char *next = text; *next != '\0'; next++) {
        if (*next != ':' && buf_append_byte(&digits, (uint8_t)*next) != RESULT_OK) {
            return bad_serial(text, err);
        }
    }
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, LIMIT_SERIAL_BYTES + 1);
    if (text_hex_decode(buf_bytes(&digits), &serial) != RESULT_OK) {
        return bad_serial(text, err);
    }
    while (serial.size > 1 && serial.data[0] == 0) {
        buf_consume(&serial, 1);
    }
    if (serial.size == 0 || serial.size > LIMIT_SERIAL_BYTES) {
        return bad_serial(text, err);
    }
    memcpy(out_serial, serial.data, serial.size);
    *out_size = serial.size;
    return RESULT_OK;
}

enum result name_records_read(const struct name_record *records, size_t count,
                              struct names *out_names, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    for (size_t i = 0; i < count; i++) {
        enum name_type type = NAME_CN;
        if (!name_type_from_prefix(records[i].type, &type)) {
            return error_set(err, RESULT_INTERNAL, "the store holds a name of unknown type %s",
                             records[i].type);
        }
        TRY(names_add(&names, type, bytes_of_string(records[i].value), err));
    }
    names_move(out_names, &names);
    return RESULT_OK;
}

enum result name_records_list(const struct name_record *records, size_t count,
                              struct text_list *list) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_NAME_BYTES + 16);
    for (size_t i = 0; i < count; i++) {
        buf_reset(&text);
        TRY(buf_printf(&text, "%s:%s", records[i].type, records[i].value));
        TRY(text_list_add(list, buf_string(&text)));
    }
    return RESULT_OK;
}

enum result name_records_format(const struct name_record *records, size_t count,
                                struct buf *out) {
    for (size_t i = 0; i < count; i++) {
        TRY(buf_printf(out, "%s%s:%s", i == 0 ? "" : ", ", records[i].type, records[i].value));
    }
    return RESULT_OK;
}

enum result name_records_borrow(const struct names *names, struct name_record **out_records) {
    struct name_record *records = calloc(names->count + 1, sizeof(*records));
    if (records == NULL) {
        return RESULT_INTERNAL;
    }
    for (size_t i = 0; i < names->count; i++) {
        records[i].type = (char *)(uintptr_t)name_type_prefix(names->items[i].type);
        records[i].value = names->items[i].value;
    }
    *out_records = records;
    return RESULT_OK;
}

void name_records_free_at(struct name_record **records) {
    free(*records);
    *records = NULL;
}

const char *certificate_common_name(const struct certificate_record *record) {
    for (size_t i = 0; i < record->name_count; i++) {
        if (strcmp(record->names[i].type, name_type_prefix(NAME_CN)) == 0) {
            return record->names[i].value;
        }
    }
    return NULL;
}

const char *certificate_state_name(const struct certificate_record *record, int64_t now) {
    if (record->revoked_at != 0) {
        return record->is_on_hold ? "held" : "revoked";
    }
    return now > record->not_after ? "expired" : "valid";
}

enum result certificate_refuse_revoked(const struct certificate_record *record,
                                       const char *subject, const char *cure,
                                       struct error *err) {
    if (record->is_on_hold) {
        (void)error_set_code(err, RESULT_DENIED, "certificate_held", "%s is on hold", subject);
        error_hint(err, "Ask an administrator, who releases or revokes it.");
        return RESULT_DENIED;
    }
    (void)error_set_code(err, RESULT_DENIED, "certificate_revoked", "%s has been revoked",
                         subject);
    error_hint(err, "%s", cure);
    return RESULT_DENIED;
}

static enum result set_hex(char **member, struct bytes bytes) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * bytes.size + 1);
    TRY(text_hex_encode(bytes, &text));
    return text_set(member, buf_string(&text));
}

enum result certificate_info_fill(const struct authority *authority,
                                  const struct certificate_record *record, int64_t now,
                                  struct certificate_info *out_info) {
    const struct issuer *issuer = authority_find_issuer(authority, record->issuer_id);
    TRY(set_hex(&out_info->serial, buf_bytes(&record->serial)));
    TRY(text_set(&out_info->issuer, issuer == NULL ? "unknown" : issuer->record.name));
    TRY(text_set(&out_info->profile, record->profile));
    TRY(text_set(&out_info->state, certificate_state_name(record, now)));
    TRY(name_records_list(record->names, record->name_count, &out_info->names));
    out_info->not_before = record->not_before;
    out_info->not_after = record->not_after;
    if (record->revoked_at != 0) {
        out_info->revoked_at = record->revoked_at;
        TRY(text_set(&out_info->reason,
                     crl_reason_name((enum crl_reason)record->revocation_reason)));
        out_info->invalid_since = record->invalid_since;
    }
    if (record->token_id.size > 0) {
        TRY(set_hex(&out_info->token, buf_bytes(&record->token_id)));
    }
    if (record->request_id.size > 0) {
        TRY(set_hex(&out_info->request, buf_bytes(&record->request_id)));
    }
    if (record->address != NULL) {
        TRY(text_set(&out_info->address, record->address));
    }
    return record->key_hash.size > 0
               ? set_hex(&out_info->key_fingerprint, buf_bytes(&record->key_hash))
               : RESULT_OK;
}
