// Landlock: confines a process to some files, with every right that the running kernel knows.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/error.h"

// Sets of rights as the kernel numbers them. The headers of Debian 12 know files only.
struct landlock_rights {
    uint64_t files;
    uint64_t network; // binding and connecting TCP sockets
    uint64_t scopes;  // signals and abstract sockets of processes that are less confined
};

// Rights to files that change nothing.
#define LANDLOCK_FILES_READING UINT64_C(0xd)
// Rights that a single file or device can be given, as opposed to a folder.
#define LANDLOCK_FILES_SINGLE UINT64_C(0xc007)
#define LANDLOCK_SCOPE_OF_ABSTRACT_SOCKETS UINT64_C(1)

// 0 where the kernel has no Landlock, or it is off.
int landlock_version(void);

// What this version can take away; of one that is newer than this program, what is known.
struct landlock_rights landlock_rights_of(int version);

// Rules that take `rights` away, from everything that is not allowed by landlock_allow. The
// caller closes the descriptor.
enum result landlock_open(const struct landlock_rights *rights, int *out_rules,
                          struct error *err);

// Gives rights to files back, at `path` and below.
enum result landlock_allow(int rules, const char *path, uint64_t files, struct error *err);

// Irrevocable, for this thread and all that it starts. It also keeps them from tracing
// processes that are less confined. The process must have given up new privileges.
enum result landlock_restrict(int rules, struct error *err);
