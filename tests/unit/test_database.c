// The SQLite backend: transactions end whole, errors name the cure, plans use indexes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/database.h"
#include "store/migrations.h"
#include "support/store_fixture.h"

// --- helpers ---------------------------------------------------------------------------------

static void close_at(struct database **database) {
    database_close(*database);
}

static struct database *open_new(const char *path) {
    struct error err = {0};
    struct database *database = NULL;
    assert_ok(database_open(path, true, &database, &err), &err);
    assert_ok(migrations_apply(database, &err), &err);
    return database;
}

// An admin is the smallest record that names its text.
static enum result add_admin(struct database *database, const char *name, struct error *err) {
    const struct value parameters[] = {value_text(name), value_text("owner"), value_integer(1),
                                       value_null(),     value_null(),        value_null()};
    return statement_run(database, STATEMENT_ADMIN_ADD, parameters, 6, NULL, err);
}

static enum result find_admin(struct database *database, const char *name, struct error *err) {
    AUTO(query_end) struct query query = {0};
    const struct value parameters[] = {value_text(name)};
    TRY(query_start(database, STATEMENT_ADMIN_FIND, parameters, 1, &query, err));
    return query_next(&query, err);
}

static void add_committed(struct database *database, const char *name) {
    struct error err = {0};
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_admin(database, name, &err), &err);
    assert_ok(database_commit(database, &err), &err);
}

// A record of about a hundred kilobytes.
static enum result add_large(struct database *database, int64_t number, struct error *err) {
    static uint8_t content[100000];
    const struct value parameters[] = {
        value_integer(1),      value_integer(number),
        value_integer(number), value_integer(number),
        value_integer(0),      value_bytes(bytes_of(content, sizeof(content)))};
    return statement_run(database, STATEMENT_CRL_ADD, parameters, 6, NULL, err);
}

static void add_issuer(struct database *database) {
    struct error err = {0};
    int64_t id = 0;
    const struct value parameters[] = {
        value_text("root"),     value_integer(1),
        value_null(),           value_bytes(BYTES_LITERAL("der")),
        value_text("root.key"), value_integer(1)};
    assert_ok(database_begin(database, &err), &err);
    assert_ok(statement_insert(database, STATEMENT_ISSUER_ADD, parameters, 6, &id, &err), &err);
    assert_ok(database_commit(database, &err), &err);
    assert_int_equal(id, 1);
}

static void write_file(const char *path, const char *contents, size_t size) {
    struct error err = {0};
    assert_ok(file_replace(path, bytes_of(contents, size), 0600, &err), &err);
}

static enum result open_existing(const char *path, struct error *err) {
    struct database *database = NULL;
    TRY(database_open(path, false, &database, err));
    enum result result = migrations_apply(database, err);
    if (result == RESULT_OK) {
        result = database_check(database, err);
    }
    database_close(database);
    return result;
}

// --- opening ---------------------------------------------------------------------------------

static void a_new_file_is_private_and_opens_again(void **state) {
    (void)state;
    struct error err = {0};
    umask(0);
    database_close(open_new(in_folder("new")));
    umask(022);
    struct stat status;
    assert_int_equal(stat(in_folder("new"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_ok(open_existing(in_folder("new"), &err), &err);
    database_close(open_new(in_folder("new"))); // `create` takes what is there
}

static void the_log_beside_it_is_private_too(void **state) {
    (void)state;
    umask(0);
    AUTO(close_at) struct database *database = open_new(in_folder("log"));
    umask(022);
    add_committed(database, "jane");
    struct stat status;
    assert_int_equal(stat(in_folder("log-wal"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void what_is_no_store_is_refused_with_the_cure(void **state) {
    (void)state;
    static const char text[] = "dear diary, this file is longer than a header of one hundred "
                               "bytes so that nobody takes it for a short one.";
    write_file(in_folder("text"), text, sizeof(text));
    write_file(in_folder("empty"), "", 0);
    assert_int_equal(mkdir(in_folder("directory"), 0700), 0);
    run_sql(in_folder("foreign"), "CREATE TABLE bookmarks (url TEXT)", NULL, 0);
    run_sql(in_folder("identified"), "PRAGMA application_id = 7", NULL, 0);
    run_sql(in_folder("tableless"), "PRAGMA user_version = 1", NULL, 0);
    static const struct {
        const char *name;
        enum result result;
        const char *code;
    } cases[] = {
        {"missing", RESULT_NOT_FOUND, "store_missing"},
        {"text", RESULT_INTERNAL, "store_damaged"},
        {"empty", RESULT_INTERNAL, "store_damaged"},
        {"directory", RESULT_INVALID, "store_foreign"},
        {"foreign", RESULT_INVALID, "store_foreign"},
        {"identified", RESULT_INVALID, "store_foreign"},
        {"tableless", RESULT_INTERNAL, "store_damaged"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        assert_result(cases[i].result, open_existing(in_folder(cases[i].name), &err), &err);
        assert_string_equal(err.code, cases[i].code);
    }
}

static void a_foreign_database_stays_untouched_even_by_create(void **state) {
    (void)state;
    struct error err = {0};
    struct database *database = NULL;
    run_sql(in_folder("theirs"), "CREATE TABLE bookmarks (url TEXT)", NULL, 0);
    AUTO(buf_clear) struct buf before;
    AUTO(buf_clear) struct buf after;
    buf_init(&before, 100000);
    buf_init(&after, 100000);
    assert_ok(file_read(in_folder("theirs"), &before, &err), &err);
    assert_result(RESULT_INVALID, database_open(in_folder("theirs"), true, &database, &err),
                  &err);
    assert_null(database);
    assert_true(err.hint[0] != '\0');
    assert_ok(file_read(in_folder("theirs"), &after, &err), &err);
    assert_bytes_equal(buf_bytes(&before), buf_bytes(&after));
}

static void a_folder_that_is_missing_is_not_created(void **state) {
    (void)state;
    struct error err = {0};
    struct database *database = NULL;
    assert_result(RESULT_NOT_FOUND,
                  database_open(in_folder("no/such/folder"), true, &database, &err), &err);
}

static void a_newer_schema_is_refused_and_the_latest_is_not(void **state) {
    (void)state;
    struct error err = {0};
    database_close(open_new(in_folder("newer")));
    assert_ok(open_existing(in_folder("newer"), &err), &err);
    char sql[200];
    snprintf(sql, sizeof(sql), "INSERT INTO schema_version VALUES (%lld, 0)",
             (long long)migrations_latest() + 1);
    assert_int_equal(run_sql(in_folder("newer"), sql, NULL, 0), SQLITE_OK);
    assert_result(RESULT_INVALID, open_existing(in_folder("newer"), &err), &err);
    assert_string_equal(err.code, "store_newer");
    assert_true(err.hint[0] != '\0');
}

static void a_migration_that_fails_leaves_nothing(void **state) {
    (void)state;
    struct error err = {0};
    struct database *database = NULL;
    assert_ok(database_open(in_folder("small"), true, &database, &err), &err);
    assert_ok(database_execute(database, "PRAGMA max_page_count = 6", &err), &err);
    assert_result(RESULT_UNAVAILABLE, migrations_apply(database, &err), &err);
    bool is_empty = false;
    assert_ok(database_is_empty(database, &is_empty, &err), &err);
    assert_true(is_empty);
    assert_ok(database_execute(database, "PRAGMA max_page_count = 100000", &err), &err);
    assert_ok(migrations_apply(database, &err), &err); // and can be tried again
    database_close(database);
    assert_ok(open_existing(in_folder("small"), &err), &err);
}

// --- damage ----------------------------------------------------------------------------------

static void make_filled(const char *path) {
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(path);
    add_issuer(database);
    assert_ok(database_begin(database, &err), &err);
    for (int64_t i = 1; i <= 10; i++) {
        assert_ok(add_large(database, i, &err), &err);
    }
    for (int i = 0; i < 500; i++) {
        char name[32];
        snprintf(name, sizeof(name), "admin %d", i);
        assert_ok(add_admin(database, name, &err), &err);
    }
    assert_ok(database_commit(database, &err), &err);
}

static void a_truncated_file_is_noticed_when_opened(void **state) {
    (void)state;
    struct error err = {0};
    struct database *database = NULL;
    make_filled(in_folder("cut"));
    assert_ok(open_existing(in_folder("cut"), &err), &err);
    assert_int_equal(truncate(in_folder("cut"), 40960), 0);
    assert_result(RESULT_INTERNAL, database_open(in_folder("cut"), false, &database, &err),
                  &err);
    assert_string_equal(err.code, "store_damaged");
    assert_true(err.hint[0] != '\0');
}

static void an_overwritten_page_is_found_by_the_check(void **state) {
    (void)state;
    make_filled(in_folder("overwritten"));
    struct stat status;
    assert_int_equal(stat(in_folder("overwritten"), &status), 0);
    int descriptor = open(in_folder("overwritten"), O_WRONLY);
    assert_true(descriptor >= 0);
    // The last pages hold the administrators.
    char garbage[4096];
    memset(garbage, 0xa5, sizeof(garbage));
    off_t offset = status.st_size - 4 * 4096;
    assert_int_equal(pwrite(descriptor, garbage, sizeof(garbage), offset), sizeof(garbage));
    close(descriptor);
    struct error err = {0};
    assert_result(RESULT_INTERNAL, open_existing(in_folder("overwritten"), &err), &err);
    assert_string_equal(err.code, "store_damaged");
}

static void a_reference_to_nothing_is_found_by_the_check(void **state) {
    (void)state;
    struct error err = {0};
    make_filled(in_folder("dangling"));
    assert_int_equal(run_sql(in_folder("dangling"), "UPDATE crl SET issuer_id = 9", NULL, 0),
                     SQLITE_OK);
    assert_result(RESULT_INTERNAL, open_existing(in_folder("dangling"), &err), &err);
    assert_string_equal(err.code, "store_damaged");
    assert_non_null(strstr(err.message, "crl"));
}

// --- transactions ----------------------------------------------------------------------------

static void only_what_is_committed_stays(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    add_committed(database, "kept");
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_admin(database, "dropped", &err), &err);
    assert_ok(find_admin(database, "dropped", &err), &err);
    database_rollback(database);
    assert_ok(find_admin(database, "kept", &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(database, "dropped", &err), &err);
}

static void a_savepoint_rolls_back_alone(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    assert_ok(database_begin(database, &err), &err);
    assert_ok(database_savepoint(database, &err), &err);
    assert_ok(add_admin(database, "first", &err), &err);
    assert_ok(database_release(database, &err), &err);
    assert_ok(database_savepoint(database, &err), &err);
    assert_ok(add_admin(database, "second", &err), &err);
    database_rollback_to_savepoint(database);
    assert_ok(database_savepoint(database, &err), &err);
    assert_ok(add_admin(database, "third", &err), &err);
    assert_ok(database_release(database, &err), &err);
    assert_ok(database_commit(database, &err), &err);
    assert_ok(find_admin(database, "first", &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(database, "second", &err), &err);
    assert_ok(find_admin(database, "third", &err), &err);
}

static void changes_and_savepoints_need_a_transaction(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    assert_result(RESULT_INTERNAL, add_admin(database, "jane", &err), &err);
    assert_result(RESULT_INTERNAL, database_savepoint(database, &err), &err);
    assert_result(RESULT_INTERNAL, database_commit(database, &err), &err);
    assert_ok(database_begin(database, &err), &err);
    assert_result(RESULT_INTERNAL, database_begin(database, &err), &err);
    assert_ok(add_admin(database, "jane", &err), &err);
    assert_ok(database_commit(database, &err), &err);
}

static void a_duplicate_is_a_conflict_and_harms_nothing(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_admin(database, "jane", &err), &err);
    assert_result(RESULT_CONFLICT, add_admin(database, "jane", &err), &err);
    assert_ok(add_admin(database, "john", &err), &err);
    assert_ok(database_commit(database, &err), &err);
    assert_ok(find_admin(database, "jane", &err), &err);
}

static void a_reference_to_nothing_is_invalid(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    assert_ok(database_begin(database, &err), &err);
    assert_result(RESULT_INVALID, add_large(database, 1, &err), &err);
    assert_string_equal(err.code, "reference_missing");
    database_rollback(database);
    add_issuer(database);
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_large(database, 1, &err), &err);
    assert_ok(database_commit(database, &err), &err);
}

static void a_second_writer_is_told_so_and_a_reader_is_not_disturbed(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *one = open_new(in_folder("shared"));
    AUTO(close_at) struct database *other = open_new(in_folder("shared"));
    add_committed(one, "before");
    assert_ok(database_begin(one, &err), &err);
    assert_ok(add_admin(one, "during", &err), &err);
    assert_ok(find_admin(other, "before", &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(other, "during", &err), &err);
    assert_ok(database_check(other, &err), &err);
    assert_result(RESULT_UNAVAILABLE, database_begin(other, &err), &err);
    assert_string_equal(err.code, "store_busy");
    assert_ok(database_commit(one, &err), &err);
    add_committed(other, "after");
    assert_ok(find_admin(one, "after", &err), &err);
    assert_ok(find_admin(other, "during", &err), &err);
}

// --- a full disk -----------------------------------------------------------------------------

static void limit_pages(struct database *database) {
    struct error err = {0};
    // A count below the present one means the present one.
    assert_ok(database_execute(database, "PRAGMA max_page_count = 1", &err), &err);
}

static void a_full_store_refuses_and_keeps_what_was_there(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(in_folder("full"));
    add_issuer(database);
    add_committed(database, "before");
    limit_pages(database);
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_admin(database, "small", &err), &err);
    assert_result(RESULT_UNAVAILABLE, add_large(database, 1, &err), &err);
    assert_string_equal(err.code, "store_full");
    assert_true(err.hint[0] != '\0');
    database_rollback(database);
    assert_ok(find_admin(database, "before", &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(database, "small", &err), &err);
    assert_ok(database_execute(database, "PRAGMA max_page_count = 100000", &err), &err);
    add_committed(database, "after");
    assert_ok(database_check(database, &err), &err);
}

static void nothing_after_a_lost_transaction_is_committed_alone(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(in_folder("lost"));
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_admin(database, "first", &err), &err);
    // What SQLite does by itself after some failed writes.
    assert_ok(database_execute(database, "ROLLBACK", &err), &err);
    database_rollback_to_savepoint(database);
    assert_result(RESULT_UNAVAILABLE, database_savepoint(database, &err), &err);
    assert_string_equal(err.code, "transaction_lost");
    assert_result(RESULT_UNAVAILABLE, add_admin(database, "second", &err), &err);
    assert_result(RESULT_UNAVAILABLE, find_admin(database, "first", &err), &err);
    assert_result(RESULT_UNAVAILABLE, database_commit(database, &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(database, "second", &err), &err);
    add_committed(database, "third");
    assert_ok(find_admin(database, "third", &err), &err);
}

static void a_savepoint_that_cannot_be_undone_spoils_the_transaction(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_admin(database, "first", &err), &err);
    database_rollback_to_savepoint(database); // there is none
    assert_result(RESULT_UNAVAILABLE, database_commit(database, &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(database, "first", &err), &err);
}

// The limit on file sizes makes write() fail as a broken or full disk does.
static void a_failed_write_refuses_and_keeps_what_was_there(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(in_folder("limited"));
    add_issuer(database);
    add_committed(database, "before");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit unlimited;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    struct rlimit limited = {.rlim_cur = 500000, .rlim_max = unlimited.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    enum result result = database_begin(database, &err);
    for (int64_t i = 1; result == RESULT_OK && i <= 20; i++) {
        result = add_large(database, i, &err);
    }
    if (result == RESULT_OK) {
        result = database_commit(database, &err);
    } else {
        database_rollback(database);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_equal(result, RESULT_UNAVAILABLE);
    assert_string_equal(err.code, "store_io");
    assert_ok(find_admin(database, "before", &err), &err);
    add_committed(database, "after");
    assert_ok(database_check(database, &err), &err);
    assert_ok(database_begin(database, &err), &err);
    assert_ok(add_large(database, 1, &err), &err); // none of the failed ones is there
    assert_ok(database_commit(database, &err), &err);
}

// --- backup ----------------------------------------------------------------------------------

static void a_backup_is_whole_private_and_never_overwrites(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(in_folder("original"));
    AUTO(close_at) struct database *writer = open_new(in_folder("original"));
    add_committed(database, "before");
    assert_ok(database_begin(writer, &err), &err);
    assert_ok(add_admin(writer, "uncommitted", &err), &err);
    umask(0);
    assert_ok(database_backup(database, in_folder("copy"), &err), &err);
    umask(022);
    assert_ok(database_commit(writer, &err), &err);
    struct stat status;
    assert_int_equal(stat(in_folder("copy"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_false(file_exists(in_folder("copy.partial")));
    assert_result(RESULT_CONFLICT, database_backup(database, in_folder("copy"), &err), &err);
    assert_ok(open_existing(in_folder("copy"), &err), &err);
    AUTO(close_at) struct database *copy = open_new(in_folder("copy"));
    assert_ok(find_admin(copy, "before", &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(copy, "uncommitted", &err), &err);
}

// In a folder that others write to, too: what is in the way and cannot be removed is not written into.
static void a_backup_goes_into_no_file_of_others(void **state) {
    (void)state;
    struct error err = {0};
    make_filled(in_folder("original"));
    AUTO(close_at) struct database *database = open_new(in_folder("original"));
    assert_int_equal(mkdir(in_folder("taken.partial"), 0700), 0); // unlink(2) leaves it
    assert_result(RESULT_CONFLICT, database_backup(database, in_folder("taken"), &err), &err);
    assert_non_null(strstr(err.message, "taken.partial exists already"));
    assert_true(err.hint[0] != '\0');
    assert_false(file_exists(in_folder("taken")));
}

static void a_backup_that_fails_leaves_no_file(void **state) {
    (void)state;
    struct error err = {0};
    make_filled(in_folder("large"));
    AUTO(close_at) struct database *database = open_new(in_folder("large"));
    assert_result(RESULT_NOT_FOUND,
                  database_backup(database, in_folder("no/such/folder"), &err), &err);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit unlimited;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    struct rlimit limited = {.rlim_cur = 100000, .rlim_max = unlimited.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limited), 0);
    enum result result = database_backup(database, in_folder("half"), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    assert_int_equal(result, RESULT_UNAVAILABLE);
    assert_false(file_exists(in_folder("half")));
    assert_false(file_exists(in_folder("half.partial")));
    assert_ok(database_backup(database, in_folder("half"), &err), &err);
    assert_true(file_exists(in_folder("half")));
}

// --- statements ------------------------------------------------------------------------------

static void every_statement_is_prepared_with_its_parameters_in_order(void **state) {
    (void)state;
    AUTO(close_at) struct database *database = open_new(":memory:");
    struct value nothing[32] = {0};
    for (int statement = 0; statement < STATEMENT_COUNT; statement++) {
        struct error err = {0};
        int accepted = 0;
        for (size_t count = 0; count < 32; count++) {
            struct query query = {0};
            enum result result =
                query_start(database, (enum statement)statement, nothing, count, &query, &err);
            accepted += result == RESULT_OK;
            query_end(&query);
        }
        if (accepted != 1) {
            print_error("%s\n%s\n", statement_sql((enum statement)statement), err.message);
        }
        assert_int_equal(accepted, 1);
    }
}

static void a_statement_can_run_while_it_runs(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    add_committed(database, "jane");
    AUTO(query_end) struct query outer = {0};
    const struct value parameters[] = {value_text("jane")};
    assert_ok(query_start(database, STATEMENT_ADMIN_FIND, parameters, 1, &outer, &err), &err);
    assert_ok(query_next(&outer, &err), &err);
    assert_ok(find_admin(database, "jane", &err), &err);
    assert_string_equal(query_text(&outer, 0), "jane");
    assert_true(query_is_null(&outer, 3));
    assert_string_equal(query_text(&outer, 3), "");
    assert_int_equal(query_bytes(&outer, 3).size, 0);
    assert_result(RESULT_NOT_FOUND, query_next(&outer, &err), &err);
}

static void values_are_data_and_never_sql(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(close_at) struct database *database = open_new(":memory:");
    add_committed(database, "'); DROP TABLE admin; --");
    add_committed(database, "%");
    assert_ok(find_admin(database, "'); DROP TABLE admin; --", &err), &err);
    assert_ok(find_admin(database, "%", &err), &err);
    assert_result(RESULT_NOT_FOUND, find_admin(database, "_", &err), &err);
}

// What is asked on every request walks an index in its order; lists: test_store_plans.c.
static void the_plans_use_the_indexes(void **state) {
    (void)state;
    database_close(open_new(in_folder("plans")));
    static const struct {
        enum statement statement;
        const char *index;
        bool may_sort; // by id, within what the index selected
    } cases[] = {
        {STATEMENT_CERTIFICATE_FIND, "sqlite_autoindex_certificate_1", false},
        {STATEMENT_CERTIFICATE_FIND_BY_SERIAL, "sqlite_autoindex_certificate_1", false},
        {STATEMENT_CERTIFICATE_FIND_BY_ID, "SEARCH c USING INTEGER PRIMARY KEY", false},
        {STATEMENT_CERTIFICATE_OF_KEY, "certificate_key", false},
        {STATEMENT_CERTIFICATE_OF_LINEAGE, "certificate_lineage", false},
        {STATEMENT_CERTIFICATE_OF_TOKEN, "certificate_token", false},
        {STATEMENT_CERTIFICATE_SUCCESSOR, "certificate_predecessor", false},
        {STATEMENT_CERTIFICATE_SUCCESSOR_OF_CSR, "certificate_predecessor", false},
        {STATEMENT_CERTIFICATE_NAMES, "PRIMARY KEY", false},
        {STATEMENT_CERTIFICATE_OF_IDENTITY, "certificate_name_value", false},
        {STATEMENT_CERTIFICATE_RENEWALS, "certificate_lineage", false},
        {STATEMENT_NAME_OWNER, "certificate_name_value", false},
        {STATEMENT_NAME_CERTIFICATES, "certificate_name_value", false},
        {STATEMENT_NAME_RELEASE_LAST, "PRIMARY KEY", false},
        {STATEMENT_NAME_HELD, "request_name_value", false},
        {STATEMENT_NAME_COUNT, "certificate_name_value", false},
        {STATEMENT_REVOCATION_IDS, "COVERING INDEX revocation_issuer", false},
        {STATEMENT_REVOCATION_EACH, "SEARCH revocation USING INTEGER PRIMARY KEY", false},
        {STATEMENT_TOKEN_FIND, "sqlite_autoindex_token_1", false},
        {STATEMENT_TOKEN_SPEND, "sqlite_autoindex_token_1", false},
        {STATEMENT_REQUEST_FIND, "sqlite_autoindex_request_1", false},
        {STATEMENT_CRL_LAST, "sqlite_autoindex_crl_1", false},
        {STATEMENT_CRL_DROP_OLDER, "crl_with_der", false},
        {STATEMENT_AUDIT_LAST, "SCAN audit", false}, // from its end, one row
        {STATEMENT_AUDIT_EACH, "SEARCH audit USING INTEGER PRIMARY KEY", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[4000];
        char plan[2000] = "";
        snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statement_sql(cases[i].statement));
        assert_int_equal(run_sql(in_folder("plans"), sql, plan, sizeof(plan)), SQLITE_OK);
        bool is_sorted = strstr(plan, "TEMP B-TREE") != NULL;
        bool has_scan = strstr(plan, "SCAN") != NULL && strstr(cases[i].index, "SCAN") == NULL;
        if (strstr(plan, cases[i].index) == NULL || is_sorted != cases[i].may_sort ||
            has_scan) {
            print_error("%s\n%s", statement_sql(cases[i].statement), plan);
            fail();
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_private_and_opens_again),
        cmocka_unit_test(the_log_beside_it_is_private_too),
        cmocka_unit_test(what_is_no_store_is_refused_with_the_cure),
        cmocka_unit_test(a_foreign_database_stays_untouched_even_by_create),
        cmocka_unit_test(a_folder_that_is_missing_is_not_created),
        cmocka_unit_test(a_newer_schema_is_refused_and_the_latest_is_not),
        cmocka_unit_test(a_migration_that_fails_leaves_nothing),
        cmocka_unit_test(a_truncated_file_is_noticed_when_opened),
        cmocka_unit_test(an_overwritten_page_is_found_by_the_check),
        cmocka_unit_test(a_reference_to_nothing_is_found_by_the_check),
        cmocka_unit_test(only_what_is_committed_stays),
        cmocka_unit_test(a_savepoint_rolls_back_alone),
        cmocka_unit_test(changes_and_savepoints_need_a_transaction),
        cmocka_unit_test(a_duplicate_is_a_conflict_and_harms_nothing),
        cmocka_unit_test(a_reference_to_nothing_is_invalid),
        cmocka_unit_test(a_second_writer_is_told_so_and_a_reader_is_not_disturbed),
        cmocka_unit_test(a_full_store_refuses_and_keeps_what_was_there),
        cmocka_unit_test(nothing_after_a_lost_transaction_is_committed_alone),
        cmocka_unit_test(a_savepoint_that_cannot_be_undone_spoils_the_transaction),
        cmocka_unit_test(a_failed_write_refuses_and_keeps_what_was_there),
        cmocka_unit_test(a_backup_is_whole_private_and_never_overwrites),
        cmocka_unit_test(a_backup_goes_into_no_file_of_others),
        cmocka_unit_test(a_backup_that_fails_leaves_no_file),
        cmocka_unit_test(every_statement_is_prepared_with_its_parameters_in_order),
        cmocka_unit_test(a_statement_can_run_while_it_runs),
        cmocka_unit_test(values_are_data_and_never_sql),
        cmocka_unit_test(the_plans_use_the_indexes),
    };
    return cmocka_run_group_tests_name("database", tests, make_folder, remove_folder);
}
