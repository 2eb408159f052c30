// signetctl token create, list, revoke.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "client/terminal/display.h"
#include "client/terminal/program.h"
#include "client/export/qr.h"
#include "client/admin/signetctl.h"
#include "x509/names.h"

// --- create ------------------------------------------------------------------------------

const struct option token_create_options[] = {
    {"profile", "NAME", "the kind of certificate: client, mqtt, xmpp, server, …", false, false},
    {"cn", "VALUE", "the common name it may carry", false, false},
    {"dns", "VALUE", "a DNS name; may be repeated, as the others below", true, false},
    {"ip", "VALUE", "an IP address", true, false},
    {"email", "VALUE", "an e-mail address", true, false},
    {"uri", "VALUE", "a URI", true, false},
    {"xmpp", "VALUE", "an XMPP address (JID)", true, false},
    {"cn-pattern", "PATTERN", "of a fleet: each device picks a free name, as in 'tracker-*'",
     true, false},
    {"dns-pattern", "PATTERN", "the same for a DNS name; as the others below", true, false},
    {"email-pattern", "PATTERN", "for an e-mail address", true, false},
    {"uri-pattern", "PATTERN", "for a URI", true, false},
    {"xmpp-pattern", "PATTERN", "for an XMPP address", true, false},
    {"uses", "N", "how many certificates it is good for (default: 1)", false, false},
    {"expires", "TIME", "how long it may be used: 24h, 7d (default: the authority's)", false,
     false},
    {"lifetime", "TIME", "of the certificate: 90d (default: the profile's)", false, false},
    {"label", "TEXT", "a note for administrators", false, false},
    {"qr", NULL, "the token as a QR code, too, on standard error", false, false},
    {0},
};

// Checks the names here too, so that the error is about the option.
enum result collect_names(const struct arguments *arguments, struct text_list *out_names,
                          struct error *err) {
    AUTO(names_clear) struct names names = {0};
    for (size_t i = 0; i < arguments->value_count; i++) {
        const struct option_value *value = &arguments->values[i];
        enum name_type type = NAME_CN;
        if (!name_type_from_prefix(value->option->name, &type)) {
            continue;
        }
        struct error reason = {0};
        if (names_add(&names, type, bytes_of_string(value->text), &reason) != RESULT_OK) {
            return arguments_refuse(err, value->option->name, "%s", reason.message);
        }
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, LIMIT_NAME_BYTES + 16);
        TRY(name_format(&names.items[names.count - 1], &text));
        TRY(text_list_add(out_names, buf_string(&text)));
    }
    return RESULT_OK;
}

// "cn-pattern" is a pattern of type cn. The authority checks it: it knows the profile as well.
static enum result collect_patterns(const struct arguments *arguments,
                                    struct text_list *out_patterns) {
    static const char suffix[] = "-pattern";
    for (size_t i = 0; i < arguments->value_count; i++) {
        const struct option_value *value = &arguments->values[i];
        const char *end = strstr(value->option->name, suffix);
        if (end == NULL) {
            continue;
        }
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, LIMIT_LIST_TEXT_BYTES);
        TRY(buf_printf(&text, "%.*s:%s", (int)(end - value->option->name), value->option->name,
                       value->text));
        TRY(text_list_add(out_patterns, buf_string(&text)));
    }
    return RESULT_OK;
}

static enum result fill_request(const struct arguments *arguments, struct token_create *request,
                                struct error *err) {
    const char *profile = arguments_value(arguments, "profile");
    const char *label = arguments_value(arguments, "label");
    if (profile == NULL) {
        (void)arguments_refuse(err, "profile", "token create needs it");
        error_hint(err, "signetctl authority lists the profiles.");
        return RESULT_INVALID;
    }
    TRY(text_set(&request->profile, profile));
    if (label != NULL) {
        TRY(text_set(&request->label, label));
    }
    TRY(arguments_integer(arguments, "uses", 1, LIMIT_TOKEN_USES, 0, &request->uses, err));
    TRY(arguments_duration(arguments, "expires", 0, &request->expires_in, err));
    TRY(arguments_duration(arguments, "lifetime", 0, &request->lifetime, err));
    TRY(collect_names(arguments, &request->names, err));
    TRY(collect_patterns(arguments, &request->patterns));
    if (request->names.count == 0 && request->patterns.count == 0) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "token create: expected a name for the certificate");
        error_hint(err, "Give at least one of --cn, --dns, --ip, --email, --uri and --xmpp, or "
                        "for a fleet --cn-pattern and the like.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// Beside the token, for a device with a camera.
static enum result show_qr(const struct token_created *created, struct error *err) {
    AUTO(buf_clear) struct buf code = {0};
    buf_init_secret(&code, QR_TEXT_BYTES);
    TRY(qr_write(bytes_of_string(created->token), &code, err));
    (void)fputs(buf_string(&code), stderr);
    return RESULT_OK;
}

// The token alone goes to standard output, so that scripts can take it as it is.
static enum result print_created(const struct token_created *created, struct error *err) {
    AUTO(buf_clear) struct buf token = {0};
    AUTO(buf_clear) struct buf about = {0};
    buf_init_secret(&token, LIMIT_TOKEN_TEXT_BYTES + 1);
    buf_init(&about, PRINT_BYTES);
    TRY(add_line(&about, "token id", created->id));
    TRY(add_line(&about, "profile", created->profile));
    if (created->names.count > 0) {
        TRY(add_names_line(&about, "names", &created->names));
    }
    if (created->patterns.count > 0) {
        TRY(add_names_line(&about, "patterns", &created->patterns));
    }
    TRY(add_number_line(&about, "uses", created->uses));
    TRY(add_time_line(&about, "expires", created->expires));
    TRY(add_line(&about, "on the device",
                 created->patterns.count > 0 ? "signet enroll TOKEN --cn NAME (or --dns, …)"
                                             : "signet enroll TOKEN"));
    (void)fputs(buf_string(&about), stderr);
    TRY(buf_printf(&token, "%s\n", created->token));
    return program_print(&token, err);
}

enum result run_token_create(const struct arguments *arguments, struct error *err) {
    struct token_create request = {0};
    struct token_created reply = {0};
    bool is_printed = false;
    enum result result = fill_request(arguments, &request, err);
    bool shows_qr = arguments_have(arguments, "qr");
    if (result == RESULT_OK && shows_qr) {
        result = qr_check(err);
    }
    if (result == RESULT_OK) {
        result = session_call(arguments, OPERATION_TOKEN_CREATE, &request, &reply, err);
    }
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &token_created_type, &reply, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_created(&reply, err);
    }
    if (result == RESULT_OK && shows_qr) {
        result = show_qr(&reply, err);
    }
    message_clear(&token_create_type, &request);
    message_clear(&token_created_type, &reply);
    return result;
}

// --- list --------------------------------------------------------------------------------

const struct option token_list_options[] = {
    {"state", "STATE", "open, spent, expired or revoked", false, false},
    {"profile", "NAME", "of this profile", false, false},
    {"name", "NAME", "granting this name: cn:jjolie, or jjolie for any type", false, false},
    {"prefix", "NAME", "granting a name beginning so: cn:tracker-", false, false},
    {"by", "ADMIN", "made by this administrator", false, false},
    {"expiring", "TIME", "open now, but not after this time: 24h; soonest first", false, false},
    {"limit", "N", "no more than this many", false, false},
    {0},
};

static enum result add_token_row(struct table *table, const struct token_info *token) {
    AUTO(buf_clear) struct buf uses = {0};
    buf_init(&uses, 64);
    TRY(table_add(table, token->id));
    TRY(table_add(table, token->state));
    TRY(table_add(table, token->profile));
    TRY(add_names_cell(table, token->patterns.count > 0 ? &token->patterns : &token->names));
    TRY(buf_printf(&uses, "%lld of %lld", (long long)token->used, (long long)token->uses));
    TRY(table_add_buf(table, &uses));
    TRY(add_time_cell(table, token->expires));
    TRY(table_add(table, token->created_by != NULL ? token->created_by : ""));
    return table_add(table, token->label != NULL ? token->label : "");
}

static enum result print_tokens(const struct token_page *page, struct error *err) {
    static const char *const headings[] = {"ID",      "STATE", "PROFILE", "NAMES", "USED",
                                           "EXPIRES", "BY",    "LABEL",   NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    const struct token_info *tokens = page->tokens.items;
    for (size_t i = 0; i < page->tokens.count; i++) {
        TRY(add_token_row(&table, &tokens[i]));
    }
    return print_table(&table, err);
}

static const struct listing token_listing = {
    .operation = OPERATION_TOKEN_LIST,
    .page = &token_page_type,
    .record = &token_info_type,
    .records_offset = offsetof(struct token_page, tokens),
    .next_offset = offsetof(struct token_page, next),
    .after_offset = offsetof(struct token_list, after),
    .limit_offset = offsetof(struct token_list, limit),
};

static enum result list_tokens(const struct arguments *arguments, struct token_list *request,
                               struct token_page *whole, struct error *err) {
    static const char *const states[] = {"open", "spent", "expired", "revoked", NULL};
    int64_t limit = 0;
    TRY(arguments_choice(arguments, "state", states, err));
    TRY(arguments_integer(arguments, "limit", 1, INT64_MAX, 0, &limit, err));
    TRY(take_text(arguments, "state", &request->state));
    TRY(take_text(arguments, "profile", &request->profile));
    TRY(take_text(arguments, "name", &request->name));
    TRY(take_text(arguments, "prefix", &request->prefix));
    TRY(take_text(arguments, "by", &request->created_by));
    TRY(arguments_duration(arguments, "expiring", 0, &request->expiring_in, err));
    AUTO(session_close) struct session session = {0};
    TRY(session_open(arguments, &session, err));
    TRY(session_list(&session, &token_listing, limit, request, whole, err));
    bool is_printed = false;
    TRY(print_if_json(arguments, &token_page_type, whole, &is_printed, err));
    return is_printed ? RESULT_OK : print_tokens(whole, err);
}

enum result run_token_list(const struct arguments *arguments, struct error *err) {
    struct token_list request = {0};
    struct token_page whole = {0};
    enum result result = list_tokens(arguments, &request, &whole, err);
    message_clear(&token_list_type, &request);
    message_clear(&token_page_type, &whole);
    return result;
}

// --- revoke ------------------------------------------------------------------------------

static enum result print_revoked(const struct arguments *arguments,
                                 const struct token_info *token, struct error *err) {
    bool is_printed = false;
    TRY(print_if_json(arguments, &token_info_type, token, &is_printed, err));
    if (is_printed) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, PRINT_BYTES);
    TRY(buf_append_string(&text, "Revoked token "));
    TRY(display_text(token->id, &text));
    TRY(buf_append_string(&text, " for "));
    TRY(display_names(token->patterns.count > 0 ? &token->patterns : &token->names, &text));
    TRY(buf_append_string(&text, ". Certificates made with it live on.\n"));
    return program_print(&text, err);
}

enum result run_token_revoke(const struct arguments *arguments, struct error *err) {
    struct token_revoke request = {0};
    struct token_info reply = {0};
    enum result result = text_set(&request.id, arguments->operands[0]);
    if (result == RESULT_OK) {
        result = session_call(arguments, OPERATION_TOKEN_REVOKE, &request, &reply, err);
    }
    if (result == RESULT_OK) {
        result = print_revoked(arguments, &reply, err);
    }
    message_clear(&token_revoke_type, &request);
    message_clear(&token_info_type, &reply);
    return result;
}
