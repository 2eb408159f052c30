// What the lints walk with: elements of DER, found without the reader that policy uses.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// One element; views into what is judged.
struct element {
    uint8_t tag;
    struct bytes content;
    struct bytes whole;
};

// Takes the first element off *rest; false when there is none in DER.
bool lint_take(struct bytes *rest, struct element *out);
// As lint_take, of this tag only.
bool lint_take_tag(struct bytes *rest, uint8_t tag, struct element *out);
// The one element that fills `whole` exactly.
bool lint_only(struct bytes whole, uint8_t tag, struct element *out);

// Octets of an object identifier, as a literal: {OID_OCTETS(0x55, 0x1d, 0x0f)}.
struct octets {
    uint8_t size;
    uint8_t data[12];
};
#define OID_OCTETS(...)                                                                        \
    {                                                                                          \
        sizeof((const uint8_t[]){__VA_ARGS__}), {                                              \
            __VA_ARGS__                                                                        \
        }                                                                                      \
    }
bool lint_is(struct bytes content, const struct octets *oid);

// RFC 5280, 4.1.2.2: an INTEGER of 1 to 20 octets, minimal; positive, or with `may_be_zero` not
// negative.
bool lint_number(const struct element *number, bool may_be_zero);
// RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from then on, with seconds and Z.
bool lint_time(const struct element *time);
// GeneralizedTime in the same form, whatever the year.
bool lint_generalized_time(const struct element *time);
// Fourteen digits, YYYYMMDDhhmmss, which compare as the times do.
#define LINT_TIME_DIGITS 14
void lint_time_digits(const struct element *time, char out[LINT_TIME_DIGITS + 1]);
// An AlgorithmIdentifier of a signature we make, with the parameters its RFC wants: none for
// ECDSA (RFC 5758) and Ed25519 (RFC 8410), NULL for RSA (RFC 4055).
bool lint_signature_algorithm(const struct element *algorithm);
// A Name that is well formed and not empty.
bool lint_name_is_filled(const struct element *name);
// A GeneralName with an http URI.
bool lint_http_uri(const struct element *general_name);

#define LINT_EXTENSIONS 32
struct lint_extension {
    struct bytes oid;
    struct bytes value; // inside the OCTET STRING
    bool is_critical;
    bool has_default; // critical FALSE is written out, which DER forbids
};
struct lint_extensions {
    struct lint_extension items[LINT_EXTENSIONS];
    size_t count;
};
// Reads a SEQUENCE OF Extension.
bool lint_read_extensions(const struct element *list, struct lint_extensions *out);
const struct lint_extension *lint_find(const struct lint_extensions *extensions,
                                       const struct octets *oid);
// No type twice.
bool lint_extensions_differ(const struct lint_extensions *extensions);
bool lint_extensions_are_der(const struct lint_extensions *extensions);
// An AuthorityKeyIdentifier with a keyIdentifier.
bool lint_authority_key_id(const struct lint_extensions *extensions);

// A row of a table of lints: `check` is true when the subject passes.
struct lint {
    const char *name;
    const char *section; // "RFC 5280, 4.1.2.2"
    const char *expected;
};
enum result lint_failed(const struct lint *lint, struct error *err);
