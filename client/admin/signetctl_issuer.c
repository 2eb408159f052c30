// signetctl issuer list, profile list and profile show.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/text.h"
#include "client/terminal/program.h"
#include "client/admin/signetctl.h"

static enum result add_texts_cell(struct table *table, const struct text_list *texts) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 65536);
    for (size_t i = 0; i < texts->count; i++) {
        TRY(buf_append_string(&text, i > 0 ? ", " : ""));
        TRY(buf_append_string(&text, texts->items[i]));
    }
    return table_add_buf(table, &text);
}

// --- issuers ---------------------------------------------------------------------------------

static enum result print_issuers(const struct issuer_page *page, struct error *err) {
    static const char *const headings[] = {"NAME",  "KIND",      "STATE",    "KEY", "UNTIL",
                                           "VALID", "CRL UNTIL", "PROFILES", NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    const struct issuer_info *issuers = page->issuers.items;
    for (size_t i = 0; i < page->issuers.count; i++) {
        const struct issuer_info *issuer = &issuers[i];
        TRY(table_add(&table, issuer->name));
        TRY(table_add(&table, issuer->kind));
        TRY(table_add(&table, issuer->state));
        TRY(table_add(&table, issuer->key_algorithm));
        TRY(add_time_cell(&table, issuer->not_after));
        TRY(add_number_cell(&table, issuer->certificates));
        TRY(issuer->crl_next_update != 0 ? add_time_cell(&table, issuer->crl_next_update)
                                         : table_add(&table, ""));
        TRY(add_texts_cell(&table, &issuer->profiles));
    }
    return print_table(&table, err);
}

enum result run_issuer_list(const struct arguments *arguments, struct error *err) {
    const struct nothing request = {};
    struct issuer_page page = {0};
    bool is_printed = false;
    enum result result = session_call(arguments, OPERATION_ISSUER_LIST, &request, &page, err);
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &issuer_page_type, &page, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_issuers(&page, err);
    }
    message_clear(&issuer_page_type, &page);
    return result;
}

// --- profiles --------------------------------------------------------------------------------

static enum result add_lifetime_cell(struct table *table, int64_t seconds) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 64);
    TRY(text_format_duration(seconds, &text));
    return table_add_buf(table, &text);
}

static enum result print_profiles(const struct profile_page *page, struct error *err) {
    static const char *const headings[] = {"NAME",  "ISSUER",    "ASK",      "NAMES",
                                           "USAGE", "APPROVALS", "LIFETIME", NULL};
    AUTO(table_clear) struct table table = {0};
    TRY(table_init(&table, headings));
    const struct profile_detail *profiles = page->profiles.items;
    for (size_t i = 0; i < page->profiles.count; i++) {
        const struct profile_detail *profile = &profiles[i];
        TRY(table_add(&table, profile->name));
        TRY(table_add(&table, profile->issuer));
        TRY(add_texts_cell(&table, &profile->ask));
        TRY(add_texts_cell(&table, &profile->names));
        TRY(add_texts_cell(&table, &profile->usages));
        TRY(add_number_cell(&table, profile->approvals));
        TRY(add_lifetime_cell(&table, profile->lifetime));
    }
    return print_table(&table, err);
}

static enum result call_profiles(const struct arguments *arguments,
                                 struct profile_page *out_page, struct error *err) {
    const struct nothing request = {};
    return session_call(arguments, OPERATION_PROFILE_LIST, &request, out_page, err);
}

enum result run_profile_list(const struct arguments *arguments, struct error *err) {
    struct profile_page page = {0};
    bool is_printed = false;
    enum result result = call_profiles(arguments, &page, err);
    if (result == RESULT_OK) {
        result = print_if_json(arguments, &profile_page_type, &page, &is_printed, err);
    }
    if (result == RESULT_OK && !is_printed) {
        result = print_profiles(&page, err);
    }
    message_clear(&profile_page_type, &page);
    return result;
}

static enum result add_texts_line(struct buf *out, const char *label,
                                  const struct text_list *texts) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 65536);
    for (size_t i = 0; i < texts->count; i++) {
        TRY(buf_append_string(&text, i > 0 ? ", " : ""));
        TRY(buf_append_string(&text, texts->items[i]));
    }
    return add_line(out, label, buf_string(&text));
}

static enum result add_duration_line(struct buf *out, const char *label, int64_t seconds) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 64);
    TRY(text_format_duration(seconds, &text));
    return add_line(out, label, buf_string(&text));
}

static enum result write_profile(const struct profile_detail *profile, struct buf *out) {
    TRY(add_line(out, "profile", profile->name));
    TRY(add_line(out, "issuer", profile->issuer));
    TRY(add_texts_line(out, "may ask", &profile->ask));
    TRY(add_number_line(out, "approvals", profile->approvals));
    TRY(add_texts_line(out, "for", &profile->usages));
    TRY(add_texts_line(out, "names", &profile->names));
    TRY(add_texts_line(out, "keys", &profile->key_algorithms));
    TRY(add_duration_line(out, "lifetime", profile->lifetime));
    TRY(add_duration_line(out, "at most", profile->lifetime_maximum));
    TRY(add_number_line(out, "renewed at %", profile->renew_percent));
    TRY(add_duration_line(out, "grace", profile->renew_grace));
    TRY(add_line(out, "keeps its key", profile->key_reuse ? "yes" : "no"));
    TRY(add_number_line(out, "most active", profile->active_maximum));
    return add_line(out, "SHA-256", profile->hash);
}

static enum result print_profile(const struct arguments *arguments,
                                 const struct profile_page *page, struct error *err) {
    const struct profile_detail *profiles = page->profiles.items;
    const char *name = arguments->operands[0];
    for (size_t i = 0; i < page->profiles.count; i++) {
        if (strcmp(profiles[i].name, name) != 0) {
            continue;
        }
        bool is_printed = false;
        TRY(print_if_json(arguments, &profile_detail_type, &profiles[i], &is_printed, err));
        if (is_printed) {
            return RESULT_OK;
        }
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, PRINT_BYTES);
        TRY(write_profile(&profiles[i], &text));
        return program_print(&text, err);
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "profile_unknown", "there is no profile %.64s",
                         name);
    error_hint(err, "signetctl profile list shows them.");
    return refused_by_authority(err);
}

enum result run_profile_show(const struct arguments *arguments, struct error *err) {
    struct profile_page page = {0};
    enum result result = call_profiles(arguments, &page, err);
    if (result == RESULT_OK) {
        result = print_profile(arguments, &page, err);
    }
    message_clear(&profile_page_type, &page);
    return result;
}
