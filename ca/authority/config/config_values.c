// Values of the configuration: text to member, by the option's type.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define LIMIT_LIST_ITEMS 100

static const struct {
    const char *name;
    enum key_usage bit;
} key_usages[] = {
    {"digitalSignature", KEY_USAGE_DIGITAL_SIGNATURE},
    {"nonRepudiation", KEY_USAGE_NON_REPUDIATION},
    {"keyEncipherment", KEY_USAGE_KEY_ENCIPHERMENT},
    {"dataEncipherment", KEY_USAGE_DATA_ENCIPHERMENT},
    {"keyAgreement", KEY_USAGE_KEY_AGREEMENT},
};

static enum result unexpected(struct error *err, const char *expected, const char *value) {
    return error_set(err, RESULT_INVALID, "expected %s, not \"%s\"", expected, value);
}

enum result option_next_word(const char **rest, char **out_word, struct error *err) {
    const char *start = *rest + strspn(*rest, " \t");
    size_t size = strcspn(start, " \t");
    *rest = start + size;
    if (size == 0) {
        *out_word = NULL;
        return RESULT_OK;
    }
    *out_word = string_copy_bytes(bytes_of(start, size));
    return *out_word == NULL ? error_out_of_memory(err) : RESULT_OK;
}

static enum result read_text(const struct option *option, const char *value, void *member,
                             struct error *err) {
    (void)option;
    char *copy = string_copy(value);
    if (copy == NULL) {
        return error_out_of_memory(err);
    }
    char **text = member;
    string_free_at(text);
    *text = copy;
    return RESULT_OK;
}

void config_list_clear(struct config_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        string_free_at(&list->items[i]);
    }
    free(list->items);
    *list = (struct config_list){0};
}

enum result config_list_add(struct config_list *list, const char *item, struct error *err) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], item) == 0) {
            return error_set(err, RESULT_INVALID, "\"%s\" stands there twice", item);
        }
    }
    if (list->count >= LIMIT_LIST_ITEMS) {
        return error_set(err, RESULT_INVALID, "expected at most %d items", LIMIT_LIST_ITEMS);
    }
    char **items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL) {
        return error_out_of_memory(err);
    }
    list->items = items;
    items[list->count] = string_copy(item);
    if (items[list->count] == NULL) {
        return error_out_of_memory(err);
    }
    list->count++;
    return RESULT_OK;
}

static enum result read_list(const struct option *option, const char *value, void *member,
                             struct error *err) {
    (void)option;
    AUTO(config_list_clear) struct config_list list = {0};
    for (const char *rest = value;;) {
        AUTO(string_free_at) char *word = NULL;
        TRY(option_next_word(&rest, &word, err));
        if (word == NULL) {
            break;
        }
        TRY(config_list_add(&list, word, err));
    }
    struct config_list *target = member;
    config_list_clear(target);
    *target = list;
    list = (struct config_list){0};
    return RESULT_OK;
}

static enum result read_number(const struct option *option, const char *value, int64_t *out,
                               struct error *err) {
    if (text_read_int64(bytes_of_string(value), option->minimum, option->maximum, out) !=
        RESULT_OK) {
        return error_set(err, RESULT_INVALID,
                         "expected a whole number from %lld to %lld, not \"%s\"",
                         (long long)option->minimum, (long long)option->maximum, value);
    }
    return RESULT_OK;
}

static enum result read_integer(const struct option *option, const char *value, void *member,
                                struct error *err) {
    int64_t *integer = member;
    return read_number(option, value, integer, err);
}

static enum result read_percent(const struct option *option, const char *value, void *member,
                                struct error *err) {
    int64_t number = 0;
    TRY(read_number(option, value, &number, err));
    int *percent = member;
    *percent = (int)number;
    return RESULT_OK;
}

static enum result read_duration(const struct option *option, const char *value, void *member,
                                 struct error *err) {
    int64_t seconds = 0;
    if (text_read_duration(value, &seconds, NULL) != RESULT_OK) {
        return unexpected(err, "a duration such as 90s, 15m, 12h, 30d or 2y", value);
    }
    if (seconds < option->minimum || seconds > option->maximum) {
        AUTO(buf_clear) struct buf least = {0};
        AUTO(buf_clear) struct buf most = {0};
        buf_init(&least, 32);
        buf_init(&most, 32);
        TRY(text_format_duration(option->minimum, &least));
        TRY(text_format_duration(option->maximum, &most));
        return error_set(err, RESULT_INVALID, "expected a duration from %s to %s, not \"%s\"",
                         buf_string(&least), buf_string(&most), value);
    }
    int64_t *duration = member;
    *duration = seconds;
    return RESULT_OK;
}

static enum result read_bool(const struct option *option, const char *value, void *member,
                             struct error *err) {
    (void)option;
    bool *boolean = member;
    return text_read_bool(value, boolean) == RESULT_OK ? RESULT_OK
                                                       : unexpected(err, "yes or no", value);
}

static enum result read_log_level(const struct option *option, const char *value, void *member,
                                  struct error *err) {
    (void)option;
    enum log_level *level = member;
    return log_level_from_name(value, level)
               ? RESULT_OK
               : unexpected(err, "debug, info, warning or error", value);
}

static enum result read_log_format(const struct option *option, const char *value, void *member,
                                   struct error *err) {
    (void)option;
    enum log_format *format = member;
    if (strcmp(value, "text") == 0) {
        *format = LOG_FORMAT_TEXT;
    } else if (strcmp(value, "json") == 0) {
        *format = LOG_FORMAT_JSON;
    } else {
        return unexpected(err, "text or json", value);
    }
    return RESULT_OK;
}

// "3" is exactly three, "0-5" from none to five.
static enum result read_count_range(const struct option *option, const char *value,
                                    void *member, struct error *err) {
    size_t dash = strcspn(value, "-");
    struct bytes whole = bytes_of_string(value);
    int64_t minimum = 0, maximum = 0;
    struct bytes last = value[dash] == '-' ? bytes_slice(whole, dash + 1, SIZE_MAX) : whole;
    if (text_read_int64(bytes_slice(whole, 0, dash), option->minimum, option->maximum,
                        &minimum) != RESULT_OK ||
        text_read_int64(last, option->minimum, option->maximum, &maximum) != RESULT_OK) {
        return error_set(err, RESULT_INVALID,
                         "expected a count such as 1 or a range such as 0-%lld, within %lld "
                         "and %lld, not \"%s\"",
                         (long long)option->maximum, (long long)option->minimum,
                         (long long)option->maximum, value);
    }
    if (minimum > maximum) {
        return error_set(err, RESULT_INVALID, "expected the smaller number first, not \"%s\"",
                         value);
    }
    struct name_rule *rule = member;
    *rule = (struct name_rule){.minimum = (size_t)minimum, .maximum = (size_t)maximum};
    return RESULT_OK;
}

// One word of a list whose words are all known.
static enum result unknown_word(struct error *err, const char *what, const char *word,
                                const char *const *known, size_t count) {
    AUTO(buf_clear) struct buf all = {0};
    buf_init(&all, 256);
    for (size_t i = 0; i < count; i++) {
        TRY(buf_printf(&all, "%s%s", i == 0 ? "" : ", ", known[i]));
    }
    (void)error_set(err, RESULT_INVALID, "unknown %s \"%s\"; known are %s", what, word,
                    buf_string(&all));
    const char *nearest = text_nearest(word, known, count);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
    }
    return RESULT_INVALID;
}

// Marks in `chosen` which of the known words stand in the list. A set: the order in the file
// makes no difference.
static enum result choose_words(const char *value, const char *what, const char *const *known,
                                size_t count, bool *chosen, struct error *err) {
    for (const char *rest = value;;) {
        AUTO(string_free_at) char *word = NULL;
        TRY(option_next_word(&rest, &word, err));
        if (word == NULL) {
            return RESULT_OK;
        }
        size_t i = 0;
        while (i < count && strcmp(known[i], word) != 0) {
            i++;
        }
        if (i == count) {
            return unknown_word(err, what, word, known, count);
        }
        chosen[i] = true;
    }
}

static enum result read_key_algorithms(const struct option *option, const char *value,
                                       void *member, struct error *err) {
    (void)option;
    const char *known[KEY_ALGORITHM_COUNT];
    for (size_t i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        known[i] = key_algorithm_name((enum key_algorithm)i);
    }
    bool chosen[KEY_ALGORITHM_COUNT] = {false};
    TRY(choose_words(value, "key algorithm", known, KEY_ALGORITHM_COUNT, chosen, err));
    memcpy(member, chosen, sizeof(chosen));
    return RESULT_OK;
}

static enum result read_key_usages(const struct option *option, const char *value, void *member,
                                   struct error *err) {
    (void)option;
    enum { COUNT = sizeof(key_usages) / sizeof(key_usages[0]) };
    const char *known[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        known[i] = key_usages[i].name;
    }
    bool chosen[COUNT] = {false};
    TRY(choose_words(value, "key usage", known, COUNT, chosen, err));
    uint16_t bits = 0;
    for (size_t i = 0; i < COUNT; i++) {
        bits = chosen[i] ? (uint16_t)(bits | key_usages[i].bit) : bits;
    }
    uint16_t *key_usage = member;
    *key_usage = bits;
    return RESULT_OK;
}

static void profile_ask_clear(struct profile_ask *ask) {
    string_free_at(&ask->holders);
    string_free_at(&ask->manufacturer);
    *ask = (struct profile_ask){0};
}

// "token", "anyone", "holders:client", "manufacturer:acme".
static enum result read_ask_word(const char *word, struct profile_ask *ask, struct error *err) {
    static const struct {
        const char *name;
        enum ask kind;
        size_t text_offset; // of what stands behind the colon; SIZE_MAX: there is none
    } words[] = {
        {"token", ASK_TOKEN, SIZE_MAX},
        {"anyone", ASK_ANYONE, SIZE_MAX},
        {"holders", ASK_HOLDERS, offsetof(struct profile_ask, holders)},
        {"manufacturer", ASK_MANUFACTURER, offsetof(struct profile_ask, manufacturer)},
    };
    size_t size = strcspn(word, ":");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        bool has_text = words[i].text_offset != SIZE_MAX;
        if (strlen(words[i].name) != size || strncmp(words[i].name, word, size) != 0 ||
            has_text != (word[size] == ':' && word[size + 1] != '\0')) {
            continue;
        }
        if ((ask->kinds & words[i].kind) != 0) {
            return error_set(err, RESULT_INVALID, "\"%s\" stands there twice", words[i].name);
        }
        ask->kinds |= words[i].kind;
        return has_text ? read_text(NULL, word + size + 1,
                                    (uint8_t *)ask + words[i].text_offset, err)
                        : RESULT_OK;
    }
    return unexpected(err, "token, anyone, holders:PROFILE or manufacturer:NAME", word);
}

static enum result read_ask(const struct option *option, const char *value, void *member,
                            struct error *err) {
    (void)option;
    AUTO(profile_ask_clear) struct profile_ask ask = {0};
    for (const char *rest = value;;) {
        AUTO(string_free_at) char *word = NULL;
        TRY(option_next_word(&rest, &word, err));
        if (word == NULL) {
            break;
        }
        TRY(read_ask_word(word, &ask, err));
    }
    struct profile_ask *target = member;
    profile_ask_clear(target);
    *target = ask;
    ask = (struct profile_ask){0};
    return RESULT_OK;
}

static enum result read_at_limit(const struct option *option, const char *value, void *member,
                                 struct error *err) {
    (void)option;
    enum at_limit *at_limit = member;
    if (strcmp(value, "refuse") == 0) {
        *at_limit = AT_LIMIT_REFUSE;
    } else if (strcmp(value, "supersede") == 0) {
        *at_limit = AT_LIMIT_SUPERSEDE;
    } else {
        return unexpected(err, "refuse or supersede", value);
    }
    return RESULT_OK;
}

static enum result read_ocsp_signing(const struct option *option, const char *value,
                                     void *member, struct error *err) {
    (void)option;
    enum ocsp_signing *signing = member;
    if (strcmp(value, "delegated") == 0) {
        *signing = OCSP_BY_DELEGATE;
    } else if (strcmp(value, "issuer") == 0) {
        *signing = OCSP_BY_ISSUER;
    } else {
        return unexpected(err, "delegated or issuer", value);
    }
    return RESULT_OK;
}

static enum result read_ocsp_unknown(const struct option *option, const char *value,
                                     void *member, struct error *err) {
    (void)option;
    bool *is_revoked = member;
    if (strcmp(value, "unknown") != 0 && strcmp(value, "revoked") != 0) {
        return unexpected(err, "unknown or revoked", value);
    }
    *is_revoked = strcmp(value, "revoked") == 0;
    return RESULT_OK;
}

static enum result read_jid_form(const struct option *option, const char *value, void *member,
                                 struct error *err) {
    (void)option;
    static const char *const forms[] = {
        [JID_BARE] = "bare", [JID_FULL] = "full", [JID_EITHER] = "either"};
    enum jid_form *form = member;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i], value) == 0) {
            *form = (enum jid_form)i;
            return RESULT_OK;
        }
    }
    return unexpected(err, "bare, full or either", value);
}

typedef enum result value_reader(const struct option *option, const char *value, void *member,
                                 struct error *err);

static value_reader *const readers[] = {
    [OPTION_TEXT] = read_text,
    [OPTION_LIST] = read_list,
    [OPTION_INTEGER] = read_integer,
    [OPTION_PERCENT] = read_percent,
    [OPTION_DURATION] = read_duration,
    [OPTION_BOOL] = read_bool,
    [OPTION_LOG_LEVEL] = read_log_level,
    [OPTION_LOG_FORMAT] = read_log_format,
    [OPTION_COUNT_RANGE] = read_count_range,
    [OPTION_KEY_ALGORITHMS] = read_key_algorithms,
    [OPTION_KEY_USAGES] = read_key_usages,
    [OPTION_EXTENDED_KEY_USAGES] = option_read_usages,
    [OPTION_ASK] = read_ask,
    [OPTION_AT_LIMIT] = read_at_limit,
    [OPTION_OCSP_SIGNING] = read_ocsp_signing,
    [OPTION_OCSP_UNKNOWN] = read_ocsp_unknown,
    [OPTION_PATTERNS] = option_read_patterns,
    [OPTION_JID_FORM] = read_jid_form,
};

enum result option_read(const struct option *option, const char *value, void *target,
                        struct error *err) {
    if (value[0] == '\0' && option->type != OPTION_LIST) {
        (void)error_set(err, RESULT_INVALID, "there is no value behind \"=\"");
        error_hint(err, option->initial == OPTION_REQUIRED
                            ? "it is required: give it one"
                            : "remove the line to get the default");
        return RESULT_INVALID;
    }
    return readers[option->type](option, value, (uint8_t *)target + option->offset, err);
}
