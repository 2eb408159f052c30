// One handshake with a relying party: does this certificate get in?
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/connect/url.h"
#include "client/watch/watch_preset.h"
#include "wire/tls.h"

enum probe_verdict {
    PROBE_IN,
    PROBE_OUT,           // the server refused the certificate, without a word or as revoked
    PROBE_OUT_OTHERWISE, // it refused it and said that it is for something else
    PROBE_NO_ANSWER,     // it says neither: down, slow, or not what we expect
};

// `tls` is a client context with the certificate; `name` is the server's (the domain for XMPP).
// `err` tells what a verdict other than PROBE_IN is made of.
enum probe_verdict probe_run(enum watch_probe kind, const struct url *address, const char *name,
                             struct tls_context *tls, struct error *err);
