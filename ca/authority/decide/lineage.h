// What holds of a whole line of renewals, beyond the one certificate that a peer shows.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/config/profile.h"
#include "base/error.h"
#include "store/store.h"
#include "x509/names.h"

struct authority;

// Whoever shows an older certificate of a line must not get around what was decided about a newer
// one: RESULT_DENIED ("certificate_revoked", "certificate_held") when a later certificate of the
// line is on hold or revoked, unless it was merely superseded; and so for what its holder showed
// when it was issued under another profile.
enum result lineage_check_good(struct authority *authority,
                               const struct certificate_record *shown, struct error *err);

// Whether one more certificate may continue the line behind `predecessor`: its names were not
// released since ("name_released"), the line was not renewed too often ("renewed_too_often"), and
// one that has ended finds room among the identity's active ones. `first` begins the line.
enum result lineage_check_continue(struct authority *authority, const struct profile *profile,
                                   const struct certificate_record *predecessor,
                                   const struct certificate_record *first,
                                   const struct names *names, int64_t now, struct error *err);

// What was given to this device before is on hold or revoked, and no administrator released the
// name since: RESULT_DENIED (code "name_revoked"). For grants that no person stands behind.
enum result lineage_check_names(struct authority *authority, const struct names *names,
                                struct error *err);
