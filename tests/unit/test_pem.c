// PEM blocks: written, read, and refused when damaged.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#define BLOCK(label, body) "-----BEGIN " label "-----\n" body "\n-----END " label "-----\n"

static void lines_have_64_characters(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    uint8_t der[50] = {0};
    buf_init(&out, 4096);
    assert_int_equal(pem_encode(PEM_CRL, bytes_of(der, sizeof(der)), &out), RESULT_OK);
    assert_string_equal(buf_string(&out),
                        "-----BEGIN X509 CRL-----\n"
                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                        "AAA=\n"
                        "-----END X509 CRL-----\n");
}

static void every_size_survives_the_round_trip(void **state) {
    (void)state;
    uint8_t der[9000];
    struct error err = {0};
    for (size_t i = 0; i < sizeof(der); i++) {
        der[i] = (uint8_t)(i * 7);
    }
    // Around the lines of 48 octets and the decoder's chunks of 3072.
    static const size_t sizes[] = {1, 2, 3, 47, 48, 49, 3071, 3072, 3073, 6144, 9000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        AUTO(pem_block_clear) struct pem_block block = {0};
        buf_init(&out, 65536);
        assert_int_equal(pem_encode("X", bytes_of(der, sizes[i]), &out), RESULT_OK);
        struct bytes text = buf_bytes(&out);
        assert_ok(pem_read_next(&text, &block, &err), &err);
        assert_bytes_equal(block.label, BYTES_LITERAL("X"));
        assert_bytes_equal(buf_bytes(&block.der), bytes_of(der, sizes[i]));
        assert_int_equal(text.size, 0);
    }
}

static void text_around_blocks_is_skipped(void **state) {
    (void)state;
    AUTO(pem_block_clear) struct pem_block block = {0};
    struct error err = {0};
    struct bytes text = BYTES_LITERAL("subject=CN = x\r\n\r\n-----BEGIN A-----\r\nAAEC\r\n"
                                      "-----END A-----\r\nnoise\n" BLOCK("B", "AwQF"));
    assert_ok(pem_read_next(&text, &block, &err), &err);
    assert_bytes_equal(block.label, BYTES_LITERAL("A"));
    assert_hex(buf_bytes(&block.der), "000102");
    assert_ok(pem_read_next(&text, &block, &err), &err);
    assert_bytes_equal(block.label, BYTES_LITERAL("B"));
    assert_hex(buf_bytes(&block.der), "030405");
    assert_result(RESULT_NOT_FOUND, pem_read_next(&text, &block, &err), &err);
}

static void old_headers_are_kept_apart(void **state) {
    (void)state;
    AUTO(pem_block_clear) struct pem_block block = {0};
    struct error err = {0};
    struct bytes text =
        BYTES_LITERAL(BLOCK("K", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAEC"));
    assert_ok(pem_read_next(&text, &block, &err), &err);
    assert_bytes_equal(block.headers, BYTES_LITERAL("Proc-Type: 4,ENCRYPTED\n"
                                                    "DEK-Info: AES-256-CBC,00\n"));
    assert_hex(buf_bytes(&block.der), "000102");
}

static void damaged_blocks_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *what, *text;
        enum result expected;
    } cases[] = {
        {"whole", BLOCK("A", "AAEC"), RESULT_OK},
        {"white space in lines", BLOCK("A", " AA EC\t"), RESULT_OK},
        {"nothing", "", RESULT_NOT_FOUND},
        {"no block", "hello\n", RESULT_NOT_FOUND},
        {"no END", "-----BEGIN A-----\nAAEC\n", RESULT_INVALID},
        {"another END", "-----BEGIN A-----\nAAEC\n-----END B-----\n", RESULT_INVALID},
        {"empty", "-----BEGIN A-----\n-----END A-----\n", RESULT_INVALID},
        {"cut group", BLOCK("A", "AAE"), RESULT_INVALID},
        {"foreign character", BLOCK("A", "AA*C"), RESULT_INVALID},
        {"padding in the middle", BLOCK("A", "AA==\nAAEC"), RESULT_INVALID},
        {"bits behind the end", BLOCK("A", "AAEC\nAB=="), RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(pem_block_clear) struct pem_block block = {0};
        struct error err = {0};
        struct bytes text = bytes_of_string(cases[i].text);
        enum result result = pem_read_next(&text, &block, &err);
        if (result != cases[i].expected) {
            fail_msg("%s: gave %s instead of %s", cases[i].what, result_wire_name(result),
                     result_wire_name(cases[i].expected));
        }
        if (result != RESULT_OK) { // nothing was taken
            assert_int_equal(text.size, strlen(cases[i].text));
            assert_int_equal(block.der.size, 0);
        }
    }
}

static void padding_in_an_earlier_chunk_is_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0};
    AUTO(pem_block_clear) struct pem_block block = {0};
    struct error err = {0};
    buf_init(&text, 65536);
    assert_int_equal(buf_append_string(&text, "-----BEGIN A-----\n"), RESULT_OK);
    for (int i = 0; i < 1023; i++) { // the first chunk of 4096 characters ends in padding
        assert_int_equal(buf_append_string(&text, "AAAA"), RESULT_OK);
    }
    assert_int_equal(buf_append_string(&text, "AAA=\nAAAA\n-----END A-----\n"), RESULT_OK);
    struct bytes left = buf_bytes(&text);
    assert_result(RESULT_INVALID, pem_read_next(&left, &block, &err), &err);
}

static void all_blocks_of_a_label_are_decoded(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    struct error err = {0};
    buf_init(&out, 6);
    assert_ok(
        pem_decode_all(BYTES_LITERAL(BLOCK("A", "MAAF") BLOCK("A", "AAAA")), "A", &out, &err),
        &err);
    assert_hex(buf_bytes(&out), "300005000000");
}

static void decoding_all_refuses_other_labels_nothing_and_too_much(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum result expected;
    } cases[] = {
        {BLOCK("A", "AAEC") BLOCK("B", "AAEC"), RESULT_INVALID},
        {"", RESULT_INVALID},
        {BLOCK("A", "AAEC") "-----BEGIN A-----\n", RESULT_INVALID},
        {BLOCK("A", "AAECAAECAAEC"), RESULT_LIMIT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf out = {0};
        struct error err = {0};
        buf_init(&out, 8);
        assert_int_equal(buf_append_byte(&out, 0xee), RESULT_OK);
        assert_result(cases[i].expected,
                      pem_decode_all(bytes_of_string(cases[i].text), "A", &out, &err), &err);
        assert_hex(buf_bytes(&out), "ee");
    }
}

static void concatenated_values_become_one_block_each(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf out = {0};
    buf_init(&out, 4096);
    assert_int_equal(pem_encode_all("A", BYTES_LITERAL("\x30\x01\x05\x30\x01\x06"), &out),
                     RESULT_OK);
    assert_string_equal(buf_string(&out), BLOCK("A", "MAEF") BLOCK("A", "MAEG"));
    assert_int_equal(pem_encode_all("A", BYTES_LITERAL("\x30\x02\x05"), &out), RESULT_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_64_characters),
        cmocka_unit_test(every_size_survives_the_round_trip),
        cmocka_unit_test(text_around_blocks_is_skipped),
        cmocka_unit_test(old_headers_are_kept_apart),
        cmocka_unit_test(damaged_blocks_are_refused),
        cmocka_unit_test(padding_in_an_earlier_chunk_is_refused),
        cmocka_unit_test(all_blocks_of_a_label_are_decoded),
        cmocka_unit_test(decoding_all_refuses_other_labels_nothing_and_too_much),
        cmocka_unit_test(concatenated_values_become_one_block_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
