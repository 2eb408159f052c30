// signetd admin reset.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/admin_reset.h"
#include "signetd.h"

#define LIMIT_REPORT_BYTES (64 * 1024)

const struct option admin_reset_options[] = {
    FOLDER_OPTION,
    {"name", "NAME", "of the owner (admin, or admin-2 and so on when that one was removed)",
     false, false},
    {"remove-others", NULL, "remove every other administrator", false, false},
    {0},
};

enum result run_admin_reset(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf report = {0};
    buf_init(&report, LIMIT_REPORT_BYTES);
    const struct admin_reset reset = {
        .folder = folder_of(arguments),
        .name = arguments_value(arguments, "name"),
        .removes_others = arguments_have(arguments, "remove-others"),
    };
    TRY(admin_reset(&reset, &report, err));
    return print_text(&report, err);
}
