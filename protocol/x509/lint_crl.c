// The lints of certificate revocation lists: of the list, of each entry, and of all together.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "x509/lint.h"
#include "x509/lint_walk.h"

enum {
    TAG_INTEGER = 0x02,
    TAG_ENUMERATED = 0x0a,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_EXPLICIT_0 = 0xa0,
};

struct lint_list {
    struct element version;
    struct element signature_algorithm;
    struct element issuer;
    struct element this_update;
    struct element next_update; // tag 0 when absent
    bool has_entries;
    struct bytes entries;
    struct lint_extensions extensions;
    char next_update_digits[LINT_TIME_DIGITS + 1];
};

struct lint_entry {
    struct element serial;
    struct element date;
    bool has_extensions;
    struct lint_extensions extensions;
};

// --- the list --------------------------------------------------------------------------------

static bool is_time_tag(struct bytes rest) {
    return rest.size > 0 &&
           (rest.data[0] == TAG_UTC_TIME || rest.data[0] == TAG_GENERALIZED_TIME);
}

static bool split(struct bytes tbs, struct lint_list *out) {
    struct element whole = {0}, entries = {0}, wrapper = {0}, list = {0};
    if (!lint_only(tbs, TAG_SEQUENCE, &whole)) {
        return false;
    }
    struct bytes rest = whole.content;
    (void)lint_take_tag(&rest, TAG_INTEGER, &out->version);
    if (!lint_take_tag(&rest, TAG_SEQUENCE, &out->signature_algorithm) ||
        !lint_take_tag(&rest, TAG_SEQUENCE, &out->issuer) ||
        !lint_take(&rest, &out->this_update)) {
        return false;
    }
    if (is_time_tag(rest) && !lint_take(&rest, &out->next_update)) {
        return false;
    }
    lint_time_digits(&out->next_update, out->next_update_digits);
    out->has_entries = lint_take_tag(&rest, TAG_SEQUENCE, &entries);
    out->entries = entries.content;
    return rest.size == 0 || (lint_only(rest, TAG_EXPLICIT_0, &wrapper) &&
                              lint_only(wrapper.content, TAG_SEQUENCE, &list) &&
                              lint_read_extensions(&list, &out->extensions));
}

static bool check_version(const struct lint_list *list) {
    return list->version.content.size == 1 && list->version.content.data[0] == 1;
}

static bool check_signature_algorithm(const struct lint_list *list) {
    return lint_signature_algorithm(&list->signature_algorithm);
}

static bool check_issuer(const struct lint_list *list) {
    return lint_name_is_filled(&list->issuer);
}

static bool check_times(const struct lint_list *list) {
    return lint_time(&list->this_update) && lint_time(&list->next_update);
}

static bool check_order(const struct lint_list *list) {
    char this_update[LINT_TIME_DIGITS + 1];
    lint_time_digits(&list->this_update, this_update);
    return strcmp(this_update, list->next_update_digits) < 0;
}

static bool check_entries_filled(const struct lint_list *list) {
    return !list->has_entries || list->entries.size > 0;
}

static bool check_duplicates(const struct lint_list *list) {
    return lint_extensions_differ(&list->extensions) &&
           lint_extensions_are_der(&list->extensions);
}

static const struct octets oid_crl_number = OID_OCTETS(0x55, 0x1d, 0x14);
static const struct octets oid_authority_key_id = OID_OCTETS(0x55, 0x1d, 0x23);

// No issuing distribution point, delta or freshest CRL: relying parties that do not know them
// take revoked certificates.
static bool check_extensions(const struct lint_list *list) {
    for (size_t i = 0; i < list->extensions.count; i++) {
        const struct lint_extension *extension = &list->extensions.items[i];
        if (extension->is_critical || (!lint_is(extension->oid, &oid_crl_number) &&
                                       !lint_is(extension->oid, &oid_authority_key_id))) {
            return false;
        }
    }
    return true;
}

static bool check_authority_key_id(const struct lint_list *list) {
    return lint_authority_key_id(&list->extensions);
}

static bool check_number(const struct lint_list *list) {
    const struct lint_extension *extension = lint_find(&list->extensions, &oid_crl_number);
    struct element number = {0};
    return extension != NULL && lint_only(extension->value, TAG_INTEGER, &number) &&
           lint_number(&number, true);
}

// --- entries ---------------------------------------------------------------------------------

static bool split_entry(const struct element *entry, struct lint_entry *out) {
    struct bytes rest = entry->content;
    struct element list = {0};
    out->extensions.count = 0;
    if (!lint_take(&rest, &out->serial) || !lint_take(&rest, &out->date)) {
        return false;
    }
    out->has_extensions = rest.size > 0;
    return !out->has_extensions || (lint_only(rest, TAG_SEQUENCE, &list) &&
                                    lint_read_extensions(&list, &out->extensions));
}

static bool check_entry_serial(const struct lint_list *list, const struct lint_entry *entry) {
    (void)list;
    return lint_number(&entry->serial, false);
}

static bool check_entry_encoding(const struct lint_list *list, const struct lint_entry *entry) {
    (void)list;
    return lint_time(&entry->date);
}

// Not before thisUpdate: that one is backdated for relying parties whose clock is slow, and
// what was revoked meanwhile is listed all the same.
static bool check_entry_date(const struct lint_list *list, const struct lint_entry *entry) {
    char date[LINT_TIME_DIGITS + 1];
    lint_time_digits(&entry->date, date);
    return strcmp(date, list->next_update_digits) < 0;
}

static bool check_entry_extensions(const struct lint_list *list,
                                   const struct lint_entry *entry) {
    (void)list;
    for (size_t i = 0; i < entry->extensions.count; i++) {
        if (entry->extensions.items[i].is_critical) {
            return false;
        }
    }
    return lint_extensions_differ(&entry->extensions) &&
           lint_extensions_are_der(&entry->extensions);
}

static bool is_reason(struct bytes value) {
    struct element reason = {0};
    // 0 (unspecified) is said by leaving it out, 7 is unused, 8 is for deltas.
    return lint_only(value, TAG_ENUMERATED, &reason) && reason.content.size == 1 &&
           reason.content.data[0] >= 1 && reason.content.data[0] <= 10 &&
           reason.content.data[0] != 7 && reason.content.data[0] != 8;
}

static bool check_entry_values(const struct lint_list *list, const struct lint_entry *entry) {
    static const struct octets reason = OID_OCTETS(0x55, 0x1d, 0x15);
    static const struct octets invalidity = OID_OCTETS(0x55, 0x1d, 0x18);
    (void)list;
    for (size_t i = 0; i < entry->extensions.count; i++) {
        const struct lint_extension *extension = &entry->extensions.items[i];
        struct element date = {0};
        bool passes = lint_is(extension->oid, &reason) ? is_reason(extension->value)
                      : lint_is(extension->oid, &invalidity)
                          ? lint_only(extension->value, TAG_GENERALIZED_TIME, &date) &&
                                lint_generalized_time(&date)
                          : false;
        if (!passes) {
            return false;
        }
    }
    return true;
}

// --- all serials -----------------------------------------------------------------------------

// A set with open addressing, at most half full, of where in the entries the serials are. They are
// the authority's own random ones, so nobody can choose them to collide.
struct serials {
    struct bytes entries;
    uint32_t *places; // an offset, plus one; 0: empty
    size_t size;      // a power of two
};

static void serials_clear(struct serials *serials) {
    free(serials->places);
    *serials = (struct serials){0};
}

// No entry takes fewer octets than these.
#define ENTRY_BYTES 20

static enum result serials_init(struct serials *serials, struct bytes entries,
                                struct error *err) {
    if (entries.size >= UINT32_MAX) {
        return error_set(err, RESULT_LIMIT, "the CRL is too large to be judged");
    }
    serials->entries = entries;
    serials->size = 16;
    while (serials->size < 2 * (entries.size / ENTRY_BYTES + 1)) {
        serials->size *= 2;
    }
    serials->places = calloc(serials->size, sizeof(*serials->places));
    return serials->places == NULL ? error_out_of_memory(err) : RESULT_OK;
}

// Of the last octets, which are as random as the others.
static size_t hash_of(struct bytes serial) {
    uint64_t last = 0;
    size_t used = serial.size < sizeof(last) ? serial.size : sizeof(last);
    memcpy(&last, bytes_slice(serial, serial.size - used, used).data, used);
    last *= 0x9e3779b97f4a7c15; // spreads what small numbers have in their low bits
    return (size_t)(last >> 32);
}

static bool is_at(const struct serials *serials, uint32_t offset, struct bytes serial) {
    struct bytes rest = bytes_slice(serials->entries, offset, SIZE_MAX);
    struct element entry = {0};
    return lint_take(&rest, &entry) && bytes_equal(entry.content, serial);
}

// False when it is there already.
static bool add_serial(struct serials *serials, struct bytes serial, uint32_t offset) {
    size_t place = hash_of(serial) & (serials->size - 1);
    while (serials->places[place] != 0) {
        if (is_at(serials, serials->places[place] - 1, serial)) {
            return false;
        }
        place = (place + 1) & (serials->size - 1);
    }
    serials->places[place] = offset + 1;
    return true;
}

// --- the tables ------------------------------------------------------------------------------

static const struct {
    struct lint lint;
    bool (*passes)(const struct lint_list *list);
} list_lints[] = {
    {{"crl_version", "RFC 5280, 5.1.2.1", "version 2"}, check_version},
    {{"crl_signature_algorithm", "RFC 5280, 5.1.2.2; RFC 5758, 8410, 4055",
      "an algorithm of ours, with parameters only for RSA (NULL)"},
     check_signature_algorithm},
    {{"crl_issuer", "RFC 5280, 5.1.2.3", "an issuer that is not empty"}, check_issuer},
    {{"crl_time_encoding", "RFC 5280, 5.1.2.4 and 5.1.2.5",
      "thisUpdate and nextUpdate, as UTCTime through 2049 and GeneralizedTime from then on"},
     check_times},
    {{"crl_time_order", "RFC 5280, 5.1.2.5", "a nextUpdate behind thisUpdate"}, check_order},
    {{"crl_entries_empty", "RFC 5280, 5.1.2.6", "entries, or no list of them"},
     check_entries_filled},
    {{"crl_extension_duplicate", "RFC 5280, 5.2", "each extension once, in DER"},
     check_duplicates},
    {{"crl_extension", "RFC 5280, 5.2",
      "no extensions but authorityKeyIdentifier and cRLNumber, neither critical"},
     check_extensions},
    {{"crl_authority_key_id", "RFC 5280, 5.2.1", "authorityKeyIdentifier with keyIdentifier"},
     check_authority_key_id},
    {{"crl_number", "RFC 5280, 5.2.3", "a cRLNumber of at most 20 octets, not negative"},
     check_number},
};

static const struct {
    struct lint lint;
    bool (*passes)(const struct lint_list *list, const struct lint_entry *entry);
} entry_lints[] = {
    {{"entry_serial", "RFC 5280, 5.1.2.6", "a positive serial of 1 to 20 octets"},
     check_entry_serial},
    {{"entry_date_encoding", "RFC 5280, 5.1.2.6",
      "UTCTime through 2049 and GeneralizedTime from then on, with seconds and Z"},
     check_entry_encoding},
    {{"entry_date", "RFC 5280, 5.1.2.6", "a revocation that is not in the future"},
     check_entry_date},
    {{"entry_extension", "RFC 5280, 5.3", "extensions once each, in DER and not critical"},
     check_entry_extensions},
    {{"entry_value", "RFC 5280, 5.3.1 and 5.3.2",
      "a reason other than unspecified, an invalidityDate, and nothing else"},
     check_entry_values},
};

static const struct lint lint_structure = {"crl_structure", "RFC 5280, 5.1",
                                           "a TBSCertList in DER and nothing behind it"};
static const struct lint lint_duplicate = {"entry_duplicate", "RFC 5280, 5.1.2.6",
                                           "each serial once"};

static enum result check_entry(const struct lint_list *list, struct element *element,
                               struct lint_entry *entry, struct error *err) {
    if (!split_entry(element, entry)) {
        return lint_failed(&lint_structure, err);
    }
    for (size_t i = 0; i < sizeof(entry_lints) / sizeof(entry_lints[0]); i++) {
        if (!entry_lints[i].passes(list, entry)) {
            return lint_failed(&entry_lints[i].lint, err);
        }
    }
    return RESULT_OK;
}

static enum result check_list(struct bytes tbs, struct lint_list *out_list, struct error *err) {
    if (!split(tbs, out_list)) {
        return lint_failed(&lint_structure, err);
    }
    for (size_t i = 0; i < sizeof(list_lints) / sizeof(list_lints[0]); i++) {
        if (!list_lints[i].passes(out_list)) {
            return lint_failed(&list_lints[i].lint, err);
        }
    }
    return RESULT_OK;
}

struct lint_crl_walk {
    struct lint_list list;
    struct serials serials;
    struct bytes rest;
};

void lint_crl_free(struct lint_crl_walk *walk) {
    if (walk != NULL) {
        serials_clear(&walk->serials);
        free(walk);
    }
}

void lint_crl_free_at(struct lint_crl_walk **walk) {
    lint_crl_free(*walk);
    *walk = NULL;
}

enum result lint_crl_begin(struct bytes tbs, struct lint_crl_walk **out_walk,
                           struct error *err) {
    AUTO(lint_crl_free_at) struct lint_crl_walk *walk = calloc(1, sizeof(*walk));
    if (walk == NULL) {
        return error_out_of_memory(err);
    }
    TRY(check_list(tbs, &walk->list, err));
    TRY(serials_init(&walk->serials, walk->list.entries, err));
    walk->rest = walk->list.entries;
    *out_walk = walk;
    walk = NULL;
    return RESULT_OK;
}

enum result lint_crl_go_on(struct lint_crl_walk *walk, size_t entries, bool *out_is_over,
                           struct error *err) {
    for (size_t i = 0; i < entries && walk->rest.size > 0; i++) {
        struct element element = {0};
        struct lint_entry entry;
        if (!lint_take_tag(&walk->rest, TAG_SEQUENCE, &element)) {
            return lint_failed(&lint_structure, err);
        }
        TRY(check_entry(&walk->list, &element, &entry, err));
        size_t from_end = walk->rest.size + element.content.size;
        uint32_t offset = (uint32_t)(walk->list.entries.size - from_end);
        if (!add_serial(&walk->serials, entry.serial.content, offset)) {
            return lint_failed(&lint_duplicate, err);
        }
    }
    *out_is_over = walk->rest.size == 0;
    return RESULT_OK;
}

enum result lint_crl(struct bytes tbs, struct error *err) {
    AUTO(lint_crl_free_at) struct lint_crl_walk *walk = NULL;
    bool is_over = false;
    TRY(lint_crl_begin(tbs, &walk, err));
    return lint_crl_go_on(walk, SIZE_MAX, &is_over, err);
}
