// Renewal of an installed credential: a new key, or where its settings say so the present one,
// bound to the certificate it follows.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "client/connect/about.h"

// DIR/NAME/pending-SERIAL holds the key of the renewal that follows that certificate.
#define RENEW_PENDING_PREFIX "pending-"

// Renews DIR/NAME at its authority with mutual TLS and installs the answer. RESULT_OK fills
// *out_about (cleared by the caller) with the new certificate's; RESULT_CONFLICT, code
// "unchanged", when it is not due yet and `is_forced` is not set. The credential in place stays
// whatever fails.
enum result renew_credential(const char *folder, bool is_forced, struct about *out_about,
                             struct error *err);
// The same for a caller who holds the folder's lock and decided that it is due. On failure
// *out_retry_after says how many seconds the authority wants us to wait, 0 when it did not say.
// RESULT_PENDING, code "pending": it holds the request; the same again goes on.
enum result renew_locked(const char *folder, int64_t *out_retry_after, struct error *err);
// Removes keys of renewals that never came to an end, but for that of the certificate `serial`.
// Failures cost only space. The caller holds the folder's lock.
void renew_tidy(const char *folder, const char *serial);
// Asks its authority to revoke the credential's own certificate; the files stay.
enum result renew_revoke(const char *folder, const char *reason, struct error *err);
