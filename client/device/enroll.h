// Enrollment: from one string, or an address and a fingerprint, to an installed credential.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/connect/about.h"
#include "client/device/settings.h"
#include "x509/key.h"
#include "x509/names.h"

// What a person is told while a request waits for approval. Each may be NULL.
struct enroll_events {
    // It is held: once, before the waiting begins.
    void (*on_held)(const struct held *held, const char *url);
    // It is still held, after each poll, with the seconds waited.
    void (*on_wait)(const struct held *held, int64_t seconds);
    // The authority cannot be asked at the moment; the next try is in `seconds`.
    void (*on_trouble)(const struct error *reason, int64_t seconds);
};

struct enroll_options {
    const char *token;       // or NULL, and the three below
    const char *url;         // "https://host:port"
    const char *fingerprint; // SHA-256 of the root in hex, with or without colons
    const char *profile;
    const char *with;   // credential that vouches for us, instead of a fingerprint; NULL: none
    const char *folder; // where credentials are kept
    const char *name;   // NULL: after the common name, or the first name
    enum key_algorithm algorithm;
    const char *key_uri; // of a key on a token: used when it is there, else made; NULL: a file
    const char *serial_number;       // to be known by to a list of devices; NULL: none
    const struct names *names;       // to ask for; empty: what the token, or the list, grants
    bool replaces;                   // an existing credential of that name
    const struct settings *settings; // for the credential; NULL: none, or those that are kept
    bool trusts_server_time; // where our clock is not set, dates are judged by the authority's
    int64_t wait_seconds;    // for a decision; 0: not at all, INT64_MAX: until there is one
    struct enroll_events events;
};

// Where it was installed and what it is; cleared by the caller.
struct enrolled {
    struct buf folder; // DIR/NAME/current
    struct about about;
    bool is_administrator; // signetctl takes it as it is
};
void enrolled_clear(struct enrolled *enrolled);

// 1. Fetches the authority's chain without trusting anything, and finds the root with the
//    expected fingerprint in it; code "untrusted" when there is none, and nothing is kept.
// 2. Makes the key, the request and a claim, and keeps them (client/device/pending.h, client/device/ticket.h):
//    asking again after a crash is the same request and gets the same certificate.
// 3. Connects anew under that root alone, sends token or profile, claim and request.
// 4. When that is held, waits for the decision. RESULT_PENDING (code "pending") when there is none
//    yet: the same again goes on. RESULT_DENIED with the codes "request_denied" and
//    "request_expired" ends it.
// 5. Checks the answer (client/connect/issued.h) and installs it (client/device/install.h).
// RESULT_CONFLICT, code "exists", when the name is taken.
enum result enroll_run(const struct enroll_options *options, struct enrolled *out_enrolled,
                       struct error *err);

// Goes on with an enrollment that is pending in `options->folder`: the one with this code, or NULL
// for the only one. Of the options only folder, waiting and events count. Code "usage" when
// there are several, naming them, "nothing_pending" when there is none.
enum result enroll_resume(const struct enroll_options *options, const char *code,
                          struct enrolled *out_enrolled, struct error *err);

// Forgets a pending enrollment, chosen as enroll_resume chooses, and its key, also one that was made on a token.
// Appends its code to *out_code, initialised by the caller. The request that is held stays at the authority until
// somebody decides or its time ends. When the token cannot be reached nothing is forgotten.
enum result enroll_cancel(const char *folder, const char *code, struct buf *out_code,
                          struct error *err);
