// From the options of an export to files in their places.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/export/export_command.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/export/qr.h"
#include "x509/certificate.h"
#include "x509/key_pkcs11.h"

// MQTT over TLS (IANA).
#define DEFAULT_PORT 8883
// Paths, advice, a link and its code.
#define SUMMARY_BYTES (64 * 1024 + QR_TEXT_BYTES)

// --- the options ---------------------------------------------------------------------------

static enum result read_kind(const struct arguments *arguments, struct export_plan *plan,
                             struct error *err) {
    const char *target = arguments_value(arguments, "for");
    const char *format = arguments_value(arguments, "format");
    TRY(export_find_target(target != NULL ? target : "generic", &plan->target, err));
    TRY(format != NULL ? export_find_format(format, &plan->format, err) : RESULT_OK);
    return arguments_integer(arguments, "port", 1, 65535, DEFAULT_PORT, &plan->port, err);
}

// An option that nothing would heed is a mistake.
static enum result check_configuration(const struct arguments *arguments,
                                       const struct export_plan *plan, struct error *err) {
    static const char *const options[] = {"host", "port", "device", "without-passphrase",
                                          "link", "qr"};
    if (export_configures(plan->target, plan->format)) {
        return RESULT_OK;
    }
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (arguments_have(arguments, options[i])) {
            (void)arguments_refuse(err, options[i], "no file made here has a place for it");
            error_hint(err, "It belongs to --for owntracks-ios without --format.");
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

// Several files do not fit into one stream, and a terminal shows none of the binary ones.
static enum result check_out(const struct export_request *request, struct error *err) {
    bool is_stream = request->out != NULL && strcmp(request->out, "-") == 0;
    if (request->out != NULL && *request->out == '\0') {
        (void)error_set_code(err, RESULT_INVALID, "usage", "--out: expected a file or folder");
        return RESULT_INVALID;
    }
    if (is_stream && export_count(request->plan.target, request->plan.format) > 1) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "--out: several files do not fit into standard output");
        error_hint(err, "Name a folder, or choose one file with --format.");
        return RESULT_INVALID;
    }
    if (is_stream && isatty(STDOUT_FILENO)) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "--out: a terminal is no place for an exported file");
        error_hint(err, "Name a file, or connect standard output to one.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result export_read_request(const struct arguments *arguments,
                                struct export_request *out_request, struct error *err) {
    struct export_request request = {
        .plan = {.encryption = arguments_value(arguments, "pkcs12"),
                 .friendly_name = arguments_value(arguments, "friendly-name"),
                 .host = arguments_value(arguments, "host"),
                 .device = arguments_value(arguments, "device"),
                 .includes_root = arguments_have(arguments, "with-root"),
                 .omits_passphrase = arguments_have(arguments, "without-passphrase")},
        .password = {.file = arguments_value(arguments, "password-file"),
                     .is_generated = arguments_have(arguments, "generate-password"),
                     .out_file = arguments_value(arguments, "password-out")},
        .out = arguments_value(arguments, "out"),
        .shows_link = arguments_have(arguments, "link"),
        .shows_qr = arguments_have(arguments, "qr"),
        .replaces = arguments_have(arguments, "force"),
    };
    TRY(read_kind(arguments, &request.plan, err));
    TRY(check_configuration(arguments, &request.plan, err));
    TRY(check_out(&request, err));
    TRY(request.shows_qr ? qr_check(err) : RESULT_OK);
    *out_request = request;
    return RESULT_OK;
}

// The export of a token's key is refused before anybody is asked for a password.
enum result export_check_key(const struct export_request *request, const struct key *key,
                             struct error *err) {
    if (key_uri(key) == NULL ||
        !export_needs_password(request->plan.target, request->plan.format)) {
        return RESULT_OK;
    }
    (void)error_set_code(
        err, RESULT_DENIED, "key_not_exportable",
        "the key of this credential is on a token and never leaves it, so no file "
        "with it can be made");
    error_hint(err,
               "Enroll another credential with its key in a file for that app, or export the "
               "certificate alone: --format der.");
    return RESULT_DENIED;
}

// --- places --------------------------------------------------------------------------------

static bool is_stream(const struct export_request *request) {
    return request->out != NULL && strcmp(request->out, "-") == 0;
}

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool has_slash(const char *path) {
    return path[strlen(path) - 1] == '/';
}

// Several files go into the folder that --out names; one goes there, too, if it is a folder, or is
// to be one by the slash at its end.
static enum result file_path(const struct export_request *request, const char *name,
                             const char *suffix, bool is_alone, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    if (is_alone && request->out != NULL && !is_folder(request->out) &&
        !has_slash(request->out)) {
        return buf_assign(out, bytes_of_string(request->out));
    }
    const char *folder = request->out != NULL ? request->out : ".";
    return buf_printf(out, "%s%s%s%s", folder, has_slash(folder) ? "" : "/", name, suffix);
}

static enum result refuse_existing(const struct export_request *request, const char *path,
                                   struct error *err) {
    if (request->replaces || !file_exists(path)) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "exists", "%s is there already", path);
    error_hint(err, "Name another place with --out, or replace it with --force.");
    return RESULT_CONFLICT;
}

static enum result write_file(const struct export_request *request, const char *path,
                              struct bytes contents, bool is_private, struct error *err) {
    mode_t mode = is_private ? 0600 : 0644;
    TRY(refuse_existing(request, path, err)); // it may have come meanwhile
    return request->replaces ? file_replace(path, contents, mode, err)
                             : file_create(path, contents, mode, err);
}

static enum result write_files(const struct export_request *request,
                               const struct export_files *files, const char *name,
                               struct buf *out_summary, struct error *err) {
    for (size_t i = 0; i < files->count; i++) {
        const struct export_file *file = &files->items[i];
        AUTO(buf_clear) struct buf path = {0};
        TRY(file_path(request, name, file->suffix, files->count == 1, &path));
        TRY(write_file(request, buf_string(&path), buf_bytes(&file->contents), file->is_private,
                       err));
        TRY(buf_printf(out_summary, "%s%s\n", i == 0 ? "Wrote " : "      ", buf_string(&path)));
    }
    return RESULT_OK;
}

// All of them, before anybody types a password for nothing.
static enum result check_places(const struct export_request *request, const char *name,
                                struct error *err) {
    const struct export_plan *plan = &request->plan;
    const char *suffix = NULL;
    size_t count = export_count(plan->target, plan->format);
    if (request->out != NULL && !is_folder(request->out) &&
        (count > 1 || has_slash(request->out))) {
        TRY(folder_make(request->out, 0755, err));
    }
    for (size_t i = 0; i < count && !is_stream(request); i++) {
        AUTO(buf_clear) struct buf path = {0};
        suffix = export_suffix(plan->target, plan->format, i);
        TRY(file_path(request, name, suffix, count == 1, &path));
        TRY(refuse_existing(request, buf_string(&path), err));
    }
    const char *password_out = request->password.out_file;
    return password_out != NULL ? refuse_existing(request, password_out, err) : RESULT_OK;
}

// --- saying what was done ------------------------------------------------------------------

static enum result add_end(const struct credential *credential, struct buf *out,
                           struct error *err) {
    struct certificate certificate;
    TRY(certificate_read(buf_bytes(&credential->certificate), &certificate, err));
    TRY(buf_append_string(out, certificate.not_after < clock_now()
                                   ? "The certificate has ENDED: "
                                   : "Valid until "));
    TRY(display_time(certificate.not_after, out));
    return buf_append_byte(out, '\n');
}

static enum result add_advice(const struct export_plan *plan, const struct export_files *files,
                              struct buf *out) {
    const char *advice = export_advice(plan->target, plan->format);
    if (*advice != '\0') {
        TRY(buf_printf(out, "%s\n", advice));
    }
    if (files->link.size > 0 && !plan->omits_passphrase) {
        TRY(buf_append_string(out,
                              "The .otrc and its link hold the password: send them another "
                              "way than the .otrp,\nor leave it out with "
                              "--without-passphrase.\n"));
    }
    return RESULT_OK;
}

static enum result add_link(const struct export_request *request,
                            const struct export_files *files, struct buf *out,
                            struct error *err) {
    if (request->shows_link) {
        TRY(buf_printf(out, "%s\n", buf_string(&files->link)));
    }
    return request->shows_qr ? qr_write(buf_bytes(&files->link), out, err) : RESULT_OK;
}

static enum result write_password(const struct export_request *request,
                                  const struct buf *password, struct error *err) {
    const char *path = request->password.out_file;
    if (path == NULL) {
        return password_tell(&request->password, password, err);
    }
    AUTO(buf_clear) struct buf line = {0};
    buf_init_secret(&line, LIMIT_PKCS12_PASSWORD_BYTES + 1);
    TRY(buf_printf(&line, "%s\n", buf_string(password)));
    return write_file(request, path, buf_bytes(&line), true, err);
}

// The password goes first: a file that nobody can open is worse than a password without its file.
static enum result hand_over(const struct export_request *request,
                             const struct credential *credential,
                             const struct export_files *files, const char *name,
                             const struct buf *password, struct error *err) {
    AUTO(buf_clear) struct buf summary = {0};
    buf_init_secret(&summary, SUMMARY_BYTES);
    TRY(password->size > 0 ? write_password(request, password, err) : RESULT_OK);
    if (is_stream(request)) {
        return program_print(&files->items[0].contents, err);
    }
    TRY(write_files(request, files, name, &summary, err));
    TRY(add_end(credential, &summary, err));
    TRY(add_advice(&request->plan, files, &summary));
    TRY(add_link(request, files, &summary, err));
    return program_print(&summary, err);
}

enum result export_prepare(const struct export_request *request, const char *name,
                           enum key_algorithm algorithm, struct buf *out_password,
                           struct error *err) {
    const struct export_plan *plan = &request->plan;
    TRY(export_check(plan, algorithm, err));
    TRY(check_places(request, name, err));
    return export_needs_password(plan->target, plan->format)
               ? password_obtain(&request->password, out_password, err)
               : RESULT_OK;
}

enum result export_finish(const struct export_request *request,
                          const struct credential *credential, const char *name,
                          const struct buf *password, struct error *err) {
    AUTO(export_files_clear) struct export_files files = {0};
    struct export_plan plan = request->plan;
    plan.credential = credential;
    plan.name = name;
    plan.password = buf_string(password);
    TRY(export_make(&plan, &files, err));
    return hand_over(request, credential, &files, name, password, err);
}
