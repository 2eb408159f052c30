// Reads watch.conf by a table of its keys.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/section_file.h"
#include "base/text.h"
#include "client/connect/credential.h"

#define CONFIG_BYTES (256 * 1024)
#define SECTION_WATCH "watch"
#define SECTION_TARGET "target"

enum key_type { KEY_TEXT, KEY_WORDS, KEY_DURATION, KEY_INTEGER };
// Where a key may stand.
enum key_place { IN_WATCH = 1, IN_TARGET = 2, IN_BOTH = IN_WATCH | IN_TARGET };

struct key_row {
    const char *key;
    enum key_type type;
    enum key_place place;
    size_t offset; // in struct watch_target
    int64_t least;
    int64_t most;
    const char *meaning;
};

#define TEXT(key, place, meaning)                                                              \
    { #key, KEY_TEXT, place, offsetof(struct watch_target, key), 0, 0, meaning }
#define WORDS(key, meaning)                                                                    \
    { #key, KEY_WORDS, IN_TARGET, offsetof(struct watch_target, key), 0, 0, meaning }

static const struct key_row keys[] = {
    TEXT(crl, IN_BOTH, "where the CRLs are: http or https; the bundle of an issuing CA"),
    TEXT(ca, IN_BOTH, "PEM certificates of all CAs whose CRLs are in it"),
    {"interval", KEY_DURATION, IN_BOTH, offsetof(struct watch_target, interval_seconds), 1,
     LIMIT_WATCH_INTERVAL_SECONDS, "how often to look (default: 60s)"},
    TEXT(state, IN_WATCH, "folder of what is remembered (default: " WATCH_STATE_FOLDER ")"),
    TEXT(canary, IN_BOTH, "folder of the canary pair, as `signet watch --enroll-canary` makes"),
    {"warn", KEY_INTEGER, IN_BOTH, offsetof(struct watch_target, warn_percent), 1, 99,
     "warn when less than this many percent of a CRL's life are left (default: 25)"},
    TEXT(preset, IN_TARGET, "what reads it: see PRESETS in signet(1)"),
    TEXT(file, IN_TARGET, "the PEM file that it reads (default: that of the preset)"),
    TEXT(folder, IN_TARGET, "the CApath that it reads, with presets of that kind"),
    WORDS(reload, "command that makes it read again, without a shell"),
    TEXT(pid_file, IN_TARGET, "instead: send HUP to the process of this file"),
    TEXT(socket, IN_TARGET, "HAProxy's runtime socket, of level admin"),
    {"socket_bytes", KEY_INTEGER, IN_TARGET, offsetof(struct watch_target, socket_bytes), 1024,
     1 << 30, "HAProxy's tune.bufsize (default: 16384); larger CRLs go by reload"},
    TEXT(sessions_map, IN_TARGET, "HAProxy's map of addresses to serials"),
    WORDS(restart, "command that ends open sessions when somebody was revoked"),
    WORDS(revoked, "command that is told the serials of those who were revoked"),
    WORDS(shell, "Prosody's admin shell (default: prosodyctl shell)"),
    TEXT(proof, IN_TARGET, "HOST:PORT where the canaries try after each change"),
    TEXT(proof_name, IN_TARGET,
         "the name in its certificate (default: HOST); XMPP: the domain"),
    TEXT(proof_ca, IN_TARGET, "PEM of the CAs of that certificate (default: ca)"),
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

struct config_reader {
    struct watch_config *config;
    struct watch_target *target; // that the section being read fills; NULL before the first
    bool is_common;
    bool has_common;
    size_t lines[KEY_COUNT]; // of the section being read; 0: not given
    struct section_reader file;
};

// --- clearing ----------------------------------------------------------------------------

static void words_clear(struct watch_words *words) {
    for (size_t i = 0; i < words->count; i++) {
        free(words->items[i]);
    }
    free(words->items);
    *words = (struct watch_words){0};
}

static void *member_of(struct watch_target *target, const struct key_row *row) {
    return (unsigned char *)target + row->offset; // as offsetof is meant
}

static void target_clear(struct watch_target *target) {
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (keys[i].type == KEY_TEXT) {
            string_free_at(member_of(target, &keys[i]));
        } else if (keys[i].type == KEY_WORDS) {
            words_clear(member_of(target, &keys[i]));
        }
    }
    string_free_at(&target->name);
}

void watch_config_clear(struct watch_config *config) {
    for (size_t i = 0; i < config->target_count; i++) {
        target_clear(&config->targets[i]);
    }
    free(config->targets);
    target_clear(&config->common);
    *config = (struct watch_config){0};
}

// --- values ------------------------------------------------------------------------------

static enum result add_word(struct watch_words *words, struct bytes word) {
    char **grown = realloc(words->items, (words->count + 2) * sizeof(*grown));
    if (grown == NULL) {
        return RESULT_INTERNAL;
    }
    words->items = grown;
    grown[words->count] = string_copy_bytes(word);
    if (grown[words->count] == NULL) {
        return RESULT_INTERNAL;
    }
    words->count++;
    grown[words->count] = NULL;
    return RESULT_OK;
}

// Words between blanks; there is no quoting, as no shell is.
static enum result read_words(const char *text, struct watch_words *out_words) {
    while (text[strspn(text, " \t")] != '\0') {
        text = &text[strspn(text, " \t")];
        size_t size = strcspn(text, " \t");
        TRY(add_word(out_words, bytes_of(text, size)));
        text = &text[size];
    }
    return RESULT_OK;
}

static enum result read_text(const char *value, char **out_text) {
    *out_text = string_copy(value);
    return *out_text != NULL ? RESULT_OK : RESULT_INTERNAL;
}

static enum result read_number(const struct config_reader *reader, const struct key_row *row,
                               const char *value, int64_t *out_number, struct error *err) {
    int64_t number = 0;
    enum result result =
        row->type == KEY_DURATION
            ? text_read_duration(value, &number, NULL)
            : text_read_int64(bytes_of_string(value), row->least, row->most, &number);
    if (result == RESULT_OK && number >= row->least && number <= row->most) {
        *out_number = number;
        return RESULT_OK;
    }
    return section_file_mistake(
        &reader->file, err, "%s: expected %s from %lld to %lld%s, not \"%s\"", row->key,
        row->type == KEY_DURATION ? "a time such as 60s" : "a number", (long long)row->least,
        (long long)row->most, row->type == KEY_DURATION ? " seconds" : "", value);
}

static enum result read_value(const struct config_reader *reader, const struct key_row *row,
                              const char *value, struct error *err) {
    void *member = member_of(reader->target, row);
    enum result result = RESULT_OK;
    if (row->type == KEY_TEXT) {
        result = read_text(value, member);
    } else if (row->type == KEY_WORDS) {
        result = read_words(value, member);
    } else {
        return read_number(reader, row, value, member, err);
    }
    return result == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

// --- keys --------------------------------------------------------------------------------

static void suggest(const char *word, const char *const *known, size_t count,
                    struct error *err) {
    const char *nearest = text_nearest(word, known, count);
    if (nearest != NULL) {
        error_hint(err, "did you mean \"%s\"?", nearest);
    }
}

static enum result unknown_key(const struct config_reader *reader, enum key_place place,
                               const char *key, struct error *err) {
    const char *known[KEY_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if ((keys[i].place & place) != 0) {
            known[count++] = keys[i].key;
        }
    }
    (void)section_file_mistake(&reader->file, err, "unknown key \"%s\" in [%s]", key,
                               reader->is_common ? SECTION_WATCH : SECTION_TARGET);
    error_field(err, key);
    suggest(key, known, count, err);
    return RESULT_INVALID;
}

static enum result set_key(void *context, const char *key, const char *value,
                           struct error *err) {
    struct config_reader *reader = context;
    if (reader->target == NULL) {
        (void)section_file_mistake(&reader->file, err,
                                   "key \"%s\" stands before the first section", key);
        error_hint(err, "begin with a line such as [watch]");
        return RESULT_INVALID;
    }
    enum key_place place = reader->is_common ? IN_WATCH : IN_TARGET;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].key, key) != 0 || (keys[i].place & place) == 0) {
            continue;
        }
        if (reader->lines[i] > 0) {
            return section_file_mistake(&reader->file, err,
                                        "key \"%s\" was given on line %zu already", key,
                                        reader->lines[i]);
        }
        if (value[0] == '\0') {
            return section_file_mistake(&reader->file, err, "%s has no value", key);
        }
        reader->lines[i] = reader->file.line;
        return read_value(reader, &keys[i], value, err);
    }
    return unknown_key(reader, place, key, err);
}

// --- a target as a whole -----------------------------------------------------------------

static enum result target_mistake(const struct config_reader *reader, const char *what,
                                  struct error *err) {
    return error_set(err, RESULT_INVALID, "%s: [%s %s]: %s", reader->file.path, SECTION_TARGET,
                     reader->target->name, what);
}

static enum result find_preset(const struct config_reader *reader,
                               const struct watch_preset **out_preset, struct error *err) {
    const char *known[32];
    size_t count = 0;
    for (; watch_presets[count].name != NULL; count++) {
        known[count] = watch_presets[count].name;
    }
    const char *name = reader->target->preset;
    if (name == NULL) {
        return target_mistake(reader, "preset is missing", err);
    }
    *out_preset = watch_preset_find(name);
    if (*out_preset == NULL) {
        (void)error_set(err, RESULT_INVALID, "%s: [%s %s]: unknown preset \"%s\"",
                        reader->file.path, SECTION_TARGET, reader->target->name, name);
        suggest(name, known, count, err);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result take_from_common(char **member, const char *common) {
    if (*member != NULL || common == NULL) {
        return RESULT_OK;
    }
    return read_text(common, member);
}

static enum result inherit(struct watch_target *target, const struct watch_target *common,
                           const struct watch_preset *preset) {
    TRY(take_from_common(&target->crl, common->crl));
    TRY(take_from_common(&target->ca, common->ca));
    TRY(take_from_common(&target->canary, common->canary));
    TRY(take_from_common(&target->state,
                         common->state != NULL ? common->state : WATCH_STATE_FOLDER));
    TRY(take_from_common(&target->file, preset->file));
    if (target->interval_seconds == 0) {
        target->interval_seconds = common->interval_seconds > 0 ? common->interval_seconds : 60;
    }
    if (target->warn_percent == 0) {
        target->warn_percent = common->warn_percent;
    }
    bool has_reload = target->reload.count > 0 || target->pid_file != NULL;
    if (!has_reload && preset->reload != NULL) {
        TRY(read_words(preset->reload, &target->reload));
    }
    if (preset->sessions == WATCH_SESSIONS_PROSODY && target->shell.count == 0) {
        TRY(read_words("prosodyctl shell", &target->shell));
    }
    return RESULT_OK;
}

// Which keys go together: the first line whose `is_wrong` holds is the mistake.
static enum result check_together(const struct config_reader *reader,
                                  const struct watch_preset *preset, struct error *err) {
    const struct watch_target *target = reader->target;
    bool has_folder = preset->form == WATCH_FORM_CAPATH;
    bool by_socket = preset->sessions == WATCH_SESSIONS_HAPROXY;
    bool by_shell = preset->sessions == WATCH_SESSIONS_PROSODY;
    const struct {
        bool is_wrong;
        const char *what;
    } rules[] = {
        {target->crl == NULL, "crl is missing (here or in [watch])"},
        {target->ca == NULL, "ca is missing (here or in [watch])"},
        {has_folder && target->folder == NULL, "folder is missing"},
        {!has_folder && target->folder != NULL, "folder is for presets with a CApath"},
        {!has_folder && target->file == NULL, "file is missing"},
        {has_folder && by_shell && target->file != NULL, "this preset has a folder, no file"},
        {target->reload.count > 0 && target->pid_file != NULL,
         "either reload or pid_file, not both"},
        {!preset->has_socket && target->socket != NULL, "this preset has no socket"},
        {target->socket == NULL && target->socket_bytes > 0, "socket_bytes without socket"},
        {target->sessions_map != NULL && (!by_socket || target->socket == NULL),
         "sessions_map is for HAProxy with its socket"},
        {target->restart.count > 0 && preset->sessions != WATCH_SESSIONS_RESTART,
         "this preset ends sessions without restart"},
        {target->revoked.count > 0 && preset->sessions != WATCH_SESSIONS_RESTART,
         "this preset ends sessions without revoked"},
        {target->restart.count > 0 && target->revoked.count > 0,
         "either restart or revoked, not both: a restart ends everybody's session"},
        {target->shell.count > 0 && !by_shell, "shell is for Prosody"},
        {target->proof != NULL && target->canary == NULL,
         "proof needs a canary pair (here or in [watch])"},
        {target->proof == NULL && (target->proof_name != NULL || target->proof_ca != NULL),
         "proof_name and proof_ca are for a proof"},
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].is_wrong) {
            return target_mistake(reader, rules[i].what, err);
        }
    }
    return RESULT_OK;
}

static enum result read_url(const struct config_reader *reader, const char *key,
                            const char *text, struct url *out_url, struct error *err) {
    struct error reason = {0};
    if (url_read(text, out_url, &reason) == RESULT_OK) {
        return RESULT_OK;
    }
    return error_set(err, RESULT_INVALID, "%s: [%s %s]: %s: %s", reader->file.path,
                     SECTION_TARGET, reader->target->name, key, reason.message);
}

static enum result read_proof(const struct config_reader *reader, const char *proof,
                              struct url *out_url, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, URL_TARGET_SIZE);
    if (buf_printf(&text, "https://%s/", proof) != RESULT_OK || strrchr(proof, ':') == NULL) {
        return target_mistake(reader, "proof: expected HOST:PORT", err);
    }
    return read_url(reader, "proof", buf_string(&text), out_url, err);
}

static enum result make_options(const struct config_reader *reader,
                                const struct watch_preset *preset, struct error *err) {
    struct watch_target *target = reader->target;
    target->options = (struct watch_options){
        .name = target->name,
        .preset = preset,
        .file = target->file,
        .folder = target->folder,
        .trust_file = target->ca,
        .reload = target->reload.items,
        .pid_file = target->pid_file,
        .interval_seconds = target->interval_seconds,
        .socket = target->socket,
        .socket_bytes = (size_t)(target->socket_bytes > 0 ? target->socket_bytes : 16384),
        .sessions_map = target->sessions_map,
        .restart = target->restart.items,
        .revoked = target->revoked.items,
        .shell = target->shell.items,
        .state_folder = target->state,
        .canary = target->canary,
        .proof_name = target->proof_name,
        .proof_ca = target->proof_ca,
        .warn_percent = (int)target->warn_percent,
    };
    TRY(read_url(reader, "crl", target->crl, &target->options.url, err));
    return target->proof == NULL
               ? RESULT_OK
               : read_proof(reader, target->proof, &target->options.proof, err);
}

static bool are_same(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static enum result check_apart(const struct config_reader *reader, size_t index,
                               struct error *err) {
    for (size_t i = 0; i < index; i++) {
        const struct watch_target *other = &reader->config->targets[i];
        if (are_same(other->file, reader->target->file) ||
            are_same(other->folder, reader->target->folder)) {
            return target_mistake(reader, "another target writes the same file or folder", err);
        }
    }
    return RESULT_OK;
}

static enum result finish_target(struct config_reader *reader, size_t index,
                                 struct error *err) {
    reader->target = &reader->config->targets[index];
    const struct watch_preset *preset = NULL;
    TRY(find_preset(reader, &preset, err));
    if (inherit(reader->target, &reader->config->common, preset) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(check_together(reader, preset, err));
    TRY(check_apart(reader, index, err));
    return make_options(reader, preset, err);
}

// --- sections ----------------------------------------------------------------------------

static enum result begin_target(struct config_reader *reader, const char *name,
                                struct error *err) {
    struct watch_config *config = reader->config;
    if (credential_check_name(name, NULL) != RESULT_OK || strlen(name) > 64) {
        return section_file_mistake(&reader->file, err, "\"%s\" cannot be a target's name",
                                    name);
    }
    for (size_t i = 0; i < config->target_count; i++) {
        if (strcmp(config->targets[i].name, name) == 0) {
            return section_file_mistake(&reader->file, err, "there is a [target %s] already",
                                        name);
        }
    }
    if (config->target_count == LIMIT_WATCH_TARGETS) {
        return section_file_mistake(&reader->file, err, "expected at most %d targets",
                                    LIMIT_WATCH_TARGETS);
    }
    struct watch_target *grown =
        realloc(config->targets, (config->target_count + 1) * sizeof(*grown));
    if (grown == NULL) {
        return error_out_of_memory(err);
    }
    config->targets = grown;
    reader->target = &grown[config->target_count];
    *reader->target = (struct watch_target){.name = string_copy(name)};
    config->target_count++;
    reader->is_common = false;
    return reader->target->name != NULL ? RESULT_OK : error_out_of_memory(err);
}

static enum result begin_section(void *context, const char *title, struct error *err) {
    struct config_reader *reader = context;
    size_t size = strcspn(title, " \t");
    const char *name = &title[size];
    name = &name[strspn(name, " \t")];
    memset(reader->lines, 0, sizeof(reader->lines));
    if (strncmp(title, SECTION_TARGET, size) == 0 && size == strlen(SECTION_TARGET)) {
        return begin_target(reader, name, err);
    }
    if (strcmp(title, SECTION_WATCH) != 0) {
        (void)section_file_mistake(&reader->file, err, "unknown section [%s]", title);
        error_hint(err, "expected [watch] or [target NAME]");
        return RESULT_INVALID;
    }
    if (reader->has_common) {
        return section_file_mistake(&reader->file, err, "there is a [watch] already");
    }
    reader->has_common = true;
    reader->is_common = true;
    reader->target = &reader->config->common;
    return RESULT_OK;
}

// --- the file ----------------------------------------------------------------------------

static enum result read_config(struct config_reader *reader, struct bytes text,
                               struct error *err) {
    TRY(section_file_read(&reader->file, text, err));
    if (reader->config->target_count == 0) {
        (void)error_set(err, RESULT_INVALID, "%s: there is no target", reader->file.path);
        error_hint(err, "add a section such as [target mosquitto]");
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < reader->config->target_count; i++) {
        TRY(finish_target(reader, i, err));
    }
    return RESULT_OK;
}

enum result watch_config_parse(const char *path, struct bytes text,
                               struct watch_config *out_config, struct error *err) {
    AUTO(watch_config_clear) struct watch_config config = {0};
    struct config_reader reader = {.config = &config};
    reader.file = (struct section_reader){
        .path = path, .context = &reader, .begin_section = begin_section, .set = set_key};
    enum result result = read_config(&reader, text, err);
    if (result != RESULT_OK) {
        if (result == RESULT_INVALID && err != NULL) {
            (void)snprintf(err->code, sizeof(err->code), "misconfigured");
        }
        return result;
    }
    *out_config = config;
    config = (struct watch_config){0};
    return RESULT_OK;
}

enum result watch_config_read(const char *path, struct watch_config *out_config,
                              struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, CONFIG_BYTES);
    enum result result = file_read(path, &text, err);
    if (result != RESULT_OK) {
        error_hint(err, "signet(1) shows one under WATCH.CONF.");
        return result;
    }
    return watch_config_parse(path, buf_bytes(&text), out_config, err);
}
