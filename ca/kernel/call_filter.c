// A table of rules, by libseccomp, which knows the numbers of each architecture.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/call_filter.h"

static int add(scmp_filter_ctx filter, const struct call_rule *rule) {
    unsigned count = 0;
    while (count < LIMIT_CALL_CONDITIONS && rule->conditions[count].op != 0) {
        count++;
    }
    return seccomp_rule_add_array(filter, rule->action, rule->call, count, rule->conditions);
}

// Threads that are there already, a PKCS#11 module's for instance, are not left out.
static int load(scmp_filter_ctx filter, const struct call_rule *rules, size_t count) {
    int status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    for (size_t i = 0; i < count && status == 0; i++) {
        status = add(filter, &rules[i]);
    }
    return status == 0 ? seccomp_load(filter) : status;
}

enum result call_filter_enter(uint32_t otherwise, const struct call_rule *rules, size_t count,
                              struct error *err) {
    scmp_filter_ctx filter = seccomp_init(otherwise);
    if (filter == NULL) {
        return error_out_of_memory(err);
    }
    const int status = load(filter, rules, count);
    seccomp_release(filter);
    return status == 0 ? RESULT_OK : error_from_errno(err, -status, "giving up system calls");
}
