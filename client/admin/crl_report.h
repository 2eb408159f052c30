// What a CRL holds, and what one has that another has not, as messages to be printed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/messages.h"
#include "x509/crl.h"

// These stay on this side: no server speaks them, so the limits only bound what is printed.

#define crl_line_FIELDS(F, R)                                                                  \
    F(TEXT, serial, 2 * LIMIT_SERIAL_BYTES, REQUIRED)                                          \
    F(TIME, revoked_at, 0, REQUIRED)                                                           \
    F(TEXT, reason, 32, REQUIRED)                                                              \
    F(TIME, invalid_since, 0, OPTIONAL)

#define crl_head_FIELDS(F, R)                                                                  \
    F(INTEGER, number, INT64_MAX, OPTIONAL)                                                    \
    F(TIME, this_update, 0, REQUIRED)                                                          \
    F(TIME, next_update, 0, OPTIONAL)                                                          \
    F(INTEGER, entries, INT64_MAX, REQUIRED)                                                   \
    F(INTEGER, size, INT64_MAX, REQUIRED)

#define crl_report_FIELDS(F, R)                                                                \
    F(TEXT, issuer, LIMIT_LABEL_BYTES, REQUIRED)                                               \
    crl_head_FIELDS(F, R) R(revoked, crl_line, LIMIT_CRL_REPORT_ENTRIES)

// Of a serial that both have: what they say of it.
#define crl_changed_line_FIELDS(F, R)                                                          \
    F(TEXT, serial, 2 * LIMIT_SERIAL_BYTES, REQUIRED)                                          \
    F(TEXT, old_reason, 32, REQUIRED)                                                          \
    F(TEXT, reason, 32, REQUIRED)                                                              \
    F(TIME, old_revoked_at, 0, REQUIRED)                                                       \
    F(TIME, revoked_at, 0, REQUIRED)                                                           \
    F(TIME, old_invalid_since, 0, OPTIONAL)                                                    \
    F(TIME, invalid_since, 0, OPTIONAL)

// `crls` are the old one and the new one.
#define crl_difference_FIELDS(F, R)                                                            \
    F(BOOLEAN, is_same, 0, REQUIRED)                                                           \
    R(crls, crl_head, 2)                                                                       \
    R(added, crl_line, LIMIT_CRL_REPORT_ENTRIES)                                               \
    R(removed, crl_line, LIMIT_CRL_REPORT_ENTRIES)                                             \
    R(changed, crl_changed_line, LIMIT_CRL_REPORT_ENTRIES)

MESSAGE_DECLARE(crl_line);
MESSAGE_DECLARE(crl_head);
MESSAGE_DECLARE(crl_report);
MESSAGE_DECLARE(crl_changed_line);
MESSAGE_DECLARE(crl_difference);

// Of all entries, or with `serials` (hex digits in either case, maybe with colons) of those only:
// RESULT_NOT_FOUND (code "not_listed") names the first that is not in it, RESULT_INVALID (code
// "usage") the first that is no serial.
enum result crl_report(const struct crl *crl, const char *issuer, const char *const *serials,
                       size_t serial_count, struct crl_report *out_report, struct error *err);
// Compares numbers, dates and entries, whatever their order; signatures are not looked at.
// RESULT_INVALID (code "issuer_other") when they are not of one issuer and key.
enum result crl_compare(const struct crl *old_crl, const struct crl *new_crl,
                        struct crl_difference *out_difference, struct error *err);
