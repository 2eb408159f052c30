// Walking the audit trail, page by page or line by line.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/trail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/connect/api.h"
#include "x509/certificate.h"

#define PROGRESS_RECORDS 10000

// --- the server ----------------------------------------------------------------------------------

static enum result visit_page(const struct audit_page *page, int64_t *next, trail_visit *visit,
                              void *context, struct error *err) {
    const struct audit_info *infos = page->records.items;
    for (size_t i = 0; i < page->records.count; i++) {
        // A server that goes back would keep us for ever.
        if (infos[i].sequence < *next) {
            return error_set_code(err, RESULT_INVALID, "audit_broken",
                                  "audit record %lld does not follow the one before it",
                                  (long long)infos[i].sequence);
        }
        TRY(visit(context, &infos[i], err));
        *next = infos[i].sequence + 1;
    }
    return RESULT_OK;
}

enum result trail_walk_server(struct exchange *exchange, int64_t from, trail_visit *visit,
                              void *context, struct error *err) {
    int64_t next = from < 1 ? 1 : from;
    for (;;) {
        const struct audit_list request = {.from = next, .limit = LIMIT_LIST_PAGE};
        struct audit_page page = {0};
        enum result result = api_call(exchange, OPERATION_AUDIT_LIST, &request, &page, err);
        bool is_last = page.next == NULL || page.records.count == 0;
        if (result == RESULT_OK) {
            result = visit_page(&page, &next, visit, context, err);
        }
        message_clear(&audit_page_type, &page);
        if (result != RESULT_OK || is_last) {
            return result;
        }
    }
}

// --- a file --------------------------------------------------------------------------------------

static enum result line_wrong(const char *path, int64_t line, const char *why,
                              struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "audit_broken", "%s, line %lld: %s", path,
                         (long long)line, why);
    error_hint(err, "Expected an export, unchanged: one record on each line.");
    return RESULT_INVALID;
}

static enum result visit_line(const char *path, int64_t number, struct bytes line,
                              trail_visit *visit, void *context, struct error *err) {
    struct audit_info info = {0};
    struct error reason = {0};
    if (line.size > LIMIT_AUDIT_LINE_BYTES) {
        return line_wrong(path, number, "longer than a record", err);
    }
    enum result result = message_from_json(&audit_info_type, line, &info, &reason);
    result = result == RESULT_OK ? visit(context, &info, err)
                                 : line_wrong(path, number, reason.message, err);
    message_clear(&audit_info_type, &info);
    return result;
}

static enum result walk_lines(FILE *file, const char *path, trail_visit *visit, void *context,
                              int64_t *out_size, struct error *err) {
    char *line = NULL;
    size_t room = 0;
    enum result result = RESULT_OK;
    *out_size = 0;
    for (int64_t number = 1; result == RESULT_OK; number++) {
        ssize_t size = getline(&line, &room, file);
        if (size <= 0 || line[size - 1] != '\n') {
            break;
        }
        result =
            visit_line(path, number, bytes_of(line, (size_t)size - 1), visit, context, err);
        *out_size += size;
    }
    if (result == RESULT_OK && ferror(file)) {
        result = error_from_errno(err, errno, "reading %s", path);
    }
    free(line);
    return result;
}

enum result trail_walk_file(const char *path, trail_visit *visit, void *context,
                            int64_t *out_size, struct error *err) {
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_from_errno(err, errno, "opening %s", path);
    }
    enum result result = walk_lines(file, path, visit, context, out_size, err);
    (void)fclose(file);
    return result;
}

// --- checking ------------------------------------------------------------------------------------

static void tell_progress(const struct trail_check *check) {
    if (check->progress != NULL && check->chain.sequence % PROGRESS_RECORDS == 0 &&
        isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r%s up to record %lld ", check->progress,
                      (long long)check->chain.sequence);
    }
}

static void end_progress(const struct trail_check *check) {
    if (check->progress != NULL && check->chain.sequence >= PROGRESS_RECORDS &&
        isatty(STDERR_FILENO)) {
        (void)fputs("\r\033[K", stderr);
    }
}

enum result trail_check_step(void *context, const struct audit_info *info, struct error *err) {
    struct trail_check *check = context;
    enum result result = audit_chain_follow_info(&check->chain, info, err);
    if (result == RESULT_OK && check->checkpoint != NULL) {
        result = audit_checkpoint_compare(check->checkpoint, &check->chain, err);
    }
    if (result != RESULT_OK) {
        end_progress(check);
        return result;
    }
    if (check->first == 0) {
        check->first = info->sequence;
    }
    tell_progress(check);
    return RESULT_OK;
}

enum result trail_check_end(const struct trail_check *check, struct error *err) {
    end_progress(check);
    const struct audit_checkpoint *checkpoint = check->checkpoint;
    if (checkpoint == NULL) {
        return RESULT_OK;
    }
    if (check->first > checkpoint->sequence) {
        (void)error_set_code(
            err, RESULT_INVALID, "checkpoint_outside",
            "the records begin with %lld, behind the checkpoint at record %lld",
            (long long)check->first, (long long)checkpoint->sequence);
        error_hint(err, "Export the trail from that record or an earlier one.");
        return RESULT_INVALID;
    }
    return audit_checkpoint_reached(checkpoint, &check->chain, err);
}

// --- checkpoints ---------------------------------------------------------------------------------

// Under one of the trusted certificates, as it was when it signed.
static enum result check_signer(const struct audit_checkpoint *checkpoint, struct bytes trust,
                                struct error *err) {
    struct bytes above = blob_bytes(&checkpoint->chain);
    struct certificate signer = {0};
    TRY(certificate_read_next(&above, &signer, err));
    while (trust.size > 0) {
        struct certificate root = {0};
        TRY(certificate_read_next(&trust, &root, err));
        const enum result result =
            bytes_equal(root.der, signer.der)
                ? RESULT_OK
                : certificate_verify_chain(&signer, above, &root, checkpoint->time, err);
        if (result == RESULT_OK || result == RESULT_LIMIT || result == RESULT_INTERNAL) {
            return result;
        }
    }
    (void)error_set_code(err, RESULT_DENIED, "checkpoint_invalid",
                         "the CA that signed the checkpoint is not one of this credential's");
    error_hint(err, "Use a credential of the authority that it was made by.");
    return RESULT_DENIED;
}

static enum result check_checkpoint(const struct audit_checkpoint *checkpoint,
                                    const struct credential *credential, struct error *err) {
    TRY(audit_checkpoint_verify(checkpoint, err));
    struct bytes root = buf_bytes(&credential->root);
    return check_signer(checkpoint, root.size > 0 ? root : buf_bytes(&credential->trust), err);
}

enum result trail_read_checkpoint(const char *path, const struct credential *credential,
                                  struct audit_checkpoint *out_checkpoint, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
    struct audit_checkpoint checkpoint = {0};
    TRY(file_read(path, &text, err));
    enum result result =
        message_from_json(&audit_checkpoint_type, buf_bytes(&text), &checkpoint, err);
    if (result == RESULT_OK) {
        result = check_checkpoint(&checkpoint, credential, err);
    }
    if (result != RESULT_OK) {
        error_context(err, "%s", path);
        message_clear(&audit_checkpoint_type, &checkpoint);
        return result;
    }
    *out_checkpoint = checkpoint;
    return RESULT_OK;
}
