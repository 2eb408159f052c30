// Values of profiles: extended key usages, and patterns of names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config_options.h"

#include <stdlib.h>
#include <string.h>

#include "authority/config/ip_network.h"
#include "authority/config/jid.h"
#include "authority/config/name_pattern.h"
#include "base/limits.h"
#include "base/text.h"
#include "x509/oid.h"

// --- extended key usages ---------------------------------------------------------------------

// Those an end entity may carry by name.
static const enum oid usages[] = {OID_SERVER_AUTH, OID_CLIENT_AUTH, OID_EMAIL_PROTECTION,
                                  OID_CODE_SIGNING};
#define USAGE_COUNT (sizeof(usages) / sizeof(usages[0]))

struct chosen_usages {
    bool known[USAGE_COUNT];
    struct config_list others;
};

static void chosen_usages_clear(struct chosen_usages *chosen) {
    config_list_clear(&chosen->others);
}

static enum result unknown_usage(const char *word, struct error *err) {
    const char *known[USAGE_COUNT];
    for (size_t i = 0; i < USAGE_COUNT; i++) {
        known[i] = oid_name(usages[i]);
    }
    (void)error_set(err, RESULT_INVALID,
                    "unknown extended key usage \"%s\"; known are %s, %s, %s, %s", word,
                    known[0], known[1], known[2], known[3]);
    const char *nearest = text_nearest(word, known, USAGE_COUNT);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
    } else {
        error_hint(err, "write any other as a dotted identifier, such as 1.3.6.1.5.5.7.3.17");
    }
    return RESULT_INVALID;
}

static enum result refuse_usage(enum oid oid, struct error *err) {
    if (oid == OID_ANY_EXTENDED_KEY_USAGE) {
        return error_set(err, RESULT_INVALID, "%s would undo every other one", oid_name(oid));
    }
    if (oid == OID_OCSP_SIGNING || oid == OID_CMC_RA) {
        return error_set(err, RESULT_INVALID,
                         "%s is for certificates that speak for the CA itself", oid_name(oid));
    }
    return error_set(err, RESULT_INVALID, "%s is no extended key usage", oid_name(oid));
}

static enum result choose_usage(const char *word, struct chosen_usages *chosen,
                                struct error *err) {
    AUTO(buf_clear) struct buf octets = {0};
    buf_init(&octets, 64);
    bool is_dotted = oid_encode(word, &octets, NULL) == RESULT_OK;
    enum oid oid = is_dotted ? oid_find(buf_bytes(&octets)) : oid_from_name(word);
    for (size_t i = 0; i < USAGE_COUNT; i++) {
        if (oid == usages[i]) {
            chosen->known[i] = true;
            return RESULT_OK;
        }
    }
    if (oid != OID_UNKNOWN) {
        return refuse_usage(oid, err);
    }
    return is_dotted ? config_list_add(&chosen->others, word, err) : unknown_usage(word, err);
}

static int compare_texts(const void *a, const void *b) {
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

static enum result choose_usages(const char *value, struct chosen_usages *chosen,
                                 struct error *err) {
    for (const char *rest = value;;) {
        AUTO(string_free_at) char *word = NULL;
        TRY(option_next_word(&rest, &word, err));
        if (word == NULL) {
            return RESULT_OK;
        }
        TRY(choose_usage(word, chosen, err));
    }
}

// A set: the order in the file makes no difference.
enum result option_read_usages(const struct option *option, const char *value, void *member,
                               struct error *err) {
    (void)option;
    AUTO(chosen_usages_clear) struct chosen_usages chosen = {0};
    TRY(choose_usages(value, &chosen, err));
    struct profile *profile = member;
    size_t count = 0;
    for (size_t i = 0; i < USAGE_COUNT; i++) {
        if (chosen.known[i]) {
            profile->extended_key_usages[count++] = usages[i];
        }
    }
    profile->extended_key_usages[count] = OID_UNKNOWN;
    if (count + chosen.others.count > LIMIT_EXTENDED_KEY_USAGES) {
        return error_set(err, RESULT_INVALID, "expected at most %d extended key usages",
                         LIMIT_EXTENDED_KEY_USAGES);
    }
    if (chosen.others.count > 1) {
        qsort(chosen.others.items, chosen.others.count, sizeof(*chosen.others.items),
              compare_texts);
    }
    config_list_clear(&profile->other_usages);
    profile->other_usages = chosen.others;
    chosen.others = (struct config_list){0};
    return RESULT_OK;
}

// --- patterns --------------------------------------------------------------------------------

static enum result canonicalize(enum name_type type, const char *word, struct buf *out,
                                struct error *err) {
    switch (type) {
    case NAME_IP:
        return ip_network_canonicalize(word, out, err);
    case NAME_XMPP:
        return jid_prepare_domain(word, out, err);
    default:
        return name_pattern_canonicalize(type, word, out, err);
    }
}

enum result option_read_patterns(const struct option *option, const char *value, void *member,
                                 struct error *err) {
    AUTO(config_list_clear) struct config_list list = {0};
    for (const char *rest = value;;) {
        AUTO(string_free_at) char *word = NULL;
        AUTO(buf_clear) struct buf pattern = {0};
        buf_init(&pattern, LIMIT_NAME_BYTES);
        TRY(option_next_word(&rest, &word, err));
        if (word == NULL) {
            break;
        }
        if (list.count == LIMIT_NAME_PATTERNS) {
            return error_set(err, RESULT_INVALID, "expected at most %d patterns",
                             LIMIT_NAME_PATTERNS);
        }
        TRY(canonicalize((enum name_type)option->minimum, word, &pattern, err));
        TRY(config_list_add(&list, buf_string(&pattern), err));
    }
    struct config_list *target = member;
    config_list_clear(target);
    *target = list;
    list = (struct config_list){0};
    return RESULT_OK;
}
