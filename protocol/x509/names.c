// The set of names of an end entity; what each type looks like is in name_syntax.c.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "x509/name_syntax.h"

static const char *const prefixes[NAME_TYPE_COUNT] = {
#define NAME_PREFIX(constant, prefix, text) [NAME_##constant] = prefix,
    NAME_TYPE_TABLE(NAME_PREFIX)
#undef NAME_PREFIX
};

static const char *const texts[NAME_TYPE_COUNT] = {
#define NAME_TEXT(constant, prefix, text) [NAME_##constant] = text,
    NAME_TYPE_TABLE(NAME_TEXT)
#undef NAME_TEXT
};

void names_clear(struct names *names) {
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i].value);
    }
    free(names->items);
    *names = (struct names){0};
}

const char *name_type_prefix(enum name_type type) {
    return type < NAME_TYPE_COUNT ? prefixes[type] : "unknown";
}

const char *name_type_text(enum name_type type) {
    return type < NAME_TYPE_COUNT ? texts[type] : "unknown";
}

static bool find_prefix(struct bytes prefix, enum name_type *out_type) {
    for (int i = 0; i < NAME_TYPE_COUNT; i++) {
        if (bytes_equal(bytes_of_string(prefixes[i]), prefix)) {
            *out_type = (enum name_type)i;
            return true;
        }
    }
    return false;
}

bool name_type_from_prefix(const char *prefix, enum name_type *out_type) {
    return find_prefix(bytes_of_string(prefix), out_type);
}

// Adds a value that is canonical already.
static enum result add_canonical(struct names *names, enum name_type type, const char *value,
                                 struct error *err) {
    if (names_contain(names, type, value)) {
        (void)error_set_code(err, RESULT_CONFLICT, "name_duplicate",
                             "the %s \"%s\" is there twice", name_type_text(type), value);
        error_field(err, name_type_prefix(type));
        return RESULT_CONFLICT;
    }
    if (names->count >= LIMIT_NAMES) {
        return error_set(err, RESULT_LIMIT, "more than %d names", LIMIT_NAMES);
    }
    // Sizes of 1, 2, 4, …: grown when the count is one of them.
    if ((names->count & (names->count - 1)) == 0) {
        size_t capacity = names->count == 0 ? 1 : 2 * names->count;
        struct name *items = realloc(names->items, capacity * sizeof(*items));
        if (items == NULL) {
            return error_out_of_memory(err);
        }
        names->items = items;
    }
    char *copy = string_copy(value);
    if (copy == NULL) {
        return error_out_of_memory(err);
    }
    names->items[names->count++] = (struct name){.type = type, .value = copy};
    return RESULT_OK;
}

enum result names_add(struct names *names, enum name_type type, struct bytes value,
                      struct error *err) {
    AUTO(buf_clear) struct buf canonical = {0};
    buf_init(&canonical, LIMIT_NAME_BYTES);
    enum result result = name_canonicalize(type, value, &canonical, err);
    if (result != RESULT_OK) {
        error_field(err, name_type_prefix(type));
        return result;
    }
    return add_canonical(names, type, buf_string(&canonical), err);
}

enum result names_add_text(struct names *names, const char *text, struct error *err) {
    struct bytes whole = bytes_of_string(text);
    const char *colon = strchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : whole.size;
    enum name_type type = NAME_CN;
    if (colon == NULL || !find_prefix(bytes_slice(whole, 0, length), &type)) {
        (void)error_set(err, RESULT_INVALID,
                        "\"%.100s\" does not start with the type of the name", text);
        error_hint(err, "Write cn:, dns:, ip:, email:, uri: or xmpp: in front of it, such as "
                        "dns:broker.example.");
        return RESULT_INVALID;
    }
    return names_add(names, type, bytes_slice(whole, length + 1, whole.size), err);
}

enum result name_format(const struct name *name, struct buf *out) {
    return buf_printf(out, "%s:%s", name_type_prefix(name->type), name->value);
}

bool names_contain(const struct names *names, enum name_type type, const char *value) {
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].type == type && strcmp(names->items[i].value, value) == 0) {
            return true;
        }
    }
    return false;
}

size_t names_count_type(const struct names *names, enum name_type type) {
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++) {
        count += names->items[i].type == type;
    }
    return count;
}

const char *names_first(const struct names *names, enum name_type type) {
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].type == type) {
            return names->items[i].value;
        }
    }
    return NULL;
}

const struct name *names_outside(const struct names *names, const struct names *allowed) {
    for (size_t i = 0; i < names->count; i++) {
        if (!names_contain(allowed, names->items[i].type, names->items[i].value)) {
            return &names->items[i];
        }
    }
    return NULL;
}

bool names_equal(const struct names *a, const struct names *b) {
    return a->count == b->count && names_outside(a, b) == NULL;
}

enum result names_copy(struct names *to, const struct names *from) {
    AUTO(names_clear) struct names copy = {0};
    for (size_t i = 0; i < from->count; i++) {
        TRY(add_canonical(&copy, from->items[i].type, from->items[i].value, NULL));
    }
    names_move(to, &copy);
    return RESULT_OK;
}

void names_move(struct names *to, struct names *from) {
    names_clear(to);
    *to = *from;
    *from = (struct names){0};
}
