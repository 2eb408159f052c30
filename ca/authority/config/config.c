// Reads signetd.conf: sections, keys and values, each mistake with its file, line and field.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority/config/config_options.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "wire/messages.h"

#define LIMIT_PROFILES 100
#define SECTION_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_-"

void config_clear(struct config *config) {
    string_free_at(&config->name);
    string_free_at(&config->enroll_url);
    string_free_at(&config->admin_url);
    string_free_at(&config->public_url);
    string_free_at(&config->service_issuer);
    string_free_at(&config->admin_issuer);
    buf_clear(&config->warnings);
    config_list_clear(&config->hosts);
    config_list_clear(&config->pkcs11_paths);
    config_list_clear(&config->enroll_listen);
    config_list_clear(&config->admin_listen);
    config_list_clear(&config->public_listen);
    manufacturer_list_clear(&config->manufacturers);
    profile_list_clear(&config->profiles);
    *config = (struct config){0};
}

// The public URL without a slash at its end.
static enum result append_public_url(const struct config *config, struct buf *out) {
    size_t size = strlen(config->public_url);
    while (size > 0 && config->public_url[size - 1] == '/') {
        size--;
    }
    return buf_append(out, bytes_of(config->public_url, size));
}

enum result config_crl_url(const struct config *config, const char *issuer_name,
                           struct buf *out) {
    TRY(append_public_url(config, out));
    return buf_printf(out, "/crl/%s.crl", issuer_name);
}

enum result config_ca_issuers_url(const struct config *config, const char *issuer_name,
                                  struct buf *out) {
    TRY(append_public_url(config, out));
    return buf_printf(out, "/ca/%s.der", issuer_name);
}

enum result config_ocsp_url(const struct config *config, struct buf *out) {
    TRY(append_public_url(config, out));
    return buf_append_string(out, "/ocsp");
}

// --- where a mistake is ----------------------------------------------------------------------

// The section's line numbers: its own ones when it has a name.
static const size_t *lines_of(const struct config_reader *reader, const char *section) {
    return config_section_has_name(section) ? reader->instances[reader->instance].option_lines
                                            : reader->option_lines;
}

static const char *title_of(const struct config_reader *reader, const char *section) {
    return config_section_has_name(section) ? reader->instances[reader->instance].title
                                            : section;
}

bool config_is_given(const struct config_reader *reader, const char *section, const char *key) {
    const struct option *option = option_find(section, key);
    return option != NULL && lines_of(reader, section)[option - config_options] > 0;
}

enum result config_misplaced(const struct config_reader *reader, const char *section,
                             const char *key, enum result result, struct error *err) {
    const struct option *option = option_find(section, key);
    size_t line = option == NULL ? 0 : lines_of(reader, section)[option - config_options];
    const char *title = title_of(reader, section);
    if (line > 0) {
        error_context(err, "%s:%zu: %s in [%s]", reader->file.path, line, key, title);
    } else {
        error_context(err, "%s: %s in [%s]", reader->file.path, key, title);
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

// More warnings than fit are not read either.
#define LIMIT_WARNINGS_BYTES (64 * 1024)

enum result config_warn(const struct config_reader *reader, const char *section,
                        const char *key, struct error *err, const char *format, ...) {
    char message[320];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    struct error place = {0};
    (void)config_misplaced(reader, section, key,
                           error_set(&place, RESULT_INVALID, "%s", message), &place);
    enum result result = buf_printf(&reader->config->warnings, "%s\n", place.message);
    return result == RESULT_INTERNAL ? error_out_of_memory(err) : RESULT_OK;
}

enum result config_each_warning(const struct config *config,
                                enum result (*visit)(const char *line, void *context,
                                                     struct error *err),
                                void *context, struct error *err) {
    struct bytes rest = buf_bytes(&config->warnings);
    while (rest.size > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        size_t size = end == NULL ? rest.size : (size_t)(end - rest.data);
        AUTO(string_free_at) char *line = string_copy_bytes(bytes_slice(rest, 0, size));
        if (line == NULL) {
            return error_out_of_memory(err);
        }
        TRY(visit(line, context, err));
        rest = bytes_slice(rest, size + 1, rest.size);
    }
    return RESULT_OK;
}

static void suggest(const char *word, const char *const *known, size_t count,
                    struct error *err) {
    const char *nearest = text_nearest(word, known, count);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
    }
}

// --- sections --------------------------------------------------------------------------------

static enum result require_given(const struct config_reader *reader, const char *section,
                                 struct error *err) {
    for (size_t i = 0; i < config_option_count; i++) {
        const struct option *option = &config_options[i];
        if (strcmp(option->section, section) == 0 && option->initial == OPTION_REQUIRED &&
            lines_of(reader, section)[i] == 0) {
            TRY(config_mistake(reader, section, option->key, err, "this key is missing"));
        }
    }
    return RESULT_OK;
}

static enum result check_section_name(const struct config_reader *reader, const char *section,
                                      const char *name, struct error *err) {
    size_t size = strlen(name);
    if (size == 0 || size > LIMIT_PROFILE_NAME ||
        name[strspn(name, SECTION_NAME_CHARACTERS)] != '\0') {
        (void)section_file_mistake(&reader->file, err, "\"%s\" cannot be a %s's name", name,
                                   section);
        error_hint(err, "expected 1 to %d of a-z, 0-9, - and _, as in [%s sensor]",
                   LIMIT_PROFILE_NAME, section);
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < reader->instance_count; i++) {
        const struct config_instance *other = &reader->instances[i];
        if (strcmp(other->section, section) == 0 &&
            strcmp(&other->title[strlen(section) + 1], name) == 0) {
            return section_file_mistake(&reader->file, err, "there is a [%s] already",
                                        other->title);
        }
    }
    return RESULT_OK;
}

// One more place at the end of a list; the caller fills it.
static enum result grow(void **items, size_t count, size_t item_size, struct error *err) {
    void *grown = realloc(*items, (count + 1) * item_size);
    if (grown == NULL) {
        return error_out_of_memory(err);
    }
    *items = grown;
    return RESULT_OK;
}

static enum result begin_profile(struct config_reader *reader, const char *name,
                                 size_t *out_item, struct error *err) {
    struct profile_list *list = &reader->config->profiles;
    if (profile_is_internal_name(name)) {
        return section_file_mistake(&reader->file, err, "profile \"%s\" is the authority's own",
                                    name);
    }
    if (list->count >= LIMIT_PROFILES) {
        return section_file_mistake(&reader->file, err, "expected at most %d profiles",
                                    LIMIT_PROFILES);
    }
    void *items = list->items;
    TRY(grow(&items, list->count, sizeof(*list->items), err));
    list->items = items;
    struct profile *profile = &list->items[list->count];
    *profile = (struct profile){.name = string_copy(name)};
    if (profile->name == NULL) {
        return error_out_of_memory(err);
    }
    *out_item = list->count++;
    return option_set_defaults(SECTION_PROFILE, profile, err);
}

static enum result begin_manufacturer(struct config_reader *reader, const char *name,
                                      size_t *out_item, struct error *err) {
    struct manufacturer_list *list = &reader->config->manufacturers;
    if (list->count >= LIMIT_MANUFACTURERS) {
        return section_file_mistake(&reader->file, err, "expected at most %d manufacturers",
                                    LIMIT_MANUFACTURERS);
    }
    void *items = list->items;
    TRY(grow(&items, list->count, sizeof(*list->items), err));
    list->items = items;
    struct manufacturer *manufacturer = &list->items[list->count];
    *manufacturer = (struct manufacturer){.name = string_copy(name)};
    if (manufacturer->name == NULL) {
        return error_out_of_memory(err);
    }
    *out_item = list->count++;
    return option_set_defaults(SECTION_MANUFACTURER, manufacturer, err);
}

static enum result begin_named_section(struct config_reader *reader, const char *section,
                                       const char *name, struct error *err) {
    TRY(check_section_name(reader, section, name, err));
    size_t item = 0;
    TRY(strcmp(section, SECTION_PROFILE) == 0 ? begin_profile(reader, name, &item, err)
                                              : begin_manufacturer(reader, name, &item, err));
    void *instances = reader->instances;
    TRY(grow(&instances, reader->instance_count, sizeof(*reader->instances), err));
    reader->instances = instances;
    struct config_instance *instance = &reader->instances[reader->instance_count];
    *instance = (struct config_instance){.section = section, .item = item};
    (void)snprintf(instance->title, sizeof(instance->title), "%s %s", section, name);
    reader->instance = reader->instance_count++;
    reader->section = section;
    return RESULT_OK;
}

static enum result unknown_section(const struct config_reader *reader, const char *title,
                                   struct error *err) {
    size_t count = 0;
    while (config_sections[count] != NULL) {
        count++;
    }
    (void)section_file_mistake(&reader->file, err, "unknown section [%s]", title);
    error_field(err, title);
    suggest(title, config_sections, count, err);
    return RESULT_INVALID;
}

static enum result begin_plain_section(struct config_reader *reader, const char *title,
                                       struct error *err) {
    for (size_t i = 0; config_sections[i] != NULL; i++) {
        if (strcmp(config_sections[i], title) != 0) {
            continue;
        }
        if (reader->section_lines[i] > 0) {
            return section_file_mistake(&reader->file, err,
                                        "section [%s] began on line %zu already", title,
                                        reader->section_lines[i]);
        }
        reader->section_lines[i] = reader->file.line;
        reader->section = config_sections[i];
        return RESULT_OK;
    }
    return unknown_section(reader, title, err);
}

static enum result begin_section(void *context, const char *title, struct error *err) {
    struct config_reader *reader = context;
    static const char *const named[] = {SECTION_PROFILE, SECTION_MANUFACTURER};
    reader->section = NULL;
    size_t size = strcspn(title, " \t");
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (strlen(named[i]) == size && strncmp(named[i], title, size) == 0) {
            const char *name = &title[size];
            return begin_named_section(reader, named[i], &name[strspn(name, " \t")], err);
        }
    }
    return begin_plain_section(reader, title, err);
}

// --- options ---------------------------------------------------------------------------------

// What the options of the section being read are set in, and their line numbers.
static void *current_target(const struct config_reader *reader) {
    if (!config_section_has_name(reader->section)) {
        return reader->config;
    }
    size_t item = reader->instances[reader->instance].item;
    return strcmp(reader->section, SECTION_PROFILE) == 0
               ? (void *)&reader->config->profiles.items[item]
               : (void *)&reader->config->manufacturers.items[item];
}

static size_t *current_lines(struct config_reader *reader) {
    return config_section_has_name(reader->section)
               ? reader->instances[reader->instance].option_lines
               : reader->option_lines;
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
    (void)section_file_mistake(&reader->file, err, "unknown key \"%s\" in [%s]", key,
                               title_of(reader, reader->section));
    error_field(err, key);
    suggest(key, known, count, err);
    return RESULT_INVALID;
}

static enum result set_option(void *context, const char *key, const char *value,
                              struct error *err) {
    struct config_reader *reader = context;
    if (reader->section == NULL) {
        (void)section_file_mistake(&reader->file, err,
                                   "key \"%s\" stands before the first section", key);
        error_hint(err, "begin with a line such as [authority]");
        return RESULT_INVALID;
    }
    const struct option *option = option_find(reader->section, key);
    if (option == NULL) {
        return unknown_key(reader, key, err);
    }
    size_t *line = &current_lines(reader)[option - config_options];
    if (*line > 0) {
        (void)section_file_mistake(&reader->file, err,
                                   "key \"%s\" was given on line %zu already", key, *line);
        error_field(err, key);
        return RESULT_INVALID;
    }
    *line = reader->file.line;
    enum result result = option_read(option, value, current_target(reader), err);
    return result == RESULT_OK ? RESULT_OK
                               : config_misplaced(reader, reader->section, key, result, err);
}

static enum result check_instance(struct config_reader *reader, size_t index,
                                  struct error *err) {
    reader->instance = index;
    const struct config_instance *instance = &reader->instances[index];
    struct config *config = reader->config;
    TRY(require_given(reader, instance->section, err));
    if (strcmp(instance->section, SECTION_PROFILE) == 0) {
        return config_check_profile(reader, &config->profiles.items[instance->item], err);
    }
    struct manufacturer *manufacturer = &config->manufacturers.items[instance->item];
    manufacturer->file_line =
        instance
            ->option_lines[option_find(SECTION_MANUFACTURER, "certificates") - config_options];
    return config_check_manufacturer(reader, manufacturer, err);
}

static enum result check_references(struct config_reader *reader, struct error *err) {
    for (size_t i = 0; i < reader->instance_count; i++) {
        const struct config_instance *instance = &reader->instances[i];
        reader->instance = i;
        if (strcmp(instance->section, SECTION_PROFILE) == 0) {
            TRY(config_check_references(reader, &reader->config->profiles.items[instance->item],
                                        err));
        }
    }
    return RESULT_OK;
}

// Whether certificates carry addresses is decided here, once, so that it is part of a profile's
// hash.
static enum result finish_profiles(struct config *config, struct error *err) {
    bool has_url = config->public_url != NULL;
    for (size_t i = 0; i < config->profiles.count; i++) {
        struct profile *profile = &config->profiles.items[i];
        profile->crl_distribution_point =
            profile->crl_distribution_point && config->crl_url_in_certificates;
        profile->authority_info_access = profile->authority_info_access && has_url;
        profile->ocsp_url = config->ocsp_url_in_certificates;
    }
    const struct profile_settings settings = {
        .admin_issuer = config->admin_issuer,
        .admin_lifetime = config->admin_lifetime,
        .service_issuer = config->service_issuer,
        .public_url = config->public_url,
    };
    return profile_list_finish(&config->profiles, &settings, err);
}

static enum result read_all(struct config_reader *reader, struct bytes text,
                            struct error *err) {
    for (size_t i = 0; config_sections[i] != NULL; i++) {
        if (!config_section_has_name(config_sections[i])) {
            TRY(option_set_defaults(config_sections[i], reader->config, err));
        }
    }
    TRY(section_file_read(&reader->file, text, err));
    for (size_t i = 0; config_sections[i] != NULL; i++) {
        if (!config_section_has_name(config_sections[i])) {
            TRY(require_given(reader, config_sections[i], err));
        }
    }
    for (size_t i = 0; i < reader->instance_count; i++) {
        TRY(check_instance(reader, i, err));
    }
    TRY(check_references(reader, err));
    TRY(config_check(reader, err));
    return finish_profiles(reader->config, err);
}

static void reader_clear(struct config_reader *reader) {
    free(reader->instances);
    *reader = (struct config_reader){0};
}

enum result config_parse(const char *path_for_messages, struct bytes text,
                         struct config *out_config, struct error *err) {
    AUTO(config_clear) struct config config = {0};
    AUTO(reader_clear)
    struct config_reader reader = {.config = &config};
    reader.file = (struct section_reader){.path = path_for_messages,
                                          .context = &reader,
                                          .begin_section = begin_section,
                                          .set = set_option};
    buf_init(&config.warnings, LIMIT_WARNINGS_BYTES);
    TRY(read_all(&reader, text, err));
    *out_config = config;
    config = (struct config){0};
    return RESULT_OK;
}

// The files that the configuration names lie below its own folder, unless they have a path from
// the root.
static enum result load_manufacturers(const char *path, struct config *config,
                                      struct error *err) {
    const char *slash = strrchr(path, '/');
    AUTO(string_free_at)
    char *folder = slash == NULL
                       ? string_copy(".")
                       : string_copy_bytes(bytes_of(path, (size_t)(slash - path) + 1));
    if (folder == NULL) {
        return error_out_of_memory(err);
    }
    for (size_t i = 0; i < config->manufacturers.count; i++) {
        struct manufacturer *manufacturer = &config->manufacturers.items[i];
        enum result result = manufacturer_load(manufacturer, folder, err);
        if (result != RESULT_OK) {
            error_context(err, "%s:%zu: certificates in [manufacturer %s]", path,
                          manufacturer->file_line, manufacturer->name);
            error_field(err, "certificates");
            // Not found would mean that there is no configuration.
            if (err != NULL && result == RESULT_NOT_FOUND) {
                err->result = RESULT_INVALID;
                error_hint(err, "The path starts at the folder of signetd.conf.");
            }
            return result == RESULT_NOT_FOUND ? RESULT_INVALID : result;
        }
    }
    return RESULT_OK;
}

enum result config_load(const char *path, struct config *out_config, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    TRY(file_read(path, &text, err));
    AUTO(config_clear) struct config config = {0};
    TRY(config_parse(path, buf_bytes(&text), &config, err));
    TRY(load_manufacturers(path, &config, err));
    *out_config = config;
    config = (struct config){0};
    return RESULT_OK;
}
