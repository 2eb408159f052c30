// Reads signetd.conf: sections, keys and values, each mistake with its file, line and field.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/config_options.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "wire/messages.h"

#define LIMIT_PROFILES 100
#define PROFILE_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"

void config_clear(struct config *config) {
    string_free_at(&config->name);
    string_free_at(&config->enroll_url);
    string_free_at(&config->admin_url);
    string_free_at(&config->public_url);
    config_list_clear(&config->hosts);
    config_list_clear(&config->enroll_listen);
    config_list_clear(&config->admin_listen);
    config_list_clear(&config->public_listen);
    profile_list_clear(&config->profiles);
    *config = (struct config){0};
}

enum result config_crl_url(const struct config *config, const char *issuer_name,
                           struct buf *out) {
    size_t size = strlen(config->public_url);
    while (size > 0 && config->public_url[size - 1] == '/') {
        size--;
    }
    return buf_printf(out, "%.*s/crl/%s.crl", (int)size, config->public_url, issuer_name);
}

// --- where a mistake is ----------------------------------------------------------------------

enum result config_misplaced(const struct config_reader *reader, const char *section,
                             const char *key, enum result result, struct error *err) {
    const struct option *option = option_find(section, key);
    size_t line = option == NULL ? 0 : reader->option_lines[option - config_options];
    const char *title = strcmp(section, SECTION_PROFILE) == 0 ? reader->section_title : section;
    if (line > 0) {
        error_context(err, "%s:%zu: %s in [%s]", reader->path, line, key, title);
    } else {
        error_context(err, "%s: %s in [%s]", reader->path, key, title);
    }
    error_field(err, key);
    return result;
}

enum result config_mistake(const struct config_reader *reader, const char *section,
                           const char *key, struct error *err, const char *format, ...) {
    char message[320];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return config_misplaced(reader, section, key, error_set(err, RESULT_INVALID, "%s", message),
                            err);
}

// A mistake of the line being read, in no particular key.
static enum result line_mistake(const struct config_reader *reader, struct error *err,
                                const char *format, ...) __attribute__((format(printf, 3, 4)));
static enum result line_mistake(const struct config_reader *reader, struct error *err,
                                const char *format, ...) {
    char message[320];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    return error_set(err, RESULT_INVALID, "%s:%zu: %s", reader->path, reader->line, message);
}

static void suggest(const char *word, const char *const *known, size_t count,
                    struct error *err) {
    const char *nearest = text_nearest(word, known, count);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
    }
}

// --- sections --------------------------------------------------------------------------------

static struct profile *current_profile(const struct config_reader *reader) {
    struct profile_list *list = &reader->config->profiles;
    return &list->items[list->count - 1];
}

static enum result require_given(const struct config_reader *reader, const char *section,
                                 struct error *err) {
    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        if (strcmp(option->section, section) == 0 && option->initial == OPTION_REQUIRED &&
            reader->option_lines[i] == 0) {
            TRY(config_mistake(reader, section, option->key, err, "this key is missing"));
        }
    }
    return RESULT_OK;
}

// A profile is complete when the next section begins or the file ends.
static enum result end_profile(struct config_reader *reader, struct error *err) {
    if (reader->section == NULL || strcmp(reader->section, SECTION_PROFILE) != 0) {
        return RESULT_OK;
    }
    TRY(require_given(reader, SECTION_PROFILE, err));
    return config_check_profile(reader, current_profile(reader), err);
}

static enum result check_profile_name(const struct config_reader *reader, const char *name,
                                      struct error *err) {
    size_t size = strlen(name);
    if (size == 0 || size > LIMIT_PROFILE_NAME ||
        name[strspn(name, PROFILE_NAME_CHARACTERS)] != '\0') {
        (void)line_mistake(reader, err, "\"%s\" cannot be a profile's name", name);
        error_hint(err, "expected 1 to %d of a-z, 0-9, - and _, as in [profile sensor]",
                   LIMIT_PROFILE_NAME);
        return RESULT_INVALID;
    }
    if (profile_is_internal_name(name)) {
        return line_mistake(reader, err, "profile \"%s\" is the authority's own", name);
    }
    if (profile_find(&reader->config->profiles, name) != NULL) {
        return line_mistake(reader, err, "there is a [profile %s] already", name);
    }
    return RESULT_OK;
}

static enum result begin_profile(struct config_reader *reader, const char *name,
                                 struct error *err) {
    TRY(check_profile_name(reader, name, err));
    struct profile_list *list = &reader->config->profiles;
    if (list->count >= LIMIT_PROFILES) {
        return line_mistake(reader, err, "expected at most %d profiles", LIMIT_PROFILES);
    }
    struct profile *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL) {
        return error_out_of_memory(err);
    }
    list->items = items;
    items[list->count] = (struct profile){.name = string_copy(name)};
    if (items[list->count].name == NULL) {
        return error_out_of_memory(err);
    }
    list->count++;
    for (size_t i = 0; i < config_option_count; i++) {
        if (strcmp(config_options[i].section, SECTION_PROFILE) == 0) {
            reader->option_lines[i] = 0;
        }
    }
    return option_set_defaults(SECTION_PROFILE, current_profile(reader), err);
}

static enum result unknown_section(const struct config_reader *reader, const char *title,
                                   struct error *err) {
    size_t count = 0;
    while (config_sections[count] != NULL) {
        count++;
    }
    (void)line_mistake(reader, err, "unknown section [%s]", title);
    error_field(err, title);
    suggest(title, config_sections, count, err);
    return RESULT_INVALID;
}

static enum result begin_plain_section(struct config_reader *reader, const char *title,
                                       struct error *err) {
    for (size_t i = 0; config_sections[i] != NULL; i++) {
        if (strcmp(config_sections[i], title) != 0 || strcmp(title, SECTION_PROFILE) == 0) {
            continue;
        }
        if (reader->section_lines[i] > 0) {
            return line_mistake(reader, err, "section [%s] began on line %zu already", title,
                                reader->section_lines[i]);
        }
        reader->section_lines[i] = reader->line;
        reader->section = config_sections[i];
        return RESULT_OK;
    }
    return unknown_section(reader, title, err);
}

static enum result begin_section(struct config_reader *reader, const char *title,
                                 struct error *err) {
    TRY(end_profile(reader, err));
    reader->section = NULL;
    static const char prefix[] = SECTION_PROFILE " ";
    if (!text_starts_with(title, prefix) && strcmp(title, SECTION_PROFILE) != 0) {
        return begin_plain_section(reader, title, err);
    }
    const char *name = title + strlen(SECTION_PROFILE);
    name += strspn(name, " \t");
    TRY(begin_profile(reader, name, err));
    (void)snprintf(reader->section_title, sizeof(reader->section_title), "profile %s", name);
    reader->section = SECTION_PROFILE;
    return RESULT_OK;
}

// --- lines -----------------------------------------------------------------------------------

static const char *section_title(const struct config_reader *reader) {
    return strcmp(reader->section, SECTION_PROFILE) == 0 ? reader->section_title
                                                         : reader->section;
}

static enum result unknown_key(const struct config_reader *reader, const char *key,
                               struct error *err) {
    const char *known[LIMIT_CONFIG_OPTIONS];
    size_t count = 0;
    for (size_t i = 0; i < config_option_count; i++) {
        if (strcmp(config_options[i].section, reader->section) == 0) {
            known[count++] = config_options[i].key;
        }
    }
    (void)line_mistake(reader, err, "unknown key \"%s\" in [%s]", key, section_title(reader));
    error_field(err, key);
    suggest(key, known, count, err);
    return RESULT_INVALID;
}

static enum result set_option(struct config_reader *reader, const char *key, const char *value,
                              struct error *err) {
    if (reader->section == NULL) {
        (void)line_mistake(reader, err, "key \"%s\" stands before the first section", key);
        error_hint(err, "begin with a line such as [authority]");
        return RESULT_INVALID;
    }
    const struct option *option = option_find(reader->section, key);
    if (option == NULL) {
        return unknown_key(reader, key, err);
    }
    size_t *line = &reader->option_lines[option - config_options];
    if (*line > 0) {
        (void)line_mistake(reader, err, "key \"%s\" was given on line %zu already", key, *line);
        error_field(err, key);
        return RESULT_INVALID;
    }
    *line = reader->line;
    void *target = strcmp(reader->section, SECTION_PROFILE) == 0
                       ? (void *)current_profile(reader)
                       : (void *)reader->config;
    enum result result = option_read(option, value, target, err);
    return result == RESULT_OK ? RESULT_OK
                               : config_misplaced(reader, reader->section, key, result, err);
}

// Cuts blanks off both ends, in place.
static char *trim(char *text) {
    char *start = text + strspn(text, " \t\r");
    size_t size = strlen(start);
    while (size > 0 && strchr(" \t\r", start[size - 1]) != NULL) {
        size--;
    }
    start[size] = '\0';
    return start;
}

// A "#" begins a comment at the start of a line and behind a blank.
static void cut_comment(char *line) {
    for (char *mark = strchr(line, '#'); mark != NULL; mark = strchr(mark + 1, '#')) {
        if (mark == line || mark[-1] == ' ' || mark[-1] == '\t') {
            *mark = '\0';
            return;
        }
    }
}

static enum result read_line(struct config_reader *reader, char *line, struct error *err) {
    cut_comment(line);
    char *text = trim(line);
    if (text[0] == '\0') {
        return RESULT_OK;
    }
    size_t size = strlen(text);
    if (text[0] == '[') {
        if (text[size - 1] != ']') {
            return line_mistake(reader, err, "expected \"]\" at the end of \"%s\"", text);
        }
        text[size - 1] = '\0';
        return begin_section(reader, trim(text + 1), err);
    }
    char *equals = strchr(text, '=');
    if (equals == NULL) {
        (void)line_mistake(reader, err, "expected [section] or key = value, not \"%s\"", text);
        return RESULT_INVALID;
    }
    *equals = '\0';
    return set_option(reader, trim(text), trim(equals + 1), err);
}

static enum result check_characters(const struct config_reader *reader, struct bytes line,
                                    struct error *err) {
    if (!text_is_utf8(line)) {
        return line_mistake(reader, err, "expected text in UTF-8");
    }
    for (size_t i = 0; i < line.size; i++) {
        if ((line.data[i] < ' ' && strchr("\t\r", line.data[i]) == NULL) || line.data[i] == 0) {
            return line_mistake(
                reader, err, "a control character (0x%02x) does not belong here", line.data[i]);
        }
    }
    return RESULT_OK;
}

static enum result read_lines(struct config_reader *reader, struct bytes text,
                              struct error *err) {
    while (text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        size_t size = end == NULL ? text.size : (size_t)(end - text.data);
        struct bytes line = bytes_slice(text, 0, size);
        text = bytes_slice(text, size + 1, text.size);
        reader->line++;
        TRY(check_characters(reader, line, err));
        AUTO(string_free_at) char *copy = string_copy_bytes(line);
        if (copy == NULL) {
            return error_out_of_memory(err);
        }
        TRY(read_line(reader, copy, err));
    }
    return end_profile(reader, err);
}

static enum result read_all(struct config_reader *reader, struct bytes text,
                            struct error *err) {
    for (size_t i = 0; config_sections[i] != NULL; i++) {
        if (strcmp(config_sections[i], SECTION_PROFILE) != 0) {
            TRY(option_set_defaults(config_sections[i], reader->config, err));
        }
    }
    TRY(read_lines(reader, text, err));
    for (size_t i = 0; config_sections[i] != NULL; i++) {
        if (strcmp(config_sections[i], SECTION_PROFILE) != 0) {
            TRY(require_given(reader, config_sections[i], err));
        }
    }
    TRY(config_check(reader, err));
    return profile_list_finish(&reader->config->profiles, err);
}

enum result config_parse(const char *path_for_messages, struct bytes text,
                         struct config *out_config, struct error *err) {
    AUTO(config_clear) struct config config = {0};
    struct config_reader reader = {.path = path_for_messages, .config = &config};
    TRY(read_all(&reader, text, err));
    *out_config = config;
    config = (struct config){0};
    return RESULT_OK;
}

enum result config_load(const char *path, struct config *out_config, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    TRY(file_read(path, &text, err));
    return config_parse(path, buf_bytes(&text), out_config, err);
}
