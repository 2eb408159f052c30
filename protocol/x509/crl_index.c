// A hash table of offsets into the entries, with open addressing, at most half full.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/crl_index.h"

#include <stdlib.h>
#include <string.h>

#include "x509/der.h"

// No entry takes fewer octets than these: headers, a serial of one and a time.
#define ENTRY_BYTES 20

void crl_index_clear(struct crl_index *index) {
    free(index->places);
    *index = (struct crl_index){0};
}

enum result crl_index_init(struct crl_index *index, const struct crl *crl, struct error *err) {
    _Static_assert(LIMIT_CRL_BYTES < UINT32_MAX, "an offset fits");
    struct crl_index made = {.entries = crl->entries, .left = crl->entries, .size = 16};
    // Mostly less: serials are long. An entry that grows the table would make one turn long.
    while (made.size < 2 * (crl->entries.size / ENTRY_BYTES + 1)) {
        made.size *= 2;
    }
    made.places = calloc(made.size, sizeof(*made.places));
    if (made.places == NULL) {
        return error_out_of_memory(err);
    }
    *index = made;
    return RESULT_OK;
}

// The last octets are as random as the others; whose serials are chosen by others, chooses them.
static size_t hash_of(struct bytes serial) {
    uint64_t last = 0;
    size_t used = serial.size < sizeof(last) ? serial.size : sizeof(last);
    struct bytes tail = bytes_slice(serial, serial.size - used, used);
    if (used > 0) {
        memcpy(&last, tail.data, used);
    }
    last *= 0x9e3779b97f4a7c15; // spreads what small numbers have in their low bits
    return (size_t)(last >> 32);
}

static struct bytes serial_of(const struct crl_entry *entry) {
    return bytes_of(entry->serial, entry->serial_size);
}

// Of an entry that crl_next_entry has read before.
static bool read_at(const struct crl_index *index, size_t offset, struct crl_entry *out_entry,
                    size_t *out_behind) {
    struct bytes cursor = bytes_slice(index->entries, offset, SIZE_MAX);
    if (crl_next_entry(&cursor, out_entry, NULL) != RESULT_OK) {
        return false;
    }
    *out_behind = index->entries.size - cursor.size;
    return true;
}

// Only the serial, which is what most of them differ in.
static bool has_serial(const struct crl_index *index, size_t offset, struct bytes serial) {
    struct der der = der_of(bytes_slice(index->entries, offset, SIZE_MAX)), inside = {0};
    struct bytes listed = {0};
    return der_enter(&der, DER_SEQUENCE, &inside, NULL) == RESULT_OK &&
           der_read_unsigned(&inside, &listed, NULL) == RESULT_OK &&
           bytes_equal(listed, serial);
}

// Its place, or the empty one where it would be.
static size_t place_of(const struct crl_index *index, struct bytes serial) {
    size_t place = hash_of(serial) & (index->size - 1);
    while (index->places[place] != 0 && !has_serial(index, index->places[place] - 1, serial)) {
        place = (place + 1) & (index->size - 1);
    }
    return place;
}

enum result crl_index_read(struct crl_index *index, size_t at_most, bool *out_is_whole,
                           struct error *err) {
    for (size_t i = 0; i < at_most && index->left.size > 0; i++) {
        struct crl_entry entry = {0};
        size_t offset = index->entries.size - index->left.size;
        TRY(crl_next_entry(&index->left, &entry, err));
        size_t place = place_of(index, serial_of(&entry));
        if (index->places[place] != 0) {
            return error_set(err, RESULT_CONFLICT, "a serial is listed twice");
        }
        index->places[place] = (uint32_t)offset + 1;
        index->has_unknown_critical |= entry.has_unknown_critical;
        index->count++;
    }
    *out_is_whole = index->left.size == 0;
    return RESULT_OK;
}

bool crl_index_find(struct crl_index *index, struct bytes serial, struct crl_entry *out_entry) {
    size_t behind = 0;
    if (read_at(index, index->next, out_entry, &behind) &&
        bytes_equal(serial_of(out_entry), serial)) {
        index->next = behind;
        return true;
    }
    size_t place = place_of(index, serial);
    if (index->places[place] == 0 ||
        !read_at(index, index->places[place] - 1, out_entry, &behind)) {
        return false;
    }
    index->next = behind;
    return true;
}

bool crl_index_take_same(struct crl_index *index, struct bytes *entries) {
    struct der der = der_of(*entries);
    struct bytes entry = {0};
    if (der_read_element(&der, DER_SEQUENCE, &entry, NULL) != RESULT_OK ||
        !bytes_equal(bytes_slice(index->entries, index->next, entry.size), entry)) {
        return false;
    }
    index->next += entry.size;
    *entries = der.left;
    return true;
}

void crl_index_rewind(struct crl_index *index) {
    index->next = 0;
}
