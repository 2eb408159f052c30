// Which operation a method and path ask for, and how the request becomes that operation's
// message. SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/http.h"

// Which gateways have a route is said by its operation, in OPERATION_TABLE.
static const struct route routes[] = {
    {"GET", "/v1/authority", OPERATION_AUTHORITY},
    {"POST", "/v1/enroll", OPERATION_ENROLL},
    {"GET", "/v1/enroll/{id}", OPERATION_CLAIM},
    {"POST", "/ocsp", OPERATION_OCSP},
    {"GET", "/ocsp/{request}", OPERATION_OCSP},
    {"POST", "/v1/renew", OPERATION_RENEW},
    {"POST", "/v1/revoke", OPERATION_REVOKE_SELF},
    {"GET", "/v1/tokens", OPERATION_TOKEN_LIST},
    {"POST", "/v1/tokens", OPERATION_TOKEN_CREATE},
    {"POST", "/v1/tokens/{id}/revoke", OPERATION_TOKEN_REVOKE},
    {"GET", "/v1/certificates", OPERATION_CERTIFICATE_LIST},
    {"GET", "/v1/certificates/{serial}", OPERATION_CERTIFICATE_SHOW},
    {"POST", "/v1/certificates/{serial}/revoke", OPERATION_CERTIFICATE_REVOKE},
    {"POST", "/v1/certificates/{serial}/hold", OPERATION_CERTIFICATE_HOLD},
    {"POST", "/v1/certificates/{serial}/release", OPERATION_CERTIFICATE_RELEASE},
    {"POST", "/v1/names/release", OPERATION_NAME_RELEASE},
    {"GET", "/v1/crl", OPERATION_CRL_SHOW},
    {"GET", "/v1/crl/{issuer}", OPERATION_CRL_READ},
    {"POST", "/v1/crl/publish", OPERATION_CRL_PUBLISH},
    {"GET", "/v1/status", OPERATION_STATUS},
    {"GET", "/v1/requests", OPERATION_REQUEST_LIST},
    {"GET", "/v1/requests/{id}", OPERATION_REQUEST_SHOW},
    {"POST", "/v1/requests/{id}/approve", OPERATION_REQUEST_APPROVE},
    {"POST", "/v1/requests/{id}/deny", OPERATION_REQUEST_DENY},
    {"GET", "/v1/admins", OPERATION_ADMIN_LIST},
    {"POST", "/v1/admins", OPERATION_ADMIN_ADD},
    {"POST", "/v1/admins/{name}/remove", OPERATION_ADMIN_REMOVE},
    {"POST", "/v1/admins/{name}/role", OPERATION_ADMIN_CHANGE},
    {"GET", "/v1/audit", OPERATION_AUDIT_LIST},
    {"POST", "/v1/audit/checkpoint", OPERATION_AUDIT_CHECKPOINT},
    {"GET", "/v1/rules", OPERATION_RULE_LIST},
    {"POST", "/v1/rules", OPERATION_RULE_ADD},
    {"POST", "/v1/rules/remove", OPERATION_RULE_REMOVE},
    {"GET", "/v1/issuers", OPERATION_ISSUER_LIST},
    {"GET", "/v1/profiles", OPERATION_PROFILE_LIST},
};
#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

// The few whose message has a secret that comes as "Authorization: Bearer …", for addresses are
// logged, and a GET has no body.
static const struct {
    enum operation_id operation;
    const char *field;
} bearers[] = {
    {OPERATION_CLAIM, "claim"},
};

static const struct {
    enum channel role;
    const char *name;
} roles[] = {
    {CHANNEL_ENROLL, "enroll"},
    {CHANNEL_ADMIN, "admin"},
    {CHANNEL_PUBLIC, "public"},
};

const struct route *router_routes(size_t *out_count) {
    *out_count = ROUTE_COUNT;
    return routes;
}

const char *router_role_name(enum channel role) {
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (roles[i].role == role) {
            return roles[i].name;
        }
    }
    return "unknown";
}

// --- paths ----------------------------------------------------------------------------------

// Takes "/segment" off the front. False at the end; a path that does not begin with "/" has an
// unmatchable rest.
static bool next_segment(struct bytes *path, struct bytes *out_segment) {
    if (path->size == 0 || path->data[0] != '/') {
        return false;
    }
    size_t end = 1;
    while (end < path->size && path->data[end] != '/') {
        end++;
    }
    *out_segment = bytes_slice(*path, 1, end - 1);
    *path = bytes_slice(*path, end, SIZE_MAX);
    return true;
}

static bool is_parameter(struct bytes segment) {
    return segment.size > 2 && segment.data[0] == '{' && segment.data[segment.size - 1] == '}';
}

// Base64 has slashes: in an OCSP request they belong to it.
static bool takes_rest(const struct route *route, struct bytes wanted_segment) {
    return route->operation == OPERATION_OCSP && is_parameter(wanted_segment);
}

static bool fits(const struct route *route, const char *path) {
    struct bytes wanted = bytes_of_string(route->path);
    struct bytes given = bytes_of_string(path);
    struct bytes wanted_segment = {0};
    struct bytes given_segment = {0};
    while (next_segment(&wanted, &wanted_segment)) {
        if (!next_segment(&given, &given_segment)) {
            return false;
        }
        if (takes_rest(route, wanted_segment)) {
            return given_segment.size > 0;
        }
        const bool is_equal = is_parameter(wanted_segment)
                                  ? given_segment.size > 0
                                  : bytes_equal(wanted_segment, given_segment);
        if (!is_equal) {
            return false;
        }
    }
    return given.size == 0;
}

static unsigned channels_of(const struct route *route) {
    return operation_find((unsigned)route->operation)->channels;
}

static enum channel first_role(unsigned channels) {
    return (channels & CHANNEL_ENROLL) != 0  ? CHANNEL_ENROLL
           : (channels & CHANNEL_ADMIN) != 0 ? CHANNEL_ADMIN
                                             : CHANNEL_PUBLIC;
}

static void add_method(char allow[ROUTER_ALLOW_BYTES], const char *method) {
    const size_t used = strlen(allow);
    (void)snprintf(&allow[used], ROUTER_ALLOW_BYTES - used, "%s%s%s", used == 0 ? "" : ", ",
                   method, strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

enum router_verdict router_find(enum channel role, const char *method, const char *path,
                                const struct route **out_route, char allow[ROUTER_ALLOW_BYTES],
                                enum channel *other) {
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    char methods[ROUTER_ALLOW_BYTES] = "";
    enum router_verdict verdict = ROUTER_UNKNOWN;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        if (!fits(&routes[i], path)) {
            continue;
        }
        if ((channels_of(&routes[i]) & (unsigned)role) == 0) {
            if (verdict == ROUTER_UNKNOWN) {
                verdict = ROUTER_OTHER_GATEWAY;
                *other = first_role(channels_of(&routes[i]));
            }
        } else if (strcmp(routes[i].method, wanted) == 0) {
            *out_route = &routes[i];
            return ROUTER_FOUND;
        } else {
            verdict = ROUTER_OTHER_METHOD;
            add_method(methods, routes[i].method);
        }
    }
    if (verdict == ROUTER_OTHER_METHOD) {
        memcpy(allow, methods, sizeof(methods));
    }
    return verdict;
}

// --- the message ----------------------------------------------------------------------------

static enum result set_text(const struct message_type *type, void *message, struct bytes name,
                            struct bytes value, struct error *err) {
    if (bytes_contain_zero(name) || bytes_contain_zero(value)) {
        return error_set(err, RESULT_INVALID, "a parameter holds a zero byte");
    }
    AUTO(string_free_at) char *name_text = string_copy_bytes(name);
    AUTO(string_free_at) char *value_text = string_copy_bytes(value);
    if (name_text == NULL || value_text == NULL) {
        return error_out_of_memory(err);
    }
    return message_set(type, message, name_text, value_text, err);
}

static enum result add_path(const struct route *route, const struct message_type *type,
                            void *message, const char *path, struct error *err) {
    struct bytes pattern = bytes_of_string(route->path);
    struct bytes given = bytes_of_string(path);
    struct bytes name = {0};
    struct bytes value = {0};
    while (next_segment(&pattern, &name) && next_segment(&given, &value)) {
        if (is_parameter(name)) {
            TRY(set_text(type, message, bytes_slice(name, 1, name.size - 2), value, err));
        }
    }
    return RESULT_OK;
}

static enum result add_query(const struct message_type *type, void *message, const char *query,
                             struct error *err) {
    const char *rest = query;
    while (true) { // each turn takes from `rest`
        AUTO(buf_clear) struct buf name;
        AUTO(buf_clear) struct buf value;
        buf_init(&name, LIMIT_HTTP_TARGET_BYTES);
        buf_init(&value, LIMIT_HTTP_TARGET_BYTES);
        const enum result result = http_query_next(&rest, &name, &value, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        TRY(set_text(type, message, buf_bytes(&name), buf_bytes(&value), err));
    }
}

// --- Authorization --------------------------------------------------------------------------

static const char *bearer_of(const struct route *route) {
    for (size_t i = 0; i < sizeof(bearers) / sizeof(bearers[0]); i++) {
        if (bearers[i].operation == route->operation) {
            return bearers[i].field;
        }
    }
    return NULL;
}

static enum result refuse_bearer(const char *field, const char *what, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "claim_missing", "%s", what);
    error_field(err, field);
    error_hint(err,
               "Send \"Authorization: Bearer CLAIM\" with the claim that was sent with the "
               "request.");
    return RESULT_DENIED;
}

// The credentials behind "Bearer" (RFC 6750, 2.1; the scheme in any case); empty for another scheme.
static struct bytes credentials_of(const char *authorization) {
    static const char scheme[] = "bearer";
    struct bytes rest = bytes_of_string(authorization);
    AUTO(string_free_at)
    char *word = string_copy_bytes(bytes_slice(rest, 0, sizeof(scheme) - 1));
    if (word == NULL || !text_equal_ignoring_case(word, scheme)) {
        return (struct bytes){0};
    }
    rest = bytes_slice(rest, sizeof(scheme) - 1, SIZE_MAX);
    const size_t blanks = strspn(authorization + sizeof(scheme) - 1, " ");
    return blanks == 0 ? (struct bytes){0} : bytes_slice(rest, blanks, SIZE_MAX);
}

static char **secret_member(const struct message_type *type, void *message, const char *name) {
    for (size_t i = 0; i < type->field_count; i++) {
        if (type->fields[i].type == FIELD_SECRET && strcmp(type->fields[i].name, name) == 0) {
            return (char **)(void *)((uint8_t *)message + type->fields[i].offset);
        }
    }
    return NULL; // the table of routes is wrong
}

static enum result add_bearer(const struct route *route, const struct message_type *type,
                              void *message, const char *authorization, struct error *err) {
    const char *field = bearer_of(route);
    if (field == NULL) {
        return RESULT_OK;
    }
    if (authorization == NULL) {
        return refuse_bearer(field, "this needs the claim of a request", err);
    }
    const struct bytes credentials = credentials_of(authorization);
    if (credentials.size == 0) {
        return refuse_bearer(field, "the Authorization header holds no bearer", err);
    }
    char **member = secret_member(type, message, field);
    if (member == NULL) {
        return error_set(err, RESULT_INTERNAL, "there is no secret %s", field);
    }
    return text_set_bytes(member, credentials) == RESULT_OK ? RESULT_OK
                                                            : error_out_of_memory(err);
}

// --- all of it ------------------------------------------------------------------------------

// What a peer got wrong in its request is its request's fault, whatever kind it is.
static enum result as_invalid(enum result result, struct error *err) {
    if (result == RESULT_OK || result == RESULT_INTERNAL) {
        return result;
    }
    if (err != NULL) {
        err->result = RESULT_INVALID;
    }
    return RESULT_INVALID;
}

static enum result join(const struct route *route, const struct message_type *type,
                        const struct route_input *input, void *message, struct buf *out_binary,
                        struct error *err) {
    TRY(add_path(route, type, message, input->path, err));
    TRY(add_query(type, message, input->query, err));
    TRY(message_from_json(type, input->body, message, err));
    return message_to_binary(type, message, out_binary, err);
}

static enum result fill(const struct route *route, const struct message_type *type,
                        const struct route_input *input, void *message, struct buf *out_binary,
                        struct error *err) {
    TRY(add_bearer(route, type, message, input->authorization, err));
    return as_invalid(join(route, type, input, message, out_binary, err), err);
}

enum result router_read_request(const struct route *route, const struct route_input *input,
                                struct buf *out_binary, struct error *err) {
    const struct message_type *type = operation_find((unsigned)route->operation)->request;
    void *message = calloc(1, type->size + 1); // a message without fields has no size
    if (message == NULL) {
        return error_out_of_memory(err);
    }
    const enum result result = fill(route, type, input, message, out_binary, err);
    message_clear(type, message);
    free(message);
    return result;
}
