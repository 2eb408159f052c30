// Rules: lists of devices that are approved at once when they ask without a token.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/request.h"
#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// A rule of kind "key" names the SHA-256 of a SubjectPublicKeyInfo, which the request proves to
// hold. One of kind "serial" names a serial number, which the request only claims: in the
// subject's serialNumber, or without one in its common name. So each rule serves one line of
// certificates: whoever comes first, and that key again later.

// Adds all entries or none. Rows that are there already with the same names are counted, others
// are RESULT_CONFLICT (code "rule_conflict"); rows that could never be used are refused:
// "rule_kind_unknown", "rule_value_invalid", "names_missing", "ask_denied" (the profile does not
// let anyone ask), policy's codes. The message says which row.
enum result rule_add(struct authority *authority, const struct peer *peer,
                     const struct rule_add *request, struct rule_added *reply,
                     struct error *err);
enum result rule_list(struct authority *authority, const struct peer *peer,
                      const struct rule_list *request, struct rule_page *reply,
                      struct error *err);
// What was issued by it stays. RESULT_NOT_FOUND (code "rule_unknown").
enum result rule_remove(struct authority *authority, const struct peer *peer,
                        const struct rule_remove *request, struct rule_info *reply,
                        struct error *err);

// The certificate for a device that a rule names, at once; the same CSR gets the same
// certificate again. RESULT_NOT_FOUND (error untouched) when none does, when the rule was used
// by another key, and when a certificate of its line was revoked: people have to look at that.
// RESULT_DENIED (code "name_not_granted") when it asks for more than the rule gives.
enum result rule_enroll(struct authority *authority, struct peer *peer,
                        const struct hold_request *hold, struct issued *reply,
                        struct error *err);

// --- for the other files of rules ------------------------------------------------------------

#define RULE_KIND_KEY "key"
#define RULE_KIND_SERIAL "serial"

// RESULT_INVALID (code "rule_kind_unknown").
enum result rule_read_kind(const char *text, const char **out_kind, struct error *err);
// Owned, in the form in which it is kept. RESULT_INVALID (code "rule_value_invalid").
enum result rule_read_value(const char *kind, const char *text, char **out_value,
                            struct error *err);
