// What is served from memory: replacing, conditions, headers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include "base/limits.h"
#include "gateway/publications.h"
#include "x509/pem.h"

#define MODIFIED 1795247253 // Sat, 21 Nov 2026 07:47:33 GMT
#define NOW (MODIFIED + 60)

static struct publication message_of(const char *path, const char *etag, const char *body) {
    struct publication message = {
        .last_modified = MODIFIED, .expires = MODIFIED + 86400, .max_age = 300};
    assert_int_equal(text_set(&message.path, path), RESULT_OK);
    assert_int_equal(text_set(&message.etag, etag), RESULT_OK);
    assert_int_equal(text_set(&message.content_type, "application/pkix-crl"), RESULT_OK);
    assert_int_equal(blob_set(&message.body, bytes_of_string(body)), RESULT_OK);
    return message;
}

static void put(struct publications *set, const char *path, const char *etag,
                const char *body) {
    struct error err = {0};
    struct publication message = message_of(path, etag, body);
    assert_ok(publications_put(set, &message, &err), &err);
    assert_null(message.path); // taken
}

static void documents_are_found_by_their_exact_path(void **state) {
    (void)state;
    AUTO(publications_clear) struct publications set = {0};
    static const char *paths[] = {"/m", "/b", "/x", "/a", "/crl/issuing.crl", "/c"};
    for (size_t i = 0; i < 6; i++) {
        put(&set, paths[i], "\"1\"", paths[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        const struct published *found = publications_find(&set, paths[i]);
        assert_non_null(found);
        assert_bytes_equal(published_body(found), bytes_of_string(paths[i]));
    }
    assert_null(publications_find(&set, "/"));
    assert_null(publications_find(&set, "/aa"));
    assert_null(publications_find(&set, "/A"));
    assert_null(publications_find(&set, "/crl"));
    assert_null(publications_find(&set, ""));
}

static void a_new_version_replaces_the_old_which_lives_while_it_is_held(void **state) {
    (void)state;
    AUTO(publications_clear) struct publications set = {0};
    put(&set, "/crl", "\"1\"", "old");
    struct published *held = published_hold(publications_find(&set, "/crl"));
    put(&set, "/crl", "\"2\"", "new");
    assert_int_equal(set.count, 1);
    assert_bytes_equal(published_body(held), BYTES_LITERAL("old"));
    assert_bytes_equal(published_body(publications_find(&set, "/crl")), BYTES_LITERAL("new"));
    published_release(held);
    published_release(NULL);
}

static void what_would_break_an_answer_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *path, *etag, *type;
        enum result result;
    } cases[] = {
        {"/a", "\"1\"", "text/plain", RESULT_OK},
        {"a", "\"1\"", "text/plain", RESULT_INVALID},
        {"/../a", "\"1\"", "text/plain", RESULT_INVALID},
        {"/a", "1", "text/plain", RESULT_INVALID},
        {"/a", "\"", "text/plain", RESULT_INVALID},
        {"/a", "\"1\"2\"", "text/plain", RESULT_INVALID},
        {"/a", "\"1\r\n\"", "text/plain", RESULT_INVALID},
        {"/a", "\"1\"", "text/plain\r\nX: y", RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(publications_clear) struct publications set = {0};
        struct error err = {0};
        struct publication message = message_of(cases[i].path, cases[i].etag, "body");
        assert_int_equal(text_set(&message.content_type, cases[i].type), RESULT_OK);
        assert_result(cases[i].result, publications_put(&set, &message, &err), &err);
        assert_int_equal(set.count, cases[i].result == RESULT_OK ? 1 : 0);
        message_clear(&publication_type, &message);
    }
}

static struct publication made_of(const char *path, const char *part, const char *same_as) {
    struct publication message = message_of(path, "\"3.2\"", "");
    if (part != NULL) {
        assert_int_equal(text_list_add(&message.pem_of, part), RESULT_OK);
        assert_int_equal(text_list_add(&message.pem_of, "/b.crl"), RESULT_OK);
    }
    if (same_as != NULL) {
        assert_int_equal(text_set(&message.same_as, same_as), RESULT_OK);
    }
    return message;
}

// In DER it is there once, and all its other forms are what is made of it when they are sent.
static void a_large_crl_is_encoded_as_it_is_sent(void **state) {
    (void)state;
    enum { SIZE = 300001 };
    AUTO(publications_clear) struct publications set = {0};
    AUTO(buf_clear) struct buf large = {0}, pem = {0}, room = {0};
    struct error err = {0};
    uint8_t *bytes = NULL;
    buf_init(&large, SIZE);
    buf_init(&pem, 2 * SIZE);
    buf_init(&room, 2 * SIZE);
    assert_int_equal(buf_reserve(&large, SIZE - 1, &bytes), RESULT_OK);
    for (size_t i = 0; i < SIZE - 1; i++) {
        bytes[i] = (uint8_t)('a' + i % 7);
    }
    buf_commit(&large, SIZE - 1);
    put(&set, "/a.crl", "\"3\"", buf_string(&large));
    put(&set, "/b.crl", "\"2\"", "b");
    struct publication bundle = made_of("/bundle.pem", "/a.crl", NULL);
    assert_ok(publications_put(&set, &bundle, &err), &err);
    struct publication same = made_of("/same.pem", NULL, "/bundle.pem");
    assert_ok(publications_put(&set, &same, &err), &err);
    const struct published *found = publications_find(&set, "/same.pem");
    assert_int_equal(published_body(found).size, 0);
    assert_int_equal(pem_encode(PEM_CRL, buf_bytes(&large), &pem), RESULT_OK);
    assert_int_equal(pem_encode(PEM_CRL, BYTES_LITERAL("b"), &pem), RESULT_OK);
    assert_int_equal(published_size(found), pem.size);
    const size_t sizes[] = {1, 64, 65, 4096, 100003, 2 * SIZE};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t offset = 0; offset <= pem.size; offset += sizes[i] * 37 + 11) {
            struct bytes part = {0};
            assert_int_equal(published_read(found, offset, sizes[i], &room, &part), RESULT_OK);
            assert_true(bytes_equal(part, bytes_slice(buf_bytes(&pem), offset, sizes[i])));
        }
    }
}

static struct publication first_piece(const char *body, int64_t size) {
    struct publication message = message_of("/c.crl", "\"7\"", body);
    message.size = size;
    return message;
}

static void a_body_that_comes_in_pieces_is_there_when_it_is_whole(void **state) {
    (void)state;
    AUTO(publications_clear) struct publications set = {0};
    struct published *published = NULL;
    struct error err = {0};
    put(&set, "/c.crl", "\"6\"", "old");
    struct publication given_up = first_piece("xx", 9);
    assert_ok(publications_take(&set, &given_up, &published, &err), &err);
    struct publication message = first_piece("abc", 8);
    assert_ok(publications_take(&set, &message, &published, &err), &err);
    assert_null(published);
    assert_ok(publications_take_piece(&set, BYTES_LITERAL("def"), &published, &err), &err);
    assert_null(published);
    assert_bytes_equal(published_body(publications_find(&set, "/c.crl")), BYTES_LITERAL("old"));
    assert_result(RESULT_INVALID,
                  publications_take_piece(&set, BYTES_LITERAL("ghi"), &published, &err), &err);
    assert_ok(publications_take_piece(&set, BYTES_LITERAL("gh"), &published, &err), &err);
    assert_non_null(published);
    assert_bytes_equal(published_body(publications_find(&set, "/c.crl")),
                       BYTES_LITERAL("abcdefgh"));
    assert_result(RESULT_INVALID,
                  publications_take_piece(&set, BYTES_LITERAL("i"), &published, &err), &err);
    static const int64_t refused[] = {3, 2, LIMIT_CRL_BYTES + 1LL};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct publication wrong = first_piece("abc", refused[i]);
        assert_result(RESULT_INVALID, publications_take(&set, &wrong, &published, &err), &err);
        message_clear(&publication_type, &wrong);
    }
}

static void what_is_made_of_others_needs_them(void **state) {
    (void)state;
    static const char pem[] = "-----BEGIN X509 CRL-----\nYQ==\n-----END X509 CRL-----\n"
                              "-----BEGIN X509 CRL-----\nYg==\n-----END X509 CRL-----\n";
    AUTO(publications_clear) struct publications set = {0};
    struct error err = {0};
    put(&set, "/a.crl", "\"3\"", "a");
    struct publication early = made_of("/bundle.pem", "/a.crl", NULL);
    assert_result(RESULT_INVALID, publications_put(&set, &early, &err), &err);
    message_clear(&publication_type, &early);
    put(&set, "/b.crl", "\"2\"", "b");
    struct publication bundle = made_of("/bundle.pem", "/a.crl", NULL);
    assert_ok(publications_put(&set, &bundle, &err), &err);
    struct publication same = made_of("/same.pem", NULL, "/bundle.pem");
    assert_ok(publications_put(&set, &same, &err), &err);
    struct bytes own = published_body(publications_find(&set, "/bundle.pem"));
    struct bytes other = published_body(publications_find(&set, "/same.pem"));
    assert_bytes_equal(own, bytes_of_string(pem));
    assert_ptr_equal(own.data, other.data);
    // The one that is shared lives on when its place has another.
    put(&set, "/bundle.pem", "\"4\"", "new");
    assert_bytes_equal(published_body(publications_find(&set, "/same.pem")),
                       bytes_of_string(pem));
    struct publication lost = made_of("/lost.pem", NULL, "/none.pem");
    assert_result(RESULT_INVALID, publications_put(&set, &lost, &err), &err);
    message_clear(&publication_type, &lost);
}

static void there_is_a_limit_to_how_many(void **state) {
    (void)state;
    AUTO(publications_clear) struct publications set = {0};
    char path[32];
    for (int i = 0; i < LIMIT_PUBLICATIONS; i++) {
        (void)snprintf(path, sizeof(path), "/%d", i);
        put(&set, path, "\"1\"", "x");
    }
    struct error err = {0};
    struct publication message = message_of("/more", "\"1\"", "x");
    assert_result(RESULT_LIMIT, publications_put(&set, &message, &err), &err);
    message_clear(&publication_type, &message);
    put(&set, "/7", "\"2\"", "replacing still works");
    assert_int_equal(set.count, LIMIT_PUBLICATIONS);
}

// --- answers ---------------------------------------------------------------------------------

// The head of the answer to this request, and whether a body follows.
static void answer_to(const char *method, const char *header_name, const char *header_value,
                      struct buf *out_head, bool *out_has_body) {
    AUTO(publications_clear) struct publications set = {0};
    put(&set, "/crl", "\"abc-1\"", "hello");
    char name[64];
    char value[256];
    (void)snprintf(name, sizeof(name), "%s", header_name == NULL ? "" : header_name);
    (void)snprintf(value, sizeof(value), "%s", header_value == NULL ? "" : header_value);
    struct http_header headers[] = {{name, value}};
    struct http_message request = {.headers = headers,
                                   .header_count = header_name == NULL ? 0 : 1};
    (void)snprintf(request.method, sizeof(request.method), "%s", method);
    buf_init(out_head, 4096);
    struct published_answer answer = {.head = out_head};
    assert_int_equal(
        published_respond(publications_find(&set, "/crl"), &request, true, NOW, &answer),
        RESULT_OK);
    *out_has_body = answer.size > 0;
}

static void an_answer_carries_what_caches_need(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf head = {0};
    bool has_body = false;
    answer_to("GET", NULL, NULL, &head, &has_body);
    assert_true(has_body);
    static const char *lines[] = {
        "HTTP/1.1 200 OK\r\n",
        "\r\nContent-Type: application/pkix-crl\r\n",
        "\r\nContent-Length: 5\r\n",
        "\r\nETag: \"abc-1\"\r\n",
        "\r\nLast-Modified: Sat, 21 Nov 2026 07:47:33 GMT\r\n",
        "\r\nExpires: Sat, 21 Nov 2026 07:53:33 GMT\r\n",
        "\r\nCache-Control: public, max-age=300\r\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_non_null(strstr(buf_string(&head), lines[i]));
    }
    assert_null(strstr(buf_string(&head), "hello")); // the body is sent apart
}

static void head_has_the_same_head_and_no_body(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf get = {0};
    AUTO(buf_clear) struct buf head = {0};
    bool has_body = true;
    answer_to("HEAD", NULL, NULL, &head, &has_body);
    assert_false(has_body);
    answer_to("GET", NULL, NULL, &get, &has_body);
    assert_true(has_body);
    // Apart from the second in which they were made.
    assert_int_equal(head.size, get.size);
    assert_non_null(strstr(buf_string(&head), "Content-Length: 5\r\n"));
}

static void conditions_are_kept(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        bool is_304;
    } cases[] = {
        {"if-none-match", "\"abc-1\"", true},
        {"if-none-match", "W/\"abc-1\"", true},
        {"if-none-match", "*", true},
        {"if-none-match", "\"x\", \"abc-1\"", true},
        {"if-none-match", "\"x\" ,W/\"abc-1\" , \"y\"", true},
        {"if-none-match", "\"abc-2\"", false},
        {"if-none-match", "abc-1", false},
        {"if-none-match", "\"ABC-1\"", false},
        {"if-none-match", "", false},
        {"if-none-match", ",", false},
        {"if-none-match", "\"x\", *", false},
        {"if-modified-since", "Sat, 21 Nov 2026 07:47:33 GMT", true},
        {"if-modified-since", "Sat, 21 Nov 2026 07:47:34 GMT", true},
        {"if-modified-since", "Sat, 21 Nov 2026 07:48:33 GMT", true},
        {"if-modified-since", "Sat, 21 Nov 2026 07:48:34 GMT", false}, // in the future
        {"if-modified-since", "Sat, 21 Nov 2026 07:47:32 GMT", false},
        {"if-modified-since", "Sat, 21 Nov 2026 07:47:33 UTC", false},
        {"if-modified-since", "nonsense", false},
        {"if-unmodified-since", "Sat, 21 Nov 2026 07:47:33 GMT", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int is_head = 0; is_head < 2; is_head++) {
            AUTO(buf_clear) struct buf head = {0};
            bool has_body = false;
            print_message("%s: %s\n", cases[i].name, cases[i].value);
            answer_to(is_head ? "HEAD" : "GET", cases[i].name, cases[i].value, &head,
                      &has_body);
            const char *status = cases[i].is_304 ? "HTTP/1.1 304 " : "HTTP/1.1 200 ";
            assert_memory_equal(buf_string(&head), status, strlen(status));
            assert_int_equal(has_body, !cases[i].is_304 && !is_head);
            assert_non_null(strstr(buf_string(&head), "\r\nETag: \"abc-1\"\r\n"));
            assert_non_null(strstr(buf_string(&head), "\r\nCache-Control: "));
        }
    }
}

static void an_entity_tag_outweighs_the_date(void **state) {
    (void)state;
    AUTO(publications_clear) struct publications set = {0};
    put(&set, "/crl", "\"2\"", "hello");
    char names[2][24] = {"if-none-match", "if-modified-since"};
    char values[2][40] = {"\"1\"", "Sun, 22 Nov 2026 07:47:33 GMT"};
    struct http_header headers[] = {{names[0], values[0]}, {names[1], values[1]}};
    const struct http_message request = {
        .method = "GET", .headers = headers, .header_count = 2};
    AUTO(buf_clear) struct buf head;
    buf_init(&head, 4096);
    struct published_answer answer = {.head = &head};
    assert_int_equal(
        published_respond(publications_find(&set, "/crl"), &request, false, NOW, &answer),
        RESULT_OK);
    assert_int_equal(answer.size, 5);
    assert_non_null(strstr(buf_string(&head), "Connection: close\r\n"));
}

// --- ranges ----------------------------------------------------------------------------------

// Of a body "0123456789".
static void ask_for_range(const char *method, const char *range, const char *if_range,
                          struct buf *out_head, struct buf *out_body) {
    AUTO(publications_clear) struct publications set = {0};
    put(&set, "/crl", "\"2\"", "0123456789");
    char names[2][24] = {"range", "if-range"};
    char values[2][64];
    (void)snprintf(values[0], sizeof(values[0]), "%s", range);
    (void)snprintf(values[1], sizeof(values[1]), "%s", if_range == NULL ? "" : if_range);
    struct http_header headers[] = {{names[0], values[0]}, {names[1], values[1]}};
    struct http_message request = {.headers = headers,
                                   .header_count = if_range == NULL ? 1 : 2};
    (void)snprintf(request.method, sizeof(request.method), "%s", method);
    buf_init(out_head, 4096);
    buf_init(out_body, 64);
    struct published_answer answer = {.head = out_head};
    assert_int_equal(
        published_respond(publications_find(&set, "/crl"), &request, true, NOW, &answer),
        RESULT_OK);
    assert_int_equal(
        RESULT_OK,
        buf_append(out_body, bytes_slice(published_body(publications_find(&set, "/crl")),
                                         answer.offset, answer.size)));
}

static void a_single_range_is_given_and_others_are_not(void **state) {
    (void)state;
    static const struct {
        const char *range, *if_range;
        int status;
        const char *content_range, *body;
    } cases[] = {
        {"bytes=0-0", NULL, 206, "bytes 0-0/10", "0"},
        {"bytes=2-4", NULL, 206, "bytes 2-4/10", "234"},
        {"bytes=7-", NULL, 206, "bytes 7-9/10", "789"},
        {"bytes=7-99", NULL, 206, "bytes 7-9/10", "789"},
        {"bytes=-3", NULL, 206, "bytes 7-9/10", "789"},
        {"bytes=-30", NULL, 206, "bytes 0-9/10", "0123456789"},
        {"bytes=0-18446744073709551615", NULL, 206, "bytes 0-9/10", "0123456789"},
        {"bytes=10-", NULL, 416, "bytes */10", ""},
        {"bytes=99999999999999999999999-", NULL, 416, "bytes */10", ""},
        {"bytes=-0", NULL, 416, "bytes */10", ""},
        {"bytes=4-2", NULL, 200, NULL, "0123456789"},
        {"bytes=0-1,3-4", NULL, 200, NULL, "0123456789"},
        {"bytes=", NULL, 200, NULL, "0123456789"},
        {"bytes=-", NULL, 200, NULL, "0123456789"},
        {"bytes=1", NULL, 200, NULL, "0123456789"},
        {"bytes=1-x", NULL, 200, NULL, "0123456789"},
        {"lines=0-1", NULL, 200, NULL, "0123456789"},
        {"bytes=2-4", "\"2\"", 206, "bytes 2-4/10", "234"},
        {"bytes=2-4", "\"1\"", 200, NULL, "0123456789"},
        {"bytes=2-4", "W/\"2\"", 200, NULL, "0123456789"}, // a weak tag says too little
        {"bytes=2-4", "Sat, 21 Nov 2026 07:47:33 GMT", 206, "bytes 2-4/10", "234"},
        {"bytes=2-4", "Sat, 21 Nov 2026 07:47:34 GMT", 200, NULL, "0123456789"},
        {"bytes=10-", "\"1\"", 200, NULL, "0123456789"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf head = {0};
        AUTO(buf_clear) struct buf body = {0};
        char line[80];
        print_message("%s %s\n", cases[i].range, cases[i].if_range);
        ask_for_range("GET", cases[i].range, cases[i].if_range, &head, &body);
        (void)snprintf(line, sizeof(line), "HTTP/1.1 %d ", cases[i].status);
        assert_memory_equal(buf_string(&head), line, strlen(line));
        (void)snprintf(line, sizeof(line), "\r\nContent-Range: %s\r\n", cases[i].content_range);
        assert_int_equal(strstr(buf_string(&head), line) != NULL,
                         cases[i].content_range != NULL);
        (void)snprintf(line, sizeof(line), "\r\nContent-Length: %zu\r\n",
                       strlen(cases[i].body));
        assert_non_null(strstr(buf_string(&head), line));
        assert_string_equal(cases[i].body, buf_string(&body));
    }
}

static void a_range_is_for_get_only(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf head = {0};
    AUTO(buf_clear) struct buf body = {0};
    ask_for_range("HEAD", "bytes=2-4", NULL, &head, &body);
    assert_memory_equal(buf_string(&head), "HTTP/1.1 200 ", 13);
    assert_non_null(strstr(buf_string(&head), "\r\nAccept-Ranges: bytes\r\n"));
    assert_int_equal(0, body.size);
}

// --- freshness -------------------------------------------------------------------------------

static void nothing_is_fresh_beyond_its_end(void **state) {
    (void)state;
    static const struct {
        int64_t now;
        const char *control, *expires;
    } cases[] = {
        {MODIFIED, "public, max-age=300", "Sat, 21 Nov 2026 07:52:33 GMT"},
        {MODIFIED + 86400 - 300, "public, max-age=300", "Sun, 22 Nov 2026 07:47:33 GMT"},
        {MODIFIED + 86400 - 1, "public, max-age=1", "Sun, 22 Nov 2026 07:47:33 GMT"},
        {MODIFIED + 86400, "no-cache", "Sun, 22 Nov 2026 07:47:33 GMT"},
        {MODIFIED + 86400 + 27, "no-cache", "Sun, 22 Nov 2026 07:48:00 GMT"},
    };
    AUTO(publications_clear) struct publications set = {0};
    put(&set, "/crl", "\"2\"", "hello");
    const struct http_message request = {.method = "GET"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf head;
        char line[80];
        buf_init(&head, 4096);
        struct published_answer answer = {.head = &head};
        assert_int_equal(published_respond(publications_find(&set, "/crl"), &request, true,
                                           cases[i].now, &answer),
                         RESULT_OK);
        (void)snprintf(line, sizeof(line), "\r\nCache-Control: %s\r\n", cases[i].control);
        assert_non_null(strstr(buf_string(&head), line));
        (void)snprintf(line, sizeof(line), "\r\nExpires: %s\r\n", cases[i].expires);
        assert_non_null(strstr(buf_string(&head), line));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_found_by_their_exact_path),
        cmocka_unit_test(a_new_version_replaces_the_old_which_lives_while_it_is_held),
        cmocka_unit_test(what_would_break_an_answer_is_refused),
        cmocka_unit_test(what_is_made_of_others_needs_them),
        cmocka_unit_test(a_large_crl_is_encoded_as_it_is_sent),
        cmocka_unit_test(a_body_that_comes_in_pieces_is_there_when_it_is_whole),
        cmocka_unit_test(there_is_a_limit_to_how_many),
        cmocka_unit_test(an_answer_carries_what_caches_need),
        cmocka_unit_test(head_has_the_same_head_and_no_body),
        cmocka_unit_test(conditions_are_kept),
        cmocka_unit_test(an_entity_tag_outweighs_the_date),
        cmocka_unit_test(a_single_range_is_given_and_others_are_not),
        cmocka_unit_test(a_range_is_for_get_only),
        cmocka_unit_test(nothing_is_fresh_beyond_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
