// SCRAM by the examples of its RFCs, and servers that do not keep to it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/scram.h"
#include "support/test.h"

#include "base/limits.h"

static const struct example {
    const char *mechanism, *nonce, *first, *challenge, *answer, *final;
} examples[] = {
    // RFC 5802, 5.
    {"SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
     "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
     "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
     "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    // RFC 7677, 3.
    {"SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
     "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

static void begin(struct scram *scram, const struct example *example, struct buf *out) {
    struct error err = {0};
    buf_init(out, LIMIT_SCRAM_MESSAGE_BYTES);
    assert_ok(
        scram_begin(scram, example->mechanism, "user", "pencil", example->nonce, out, &err),
        &err);
}

static void the_examples_of_the_standards_come_out(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct error err = {0};
        AUTO(scram_clear) struct scram scram = {0};
        AUTO(buf_clear) struct buf first = {0};
        AUTO(buf_clear) struct buf answer = {0};
        begin(&scram, &examples[i], &first);
        assert_string_equal(buf_string(&first), examples[i].first);
        buf_init(&answer, 2 * LIMIT_SCRAM_MESSAGE_BYTES);
        assert_ok(scram_answer(&scram, bytes_of_string(examples[i].challenge), &answer, &err),
                  &err);
        assert_string_equal(buf_string(&answer), examples[i].answer);
        assert_ok(scram_finish(&scram, bytes_of_string(examples[i].final), &err), &err);
    }
}

static void a_proof_with_one_wrong_byte_is_no_proof(void **state) {
    (void)state;
    const struct example *example = &examples[1];
    struct error err = {0};
    AUTO(scram_clear) struct scram scram = {0};
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf answer = {0};
    begin(&scram, example, &first);
    buf_init(&answer, 2 * LIMIT_SCRAM_MESSAGE_BYTES);
    assert_ok(scram_answer(&scram, bytes_of_string(example->challenge), &answer, &err), &err);
    size_t size = strlen(example->final);
    for (size_t i = 0; i <= size; i++) {
        char changed[128];
        snprintf(changed, sizeof(changed), "%s", example->final);
        if (i < size) {
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
        }
        struct bytes message = bytes_of(changed, i < size ? size : size - 1);
        assert_result(RESULT_DENIED, scram_finish(&scram, message, &err), &err);
        assert_string_equal(err.code, "untrusted");
    }
    assert_ok(scram_finish(&scram, bytes_of_string(example->final), &err), &err);
}

#define NONCE "rOprNGfwEbeRWgbNEkqO"

static void challenges_are_taken_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *challenge;
        enum result result;
        const char *code;
    } cases[] = {
        {"r=" NONCE "x,s=AAAA,i=4096", RESULT_OK, ""},
        {"r=" NONCE "x,s=AAAA,i=4096,x=later", RESULT_OK, ""},
        {"r=" NONCE "x,s=AAAA,i=1000000", RESULT_OK, ""},
        {"r=" NONCE "x,s=AAAA,i=1000001", RESULT_LIMIT, "answer"},
        {"r=" NONCE "x,s=AAAA,i=99999999999999999999", RESULT_INVALID, "answer"},
        {"r=" NONCE "x,s=AAAA,i=4095", RESULT_DENIED, "untrusted"},
        {"r=" NONCE "x,s=AAAA,i=0", RESULT_INVALID, "answer"},
        {"r=" NONCE "x,s=AAAA,i=-4096", RESULT_INVALID, "answer"},
        {"r=" NONCE ",s=AAAA,i=4096", RESULT_INVALID, "answer"}, // nothing of the server's
        {"r=rOprNGfwEbeRWgbNEkqPx,s=AAAA,i=4096", RESULT_INVALID, "answer"},
        {"r=" NONCE "x,s=,i=4096", RESULT_INVALID, "answer"},
        {"r=" NONCE "x,s=A,i=4096", RESULT_INVALID, "answer"},
        {"m=must,r=" NONCE "x,s=AAAA,i=4096", RESULT_INVALID, "answer"}, // RFC 5802, 5.1
        {"s=AAAA,r=" NONCE "x,i=4096", RESULT_INVALID, "answer"},
        {"e=unknown-user", RESULT_INVALID, "answer"},
        {"", RESULT_INVALID, "answer"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(scram_clear) struct scram scram = {0};
        AUTO(buf_clear) struct buf first = {0};
        AUTO(buf_clear) struct buf answer = {0};
        begin(&scram, &examples[1], &first);
        buf_init(&answer, 2 * LIMIT_SCRAM_MESSAGE_BYTES);
        assert_result(cases[i].result,
                      scram_answer(&scram, bytes_of_string(cases[i].challenge), &answer, &err),
                      &err);
        assert_string_equal(err.code, cases[i].code);
        assert_true((answer.size > 0) == (cases[i].result == RESULT_OK));
    }
}

static void a_challenge_has_a_greatest_size(void **state) {
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct error err = {0};
        AUTO(scram_clear) struct scram scram = {0};
        AUTO(buf_clear) struct buf first = {0};
        AUTO(buf_clear) struct buf answer = {0};
        AUTO(buf_clear) struct buf challenge = {0};
        begin(&scram, &examples[1], &first);
        buf_init(&answer, 2 * LIMIT_SCRAM_MESSAGE_BYTES);
        buf_init(&challenge, LIMIT_SCRAM_MESSAGE_BYTES + 1);
        assert_int_equal(buf_append_string(&challenge, "r=" NONCE "x,s=AAAA,i=4096,x="), 0);
        while (challenge.size < LIMIT_SCRAM_MESSAGE_BYTES + more) {
            assert_int_equal(buf_append_byte(&challenge, 'x'), RESULT_OK);
        }
        assert_result(more == 0 ? RESULT_OK : RESULT_INVALID,
                      scram_answer(&scram, buf_bytes(&challenge), &answer, &err), &err);
    }
}

static void names_are_escaped_and_mechanisms_known(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scram_clear) struct scram scram = {0};
    AUTO(buf_clear) struct buf first = {0};
    buf_init(&first, 100);
    assert_ok(scram_begin(&scram, "SCRAM-SHA-1", "a=b,c", "x", "nonce", &first, &err), &err);
    assert_string_equal(buf_string(&first), "n,,n=a=3Db=2Cc,r=nonce");
    assert_true(scram_knows("SCRAM-SHA-256"));
    assert_false(scram_knows("SCRAM-SHA-256-PLUS"));
    assert_false(scram_knows("PLAIN"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standards_come_out),
        cmocka_unit_test(a_proof_with_one_wrong_byte_is_no_proof),
        cmocka_unit_test(challenges_are_taken_or_refused),
        cmocka_unit_test(a_challenge_has_a_greatest_size),
        cmocka_unit_test(names_are_escaped_and_mechanisms_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
