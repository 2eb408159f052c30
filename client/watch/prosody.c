// Lua for the admin shell, and the serials in its answers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/prosody.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "client/device/reload.h"
#include "client/watch/serial_set.h"

#define SHELL_WORDS 16
// Serials of one command: an argument may have 128 kB.
#define SERIALS_AT_ONCE 1000
#define COMMAND_BYTES (100 * 1024)
#define MARK "serial="

// Only serials go in and out: they are hex, while a resource is chosen by the client and could
// end a string of Lua.
#define FIND_CERTIFICATE                                                                       \
    "local c=s.conn and s.conn.socket and s.conn:socket() "                                    \
    "local x=c and c.getpeercertificate and c:getpeercertificate() "

static const char list_command[] =
    "> local t={} for _,s in pairs(prosody.full_sessions) do " FIND_CERTIFICATE
    "if x then t[#t+1]=\"" MARK "\"..x:serial() end end return table.concat(t,\" \")";

static const char close_begin[] = "> local r={";
static const char close_end[] =
    "} local n=0 for _,s in pairs(prosody.full_sessions) do " FIND_CERTIFICATE
    "if x and r[x:serial():upper():gsub(\"^0+\",\"\")] then "
    "s:close({condition=\"not-authorized\",text=\"certificate revoked\"}) n=n+1 end end "
    "return \"closed=\"..n";

static enum result ask(char *const *shell, const char *command, struct buf *out_answer,
                       struct error *err) {
    char *arguments[SHELL_WORDS + 2] = {0};
    size_t count = 0;
    for (; shell[count] != NULL; count++) {
        if (count == SHELL_WORDS) {
            return error_set_code(err, RESULT_INVALID, "misconfigured",
                                  "shell has more than %d words", SHELL_WORDS);
        }
        arguments[count] = shell[count];
    }
    AUTO(string_free_at) char *copy = string_copy(command);
    if (copy == NULL) {
        return error_out_of_memory(err);
    }
    arguments[count] = copy;
    enum result result = reload_capture(arguments, out_answer, err);
    if (result != RESULT_OK && err != NULL && out_answer->size > 0) {
        struct error reason = *err;
        (void)error_set_code(err, result, "reload_failed", "%.100s: %.150s", reason.message,
                             buf_string(out_answer));
    }
    return result;
}

static enum result read_serials(const char *answer, struct serial_set *set, struct error *err) {
    for (const char *at = strstr(answer, MARK); at != NULL; at = strstr(at, MARK)) {
        at = &at[sizeof(MARK) - 1];
        TRY(serial_set_add(set, bytes_of(at, strspn(at, "0123456789abcdefABCDEF")), err));
    }
    return RESULT_OK;
}

static enum result append_serial(const struct live_serial *serial, struct buf *command) {
    AUTO(buf_clear) struct buf hex = {0};
    buf_init(&hex, 2 * LIMIT_SERIAL_BYTES);
    TRY(text_hex_encode(bytes_of(serial->octets, serial->size), &hex));
    for (size_t i = 0; i < hex.size; i++) {
        if (hex.data[i] >= 'a') {
            hex.data[i] = (uint8_t)(hex.data[i] - 'a' + 'A');
        }
    }
    const char *digits = buf_string(&hex);
    return buf_printf(command, "[\"%s\"]=true,", &digits[strspn(digits, "0")]);
}

// The revoked ones from *next on, as many as fit into one command.
static enum result write_close(const struct serial_set *set, size_t *next,
                               struct buf *out_command, size_t *out_count) {
    TRY(buf_append_string(out_command, close_begin));
    *out_count = 0;
    for (; *next < set->count && *out_count < SERIALS_AT_ONCE; (*next)++) {
        if (set->items[*next].is_revoked) {
            TRY(append_serial(&set->items[*next], out_command));
            (*out_count)++;
        }
    }
    return buf_append_string(out_command, close_end);
}

static size_t read_closed(const char *answer) {
    static const char mark[] = "closed=";
    const char *found = strstr(answer, mark);
    int64_t count = 0;
    if (found == NULL) {
        return 0;
    }
    found = &found[sizeof(mark) - 1];
    struct bytes digits = bytes_of(found, strspn(found, "0123456789"));
    return text_read_int64(digits, 0, INT32_MAX, &count) == RESULT_OK ? (size_t)count : 0;
}

enum result prosody_end_sessions(char *const *shell, struct bytes crls, size_t *out_count,
                                 struct error *err) {
    AUTO(buf_clear) struct buf listed = {0};
    AUTO(serial_set_clear) struct serial_set serials = {0};
    buf_init(&listed, LIMIT_PROSODY_ANSWER_BYTES);
    TRY(ask(shell, list_command, &listed, err));
    TRY(read_serials(buf_string(&listed), &serials, err));
    TRY(serial_set_judge(&serials, crls, err));
    size_t closed = 0;
    for (size_t next = 0; next < serials.count;) {
        AUTO(buf_clear) struct buf command = {0};
        AUTO(buf_clear) struct buf answer = {0};
        size_t count = 0;
        buf_init(&command, COMMAND_BYTES);
        buf_init(&answer, LIMIT_PROSODY_ANSWER_BYTES);
        TRY(write_close(&serials, &next, &command, &count));
        if (count > 0) {
            TRY(ask(shell, buf_string(&command), &answer, err));
            closed += read_closed(buf_string(&answer));
        }
    }
    *out_count = closed;
    return RESULT_OK;
}
