// Who may ask for what: every operation, asked by everybody, against a table written by hand.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/dispatch.h"
#include "authority/peer.h"
#include "gateway/router.h"
#include "support/authority_fixture.h"
#include "support/message_samples.h"

#define OWNER ADMIN_ROLE_OWNER
#define APPROVER ADMIN_ROLE_APPROVER
#define OPERATOR ADMIN_ROLE_OPERATOR
#define AUDITOR ADMIN_ROLE_AUDITOR
#define ALL (OWNER | APPROVER | OPERATOR | AUDITOR)
// Not for administrators as such: for anyone, or for the holder of a certificate.
#define ANYONE 0
#define HOLDER (1U << 31)

// By name, so that a row may stand here before its operation is made.
static const struct expectation {
    const char *operation;
    unsigned roles;
} expectations[] = {
    {"AUTHORITY", ANYONE},
    {"ENROLL", ANYONE},
    {"RENEW", HOLDER},
    {"REVOKE_SELF", HOLDER},
    {"CLAIM", ANYONE},
    {"OCSP", ANYONE},
    {"TOKEN_CREATE", OWNER | OPERATOR},
    {"TOKEN_LIST", ALL},
    {"TOKEN_REVOKE", OWNER | OPERATOR},
    {"CERTIFICATE_LIST", ALL},
    {"CERTIFICATE_SHOW", ALL},
    {"CERTIFICATE_REVOKE", OWNER | OPERATOR},
    {"CERTIFICATE_HOLD", OWNER | OPERATOR},
    {"CERTIFICATE_RELEASE", OWNER | OPERATOR},
    {"CRL_SHOW", ALL},
    {"CRL_READ", ALL},
    {"CRL_PUBLISH", OWNER | OPERATOR},
    {"STATUS", ALL},
    {"REQUEST_LIST", ALL},
    {"REQUEST_SHOW", ALL},
    {"REQUEST_APPROVE", OWNER | APPROVER},
    {"REQUEST_DENY", OWNER | APPROVER},
    {"RULE_ADD", OWNER | APPROVER},
    {"RULE_LIST", ALL},
    {"RULE_REMOVE", OWNER | APPROVER},
    {"NAME_RELEASE", OWNER | OPERATOR},
    {"ADMIN_ADD", OWNER},
    {"ADMIN_LIST", ALL},
    {"ADMIN_REMOVE", OWNER},
    {"ADMIN_CHANGE", OWNER},
    {"AUDIT_LIST", ALL},
    {"AUDIT_CHECKPOINT", ALL},
    {"ISSUER_LIST", ALL},
    {"PROFILE_LIST", ALL},
};

static const struct expectation *find_expectation(const char *operation) {
    for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
        if (strcmp(expectations[i].operation, operation) == 0) {
            return &expectations[i];
        }
    }
    return NULL;
}

// --- who asks --------------------------------------------------------------------------------

enum { REMOVED = 4, INVITED, DEVICE, NOBODY, CALLER_COUNT };

static struct caller {
    const char *name;
    const char *role;    // of an administrator
    const char *refusal; // what is said to whoever is no administrator at all
    unsigned mask;
    struct issued issued;
} callers[CALLER_COUNT] = {
    {.name = "owner", .role = "owner", .mask = OWNER},
    {.name = "approver", .role = "approver", .mask = APPROVER},
    {.name = "operator", .role = "operator", .mask = OPERATOR},
    {.name = "auditor", .role = "auditor", .mask = AUDITOR},
    {.name = "removed", .role = "owner", .refusal = "admin_removed"},
    // Who is only invited has no certificate of an administrator; one of a device in that name
    // does not help.
    {.name = "invited", .role = "owner", .refusal = "admin_required"},
    {.name = "device", .refusal = "admin_required"},
    {.name = "nobody", .refusal = "certificate_required"},
};

static int make_callers(void **state) {
    if (fixture_set_up(state) != 0) {
        return -1;
    }
    struct fixture *f = *state;
    for (int i = 0; i < CALLER_COUNT; i++) {
        AUTO(key_free_at) struct key *key = fixture_key();
        char name[64];
        (void)snprintf(name, sizeof(name), "cn:%s", callers[i].name);
        if (i <= REMOVED) {
            fixture_admin(f, callers[i].name, callers[i].role, key, &callers[i].issued);
        } else if (i != NOBODY) {
            fixture_device(f, name, key, &callers[i].issued);
        }
    }
    char *credential = fixture_invitation(f, "invited", "owner");
    string_free_secret_at(&credential);
    struct admin_remove request = {.name = (char[]){"removed"}};
    struct admin_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_ADMIN_REMOVE, &request, buf_bytes(&f->admin)),
        &admin_info_type, &info);
    message_clear(&admin_info_type, &info);
    return 0;
}

static int forget_callers(void **state) {
    for (int i = 0; i < CALLER_COUNT; i++) {
        message_clear(&issued_type, &callers[i].issued);
    }
    return fixture_tear_down(state);
}

// --- what they are told ----------------------------------------------------------------------

// The code of the refusal, "" when there was none.
static void ask(struct fixture *f, enum channel channel, const struct operation *operation,
                const struct caller *caller, struct error *out_error) {
    void *request = calloc(1, operation->request->size + 1);
    assert_non_null(request);
    message_sample(operation->request, SAMPLE_ALL, request);
    struct waiting *waiting = fixture_ask(f, channel, operation->id, request,
                                          blob_bytes(&caller->issued.certificate));
    fixture_error(waiting, out_error);
    waiting_free(waiting);
    message_clear(operation->request, request);
    free(request);
}

static bool is_about_who_asks(const char *code) {
    static const char *const codes[] = {
        "role_denied",       "admin_required",       "admin_removed",   "wrong_channel",
        "operation_unknown", "certificate_required", "profile_internal"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (strcmp(codes[i], code) == 0) {
            return true;
        }
    }
    return false;
}

static const char *expected_refusal(const struct expectation *expectation,
                                    const struct caller *caller) {
    if (expectation->roles == ANYONE) {
        return NULL;
    }
    if (expectation->roles == HOLDER) {
        bool is_holder = strcmp(caller->name, "nobody") != 0;
        return !is_holder                                  ? "certificate_required"
               : strcmp(caller->name, "removed") == 0      ? "admin_removed"
               : caller->role != NULL && caller->mask != 0 ? "profile_internal"
                                                           : NULL;
    }
    return caller->refusal != NULL                    ? caller->refusal
           : (caller->mask & expectation->roles) != 0 ? NULL
                                                      : "role_denied";
}

static void every_operation_answers_everybody_as_the_table_says(void **state) {
    struct fixture *f = *state;
    int asked = 0;
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        const struct operation *operation = operation_find(number);
        if (operation == NULL) {
            continue;
        }
        const struct expectation *expectation = find_expectation(operation->name);
        print_message("%s\n", operation->name);
        assert_non_null(expectation);
        enum channel channel =
            operation->channels == CHANNEL_ADMIN ? CHANNEL_ADMIN : CHANNEL_ENROLL;
        for (int i = 0; i < CALLER_COUNT; i++) {
            struct error err = {0};
            const char *expected = expected_refusal(expectation, &callers[i]);
            ask(f, channel, operation, &callers[i], &err);
            print_message("  %-9s %s\n", callers[i].name, err.code);
            if (expected != NULL) {
                assert_string_equal(expected, err.code);
                assert_int_equal(RESULT_DENIED, err.result);
            } else {
                assert_false(is_about_who_asks(err.code));
            }
            asked++;
        }
    }
    assert_true(asked >= 19 * CALLER_COUNT);
}

static void the_handlers_say_what_the_table_says(void **state) {
    (void)state;
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        const struct operation *operation = operation_find(number);
        if (operation != NULL) {
            print_message("%s\n", operation->name);
            unsigned roles = find_expectation(operation->name)->roles;
            assert_int_equal(roles == HOLDER ? 0 : roles, dispatch_roles(number));
            // What needs no role is nothing that only the admin gateway offers.
            assert_true(dispatch_roles(number) != 0 || operation->channels != CHANNEL_ADMIN);
        }
    }
    assert_int_equal(0, dispatch_roles(0));
    assert_int_equal(0, dispatch_roles(UINT32_MAX));
}

static void a_refused_administrator_is_named_in_the_trail(void **state) {
    struct fixture *f = *state;
    struct error err = {0};
    ask(f, CHANNEL_ADMIN, operation_find(OPERATION_ADMIN_ADD), &callers[3], &err);
    assert_string_equal("role_denied", err.code);
    AUTO(audit_record_clear) struct audit_record last = {0};
    assert_ok(store_last_audit(f->authority.store, &last, &err), &err);
    assert_string_equal("request refused", last.event);
    assert_string_equal("admin:auditor", last.actor);
    assert_string_equal("ADMIN_ADD", last.subject);
    assert_non_null(strstr(last.detail, "code=role_denied"));
}

// --- what the specification says -------------------------------------------------------------

static void write_roles(unsigned roles, struct buf *out) {
    struct error err = {0};
    if (roles == ALL) {
        assert_ok(buf_append_string(out, "all"), &err);
        return;
    }
    for (unsigned role = OWNER; role <= AUDITOR; role <<= 1) {
        if ((roles & role) != 0) {
            assert_ok(buf_printf(out, "%s%s", (roles & (role - 1)) != 0 ? ", " : "",
                                 admin_role_name((enum admin_role)role)),
                      &err);
        }
    }
}

static size_t count_text(const struct buf *text, const char *part) {
    size_t count = 0;
    for (const char *at = buf_string(text); (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

// Once each: a second row would say something else.
static void the_specification_has_the_roles_of_every_route(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf readme = {0};
    buf_init(&readme, 1 << 20);
    assert_ok(file_read(PROTOCOL_README, &readme, &f->err), &f->err);
    size_t count = 0;
    const struct route *routes = router_routes(&count);
    for (size_t i = 0; i < count; i++) {
        const struct operation *operation = operation_find((unsigned)routes[i].operation);
        if (operation->channels != CHANNEL_ADMIN) {
            continue;
        }
        AUTO(buf_clear) struct buf row = {0};
        buf_init(&row, 1024);
        assert_ok(buf_printf(&row, "\n| `%s %s` | admin | ", routes[i].method, routes[i].path),
                  &f->err);
        assert_int_equal(1, count_text(&readme, buf_string(&row)));
        write_roles(dispatch_roles(operation->id), &row);
        assert_ok(buf_printf(&row, " | `%s` | `%s` |\n", operation->request->name,
                             operation->reply->name),
                  &f->err);
        if (strstr(buf_string(&readme), buf_string(&row)) == NULL) {
            print_error("not in protocol/README.md: %s\n", buf_string(&row));
            fail();
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_callers, forget_callers)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(every_operation_answers_everybody_as_the_table_says),
        TEST(the_handlers_say_what_the_table_says),
        TEST(a_refused_administrator_is_named_in_the_trail),
        TEST(the_specification_has_the_roles_of_every_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
