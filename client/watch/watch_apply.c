// Telling a relying party of its new CRLs, and ending the sessions of those who are revoked.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/watch/haproxy.h"
#include "client/watch/prosody.h"
#include "client/device/reload.h"
#include "client/watch/watch_form.h"
#include "client/watch/watch_private.h"

// --- reload ------------------------------------------------------------------------------

static enum result reload_by_command(const struct watch_options *options, const char **out_how,
                                     struct error *err) {
    if (options->pid_file != NULL) {
        *out_how = "HUP";
        return reload_by_pid_file(options->pid_file, err);
    }
    if (options->reload != NULL) {
        *out_how = options->reload[0];
        return reload_run(options->reload, err);
    }
    return RESULT_NOT_FOUND;
}

static enum result reload_by_socket(const struct watch *watch, struct bytes installed,
                                    struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CRL_BUNDLE_BYTES);
    TRY(watch_form_write(watch->preset->form, (struct bytes){0}, installed, &text));
    return haproxy_set_crl(watch->options->socket, watch->options->file, buf_bytes(&text),
                           watch->options->socket_bytes, err);
}

// By the socket without any hitch; when that fails, or the CRL is too large for it, by reload.
static enum result reload(const struct watch *watch, struct bytes installed,
                          struct watch_report *report, struct error *err) {
    struct error socket_error = {0};
    if (watch->options->socket != NULL) {
        report->reloaded_by = "runtime socket";
        if (reload_by_socket(watch, installed, &socket_error) == RESULT_OK) {
            return RESULT_OK;
        }
        if (strcmp(socket_error.code, "interrupted") == 0) {
            return error_set_code(err, socket_error.result, socket_error.code, "%s",
                                  socket_error.message);
        }
    }
    enum result result = reload_by_command(watch->options, &report->reloaded_by, err);
    if (result != RESULT_NOT_FOUND) {
        return result;
    }
    if (socket_error.result != RESULT_OK) {
        (void)error_set_code(err, RESULT_UNAVAILABLE, "reload_failed", "%s",
                             socket_error.message);
        error_hint(err, "Give a reload command, too, for what the socket does not take.");
        return RESULT_UNAVAILABLE;
    }
    report->reloaded_by = NULL; // nothing is told: the next handshake reads the folder
    return RESULT_OK;
}

// --- sessions ----------------------------------------------------------------------------

static enum result end_sessions(const struct watch *watch, struct bytes installed,
                                struct watch_report *report, struct error *err) {
    const struct watch_options *options = watch->options;
    enum result result = RESULT_OK;
    if (options->revoked != NULL) {
        return watch_tell_revoked(watch, &report->told, err);
    }
    if (options->shell != NULL) {
        result = prosody_end_sessions(options->shell, installed, &report->ended, err);
    } else if (options->socket != NULL && options->sessions_map != NULL) {
        result = haproxy_end_sessions(options->socket, options->sessions_map, installed,
                                      &report->ended, err);
    }
    if (result != RESULT_OK && err != NULL) {
        struct error reason = *err;
        (void)error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                             "open sessions could not be looked through: %s", reason.message);
    }
    return result;
}

static enum result read_marker(const struct watch *watch, struct buf *out, struct error *err) {
    return file_exists(buf_string(&watch->marker))
               ? file_read(buf_string(&watch->marker), out, err)
               : RESULT_OK;
}

enum result watch_apply(const struct watch *watch, struct bytes installed,
                        struct watch_report *report, struct error *err) {
    AUTO(buf_clear) struct buf due = {0};
    buf_init(&due, 256);
    TRY(read_marker(watch, &due, err));
    if (due.size == 0) {
        return watch_tell_revoked(watch, &report->told, err); // what could not be noted before
    }
    bool is_restart =
        watch->options->restart != NULL && strstr(buf_string(&due), WATCH_RESTART_DUE) != NULL;
    if (is_restart) {
        report->reloaded_by = watch->options->restart[0];
        report->is_restarted = true;
        TRY(reload_run(watch->options->restart, err));
    } else {
        TRY(reload(watch, installed, report, err));
        TRY(end_sessions(watch, installed, report, err));
    }
    if (unlink(buf_string(&watch->marker)) != 0) {
        return error_from_errno(err, errno, "cannot remove %s", buf_string(&watch->marker));
    }
    report->is_reloaded = report->reloaded_by != NULL;
    return RESULT_OK;
}
