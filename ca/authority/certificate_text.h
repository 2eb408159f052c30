// Certificate records in the form that messages, logs and people use.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/limits.h"
#include "store/store.h"
#include "wire/messages.h"
#include "x509/names.h"

struct authority;

#define CERTIFICATE_SERIAL_TEXT_SIZE (2 * LIMIT_SERIAL_BYTES + 1)

// Lower-case hex with a terminator; what is longer than a serial may be is cut.
void serial_text(struct bytes serial, char out_text[CERTIFICATE_SERIAL_TEXT_SIZE]);
// From hex, with or without colons between the octets. Leading zero octets are dropped.
enum result serial_read(const char *text, uint8_t out_serial[LIMIT_SERIAL_BYTES],
                        size_t *out_size, struct error *err);

enum result name_records_read(const struct name_record *records, size_t count,
                              struct names *out_names, struct error *err);
// Adds each as "type:value".
enum result name_records_list(const struct name_record *records, size_t count,
                              struct text_list *list);
// Appends all, with ", " between.
enum result name_records_format(const struct name_record *records, size_t count,
                                struct buf *out);
// Records that borrow from `names`: free *out_records (an array, NULL when empty) before them.
enum result name_records_borrow(const struct names *names, struct name_record **out_records);
void name_records_free_at(struct name_record **records);

// The common name, or NULL.
const char *certificate_common_name(const struct certificate_record *record);
// Of a certificate that is revoked or on hold: RESULT_DENIED, code "certificate_revoked" or
// "certificate_held". `subject` begins the sentence; `cure` is what helps after a final revocation.
enum result certificate_refuse_revoked(const struct certificate_record *record,
                                       const char *subject, const char *cure,
                                       struct error *err);
// "valid", "expired", "revoked", "held".
const char *certificate_state_name(const struct certificate_record *record, int64_t now);
// All but the DER and the predecessor's serial.
enum result certificate_info_fill(const struct authority *authority,
                                  const struct certificate_record *record, int64_t now,
                                  struct certificate_info *out_info);
