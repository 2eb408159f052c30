// Answers of an authority: only the right certificate, for our key, under our root, is taken.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/issued.h"
#include "client/terminal/outcome.h"
#include "support/client_fixture.h"
#include "x509/hash.h"

// A CA, a device with its certificate, the answer, and what the device expects.
struct scene {
    struct test_ca ca;
    struct test_identity leaf;
    struct issued issued;
    struct names names;
    struct issued_expectation expectation;
};

static void scene_init(struct scene *scene) {
    struct error err = {0};
    *scene = (struct scene){0};
    make_test_ca(&scene->ca);
    make_identity(&scene->leaf, (struct test_names){{"cn:jjolie", "dns:a.example"}},
                  &scene->ca.issuing, false, NOW - 60, NOW + 90 * DAY);
    make_issued(&scene->ca, &scene->leaf, &scene->issued);
    assert_ok(names_add_text(&scene->names, "cn:jjolie", &err), &err);
    scene->expectation = (struct issued_expectation){
        .public_key = key_public(scene->leaf.key),
        .root = buf_bytes(&scene->ca.root.certificate),
        .names = &scene->names,
        .now = NOW,
    };
}

static void scene_clear(struct scene *scene) {
    names_clear(&scene->names);
    message_clear(&issued_type, &scene->issued);
    test_identity_clear(&scene->leaf);
    test_ca_clear(&scene->ca);
}

static void require_untrusted(const struct scene *scene, const char *word) {
    struct error err = {0};
    assert_result(RESULT_DENIED, issued_check(&scene->issued, &scene->expectation, &err), &err);
    assert_string_equal(err.code, "untrusted");
    assert_int_equal(outcome_of(RESULT_DENIED, &err), OUTCOME_MISCONFIGURED);
    if (strstr(err.message, word) == NULL) {
        print_error("'%s' lacks '%s'\n", err.message, word);
        fail();
    }
}

static void a_right_answer_is_taken(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    assert_ok(issued_check(&scene.issued, &scene.expectation, &err), &err);
}

static void a_certificate_for_another_key_is_refused(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    scene.expectation.public_key = key_public(scene.ca.stranger.key);
    require_untrusted(&scene, "another key");
}

static void a_chain_to_another_root_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    scene.expectation.root = buf_bytes(&scene.ca.stranger.certificate);
    require_untrusted(&scene, "another root");
    assert_ok(blob_set(&scene.issued.root, buf_bytes(&scene.ca.stranger.certificate)), &err);
    require_untrusted(&scene, "refused");
}

static void a_missing_or_foreign_issuing_certificate_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    assert_ok(blob_set(&scene.issued.chain, buf_bytes(&scene.ca.stranger.certificate)), &err);
    require_untrusted(&scene, "refused");
}

static void a_certificate_out_of_its_time_is_refused(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    scene.expectation.now = NOW - DAY / 2;
    require_untrusted(&scene, "refused");
    scene.expectation.now = NOW + 90 * DAY + 1;
    require_untrusted(&scene, "refused");
}

static void other_names_than_told_or_asked_are_refused(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    assert_ok(names_add_text(&scene.names, "dns:b.example", &err), &err);
    require_untrusted(&scene, "dns:b.example");
    assert_ok(text_list_add(&scene.issued.names, "dns:b.example"), &err);
    require_untrusted(&scene, "other names");
}

static void other_serials_and_dates_than_told_are_refused(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    scene.issued.not_after++;
    require_untrusted(&scene, "other dates");
    scene.issued.not_after--;
    scene.issued.renew_after = scene.issued.not_after + 1;
    require_untrusted(&scene, "renewal");
    scene.issued.renew_after = scene.issued.not_after;
    assert_ok(text_set(&scene.issued.serial, "00ff"), &err);
    require_untrusted(&scene, "another serial");
}

static void a_ca_certificate_is_refused(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    buf_clear(&scene.leaf.certificate);
    make_identity(&scene.leaf, (struct test_names){{"cn:jjolie"}}, &scene.ca.issuing, true,
                  NOW - 60, NOW + DAY);
    message_clear(&issued_type, &scene.issued);
    make_issued(&scene.ca, &scene.leaf, &scene.issued);
    require_untrusted(&scene, "CA");
}

static void bytes_that_are_no_certificate_are_refused(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    scene.issued.certificate.size--;
    require_untrusted(&scene, "refused");
}

static void the_root_of_the_fingerprint_is_found_and_another_is_not(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_ok(buf_append(&chain, buf_bytes(&scene.ca.issuing.certificate)), &err);
    assert_ok(buf_append(&chain, buf_bytes(&scene.ca.root.certificate)), &err);
    uint8_t digest[SHA256_SIZE];
    struct bytes fingerprint = bytes_of(digest, sizeof(digest));
    struct bytes root = {0};
    assert_ok(hash_sha256(buf_bytes(&scene.ca.root.certificate), digest), &err);
    assert_ok(issued_find_root(buf_bytes(&chain), fingerprint, &root, &err), &err);
    assert_bytes_equal(root, buf_bytes(&scene.ca.root.certificate));
    digest[31] ^= 1;
    assert_result(RESULT_DENIED, issued_find_root(buf_bytes(&chain), fingerprint, &root, &err),
                  &err);
    assert_string_equal(err.code, "untrusted");
    assert_non_null(strstr(err.message, "fingerprint"));
    AUTO(buf_clear) struct buf expected = {0};
    buf_init(&expected, 100);
    assert_ok(text_hex_encode(fingerprint, &expected), &err);
    assert_non_null(strstr(err.message, buf_string(&expected)));
    assert_result(RESULT_DENIED, issued_find_root((struct bytes){0}, fingerprint, &root, &err),
                  &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_answer_is_taken),
        cmocka_unit_test(a_certificate_for_another_key_is_refused),
        cmocka_unit_test(a_chain_to_another_root_is_refused),
        cmocka_unit_test(a_missing_or_foreign_issuing_certificate_is_refused),
        cmocka_unit_test(a_certificate_out_of_its_time_is_refused),
        cmocka_unit_test(other_names_than_told_or_asked_are_refused),
        cmocka_unit_test(other_serials_and_dates_than_told_are_refused),
        cmocka_unit_test(a_ca_certificate_is_refused),
        cmocka_unit_test(bytes_that_are_no_certificate_are_refused),
        cmocka_unit_test(the_root_of_the_fingerprint_is_found_and_another_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
