// The last look before signing: what is about to be signed, judged against RFC 5280 by code that
// shares nothing with what built it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

// The code of every refusal; the message begins with the lint's name and ends with its section.
#define LINT_CODE "lint_failed"

// Judges the TBSCertificate of an end entity (the whole element). RESULT_DENIED names the first
// lint that fails. Knows no profile: that the contents are the wanted ones is policy's to say.
enum result lint_certificate(struct bytes tbs, struct error *err);
// The same of a CA's certificate, as this project makes them.
enum result lint_ca_certificate(struct bytes tbs, struct error *err);
// Judges a TBSCertList (the whole element): a complete list of version 2 without issuing
// distribution point and deltas. Time and memory grow with the entries.
enum result lint_crl(struct bytes tbs, struct error *err);
// The same in turns, of as many entries each; `tbs` stays where it is until lint_crl_free. A walk
// that has refused is not gone on with.
struct lint_crl_walk;
enum result lint_crl_begin(struct bytes tbs, struct lint_crl_walk **out_walk,
                           struct error *err);
enum result lint_crl_go_on(struct lint_crl_walk *walk, size_t entries, bool *out_is_over,
                           struct error *err);
void lint_crl_free(struct lint_crl_walk *walk);
void lint_crl_free_at(struct lint_crl_walk **walk);
