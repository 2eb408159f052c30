// The commands of signetd, and what they share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "base/options.h"
#include "x509/key.h"

enum result run_init(const struct arguments *arguments, struct error *err);
enum result run_admin_reset(const struct arguments *arguments, struct error *err);
enum result run_audit_list(const struct arguments *arguments, struct error *err);
enum result run_audit_verify(const struct arguments *arguments, struct error *err);

extern const struct option init_options[];
extern const struct option admin_reset_options[];
extern const struct option audit_list_options[];
extern const struct option audit_verify_options[];

#define DEFAULT_FOLDER "/var/lib/signet"
// A row of the options of every command that works on a state folder.
#define FOLDER_OPTION                                                                          \
    { "dir", "DIR", "state folder (" DEFAULT_FOLDER ")", false, false }
#define KEY_TYPES "p256, p384, ed25519, rsa2048, rsa3072, rsa4096"

// Of --dir, or the default.
const char *folder_of(const struct arguments *arguments);
// Of --key; `otherwise` when it was not given.
enum result key_type_of(const struct arguments *arguments, enum key_algorithm otherwise,
                        enum key_algorithm *out_algorithm, struct error *err);
// The value of an option without which the command cannot work.
enum result required_value(const struct arguments *arguments, const char *option,
                           const char **out_value, struct error *err);
// The first line of the file that the option names, a file of 0600, into a secret buffer that is
// initialised here; an empty one when the option was not given.
enum result passphrase_of(const struct arguments *arguments, const char *option,
                          struct buf *out_passphrase, struct error *err);
// Writes to standard output; an error when it is full or gone.
enum result print_text(const struct buf *text, struct error *err);
