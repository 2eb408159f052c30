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

enum result run_issuer_add(const struct arguments *arguments, struct error *err);
enum result run_issuer_list(const struct arguments *arguments, struct error *err);
enum result run_issuer_request(const struct arguments *arguments, struct error *err);
enum result run_issuer_install(const struct arguments *arguments, struct error *err);
enum result run_issuer_retire(const struct arguments *arguments, struct error *err);
enum result run_issuer_revoke(const struct arguments *arguments, struct error *err);
enum result run_root_export(const struct arguments *arguments, struct error *err);
enum result run_root_import(const struct arguments *arguments, struct error *err);
enum result run_root_sign(const struct arguments *arguments, struct error *err);
enum result run_root_crl(const struct arguments *arguments, struct error *err);
enum result run_root_install_crl(const struct arguments *arguments, struct error *err);
enum result run_renew_own(const struct arguments *arguments, struct error *err);

extern const struct option init_options[];
extern const struct option issuer_add_options[];
extern const struct option issuer_list_options[];
extern const struct option issuer_request_options[];
extern const struct option issuer_install_options[];
extern const struct option issuer_retire_options[];
extern const struct option issuer_revoke_options[];
extern const struct option root_export_options[];
extern const struct option root_import_options[];
extern const struct option root_sign_options[];
extern const struct option root_crl_options[];
extern const struct option root_install_crl_options[];
extern const struct option renew_own_options[];
extern const struct option admin_reset_options[];
extern const struct option audit_list_options[];
extern const struct option audit_verify_options[];

#define DEFAULT_FOLDER "/var/lib/signet"
// A row of the options of every command that works on a state folder.
#define FOLDER_OPTION                                                                          \
    { "dir", "DIR", "state folder (" DEFAULT_FOLDER ")", false, false }
// Where a key comes from, as it stands in the help.
#define KEY_TYPE_OPTION                                                                        \
    { "key-type", "TYPE", "of the key that is made, where --key is a URI (p256)", false, false }
#define KEY_TYPES "p256, p384, ed25519, rsa2048, rsa3072, rsa4096"

// Of --dir, or the default.
const char *folder_of(const struct arguments *arguments);
// Of --key, a type or the URI of a key on a token (NULL: none), and then --key-type. P-256 when
// neither was given.
enum result key_of(const struct arguments *arguments, enum key_algorithm *out_algorithm,
                   const char **out_uri, struct error *err);
// The URI in another option; NULL when it was not given.
enum result key_uri_of(const struct arguments *arguments, const char *option,
                       const char **out_uri, struct error *err);
// Asks at the terminal for the PIN of a token (key_pin_prompt).
enum result pin_ask(const char *question, struct buf *out_pin, struct error *err);
// The value of an option without which the command cannot work.
enum result required_value(const struct arguments *arguments, const char *option,
                           const char **out_value, struct error *err);
// The first line of the file that the option names, a file of 0600, into a secret buffer that is
// initialised here; an empty one when the option was not given.
enum result passphrase_of(const struct arguments *arguments, const char *option,
                          struct buf *out_passphrase, struct error *err);
// The same, and where the option was not given the passphrase is asked for at the terminal; twice
// when it is a new one. `path` is the key's: one on a token has no passphrase, and NULL is a new
// one.
enum result passphrase_ask(const struct arguments *arguments, const char *option,
                           const char *path, struct buf *out_passphrase, struct error *err);
// One value of DER from a file with DER or with one PEM block of this label.
enum result read_object(const char *path, const char *label, size_t limit, struct buf *out_der,
                        struct error *err);
// Makes the file that --out names, in PEM.
enum result write_object(const struct arguments *arguments, const char *label, struct bytes der,
                         struct error *err);
// Writes to standard output; an error when it is full or gone.
enum result print_text(const struct buf *text, struct error *err);
