// The routes of the administrators' operations.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/api.h"

static const struct api_route {
    enum operation_id operation;
    const char *method;
    const char *path;
} routes[] = {
    {OPERATION_TOKEN_CREATE, "POST", "/v1/tokens"},
    {OPERATION_TOKEN_LIST, "GET", "/v1/tokens"},
    {OPERATION_TOKEN_REVOKE, "POST", "/v1/tokens/{id}/revoke"},
    {OPERATION_CERTIFICATE_LIST, "GET", "/v1/certificates"},
    {OPERATION_CERTIFICATE_SHOW, "GET", "/v1/certificates/{serial}"},
    {OPERATION_CERTIFICATE_REVOKE, "POST", "/v1/certificates/{serial}/revoke"},
    {OPERATION_NAME_RELEASE, "POST", "/v1/names/release"},
    {OPERATION_CERTIFICATE_HOLD, "POST", "/v1/certificates/{serial}/hold"},
    {OPERATION_CERTIFICATE_RELEASE, "POST", "/v1/certificates/{serial}/release"},
    {OPERATION_CRL_SHOW, "GET", "/v1/crl"},
    {OPERATION_CRL_READ, "GET", "/v1/crl/{issuer}"},
    {OPERATION_CRL_PUBLISH, "POST", "/v1/crl/publish"},
    {OPERATION_STATUS, "GET", "/v1/status"},
    {OPERATION_ADMIN_ADD, "POST", "/v1/admins"},
    {OPERATION_ADMIN_LIST, "GET", "/v1/admins"},
    {OPERATION_ADMIN_REMOVE, "POST", "/v1/admins/{name}/remove"},
    {OPERATION_ADMIN_CHANGE, "POST", "/v1/admins/{name}/role"},
    {OPERATION_AUDIT_LIST, "GET", "/v1/audit"},
    {OPERATION_AUDIT_CHECKPOINT, "POST", "/v1/audit/checkpoint"},
    {OPERATION_ISSUER_LIST, "GET", "/v1/issuers"},
    {OPERATION_PROFILE_LIST, "GET", "/v1/profiles"},
    {OPERATION_REQUEST_LIST, "GET", "/v1/requests"},
    {OPERATION_REQUEST_SHOW, "GET", "/v1/requests/{id}"},
    {OPERATION_REQUEST_APPROVE, "POST", "/v1/requests/{id}/approve"},
    {OPERATION_REQUEST_DENY, "POST", "/v1/requests/{id}/deny"},
    {OPERATION_RULE_ADD, "POST", "/v1/rules"},
    {OPERATION_RULE_LIST, "GET", "/v1/rules"},
    {OPERATION_RULE_REMOVE, "POST", "/v1/rules/remove"},
};

enum result api_call(struct exchange *exchange, enum operation_id id, const void *request,
                     void *reply, struct error *err) {
    const struct operation *operation = operation_find(id);
    for (size_t i = 0; operation != NULL && i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (routes[i].operation == id) {
            const struct route route = {.name = operation->name,
                                        .method = routes[i].method,
                                        .path = routes[i].path,
                                        .request = operation->request,
                                        .reply = operation->reply};
            return route_call(exchange, &route, request, reply, err);
        }
    }
    return error_set(err, RESULT_INTERNAL, "operation %u has no route", (unsigned)id);
}
