// A sorted array of serials.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/serial_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "x509/crl.h"

void serial_set_clear(struct serial_set *set) {
    free(set->items);
    *set = (struct serial_set){0};
}

static enum result read_hex(struct bytes hex, struct live_serial *out_serial) {
    AUTO(buf_clear) struct buf octets = {0};
    buf_init(&octets, 2 * LIMIT_SERIAL_BYTES);
    TRY(text_hex_decode(hex, &octets));
    struct bytes serial = buf_bytes(&octets);
    while (serial.size > 0 && serial.data[0] == 0) {
        serial = bytes_slice(serial, 1, serial.size);
    }
    if (serial.size == 0 || serial.size > LIMIT_SERIAL_BYTES) {
        return RESULT_INVALID;
    }
    *out_serial = (struct live_serial){.size = (uint8_t)serial.size};
    memcpy(out_serial->octets, serial.data, serial.size);
    return RESULT_OK;
}

static enum result add(struct serial_set *set, const struct live_serial *serial,
                       struct error *err) {
    if (set->count == LIMIT_LIVE_SERIALS) {
        return error_set(err, RESULT_LIMIT, "there are more than %d serials to look at",
                         LIMIT_LIVE_SERIALS);
    }
    if ((set->count & (set->count - 1)) == 0) { // room for the next power of two
        size_t room = set->count == 0 ? 1 : 2 * set->count;
        struct live_serial *grown = realloc(set->items, room * sizeof(*grown));
        if (grown == NULL) {
            return error_out_of_memory(err);
        }
        set->items = grown;
    }
    set->items[set->count++] = *serial;
    return RESULT_OK;
}

enum result serial_set_add(struct serial_set *set, struct bytes hex, struct error *err) {
    struct live_serial serial;
    return read_hex(hex, &serial) == RESULT_OK ? add(set, &serial, err) : RESULT_OK;
}

static int compare(const void *a, const void *b) {
    const struct live_serial *left = a;
    const struct live_serial *right = b;
    return bytes_compare(bytes_of(left->octets, left->size),
                         bytes_of(right->octets, right->size));
}

static struct live_serial *find(const struct serial_set *set, const struct live_serial *key) {
    return set->count == 0 ? NULL
                           : bsearch(key, set->items, set->count, sizeof(*set->items), compare);
}

static void sort(struct serial_set *set) {
    if (set->count == 0) {
        return;
    }
    qsort(set->items, set->count, sizeof(*set->items), compare);
    size_t kept = 1;
    for (size_t i = 1; i < set->count; i++) {
        if (compare(&set->items[i], &set->items[kept - 1]) != 0) {
            set->items[kept++] = set->items[i];
        }
    }
    set->count = kept;
}

static struct live_serial of_entry(const struct crl_entry *entry) {
    struct live_serial serial = {.size = entry->serial_size};
    memcpy(serial.octets, entry->serial, entry->serial_size);
    return serial;
}

// RESULT_NOT_FOUND at the end.
static enum result walk_next(struct serial_walk *walk, struct live_serial *out_serial,
                             struct error *err) {
    struct crl_entry entry;
    enum result result = RESULT_OK;
    while ((result = crl_next_entry(&walk->entries, &entry, err)) == RESULT_NOT_FOUND &&
           walk->crls.size > 0) {
        struct crl crl;
        TRY(crl_read_next(&walk->crls, &crl, err));
        walk->entries = crl.entries;
    }
    TRY(result);
    *out_serial = of_entry(&entry);
    return RESULT_OK;
}

enum result serial_set_fill(struct serial_set *set, struct serial_walk *walk,
                            struct error *err) {
    serial_set_clear(set);
    while (set->count < LIMIT_LIVE_SERIALS) {
        struct live_serial serial;
        enum result result = walk_next(walk, &serial, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        TRY(add(set, &serial, err));
    }
    return RESULT_OK;
}

enum result serial_set_judge(struct serial_set *set, struct bytes crls, struct error *err) {
    struct serial_walk walk = {.crls = crls};
    struct live_serial serial;
    enum result result = RESULT_OK;
    sort(set);
    while ((result = walk_next(&walk, &serial, err)) == RESULT_OK) {
        struct live_serial *found = find(set, &serial);
        if (found != NULL) {
            found->is_revoked = true;
        }
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

enum result serial_set_merge(struct serial_set *set, const struct serial_set *more,
                             size_t *left_out, struct error *err) {
    const size_t known = set->count;
    for (size_t i = 0; i < more->count; i++) {
        const struct serial_set before = {.items = set->items, .count = known};
        if (more->items[i].is_revoked || find(&before, &more->items[i]) != NULL) {
            continue;
        }
        if (set->count == LIMIT_LIVE_SERIALS) {
            (*left_out)++;
        } else {
            TRY(add(set, &more->items[i], err));
        }
    }
    sort(set);
    return RESULT_OK;
}

bool serial_set_is_revoked(const struct serial_set *set, struct bytes hex) {
    struct live_serial key;
    if (read_hex(hex, &key) != RESULT_OK) {
        return false;
    }
    const struct live_serial *found = find(set, &key);
    return found != NULL && found->is_revoked;
}
