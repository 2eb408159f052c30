// Every list walks the index that it was written for: no statement of a list may scan or sort.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "store/statements.h"
#include "support/store_records.h"

// What EXPLAIN QUERY PLAN must say of the table that the list walks. A new statement with LIST or
// COUNT in its name has to be put here.
struct expected_plan {
    enum statement statement;
    const char *walk;
    const char *second_walk; // of a statement in two parts
};

static const struct expected_plan expected_plans[] = {
    {STATEMENT_CERTIFICATE_LIST, "SEARCH c USING INTEGER PRIMARY KEY (rowid<?)", NULL},
    {STATEMENT_CERTIFICATE_LIST_OF_KEY,
     "SEARCH c USING INDEX certificate_key (key_hash=? AND rowid<?)", NULL},
    {STATEMENT_CERTIFICATE_LIST_FROM_ADDRESS,
     "SEARCH c USING INDEX certificate_address (address=? AND id<?)", NULL},
    {STATEMENT_CERTIFICATE_LIST_OF_PROFILE,
     "SEARCH c USING INDEX certificate_profile (profile=? AND rowid<?)", NULL},
    {STATEMENT_CERTIFICATE_LIST_OF_ISSUER,
     "SEARCH c USING INDEX certificate_issuer_id (issuer_id=? AND rowid<?)", NULL},
    {STATEMENT_CERTIFICATE_LIST_REVOKED,
     "SEARCH r USING INDEX sqlite_autoindex_revocation_1 (certificate_id<?)", NULL},
    {STATEMENT_CERTIFICATE_LIST_HELD,
     "SEARCH o USING COVERING INDEX certificate_hold_certificate (certificate_id<?)", NULL},
    {STATEMENT_HOLD_COUNT,
     "SEARCH h USING INDEX certificate_hold_issuer (issuer_id=? AND not_after>?)", NULL},
    {STATEMENT_CERTIFICATE_LIST_ENDING,
     "SEARCH c USING INDEX certificate_not_after (not_after=? AND rowid>?)",
     "SEARCH c USING INDEX certificate_not_after (not_after>? AND not_after<?)"},
    {STATEMENT_CERTIFICATE_LIST_ENDED,
     "SEARCH c USING INDEX certificate_not_after (not_after=? AND rowid<?)",
     "SEARCH c USING INDEX certificate_not_after (not_after>? AND not_after<?)"},
    {STATEMENT_CERTIFICATE_LIST_OF_NAME,
     "SEARCH n USING COVERING INDEX certificate_name_value"
     " (value=? AND (certificate_id,type)<(?,?))",
     NULL},
    {STATEMENT_CERTIFICATE_LIST_OF_PREFIX,
     "SEARCH n USING COVERING INDEX certificate_name_value"
     " ((value,certificate_id,type)>(?,?,?) AND value<?)",
     NULL},
    {STATEMENT_CERTIFICATE_COUNT, "SEARCH certificate", NULL},
    {STATEMENT_REVOCATION_COUNT, "SEARCH revocation", NULL},
    {STATEMENT_CERTIFICATE_COUNT_ENDED,
     "SEARCH certificate USING COVERING INDEX certificate_not_after"
     " (not_after>? AND not_after<?)",
     NULL},
    {STATEMENT_REVOCATION_COUNT_ENDED,
     "SEARCH r USING COVERING INDEX revocation_issuer"
     " (issuer_id=? AND not_after>? AND not_after<?)",
     NULL},
    {STATEMENT_TOKEN_LIST, "SEARCH token USING INTEGER PRIMARY KEY (rowid<?)", NULL},
    {STATEMENT_TOKEN_LIST_MADE_BY,
     "SEARCH token USING INDEX token_created_by (created_by=? AND sequence<?)", NULL},
    {STATEMENT_TOKEN_LIST_ENDING,
     "SEARCH token USING INDEX token_expires (expires=? AND rowid>?)",
     "SEARCH token USING INDEX token_expires (expires>? AND expires<?)"},
    {STATEMENT_TOKEN_LIST_OF_NAME,
     "SEARCH n USING COVERING INDEX token_name_value (value=? AND (token_sequence,type)<(?,?))",
     NULL},
    {STATEMENT_TOKEN_LIST_OF_PREFIX,
     "SEARCH n USING COVERING INDEX token_name_value"
     " ((value,token_sequence,type)>(?,?,?) AND value<?)",
     NULL},
    {STATEMENT_TOKEN_COUNT_OPEN,
     "SEARCH token USING COVERING INDEX token_open (expires>? AND expires<?)", NULL},
    {STATEMENT_NAME_COUNT,
     "SEARCH certificate_name USING COVERING INDEX certificate_name_value (value=?)", NULL},
    {STATEMENT_REQUEST_COUNT_HELD,
     "SEARCH request USING COVERING INDEX request_state (state=?)", NULL},
    {STATEMENT_REQUEST_COUNT_HELD_OF_SOURCE,
     "SEARCH request USING COVERING INDEX request_source (source=? AND expires>?)", NULL},
    {STATEMENT_REQUEST_COUNT_HELD_OF_NETWORK,
     "SEARCH request USING COVERING INDEX request_network (network=? AND expires>?)", NULL},
    {STATEMENT_REQUEST_LIST, "SEARCH request USING INTEGER PRIMARY KEY (rowid<?)", NULL},
    {STATEMENT_REQUEST_LIST_OF_STATE,
     "SEARCH request USING INDEX request_state (state=? AND sequence<?)", NULL},
    {STATEMENT_REQUEST_LIST_EXPIRED,
     "SEARCH request USING INDEX request_state (state=? AND sequence<?)", "MERGE (UNION ALL)"},
    {STATEMENT_REQUEST_LIST_OF_PROFILE,
     "SEARCH request USING INDEX request_profile (profile=? AND sequence<?)", NULL},
    {STATEMENT_REQUEST_LIST_FROM_ADDRESS,
     "SEARCH request USING INDEX request_address (address=? AND sequence<?)", NULL},
    {STATEMENT_REQUEST_LIST_OF_CODE,
     "SEARCH request USING INDEX request_code (code=? AND sequence<?)", NULL},
    {STATEMENT_REQUEST_LIST_OF_KEY,
     "SEARCH request USING INDEX request_key (key_hash=? AND sequence<?)", NULL},
    {STATEMENT_REQUEST_LIST_OF_NAME,
     "SEARCH n USING COVERING INDEX request_name_value"
     " (value=? AND (request_sequence,type)<(?,?))",
     NULL},
    {STATEMENT_REQUEST_LIST_OF_PREFIX,
     "SEARCH n USING COVERING INDEX request_name_value"
     " ((value,request_sequence,type)>(?,?,?) AND value<?)",
     NULL},
    {STATEMENT_ADMIN_COUNT, "SCAN admin", NULL},
    {STATEMENT_ADMIN_COUNT_ABLE,
     "SEARCH n USING COVERING INDEX certificate_name_value (value=?)", NULL},
    {STATEMENT_ADMIN_COUNT_CERTIFICATES,
     "SEARCH n USING COVERING INDEX certificate_name_value (value=?)", NULL},
    {STATEMENT_AUDIT_LIST_ASC, "SEARCH audit USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
     NULL},
    {STATEMENT_AUDIT_LIST_BY_EVENT_ASC,
     "SEARCH audit USING INDEX audit_event (event=? AND sequence>? AND sequence<?)", NULL},
    {STATEMENT_AUDIT_LIST_BY_ACTOR_ASC,
     "SEARCH audit USING INDEX audit_actor (actor=? AND sequence>? AND sequence<?)", NULL},
    {STATEMENT_AUDIT_LIST_BY_SUBJECT_ASC,
     "SEARCH audit USING INDEX audit_subject (subject=? AND sequence>? AND sequence<?)", NULL},
    {STATEMENT_AUDIT_LIST_DESC, "SEARCH audit USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
     NULL},
    {STATEMENT_AUDIT_LIST_BY_EVENT_DESC,
     "SEARCH audit USING INDEX audit_event (event=? AND sequence>? AND sequence<?)", NULL},
    {STATEMENT_AUDIT_LIST_BY_ACTOR_DESC,
     "SEARCH audit USING INDEX audit_actor (actor=? AND sequence>? AND sequence<?)", NULL},
    {STATEMENT_AUDIT_LIST_BY_SUBJECT_DESC,
     "SEARCH audit USING INDEX audit_subject (subject=? AND sequence>? AND sequence<?)", NULL},
    {STATEMENT_RULE_LIST, "SEARCH rule USING INTEGER PRIMARY KEY (rowid<?)", NULL},
    {STATEMENT_RULE_LIST_OF_VALUE,
     "SEARCH rule USING INDEX rule_value (value=? AND sequence<?)", NULL},
    {STATEMENT_RULE_LIST_OPEN, "SEARCH rule USING INDEX rule_open (sequence<?)", NULL},
    {STATEMENT_RULE_LIST_OF_PROFILE,
     "SEARCH rule USING INDEX rule_profile (profile=? AND sequence<?)", NULL},
};

static const char *const names[] = {
#define STATEMENT_NAME(constant, sql) [STATEMENT_##constant] = #constant,
    STATEMENT_TABLE(STATEMENT_NAME)
#undef STATEMENT_NAME
};

static void explain(enum statement statement, char *out_plan, size_t size) {
    char sql[8192];
    int length = snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statement_sql(statement));
    assert_true(length > 0 && (size_t)length < sizeof(sql));
    assert_int_equal(run_sql(in_folder("plans.db"), sql, out_plan, size), SQLITE_OK);
}

static const struct expected_plan *find_plan(enum statement statement) {
    for (size_t i = 0; i < sizeof(expected_plans) / sizeof(expected_plans[0]); i++) {
        if (expected_plans[i].statement == statement) {
            return &expected_plans[i];
        }
    }
    return NULL;
}

// Issuers and administrators are walked from end to end: there are few.
static bool is_small(const char *scan) {
    static const char *const small[] = {"SCAN i USING COVERING INDEX ", "SCAN admin\n",
                                        "SCAN a\n"};
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (strncmp(scan, small[i], strlen(small[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool scans(const char *plan) {
    for (const char *at = strstr(plan, "SCAN "); at != NULL; at = strstr(at + 1, "SCAN ")) {
        if (!is_small(at)) {
            return true;
        }
    }
    return false;
}

static void require(bool holds, enum statement statement, const char *what, const char *plan) {
    if (!holds) {
        print_error("%s: %s\n%s", names[statement], what, plan);
    }
    assert_true(holds);
}

static void every_list_walks_its_index(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = NULL;
    assert_ok(store_open(in_folder("plans.db"), true, &store, &err), &err);
    size_t seen = 0;
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        if (strstr(names[i], "_LIST") == NULL && strstr(names[i], "_COUNT") == NULL) {
            continue;
        }
        // It counts one failure and lists nothing.
        if (i == STATEMENT_TOKEN_COUNT_FAILURE) {
            continue;
        }
        char plan[4096] = {0};
        const struct expected_plan *expected = find_plan((enum statement)i);
        explain((enum statement)i, plan, sizeof(plan));
        require(expected != NULL, (enum statement)i, "has no line in this table", plan);
        require(strstr(plan, expected->walk) != NULL, (enum statement)i, expected->walk, plan);
        require(expected->second_walk == NULL || strstr(plan, expected->second_walk) != NULL,
                (enum statement)i, "the second part walks otherwise", plan);
        require(!scans(plan), (enum statement)i, "scans a table", plan);
        require(strstr(plan, "TEMP B-TREE") == NULL, (enum statement)i, "sorts", plan);
        seen++;
    }
    assert_int_equal(seen, sizeof(expected_plans) / sizeof(expected_plans[0]));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_list_walks_its_index)};
    return cmocka_run_group_tests_name("store_plans", tests, make_folder, remove_folder);
}
