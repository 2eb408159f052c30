// Fuzzes what a CSV of devices becomes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/device_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(const struct error *reason) {
    (void)reason;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error err = {0};
    struct rule_add all = {0};
    (void)!device_list_read(bytes_of(data, size), report, &all.entries, &err);
    message_clear(&rule_add_type, &all);
    return 0;
}
