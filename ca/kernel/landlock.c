// Landlock's three system calls, for which libc has no functions, and its versions.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "kernel/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct landlock_ruleset_attr as of Linux 6.12. An older kernel takes the longer one as well,
// where what it does not know is zero.
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

// What each version added, Documentation/userspace-api/landlock.rst: the newest right of each
// kind.
static const struct {
    unsigned file_rights, network_rights, scopes; // how many there are of each, from bit 0 on
} versions[] = {
    {0, 0, 0},  {13, 0, 0}, // 1: Linux 5.13
    {14, 0, 0},             // 2: moving between folders
    {15, 0, 0},             // 3: truncating
    {15, 2, 0},             // 4: TCP
    {16, 2, 0},             // 5: ioctl on devices
    {16, 2, 2},             // 6: abstract sockets, signals
};

#define NEWEST ((int)(sizeof(versions) / sizeof(versions[0])) - 1)

static uint64_t lowest(unsigned count) {
    return (UINT64_C(1) << count) - 1;
}

struct landlock_rights landlock_rights_of(int version) {
    const int known = version < 0 ? 0 : version > NEWEST ? NEWEST : version;
    return (struct landlock_rights){
        .files = lowest(versions[known].file_rights),
        .network = lowest(versions[known].network_rights),
        .scopes = lowest(versions[known].scopes),
    };
}

int landlock_version(void) {
    const long version =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

enum result landlock_open(const struct landlock_rights *rights, int *out_rules,
                          struct error *err) {
    const struct ruleset wanted = {rights->files, rights->network, rights->scopes};
    const int rules = (int)syscall(SYS_landlock_create_ruleset, &wanted, sizeof(wanted), 0);
    if (rules < 0) {
        return error_from_errno(err, errno, "making rules for Landlock");
    }
    *out_rules = rules;
    return RESULT_OK;
}

enum result landlock_allow(int rules, const char *path, uint64_t files, struct error *err) {
    const int parent = open(path, O_PATH | O_CLOEXEC);
    if (parent < 0) {
        return error_from_errno(err, errno, "opening %s", path);
    }
    const struct landlock_path_beneath_attr rule = {.allowed_access = files,
                                                    .parent_fd = parent};
    const long status =
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    const int reason = errno;
    (void)close(parent);
    return status == 0 ? RESULT_OK : error_from_errno(err, reason, "allowing %s", path);
}

enum result landlock_restrict(int rules, struct error *err) {
    if (syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
        return error_from_errno(err, errno, "giving up the file system");
    }
    return RESULT_OK;
}
