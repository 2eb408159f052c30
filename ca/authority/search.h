// What people search by: names, prefixes, keys and addresses, brought to the form of the records.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "x509/hash.h"

// What a filter points to. Zeroed memory is a cleared one.
struct search_texts {
    char *name;
    char *prefix;
    char *address;
    uint8_t key_hash[SHA256_SIZE];
};
void search_texts_clear(struct search_texts *texts);

// Each takes NULL for "not asked for" and leaves the filter as it is; errors name the field.

// "type:value" with a known type is brought to canonical form, a JID to the form in which servers
// compare (RFC 7622); anything else is a value of any type as it stands ("fe80::1" and "https://…"
// have colons of their own). RESULT_INVALID (code "name_invalid").
enum result search_read_name(const char *text, struct search_texts *texts,
                             struct name_filter *out_filter, struct error *err);
// The same for the beginning of a name; an empty one would be everything.
enum result search_read_prefix(const char *text, struct search_texts *texts,
                               struct name_filter *out_filter, struct error *err);
// A key's fingerprint in hex: RESULT_INVALID (code "fingerprint_invalid").
enum result search_read_key(const char *text, struct search_texts *texts,
                            struct bytes *out_key_hash, struct error *err);
// An IP address in any spelling: RESULT_INVALID (code "address_invalid").
enum result search_read_address(const char *text, struct search_texts *texts,
                                const char **out_address, struct error *err);
