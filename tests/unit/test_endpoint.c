// Endpoints: no peer is listened to for longer than it was given, whatever it sends.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/endpoint.h"
#include "client/connect/transport.h"
#include "support/test.h"

// A peer that never stops talking: there is always one byte more, at once.
static enum result open_chatter(void *context, const struct url *url, const char *name,
                                int64_t deadline, void **out_connection, struct error *err) {
    (void)url, (void)name, (void)deadline, (void)err;
    *out_connection = context;
    return RESULT_OK;
}

static enum result write_nowhere(void *connection, struct bytes bytes, int64_t deadline,
                                 struct error *err) {
    (void)bytes, (void)deadline, (void)err;
    *(int *)connection += 1;
    return RESULT_OK;
}

static enum result read_chatter(void *connection, struct buf *out, bool *out_is_end,
                                int64_t deadline, struct error *err) {
    (void)connection, (void)deadline, (void)err;
    *out_is_end = false;
    return buf_append_byte(out, 'x');
}

static void close_chatter(void *connection) {
    (void)connection;
}

static void a_peer_that_keeps_sending_is_not_read_for_ever(void **state) {
    (void)state;
    int writes = 0;
    const struct transport chatter = {.context = &writes,
                                      .open = open_chatter,
                                      .write = write_nowhere,
                                      .read = read_chatter,
                                      .close = close_chatter};
    const struct url url = {.host = "peer.example", .port = 5222, .target = "/"};
    struct error err = {0};
    AUTO(endpoint_close_at) struct endpoint *endpoint = NULL;
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 16);
    assert_ok(endpoint_open(&chatter, &url, NULL, &endpoint, &err), &err);
    endpoint_set_deadline(endpoint, 60000);
    assert_ok(endpoint_read(endpoint, &out, &err), &err);
    endpoint_set_deadline(endpoint, -1);
    assert_result(RESULT_UNAVAILABLE, endpoint_read(endpoint, &out, &err), &err);
    assert_string_equal(err.code, "unreachable");
    assert_non_null(strstr(err.message, "did not answer in time"));
    assert_int_equal(out.size, 1);
    // A goodbye is still said, if it can be without waiting.
    assert_ok(endpoint_write(endpoint, BYTES_LITERAL("bye"), &err), &err);
    assert_int_equal(writes, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_keeps_sending_is_not_read_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
