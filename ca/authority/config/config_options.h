// The option table of the configuration: it drives reading, checking, and the default file.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/config/config.h"
#include "base/error.h"
#include "base/section_file.h"

enum option_type {
    OPTION_TEXT,
    OPTION_LIST,
    OPTION_INTEGER,
    OPTION_PERCENT,
    OPTION_DURATION,
    OPTION_BOOL,
    OPTION_LOG_LEVEL,
    OPTION_LOG_FORMAT,
    OPTION_COUNT_RANGE,
    OPTION_KEY_ALGORITHMS,
    OPTION_KEY_USAGES,
    OPTION_EXTENDED_KEY_USAGES,
    OPTION_ASK,
    OPTION_AT_LIMIT,
    OPTION_OCSP_SIGNING,
    OPTION_OCSP_UNKNOWN,
    OPTION_PATTERNS, // `minimum` is the type of the names
    OPTION_JID_FORM,
};

// Sections that carry a name and may stand there more than once: their options lie in a struct
// profile and a struct manufacturer, all others in the struct config.
#define SECTION_PROFILE "profile"
#define SECTION_MANUFACTURER "manufacturer"
// The value of `initial` for an option that must be given.
#define OPTION_REQUIRED NULL

struct option {
    const char *section;
    const char *key;
    enum option_type type;
    size_t offset;
    const char *initial; // the default, as it would be written; "" for none
    int64_t minimum;     // of integers, durations (seconds) and counts
    int64_t maximum;
    const char *meaning; // lines of text
};

extern const struct option config_options[];
extern const size_t config_option_count;
#define LIMIT_CONFIG_OPTIONS 128

// The sections in the order of the default file, ended by NULL; those with a name are the last.
extern const char *const config_sections[];
#define LIMIT_CONFIG_SECTIONS 16

// NULL when the section has no such key.
const struct option *option_find(const char *section, const char *key);
// Reads a value into `target`, the struct that the option belongs to. RESULT_INVALID says what was expected.
enum result option_read(const struct option *option, const char *value, void *target,
                        struct error *err);
// Reads extended key usages into a struct profile (OPTION_EXTENDED_KEY_USAGES).
enum result option_read_usages(const struct option *option, const char *value, void *member,
                               struct error *err);
// Reads patterns of names, networks or domains (OPTION_PATTERNS).
enum result option_read_patterns(const struct option *option, const char *value, void *member,
                                 struct error *err);
// The next word of *rest as a copy, or NULL in *out_word at the end.
enum result option_next_word(const char **rest, char **out_word, struct error *err);
// Sets every option of the section that has a default to it.
enum result option_set_defaults(const char *section, void *target, struct error *err);

// One section with a name, while the configuration is read.
struct config_instance {
    const char *section; // SECTION_PROFILE or SECTION_MANUFACTURER
    size_t item;         // in the list of its kind
    char title[96];
    size_t option_lines[LIMIT_CONFIG_OPTIONS]; // 0: not given
};

// A configuration while it is read: where each option was given, so that every message can say
// it.
struct config_reader {
    struct section_reader file;
    struct config *config;
    const char *section; // one of config_sections; NULL before the first
    size_t section_lines[LIMIT_CONFIG_SECTIONS];
    size_t option_lines[LIMIT_CONFIG_OPTIONS]; // 0: not given; of sections without a name
    struct config_instance *instances;
    size_t instance_count;
    size_t instance; // the one that is read or checked
};

bool config_section_has_name(const char *section);

// Refuses with "PATH:LINE: KEY in [SECTION]: MESSAGE"; without line when the key was not given.
enum result config_mistake(const struct config_reader *reader, const char *section,
                           const char *key, struct error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Puts the place of a key before the message of an error that `err` holds already.
enum result config_misplaced(const struct config_reader *reader, const char *section,
                             const char *key, enum result result, struct error *err);

// Adds "PATH:LINE: KEY in [SECTION]: MESSAGE" to the configuration's warnings.
enum result config_warn(const struct config_reader *reader, const char *section,
                        const char *key, struct error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Whether the file says anything about this key.
bool config_is_given(const struct config_reader *reader, const char *section, const char *key);

// What the options of one profile or manufacturer must satisfy together; called when all are
// read.
enum result config_check_profile(const struct config_reader *reader,
                                 const struct profile *profile, struct error *err);
enum result config_check_manufacturer(const struct config_reader *reader,
                                      const struct manufacturer *manufacturer,
                                      struct error *err);
// What a profile's references to others must satisfy.
enum result config_check_references(const struct config_reader *reader,
                                    const struct profile *profile, struct error *err);
// What all options must satisfy together.
enum result config_check(const struct config_reader *reader, struct error *err);
