// Which CRLs may replace which: the decision of the watcher, without files or network.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

enum crl_set_decision {
    CRL_SET_UNCHANGED, // what is installed says the same
    CRL_SET_REPLACE,
};

struct crl_set_summary {
    size_t lists;
    size_t entries;
    int64_t this_update; // the newest
    int64_t next_update; // the earliest
    int64_t life;        // seconds from thisUpdate to nextUpdate of the one that ends earliest
};

// PEM ("X509 CRL" blocks) or one DER CRL, to concatenated DER.
enum result crl_set_read(struct bytes file, struct buf *out_der, struct error *err);

// `offered`, `installed` and `trust` are concatenated DER: CRLs, CRLs, CA certificates.
// RESULT_INVALID or RESULT_DENIED (code "crl_refused", naming the issuer), and nothing may be
// replaced, unless every offered CRL
//   - is signed by one of the CAs and has no critical extension that relying parties ignore,
//   - is valid now: thisUpdate not in the future, nextUpdate there and not past,
//   - is the only one of its issuer,
//   - is not older than the installed one of that issuer: neither a lower number nor an earlier
//     thisUpdate, and with the same number the very same CRL,
// and every issuer that the installed file has is still there. An installed CRL whose signature
// does not hold counts as damaged, not as a state to defend. `out_summary` is of the offered
// set.
enum result crl_set_decide(struct bytes offered, struct bytes installed, struct bytes trust,
                           int64_t now, enum crl_set_decision *out_decision,
                           struct crl_set_summary *out_summary, struct error *err);

// Whether a set has a CRL of this issuer (Name element).
bool crl_set_has(struct bytes set, struct bytes issuer);
// The summary of a set without any judgement.
enum result crl_set_summarise(struct bytes set, struct crl_set_summary *out_summary);
// Whether somebody is revoked in `new_set` who was not in `old_set`. Without `old_set`: whether anybody is.
enum result crl_set_revokes_more(struct bytes new_set, struct bytes old_set, bool *out_does,
                                 struct error *err);
