// The DER writer and the strict reader.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include "x509/der.h"

static void integers_are_written_in_their_shortest_form(void **state) {
    (void)state;
    static const struct {
        int64_t value;
        const char *hex;
    } cases[] = {
        {0, "020100"},
        {1, "020101"},
        {127, "02017f"},
        {128, "02020080"},
        {256, "02020100"},
        {-1, "0201ff"},
        {-128, "020180"},
        {-129, "0202ff7f"},
        {INT64_MAX, "02087fffffffffffffff"},
        {INT64_MIN, "02088000000000000000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        struct error err = {0};
        buf_init(&out, 32);
        assert_int_equal(der_write_integer(&out, cases[i].value), RESULT_OK);
        assert_hex(buf_bytes(&out), cases[i].hex);
        struct der der = der_of(buf_bytes(&out));
        int64_t value = 0;
        assert_ok(der_read_integer(&der, &value, &err), &err);
        assert_true(value == cases[i].value);
        assert_ok(der_expect_end(&der, &err), &err);
    }
}

static void unsigned_numbers_lose_leading_zeros_and_stay_positive(void **state) {
    (void)state;
    static const struct {
        const char *number, *hex, *read;
    } cases[] = {
        {"", "020100", ""},       {"0000", "020100", ""},           {"0001", "020101", "01"},
        {"80", "02020080", "80"}, {"00ff01", "020300ff01", "ff01"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf number = {0}, out = {0};
        struct error err = {0};
        buf_init(&number, 32);
        buf_init(&out, 32);
        append_hex(&number, cases[i].number);
        assert_int_equal(der_write_unsigned(&out, DER_INTEGER, buf_bytes(&number)), RESULT_OK);
        assert_hex(buf_bytes(&out), cases[i].hex);
        struct der der = der_of(buf_bytes(&out));
        struct bytes read = {0};
        assert_ok(der_read_unsigned(&der, &read, &err), &err);
        assert_hex(read, cases[i].read);
    }
}

static void lengths_are_written_in_their_shortest_form_and_read_back(void **state) {
    (void)state;
    static const struct {
        size_t size;
        const char *header;
    } cases[] = {
        {0, "3000"},           {127, "307f"},
        {128, "308180"},       {255, "3081ff"},
        {256, "30820100"},     {65535, "3082ffff"},
        {65536, "3083010000"}, {1 << 24, "308401000000"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        struct error err = {0};
        buf_init(&out, (1 << 24) + 64);
        size_t mark = 0;
        uint8_t *room = NULL;
        assert_int_equal(der_begin(&out, DER_SEQUENCE, &mark), RESULT_OK);
        assert_int_equal(buf_reserve(&out, cases[i].size, &room), RESULT_OK);
        memset(room, 0xa5, cases[i].size);
        buf_commit(&out, cases[i].size);
        assert_int_equal(der_end(&out, mark), RESULT_OK);
        size_t header_size = strlen(cases[i].header) / 2;
        assert_hex(bytes_slice(buf_bytes(&out), 0, header_size), cases[i].header);
        struct der der = der_of(buf_bytes(&out));
        struct bytes content = {0};
        assert_ok(der_read(&der, DER_SEQUENCE, &content, &err), &err);
        assert_int_equal(content.size, cases[i].size);
        assert_true(der_at_end(&der));
    }
}

static void nested_elements_get_the_right_lengths(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0}, text = {0};
    struct error err = {0};
    size_t outer = 0, inner = 0;
    buf_init(&out, 1024);
    buf_init(&text, 1024);
    for (int i = 0; i < 130; i++) {
        assert_int_equal(buf_append_byte(&text, 'x'), RESULT_OK);
    }
    assert_int_equal(der_begin(&out, DER_SEQUENCE, &outer), RESULT_OK);
    assert_int_equal(der_begin(&out, DER_SET, &inner), RESULT_OK);
    assert_int_equal(der_write(&out, DER_UTF8_STRING, buf_bytes(&text)), RESULT_OK);
    assert_int_equal(der_end(&out, inner), RESULT_OK);
    assert_int_equal(der_write_null(&out), RESULT_OK);
    assert_int_equal(der_end(&out, outer), RESULT_OK);
    assert_hex(bytes_slice(buf_bytes(&out), 0, 9), "30818a 318185 0c8182");
    assert_hex(bytes_slice(buf_bytes(&out), out.size - 2, 2), "0500");
    assert_ok(der_check(buf_bytes(&out), &err), &err);
}

static void a_writer_stops_at_the_maximum(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    size_t mark = 0;
    buf_init(&out, 130);
    assert_int_equal(der_begin(&out, DER_SEQUENCE, &mark), RESULT_OK);
    uint8_t content[128] = {0};
    assert_int_equal(buf_append(&out, bytes_of(content, 128)), RESULT_OK);
    assert_int_equal(der_end(&out, mark), RESULT_LIMIT); // needs a third octet of header
    assert_int_equal(der_write_null(&out), RESULT_LIMIT);
}

static void named_bits_drop_zeros_at_their_end(void **state) {
    (void)state;
    static const struct {
        uint16_t bits;
        const char *hex;
    } cases[] = {
        {0, "030100"},
        {1 << 0, "03020780"},
        {1 << 5 | 1 << 6, "03020106"},
        {1 << 7, "03020001"},
        {1 << 8, "0303070080"},
        {0xffff, "030300ffff"},
        {1 << 0 | 1 << 2, "030205a0"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        struct error err = {0};
        uint16_t bits = 0;
        buf_init(&out, 32);
        assert_int_equal(der_write_named_bits(&out, cases[i].bits), RESULT_OK);
        assert_hex(buf_bytes(&out), cases[i].hex);
        struct der der = der_of(buf_bytes(&out));
        assert_ok(der_read_named_bits(&der, &bits, &err), &err);
        assert_int_equal(bits, cases[i].bits);
    }
}

static void times_change_their_form_in_2050(void **state) {
    (void)state;
    static const struct {
        int64_t time;
        uint8_t tag;
        const char *text;
    } cases[] = {
        {0, DER_UTC_TIME, "700101000000Z"},
        {TODAY, DER_UTC_TIME, "260101000000Z"},
        {-631152000, DER_UTC_TIME, "500101000000Z"}, // 1950
        {-631152001, DER_GENERALIZED_TIME, "19491231235959Z"},
        {2524607999, DER_UTC_TIME, "491231235959Z"}, // the last second of 2049
        {2524608000, DER_GENERALIZED_TIME, "20500101000000Z"},
        {253402300799, DER_GENERALIZED_TIME, "99991231235959Z"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        struct error err = {0};
        int64_t time = 0;
        buf_init(&out, 32);
        assert_int_equal(der_write_time(&out, cases[i].time), RESULT_OK);
        struct der der = der_of(buf_bytes(&out));
        assert_int_equal(der_peek(&der), cases[i].tag);
        assert_bytes_equal(bytes_slice(buf_bytes(&out), 2, 32), bytes_of_string(cases[i].text));
        assert_ok(der_read_time(&der, &time, &err), &err);
        assert_true(time == cases[i].time);
    }
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 32);
    assert_int_equal(der_write_time(&out, 253402300800), RESULT_INVALID);
    assert_int_equal(der_write_time(&out, INT64_MIN), RESULT_INVALID);
    assert_int_equal(out.size, 0);
    assert_int_equal(der_write_generalized_time(&out, TODAY), RESULT_OK);
    assert_bytes_equal(buf_bytes(&out), BYTES_LITERAL("\x18\x0f"
                                                      "20260101000000Z"));
}

static enum result check_time(struct bytes input) {
    struct der der = der_of(input);
    int64_t time = 0;
    return der_read_time(&der, &time, NULL);
}

static enum result check_integer(struct bytes input) {
    struct der der = der_of(input);
    int64_t value = 0;
    return der_read_integer(&der, &value, NULL);
}

static enum result check_unsigned(struct bytes input) {
    struct der der = der_of(input);
    struct bytes value = {0};
    return der_read_unsigned(&der, &value, NULL);
}

static enum result check_boolean(struct bytes input) {
    struct der der = der_of(input);
    bool value = false;
    return der_read_boolean(&der, &value, NULL);
}

static enum result check_bit_string(struct bytes input) {
    struct der der = der_of(input);
    struct bytes value = {0};
    return der_read_bit_string(&der, &value, NULL);
}

static enum result check_named_bits(struct bytes input) {
    struct der der = der_of(input);
    uint16_t bits = 0;
    return der_read_named_bits(&der, &bits, NULL);
}

static enum result check_whole(struct bytes input) {
    return der_check(input, NULL);
}

static void every_reader_accepts_its_form_and_refuses_the_neighbours(void **state) {
    (void)state;
    static const struct {
        const char *what;
        enum result (*read)(struct bytes);
        const char *hex;
        enum result expected;
    } cases[] = {
        {"one element", check_whole, "3003020101", RESULT_OK},
        {"nothing", check_whole, "", RESULT_INVALID},
        {"a tag alone", check_whole, "30", RESULT_INVALID},
        {"trailing byte", check_whole, "300302010100", RESULT_INVALID},
        {"two elements", check_whole, "05000500", RESULT_INVALID},
        {"cut off", check_whole, "30030201", RESULT_INVALID},
        {"inner length too long", check_whole, "3003020201", RESULT_INVALID},
        {"inner length too short", check_whole, "300302000100", RESULT_INVALID},
        {"indefinite length", check_whole, "30800201010000", RESULT_INVALID},
        {"length with a needless octet", check_whole, "308103020101", RESULT_INVALID},
        {"length with a leading zero", check_whole, "3082000302010100", RESULT_INVALID},
        {"length without its octets", check_whole, "3082", RESULT_INVALID},
        {"reserved length", check_whole, "30ff", RESULT_INVALID},
        {"absurd length", check_whole, "3084ffffffff", RESULT_INVALID},
        {"length of five octets", check_whole, "30850100000000", RESULT_INVALID},
        {"high tag number", check_whole, "1f8101020101", RESULT_INVALID},
        {"end-of-contents", check_whole, "0000", RESULT_INVALID},
        {"a zero tag inside", check_whole, "30020000", RESULT_INVALID},

        {"integer", check_integer, "02020080", RESULT_OK},
        {"integer with a filler", check_integer, "0202007f", RESULT_INVALID},
        {"negative integer with a filler", check_integer, "0202ff80", RESULT_INVALID},
        {"negative integer", check_integer, "0202ff7f", RESULT_OK},
        {"integer without content", check_integer, "0200", RESULT_INVALID},
        {"integer of 65 bits", check_integer, "0209010000000000000000", RESULT_INVALID},
        {"enumerated", check_integer, "0a0101", RESULT_INVALID},

        {"unsigned zero", check_unsigned, "020100", RESULT_OK},
        {"unsigned negative", check_unsigned, "020180", RESULT_INVALID},
        {"unsigned of 65 bits", check_unsigned, "0209010000000000000000", RESULT_OK},
        {"unsigned with a filler", check_unsigned, "02020001", RESULT_INVALID},

        {"true", check_boolean, "0101ff", RESULT_OK},
        {"false", check_boolean, "010100", RESULT_OK},
        {"another true", check_boolean, "010101", RESULT_INVALID},
        {"a long boolean", check_boolean, "0102ffff", RESULT_INVALID},

        {"octets", check_bit_string, "0302004d", RESULT_OK},
        {"no octets", check_bit_string, "030100", RESULT_OK},
        {"unused bits", check_bit_string, "0302014c", RESULT_INVALID},
        {"no count of unused bits", check_bit_string, "0300", RESULT_INVALID},

        {"named bits", check_named_bits, "03020106", RESULT_OK},
        {"zero bits at the end", check_named_bits, "03020006", RESULT_INVALID},
        {"unused bits that are set", check_named_bits, "03020107", RESULT_INVALID},
        {"eight unused bits", check_named_bits, "03020880", RESULT_INVALID},
        {"unused bits of nothing", check_named_bits, "030101", RESULT_INVALID},
        {"17 named bits", check_named_bits, "03040780ff80", RESULT_INVALID},

        {"UTCTime", check_time, "170d3235303130313030303030305a", RESULT_OK},
        {"UTCTime without seconds", check_time, "170b323530313031303030305a", RESULT_INVALID},
        {"UTCTime with offset", check_time, "171132353031303130303030303030312b3030",
         RESULT_INVALID},
        {"UTCTime without Z", check_time, "170d32353031303130303030303030", RESULT_INVALID},
        {"month 13", check_time, "170d3235313330313030303030305a", RESULT_INVALID},
        {"30 February", check_time, "170d3235303233303030303030305a", RESULT_INVALID},
        {"second 60", check_time, "170d3235303130313030303036305a", RESULT_INVALID},
        {"a letter among the digits", check_time, "170d32353031303130303030304f5a",
         RESULT_INVALID},
        {"GeneralizedTime", check_time, "180f32303530303130313030303030305a", RESULT_OK},
        {"GeneralizedTime with fraction", check_time, "181132303530303130313030303030302e305a",
         RESULT_INVALID},
        {"another tag", check_time, "0c0d3235303130313030303030305a", RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf input = {0};
        buf_init(&input, 256);
        append_hex(&input, cases[i].hex);
        enum result result = cases[i].read(buf_bytes(&input));
        if (result != cases[i].expected) {
            fail_msg("%s: gave %s instead of %s", cases[i].what, result_wire_name(result),
                     result_wire_name(cases[i].expected));
        }
    }
}

static void nesting_is_bounded(void **state) {
    (void)state;
    for (size_t depth = LIMIT_DER_DEPTH; depth <= LIMIT_DER_DEPTH + 1; depth++) {
        AUTO(buf_clear) struct buf out = {0};
        size_t marks[LIMIT_DER_DEPTH + 1];
        struct error err = {0};
        buf_init(&out, 256);
        for (size_t i = 0; i < depth; i++) {
            assert_int_equal(der_begin(&out, DER_SEQUENCE, &marks[i]), RESULT_OK);
        }
        for (size_t i = depth; i > 0; i--) {
            assert_int_equal(der_end(&out, marks[i - 1]), RESULT_OK);
        }
        assert_result(depth <= LIMIT_DER_DEPTH ? RESULT_OK : RESULT_INVALID,
                      der_check(buf_bytes(&out), &err), &err);
    }
}

static void an_error_names_the_offset_in_the_outermost_input(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf input = {0};
    struct der der = {0}, inside = {0};
    struct error err = {0};
    int64_t value = 0;
    bool flag = false;
    buf_init(&input, 64);
    append_hex(&input, "30 06 020105 010101");
    der = der_of(buf_bytes(&input));
    assert_ok(der_enter(&der, DER_SEQUENCE, &inside, &err), &err);
    assert_ok(der_read_integer(&inside, &value, &err), &err);
    assert_result(RESULT_INVALID, der_read_boolean(&inside, &flag, &err), &err);
    assert_non_null(strstr(err.message, "offset 5"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_written_in_their_shortest_form),
        cmocka_unit_test(unsigned_numbers_lose_leading_zeros_and_stay_positive),
        cmocka_unit_test(lengths_are_written_in_their_shortest_form_and_read_back),
        cmocka_unit_test(nested_elements_get_the_right_lengths),
        cmocka_unit_test(a_writer_stops_at_the_maximum),
        cmocka_unit_test(named_bits_drop_zeros_at_their_end),
        cmocka_unit_test(times_change_their_form_in_2050),
        cmocka_unit_test(every_reader_accepts_its_form_and_refuses_the_neighbours),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(an_error_names_the_offset_in_the_outermost_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
