// Keys and certificates for tests of gateways.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/gateway_pki.h"

#include "support/pki.h"

static void give(struct credential *to, struct identity *from) {
    to->key = from->key;
    from->key = NULL;
    buf_move(&to->der, &from->der);
}

void gateway_pki_make(struct gateway_pki *pki) {
    struct identity ca = {0};
    struct identity other_ca = {0};
    struct identity made = {0};
    const struct identity_plan ca_plan = {.names = {"cn:Root"}, .is_ca = true};
    const struct identity_plan server = {.names = {"dns:localhost"}, .usage = OID_SERVER_AUTH};
    const struct identity_plan client = {.names = {"cn:device"}, .usage = OID_CLIENT_AUTH};
    identity_make(&ca, NULL, &ca_plan);
    identity_make(&other_ca, NULL, &ca_plan);
    identity_make(&made, &ca, &server);
    give(&pki->server, &made);
    identity_make(&made, &ca, &server);
    give(&pki->second_server, &made);
    identity_make(&made, &ca, &client);
    give(&pki->client, &made);
    identity_make(&made, &other_ca, &client);
    give(&pki->stranger, &made);
    give(&pki->ca, &ca);
    identity_clear(&other_ca);
}

static void credential_clear(struct credential *credential) {
    key_free_at(&credential->key);
    buf_clear(&credential->der);
}

void gateway_pki_clear(struct gateway_pki *pki) {
    credential_clear(&pki->ca);
    credential_clear(&pki->server);
    credential_clear(&pki->second_server);
    credential_clear(&pki->client);
    credential_clear(&pki->stranger);
}
