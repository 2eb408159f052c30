// The commands of signetctl, and what they share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/connect/credential.h"
#include "base/options.h"
#include "client/terminal/table.h"
#include "wire/messages.h"

enum result run_token_create(const struct arguments *arguments, struct error *err);
enum result run_token_list(const struct arguments *arguments, struct error *err);
enum result run_token_revoke(const struct arguments *arguments, struct error *err);
enum result run_issue(const struct arguments *arguments, struct error *err);
enum result run_certificate_list(const struct arguments *arguments, struct error *err);
enum result run_certificate_show(const struct arguments *arguments, struct error *err);
enum result run_certificate_revoke(const struct arguments *arguments, struct error *err);
enum result run_certificate_hold(const struct arguments *arguments, struct error *err);
enum result run_certificate_release(const struct arguments *arguments, struct error *err);
enum result run_name_release(const struct arguments *arguments, struct error *err);
enum result run_request_list(const struct arguments *arguments, struct error *err);
enum result run_request_show(const struct arguments *arguments, struct error *err);
enum result run_request_approve(const struct arguments *arguments, struct error *err);
enum result run_request_deny(const struct arguments *arguments, struct error *err);
enum result run_rule_import(const struct arguments *arguments, struct error *err);
enum result run_rule_list(const struct arguments *arguments, struct error *err);
enum result run_rule_remove(const struct arguments *arguments, struct error *err);
enum result run_crl_show(const struct arguments *arguments, struct error *err);
enum result run_crl_publish(const struct arguments *arguments, struct error *err);
enum result run_crl_diff(const struct arguments *arguments, struct error *err);
enum result run_issuer_list(const struct arguments *arguments, struct error *err);
enum result run_profile_list(const struct arguments *arguments, struct error *err);
enum result run_profile_show(const struct arguments *arguments, struct error *err);
enum result run_status(const struct arguments *arguments, struct error *err);
enum result run_admin_add(const struct arguments *arguments, struct error *err);
enum result run_admin_list(const struct arguments *arguments, struct error *err);
enum result run_admin_remove(const struct arguments *arguments, struct error *err);
enum result run_admin_role(const struct arguments *arguments, struct error *err);
enum result run_audit_list(const struct arguments *arguments, struct error *err);
enum result run_audit_export(const struct arguments *arguments, struct error *err);
enum result run_audit_verify(const struct arguments *arguments, struct error *err);
enum result run_audit_checkpoint(const struct arguments *arguments, struct error *err);
enum result run_authority(const struct arguments *arguments, struct error *err);

extern const struct option token_create_options[];
extern const struct option token_list_options[];
extern const struct option admin_add_options[];
extern const struct option audit_list_options[];
extern const struct option audit_export_options[];
extern const struct option audit_verify_options[];
extern const struct option issue_options[];
extern const struct option certificate_list_options[];
extern const struct option certificate_show_options[];
extern const struct option certificate_revoke_options[];
extern const struct option crl_show_options[];
extern const struct option crl_diff_options[];
extern const struct option request_list_options[];
extern const struct option request_approve_options[];
extern const struct option request_deny_options[];
extern const struct option rule_import_options[];
extern const struct option rule_list_options[];
extern const struct option rule_remove_options[];

// The values of --cn, --dns and so on as "type:value", each checked.
enum result collect_names(const struct arguments *arguments, struct text_list *out_names,
                          struct error *err);

// A connection as administrator; zeroed memory is a closed one.
struct session {
    struct credential credential;
    struct tls_context *tls;
    struct exchange exchange;
};
// With the credential of --credential, $SIGNET_CREDENTIAL, /etc/signet/admin or
// ~/.config/signet/admin, the first that there is.
enum result session_open(const struct arguments *arguments, struct session *out_session,
                         struct error *err);
void session_close(struct session *session);
// Opens, calls one operation, closes.
enum result session_call(const struct arguments *arguments, enum operation_id operation,
                         const void *request, void *reply, struct error *err);

// Lists come in pages. Each page type has its records and the mark of the next page; `take`
// moves its records into the whole, at most up to `limit` (0: all).
struct listing {
    enum operation_id operation;
    const struct message_type *page;   // of the reply
    const struct message_type *record; // in it
    size_t records_offset;             // of the struct record_list in the page
    size_t next_offset;                // of the char * in the page
    size_t after_offset;               // of the char * in the request
    size_t limit_offset;               // of the int64_t in the request
};
// Follows the pages to the end, or to `limit` records. `request` gets its `after` and `limit`
// set. `whole` is a zeroed page struct, the caller's to clear.
enum result session_list(struct session *session, const struct listing *listing, int64_t limit,
                         void *request, void *whole, struct error *err);

// Marks an error as an answer of the authority, and returns its result: what its lists do not hold
// is its refusal, whoever looked through them.
enum result refused_by_authority(struct error *err);

// The option's text into a member of a request; nothing when it was not given.
enum result take_text(const struct arguments *arguments, const char *option, char **member);
// "--json": prints the message and returns true in *out_is_printed.
enum result print_if_json(const struct arguments *arguments, const struct message_type *type,
                          const void *message, bool *out_is_printed, struct error *err);
enum result print_table(const struct table *table, struct error *err);
// Cells made by display.h.
enum result add_time_cell(struct table *table, int64_t time);
enum result add_names_cell(struct table *table, const struct text_list *names);
enum result add_number_cell(struct table *table, int64_t number);
// Lines "label  value" for what is shown alone; values that are NULL or "" are left out.
enum result add_line(struct buf *out, const char *label, const char *value);
enum result add_time_line(struct buf *out, const char *label, int64_t time);
enum result add_number_line(struct buf *out, const char *label, int64_t number);
enum result add_names_line(struct buf *out, const char *label, const struct text_list *names);

// A table of the CRLs that are published (struct crl_info).
enum result write_crls(const struct record_list *crls, struct buf *out);

// The greatest output of one command.
#define PRINT_BYTES (512 * 1024 * 1024)
