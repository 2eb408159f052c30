// Enrollment: from one string to an installed credential.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/about.h"
#include "x509/key.h"
#include "x509/names.h"

struct enroll_options {
    const char *token;
    const char *folder; // where credentials are kept
    const char *name;   // NULL: after the common name, or the first name
    enum key_algorithm algorithm;
    const struct names *names; // to ask for; empty: what the token grants
    bool replaces;             // an existing credential of that name
};

// Where it was installed and what it is; cleared by the caller.
struct enrolled {
    struct buf folder; // DIR/NAME/current
    struct about about;
};
void enrolled_clear(struct enrolled *enrolled);

// 1. Makes the key and the request and keeps them (client/pending.h): asking again after a
// crash is
//    the same request and gets the same certificate.
// 2. Fetches the authority's chain without trusting anything, and finds the root with the
// token's
//    fingerprint in it; code "untrusted" when there is none, and nothing more is sent.
// 3. Connects anew under that root alone, sends token and request.
// 4. Checks the answer (client/issued.h) and installs it (client/install.h).
// RESULT_CONFLICT, code "exists", when the name is taken.
enum result enroll_run(const struct enroll_options *options, struct enrolled *out_enrolled,
                       struct error *err);
