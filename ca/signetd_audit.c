// signetd audit list, audit verify: the trail read from the store, beside a running authority too.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>
#include <stdio.h>

#include "authority/audit.h"
#include "authority/inspect/audit_view.h"
#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "signetd.h"

#define LIST_DEFAULT 100
// A record in JSON, where a control character takes six bytes.
#define LIMIT_RECORD_BYTES (1024 * 1024)

static enum result open_store(const struct arguments *arguments, struct store **out_store,
                              struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    if (path_join(&path, folder_of(arguments), LAYOUT_DATABASE) != RESULT_OK) {
        return error_set(err, RESULT_INVALID, "the path of the state folder is too long");
    }
    return store_open(buf_string(&path), false, out_store, err);
}

// --- list ----------------------------------------------------------------------------------------

const struct option audit_list_options[] = {
    FOLDER_OPTION,
    {"event", "TEXT", "only these, such as \"certificate issued\"", false, false},
    {"actor", "ACTOR", "only of this one, such as admin:jane", false, false},
    {"subject", "TEXT", "only about this: a serial, an id, a name", false, false},
    {"limit", "N", "no more than this many (100)", false, false},
    {"json", NULL, "a line of JSON for each, as signetctl audit export makes them", false,
     false},
    {0},
};

static enum result write_json(const struct audit_record *record, struct buf *out,
                              struct error *err) {
    struct audit_info info = {0};
    enum result result = audit_info_fill(record, &info);
    if (result == RESULT_OK) {
        result = message_to_json(&audit_info_type, &info, out, err);
    }
    message_clear(&audit_info_type, &info);
    return result;
}

// Records that were forged may hold what a terminal obeys.
static enum result write_text(const char *text, struct buf *out) {
    for (const char *next = text == NULL ? "" : text; *next != '\0'; next++) {
        bool is_control = (unsigned char)*next < ' ' || *next == 0x7f;
        TRY(buf_append_byte(out, is_control ? '?' : (uint8_t)*next));
    }
    return RESULT_OK;
}

static enum result write_line(const struct audit_record *record, struct buf *out) {
    const char *const texts[] = {record->actor, record->event, record->subject, record->detail};
    TRY(buf_printf(out, "%lld  ", (long long)record->sequence));
    TRY(time_format_plain(record->time, out));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i] != NULL && texts[i][0] != '\0') {
            TRY(buf_append_string(out, "  "));
            TRY(write_text(texts[i], out));
        }
    }
    return RESULT_OK;
}

struct printing {
    bool is_json;
};

static enum result print_record(void *context, const struct audit_record *record,
                                struct error *err) {
    const struct printing *printing = context;
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, LIMIT_RECORD_BYTES);
    TRY(printing->is_json ? write_json(record, &line, err) : write_line(record, &line));
    TRY(buf_append_byte(&line, '\n'));
    return print_text(&line, err);
}

enum result run_audit_list(const struct arguments *arguments, struct error *err) {
    int64_t limit = 0;
    TRY(arguments_integer(arguments, "limit", 1, INT64_MAX, LIST_DEFAULT, &limit, err));
    AUTO(store_close_at) struct store *store = NULL;
    TRY(open_store(arguments, &store, err));
    const struct audit_filter filter = {
        .event = arguments_value(arguments, "event"),
        .actor = arguments_value(arguments, "actor"),
        .subject = arguments_value(arguments, "subject"),
        .limit = (size_t)limit,
    };
    struct printing printing = {.is_json = arguments_have(arguments, "json")};
    return store_list_audit(store, &filter, print_record, &printing, err);
}

// --- verify --------------------------------------------------------------------------------------

const struct option audit_verify_options[] = {
    FOLDER_OPTION,
    {"checkpoint", "FILE", "a checkpoint that was kept: shows whether the tail was cut off",
     false, false},
    {0},
};

static enum result read_checkpoint(const char *path, struct audit_checkpoint *out_checkpoint,
                                   struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
    TRY(file_read(path, &text, err));
    enum result result =
        message_from_json(&audit_checkpoint_type, buf_bytes(&text), out_checkpoint, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", path);
    }
    return result;
}

static enum result verify(struct store *store, const struct audit_checkpoint *checkpoint,
                          struct error *err) {
    struct audit_chain end = {0};
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, 2 * SHA256_SIZE);
    if (checkpoint != NULL) {
        TRY(audit_trust_checkpoint(store, checkpoint, err));
    }
    TRY(audit_verify_to(store, checkpoint, &end, err));
    TRY(text_hex_encode(bytes_of(end.hash, SHA256_SIZE), &hash));
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 4096);
    TRY(buf_printf(&text, "The trail is whole: %lld records, the last hash is %s.\n",
                   (long long)end.sequence, buf_string(&hash)));
    if (checkpoint != NULL) {
        TRY(buf_printf(&text, "It reaches the checkpoint at record %lld.\n",
                       (long long)checkpoint->sequence));
    }
    return print_text(&text, err);
}

enum result run_audit_verify(const struct arguments *arguments, struct error *err) {
    const char *path = arguments_value(arguments, "checkpoint");
    AUTO(store_close_at) struct store *store = NULL;
    struct audit_checkpoint checkpoint = {0};
    enum result result = open_store(arguments, &store, err);
    if (result == RESULT_OK && path != NULL) {
        result = read_checkpoint(path, &checkpoint, err);
    }
    if (result == RESULT_OK) {
        result = verify(store, path == NULL ? NULL : &checkpoint, err);
    }
    message_clear(&audit_checkpoint_type, &checkpoint);
    return result;
}
