// signetctl admin add, list, remove, role.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"

static const char *const roles[] = {"owner", "approver", "operator", "auditor", NULL};

// --- add -----------------------------------------------------------------------------------------

const struct option admin_add_options[] = {
    {"role", "ROLE", "owner, approver, operator or auditor", false, false},
    {"expires", "TIME", "how long the invitation may be used: 4h, 7d (default: 1d)", false,
     false},
    {0},
};

// The token alone goes to standard output; what its owner does with it stands beside it.
static enum result print_invitation(const char *name, const struct token_created *created,
                                    struct error *err) {
    AUTO(buf_clear) struct buf token = {0};
    AUTO(buf_clear) struct buf about = {0};
    AUTO(buf_clear) struct buf folder = {0};
    buf_init_secret(&token, LIMIT_TOKEN_TEXT_BYTES + 1);
    buf_init(&folder, LIMIT_PATH_BYTES);
    buf_init(&about, PRINT_BYTES);
    TRY(add_line(&about, "invited", name));
    TRY(add_line(&about, "token id", created->id));
    TRY(add_time_line(&about, "expires", created->expires));
    TRY(credential_safe_name(name, &folder, err));
    TRY(buf_printf(&about,
                   "The new administrator, with a token that nobody else has seen:\n"
                   "  signet enroll TOKEN\n"
                   "  export SIGNET_CREDENTIAL=~/.config/signet/credentials/%s\n",
                   buf_string(&folder)));
    (void)fputs(buf_string(&about), stderr);
    TRY(buf_printf(&token, "%s\n", created->token));
    return program_print(&token, err);
}

static enum result fill_request(const struct arguments *arguments, struct admin_add *request,
                                struct error *err) {
    const char *role = arguments_value(arguments, "role");
    if (role == NULL) {
        (void)arguments_refuse(err, "role", "admin add needs it");
        error_hint(err,
                   "Owners do everything; approvers decide requests; operators make tokens "
                   "and revoke; auditors look.");
        return RESULT_INVALID;
    }
    TRY(arguments_choice(arguments, "role", roles, err));
    TRY(arguments_duration(arguments, "expires", 0, &request->expires_in, err));
    TRY(text_set(&request->role, role));
    return text_set(&request->name, arguments->operands[0]);
}

enum result run_admin_add(const struct arguments *arguments, struct error *err) {
    struct admin_add request = {0};
    struct token_created reply = {0};
    bool is_printed = false;
    enum result result = fill_request(arguments, &request, err);
    if (result == RESULT_OK) {
        result = session_call(arguments, OPERATION_ADMIN_ADD, &request, &reply, err);
    }
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &token_created_type, &reply, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_invitation(request.name, &reply, err);
    }
    message_clear(&admin_add_type, &request);
    message_clear(&token_created_type, &reply);
    return result;
}

// --- list ----------------------------------------------------------------------------------------

static enum result add_admin_row(struct table *table, const struct admin_info *admin) {
    TRY(table_add(table, admin->name));
    TRY(table_add(table, admin->role));
    TRY(table_add(table, admin->state));
    TRY(add_number_cell(table, admin->certificates));
    TRY(add_time_cell(table, admin->not_after));
    TRY(add_time_cell(table, admin->created));
    return table_add(table, admin->created_by != NULL ? admin->created_by : "");
}

static enum result print_admins(const struct admin_page *page, struct error *err) {
    static const char *const headings[] = {"NAME",        "ROLE",  "STATE", "CERTIFICATES",
                                           "VALID UNTIL", "ADDED", "BY",    NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    const struct admin_info *admins = page->admins.items;
    for (size_t i = 0; i < page->admins.count; i++) {
        TRY(add_admin_row(&table, &admins[i]));
    }
    return print_table(&table, err);
}

enum result run_admin_list(const struct arguments *arguments, struct error *err) {
    const struct nothing request = {};
    struct admin_page reply = {0};
    bool is_printed = false;
    enum result result = session_call(arguments, OPERATION_ADMIN_LIST, &request, &reply, err);
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &admin_page_type, &reply, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_admins(&reply, err);
    }
    message_clear(&admin_page_type, &reply);
    return result;
}

// --- remove and role -----------------------------------------------------------------------------

static enum result print_admin(const struct arguments *arguments,
                               const struct admin_info *admin, const char *what,
                               struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &admin_info_type, admin, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_append_string(&text, "Administrator "));
    TRY(display_text(admin->name, &text));
    TRY(buf_append_string(&text, what));
    TRY(display_text(admin->role, &text));
    TRY(buf_append_string(&text, ".\n"));
    return program_print(&text, err);
}

enum result run_admin_remove(const struct arguments *arguments, struct error *err) {
    struct admin_remove request = {0};
    struct admin_info reply = {0};
    enum result result = text_set(&request.name, arguments->operands[0]);
    if (result == RESULT_OK) {
        result = session_call(arguments, OPERATION_ADMIN_REMOVE, &request, &reply, err);
    }
    if (result == RESULT_OK) {
        result = print_admin(arguments, &reply,
                             " is removed, invitation and certificates are revoked; was ", err);
    }
    message_clear(&admin_remove_type, &request);
    message_clear(&admin_info_type, &reply);
    return result;
}

static enum result check_role(const char *role, struct error *err) {
    for (size_t i = 0; roles[i] != NULL; i++) {
        if (strcmp(roles[i], role) == 0) {
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_INVALID, "usage", "'%s' is not a role", role);
    error_hint(err, "Use owner, approver, operator or auditor.");
    return RESULT_INVALID;
}

static enum result call_for_role(const struct arguments *arguments,
                                 struct admin_change *request, struct admin_info *reply,
                                 struct error *err) {
    TRY(check_role(arguments->operands[1], err));
    TRY(text_set(&request->name, arguments->operands[0]));
    TRY(text_set(&request->role, arguments->operands[1]));
    TRY(session_call(arguments, OPERATION_ADMIN_CHANGE, request, reply, err));
    return print_admin(arguments, reply, " is now ", err);
}

enum result run_admin_role(const struct arguments *arguments, struct error *err) {
    struct admin_change request = {0};
    struct admin_info reply = {0};
    enum result result = call_for_role(arguments, &request, &reply, err);
    message_clear(&admin_change_type, &request);
    message_clear(&admin_info_type, &reply);
    return result;
}
