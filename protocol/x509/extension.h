// Extensions (RFC 5280, 4.2): the list that certificates, requests and CRLs share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "x509/der.h"
#include "x509/oid.h"

struct extension {
    enum oid oid;      // OID_UNKNOWN when the table has none
    struct bytes type; // content of the OID
    bool is_critical;
    struct bytes value; // content of the OCTET STRING
};

struct extensions {
    struct extension items[LIMIT_EXTENSIONS];
    size_t count;
};

// Reads the SEQUENCE OF Extension at the cursor. RESULT_INVALID for an empty list, one that is
// too long, and a type that comes twice.
enum result extensions_read(struct der *der, struct extensions *out_extensions,
                            struct error *err);

// Opens an extension for its value to be written; extension_end closes it.
struct extension_marks {
    size_t extension, value;
};
enum result extension_begin(struct buf *out, enum oid oid, bool is_critical,
                            struct extension_marks *out_marks);
enum result extension_end(struct buf *out, const struct extension_marks *marks);

// The values that more than one structure carries.
// BasicConstraints.
enum result extension_read_basic_constraints(struct bytes value, bool *out_is_ca,
                                             int *out_path_length, struct error *err);
// The keyIdentifier inside an AuthorityKeyIdentifier; empty when it has none.
enum result extension_read_authority_key_id(struct bytes value, struct bytes *out_key_id,
                                            struct error *err);
// A whole authorityKeyIdentifier extension with this keyIdentifier.
enum result extension_write_authority_key_id(struct buf *out, struct bytes key_id);
