// Reading and writing what a relying party reads, and what is remembered beside it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/watch/crl_set.h"
#include "client/device/folder.h"
#include "client/watch/watch_form.h"
#include "client/watch/watch_private.h"
#include "x509/crl.h"

#define NEW_SUFFIX ".new"
#define DEFAULT_MODE 0644

// --- reading -----------------------------------------------------------------------------

// A watcher, this or one before, has kept CRLs in it.
static bool is_known(const struct watch *watch) {
    return watch->has_been_ours ||
           (watch->copy.size > 0 && file_exists(buf_string(&watch->copy)));
}

// What never was a file of CRLs is not replaced by them: the path may be mistyped, or made to lead
// elsewhere.
static enum result refuse_foreign(const struct watch *watch, enum watch_form form,
                                  const struct buf *text, struct error *err) {
    if (watch_form_may_replace(form, buf_bytes(text), buf_bytes(&watch->trust))) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "misconfigured",
                         "%s holds something else than CRLs, and is left as it is",
                         buf_string(&watch->file));
    error_hint(err, "Name another file, or move this one away.");
    return RESULT_DENIED;
}

static enum result read_file(const struct watch *watch, struct buf *out_der,
                             bool *out_is_damaged, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CRL_BUNDLE_BYTES);
    enum watch_form form =
        watch->preset->form == WATCH_FORM_CAPATH ? WATCH_FORM_CRLS : watch->preset->form;
    *out_is_damaged = true;
    if (!file_exists(buf_string(&watch->file))) {
        return RESULT_OK;
    }
    TRY(file_read(buf_string(&watch->file), &text, err));
    if (watch_form_read(form, buf_bytes(&text), buf_bytes(&watch->trust), out_der, NULL) !=
        RESULT_OK) {
        buf_reset(out_der);
        return is_known(watch) ? RESULT_OK : refuse_foreign(watch, form, &text, err);
    }
    *out_is_damaged = false;
    return RESULT_OK;
}

enum result watch_read_installed(const struct watch *watch, struct buf *out_der,
                                 bool *out_is_damaged, struct error *err) {
    if (watch->preset->form != WATCH_FORM_CAPATH) {
        return read_file(watch, out_der, out_is_damaged, err);
    }
    TRY(watch_capath_read(buf_string(&watch->folder), buf_bytes(&watch->trust), out_der,
                          out_is_damaged, err));
    if (watch->file.size == 0) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf beside = {0};
    bool is_damaged = false;
    buf_init(&beside, LIMIT_CRL_BUNDLE_BYTES);
    TRY(read_file(watch, &beside, &is_damaged, err));
    *out_is_damaged = *out_is_damaged || is_damaged;
    return RESULT_OK;
}

enum result watch_read_copy(const struct watch *watch, struct buf *out_der) {
    if (watch->copy.size == 0 || !file_exists(buf_string(&watch->copy)) ||
        file_read(buf_string(&watch->copy), out_der, NULL) != RESULT_OK) {
        buf_reset(out_der);
        return RESULT_OK;
    }
    struct bytes left = buf_bytes(out_der);
    struct crl crl;
    while (left.size > 0) {
        if (crl_read_next(&left, &crl, NULL) != RESULT_OK) {
            buf_reset(out_der);
        }
        left = out_der->size > 0 ? left : (struct bytes){0};
    }
    return RESULT_OK;
}

// --- writing -----------------------------------------------------------------------------

static enum result sync_folder_of(struct buf *path, struct error *err) {
    char *slash = strrchr(buf_string(path), '/');
    if (slash == NULL) {
        return folder_sync(".", err);
    }
    if (slash == buf_string(path)) {
        return folder_sync("/", err);
    }
    *slash = '\0';
    return folder_sync(buf_string(path), err);
}

static enum result replace_file(const struct watch *watch, struct bytes der,
                                struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf new_file = {0};
    buf_init(&text, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&new_file, LIMIT_PATH_BYTES);
    const char *path = buf_string(&watch->file);
    TRY(watch_form_write(watch->preset->form, buf_bytes(&watch->trust), der, &text));
    TRY(buf_printf(&new_file, "%s" NEW_SUFFIX, path));
    TRY(file_replace(buf_string(&new_file), buf_bytes(&text), DEFAULT_MODE, err));
    // The relying party must be able to read the new file as it read the old one.
    enum result result = folder_take_over_access(buf_string(&new_file), path, 0777, err);
    if (result == RESULT_OK && rename(buf_string(&new_file), path) != 0) {
        result = error_from_errno(err, errno, "cannot replace %s", path);
    }
    if (result != RESULT_OK) {
        (void)unlink(buf_string(&new_file));
        return result;
    }
    return sync_folder_of(&new_file, err);
}

// --- what is due -------------------------------------------------------------------------

static bool is_restart_due(const struct watch *watch) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 256);
    return file_exists(buf_string(&watch->marker)) &&
           file_read(buf_string(&watch->marker), &text, NULL) == RESULT_OK &&
           strstr(buf_string(&text), WATCH_RESTART_DUE) != NULL;
}

static enum result mark_due(const struct watch *watch, bool is_restart, struct error *err) {
    const struct watch_options *options = watch->options;
    if (options->reload == NULL && options->pid_file == NULL && options->socket == NULL &&
        options->restart == NULL && options->shell == NULL && options->revoked == NULL) {
        return RESULT_OK;
    }
    // A restart that an earlier change asked for is not forgotten.
    bool is_still_due = options->restart != NULL && (is_restart || is_restart_due(watch));
    return file_replace(
        buf_string(&watch->marker),
        bytes_of_string(is_still_due ? WATCH_RESTART_DUE "\n" : WATCH_RELOAD_DUE "\n"), 0644,
        err);
}

// The marker is there before the new file is, so that no crash forgets the reload.
enum result watch_install(const struct watch *watch, struct bytes der, enum watch_cause cause,
                          struct error *err) {
    TRY(mark_due(watch, cause == WATCH_CAUSE_REVOCATION, err));
    if (watch->preset->form == WATCH_FORM_CAPATH) {
        bool needs_reload = false;
        TRY(watch_capath_write(buf_string(&watch->folder), buf_bytes(&watch->trust), der,
                               &needs_reload, err));
        // After a revocation it has to reload all the same: the key of its session tickets stays
        // until then, and whoever resumes a TLS session is asked for no certificate.
        bool is_seen = !needs_reload && cause == WATCH_CAUSE_CHANGE;
        if (is_seen && watch->options->restart == NULL && watch->options->shell == NULL) {
            (void)unlink(buf_string(&watch->marker)); // the next handshake sees it
        }
    }
    return watch->file.size > 0 ? replace_file(watch, der, err) : RESULT_OK;
}

enum result watch_write_copy(const struct watch *watch, struct bytes der, struct error *err) {
    if (watch->copy.size == 0) {
        return RESULT_OK;
    }
    enum result result = file_replace(buf_string(&watch->copy), der, 0644, err);
    if (result != RESULT_OK) {
        error_context(err, "the CRL is installed, but the watcher has no copy of it");
    }
    return result;
}

// --- lock --------------------------------------------------------------------------------

enum result watch_lock(const struct watch *watch, int *out_descriptor, struct error *err) {
    const char *path = buf_string(&watch->lock);
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "cannot open %s", path);
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        int reason = errno;
        (void)close(descriptor);
        if (reason != EWOULDBLOCK) {
            return error_from_errno(err, reason, "cannot lock %s", path);
        }
        (void)error_set_code(err, RESULT_CONFLICT, "busy",
                             "another watcher works on this target at the moment");
        error_hint(err, "Find it with: fuser '%s'", path);
        return RESULT_CONFLICT;
    }
    *out_descriptor = descriptor;
    return RESULT_OK;
}

void watch_unlock_at(const int *descriptor) {
    if (*descriptor >= 0) {
        (void)close(*descriptor);
    }
}
