// The life of a target: its state after each round, and as seen later.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_state.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "client/terminal/display.h"

#define STATE_BYTES (64 * 1024)
#define STATE_SUFFIX ".json"
// A round may take its time: a slow server, a reload, a proof.
#define STOPPED_GRACE_SECONDS 180

MESSAGE_DEFINE(watch_status);
MESSAGE_DEFINE(watch_page);

// --- after a round -----------------------------------------------------------------------

static bool is_code(const struct error *err, const char *code) {
    return strcmp(err->code, code) == 0;
}

static bool is_trouble(enum result result, const struct error *err) {
    return result != RESULT_OK && !is_code(err, "unchanged") && !is_code(err, "busy");
}

static bool is_of_proof(const struct error *err) {
    return is_code(err, "proof_failed") || is_code(err, "canary");
}

// The worst that holds.
static const char *judge(const struct watch_status *status, bool expires_soon,
                         enum result result, const struct error *err, int64_t now) {
    bool has_trouble = is_trouble(result, err);
    if (status->lists == 0) {
        return "missing";
    }
    if (status->next_update <= now) {
        return "expired";
    }
    if (has_trouble && is_of_proof(err)) {
        return "unproven";
    }
    if (expires_soon) {
        return "late";
    }
    return has_trouble ? "failing" : "fresh";
}

// NULL or an empty text takes the member away. Texts of servers may hold anything; messages not.
static enum result put_text(char **member, const char *text) {
    AUTO(buf_clear) struct buf shown = {0};
    buf_init(&shown, LIMIT_PATH_BYTES);
    string_free_at(member);
    if (text == NULL || text[0] == '\0') {
        return RESULT_OK;
    }
    TRY(display_text(text, &shown));
    return text_set_bytes(member, buf_bytes(&shown));
}

// For people: what becomes of open sessions.
static const char *tell_sessions(const struct watch_options *options,
                                 const struct watch_preset *preset) {
    if (options->restart != NULL) {
        return "when somebody is revoked, everybody's open sessions are ended by the command "
               "`restart`";
    }
    if (options->revoked != NULL) {
        return "the command `revoked` is told who is revoked, to end their open sessions";
    }
    if (options->sessions_map != NULL) {
        return "sessions of revoked certificates are shut down over the runtime socket";
    }
    return preset->sessions_text;
}

static enum result set_texts(struct watch_status *status, const struct watch_options *options,
                             enum result result, const struct error *err) {
    const struct watch_preset *preset =
        options->preset != NULL ? options->preset : watch_preset_default();
    bool has_trouble = is_trouble(result, err);
    bool has_proof = options->proof.host[0] != '\0';
    const char *proof = !has_proof                        ? "none"
                        : has_trouble && is_of_proof(err) ? "failed"
                        : status->proven > 0              ? "passed"
                                                          : "due";
    TRY(put_text(&status->name, options->name));
    TRY(put_text(&status->preset, preset->name));
    TRY(put_text(&status->file, options->file != NULL ? options->file : options->folder));
    TRY(put_text(&status->problem, has_trouble ? err->message : NULL));
    TRY(put_text(&status->hint, has_trouble ? err->hint : NULL));
    TRY(put_text(&status->proof, proof));
    return put_text(&status->sessions, tell_sessions(options, preset));
}

enum result watch_status_follow(struct watch_status *status,
                                const struct watch_options *options,
                                const struct watch_report *report, enum result result,
                                const struct error *err, int64_t now) {
    status->checked = now;
    status->interval = options->interval_seconds;
    if (!is_trouble(result, err) || is_of_proof(err) || is_code(err, "reload_failed")) {
        status->fetched = now;
    }
    if (report->is_replaced) {
        status->changed = now;
        status->proven = 0;
    }
    if (report->is_proven) {
        status->proven = now;
    }
    if (report->summary.lists > 0) {
        status->lists = (int64_t)report->summary.lists;
        status->revoked = (int64_t)report->summary.entries;
        status->this_update = report->summary.this_update;
        status->next_update = report->summary.next_update;
    }
    TRY(set_texts(status, options, result, err));
    return text_set(&status->state, judge(status, report->expires_soon, result, err, now));
}

// --- the file ----------------------------------------------------------------------------

static enum result path_of(const struct watch_options *options, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return buf_printf(out, "%s/%s" STATE_SUFFIX, options->state_folder, options->name);
}

static enum result read_file(const struct watch_options *options,
                             struct watch_status *out_status, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, STATE_BYTES);
    TRY(path_of(options, &path));
    TRY(file_read(buf_string(&path), &text, err));
    return message_from_json(&watch_status_type, buf_bytes(&text), out_status, err);
}

static enum result write_file(const struct watch_options *options,
                              const struct watch_status *status, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, STATE_BYTES);
    TRY(path_of(options, &path));
    TRY(message_to_json(&watch_status_type, status, &text, err));
    TRY(buf_append_byte(&text, '\n'));
    return file_replace(buf_string(&path), buf_bytes(&text), 0644, err);
}

enum result watch_state_record(const struct watch_options *options,
                               const struct watch_report *report, enum result result,
                               const struct error *round_error, struct error *err) {
    if (options->state_folder == NULL || options->name == NULL ||
        is_code(round_error, "busy")) {
        return RESULT_OK; // or the other watcher writes it
    }
    struct watch_status status = {0};
    if (read_file(options, &status, NULL) != RESULT_OK) {
        message_clear(&watch_status_type, &status);
    }
    enum result recorded =
        watch_status_follow(&status, options, report, result, round_error, clock_now());
    if (recorded == RESULT_OK) {
        recorded = write_file(options, &status, err);
    }
    message_clear(&watch_status_type, &status);
    return recorded;
}

// --- as seen later -----------------------------------------------------------------------

// "stopped" says less than "expired": then it is too late already.
static const char *judge_later(const struct watch_status *status, int64_t now) {
    if (status->lists > 0 && status->next_update <= now) {
        return "expired";
    }
    return now - status->checked > 3 * status->interval + STOPPED_GRACE_SECONDS ? "stopped"
                                                                                : NULL;
}

enum result watch_state_read(const struct watch_options *options, int64_t now,
                             struct watch_status *out_status, struct error *err) {
    struct error reason = {0};
    if (read_file(options, out_status, &reason) == RESULT_OK) {
        const char *state = judge_later(out_status, now);
        return state == NULL ? RESULT_OK : text_set(&out_status->state, state);
    }
    message_clear(&watch_status_type, out_status);
    const struct watch_report none = {0};
    TRY(watch_status_follow(out_status, options, &none, reason.result, &reason, 0));
    TRY(text_set(&out_status->state, "unknown"));
    return out_status->state != NULL ? RESULT_OK : error_out_of_memory(err);
}
