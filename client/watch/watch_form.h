// The shapes in which relying parties read CRLs: one file, or a folder by OpenSSL's rules.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "client/watch/watch_preset.h"

// The PEM text of a file: `trust` and `crls` are concatenated DER.
enum result watch_form_write(enum watch_form form, struct bytes trust, struct bytes crls,
                             struct buf *out_text);
// Appends the CRLs of such a file. RESULT_INVALID when it is damaged: with
// WATCH_FORM_CAFILE also when its certificates are not exactly `trust`.
enum result watch_form_read(enum watch_form form, struct bytes text, struct bytes trust,
                            struct buf *out_crls, struct error *err);
// Whether a file with this text may be replaced by one that watch_form_write makes: it is empty, or
// has a CRL in it, whole or not; with WATCH_FORM_CAFILE also when it is just the certificates of
// `trust`.
bool watch_form_may_replace(enum watch_form form, struct bytes text, struct bytes trust);

// A CApath. OpenSSL looks for HASH.r0, HASH.r1, … of an issuer, remembers how far it came, and
// at the next handshake tries the number behind that: so a new CRL in a file of the next number
// is seen without a reload, a replaced file is not. A process that starts reads them all, up to
// the first that is missing or damaged.

// The newest CRL of each CA; *out_is_damaged when a certificate or CRL is missing, or a file is
// no CRL.
enum result watch_capath_read(const char *folder, struct bytes trust, struct buf *out_crls,
                              bool *out_is_damaged, struct error *err);
// Adds the CRLs that are not the newest there yet, heals damaged files, replaces CRLs that are
// dated later than these, and writes missing certificates. After WATCH_CAPATH_FILES of a CA the folder is emptied down to one file, and
// *out_needs_reload says that running processes must be told; so it does after CRLs of a
// later date.
#define WATCH_CAPATH_FILES 50
enum result watch_capath_write(const char *folder, struct bytes trust, struct bytes crls,
                               bool *out_needs_reload, struct error *err);
