// Keys and certificates for tests of gateways, in bare bytes.
// SPDX-License-Identifier: GPL-3.0-or-later
// support/pki.h and wire/messages.h both have a struct identity: no file can include the two.
#pragma once

#include "base/bytes.h"
#include "x509/key.h"

struct credential {
    struct key *key;
    struct buf der;
};

struct gateway_pki {
    struct credential ca;
    struct credential server, second_server; // for "localhost"
    struct credential client;
    struct credential stranger; // a client of another CA
};

void gateway_pki_make(struct gateway_pki *pki);
void gateway_pki_clear(struct gateway_pki *pki);
