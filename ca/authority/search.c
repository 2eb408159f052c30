// Reads each kind of search term once, for all lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/search.h"

#include <string.h>

#include "authority/config/jid.h"
#include "base/limits.h"
#include "base/text.h"
#include "x509/names.h"

void search_texts_clear(struct search_texts *texts) {
    string_free_at(&texts->name);
    string_free_at(&texts->prefix);
    string_free_at(&texts->address);
}

// The type in front of "type:value"; false for a bare value.
static bool read_type(const char *text, enum name_type *out_type, const char **out_value) {
    struct bytes whole = bytes_of_string(text);
    for (int i = 0; i < NAME_TYPE_COUNT; i++) {
        const char *prefix = name_type_prefix((enum name_type)i);
        size_t size = strlen(prefix);
        if (text_starts_with(text, prefix) && text[size] == ':') {
            *out_type = (enum name_type)i;
            *out_value = (const char *)bytes_slice(whole, size + 1, whole.size).data;
            return true;
        }
    }
    *out_value = text;
    return false;
}

static enum result keep(const char *value, char **member, struct error *err) {
    char *copy = string_copy(value);
    if (copy == NULL) {
        return error_out_of_memory(err);
    }
    string_free_at(member);
    *member = copy;
    return RESULT_OK;
}

// --- names -----------------------------------------------------------------------------------

static enum result keep_jid(const char *jid, char **member, struct error *err) {
    AUTO(buf_clear) struct buf prepared = {0};
    buf_init(&prepared, LIMIT_JID_BYTES);
    TRY(jid_prepare(jid, &prepared, err));
    return keep(buf_string(&prepared), member, err);
}

static enum result read_canonical(enum name_type type, const char *value, char **member,
                                  struct error *err) {
    AUTO(names_clear) struct names names = {0};
    TRY(names_add(&names, type, bytes_of_string(value), err));
    const char *canonical = names.items[0].value;
    return type == NAME_XMPP ? keep_jid(canonical, member, err) : keep(canonical, member, err);
}

enum result search_read_name(const char *text, struct search_texts *texts,
                             struct name_filter *out_filter, struct error *err) {
    enum name_type type = NAME_CN;
    const char *value = NULL;
    if (text == NULL) {
        return RESULT_OK;
    }
    if (!read_type(text, &type, &value)) {
        TRY(keep(text, &texts->name, err));
        *out_filter = (struct name_filter){.value = texts->name};
        return RESULT_OK;
    }
    enum result result = read_canonical(type, value, &texts->name, err);
    if (result != RESULT_OK) {
        error_field(err, "name");
        return result;
    }
    *out_filter = (struct name_filter){.type = name_type_prefix(type), .value = texts->name};
    return RESULT_OK;
}

// --- prefixes --------------------------------------------------------------------------------

// Lower case from the "@" on.
static void lower_domain(char *text) {
    char *at = strchr(text, '@');
    if (at != NULL) {
        text_lower(at);
    }
}

// A JID that ends in the middle of a part is prepared like a whole one; behind a separator the
// next part is still empty, which no whole one may have.
static enum result keep_jid_prefix(const char *value, char **member, struct error *err) {
    struct bytes text = bytes_of_string(value);
    uint8_t last = text.data[text.size - 1];
    bool ends_open = last == '@' || last == '/';
    AUTO(buf_clear) struct buf whole = {0};
    AUTO(buf_clear) struct buf prepared = {0};
    buf_init(&whole, LIMIT_NAME_BYTES);
    buf_init(&prepared, LIMIT_JID_BYTES + 1);
    TRY(buf_append(&whole, bytes_slice(text, 0, text.size - ends_open)));
    TRY(jid_prepare(buf_string(&whole), &prepared, err));
    TRY(ends_open ? buf_append_byte(&prepared, last) : RESULT_OK);
    return keep(buf_string(&prepared), member, err);
}

static enum result read_beginning(enum name_type type, const char *value, char **member,
                                  struct error *err) {
    if (type == NAME_XMPP) {
        return keep_jid_prefix(value, member, err);
    }
    TRY(keep(value, member, err));
    if (type == NAME_DNS || type == NAME_IP) {
        text_lower(*member);
    }
    if (type == NAME_EMAIL) {
        lower_domain(*member);
    }
    return RESULT_OK;
}

static enum result refuse_empty(struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "name_invalid", "the prefix is empty");
    error_field(err, "prefix");
    error_hint(err, "Give at least the first character of the names, as in cn:tracker-.");
    return RESULT_INVALID;
}

enum result search_read_prefix(const char *text, struct search_texts *texts,
                               struct name_filter *out_filter, struct error *err) {
    enum name_type type = NAME_CN;
    const char *value = NULL;
    if (text == NULL) {
        return RESULT_OK;
    }
    bool has_type = read_type(text, &type, &value);
    if (*value == '\0') {
        return refuse_empty(err);
    }
    enum result result = has_type ? read_beginning(type, value, &texts->prefix, err)
                                  : keep(value, &texts->prefix, err);
    if (result != RESULT_OK) {
        error_field(err, "prefix");
        return result;
    }
    *out_filter = (struct name_filter){
        .type = has_type ? name_type_prefix(type) : NULL,
        .value = texts->prefix,
    };
    return RESULT_OK;
}

// --- keys and addresses ----------------------------------------------------------------------

enum result search_read_key(const char *text, struct search_texts *texts,
                            struct bytes *out_key_hash, struct error *err) {
    if (text == NULL) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf digest = {0};
    buf_init(&digest, SHA256_SIZE);
    if (text_hex_decode(bytes_of_string(text), &digest) != RESULT_OK ||
        digest.size != SHA256_SIZE) {
        (void)error_set_code(err, RESULT_INVALID, "fingerprint_invalid",
                             "%.64s is not the fingerprint of a key: expected %d hexadecimal "
                             "digits",
                             text, 2 * SHA256_SIZE);
        error_field(err, "key");
        error_hint(err, "It is the SHA-256 of the SubjectPublicKeyInfo, as a certificate shows "
                        "it.");
        return RESULT_INVALID;
    }
    memcpy(texts->key_hash, digest.data, SHA256_SIZE);
    *out_key_hash = bytes_of(texts->key_hash, SHA256_SIZE);
    return RESULT_OK;
}

enum result search_read_address(const char *text, struct search_texts *texts,
                                const char **out_address, struct error *err) {
    uint8_t address[16];
    size_t size = 0;
    if (text == NULL) {
        return RESULT_OK;
    }
    if (text_read_ip(text, address, &size) != RESULT_OK) {
        (void)error_set_code(err, RESULT_INVALID, "address_invalid",
                             "%.64s is not an IP address", text);
        error_field(err, "address");
        error_hint(err, "Give one address, like 192.0.2.7 or 2001:db8::7.");
        return RESULT_INVALID;
    }
    AUTO(buf_clear) struct buf canonical = {0};
    buf_init(&canonical, 64);
    TRY(text_format_ip(bytes_of(address, size), &canonical));
    TRY(keep(buf_string(&canonical), &texts->address, err));
    *out_address = texts->address;
    return RESULT_OK;
}
