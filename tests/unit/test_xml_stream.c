// Stanzas out of bytes: cut anywhere, one at a time, and nothing that XMPP forbids or that grows.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xml_stream.h"
#include "support/test.h"

#include "base/limits.h"

#define OPEN                                                                                   \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='1' "                        \
    "xmlns:stream='http://etherx.jabber.org/streams'>"
#define ONE "<iq id='7' type='result' xml:lang='de'><a xmlns='urn:x'>1&lt;<b/>2</a><c/></iq>"

static struct xml_stream *new_stream(void) {
    struct xml_stream *stream = NULL;
    struct error err = {0};
    assert_ok(xml_stream_new(&stream, &err), &err);
    return stream;
}

// What became of a whole text: the first result that is not RESULT_OK.
static enum result read_all(const char *text, size_t *out_stanzas, struct error *err) {
    AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
    enum result result = xml_stream_feed(stream, bytes_of_string(text), err);
    *out_stanzas = 0;
    while (result == RESULT_OK) {
        AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
        result = xml_stream_next(stream, &stanza, err);
        *out_stanzas += result == RESULT_OK;
    }
    return result;
}

static void require_one(const struct xml_element *stanza) {
    assert_true(xml_element_is(stanza, "jabber:client", "iq"));
    assert_string_equal(xml_element_attribute(stanza, "id"), "7");
    assert_null(xml_element_attribute(stanza, "lang"));
    const struct xml_element *a = xml_element_child(stanza, "urn:x", "a");
    assert_non_null(a);
    assert_string_equal(xml_element_text(a), "1<2");
    assert_non_null(xml_element_child(a, "urn:x", "b"));
    assert_null(xml_element_child(a, "jabber:client", "b"));
    assert_null(xml_element_child(stanza, "urn:x", "c"));
    const struct xml_element *c = xml_element_child(stanza, "jabber:client", "c");
    assert_ptr_equal(xml_element_next(xml_element_first(stanza)), c);
    assert_null(xml_element_next(c));
    assert_string_equal(xml_element_name(c), "c");
    assert_string_equal(xml_element_text(NULL), "");
    assert_false(xml_element_is(NULL, "", "c"));
}

static void a_stanza_comes_whole_wherever_the_bytes_are_cut(void **state) {
    (void)state;
    static const char text[] = OPEN ONE;
    const size_t size = sizeof(text) - 1;
    for (size_t cut = 0; cut <= size; cut++) {
        struct error err = {0};
        AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
        AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
        assert_ok(xml_stream_feed(stream, bytes_of(text, cut), &err), &err);
        if (cut < size) {
            assert_result(RESULT_PENDING, xml_stream_next(stream, &stanza, &err), &err);
            assert_ok(xml_stream_feed(stream, bytes_of(&text[cut], size - cut), &err), &err);
        }
        assert_ok(xml_stream_next(stream, &stanza, &err), &err);
        require_one(stanza);
        assert_true(xml_stream_is_drained(stream));
        struct xml_element *none = NULL;
        assert_result(RESULT_PENDING, xml_stream_next(stream, &none, &err), &err);
    }
}

// As a slow network brings it. Expat may put off what looks like half a token; the server would wait.
static void a_stanza_that_comes_byte_by_byte_is_there_with_its_last(void **state) {
    (void)state;
    static const char text[] = OPEN ONE;
    struct error err = {0};
    AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
    AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        assert_result(RESULT_PENDING, xml_stream_next(stream, &stanza, &err), &err);
        assert_ok(xml_stream_feed(stream, bytes_of(&text[i], 1), &err), &err);
    }
    assert_ok(xml_stream_next(stream, &stanza, &err), &err);
    require_one(stanza);
}

static void stanzas_come_one_at_a_time_until_the_end(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
    static const char text[] = OPEN "<a/> <b/><c x=''>t</c></stream:stream>";
    static const char *const names[] = {"a", "b", "c"};
    assert_ok(xml_stream_feed(stream, bytes_of_string(text), &err), &err);
    for (size_t i = 0; i < 3; i++) {
        AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
        assert_false(xml_stream_is_drained(stream));
        assert_ok(xml_stream_next(stream, &stanza, &err), &err);
        assert_string_equal(xml_element_name(stanza), names[i]);
    }
    struct xml_element *none = NULL;
    assert_result(RESULT_NOT_FOUND, xml_stream_next(stream, &none, &err), &err);
    assert_result(RESULT_NOT_FOUND, xml_stream_next(stream, &none, &err), &err);
}

static void a_byte_behind_the_stanza_is_noticed(void **state) {
    (void)state;
    static const char *const texts[] = {OPEN "<proceed/>", OPEN "<proceed></proceed>",
                                        OPEN "<proceed/> ", OPEN "<proceed/><"};
    for (size_t i = 0; i < 4; i++) {
        struct error err = {0};
        AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
        AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
        assert_ok(xml_stream_feed(stream, bytes_of_string(texts[i]), &err), &err);
        assert_ok(xml_stream_next(stream, &stanza, &err), &err);
        assert_int_equal(xml_stream_is_drained(stream), i < 2);
    }
}

static void what_xmpp_forbids_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum result result;
        const char *says;
    } cases[] = {
        {OPEN "<a/>", RESULT_PENDING, ""},
        {"<!DOCTYPE x>" OPEN "<a/>", RESULT_INVALID, "document type"},
        {"<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;'>]>"
         "<x>&c;</x>",
         RESULT_INVALID, "document type"},
        {"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>", RESULT_INVALID,
         "document type"},
        {OPEN "<a>&unknown;</a>", RESULT_INVALID, "broken XML"},
        {OPEN "<a>&amp;&#x41;</a>", RESULT_PENDING, ""},
        {OPEN "<!-- -->", RESULT_INVALID, "comment"},
        {OPEN "<a><!-- --></a>", RESULT_INVALID, "comment"},
        {OPEN "<?php ?>", RESULT_INVALID, "processing instruction"},
        {"<stream xmlns='http://etherx.jabber.org/streams'>", RESULT_PENDING, ""},
        {"<stream xmlns='http://etherx.jabber.org/other'>", RESULT_INVALID, "something else"},
        {"<html>", RESULT_INVALID, "something else"},
        {"HTTP/1.1 400 Bad Request\r\n", RESULT_INVALID, "broken XML"},
        {OPEN "<a></b>", RESULT_INVALID, "broken XML"},
        {OPEN "<p:a/>", RESULT_INVALID, "broken XML"},
        {OPEN "<a x='1' x='2'/>", RESULT_INVALID, "broken XML"},
        {OPEN "<a>\xff\xfe</a>", RESULT_INVALID, "broken XML"},
        {OPEN "<a>\x01</a>", RESULT_INVALID, "broken XML"},
        // UTF-8 whatever is declared: two bytes, and not two letters of Latin-1.
        {"<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream "
         "xmlns:stream='http://etherx.jabber.org/streams'><a>\xe9</a>",
         RESULT_INVALID, "broken XML"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        size_t stanzas = 0;
        assert_result(cases[i].result, read_all(cases[i].text, &stanzas, &err), &err);
        if (cases[i].result != RESULT_PENDING) {
            assert_string_equal(err.code, "answer");
            assert_non_null(strstr(err.message, cases[i].says));
            assert_int_equal(stanzas, 0);
        }
    }
}

// --- limits ----------------------------------------------------------------------------------

// OPEN and then `count` times a text between two others.
static enum result read_repeated(const char *before, const char *text, size_t count,
                                 const char *after, struct error *err) {
    AUTO(buf_clear) struct buf all = {0};
    size_t stanzas = 0;
    buf_init(&all, (size_t)4 * LIMIT_XMPP_STANZA_BYTES);
    assert_int_equal(buf_append_string(&all, OPEN), RESULT_OK);
    assert_int_equal(buf_append_string(&all, before), RESULT_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(buf_append_string(&all, text), RESULT_OK);
    }
    assert_int_equal(buf_append_string(&all, after), RESULT_OK);
    return read_all(buf_string(&all), &stanzas, err);
}

static size_t count_whole(const struct xml_element *stanza) {
    size_t count = 0;
    const struct xml_element *at = xml_element_first(stanza);
    for (; at != NULL; at = xml_element_next(at)) {
        count += !xml_element_is_cut(at);
    }
    return count;
}

static void every_quantity_has_a_limit(void **state) {
    (void)state;
    static const struct {
        const char *before, *text, *after;
        size_t most;
    } cases[] = {
        {"<a>", "x", "</a>", LIMIT_XMPP_STANZA_BYTES - 7},
        {"", " ", "", LIMIT_XMPP_STANZA_BYTES}, // blanks between stanzas
        {"<a x='", "x", "'/>", LIMIT_XMPP_STANZA_BYTES - 9},
        {"<a>", "<b/>", "</a>", LIMIT_XMPP_ELEMENTS - 1},
        {"", "<a>", "", LIMIT_XMPP_DEPTH - 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        assert_result(
            RESULT_PENDING,
            read_repeated(cases[i].before, cases[i].text, cases[i].most, cases[i].after, &err),
            &err);
        assert_result(RESULT_LIMIT,
                      read_repeated(cases[i].before, cases[i].text, cases[i].most + 1,
                                    cases[i].after, &err),
                      &err);
        assert_string_equal(err.code, "answer");
    }
}

static void attributes_have_a_limit(void **state) {
    (void)state;
    for (int count = LIMIT_XMPP_ATTRIBUTES; count <= LIMIT_XMPP_ATTRIBUTES + 1; count++) {
        struct error err = {0};
        size_t stanzas = 0;
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 4096);
        assert_int_equal(buf_append_string(&text, OPEN "<a"), RESULT_OK);
        for (int i = 0; i < count; i++) {
            assert_int_equal(buf_printf(&text, " x%d=''", i), RESULT_OK);
        }
        assert_int_equal(buf_append_string(&text, "/>"), RESULT_OK);
        assert_result(count == LIMIT_XMPP_ATTRIBUTES ? RESULT_PENDING : RESULT_LIMIT,
                      read_all(buf_string(&text), &stanzas, &err), &err);
    }
}

static void a_long_stanza_that_never_ends_is_refused_in_time(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
    uint8_t chunk[16384];
    enum result result = xml_stream_feed(stream, BYTES_LITERAL(OPEN "<a>"), &err);
    size_t fed = 0;
    memset(chunk, 'x', sizeof(chunk));
    for (; result == RESULT_OK && fed < 2 * LIMIT_XMPP_STANZA_BYTES; fed += sizeof(chunk)) {
        result = xml_stream_feed(stream, bytes_of(chunk, sizeof(chunk)), &err);
    }
    assert_result(RESULT_LIMIT, result, &err);
    assert_in_range(fed, LIMIT_XMPP_STANZA_BYTES, LIMIT_XMPP_STANZA_BYTES + sizeof(chunk));
}

// A list that somebody has filled: what stands before the limit is there, what is only half there says
// so, and the stream goes on behind it.
static void the_beginning_of_a_stanza_can_be_kept(void **state) {
    (void)state;
    static const struct {
        const char *item;
        size_t count, kept; // items; those that come whole
    } cases[] = {
        {"<i><n>a</n><n/></i>", 10, 10},
        {"<i><n>a</n><n/></i>", LIMIT_XMPP_ELEMENTS, (LIMIT_XMPP_ELEMENTS - 1) / 3},
    };
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf all = {0};
        AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
        AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
        AUTO(xml_element_free_at) struct xml_element *next = NULL;
        buf_init(&all, (size_t)4 * LIMIT_XMPP_STANZA_BYTES);
        assert_int_equal(buf_append_string(&all, OPEN "<a>"), RESULT_OK);
        for (size_t k = 0; k < cases[i].count; k++) {
            assert_int_equal(buf_append_string(&all, cases[i].item), RESULT_OK);
        }
        assert_int_equal(buf_append_string(&all, "</a><b/>"), RESULT_OK);
        xml_stream_keep_beginnings(stream, true);
        assert_ok(xml_stream_feed(stream, buf_bytes(&all), &err), &err);
        assert_ok(xml_stream_next(stream, &stanza, &err), &err);
        assert_int_equal(count_whole(stanza), cases[i].kept);
        assert_int_equal(xml_element_is_cut(stanza), cases[i].kept < cases[i].count);
        assert_ok(xml_stream_next(stream, &next, &err), &err);
        assert_string_equal(xml_element_name(next), "b");
        assert_false(xml_element_is_cut(next));
    }
}

static void a_text_that_is_too_long_is_cut_with_what_it_is_in(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf text = {0};
    AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
    AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
    buf_init(&text, (size_t)2 * LIMIT_XMPP_STANZA_BYTES);
    assert_int_equal(buf_append_string(&text, OPEN "<a><i>x</i><i>"), RESULT_OK);
    while (text.size < LIMIT_XMPP_STANZA_BYTES + 4096) {
        assert_int_equal(buf_append_string(&text, "0123456789\n"), RESULT_OK);
    }
    assert_int_equal(buf_append_string(&text, "</i><i>x</i></a>"), RESULT_OK);
    xml_stream_keep_beginnings(stream, true);
    assert_ok(xml_stream_feed(stream, buf_bytes(&text), &err), &err);
    assert_ok(xml_stream_next(stream, &stanza, &err), &err);
    assert_int_equal(count_whole(stanza), 1);
    assert_true(xml_element_is_cut(stanza));
}

static void also_a_beginning_has_an_end(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
    uint8_t chunk[65536];
    size_t fed = 0;
    memset(chunk, 'x', sizeof(chunk));
    xml_stream_keep_beginnings(stream, true);
    enum result result = xml_stream_feed(stream, BYTES_LITERAL(OPEN "<a>"), &err);
    for (; result == RESULT_OK && fed < (size_t)2 * LIMIT_XMPP_CUT_BYTES;
         fed += sizeof(chunk)) {
        result = xml_stream_feed(stream, bytes_of(chunk, sizeof(chunk)), &err);
    }
    assert_result(RESULT_LIMIT, result, &err);
    assert_in_range(fed, LIMIT_XMPP_CUT_BYTES, LIMIT_XMPP_CUT_BYTES + sizeof(chunk));
}

// --- writing ---------------------------------------------------------------------------------

static void escaped_text_comes_back(void **state) {
    (void)state;
    static const char text[] = "the <tablet> & 'co' \"x\" ]]> ü \r.";
    struct error err = {0};
    AUTO(buf_clear) struct buf all = {0};
    AUTO(xml_stream_free_at) struct xml_stream *stream = new_stream();
    AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
    buf_init(&all, 4096);
    assert_int_equal(buf_append_string(&all, OPEN "<a x='"), RESULT_OK);
    assert_int_equal(xml_escape(text, &all), RESULT_OK);
    assert_int_equal(buf_append_string(&all, "'>"), RESULT_OK);
    assert_int_equal(xml_escape(text, &all), RESULT_OK);
    assert_int_equal(buf_append_string(&all, "</a>"), RESULT_OK);
    assert_ok(xml_stream_feed(stream, buf_bytes(&all), &err), &err);
    assert_ok(xml_stream_next(stream, &stanza, &err), &err);
    assert_string_equal(xml_element_text(stanza), text);
    assert_string_equal(xml_element_attribute(stanza, "x"), text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stanza_comes_whole_wherever_the_bytes_are_cut),
        cmocka_unit_test(a_stanza_that_comes_byte_by_byte_is_there_with_its_last),
        cmocka_unit_test(stanzas_come_one_at_a_time_until_the_end),
        cmocka_unit_test(a_byte_behind_the_stanza_is_noticed),
        cmocka_unit_test(what_xmpp_forbids_is_refused),
        cmocka_unit_test(every_quantity_has_a_limit),
        cmocka_unit_test(attributes_have_a_limit),
        cmocka_unit_test(a_long_stanza_that_never_ends_is_refused_in_time),
        cmocka_unit_test(the_beginning_of_a_stanza_can_be_kept),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_with_what_it_is_in),
        cmocka_unit_test(also_a_beginning_has_an_end),
        cmocka_unit_test(escaped_text_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
