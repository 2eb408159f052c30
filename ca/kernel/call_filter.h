// Which system calls a process may still make: a table, given to seccomp.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define LIMIT_CALL_CONDITIONS 2

struct call_rule {
    int call;        // SCMP_SYS(name)
    uint32_t action; // SCMP_ACT_…
    // All of them must hold; one without an `op` ends the list.
    struct scmp_arg_cmp conditions[LIMIT_CALL_CONDITIONS];
};

// Irrevocable, for every thread of this process and all that it starts. `otherwise` is done
// with calls that no rule fits; no rule may have the same action. A call that this architecture
// does not have is left out; calls by another architecture's numbers kill the process. The
// process must have given up new privileges.
enum result call_filter_enter(uint32_t otherwise, const struct call_rule *rules, size_t count,
                              struct error *err);
