// A store is opened, grouped and kept; issuers, requests, CRLs, admins and audit records.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"
#include "support/store_records.h"

#include "base/limits.h"

// --- opening ---------------------------------------------------------------------------------

static void a_store_is_created_only_when_asked(void **state) {
    (void)state;
    struct error err = {0};
    struct store *store = NULL;
    assert_result(RESULT_NOT_FOUND, store_open(in_folder("store"), false, &store, &err), &err);
    assert_string_equal(err.code, "store_missing");
    assert_null(store);
    assert_ok(store_open(in_folder("store"), true, &store, &err), &err);
    store_close_at(&store);
    assert_null(store);
    assert_ok(store_open(in_folder("store"), false, &store, &err), &err);
    assert_ok(store_check(store, &err), &err);
    store_close_at(&store);
}

static void records_survive_closing_and_a_backup(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    assert_ok(store_open(in_folder("kept"), true, &store, &err), &err);
    const struct admin_record admin = {.name = "jane", .role = "owner", .created = NOW};
    begin(store);
    assert_ok(store_add_admin(store, &admin, &err), &err);
    commit(store);
    assert_ok(store_backup(store, in_folder("copy"), &err), &err);
    assert_result(RESULT_CONFLICT, store_backup(store, in_folder("copy"), &err), &err);
    static const char *const files[] = {"kept", "copy"};
    for (size_t i = 0; i < 2; i++) {
        store_close_at(&store);
        assert_ok(store_open(in_folder(files[i]), false, &store, &err), &err);
        assert_ok(store_check(store, &err), &err);
        AUTO(admin_record_clear) struct admin_record found = {0};
        assert_ok(store_find_admin(store, "jane", &found, &err), &err);
    }
}

static void a_refused_request_leaves_nothing_in_its_group(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct name_record name = {"dns", "a.example"};
    struct certificate_record record = certificate_of("A");
    record.names = &name;
    record.name_count = 1;
    assert_ok(store_savepoint(store, &err), &err);
    add(store, &record);
    store_rollback_to_savepoint(store);
    assert_ok(store_savepoint(store, &err), &err);
    record = certificate_of("B");
    assert_int_equal(add(store, &record), 1);
    assert_ok(store_release(store, &err), &err);
    commit(store);
    assert_listed(store, &(struct certificate_filter){0}, "B ");
    assert_listed(store, &(struct certificate_filter){.name = {NULL, "a.example"}}, "");
    begin(store);
    record = certificate_of("C");
    add(store, &record);
    store_rollback(store);
    assert_listed(store, &(struct certificate_filter){0}, "B ");
}

// --- what the schema itself refuses ----------------------------------------------------------

static void make_history(const char *path) {
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    assert_ok(store_open(path, true, &store, &err), &err);
    begin(store);
    int64_t id = 0;
    struct issuer_record issuer = {.name = "issuing", .kind = ISSUER_ISSUING};
    issuer.certificate = BORROW("x");
    assert_ok(store_add_issuer(store, &issuer, &id, &err), &err);
    struct name_record name = {"dns", "a.example"};
    struct certificate_record record = certificate_of("A");
    record.issuer_id = id;
    record.names = &name;
    record.name_count = 1;
    assert_ok(store_revoke_certificate(store, add(store, &record), NOW, 1, 0, &err), &err);
    for (int64_t i = 1; i <= 3; i++) {
        const struct audit_record audit = {.sequence = i, .event = "x"};
        assert_ok(store_add_audit(store, &audit, &err), &err);
    }
    const struct admin_record admin = {.name = "jane", .role = "owner"};
    assert_ok(store_add_admin(store, &admin, &err), &err);
    commit(store);
}

static void history_can_be_neither_changed_nor_deleted(void **state) {
    (void)state;
    make_history(in_folder("history"));
    static const char *const refused[] = {
        "UPDATE revocation SET reason = 0",
        "DELETE FROM revocation",
        "UPDATE audit SET event = 'y' WHERE sequence = 1",
        "DELETE FROM audit WHERE sequence = 3",
        "UPDATE certificate SET not_after = 0",
        "DELETE FROM certificate",
        "UPDATE certificate_name SET value = 'b.example'",
        "DELETE FROM certificate_name",
        "DELETE FROM issuer",
        "DELETE FROM admin",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(run_sql(in_folder("history"), refused[i], NULL, 0), SQLITE_CONSTRAINT);
    }
    assert_int_equal(run_sql(in_folder("history"), "UPDATE admin SET removed_at = 1", NULL, 0),
                     SQLITE_OK);
}

static void an_audit_record_removed_by_force_is_noticed(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    make_history(in_folder("forced"));
    assert_ok(store_open(in_folder("forced"), false, &store, &err), &err);
    assert_ok(store_check(store, &err), &err);
    store_close_at(&store);
    assert_int_equal(run_sql(in_folder("forced"),
                             "DROP TRIGGER audit_refuses_delete;"
                             "DELETE FROM audit WHERE sequence = 2",
                             NULL, 0),
                     SQLITE_OK);
    assert_ok(store_open(in_folder("forced"), false, &store, &err), &err);
    assert_result(RESULT_INTERNAL, store_check(store, &err), &err);
    assert_string_equal(err.code, "store_damaged");
}

// --- issuers ---------------------------------------------------------------------------------

static enum result see_issuer(void *context, const struct issuer_record *record,
                              struct error *err) {
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%s ", record->name);
    return strcmp(record->name, "stop") == 0
               ? error_set(err, RESULT_LIMIT, "the visitor has seen enough")
               : RESULT_OK;
}

static void issuers_come_out_as_they_went_in(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    AUTO(issuer_record_clear) struct issuer_record root = {0};
    AUTO(issuer_record_clear) struct issuer_record issuing = {0};
    AUTO(issuer_record_clear) struct issuer_record none = {0};
    assert_ok(store_find_issuer(store, "root", &root, &err), &err);
    assert_int_equal(root.id, 1);
    assert_int_equal(root.kind, ISSUER_ROOT);
    assert_int_equal(root.parent_id, 0);
    assert_bytes_equal(buf_bytes(&root.certificate), BYTES_LITERAL("root der"));
    assert_string_equal(root.key_reference, "keys/root.key");
    assert_int_equal(root.created, NOW);
    assert_ok(store_find_issuer(store, "issuing", &issuing, &err), &err);
    assert_int_equal(issuing.parent_id, 1);
    assert_null(issuing.key_reference);
    assert_result(RESULT_NOT_FOUND, store_find_issuer(store, "Root", &none, &err), &err);
}

static void issuer_names_are_unique_and_a_visitor_can_stop(void **state) {
    (void)state;
    struct error err = {0};
    int64_t id = 0;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct issuer_record record = {.name = "root", .kind = ISSUER_ROOT};
    record.certificate = BORROW("x");
    assert_result(RESULT_CONFLICT, store_add_issuer(store, &record, &id, &err), &err);
    struct seen all = {0};
    assert_ok(store_each_issuer(store, see_issuer, &all, &err), &err);
    assert_string_equal(all.text, "root issuing ");
    record.name = "stop";
    assert_ok(store_add_issuer(store, &record, &id, &err), &err);
    record.name = "after";
    assert_ok(store_add_issuer(store, &record, &id, &err), &err);
    struct seen some = {0};
    assert_result(RESULT_LIMIT, store_each_issuer(store, see_issuer, &some, &err), &err);
    assert_string_equal(some.text, "root issuing stop ");
}

// --- requests --------------------------------------------------------------------------------

static void a_request_comes_out_as_it_went_in_and_is_decided_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct name_record name = {.type = "cn", .value = "phone-7"};
    struct request_record record = {
        .id = BORROW("id"),
        .csr = BORROW("csr"),
        .csr_hash = BORROW("csr hash"),
        .key_hash = BORROW("key hash"),
        .claim_hash = BORROW("claim hash"),
        .code = "K4TZ-9QWM",
        .profile = "client",
        .profile_hash = BORROW("profile hash"),
        .token_id = BORROW("token id"),
        .names = &name,
        .name_count = 1,
        .is_granted = true,
        .lifetime = 3600,
        .requested_by = "token:01",
        .responsible = "admin:jane",
        .address = "192.0.2.1",
        .approvals = 2,
        .created = NOW,
        .expires = NOW + 100,
    };
    assert_ok(store_add_request(store, &record, &err), &err);
    assert_result(RESULT_CONFLICT, store_add_request(store, &record, &err), &err);
    AUTO(request_record_clear) struct request_record pending = {0};
    assert_ok(store_find_request(store, BYTES_LITERAL("id"), &pending, &err), &err);
    assert_bytes_equal(buf_bytes(&pending.id), BYTES_LITERAL("id"));
    assert_bytes_equal(buf_bytes(&pending.csr), BYTES_LITERAL("csr"));
    assert_bytes_equal(buf_bytes(&pending.csr_hash), BYTES_LITERAL("csr hash"));
    assert_bytes_equal(buf_bytes(&pending.profile_hash), BYTES_LITERAL("profile hash"));
    assert_bytes_equal(buf_bytes(&pending.key_hash), BYTES_LITERAL("key hash"));
    assert_bytes_equal(buf_bytes(&pending.claim_hash), BYTES_LITERAL("claim hash"));
    assert_bytes_equal(buf_bytes(&pending.token_id), BYTES_LITERAL("token id"));
    assert_int_equal(pending.name_count, 1);
    assert_string_equal(pending.names[0].value, "phone-7");
    assert_true(pending.is_granted);
    assert_int_equal(pending.lifetime, 3600);
    assert_int_equal(pending.approvals, 2);
    assert_string_equal(pending.code, "K4TZ-9QWM");
    assert_string_equal(pending.requested_by, "token:01");
    assert_string_equal(pending.responsible, "admin:jane");
    assert_string_equal(pending.profile, "client");
    assert_string_equal(pending.address, "192.0.2.1");
    assert_int_equal(pending.state, REQUEST_PENDING);
    assert_int_equal(pending.created, NOW);
    assert_int_equal(pending.expires, NOW + 100);
    assert_int_equal(pending.decided_at, 0);
    assert_null(pending.decided_by);
    assert_null(pending.reason);
    assert_int_equal(pending.certificate_id, 0);

    struct certificate_record certificate = certificate_of("A");
    int64_t id = add(store, &certificate);
    struct bytes request_id = BYTES_LITERAL("id");
    assert_ok(store_decide_request(store, request_id, REQUEST_APPROVED, NOW + 1, "admin:jane",
                                   "seen", id, &err),
              &err);
    assert_result(RESULT_CONFLICT,
                  store_decide_request(store, request_id, REQUEST_DENIED, NOW + 2, "admin:john",
                                       NULL, 0, &err),
                  &err);
    assert_string_equal(err.code, "already_decided");
    assert_result(RESULT_NOT_FOUND,
                  store_decide_request(store, BYTES_LITERAL("no"), REQUEST_DENIED, NOW, "x",
                                       NULL, 0, &err),
                  &err);
    AUTO(request_record_clear) struct request_record decided = {0};
    assert_ok(store_find_request(store, request_id, &decided, &err), &err);
    assert_int_equal(decided.state, REQUEST_APPROVED);
    assert_int_equal(decided.decided_at, NOW + 1);
    assert_string_equal(decided.decided_by, "admin:jane");
    assert_string_equal(decided.reason, "seen");
    assert_int_equal(decided.certificate_id, id);
    AUTO(request_record_clear) struct request_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_find_request(store, BYTES_LITERAL("no"), &none, &err),
                  &err);
}

// --- CRLs ------------------------------------------------------------------------------------

static enum result add_crl(struct store *store, int64_t issuer_id, int64_t number,
                           int64_t this_update, struct error *err) {
    const struct crl_record record = {.issuer_id = issuer_id,
                                      .number = number,
                                      .this_update = this_update,
                                      .next_update = this_update + 100,
                                      .entry_count = 5,
                                      .der = BORROW("crl der")};
    return store_add_crl(store, &record, err);
}

static void crl_numbers_and_times_only_grow(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    clock_use_manual(NOW + 10);
    AUTO(crl_record_clear) struct crl_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_last_crl(store, 2, &none, &err), &err);
    assert_ok(add_crl(store, 2, 10, NOW, &err), &err);
    static const struct {
        int64_t issuer_id;
        int64_t number;
        int64_t this_update;
        enum result result;
    } cases[] = {
        {2, 10, NOW + 1, RESULT_CONFLICT}, {2, 9, NOW + 1, RESULT_CONFLICT},
        {2, 11, NOW, RESULT_CONFLICT},     {2, 11, NOW - 1, RESULT_CONFLICT},
        {2, 11, NOW + 1, RESULT_OK},       {1, 3, NOW - 50, RESULT_OK}, // one of its own
        {2, 500, NOW + 2, RESULT_OK},      {2, 499, NOW + 3, RESULT_CONFLICT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_result(
            cases[i].result,
            add_crl(store, cases[i].issuer_id, cases[i].number, cases[i].this_update, &err),
            &err);
    }
    AUTO(crl_record_clear) struct crl_record last = {0};
    assert_ok(store_last_crl(store, 2, &last, &err), &err);
    assert_int_equal(last.issuer_id, 2);
    assert_int_equal(last.number, 500);
    assert_int_equal(last.this_update, NOW + 2);
    assert_int_equal(last.next_update, NOW + 102);
    assert_int_equal(last.entry_count, 5);
    assert_bytes_equal(buf_bytes(&last.der), BYTES_LITERAL("crl der"));
    // The clock ran ahead when that one was made: only the number counts.
    clock_use_manual(NOW - 100);
    assert_result(RESULT_CONFLICT, add_crl(store, 2, 500, NOW - 160, &err), &err);
    assert_ok(add_crl(store, 2, 501, NOW - 160, &err), &err);
    assert_result(RESULT_CONFLICT, add_crl(store, 2, 502, NOW - 160, &err), &err);
}

static void only_the_last_two_crls_keep_their_bytes(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    make_history(in_folder("crls"));
    assert_ok(store_open(in_folder("crls"), false, &store, &err), &err);
    begin(store);
    for (int64_t number = 1; number <= 5; number++) {
        assert_ok(add_crl(store, 1, number, NOW + number, &err), &err);
    }
    commit(store);
    char text[200] = "";
    assert_int_equal(
        run_sql(in_folder("crls"),
                "SELECT number || ' ' || (der IS NOT NULL) FROM crl ORDER BY number", text,
                sizeof(text)),
        SQLITE_OK);
    assert_string_equal(text, "1 0\n2 0\n3 0\n4 1\n5 1\n");
}

static void kept_crls_are_read_in_pieces(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    clock_use_manual(NOW + 10);
    struct crl_piece piece = {0};
    assert_result(RESULT_NOT_FOUND, store_read_crl(store, 2, 0, 0, 4, &piece, &err), &err);
    assert_string_equal(err.code, "crl_unknown");
    for (int64_t number = 1; number <= 3; number++) {
        assert_ok(add_crl(store, 2, number, NOW + number, &err), &err);
    }
    static const struct {
        int64_t number, offset, previous;
        const char *bytes;
    } cases[] = {
        {0, 0, 2, "crl "}, {3, 4, 2, "der"}, {2, 1, 0, "rl d"}, {3, 7, 2, ""}, {3, 800, 2, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_ok(store_read_crl(store, 2, cases[i].number, cases[i].offset, 4, &piece, &err),
                  &err);
        assert_int_equal(piece.number, cases[i].number == 0 ? 3 : cases[i].number);
        assert_int_equal(piece.size, 7);
        assert_int_equal(piece.previous, cases[i].previous);
        assert_bytes_equal(buf_bytes(&piece.der), bytes_of_string(cases[i].bytes));
        crl_piece_clear(&piece);
    }
    static const int64_t lost[] = {1, 4}; // dropped, and not made yet
    for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
        assert_result(RESULT_NOT_FOUND, store_read_crl(store, 2, lost[i], 0, 4, &piece, &err),
                      &err);
        assert_string_equal(err.code, "crl_unknown");
    }
}

// --- large CRLs ------------------------------------------------------------------------------

#define LARGE_SIZE ((size_t)2 * LIMIT_CRL_STORED_PART_BYTES + 1000)

static struct crl_record large_crl(int64_t number, size_t size) {
    struct crl_record record = {.issuer_id = 2,
                                .number = number,
                                .this_update = NOW + number,
                                .next_update = NOW + 100};
    uint8_t *room = NULL;
    buf_init(&record.der, LIMIT_CRL_BYTES);
    assert_int_equal(buf_reserve(&record.der, size, &room), RESULT_OK);
    for (size_t i = 0; i < size; i++) {
        room[i] = (uint8_t)(i * 31 + i / 251 + (size_t)number);
    }
    buf_commit(&record.der, size);
    return record;
}

static void assert_last_crl(struct store *store, const struct crl_record *expected) {
    AUTO(crl_record_clear) struct crl_record last = {0};
    struct error err = {0};
    int64_t number = 0;
    assert_ok(store_last_crl(store, 2, &last, &err), &err);
    assert_ok(store_last_crl_number(store, 2, &number, &err), &err);
    assert_int_equal(number, expected->number);
    assert_int_equal(last.number, expected->number);
    assert_true(bytes_equal(buf_bytes(&last.der), buf_bytes(&expected->der)));
}

static void a_large_crl_is_kept_in_parts_and_read_as_one(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    clock_use_manual(NOW + 10);
    static const size_t sizes[] = {LIMIT_CRL_STORED_PART_BYTES - 1, LIMIT_CRL_STORED_PART_BYTES,
                                   LIMIT_CRL_STORED_PART_BYTES + 1, LARGE_SIZE};
    static const size_t parts[] = {0, 0, 1, 2};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        AUTO(crl_record_clear) struct crl_record crl = large_crl(1 + (int64_t)i, sizes[i]);
        assert_int_equal(store_crl_parts(&crl), parts[i]);
        assert_ok(store_add_crl(store, &crl, &err), &err);
        assert_last_crl(store, &crl);
    }
    AUTO(crl_record_clear) struct crl_record crl = large_crl(4, LARGE_SIZE);
    const size_t limit = LIMIT_CRL_STORED_PART_BYTES + 77;
    for (size_t offset = 0; offset < LARGE_SIZE + 99; offset += 99991) {
        struct crl_piece piece = {0};
        assert_ok(store_read_crl(store, 2, 4, (int64_t)offset, (int64_t)limit, &piece, &err),
                  &err);
        assert_int_equal(piece.size, LARGE_SIZE);
        assert_int_equal(piece.previous, 3);
        assert_true(bytes_equal(buf_bytes(&piece.der),
                                bytes_slice(buf_bytes(&crl.der), offset, limit)));
        crl_piece_clear(&piece);
    }
}

static void a_crl_is_finished_when_all_its_parts_are_there(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    clock_use_manual(NOW + 10);
    AUTO(crl_record_clear) struct crl_record small = large_crl(1, 100);
    AUTO(crl_record_clear) struct crl_record crl = large_crl(2, LARGE_SIZE);
    AUTO(crl_record_clear) struct crl_record other = large_crl(2, LARGE_SIZE - 5);
    assert_ok(store_add_crl(store, &small, &err), &err);
    assert_ok(store_put_crl_part(store, &other, 1, &err), &err); // a crash ends that attempt
    assert_ok(store_put_crl_part(store, &other, 2, &err), &err);
    assert_result(RESULT_INTERNAL, store_finish_crl(store, &crl, &err), &err);
    assert_last_crl(store, &small);
    assert_ok(store_put_crl_part(store, &crl, 1, &err), &err);
    assert_result(RESULT_INTERNAL, store_finish_crl(store, &crl, &err), &err);
    assert_ok(store_put_crl_part(store, &crl, 2, &err), &err);
    assert_ok(store_finish_crl(store, &crl, &err), &err);
    assert_last_crl(store, &crl);
}

static void parts_that_are_of_no_use_any_more_are_let_go(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    clock_use_manual(NOW + 10);
    size_t dropped = 0;
    for (int64_t number = 1; number <= 3; number++) {
        AUTO(crl_record_clear) struct crl_record crl = large_crl(number, LARGE_SIZE);
        assert_ok(store_add_crl(store, &crl, &err), &err);
    }
    AUTO(crl_record_clear) struct crl_record last = large_crl(3, LARGE_SIZE);
    AUTO(crl_record_clear) struct crl_record unfinished = large_crl(9, LARGE_SIZE);
    assert_ok(store_put_crl_part(store, &unfinished, 1, &err), &err);
    assert_ok(store_drop_crl_parts(store, 2, &dropped, &err), &err); // of 1, and of 9
    assert_int_equal(dropped, 2);
    assert_ok(store_drop_crl_parts(store, 2, &dropped, &err), &err);
    assert_int_equal(dropped, 1);
    assert_ok(store_drop_crl_parts(store, 2, &dropped, &err), &err);
    assert_int_equal(dropped, 0);
    assert_last_crl(store, &last);
    struct crl_piece piece = {0};
    assert_ok(store_read_crl(store, 2, 2, 0, LIMIT_CRL_BYTES, &piece, &err), &err);
    assert_int_equal(piece.der.size, LARGE_SIZE);
    crl_piece_clear(&piece);
}

static size_t walk(struct store *store, size_t in_turns_of) {
    AUTO(revocation_walk_free_at) struct revocation_walk *walk = NULL;
    struct revocation_record record = {0};
    struct error err = {0};
    bool is_ready = false;
    size_t seen = 0;
    assert_ok(revocation_walk_new(store, 1, 0, &walk, &err), &err);
    while (!is_ready) {
        assert_ok(revocation_walk_prepare(walk, in_turns_of, &is_ready, &err), &err);
    }
    while (revocation_walk_next(walk, &record, &err) == RESULT_OK) {
        seen++;
    }
    assert_int_equal(err.result, RESULT_OK);
    return seen;
}

// What is revoked, held and released while a reader walks, is for the next one.
static void a_reader_sees_the_revocations_of_one_moment(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    AUTO(store_close_at) struct store *reader = NULL;
    make_history(in_folder("reader"));
    assert_ok(store_open(in_folder("reader"), false, &store, &err), &err);
    begin(store);
    struct certificate_record record = certificate_of("B");
    record.issuer_id = 1;
    int64_t held = add(store, &record);
    record = certificate_of("C");
    record.issuer_id = 1;
    int64_t other = add(store, &record);
    assert_ok(store_hold_certificate(store, held, NOW, &err), &err);
    commit(store);
    assert_ok(store_open_reader(store, &reader, &err), &err);
    assert_ok(store_begin_reading(reader, &err), &err);
    begin(store);
    assert_ok(store_revoke_certificate(store, other, NOW, 1, 0, &err), &err);
    assert_ok(store_release_certificate(store, held, NOW + 1, &err), &err);
    commit(store);
    assert_int_equal(walk(reader, 1), 2); // A, and B on hold
    assert_int_equal(walk(store, 1), 2);  // A and C
    store_end_reading(reader);
    assert_int_equal(walk(reader, 100), 2);
    begin(store);
    record = certificate_of("D");
    record.issuer_id = 1;
    assert_ok(store_revoke_certificate(store, add(store, &record), NOW, 1, 0, &err), &err);
    commit(store);
    assert_ok(store_begin_reading(reader, &err), &err);
    assert_int_equal(walk(reader, 100), 3);
    store_end_reading(reader);
}

static void a_reader_writes_nothing(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    AUTO(store_close_at) struct store *reader = NULL;
    AUTO(store_close_at) struct store *in_memory = open_with_issuers();
    make_history(in_folder("reads"));
    assert_ok(store_open(in_folder("reads"), false, &store, &err), &err);
    assert_ok(store_open_reader(store, &reader, &err), &err);
    assert_result(RESULT_DENIED, store_begin(reader, &err), &err);
    commit(in_memory);
    struct store *none = NULL;
    assert_result(RESULT_INVALID, store_open_reader(in_memory, &none, &err), &err);
}

// --- admins ----------------------------------------------------------------------------------

static void an_admin_is_added_and_removed_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    const struct admin_record record = {.name = "jane", .role = "owner", .created = NOW};
    assert_ok(store_add_admin(store, &record, &err), &err);
    assert_result(RESULT_CONFLICT, store_add_admin(store, &record, &err), &err);
    AUTO(admin_record_clear) struct admin_record active = {0};
    assert_ok(store_find_admin(store, "jane", &active, &err), &err);
    assert_string_equal(active.name, "jane");
    assert_string_equal(active.role, "owner");
    assert_int_equal(active.created, NOW);
    assert_int_equal(active.removed_at, 0);
    assert_ok(store_remove_admin(store, "jane", NOW + 1, &err), &err);
    assert_result(RESULT_CONFLICT, store_remove_admin(store, "jane", NOW + 2, &err), &err);
    assert_result(RESULT_NOT_FOUND, store_remove_admin(store, "john", NOW, &err), &err);
    AUTO(admin_record_clear) struct admin_record removed = {0};
    assert_ok(store_find_admin(store, "jane", &removed, &err), &err);
    assert_int_equal(removed.removed_at, NOW + 1);
    // A namesake would inherit the old certificate's power.
    assert_result(RESULT_CONFLICT, store_add_admin(store, &record, &err), &err);
    assert_string_equal(err.code, "admin_exists");
    AUTO(admin_record_clear) struct admin_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_find_admin(store, "Jane", &none, &err), &err);
}

// --- audit -----------------------------------------------------------------------------------

static enum result see_audit(void *context, const struct audit_record *record,
                             struct error *err) {
    (void)err;
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%lld ",
             (long long)record->sequence);
    return RESULT_OK;
}

static void audit_records_follow_one_another_without_gaps(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    AUTO(audit_record_clear) struct audit_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_last_audit(store, &none, &err), &err);
    struct audit_record record = {.time = NOW,
                                  .actor = "admin:jane",
                                  .event = "certificate issued",
                                  .subject = "7f00",
                                  .detail = ""};
    memset(record.previous_hash, 0x11, sizeof(record.previous_hash));
    memset(record.hash, 0x22, sizeof(record.hash));
    static const struct {
        int64_t sequence;
        enum result result;
    } cases[] = {
        {0, RESULT_CONFLICT}, {2, RESULT_CONFLICT}, {1, RESULT_OK}, {1, RESULT_CONFLICT},
        {3, RESULT_CONFLICT}, {2, RESULT_OK},       {3, RESULT_OK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        record.sequence = cases[i].sequence;
        assert_result(cases[i].result, store_add_audit(store, &record, &err), &err);
    }
    AUTO(audit_record_clear) struct audit_record last = {0};
    assert_ok(store_last_audit(store, &last, &err), &err);
    assert_int_equal(last.sequence, 3);
    assert_int_equal(last.time, NOW);
    assert_string_equal(last.actor, "admin:jane");
    assert_string_equal(last.event, "certificate issued");
    assert_string_equal(last.subject, "7f00");
    assert_string_equal(last.detail, ""); // which is not the same as none
    assert_memory_equal(last.previous_hash, record.previous_hash, 32);
    assert_memory_equal(last.hash, record.hash, 32);
    struct seen all = {0};
    struct seen some = {0};
    assert_ok(store_each_audit(store, 1, see_audit, &all, &err), &err);
    assert_string_equal(all.text, "1 2 3 ");
    assert_ok(store_each_audit(store, 3, see_audit, &some, &err), &err);
    assert_string_equal(some.text, "3 ");
    record.sequence = 4;
    record.detail = NULL;
    assert_ok(store_add_audit(store, &record, &err), &err);
    AUTO(audit_record_clear) struct audit_record without = {0};
    assert_ok(store_last_audit(store, &without, &err), &err);
    assert_null(without.detail);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_is_created_only_when_asked),
        cmocka_unit_test(records_survive_closing_and_a_backup),
        cmocka_unit_test(a_refused_request_leaves_nothing_in_its_group),
        cmocka_unit_test(history_can_be_neither_changed_nor_deleted),
        cmocka_unit_test(an_audit_record_removed_by_force_is_noticed),
        cmocka_unit_test(issuers_come_out_as_they_went_in),
        cmocka_unit_test(issuer_names_are_unique_and_a_visitor_can_stop),
        cmocka_unit_test(a_request_comes_out_as_it_went_in_and_is_decided_once),
        cmocka_unit_test(crl_numbers_and_times_only_grow),
        cmocka_unit_test(only_the_last_two_crls_keep_their_bytes),
        cmocka_unit_test(kept_crls_are_read_in_pieces),
        cmocka_unit_test(a_large_crl_is_kept_in_parts_and_read_as_one),
        cmocka_unit_test(a_crl_is_finished_when_all_its_parts_are_there),
        cmocka_unit_test(parts_that_are_of_no_use_any_more_are_let_go),
        cmocka_unit_test(a_reader_sees_the_revocations_of_one_moment),
        cmocka_unit_test(a_reader_writes_nothing),
        cmocka_unit_test(an_admin_is_added_and_removed_once),
        cmocka_unit_test(audit_records_follow_one_another_without_gaps),
    };
    return cmocka_run_group_tests_name("store", tests, make_folder, remove_folder);
}
