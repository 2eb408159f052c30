// The table of object identifiers, and their dotted form to octets and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/oid.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "x509/der.h"

// The longest identifier of the table has eleven octets. With the size behind them, sixteen bytes
// each: firmware has this table in memory, too.
#define OID_CONTENT_SIZE 15
// Dotted text of any identifier that is shown or configured.
#define LIMIT_OID_BYTES 64

static const char *const oid_names[OID_COUNT] = {
#define OID_NAME(constant, name, dotted) [OID_##constant] = name,
    OID_TABLE(OID_NAME)
#undef OID_NAME
};

static const char *const oid_dotted[OID_COUNT] = {
#define OID_DOTTED(constant, name, dotted) [OID_##constant] = dotted,
    OID_TABLE(OID_DOTTED)
#undef OID_DOTTED
};

struct content {
    uint8_t octets[OID_CONTENT_SIZE];
    uint8_t size;
};

static struct content contents[OID_COUNT];
static pthread_once_t contents_once = PTHREAD_ONCE_INIT;

// The table holds what people can read; its octets are made from that once per process.
static void fill_contents(void) {
    for (int i = OID_UNKNOWN + 1; i < OID_COUNT; i++) {
        AUTO(buf_clear) struct buf octets = {0};
        buf_init(&octets, OID_CONTENT_SIZE);
        if (oid_encode(oid_dotted[i], &octets, NULL) != RESULT_OK) {
            abort(); // the table itself is wrong, or the process starts without memory
        }
        memcpy(contents[i].octets, octets.data, octets.size);
        contents[i].size = (uint8_t)octets.size;
    }
}

struct bytes oid_content(enum oid oid) {
    (void)pthread_once(&contents_once, fill_contents);
    return bytes_of(contents[oid].octets, contents[oid].size);
}

enum oid oid_find(struct bytes content) {
    for (int i = OID_UNKNOWN + 1; i < OID_COUNT; i++) {
        if (bytes_equal(oid_content((enum oid)i), content)) {
            return (enum oid)i;
        }
    }
    return OID_UNKNOWN;
}

const char *oid_name(enum oid oid) {
    return oid > OID_UNKNOWN && oid < OID_COUNT ? oid_names[oid] : "unknown";
}

enum oid oid_from_name(const char *name) {
    for (int i = OID_UNKNOWN + 1; i < OID_COUNT; i++) {
        if (strcmp(oid_names[i], name) == 0) {
            return (enum oid)i;
        }
    }
    return OID_UNKNOWN;
}

static enum result not_dotted(struct error *err, const char *dotted) {
    return error_set(err, RESULT_INVALID,
                     "\"%s\" is no object identifier: expected numbers with dots between them, "
                     "such as 1.3.6.1.5.5.7.3.2",
                     dotted);
}

// Base 128, most significant group first, all but the last with the top bit (X.690, 8.19.2).
static enum result append_arc(struct buf *out, uint64_t arc) {
    uint8_t groups[10];
    size_t used = sizeof(groups);
    groups[--used] = (uint8_t)(arc & 0x7f);
    while ((arc >>= 7) != 0) {
        groups[--used] = (uint8_t)(0x80 | (arc & 0x7f));
    }
    return buf_append(out, bytes_of(&groups[used], sizeof(groups) - used));
}

// One decimal number without sign or leading zero; moves *text behind it.
static bool read_arc(const char **text, uint64_t *out_arc) {
    const char *at = *text;
    if (*at < '0' || *at > '9' || (at[0] == '0' && at[1] >= '0' && at[1] <= '9')) {
        return false;
    }
    uint64_t arc = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (arc > UINT32_MAX) {
            return false;
        }
        arc = arc * 10 + (uint64_t)(*at - '0');
    }
    *text = at;
    *out_arc = arc;
    return true;
}

enum result oid_encode(const char *dotted, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf octets = {0};
    buf_init(&octets, LIMIT_OID_BYTES);
    const char *at = dotted;
    uint64_t first = 0, second = 0;
    if (!read_arc(&at, &first) || first > 2 || *at++ != '.' || !read_arc(&at, &second) ||
        (first < 2 && second > 39)) {
        return not_dotted(err, dotted);
    }
    TRY(append_arc(&octets, first * 40 + second));
    while (*at != '\0') {
        uint64_t arc = 0;
        if (*at++ != '.' || !read_arc(&at, &arc)) {
            return not_dotted(err, dotted);
        }
        if (append_arc(&octets, arc) != RESULT_OK) {
            return not_dotted(err, dotted);
        }
    }
    return buf_append(out, buf_bytes(&octets));
}

enum result oid_format(struct bytes content, struct buf *out) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 16 * LIMIT_OID_BYTES);
    uint64_t arc = 0;
    bool is_first = true, is_arc_start = true;
    if (content.size == 0 || content.size > LIMIT_OID_BYTES) {
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < content.size; i++) {
        uint8_t octet = content.data[i];
        if ((is_arc_start && octet == 0x80) || arc > UINT64_MAX >> 7) {
            return RESULT_INVALID;
        }
        arc = arc << 7 | (octet & 0x7f);
        is_arc_start = (octet & 0x80) == 0;
        if (!is_arc_start) {
            continue;
        }
        if (is_first) {
            unsigned first = arc < 40 ? 0 : arc < 80 ? 1 : 2;
            TRY(buf_printf(&text, "%u.%llu", first, (unsigned long long)(arc - 40 * first)));
            is_first = false;
        } else {
            TRY(buf_printf(&text, ".%llu", (unsigned long long)arc));
        }
        arc = 0;
    }
    if (!is_arc_start) {
        return RESULT_INVALID;
    }
    return buf_append(out, buf_bytes(&text));
}

enum result oid_write(struct buf *out, enum oid oid) {
    return der_write(out, DER_OID, oid_content(oid));
}
