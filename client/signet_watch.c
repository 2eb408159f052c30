// The command `signet watch`: one target of options, the targets of a file, or their status.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/signet_watch.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/limits.h"
#include "client/watch/canary.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/terminal/table.h"
#include "client/terminal/token_file.h"
#include "client/watch/watch_config.h"
#include "client/watch/watch_fleet.h"
#include "client/watch/watch_loop.h"
#include "client/watch/watch_state.h"

#define PRINT_BYTES (1024 * 1024)
#define DEFAULT_INTERVAL_SECONDS 60

const struct option signet_watch_options[] = {
    {"config", "FILE", "the targets to watch (default: " WATCH_CONFIG_FILE ")", false, false},
    {"status", NULL, "how they do: status 0 when all are fresh and proven", false, false},
    {"json", NULL, "with --status: one JSON object for programs", false, false},
    {"once", NULL, "look once: status 0 when something changed, 7 when not", false, false},
    {"enroll-canary", "TOKEN",
     "make the pair of canary certificates (a token of two uses; -: on standard input)", false,
     false},
    {"force", NULL, "with it: also when there is a pair that has not expired", false, false},
    {"canary", "DIR", "where they are kept (default: what the file says)", false, false},
    {"crl", "URL", "instead of a file: where the CRLs are, a PEM bundle or one DER CRL", false,
     false},
    {"file", "PATH", "the PEM file that the relying party reads", false, false},
    {"ca", "FILE", "PEM certificates of all CAs whose CRLs are in it", false, false},
    {"interval", "TIME", "how often to look (default: 60s)", false, false},
    {"reload", "CMD ARG…",
     "run this after a change, without a shell; up to the end of the line", false, true},
    {0},
};

static enum result require_option(const struct arguments *arguments, const char *name,
                                  const char **out_value, struct error *err) {
    *out_value = arguments_value(arguments, name);
    return *out_value != NULL && **out_value != '\0'
               ? RESULT_OK
               : arguments_refuse(err, name, "watch needs it, or a --config file");
}

// --- one target of options ---------------------------------------------------------------

static enum result watch_by_options(const struct arguments *arguments, struct error *err) {
    struct watch_options options = {.reload = arguments->rest};
    const char *url = NULL;
    TRY(require_option(arguments, "crl", &url, err));
    TRY(require_option(arguments, "file", &options.file, err));
    TRY(require_option(arguments, "ca", &options.trust_file, err));
    TRY(arguments_duration(arguments, "interval", DEFAULT_INTERVAL_SECONDS,
                           &options.interval_seconds, err));
    if (options.interval_seconds > LIMIT_WATCH_INTERVAL_SECONDS) {
        return arguments_refuse(err, "interval", "at most %d seconds",
                                LIMIT_WATCH_INTERVAL_SECONDS);
    }
    struct error reason = {0};
    if (url_read(url, &options.url, &reason) != RESULT_OK) {
        return arguments_refuse(err, "crl", "%s", reason.message);
    }
    return arguments_have(arguments, "once") ? watch_once(&options, err)
                                             : watch_loop(&options, err);
}

// --- status ------------------------------------------------------------------------------

static enum result collect(const struct watch_config *config, struct watch_page *page,
                           struct error *err) {
    int64_t now = clock_now();
    for (size_t i = 0; i < config->target_count; i++) {
        void *record = NULL;
        if (record_add(&page->targets, &watch_status_type, &record) != RESULT_OK) {
            return error_out_of_memory(err);
        }
        TRY(watch_state_read(&config->targets[i].options, now, record, err));
    }
    return RESULT_OK;
}

static enum result add_time(struct table *table, int64_t time) {
    AUTO(buf_clear) struct buf cell = {0};
    buf_init(&cell, 64);
    if (time > 0) {
        TRY(display_time(time, &cell));
    }
    return table_add_buf(table, &cell);
}

static enum result add_row(struct table *table, const struct watch_status *line) {
    AUTO(buf_clear) struct buf state = {0};
    buf_init(&state, 4096);
    TRY(table_add(table, line->name));
    TRY(table_add(table, line->preset));
    TRY(add_time(table, line->checked));
    TRY(add_time(table, line->this_update));
    TRY(add_time(table, line->next_update));
    TRY(table_add(table, line->proof != NULL ? line->proof : ""));
    TRY(buf_printf(&state, "%s%s%s", line->state, line->problem != NULL ? ": " : "",
                   line->problem != NULL ? line->problem : ""));
    return table_add_buf(table, &state);
}

static enum result print_page(const struct watch_page *page, struct error *err) {
    static const char *const headings[] = {"TARGET",      "PRESET", "CHECKED", "CRL OF",
                                           "HOLDS UNTIL", "PROOF",  "STATE",   NULL};
    AUTO(table_clear) struct table table = {0};
    AUTO(buf_clear) struct buf text = {0};
    const struct watch_status *lines = page->targets.items;
    buf_init(&text, PRINT_BYTES);
    TRY(table_init(&table, headings));
    for (size_t i = 0; i < page->targets.count; i++) {
        TRY(add_row(&table, &lines[i]));
    }
    TRY(table_write(&table, &text));
    for (size_t i = 0; i < page->targets.count; i++) {
        TRY(buf_printf(&text, "%s: %s.\n", lines[i].name,
                       lines[i].sessions != NULL ? lines[i].sessions : ""));
    }
    return program_print(&text, err);
}

// For the exit status.
static enum result require_fresh(const struct watch_page *page, struct error *err) {
    const struct watch_status *lines = page->targets.items;
    const struct watch_status *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < page->targets.count; i++) {
        if (strcmp(lines[i].state, "fresh") != 0) {
            first = first != NULL ? first : &lines[i];
            count++;
        }
    }
    if (first == NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_UNAVAILABLE, "not_fresh",
                         "%zu of %zu targets need attention; %s is %s", count,
                         page->targets.count, first->name, first->state);
    if (first->hint != NULL) {
        error_hint(err, "%s", first->hint);
    }
    return RESULT_UNAVAILABLE;
}

static enum result show_status(const struct watch_config *config, bool is_json,
                               struct error *err) {
    struct watch_page page = {0};
    enum result result = collect(config, &page, err);
    if (result == RESULT_OK) {
        result =
            is_json ? program_print_json(&watch_page_type, &page, err) : print_page(&page, err);
    }
    if (result == RESULT_OK) {
        result = require_fresh(&page, err);
    }
    message_clear(&watch_page_type, &page);
    return result;
}

// --- canary ------------------------------------------------------------------------------

static enum result enroll_canary(const struct arguments *arguments, const char *folder,
                                 struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_PATH_BYTES + 256);
    if (folder == NULL) {
        return arguments_refuse(err, "canary", "where should the pair be kept?");
    }
    AUTO(buf_clear) struct buf token = {0};
    buf_init_secret(&token, LIMIT_TOKEN_TEXT_BYTES);
    const char *given = arguments_value(arguments, "enroll-canary");
    if (strcmp(given, "-") == 0) {
        TRY(token_file_read(given, &token, err));
        given = buf_string(&token);
    }
    TRY(canary_enroll(given, folder, arguments_have(arguments, "force"), err));
    TRY(buf_printf(&text,
                   "The canary pair is in %s. The revoked one is revoked as soon as the next "
                   "CRL is out.\n",
                   folder));
    return program_print(&text, err);
}

// --- the command -------------------------------------------------------------------------

// The first target's, or all targets', as the file has it.
static const char *canary_of(const struct watch_config *config) {
    for (size_t i = 0; i < config->target_count; i++) {
        if (config->targets[i].options.canary != NULL) {
            return config->targets[i].options.canary;
        }
    }
    return NULL;
}

// A configuration with a mistake changes nothing: what was kept so far is kept on.
static enum result keep_by_file(const char *path, struct watch_config *config,
                                struct error *err) {
    for (;;) {
        bool is_reload = false;
        struct error mistake = {0};
        struct watch_config next = {0};
        TRY(watch_fleet_run(config, &is_reload, err));
        if (!is_reload) {
            return RESULT_OK;
        }
        if (watch_config_read(path, &next, &mistake) != RESULT_OK) {
            log_error(LOG_LEVEL_ERROR, "the configuration stays as it was", &mistake);
            continue;
        }
        watch_config_clear(config);
        *config = next;
        log_event(LOG_LEVEL_INFO, "configuration read anew", "file", path, NULL);
    }
}

static enum result watch_by_file(const struct arguments *arguments, struct error *err) {
    AUTO(watch_config_clear) struct watch_config config = {0};
    const char *given = arguments_value(arguments, "config");
    const char *path = given != NULL ? given : WATCH_CONFIG_FILE;
    TRY(watch_config_read(path, &config, err));
    if (arguments_have(arguments, "status")) {
        return show_status(&config, arguments_have(arguments, "json"), err);
    }
    if (arguments_have(arguments, "enroll-canary")) {
        return enroll_canary(arguments, canary_of(&config), err);
    }
    return arguments_have(arguments, "once") ? watch_fleet_once(&config, err)
                                             : keep_by_file(path, &config, err);
}

enum result signet_run_watch(const struct arguments *arguments, struct error *err) {
    static const char *const of_options[] = {"crl", "file", "ca", "interval", "reload"};
    const char *canary = arguments_value(arguments, "canary");
    bool by_options = false;
    for (size_t i = 0; i < sizeof(of_options) / sizeof(of_options[0]); i++) {
        bool is_given = arguments_have(arguments, of_options[i]);
        by_options = by_options || is_given;
        if (is_given &&
            (arguments_have(arguments, "config") || arguments_have(arguments, "status"))) {
            return arguments_refuse(err, of_options[i],
                                    "not together with --config or --status");
        }
    }
    if (arguments_have(arguments, "force") && !arguments_have(arguments, "enroll-canary")) {
        return arguments_refuse(err, "force", "only together with --enroll-canary");
    }
    if (arguments_have(arguments, "enroll-canary") && canary != NULL) {
        return enroll_canary(arguments, canary, err);
    }
    return by_options ? watch_by_options(arguments, err) : watch_by_file(arguments, err);
}
