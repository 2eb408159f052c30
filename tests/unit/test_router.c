// The table of routes, and how path, query and body become one message.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include "base/limits.h"
#include "gateway/router.h"

struct find_case {
    enum channel role;
    const char *method;
    const char *path;
    enum router_verdict verdict;
    unsigned operation; // when found
    const char *allow;  // when another method is
    enum channel other; // when another gateway has it
};

static void each_route_is_found_where_it_belongs_and_nowhere_else(void **state) {
    (void)state;
    static const struct find_case cases[] = {
        {CHANNEL_ENROLL, "GET", "/v1/authority", ROUTER_FOUND, OPERATION_AUTHORITY, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/authority", ROUTER_FOUND, OPERATION_AUTHORITY, NULL, 0},
        {CHANNEL_ADMIN, "HEAD", "/v1/authority", ROUTER_FOUND, OPERATION_AUTHORITY, NULL, 0},
        {CHANNEL_PUBLIC, "GET", "/v1/authority", ROUTER_OTHER_GATEWAY, 0, NULL, CHANNEL_ENROLL},
        {CHANNEL_ENROLL, "POST", "/v1/authority", ROUTER_OTHER_METHOD, 0, "GET, HEAD", 0},
        {CHANNEL_ENROLL, "POST", "/v1/enroll", ROUTER_FOUND, OPERATION_ENROLL, NULL, 0},
        {CHANNEL_ENROLL, "GET", "/v1/enroll", ROUTER_OTHER_METHOD, 0, "POST", 0},
        {CHANNEL_ENROLL, "HEAD", "/v1/enroll", ROUTER_OTHER_METHOD, 0, "POST", 0},
        {CHANNEL_ENROLL, "post", "/v1/enroll", ROUTER_OTHER_METHOD, 0, "POST", 0},
        {CHANNEL_ADMIN, "POST", "/v1/enroll", ROUTER_OTHER_GATEWAY, 0, NULL, CHANNEL_ENROLL},
        {CHANNEL_ENROLL, "POST", "/v1/renew", ROUTER_FOUND, OPERATION_RENEW, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/renew", ROUTER_FOUND, OPERATION_RENEW, NULL, 0},
        {CHANNEL_ENROLL, "POST", "/v1/revoke", ROUTER_FOUND, OPERATION_REVOKE_SELF, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/revoke", ROUTER_OTHER_GATEWAY, 0, NULL, CHANNEL_ENROLL},
        {CHANNEL_ADMIN, "POST", "/v1/tokens", ROUTER_FOUND, OPERATION_TOKEN_CREATE, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/tokens", ROUTER_FOUND, OPERATION_TOKEN_LIST, NULL, 0},
        {CHANNEL_ADMIN, "DELETE", "/v1/tokens", ROUTER_OTHER_METHOD, 0, "GET, HEAD, POST", 0},
        {CHANNEL_ENROLL, "GET", "/v1/tokens", ROUTER_OTHER_GATEWAY, 0, NULL, CHANNEL_ADMIN},
        {CHANNEL_ENROLL, "PUT", "/v1/tokens", ROUTER_OTHER_GATEWAY, 0, NULL, CHANNEL_ADMIN},
        {CHANNEL_ADMIN, "POST", "/v1/tokens/ab/revoke", ROUTER_FOUND, OPERATION_TOKEN_REVOKE,
         NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/tokens/ab", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/tokens//revoke", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/tokens/a/b/revoke", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/tokens/ab/revoke/", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/tokens/ab/revokes", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/certificates", ROUTER_FOUND, OPERATION_CERTIFICATE_LIST,
         NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/certificates/0a", ROUTER_FOUND, OPERATION_CERTIFICATE_SHOW,
         NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/certificates/", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/certificates/0a/revoke", ROUTER_FOUND,
         OPERATION_CERTIFICATE_REVOKE, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/certificates/0a/revoke", ROUTER_OTHER_METHOD, 0, "POST", 0},
        {CHANNEL_ADMIN, "GET", "/v1/crl", ROUTER_FOUND, OPERATION_CRL_SHOW, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/crl/root", ROUTER_FOUND, OPERATION_CRL_READ, NULL, 0},
        {CHANNEL_ADMIN, "POST", "/v1/crl/publish", ROUTER_FOUND, OPERATION_CRL_PUBLISH, NULL,
         0},
        {CHANNEL_ADMIN, "GET", "/v1/status", ROUTER_FOUND, OPERATION_STATUS, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/issuers", ROUTER_FOUND, OPERATION_ISSUER_LIST, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1/profiles", ROUTER_FOUND, OPERATION_PROFILE_LIST, NULL, 0},
        {CHANNEL_PUBLIC, "GET", "/v1/status", ROUTER_OTHER_GATEWAY, 0, NULL, CHANNEL_ADMIN},
        {CHANNEL_PUBLIC, "POST", "/ocsp", ROUTER_FOUND, OPERATION_OCSP, NULL, 0},
        {CHANNEL_PUBLIC, "GET", "/ocsp/MFQ=", ROUTER_FOUND, OPERATION_OCSP, NULL, 0},
        {CHANNEL_ENROLL, "HEAD", "/ocsp/MFQ//Ma/+=", ROUTER_FOUND, OPERATION_OCSP, NULL, 0},
        {CHANNEL_PUBLIC, "GET", "/ocsp", ROUTER_OTHER_METHOD, 0, "POST", 0},
        {CHANNEL_PUBLIC, "GET", "/ocsp/", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_PUBLIC, "POST", "/ocsp/MFQ=", ROUTER_OTHER_METHOD, 0, "GET, HEAD", 0},
        {CHANNEL_ADMIN, "POST", "/ocsp", ROUTER_OTHER_GATEWAY, 0, NULL, CHANNEL_ENROLL},
        {CHANNEL_ADMIN, "GET", "/v1/statuses", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/V1/status", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/v1", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "GET", "/", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "OPTIONS", "*", ROUTER_UNKNOWN, 0, NULL, 0},
        {CHANNEL_ADMIN, "GET", "", ROUTER_UNKNOWN, 0, NULL, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct find_case *c = &cases[i];
        const struct route *route = NULL;
        char allow[ROUTER_ALLOW_BYTES] = "";
        enum channel other = 0;
        print_message("%s %s\n", c->method, c->path);
        assert_int_equal(router_find(c->role, c->method, c->path, &route, allow, &other),
                         c->verdict);
        assert_int_equal(route == NULL ? 0 : route->operation, c->operation);
        assert_string_equal(allow, c->allow == NULL ? "" : c->allow);
        assert_int_equal(other, c->other);
    }
}

static void every_operation_has_a_route(void **state) {
    (void)state;
    size_t count = 0;
    const struct route *routes = router_routes(&count);
    size_t found = 0;
#define COUNT_OPERATION(constant, number, request, reply, channels)                            \
    for (size_t i = 0; i < count; i++) {                                                       \
        found += routes[i].operation == OPERATION_##constant ? 1 : 0;                          \
    }
    OPERATION_TABLE(COUNT_OPERATION)
#undef COUNT_OPERATION
    // Each exactly once, as routes and operations are as many; but OCSP is asked in two ways.
    assert_int_equal(found, count);
#define ONE_OPERATION(constant, number, request, reply, channels) +1
    assert_int_equal(count, 1 OPERATION_TABLE(ONE_OPERATION));
#undef ONE_OPERATION
}

// --- messages --------------------------------------------------------------------------------

static const struct route *route_of(const char *method, const char *path) {
    const struct route *route = NULL;
    char allow[ROUTER_ALLOW_BYTES];
    enum channel other = 0;
    enum channel role = strcmp(path, "/v1/enroll") == 0 ? CHANNEL_ENROLL : CHANNEL_ADMIN;
    assert_int_equal(router_find(role, method, path, &route, allow, &other), ROUTER_FOUND);
    return route;
}

static enum result read_request(const char *method, const char *path, const char *query,
                                const char *body, struct buf *out, struct error *err) {
    buf_init(out, LIMIT_FRAME_REQUEST_BYTES);
    const struct route_input input = {
        .path = path, .query = query, .body = bytes_of_string(body)};
    return router_read_request(route_of(method, path), &input, out, err);
}

static void a_path_parameter_fills_its_field_beside_the_body(void **state) {
    (void)state;
    static const char *bodies[] = {"{\"reason\":\"keyCompromise\"}",
                                   " \r\n{ \"reason\" : \"keyCompromise\" }"};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf binary;
        struct certificate_revoke message = {0};
        assert_ok(read_request("POST", "/v1/certificates/0a\"\\b/revoke", "", bodies[i],
                               &binary, &err),
                  &err);
        assert_ok(
            message_from_binary(&certificate_revoke_type, buf_bytes(&binary), &message, &err),
            &err);
        assert_string_equal(message.serial, "0a\"\\b");
        assert_string_equal(message.reason, "keyCompromise");
        message_clear(&certificate_revoke_type, &message);
    }
}

static void a_path_parameter_is_enough_without_a_body(void **state) {
    (void)state;
    static const char *bodies[] = {"", "{}"};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf binary;
        struct token_revoke message = {0};
        assert_ok(read_request("POST", "/v1/tokens/abc/revoke", "", bodies[i], &binary, &err),
                  &err);
        assert_ok(message_from_binary(&token_revoke_type, buf_bytes(&binary), &message, &err),
                  &err);
        assert_string_equal(message.id, "abc");
        message_clear(&token_revoke_type, &message);
    }
}

static void query_parameters_fill_fields_of_their_types(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf binary;
    struct certificate_list message = {0};
    assert_ok(read_request("GET", "/v1/certificates",
                           "name=dns%3Aa.example&state=valid&limit=1000&expiring_in=86400", "",
                           &binary, &err),
              &err);
    assert_ok(message_from_binary(&certificate_list_type, buf_bytes(&binary), &message, &err),
              &err);
    assert_string_equal(message.name, "dns:a.example");
    assert_string_equal(message.state, "valid");
    assert_int_equal(message.limit, 1000);
    assert_int_equal(message.expiring_in, 86400);
    assert_null(message.profile);
    message_clear(&certificate_list_type, &message);
}

static void what_does_not_fit_is_refused_with_field_and_cure(void **state) {
    (void)state;
    static const struct {
        const char *method, *path, *query, *body;
        const char *code;  // NULL: any
        const char *field; // NULL: any
        const char *hint;  // part of it
    } cases[] = {
        {"GET", "/v1/certificates", "limit=1001", "", "too_large", "limit", ""},
        {"GET", "/v1/certificates", "limit=-1", "", "wrong_value", "limit", ""},
        {"GET", "/v1/certificates", "limit=", "", "wrong_value", "limit", ""},
        {"GET", "/v1/certificates", "limit=1&limit=2", "", "duplicate_field", "limit", ""},
        {"GET", "/v1/certificates", "nme=x", "", "unknown_field", "nme", "name"},
        {"GET", "/v1/certificates", "name=%zz", "", NULL, NULL, ""},
        {"GET", "/v1/certificates", "name=a%00b", "", NULL, NULL, ""},
        {"GET", "/v1/status", "verbose=yes", "", "unknown_field", "verbose", ""},
        {"GET", "/v1/certificates/aa", "serial=bb", "", "duplicate_field", "serial", ""},
        {"POST", "/v1/certificates/aa/revoke", "", "{\"serial\":\"bb\"}", "duplicate_field",
         "serial", ""},
        {"GET", "/v1/certificates/12345678901234567890123456789012345678901", "", "",
         "too_long", "serial", ""},
        {"POST", "/v1/tokens/aa/revoke", "", "[]", NULL, NULL, ""},
        {"POST", "/v1/tokens/aa/revoke", "", "{", "not_json", NULL, ""},
        {"POST", "/v1/tokens/aa/revoke", "", "{}x", "not_json", NULL, ""},
        {"POST", "/v1/tokens/aa/revoke", "", "{,}", "not_json", NULL, ""},
        {"POST", "/v1/tokens", "", "{}", "missing_field", "profile", ""},
        {"POST", "/v1/tokens", "", "", "missing_field", "profile", ""},
        {"POST", "/v1/tokens", "", "{\"profle\":\"x\"}", "unknown_field", "profle", "profile"},
        {"POST", "/v1/tokens", "", "{\"profile\":7,\"names\":[\"cn:a\"]}", "wrong_type",
         "profile", ""},
        {"POST", "/v1/enroll", "token=secret", "{}", "unknown_field", "token", ""},
        {"POST", "/v1/crl/publish", "", "{\"now\":true}", "unknown_field", "now", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf binary;
        print_message("%s %s?%s %s\n", cases[i].method, cases[i].path, cases[i].query,
                      cases[i].body);
        assert_result(RESULT_INVALID,
                      read_request(cases[i].method, cases[i].path, cases[i].query,
                                   cases[i].body, &binary, &err),
                      &err);
        assert_int_equal(err.result, RESULT_INVALID);
        assert_int_equal(binary.size, 0);
        assert_true(err.message[0] != '\0');
        if (cases[i].code != NULL) {
            assert_string_equal(err.code, cases[i].code);
        }
        if (cases[i].field != NULL) {
            assert_string_equal(err.field, cases[i].field);
        }
        assert_non_null(strstr(err.hint, cases[i].hint));
    }
}

static void roles_have_names(void **state) {
    (void)state;
    assert_string_equal(router_role_name(CHANNEL_ENROLL), "enroll");
    assert_string_equal(router_role_name(CHANNEL_ADMIN), "admin");
    assert_string_equal(router_role_name(CHANNEL_PUBLIC), "public");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_is_found_where_it_belongs_and_nowhere_else),
        cmocka_unit_test(every_operation_has_a_route),
        cmocka_unit_test(a_path_parameter_fills_its_field_beside_the_body),
        cmocka_unit_test(a_path_parameter_is_enough_without_a_body),
        cmocka_unit_test(query_parameters_fill_fields_of_their_types),
        cmocka_unit_test(what_does_not_fit_is_refused_with_field_and_cure),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
