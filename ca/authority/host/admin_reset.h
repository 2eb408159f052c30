// An owner made anew on the authority's host: for when nobody can act any more.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

struct admin_reset {
    const char *folder;
    const char *name; // NULL: the first administrator's, or the next free one like it
    bool removes_others;
};

// While the authority does not run: whoever may read its keys is owner in any case. Makes the
// administrator an owner with a new key and certificate in the folder's admin/, and moves what was
// there aside; other certificates of the name are revoked, other administrators are left as they
// are unless they are to be removed. RESULT_CONFLICT (code "admin_exists") for the name of one who
// was removed, RESULT_CONFLICT ("already_running"). The report goes into *report.
enum result admin_reset(const struct admin_reset *reset, struct buf *report, struct error *err);
