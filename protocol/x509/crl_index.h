// Finding the entries of a CRL by serial: some 17 to 31 octets for each, beside the CRL itself.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "x509/crl.h"

// Zeroed memory is an empty one.
struct crl_index {
    struct bytes entries;      // borrowed: the CRL's
    struct bytes left;         // not indexed yet
    size_t count;              // of entries that are
    uint32_t *places;          // where an entry begins, plus one; 0: nowhere
    size_t size;               // of the table; a power of two
    bool has_unknown_critical; // in one of them
    size_t next; // where the entry begins that is looked up next, if all goes in order
};

void crl_index_clear(struct crl_index *index);
enum result crl_index_init(struct crl_index *index, const struct crl *crl, struct error *err);
// Reads and indexes as many entries, or what is left of them. RESULT_INVALID for one that cannot be
// read, RESULT_CONFLICT for a serial that is there already.
enum result crl_index_read(struct crl_index *index, size_t at_most, bool *out_is_whole,
                           struct error *err);
// Whether the serial is listed; *out_entry is set when it is. Nothing is faster than looking up in
// the CRL's own order.
bool crl_index_find(struct crl_index *index, struct bytes serial, struct crl_entry *out_entry);
// Takes the first entry off *entries if it is octet by octet the one that is looked up next: what two
// CRLs have in common goes by without being read.
bool crl_index_take_same(struct crl_index *index, struct bytes *entries);
// Looking up in order begins anew.
void crl_index_rewind(struct crl_index *index);
