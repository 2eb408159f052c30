// The names of an end entity: its common name and subject alternative names, as one typed set.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "x509/oid.h"

// The prefix is how people write it: "dns:broker.example", "xmpp:hamlet@shakespeare.lit".
#define NAME_TYPE_TABLE(X)                                                                     \
    X(CN, "cn", "common name")                                                                 \
    X(DNS, "dns", "DNS name")                                                                  \
    X(IP, "ip", "IP address")                                                                  \
    X(EMAIL, "email", "e-mail address")                                                        \
    X(URI, "uri", "URI")                                                                       \
    X(XMPP, "xmpp", "XMPP address (JID)")

enum name_type {
#define NAME_CONSTANT(constant, prefix, text) NAME_##constant,
    NAME_TYPE_TABLE(NAME_CONSTANT)
#undef NAME_CONSTANT
        NAME_TYPE_COUNT
};

// `value` is canonical text: DNS in lower-case A-label form, IP as RFC 5952 text, the domain of
// e-mail addresses and JIDs in lower case. Owned.
struct name {
    enum name_type type;
    char *value;
};

// Zeroed memory is an empty set. No two items are equal; order is that of adding.
struct names {
    struct name *items;
    size_t count;
};

void names_clear(struct names *names);
const char *name_type_prefix(enum name_type type);
const char *name_type_text(enum name_type type);
bool name_type_from_prefix(const char *prefix, enum name_type *out_type);

// Adds a value after checking it for its type and bringing it to canonical form. RESULT_INVALID
// (field: the prefix) for bad UTF-8, NUL and control characters, a wrong syntax, too long or
// empty; RESULT_CONFLICT for one that is there already; RESULT_LIMIT above LIMIT_NAMES.
//   cn     1 to 64 characters of UTF-8, no leading or trailing space
//   dns    RFC 1123 host name, labels of 1 to 63, optionally "*." in front; no trailing dot
//   ip     IPv4 or IPv6 address
//   email  addr-spec of ASCII, one "@", host name behind it
//   uri    absolute, with scheme, printable ASCII
//   xmpp   bare or full JID; domain lower-cased here, full RFC 7622 preparation is policy's
enum result names_add(struct names *names, enum name_type type, struct bytes value,
                      struct error *err);
// As names_add, from the form "prefix:value".
enum result names_add_text(struct names *names, const char *text, struct error *err);
// Appends "prefix:value".
enum result name_format(const struct name *name, struct buf *out);

bool names_contain(const struct names *names, enum name_type type, const char *value);
size_t names_count_type(const struct names *names, enum name_type type);
// The first value of that type, or NULL.
const char *names_first(const struct names *names, enum name_type type);
// Same items in any order.
bool names_equal(const struct names *a, const struct names *b);
// The first of `names` that `allowed` lacks, or NULL when all are in it.
const struct name *names_outside(const struct names *names, const struct names *allowed);
enum result names_copy(struct names *to, const struct names *from);
void names_move(struct names *to, struct names *from);

// --- DER -----------------------------------------------------------------------------------

// Appends the Name (RFC 5280, 4.1.2.4): one CN as UTF8String (PrintableString when it fits), or
// an empty sequence when `common_name` is NULL.
enum result distinguished_name_write(struct buf *out, const char *common_name);
// The same with a serialNumber (X.520, 6.2.9) as well; each may be NULL.
enum result distinguished_name_write_device(struct buf *out, const char *common_name,
                                            const char *serial_number);
// RFC 4514 text of any Name, most specific first, unknown attributes as dotted OID and #hex.
enum result distinguished_name_format(struct bytes name_der, struct buf *out);
// Adds the CN of a Name (which must be its only one) to the set. Accepts UTF8String,
// PrintableString, IA5String; others are RESULT_INVALID. A Name without CN adds nothing.
enum result names_read_subject(struct names *names, struct bytes name_der, struct error *err);

// The only attribute of this type in a Name, as text. RESULT_NOT_FOUND when there is none, when
// there are two, and when it is not text.
enum result distinguished_name_find(struct bytes name_der, enum oid type,
                                    struct bytes *out_value);

// Appends the GeneralNames SEQUENCE of all items but the CN. xmppAddr as UTF8String in an
// otherName (RFC 6120, 13.7.1.4).
enum result names_write_san(struct buf *out, const struct names *names);
// Adds every GeneralName of a SubjectAltName value. An empty sequence, a type that is not in
// our table, and a duplicate are RESULT_INVALID; `allow_foreign` skips the first two instead,
// for certificates that other CAs made.
enum result names_read_san(struct names *names, struct bytes san_der, bool allow_foreign,
                           struct error *err);
