// What an enrollment remembers, and how long it pauses.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/client_fixture.h"

#include <sys/stat.h>

#include "base/file.h"
#include "client/device/asking.h"
#include "client/device/ticket.h"

static void fill(struct ticket *ticket, const char *profile) {
    *ticket = (struct ticket){0};
    assert_int_equal(text_set(&ticket->url, "https://localhost:8443"), RESULT_OK);
    assert_int_equal(text_set(&ticket->fingerprint, "00"), RESULT_OK);
    assert_int_equal(text_set(&ticket->profile, profile), RESULT_OK);
    assert_int_equal(text_set(&ticket->key, "p256"), RESULT_OK);
    assert_int_equal(text_list_add(&ticket->names, "cn:a"), RESULT_OK);
}

// Its folder below the test's, made.
static const char *folder_of(const struct ticket *ticket) {
    static struct buf path;
    struct error err = {0};
    buf_clear(&path);
    buf_init(&path, LIMIT_PATH_BYTES);
    assert_ok(ticket_path(ticket, test_folder, &path, &err), &err);
    assert_ok(folder_make_all(buf_string(&path), 0755, &err), &err);
    return buf_string(&path);
}

static struct key *make_key(void) {
    struct error err = {0};
    struct key *key = NULL;
    assert_ok(key_generate(KEY_P256, &key, &err), &err);
    return key;
}

static void the_same_question_has_the_same_claim_and_code(void **state) {
    (void)state;
    struct error err = {0};
    struct stat status;
    char file[512];
    AUTO(key_free_at) struct key *key = make_key();
    AUTO(key_free_at) struct key *other_key = make_key();
    AUTO(ticket_clear) struct ticket first, again, other;
    fill(&first, "phone");
    fill(&again, "phone");
    fill(&other, "phone");
    const char *path = folder_of(&first);
    assert_ok(ticket_open(&first, path, key_public(key), &err), &err);
    assert_true(strlen(first.claim) >= LIMIT_CLAIM_LEAST_BYTES);
    (void)snprintf(file, sizeof(file), "%s/ticket.json", path);
    assert_int_equal(stat(file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct held held = {.id = (char[]){"0a"}, .profile = (char[]){"phone"}, .expires = NOW};
    held.code = first.code;
    assert_ok(ticket_note_held(&first, path, &held, &err), &err);
    assert_ok(ticket_open(&again, path, key_public(key), &err), &err);
    assert_string_equal(again.claim, first.claim);
    assert_string_equal(again.code, first.code);
    assert_string_equal(again.id, "0a");
    assert_int_equal(again.expires, NOW);
    // A key that had to be made anew is another request.
    assert_ok(ticket_open(&other, path, key_public(other_key), &err), &err);
    assert_string_not_equal(other.claim, first.claim);
    assert_string_not_equal(other.code, first.code);
    assert_null(other.id);
}

static void another_question_is_kept_apart(void **state) {
    (void)state;
    AUTO(ticket_clear) struct ticket one, other;
    fill(&one, "phone");
    fill(&other, "mqtt");
    AUTO(string_free_at) char *path = string_copy(folder_of(&one));
    assert_string_not_equal(path, folder_of(&other));
    assert_int_equal(text_set(&other.profile, "phone"), RESULT_OK);
    assert_string_equal(path, folder_of(&other));
    assert_int_equal(text_set(&other.serial_number, "SN-7"), RESULT_OK);
    assert_string_not_equal(path, folder_of(&other));
    string_free_at(&other.serial_number);
    assert_string_equal(path, folder_of(&other));
    assert_int_equal(text_list_add(&other.names, "dns:a.example"), RESULT_OK);
    assert_string_not_equal(path, folder_of(&other));
}

static void another_code_than_ours_is_not_trusted(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(key_free_at) struct key *key = make_key();
    AUTO(ticket_clear) struct ticket ticket, kept = {0};
    fill(&ticket, "phone");
    const char *path = folder_of(&ticket);
    assert_ok(ticket_open(&ticket, path, key_public(key), &err), &err);
    const struct held held = {.id = (char[]){"0a"},
                              .profile = (char[]){"phone"},
                              .code = (char[]){"0000-0000"},
                              .expires = NOW};
    assert_result(RESULT_DENIED, ticket_note_held(&ticket, path, &held, &err), &err);
    assert_string_equal(err.code, "untrusted");
    assert_ok(ticket_read(path, &kept, &err), &err);
    assert_null(kept.id);
}

static void damaged_tickets_are_left_out_of_the_list(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(key_free_at) struct key *key = make_key();
    AUTO(ticket_clear) struct ticket good, bad;
    AUTO(ticket_list_clear) struct ticket_list list = {0};
    char file[512];
    assert_ok(ticket_list_read(in_test_folder("none"), &list, &err), &err);
    assert_int_equal(list.count, 0);
    fill(&good, "phone");
    fill(&bad, "mqtt");
    assert_ok(ticket_open(&good, folder_of(&good), key_public(key), &err), &err);
    (void)snprintf(file, sizeof(file), "%s/ticket.json", folder_of(&bad));
    assert_ok(file_replace(file, BYTES_LITERAL("{\"url\":"), 0600, &err), &err);
    assert_ok(ticket_list_read(test_folder, &list, &err), &err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0].code, good.code);
}

static void pauses_grow_to_a_minute_and_heed_the_server(void **state) {
    (void)state;
    for (unsigned failures = 1; failures < 100; failures++) {
        const int64_t pause = asking_pause(failures, 0);
        const int64_t longest = failures > 6 ? 60 : 1 << (failures - 1);
        assert_true(pause <= longest && 2 * pause >= longest);
    }
    assert_int_equal(asking_pause(1, 120), 120);
    assert_true(asking_pause(10, 1) >= 30);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_test_folder, remove_test_folder)
    const struct CMUnitTest tests[] = {
        TEST(the_same_question_has_the_same_claim_and_code),
        TEST(another_question_is_kept_apart),
        TEST(another_code_than_ours_is_not_trusted),
        TEST(damaged_tickets_are_left_out_of_the_list),
        TEST(pauses_grow_to_a_minute_and_heed_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
