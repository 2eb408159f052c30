// Rules: lists of devices that are approved at once when they ask without a token.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/requests/request.h"
#include "base/error.h"
#include "wire/messages.h"

struct authority;
struct peer;

// A rule of kind "key" names the SHA-256 of a SubjectPublicKeyInfo, which the request proves to
// hold. One of kind "serial" names a serial number, which the request only claims: in the
// subject's serialNumber, or without one in its common name. So each rule serves one line of
// certificates: whoever comes first, and that key again later.

// Adds all entries or none. A request of that profile that waits without a token for a key that is
// listed is approved with it, the newest one; what cannot be issued so waits on (asked for other
// names, for instance). Requests that wait with a serial number do: nothing proves whose they are,
// and people are looking at them already.
// Rows that are there already with the same names are counted, others
// are RESULT_CONFLICT (code "rule_conflict"); rows that could never be used are refused:
// "rule_kind_unknown", "rule_value_invalid", "names_missing", "ask_denied" (the profile does not
// let anyone ask), "own_request" (the key of the administrator's own certificate), policy's
// codes. The message says which row.
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

// A list is one administrator's word: where a profile wants more approvals, it decides nothing.
bool rule_may_approve(const struct profile *profile);

// The certificate for a device that a rule names, at once; the same CSR gets the same
// certificate again. RESULT_NOT_FOUND (error untouched) when none does, when the rule was used
// by another key, when the profile wants more than one approval by now, and when a certificate of its line was revoked: people have to look at that.
// RESULT_DENIED (code "name_not_granted") when it asks for more than the rule gives.
enum result rule_enroll(struct authority *authority, struct peer *peer,
                        const struct hold_request *hold, struct issued *reply,
                        struct error *err);

// What became of the rule that names a device.
enum rule_standing {
    RULE_STANDING_NONE,    // there is none
    RULE_STANDING_OPEN,    // nobody came yet
    RULE_STANDING_OWN,     // used by this key
    RULE_STANDING_TAKEN,   // used by another key
    RULE_STANDING_REVOKED, // a certificate of its line was revoked
};
enum result rule_standing_of(struct authority *authority, const char *profile,
                             const struct csr *csr, enum rule_standing *out_standing,
                             struct error *err);

// --- for the other files of rules ------------------------------------------------------------

#define RULE_KIND_KEY "key"
#define RULE_KIND_SERIAL "serial"

// RESULT_INVALID (code "rule_kind_unknown").
enum result rule_read_kind(const char *text, const char **out_kind, struct error *err);
// Owned, in the form in which it is kept. RESULT_INVALID (code "rule_value_invalid").
enum result rule_read_value(const char *kind, const char *text, char **out_value,
                            struct error *err);
// Approves the newest request that waits for the key of this rule, which nobody has used.
// *out_is_approved says whether there was one that could be.
enum result rule_approve_held(struct authority *authority, const struct peer *peer,
                              const struct rule_record *rule, const struct profile *profile,
                              bool *out_is_approved, struct error *err);
// Issues within the rule what a request that was held asked for.
enum result rule_issue_held(struct authority *authority, const struct peer *peer,
                            const struct rule_record *rule, const struct profile *profile,
                            const struct request_record *held, int64_t now,
                            int64_t *out_certificate_id, struct error *err);
