// Commands to HAProxy's runtime socket and what its answers say.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/haproxy.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "client/connect/socket.h"
#include "client/watch/serial_set.h"

#define COMMAND_BYTES 8192
// HAProxy keeps tune.maxrewrite of its buffer free; the command itself and its end take a little.
#define BUFFER_RESERVE 1280
#define QUEUE_PAUSE_MILLISECONDS 20
// The value that refuses every further request of a serial.
#define MARK "revoked"

static const char hex_digits_and_x[] = "0123456789abcdefx";

static enum result failed(const char *socket_path, const char *what, struct error *err) {
    return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed", "%s: %s", socket_path,
                          what);
}

// While HAProxy's queue is full the system says so at once: a socket that blocks would wait in it
// without end.
static enum result connect_to(const char *path, int descriptor, int64_t deadline,
                              struct error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        return error_set_code(err, RESULT_INVALID, "misconfigured",
                              "%s is too long for a socket", path);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    while (connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        if (errno != EAGAIN) {
            return failed(path, strerror(errno), err);
        }
        if (clock_monotonic_milliseconds() >= deadline) {
            return failed(path, "did not answer in time", err);
        }
        if (poll(NULL, 0, QUEUE_PAUSE_MILLISECONDS) < 0) {
            return error_set_code(err, RESULT_UNAVAILABLE, "interrupted",
                                  "interrupted by a signal");
        }
    }
    return RESULT_OK;
}

static enum result open_socket(const char *path, int64_t deadline, void **out_connection,
                               struct error *err) {
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return error_from_errno(err, errno, "cannot make a socket");
    }
    enum result result = connect_to(path, descriptor, deadline, err);
    if (result != RESULT_OK) {
        (void)close(descriptor);
        return result;
    }
    return socket_adopt(descriptor, path, out_connection, err);
}

static void close_at(void **connection) {
    if (*connection != NULL) {
        socket_transport.close(*connection);
    }
}

static enum result read_answer(void *connection, int64_t deadline, struct buf *out,
                               struct error *err) {
    bool is_end = false;
    while (!is_end) {
        if (out->maximum - out->size < TRANSPORT_READ_BYTES) {
            return error_set(err, RESULT_LIMIT, "HAProxy's answer has more than %zu octets",
                             out->maximum - TRANSPORT_READ_BYTES);
        }
        TRY(socket_transport.read(connection, out, &is_end, deadline, err));
    }
    return RESULT_OK;
}

static enum result exchange(const char *path, struct bytes command, struct buf *out_answer,
                            struct error *err) {
    int64_t deadline = clock_monotonic_milliseconds() + LIMIT_PROOF_SECONDS * 1000;
    AUTO(close_at) void *connection = NULL;
    TRY(open_socket(path, deadline, &connection, err));
    TRY(socket_transport.write(connection, command, deadline, err));
    return read_answer(connection, deadline, out_answer, err);
}

static enum result ask(const char *path, struct bytes command, struct buf *out_answer,
                       struct error *err) {
    struct error reason = {0};
    enum result result = exchange(path, command, out_answer, &reason);
    if (result != RESULT_OK && strcmp(reason.code, "unreachable") == 0) {
        return error_set_code(err, result, "reload_failed", "%s", reason.message);
    }
    if (result != RESULT_OK && err != NULL) {
        *err = reason;
    }
    return result;
}

enum result haproxy_ask(const char *socket_path, const char *command, struct buf *out_answer,
                        struct error *err) {
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, COMMAND_BYTES);
    TRY(buf_printf(&line, "%s\n", command));
    return ask(socket_path, buf_bytes(&line), out_answer, err);
}

// --- CRLs --------------------------------------------------------------------------------

// Refused unless the answer has `wanted` in it.
static enum result require_answer(const char *socket_path, struct bytes command,
                                  const char *wanted, struct error *err) {
    AUTO(buf_clear) struct buf answer = {0};
    buf_init(&answer, LIMIT_HAPROXY_ANSWER_BYTES);
    TRY(ask(socket_path, command, &answer, err));
    if (strstr(buf_string(&answer), wanted) != NULL) {
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_UNAVAILABLE, "reload_failed",
                          "HAProxy did not take the CRL: %.150s", buf_string(&answer));
}

enum result haproxy_set_crl(const char *socket_path, const char *file, struct bytes pem,
                            size_t buffer_size, struct error *err) {
    AUTO(buf_clear) struct buf set = {0};
    AUTO(buf_clear) struct buf other = {0};
    AUTO(buf_clear) struct buf ignored = {0};
    buf_init(&set, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&other, COMMAND_BYTES);
    buf_init(&ignored, LIMIT_HAPROXY_ANSWER_BYTES);
    TRY(buf_printf(&set, "set ssl crl-file %s <<\n", file));
    TRY(buf_append(&set, pem));
    TRY(buf_append_byte(&set, '\n')); // an empty line ends it
    if (set.size + BUFFER_RESERVE > buffer_size) {
        return error_set(err, RESULT_LIMIT,
                         "%zu octets do not fit into HAProxy's buffer of %zu", set.size,
                         buffer_size);
    }
    // What another change left open would be committed with ours.
    TRY(buf_printf(&other, "abort ssl crl-file %s\n", file));
    TRY(ask(socket_path, buf_bytes(&other), &ignored, err));
    TRY(require_answer(socket_path, buf_bytes(&set), "ransaction", err));
    buf_reset(&other);
    TRY(buf_printf(&other, "commit ssl crl-file %s\n", file));
    return require_answer(socket_path, buf_bytes(&other), "Success", err);
}

// --- sessions ----------------------------------------------------------------------------

// The next line of *text without its end; false when there is none.
static bool next_line(struct bytes *text, struct bytes *out_line) {
    if (text->size == 0) {
        return false;
    }
    const uint8_t *end = memchr(text->data, '\n', text->size);
    size_t size = end == NULL ? text->size : (size_t)(end - text->data);
    *out_line = bytes_slice(*text, 0, size);
    *text = bytes_slice(*text, size + 1, text->size);
    return true;
}

// The next word of *line; empty at the end.
static struct bytes next_word(struct bytes *line) {
    size_t start = 0;
    while (start < line->size && line->data[start] == ' ') {
        start++;
    }
    size_t end = start;
    while (end < line->size && line->data[end] != ' ') {
        end++;
    }
    struct bytes word = bytes_slice(*line, start, end - start);
    *line = bytes_slice(*line, end, line->size);
    return word;
}

// A line of `show map`: reference, key, value.
struct map_line {
    struct bytes reference, key, value; // the value of an address is a serial
};

static bool next_entry(struct bytes *map, struct map_line *out_entry) {
    struct bytes line;
    while (next_line(map, &line)) {
        out_entry->reference = next_word(&line);
        out_entry->key = next_word(&line);
        out_entry->value = next_word(&line);
        if (out_entry->value.size > 0) {
            return true;
        }
    }
    return false;
}

static bool has_only(struct bytes word, const char *allowed) {
    for (size_t i = 0; i < word.size; i++) {
        if (word.data[i] == 0 || strchr(allowed, word.data[i]) == NULL) {
            return false;
        }
    }
    return word.size > 0;
}

// The session that comes from this address: "0x55d0: proto=tcpv4 src=127.0.0.1:4711 fe=…".
static bool find_session(struct bytes sessions, struct bytes address, struct bytes *out_id) {
    AUTO(buf_clear) struct buf wanted = {0};
    buf_init(&wanted, 256);
    if (buf_append_string(&wanted, "src=") != RESULT_OK ||
        buf_append(&wanted, address) != RESULT_OK) {
        return false;
    }
    struct bytes line;
    while (next_line(&sessions, &line)) {
        struct bytes id = next_word(&line);
        for (struct bytes word = next_word(&line); word.size > 0; word = next_word(&line)) {
            if (bytes_equal(word, buf_bytes(&wanted)) && id.size > 1) {
                *out_id = bytes_slice(id, 0, id.size - 1); // without the colon
                return has_only(*out_id, hex_digits_and_x);
            }
        }
    }
    return false;
}

static enum result run_one(const char *socket_path, const char *format, const char *middle,
                           struct bytes last, struct error *err) {
    AUTO(buf_clear) struct buf command = {0};
    AUTO(buf_clear) struct buf ignored = {0};
    buf_init(&command, COMMAND_BYTES);
    buf_init(&ignored, LIMIT_HAPROXY_ANSWER_BYTES);
    TRY(buf_printf(&command, "%s%s", format, middle));
    TRY(buf_append(&command, last));
    return haproxy_ask(socket_path, buf_string(&command), &ignored, err);
}

static const char hex_digits[] = "0123456789abcdefABCDEF";

// A mark is an entry, too: of a serial, with this value.
static bool is_mark(const struct map_line *entry) {
    return bytes_equal(entry->value, BYTES_LITERAL(MARK));
}

static struct bytes serial_of(const struct map_line *entry) {
    return is_mark(entry) ? entry->key : entry->value;
}

static enum result read_serials(struct bytes map, struct serial_set *set, struct error *err) {
    struct map_line entry;
    while (next_entry(&map, &entry)) {
        TRY(serial_set_add(set, serial_of(&entry), err));
    }
    return RESULT_OK;
}

static bool has_mark(struct bytes map, struct bytes serial) {
    struct map_line entry;
    while (next_entry(&map, &entry)) {
        if (is_mark(&entry) && bytes_equal(entry.key, serial)) {
            return true;
        }
    }
    return false;
}

// A connection without a request at the moment is no session: the configuration refuses its
// next one by this mark.
static enum result mark_serial(const char *socket_path, const char *map, struct bytes serial,
                               struct error *err) {
    AUTO(buf_clear) struct buf middle = {0};
    AUTO(buf_clear) struct buf last = {0};
    buf_init(&middle, LIMIT_PATH_BYTES);
    buf_init(&last, 256);
    TRY(buf_printf(&middle, "%s ", map));
    TRY(buf_append(&last, serial));
    TRY(buf_append_string(&last, " " MARK));
    return run_one(socket_path, "add map ", buf_string(&middle), buf_bytes(&last), err);
}

// What HAProxy said, read once.
struct haproxy_view {
    const char *socket;
    const char *map;
    struct bytes entries;
    struct bytes sessions;
    size_t count; // of entries
};

static enum result end_revoked(const struct haproxy_view *view, const struct map_line *entry,
                               size_t *ended, struct error *err) {
    struct bytes id;
    bool is_new = has_only(entry->value, hex_digits) && !has_mark(view->entries, entry->value);
    if (is_new) {
        TRY(mark_serial(view->socket, view->map, entry->value, err));
    }
    bool is_open = find_session(view->sessions, entry->key, &id);
    if (is_open) {
        TRY(run_one(view->socket, "shutdown session ", "", id, err));
    }
    *ended += is_new || is_open;
    return RESULT_OK;
}

static enum result drop(const struct haproxy_view *view, const struct map_line *entry,
                        struct error *err) {
    AUTO(buf_clear) struct buf middle = {0};
    buf_init(&middle, LIMIT_PATH_BYTES);
    TRY(buf_printf(&middle, "%s #", view->map));
    return run_one(view->socket, "del map ", buf_string(&middle), entry->reference, err);
}

// A mark stays as long as a CRL lists its serial: a certificate that was only on hold gets in
// again. An address without a session goes only when there are many: it may be of an idle
// connection.
static bool is_stale(const struct haproxy_view *view, const struct map_line *entry,
                     bool is_revoked) {
    struct bytes id;
    if (is_revoked || !has_only(entry->reference, hex_digits_and_x)) {
        return false;
    }
    if (is_mark(entry)) {
        return has_only(entry->key, hex_digits); // else an administrator's
    }
    return view->count > LIMIT_HAPROXY_MAP_ENTRIES &&
           !find_session(view->sessions, entry->key, &id);
}

static size_t count_entries(struct bytes map) {
    struct map_line entry;
    size_t count = 0;
    while (next_entry(&map, &entry)) {
        count++;
    }
    return count;
}

enum result haproxy_end_sessions(const char *socket_path, const char *map, struct bytes crls,
                                 size_t *out_count, struct error *err) {
    AUTO(buf_clear) struct buf entries = {0};
    AUTO(buf_clear) struct buf sessions = {0};
    AUTO(buf_clear) struct buf show = {0};
    AUTO(serial_set_clear) struct serial_set serials = {0};
    buf_init(&entries, LIMIT_HAPROXY_ANSWER_BYTES);
    buf_init(&sessions, LIMIT_HAPROXY_ANSWER_BYTES);
    buf_init(&show, LIMIT_PATH_BYTES);
    TRY(buf_printf(&show, "show map %s", map));
    TRY(haproxy_ask(socket_path, buf_string(&show), &entries, err));
    // After the map: a session that is in the map but not here is over.
    TRY(haproxy_ask(socket_path, "show sess", &sessions, err));
    TRY(read_serials(buf_bytes(&entries), &serials, err));
    TRY(serial_set_judge(&serials, crls, err));
    const struct haproxy_view view = {.socket = socket_path,
                                      .map = map,
                                      .entries = buf_bytes(&entries),
                                      .sessions = buf_bytes(&sessions),
                                      .count = count_entries(buf_bytes(&entries))};
    size_t ended = 0;
    struct bytes left = view.entries;
    struct map_line entry;
    while (next_entry(&left, &entry)) {
        bool is_revoked = serial_set_is_revoked(&serials, serial_of(&entry));
        if (is_revoked && !is_mark(&entry)) {
            TRY(end_revoked(&view, &entry, &ended, err));
        } else if (is_stale(&view, &entry, is_revoked)) {
            TRY(drop(&view, &entry, err));
        }
    }
    *out_count = ended;
    return RESULT_OK;
}
