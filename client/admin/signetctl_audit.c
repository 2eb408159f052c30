// signetctl audit list, export, verify, checkpoint.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "client/connect/api.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"
#include "client/admin/trail.h"

#define LIST_DEFAULT 100

// --- list ----------------------------------------------------------------------------------------

const struct option audit_list_options[] = {
    {"event", "TEXT", "only these, such as \"certificate issued\"", false, false},
    {"actor", "ACTOR", "only of this one, such as admin:jane", false, false},
    {"subject", "TEXT", "only about this: a serial, an id, a name", false, false},
    {"limit", "N", "no more than this many (default: 100)", false, false},
    {0},
};

static enum result add_audit_row(struct table *table, const struct audit_info *info) {
    TRY(add_number_cell(table, info->sequence));
    TRY(add_time_cell(table, info->time));
    TRY(table_add(table, info->actor));
    TRY(table_add(table, info->event));
    TRY(table_add(table, info->subject != NULL ? info->subject : ""));
    return table_add(table, info->detail != NULL ? info->detail : "");
}

static enum result print_records(const struct audit_page *page, struct error *err) {
    static const char *const headings[] = {"RECORD", "TIME",    "BY", "EVENT",
                                           "ABOUT",  "DETAILS", NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    const struct audit_info *infos = page->records.items;
    for (size_t i = 0; i < page->records.count; i++) {
        TRY(add_audit_row(&table, &infos[i]));
    }
    return print_table(&table, err);
}

static const struct listing audit_listing = {
    .operation = OPERATION_AUDIT_LIST,
    .page = &audit_page_type,
    .record = &audit_info_type,
    .records_offset = offsetof(struct audit_page, records),
    .next_offset = offsetof(struct audit_page, next),
    .after_offset = offsetof(struct audit_list, after),
    .limit_offset = offsetof(struct audit_list, limit),
};

static enum result set_filter(const struct arguments *arguments, const char *option,
                              char **out_text) {
    const char *value = arguments_value(arguments, option);
    return value == NULL ? RESULT_OK : text_set(out_text, value);
}

static enum result list_records(const struct arguments *arguments, struct audit_list *request,
                                struct audit_page *whole, struct error *err) {
    int64_t limit = 0;
    TRY(arguments_integer(arguments, "limit", 1, INT64_MAX, LIST_DEFAULT, &limit, err));
    TRY(set_filter(arguments, "event", &request->event));
    TRY(set_filter(arguments, "actor", &request->actor));
    TRY(set_filter(arguments, "subject", &request->subject));
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    TRY(session_list(&session, &audit_listing, limit, request, whole, err));
    bool is_printed = false;
    TRY(print_if_json(arguments, &audit_page_type, whole, &is_printed, err));
    return is_printed ? RESULT_OK : print_records(whole, err);
}

enum result run_audit_list(const struct arguments *arguments, struct error *err) {
    struct audit_list request = {0};
    struct audit_page whole = {0};
    enum result result = list_records(arguments, &request, &whole, err);
    message_clear(&audit_list_type, &request);
    message_clear(&audit_page_type, &whole);
    return result;
}

// --- export --------------------------------------------------------------------------------------

const struct option audit_export_options[] = {
    {"from", "N", "begin with this record (default: 1)", false, false},
    {"to", "FILE", "add to this file what it does not hold yet", false, false},
    {0},
};

// Checked while it is written: an export is never worse than what it was made from.
struct exporting {
    struct trail_check check;
    FILE *file;
    int64_t skip_to; // records up to here are in the file already
};

static enum result export_record(void *context, const struct audit_info *info,
                                 struct error *err) {
    struct exporting *exporting = context;
    TRY(trail_check_step(&exporting->check, info, err));
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, LIMIT_AUDIT_LINE_BYTES);
    TRY(message_to_json(&audit_info_type, info, &line, err));
    TRY(buf_append_byte(&line, '\n'));
    return fwrite(line.data, 1, line.size, exporting->file) == line.size
               ? RESULT_OK
               : error_from_errno(err, errno, "writing the export");
}

// The record that the file ends with is asked for again: a trail that was cut off or rewritten
// behind it must not be taken for its continuation.
static enum result compare_last(void *context, const struct audit_info *info,
                                struct error *err) {
    struct exporting *exporting = context;
    struct audit_chain *chain = &exporting->check.chain;
    if (info->sequence > exporting->skip_to) {
        return export_record(context, info, err);
    }
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, 2 * SHA256_SIZE);
    TRY(text_hex_encode(bytes_of(chain->hash, SHA256_SIZE), &hash));
    if (info->sequence == chain->sequence && strcmp(info->hash, buf_string(&hash)) == 0) {
        exporting->skip_to = 0; // seen
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "audit_broken",
                         "audit record %lld is another one than in the file: the trail was "
                         "rewritten",
                         (long long)info->sequence);
    error_hint(err, "Keep the file, and compare it with the authority's store.");
    return RESULT_INVALID;
}

static enum result export_records(struct session *session, struct exporting *exporting,
                                  int64_t from, struct error *err) {
    int64_t last = exporting->check.chain.sequence;
    if (last == 0 || exporting->skip_to == 0) {
        return trail_walk_server(&session->exchange, from, export_record, exporting, err);
    }
    TRY(trail_walk_server(&session->exchange, last, compare_last, exporting, err));
    if (exporting->skip_to == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(
        err, RESULT_INVALID, "audit_cut",
        "the trail ends before record %lld, which the file holds: its tail was "
        "cut off",
        (long long)last);
    error_hint(err, "Keep the file, and compare it with the authority's store.");
    return RESULT_INVALID;
}

static enum result finish_file(FILE *file, const char *path, struct error *err) {
    bool is_written = fflush(file) == 0 && fsync(fileno(file)) == 0;
    int reason = errno;
    (void)fclose(file);
    return is_written ? RESULT_OK : error_from_errno(err, reason, "writing %s", path);
}

// Behind the last whole line; what an interrupted export left of another one goes away.
static enum result open_file(const char *path, int64_t size, FILE **out_file,
                             struct error *err) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "opening %s", path);
    }
    if (ftruncate(descriptor, size) != 0 || lseek(descriptor, 0, SEEK_END) < 0) {
        int reason = errno;
        (void)close(descriptor);
        return error_from_errno(err, reason, "continuing %s", path);
    }
    *out_file = fdopen(descriptor, "w");
    if (*out_file == NULL) {
        (void)close(descriptor);
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

static enum result read_file(const struct arguments *arguments, const char *path,
                             struct exporting *exporting, int64_t *out_size,
                             struct error *err) {
    *out_size = 0;
    if (access(path, F_OK) != 0) {
        return RESULT_OK;
    }
    exporting->check.chain.is_open = true;
    TRY(trail_walk_file(path, trail_check_step, &exporting->check, out_size, err));
    exporting->skip_to = exporting->check.chain.sequence;
    if (exporting->skip_to > 0 && arguments_have(arguments, "from")) {
        return arguments_refuse(err, "from", "%s holds records already and is continued", path);
    }
    return RESULT_OK;
}

static enum result export_to_file(const struct arguments *arguments, const char *path,
                                  struct session *session, int64_t from, struct error *err) {
    struct exporting exporting = {.check = {.progress = "exported"}};
    int64_t size = 0;
    TRY(read_file(arguments, path, &exporting, &size, err));
    exporting.check.chain.is_open = from > 1 || exporting.skip_to > 0;
    TRY(open_file(path, size, &exporting.file, err));
    enum result result = export_records(session, &exporting, from, err);
    if (result == RESULT_OK) {
        result = trail_check_end(&exporting.check, err);
    }
    enum result finished = finish_file(exporting.file, path, result == RESULT_OK ? err : NULL);
    TRY(result);
    TRY(finished);
    (void)fprintf(stderr, "%s holds the trail up to record %lld.\n", path,
                  (long long)exporting.check.chain.sequence);
    return RESULT_OK;
}

enum result run_audit_export(const struct arguments *arguments, struct error *err) {
    const char *path = arguments_value(arguments, "to");
    int64_t from = 1;
    TRY(arguments_integer(arguments, "from", 1, INT64_MAX, 1, &from, err));
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    if (path != NULL) {
        return export_to_file(arguments, path, &session, from, err);
    }
    struct exporting exporting = {.check = {.chain = {.is_open = from > 1}}, .file = stdout};
    TRY(export_records(&session, &exporting, from, err));
    return fflush(stdout) == 0 ? RESULT_OK
                               : error_from_errno(err, errno, "writing to standard output");
}

// --- verify --------------------------------------------------------------------------------------

const struct option audit_verify_options[] = {
    {"checkpoint", "FILE", "a checkpoint that was kept: shows whether the tail was cut off",
     false, false},
    {0},
};

static enum result report_whole(const struct trail_check *check, struct error *err) {
    AUTO(buf_clear) struct buf hash = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&hash, 2 * SHA256_SIZE);
    buf_init(&text, 4096);
    TRY(text_hex_encode(bytes_of(check->chain.hash, SHA256_SIZE), &hash));
    TRY(buf_printf(&text, "Records %lld to %lld are whole, the last hash is %s.\n",
                   (long long)check->first, (long long)check->chain.sequence,
                   buf_string(&hash)));
    if (check->checkpoint != NULL) {
        TRY(buf_printf(&text, "They reach the checkpoint at record %lld.\n",
                       (long long)check->checkpoint->sequence));
    } else {
        (void)fputs("Only with --checkpoint is a cut tail noticed: keep what \"signetctl audit "
                    "checkpoint\" prints.\n",
                    stderr);
    }
    return program_print(&text, err);
}

static enum result verify(struct session *session, const char *path, struct trail_check *check,
                          struct error *err) {
    if (path != NULL) {
        int64_t size = 0;
        check->chain.is_open = true;
        TRY(trail_walk_file(path, trail_check_step, check, &size, err));
    } else {
        TRY(trail_walk_server(&session->exchange, 1, trail_check_step, check, err));
    }
    if (check->first == 0) {
        return error_set_code(err, RESULT_INVALID, "audit_cut", "there is no record in %s",
                              path != NULL ? path : "the trail");
    }
    TRY(trail_check_end(check, err));
    return report_whole(check, err);
}

enum result run_audit_verify(const struct arguments *arguments, struct error *err) {
    const char *path = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    const char *checkpoint_path = arguments_value(arguments, "checkpoint");
    struct trail_check check = {.progress = "checked"};
    if (path != NULL && checkpoint_path == NULL) {
        return verify(NULL, path, &check, err); // needs nothing but the file
    }
    AUTO(session_close) struct session session = {0};
    struct audit_checkpoint checkpoint = {0};
    TRY(session_open(arguments, &session, err));
    if (checkpoint_path != NULL) {
        TRY(trail_read_checkpoint(checkpoint_path, &session.credential, &checkpoint, err));
        check.checkpoint = &checkpoint;
    }
    enum result result = verify(&session, path, &check, err);
    message_clear(&audit_checkpoint_type, &checkpoint);
    return result;
}

// --- checkpoint ----------------------------------------------------------------------------------

enum result run_audit_checkpoint(const struct arguments *arguments, struct error *err) {
    const struct nothing request = {};
    struct audit_checkpoint reply = {0};
    enum result result =
        session_call(arguments, OPERATION_AUDIT_CHECKPOINT, &request, &reply, err);
    if (result == RESULT_OK) {
        result = audit_checkpoint_verify(&reply, err);
    }
    if (result == RESULT_OK) {
        result = program_print_json(&audit_checkpoint_type, &reply, err);
    }
    message_clear(&audit_checkpoint_type, &reply);
    return result;
}
