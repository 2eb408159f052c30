// Revocation lists: built, read, refused, searched.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include <stdlib.h>

#include "x509/crl.h"
#include "x509/crl_index.h"
#include "x509/long_message.h"
#include "x509/der.h"
#include "x509/oid.h"

static struct made root;

static int make_root(void **state) {
    (void)state;
    make_certificate(&root, "Root", true, NULL);
    return 0;
}

static int clear_root(void **state) {
    (void)state;
    made_clear(&root);
    return 0;
}

static struct crl_plan plan_with(const struct crl_entry *entries, size_t count) {
    return (struct crl_plan){
        .issuer = root.certificate.subject,
        .authority_key_id = bytes_of(root.key_id, SHA1_SIZE),
        .number = 0x8000000000000001,
        .this_update = TODAY,
        .next_update = TODAY + 7 * DAY,
        .entries = entries,
        .entry_count = count,
    };
}

static void build(const struct crl_plan *plan, struct buf *out_der, struct crl *out_crl) {
    struct error err = {0};
    buf_init(out_der, LIMIT_CRL_BYTES);
    assert_ok(crl_build(plan, root.key, out_der, &err), &err);
    assert_ok(crl_read(buf_bytes(out_der), out_crl, &err), &err);
}

static void reasons_have_names(void **state) {
    (void)state;
#define REASON_ROW(constant, value, name) CRL_REASON_##constant,
    static const enum crl_reason all[] = {CRL_REASON_TABLE(REASON_ROW)};
#undef REASON_ROW
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        enum crl_reason reason = CRL_REASON_UNSPECIFIED;
        assert_true(crl_reason_from_name(crl_reason_name(all[i]), &reason));
        assert_int_equal(reason, all[i]);
    }
    enum crl_reason reason = CRL_REASON_SUPERSEDED;
    assert_false(crl_reason_from_name("removeFromCRL", &reason));
    assert_false(crl_reason_from_name("keycompromise", &reason));
    assert_int_equal(reason, CRL_REASON_SUPERSEDED);
}

static void an_empty_list_has_no_entries_field(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct crl crl = {0};
    struct crl_entry entry = {0};
    struct error err = {0};
    size_t count = 1;
    const struct crl_plan plan = plan_with(NULL, 0);
    build(&plan, &der, &crl);
    assert_int_equal(crl.entries.size, 0);
    assert_ok(crl_count(&crl, &count, &err), &err);
    assert_int_equal(count, 0);
    assert_hex(crl.number, "8000000000000001");
    assert_bytes_equal(crl.authority_key_id, bytes_of(root.key_id, SHA1_SIZE));
    assert_bytes_equal(crl.issuer, root.certificate.subject);
    assert_true(crl.this_update == TODAY && crl.next_update == TODAY + 7 * DAY);
    assert_false(crl.has_unknown_critical);
    assert_ok(crl_verify(&crl, &root.certificate, &err), &err);
    assert_result(RESULT_NOT_FOUND, crl_find(&crl, BYTES_LITERAL("\x01"), &entry, &err), &err);
    struct bytes cursor = crl.entries;
    assert_result(RESULT_NOT_FOUND, crl_next_entry(&cursor, &entry, &err), &err);
}

static const struct crl_entry three[] = {
    {.serial = {0x01}, .serial_size = 1, .revoked_at = TODAY - 10},
    {.serial = {0x80, 0x01},
     .serial_size = 2,
     .reason = CRL_REASON_KEY_COMPROMISE,
     .revoked_at = TODAY - 9,
     .invalid_since = TODAY - 100},
    {.serial = {0x7f, 0xff, 0x00},
     .serial_size = 3,
     .reason = CRL_REASON_SUPERSEDED,
     .revoked_at = 2524608000}, // 2050
};

static void every_entry_is_read_back(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct crl crl = {0};
    struct crl_entry entry = {0};
    struct error err = {0};
    size_t count = 0;
    const struct crl_plan plan = plan_with(three, 3);
    build(&plan, &der, &crl);
    assert_ok(crl_verify(&crl, &root.certificate, &err), &err);
    assert_ok(crl_count(&crl, &count, &err), &err);
    assert_int_equal(count, 3);
    struct bytes cursor = crl.entries;
    for (size_t i = 0; i < 3; i++) {
        assert_ok(crl_next_entry(&cursor, &entry, &err), &err);
        assert_memory_equal(&entry, &three[i], sizeof(entry));
        memset(&entry, 0, sizeof(entry));
        assert_ok(crl_find(&crl, bytes_of(three[i].serial, three[i].serial_size), &entry, &err),
                  &err);
        assert_memory_equal(&entry, &three[i], sizeof(entry));
    }
    assert_result(RESULT_NOT_FOUND, crl_next_entry(&cursor, &entry, &err), &err);
    // Neighbours of what is listed.
    assert_result(RESULT_NOT_FOUND, crl_find(&crl, BYTES_LITERAL("\x7f\xff"), &entry, &err),
                  &err);
    assert_result(RESULT_NOT_FOUND, crl_find(&crl, BYTES_LITERAL("\x80"), &entry, &err), &err);
    // A leading zero does not hide a serial number.
    assert_ok(crl_find(&crl, BYTES_LITERAL("\x00\x80\x01"), &entry, &err), &err);
}

static void an_unspecified_reason_is_not_encoded(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct crl crl = {0};
    const struct crl_plan plan = plan_with(three, 1);
    build(&plan, &der, &crl);
    assert_hex(crl.entries, "3012 020101 170d 3235313233313233353935305a");
}

static void ten_thousand_entries_take_39_bytes_each(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct crl crl = {0};
    struct crl_entry entry = {0};
    struct error err = {0};
    size_t count = 10000, read = 0;
    struct crl_entry *entries = calloc(count, sizeof(*entries));
    assert_non_null(entries);
    for (size_t i = 0; i < count; i++) {
        entries[i].serial_size = LIMIT_SERIAL_BYTES;
        entries[i].serial[0] = 0x11;
        entries[i].serial[18] = (uint8_t)(i >> 8);
        entries[i].serial[19] = (uint8_t)i;
        entries[i].revoked_at = TODAY - (int64_t)i;
    }
    const struct crl_plan plan = plan_with(entries, count);
    build(&plan, &der, &crl);
    assert_int_equal(crl.entries.size, 39 * count);
    assert_ok(crl_count(&crl, &read, &err), &err);
    assert_int_equal(read, count);
    assert_ok(crl_verify(&crl, &root.certificate, &err), &err);
    assert_ok(crl_find(&crl, bytes_of(entries[count - 1].serial, 20), &entry, &err), &err);
    assert_true(entry.revoked_at == TODAY - (int64_t)count + 1);
    free(entries);
}

static void impossible_plans_are_refused_and_append_nothing(void **state) {
    (void)state;
    static const struct crl_entry no_serial = {.revoked_at = TODAY};
    static const struct crl_entry long_serial = {.serial_size = 21, .revoked_at = TODAY};
    static const struct crl_entry reason_7 = {.serial_size = 1, .serial = {1}, .reason = 7};
    static const struct crl_entry remove = {.serial_size = 1, .serial = {1}, .reason = 8};
    const struct crl_entry *cases[] = {&no_serial, &long_serial, &reason_7, &remove};
    for (size_t i = 0; i < 5; i++) {
        AUTO(buf_clear) struct buf der = {0};
        struct error err = {0};
        struct crl_plan plan = plan_with(i < 4 ? cases[i] : NULL, i < 4 ? 1 : 0);
        if (i == 4) {
            plan.next_update = plan.this_update;
        }
        buf_init(&der, LIMIT_CRL_BYTES);
        assert_int_equal(buf_append_byte(&der, 0xee), RESULT_OK);
        assert_result(RESULT_INVALID, crl_build(&plan, root.key, &der, &err), &err);
        assert_hex(buf_bytes(&der), "ee");
    }
    AUTO(buf_clear) struct buf small = {0};
    struct error err = {0};
    const struct crl_plan plan = plan_with(three, 3);
    buf_init(&small, 100);
    assert_result(RESULT_LIMIT, crl_build(&plan, root.key, &small, &err), &err);
    assert_int_equal(small.size, 0);
}

static void a_list_with_any_byte_changed_does_not_verify(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct crl crl = {0};
    struct error err = {0};
    const struct crl_plan plan = plan_with(three, 3);
    build(&plan, &der, &crl);
    for (size_t i = 0; i < der.size; i++) {
        struct crl changed = {0};
        der.data[i] ^= 0x01;
        enum result result = crl_read(buf_bytes(&der), &changed, &err);
        if (result == RESULT_OK) {
            result = crl_verify(&changed, &root.certificate, &err);
        }
        assert_true(result == RESULT_INVALID || result == RESULT_DENIED);
        der.data[i] ^= 0x01;
    }
    for (size_t size = 0; size < der.size; size++) {
        struct crl cut = {0};
        assert_result(RESULT_INVALID,
                      crl_read(bytes_slice(buf_bytes(&der), 0, size), &cut, &err), &err);
    }
}

static void only_the_right_ca_may_sign(void **state) {
    (void)state;
    AUTO(made_clear) struct made twin = {0}, no_sign = {0}, leaf = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf der = {0}, leaf_der = {0}, no_sign_der = {0};
    struct crl crl = {0};
    struct error err = {0};
    struct crl_plan plan = plan_with(three, 3);
    make_certificate(&twin, "Root", true, NULL);
    build(&plan, &der, &crl);
    assert_result(RESULT_DENIED, crl_verify(&crl, &twin.certificate, &err), &err);
    assert_string_equal(err.code, "issuer_other");
    // Without a key identifier only the signature tells the two apart.
    AUTO(buf_clear) struct buf bare_der = {0};
    plan.authority_key_id = (struct bytes){0};
    build(&plan, &bare_der, &crl);
    assert_result(RESULT_DENIED, crl_verify(&crl, &twin.certificate, &err), &err);
    assert_string_equal(err.code, "signature_wrong");
    assert_ok(crl_verify(&crl, &root.certificate, &err), &err);

    struct certificate_plan ca_plan = plan_for(&names, "CA without cRLSign", true);
    ca_plan.key_usage = KEY_USAGE_KEY_CERT_SIGN;
    make_by_plan(&no_sign, ca_plan, &root);
    plan.issuer = no_sign.certificate.subject;
    buf_init(&no_sign_der, LIMIT_CRL_BYTES);
    assert_ok(crl_build(&plan, no_sign.key, &no_sign_der, &err), &err);
    assert_ok(crl_read(buf_bytes(&no_sign_der), &crl, &err), &err);
    assert_result(RESULT_DENIED, crl_verify(&crl, &no_sign.certificate, &err), &err);
    assert_string_equal(err.code, "issuer_no_ca");

    make_certificate(&leaf, "leaf", false, &root);
    plan.issuer = leaf.certificate.subject;
    buf_init(&leaf_der, LIMIT_CRL_BYTES);
    assert_ok(crl_build(&plan, leaf.key, &leaf_der, &err), &err);
    assert_ok(crl_read(buf_bytes(&leaf_der), &crl, &err), &err);
    assert_result(RESULT_DENIED, crl_verify(&crl, &leaf.certificate, &err), &err);
}

static void a_crl_of_openssl_is_read(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0}, ca_der = {0}, client_der = {0};
    struct certificate ca = {0}, client = {0};
    struct crl crl = {0};
    struct crl_entry entry = {0};
    struct error err = {0};
    read_data_der("owntracks.crl", &der);
    read_data_der("owntracks-ca.crt", &ca_der);
    read_data_der("owntracks-client.crt", &client_der);
    assert_ok(certificate_read(buf_bytes(&ca_der), &ca, &err), &err);
    assert_ok(certificate_read(buf_bytes(&client_der), &client, &err), &err);
    assert_ok(crl_read(buf_bytes(&der), &crl, &err), &err);
    assert_ok(crl_verify(&crl, &ca, &err), &err);
    assert_hex(crl.number, "01");
    assert_ok(crl_find(&crl, client.serial, &entry, &err), &err);
    assert_int_equal(entry.reason, CRL_REASON_KEY_COMPROMISE);
    assert_true(entry.invalid_since == 1735689600); // 2025-01-01
}

// --- lists made by hand ---

struct parts {
    const char *version, *times, *entries, *extensions; // NULL: the usual one
};

#define TIMES "170d3235303130313030303030305a 170d3236303130313030303030305a"
#define ENTRY "3012 020101 170d3235303130313030303030305a"
#define NUMBER "300a0603551d140403020105"

static void build_by_hand(const struct parts *parts, struct buf *out) {
    size_t crl = 0, tbs = 0;
    buf_init(out, 65536);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &crl), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &tbs), RESULT_OK);
    append_hex(out, parts->version != NULL ? parts->version : "020101");
    assert_int_equal(der_write_raw(out, key_signature_algorithm(root.key)), RESULT_OK);
    assert_int_equal(der_write_raw(out, root.certificate.subject), RESULT_OK);
    append_hex(out, parts->times != NULL ? parts->times : TIMES);
    append_hex(out, parts->entries != NULL ? parts->entries : "3014" ENTRY);
    append_hex(out, parts->extensions != NULL ? parts->extensions : "a00e300c" NUMBER);
    assert_int_equal(der_end(out, tbs), RESULT_OK);
    assert_int_equal(der_write_raw(out, key_signature_algorithm(root.key)), RESULT_OK);
    assert_int_equal(der_write_bit_string(out, BYTES_LITERAL("x")), RESULT_OK);
    assert_int_equal(der_end(out, crl), RESULT_OK);
}

static void parts_in_another_form_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct parts parts;
        enum result expected;
        bool has_unknown_critical;
    } cases[] = {
        {"the usual", {NULL, NULL, NULL, NULL}, RESULT_OK, false},
        {"version 1", {"", NULL, NULL, ""}, RESULT_OK, false},
        {"version 1 with extensions", {"", NULL, NULL, NULL}, RESULT_INVALID, false},
        {"version 1 written out", {"020100", NULL, NULL, ""}, RESULT_INVALID, false},
        {"version 3", {"020102", NULL, NULL, NULL}, RESULT_INVALID, false},
        {"no nextUpdate",
         {NULL, "170d3235303130313030303030305a", NULL, NULL},
         RESULT_OK,
         false},
        {"no times", {NULL, "", NULL, NULL}, RESULT_INVALID, false},
        {"three times",
         {NULL, TIMES "170d3236303130313030303030305a", NULL, NULL},
         RESULT_INVALID,
         false},
        {"no entries field", {NULL, NULL, "", NULL}, RESULT_OK, false},
        {"an empty entries field", {NULL, NULL, "3000", NULL}, RESULT_OK, false},
        {"a negative serial",
         {NULL, NULL, "30143012 0201ff 170d3235303130313030303030305a", NULL},
         RESULT_INVALID,
         false},
        {"a serial of 21 octets",
         {NULL, NULL,
          "30283026 0215010000000000000000000000000000000000000001"
          "170d3235303130313030303030305a",
          NULL},
         RESULT_INVALID,
         false},
        {"an entry with a trailing element",
         {NULL, NULL, "30163014 020101 170d3235303130313030303030305a 0500", NULL},
         RESULT_INVALID,
         false},
        {"an entry without a time",
         {NULL, NULL, "30053003020101", NULL},
         RESULT_INVALID,
         false},
        {"a reason",
         {NULL, NULL,
          "3022 3020 020101 170d3235303130313030303030305a"
          "300c 300a 0603551d15 0403 0a0101",
          NULL},
         RESULT_OK,
         false},
        {"a reason of 11",
         {NULL, NULL,
          "3022 3020 020101 170d3235303130313030303030305a"
          "300c 300a 0603551d15 0403 0a010b",
          NULL},
         RESULT_INVALID,
         false},
        {"a reason as INTEGER",
         {NULL, NULL,
          "3022 3020 020101 170d3235303130313030303030305a"
          "300c 300a 0603551d15 0403 020101",
          NULL},
         RESULT_INVALID,
         false},
        {"empty entry extensions",
         {NULL, NULL,
          "3016 3014 020101"
          "170d3235303130313030303030305a 3000",
          NULL},
         RESULT_INVALID,
         false},
        {"an unknown critical entry extension",
         {NULL, NULL,
          "3022 3020 020101 170d3235303130313030303030305a"
          "300c 300a 06022b01 0101ff 040105",
          NULL},
         RESULT_OK,
         true},
        {"an extension twice",
         {NULL, NULL, NULL, "a01a3018" NUMBER NUMBER},
         RESULT_INVALID,
         false},
        {"a negative number",
         {NULL, NULL, NULL, "a00e300c300a0603551d1404030201ff"},
         RESULT_INVALID,
         false},
        {"an issuingDistributionPoint, critical",
         {NULL, NULL, NULL, "a010300e300c0603551d1c0101ff04023000"},
         RESULT_OK,
         true},
        {"something behind the extensions",
         {NULL, NULL, NULL, "a00e300c" NUMBER "0500"},
         RESULT_INVALID,
         false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf der = {0};
        struct crl crl = {0};
        struct error err = {0};
        build_by_hand(&cases[i].parts, &der);
        print_message("%s\n", cases[i].what);
        assert_result(cases[i].expected, crl_read(buf_bytes(&der), &crl, &err), &err);
        assert_int_equal(crl.has_unknown_critical, cases[i].has_unknown_critical);
        if (cases[i].has_unknown_critical) {
            assert_result(RESULT_DENIED, crl_verify(&crl, &root.certificate, &err), &err);
            assert_string_equal(err.code, "extension_unknown");
        }
    }
}

static void concatenated_lists_are_walked(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0}, both = {0};
    struct crl crl = {0};
    struct error err = {0};
    const struct crl_plan plan = plan_with(three, 3);
    build(&plan, &der, &crl);
    buf_init(&both, LIMIT_CRL_BYTES);
    assert_int_equal(buf_append(&both, buf_bytes(&der)), RESULT_OK);
    assert_int_equal(buf_append(&both, buf_bytes(&der)), RESULT_OK);
    assert_result(RESULT_INVALID, crl_read(buf_bytes(&both), &crl, &err), &err);
    struct bytes left = buf_bytes(&both);
    assert_ok(crl_read_next(&left, &crl, &err), &err);
    assert_ok(crl_read_next(&left, &crl, &err), &err);
    assert_int_equal(left.size, 0);
    assert_result(RESULT_INVALID, crl_read_next(&left, &crl, &err), &err);
}

// --- in pieces -------------------------------------------------------------------------------

// As long as the whole one, and the same but for the signature.
static void a_list_made_in_pieces_is_the_one_made_at_once(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf whole = {0}, pieces = {0}, signature = {0};
    struct crl at_once = {0}, crl = {0};
    struct error err = {0};
    for (size_t count = 0; count <= 3; count++) {
        const struct crl_plan plan = plan_with(three, count);
        build(&plan, &whole, &at_once);
        buf_init(&pieces, LIMIT_CRL_BYTES);
        buf_init(&signature, 1024);
        for (size_t i = 0; i < count; i++) {
            assert_ok(crl_write_entry(&pieces, &three[i], &err), &err);
        }
        struct bytes algorithm = key_signature_algorithm(root.key);
        assert_ok(crl_wrap_tbs(&plan, algorithm, &pieces, &err), &err);
        assert_bytes_equal(buf_bytes(&pieces), at_once.tbs);
        AUTO(long_message_free_at) struct long_message *message = NULL;
        assert_ok(long_message_new(algorithm, &message, &err), &err);
        for (size_t i = 0; i < pieces.size; i += 7) {
            assert_ok(long_message_add(message, bytes_slice(buf_bytes(&pieces), i, 7), &err),
                      &err);
        }
        assert_ok(long_message_sign(message, root.key, &signature, &err), &err);
        assert_ok(crl_wrap_list(&pieces, algorithm, buf_bytes(&signature), &err), &err);
        assert_ok(crl_read(buf_bytes(&pieces), &crl, &err), &err);
        assert_ok(crl_verify(&crl, &root.certificate, &err), &err);
        buf_clear(&whole);
        buf_clear(&pieces);
        buf_clear(&signature);
    }
}

static void an_index_finds_what_is_listed_in_any_order(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    AUTO(buf_clear) struct buf der = {0};
    AUTO(crl_index_clear) struct crl_index index = {0};
    struct crl crl = {0};
    struct error err = {0};
    bool is_whole = false;
    struct crl_entry *entries = calloc(COUNT, sizeof(*entries));
    assert_non_null(entries);
    for (size_t i = 0; i < COUNT; i++) {
        entries[i] = (struct crl_entry){.serial = {1 + (uint8_t)(i >> 8), (uint8_t)i},
                                        .serial_size = 2,
                                        .reason = i % 2 == 0 ? 0 : CRL_REASON_SUPERSEDED,
                                        .revoked_at = TODAY + (int64_t)i};
    }
    const struct crl_plan plan = plan_with(entries, COUNT);
    build(&plan, &der, &crl);
    assert_ok(crl_index_init(&index, &crl, &err), &err);
    size_t turns = 0;
    while (!is_whole) {
        assert_ok(crl_index_read(&index, 300, &is_whole, &err), &err);
        turns++;
    }
    assert_int_equal(turns, 4);
    assert_int_equal(index.count, COUNT);
    struct crl_entry found = {0};
    for (size_t i = 0; i < 2 * COUNT; i++) {
        size_t wanted = i < COUNT ? i : 2 * COUNT - 1 - i; // forwards, then backwards
        struct bytes serial = bytes_of(entries[wanted].serial, 2);
        assert_true(crl_index_find(&index, serial, &found));
        assert_int_equal(found.revoked_at, entries[wanted].revoked_at);
        assert_int_equal(found.reason, entries[wanted].reason);
    }
    crl_index_rewind(&index);
    struct bytes same = crl.entries;
    size_t taken = 0;
    while (crl_index_take_same(&index, &same)) {
        taken++;
    }
    assert_int_equal(taken, COUNT);
    assert_int_equal(same.size, 0);
    crl_index_rewind(&index);
    assert_true(crl_index_find(&index, bytes_of(entries[0].serial, 2), &found));
    same = crl.entries;
    assert_false(crl_index_take_same(&index, &same)); // the second is the next one
    assert_int_equal(same.size, crl.entries.size);
    crl_index_rewind(&index);
    assert_false(crl_index_find(&index, BYTES_LITERAL("\x04\xff"), &found)); // 1023
    assert_false(crl_index_find(&index, BYTES_LITERAL("\x01"), &found));
    assert_false(crl_index_find(&index, BYTES_LITERAL(""), &found));
    free(entries);
}

static void an_index_refuses_a_serial_that_comes_twice(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    AUTO(crl_index_clear) struct crl_index index = {0};
    struct crl crl = {0};
    struct error err = {0};
    bool is_whole = false;
    const struct crl_entry twice[] = {three[0], three[1], three[0]};
    const struct crl_plan plan = plan_with(twice, 3);
    build(&plan, &der, &crl);
    assert_ok(crl_index_init(&index, &crl, &err), &err);
    assert_ok(crl_index_read(&index, 2, &is_whole, &err), &err);
    assert_result(RESULT_CONFLICT, crl_index_read(&index, 1, &is_whole, &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_have_names),
        cmocka_unit_test(an_empty_list_has_no_entries_field),
        cmocka_unit_test(every_entry_is_read_back),
        cmocka_unit_test(an_unspecified_reason_is_not_encoded),
        cmocka_unit_test(ten_thousand_entries_take_39_bytes_each),
        cmocka_unit_test(impossible_plans_are_refused_and_append_nothing),
        cmocka_unit_test(a_list_with_any_byte_changed_does_not_verify),
        cmocka_unit_test(only_the_right_ca_may_sign),
        cmocka_unit_test(a_crl_of_openssl_is_read),
        cmocka_unit_test(parts_in_another_form_are_refused),
        cmocka_unit_test(concatenated_lists_are_walked),
        cmocka_unit_test(a_list_made_in_pieces_is_the_one_made_at_once),
        cmocka_unit_test(an_index_finds_what_is_listed_in_any_order),
        cmocka_unit_test(an_index_refuses_a_serial_that_comes_twice),
    };
    return cmocka_run_group_tests(tests, make_root, clear_root);
}
