// Tests of the audit chain as everybody can check it, and of checkpoints.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/audit_chain.h"

#include <stdlib.h>

#include "base/text.h"
#include "support/test.h"
#include "x509/certificate.h"
#include "x509/key.h"

#define NOW 1800000000

// --- records ---------------------------------------------------------------------------------

// Computed with python3's hashlib over the bytes that the specification names.
static void the_hash_is_the_one_that_others_compute(void **state) {
    (void)state;
    struct error err = {0};
    static const uint8_t zeros[SHA256_SIZE];
    uint8_t hash[SHA256_SIZE];
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * SHA256_SIZE);
    const struct audit_entry entry = {.sequence = 1,
                                      .time = NOW,
                                      .actor = "admin:jane",
                                      .event = "token created",
                                      .subject = "8f2ac04417be9d53",
                                      .previous_hash = zeros};
    assert_ok(audit_entry_hash(&entry, hash, &err), &err);
    assert_int_equal(RESULT_OK, text_hex_encode(bytes_of(hash, SHA256_SIZE), &text));
    assert_string_equal(buf_string(&text),
                        "f1ad65773910c7499fe94f9d8ad21305e1a77b5786e4fb0f9985ae65bc313aad");
}

struct trail {
    struct audit_info infos[5];
};

// A record behind those that are there, as an export has it.
static void fill(struct trail *trail, size_t index, struct audit_chain *chain) {
    struct error err = {0};
    struct audit_info *info = &trail->infos[index];
    uint8_t hash[SHA256_SIZE];
    AUTO(buf_clear) struct buf before = {0}, after = {0};
    buf_init(&before, 2 * SHA256_SIZE);
    buf_init(&after, 2 * SHA256_SIZE);
    info->sequence = (int64_t)index + 1;
    info->time = NOW + (int64_t)index;
    assert_int_equal(RESULT_OK, text_set(&info->actor, "admin:jane"));
    assert_int_equal(RESULT_OK, text_set(&info->event, "token created"));
    assert_int_equal(RESULT_OK, text_set(&info->detail, index == 2 ? "third" : "other"));
    const struct audit_entry entry = {.sequence = info->sequence,
                                      .time = info->time,
                                      .actor = info->actor,
                                      .event = info->event,
                                      .detail = info->detail,
                                      .previous_hash = chain->hash};
    assert_ok(audit_entry_hash(&entry, hash, &err), &err);
    assert_int_equal(RESULT_OK, text_hex_encode(bytes_of(chain->hash, SHA256_SIZE), &before));
    assert_int_equal(RESULT_OK, text_hex_encode(bytes_of(hash, SHA256_SIZE), &after));
    assert_int_equal(RESULT_OK, text_set(&info->previous_hash, buf_string(&before)));
    assert_int_equal(RESULT_OK, text_set(&info->hash, buf_string(&after)));
    memcpy(chain->hash, hash, SHA256_SIZE);
}

static int set_up(void **state) {
    struct trail *trail = calloc(1, sizeof(*trail));
    struct audit_chain chain = {0};
    for (size_t i = 0; i < 5; i++) {
        fill(trail, i, &chain);
    }
    *state = trail;
    return 0;
}

static int tear_down(void **state) {
    struct trail *trail = *state;
    for (size_t i = 0; i < 5; i++) {
        message_clear(&audit_info_type, &trail->infos[i]);
    }
    free(trail);
    return 0;
}

// The message of the first refusal, "" when the whole trail is good.
static void walk(struct trail *trail, const size_t *order, size_t count,
                 struct audit_chain *chain, struct error *out_error) {
    *out_error = (struct error){0};
    for (size_t i = 0; i < count; i++) {
        if (audit_chain_follow_info(chain, &trail->infos[order[i]], out_error) != RESULT_OK) {
            assert_string_equal("audit_broken", out_error->code);
            assert_int_equal(RESULT_INVALID, out_error->result);
            return;
        }
    }
}

static void a_whole_trail_is_followed_and_a_part_when_it_is_said_to_be_one(void **state) {
    static const size_t all[] = {0, 1, 2, 3, 4}, part[] = {2, 3, 4};
    struct error err = {0};
    struct audit_chain chain = {0};
    walk(*state, all, 5, &chain, &err);
    assert_string_equal("", err.message);
    assert_int_equal(5, chain.sequence);
    struct audit_chain open = {.is_open = true};
    walk(*state, part, 3, &open, &err);
    assert_string_equal("", err.message);
    assert_memory_equal(chain.hash, open.hash, SHA256_SIZE);
    struct audit_chain strict = {0};
    walk(*state, part, 3, &strict, &err);
    assert_string_equal("audit record 3 does not follow the one before it", err.message);
}

static void a_gap_a_repetition_and_a_swap_are_named(void **state) {
    static const struct {
        size_t order[4];
        const char *message;
    } cases[] = {
        {{0, 2, 3, 4}, "audit record 3 does not follow the one before it"},
        {{0, 1, 1, 2}, "audit record 2 does not follow the one before it"},
        {{0, 2, 1, 3}, "audit record 3 does not follow the one before it"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct audit_chain chain = {0};
        walk(*state, cases[i].order, 4, &chain, &err);
        assert_string_equal(cases[i].message, err.message);
        assert_true(err.hint[0] != '\0');
    }
}

static void every_field_is_covered(void **state) {
    struct trail *trail = *state;
    static const size_t all[] = {0, 1, 2, 3, 4};
    struct audit_info *third = &trail->infos[2];
    char **texts[] = {&third->actor, &third->event, &third->subject, &third->detail};
    for (size_t i = 0; i < 4; i++) {
        struct error err = {0};
        struct audit_chain chain = {0};
        char *before = *texts[i];
        *texts[i] = (char[]){"forged"};
        walk(trail, all, 5, &chain, &err);
        assert_string_equal("audit record 3 was changed: its hash does not fit", err.message);
        *texts[i] = before;
    }
    struct error err = {0};
    struct audit_chain chain = {0};
    third->time++;
    walk(trail, all, 5, &chain, &err);
    assert_string_equal("audit record 3 was changed: its hash does not fit", err.message);
    third->time--;
    // What moves from one field to the next is another record.
    char *actor = third->actor, *event = third->event;
    third->actor = (char[]){"admin:jan"};
    third->event = (char[]){"etoken created"};
    chain = (struct audit_chain){0};
    walk(trail, all, 5, &chain, &err);
    assert_string_equal("audit record 3 was changed: its hash does not fit", err.message);
    third->actor = actor;
    third->event = event;
}

static void a_record_with_another_predecessor_and_one_without_hash_are_named(void **state) {
    struct trail *trail = *state;
    struct error err = {0};
    static const size_t all[] = {0, 1, 2, 3, 4};
    message_clear(&audit_info_type, &trail->infos[2]);
    struct audit_chain none = {0};
    fill(trail, 2, &none); // right in itself, but behind zeros
    struct audit_chain chain = {0};
    walk(trail, all, 5, &chain, &err);
    assert_string_equal("audit record 3 does not name the hash of the one before it",
                        err.message);
    assert_int_equal(RESULT_OK, text_set(&trail->infos[1].hash, "not hex"));
    chain = (struct audit_chain){0};
    walk(trail, all, 5, &chain, &err);
    assert_string_equal("audit record 2 has a hash that is none", err.message);
}

// --- checkpoints -----------------------------------------------------------------------------

// A self-signed CA, as the chain of a checkpoint.
static void make_authority(enum key_algorithm algorithm, struct key **out_key,
                           struct buf *out_certificate) {
    struct error err = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf name = {0}, tbs = {0};
    buf_init(&name, 1024);
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(out_certificate, LIMIT_CERTIFICATE_BYTES);
    assert_ok(key_generate(algorithm, out_key, &err), &err);
    assert_ok(names_add(&names, NAME_CN, BYTES_LITERAL("Test CA"), &err), &err);
    assert_int_equal(RESULT_OK, distinguished_name_write(&name, "Test CA"));
    uint8_t serial[SERIAL_SIZE] = {1};
    const struct certificate_plan plan = {.serial = bytes_of(serial, sizeof(serial)),
                                          .issuer = buf_bytes(&name),
                                          .names = &names,
                                          .not_before = NOW,
                                          .not_after = NOW + 1000,
                                          .spki = key_public(*out_key),
                                          .is_ca = true,
                                          .path_length = PATH_LENGTH_NONE,
                                          .key_usage = KEY_USAGE_KEY_CERT_SIGN};
    assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(*out_key), &tbs, &err),
              &err);
    assert_ok(certificate_sign(buf_bytes(&tbs), *out_key, out_certificate, &err), &err);
}

static void make_checkpoint(const struct trail *trail, size_t index, const struct key *key,
                            struct bytes certificate, struct audit_checkpoint *out) {
    struct error err = {0};
    AUTO(buf_clear) struct buf text = {0}, signature = {0};
    buf_init(&text, 4096);
    buf_init(&signature, 1024);
    out->sequence = trail->infos[index].sequence;
    out->time = NOW;
    assert_int_equal(RESULT_OK, text_set(&out->hash, trail->infos[index].hash));
    assert_int_equal(RESULT_OK, text_set(&out->issuer, "issuing"));
    assert_int_equal(RESULT_OK, blob_set(&out->chain, certificate));
    assert_int_equal(RESULT_OK, audit_checkpoint_text(out, &text));
    assert_ok(key_sign(key, buf_bytes(&text), &signature, &err), &err);
    assert_int_equal(RESULT_OK, blob_set(&out->signature, buf_bytes(&signature)));
}

static void what_is_signed_is_what_the_specification_says(void **state) {
    (void)state;
    struct audit_checkpoint checkpoint = {.sequence = 17,
                                          .hash = (char[]){"9815a5a8"},
                                          .time = 1795253621,
                                          .issuer = (char[]){"issuing"}};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 4096);
    assert_int_equal(RESULT_OK, audit_checkpoint_text(&checkpoint, &text));
    assert_string_equal("signet-audit-checkpoint-1\nsequence 17\nhash 9815a5a8\n"
                        "time 2026-11-21T09:33:41Z\nissuer issuing\n",
                        buf_string(&text));
    // It can be taken for no certificate: those are read as DER.
    struct certificate certificate = {0};
    struct error err = {0};
    assert_result(RESULT_INVALID, certificate_read_tbs(buf_bytes(&text), &certificate, &err),
                  &err);
}

static void a_checkpoint_is_as_it_was_signed_or_none(void **state) {
    static const enum key_algorithm algorithms[] = {KEY_P256, KEY_P384, KEY_ED25519,
                                                    KEY_RSA2048};
    for (size_t i = 0; i < 4; i++) {
        struct error err = {0};
        AUTO(key_free_at) struct key *key = NULL;
        AUTO(buf_clear) struct buf certificate = {0};
        struct audit_checkpoint checkpoint = {0};
        make_authority(algorithms[i], &key, &certificate);
        make_checkpoint(*state, 3, key, buf_bytes(&certificate), &checkpoint);
        assert_ok(audit_checkpoint_verify(&checkpoint, &err), &err);
        checkpoint.sequence++;
        assert_result(RESULT_DENIED, audit_checkpoint_verify(&checkpoint, &err), &err);
        assert_string_equal("checkpoint_invalid", err.code);
        checkpoint.sequence--;
        checkpoint.hash[0] = checkpoint.hash[0] == '0' ? '1' : '0';
        assert_result(RESULT_DENIED, audit_checkpoint_verify(&checkpoint, &err), &err);
        checkpoint.chain.size = 0;
        assert_result(RESULT_INVALID, audit_checkpoint_verify(&checkpoint, &err), &err);
        assert_string_equal("checkpoint_invalid", err.code);
        message_clear(&audit_checkpoint_type, &checkpoint);
    }
}

static void a_cut_and_a_rewritten_trail_are_told_apart(void **state) {
    struct trail *trail = *state;
    struct error err = {0};
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(buf_clear) struct buf certificate = {0};
    struct audit_checkpoint checkpoint = {0};
    make_authority(KEY_P256, &key, &certificate);
    make_checkpoint(trail, 3, key, buf_bytes(&certificate), &checkpoint);
    static const size_t all[] = {0, 1, 2, 3, 4};
    struct audit_chain chain = {0};
    walk(trail, all, 3, &chain, &err);
    assert_ok(audit_checkpoint_compare(&checkpoint, &chain, &err), &err);
    assert_result(RESULT_INVALID, audit_checkpoint_reached(&checkpoint, &chain, &err), &err);
    assert_string_equal("audit_cut", err.code);
    assert_string_equal(
        "the trail ends at record 3, but the checkpoint knows record 4: its tail "
        "was cut off",
        err.message);
    chain = (struct audit_chain){0};
    walk(trail, all, 4, &chain, &err);
    assert_ok(audit_checkpoint_compare(&checkpoint, &chain, &err), &err);
    assert_ok(audit_checkpoint_reached(&checkpoint, &chain, &err), &err);
    chain.hash[31] ^= 1;
    assert_result(RESULT_INVALID, audit_checkpoint_compare(&checkpoint, &chain, &err), &err);
    assert_string_equal("audit_broken", err.code);
    assert_string_equal("audit record 4 is not the one that the checkpoint names: the trail up "
                        "to it was rewritten",
                        err.message);
    message_clear(&audit_checkpoint_type, &checkpoint);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_the_one_that_others_compute),
        TEST(a_whole_trail_is_followed_and_a_part_when_it_is_said_to_be_one),
        TEST(a_gap_a_repetition_and_a_swap_are_named),
        TEST(every_field_is_covered),
        TEST(a_record_with_another_predecessor_and_one_without_hash_are_named),
        cmocka_unit_test(what_is_signed_is_what_the_specification_says),
        TEST(a_checkpoint_is_as_it_was_signed_or_none),
        TEST(a_cut_and_a_rewritten_trail_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
