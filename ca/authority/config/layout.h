// Where everything lies in the state folder of an authority.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"

// DIR/signetd.conf        the configuration, for people
// DIR/signet.db           the store (with -wal and -shm beside it)
// DIR/keys/NAME.key       CA keys, 0600, in a folder of 0700
// DIR/certificates/NAME.pem   CA certificates, for people; the store has them too
// DIR/admin/              the first administrator's credential for signetctl:
//                         key.pem cert.pem chain.pem ca.pem url
#define LAYOUT_CONFIG "signetd.conf"
#define LAYOUT_DATABASE "signet.db"
#define LAYOUT_KEYS "keys"
#define LAYOUT_CERTIFICATES "certificates"
#define LAYOUT_ADMIN "admin"
#define LAYOUT_LOCK "signetd.lock"

#define ISSUER_NAME_ROOT "root"
#define ISSUER_NAME_ISSUING "issuing"
#define ISSUER_NAME_OPERATORS "operators"

// The CA certificates are called "NAME root", "NAME issuing" and "NAME ops", within the 64
// characters of a CN.
#define ISSUER_TITLE_OPERATORS "ops"
#define LIMIT_AUTHORITY_NAME_CHARACTERS (LIMIT_COMMON_NAME_CHARACTERS - 8)
