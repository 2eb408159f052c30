// The steps of an enrollment.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/enroll.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/device/asking.h"
#include "client/connect/authority.h"
#include "client/connect/route.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/ownership.h"
#include "client/device/install.h"
#include "client/connect/issued.h"
#include "client/device/pending.h"
#include "client/device/settings.h"
#include "client/device/ticket.h"
#include "x509/hash.h"

// Which url a ticket holds: "https://name:port".
#define ORIGIN_BYTES (URL_HOST_SIZE + 32)

void enrolled_clear(struct enrolled *enrolled) {
    buf_clear(&enrolled->folder);
    message_clear(&about_type, &enrolled->about);
}

// --- what is asked of whom ---------------------------------------------------------------

// The question in the form that is kept, and who vouches for us.
struct enrollment {
    struct ticket ticket;
    struct authority_place place;
    struct buf root;        // DER, once it is known
    struct credential with; // zeroed without
};

static void enrollment_clear(struct enrollment *enrollment) {
    ticket_clear(&enrollment->ticket);
    buf_clear(&enrollment->root);
    credential_clear(&enrollment->with);
}

static enum result take_token(const char *text, struct enrollment *enrollment,
                              struct error *err) {
    AUTO(buf_clear) struct buf credential = {0};
    buf_init_secret(&credential, LIMIT_TOKEN_TEXT_BYTES);
    TRY(authority_read_token(text, &enrollment->place, &credential, err));
    return text_set_bytes(&enrollment->ticket.token, buf_bytes(&credential));
}

// "AB:CD:…", as openssl prints it, or the same without colons.
static enum result read_fingerprint(const char *text, uint8_t out_fingerprint[SHA256_SIZE],
                                    struct error *err) {
    AUTO(buf_clear) struct buf bytes = {0};
    buf_init(&bytes, SHA256_SIZE);
    if (text_read_octets(text, &bytes) != RESULT_OK || bytes.size != SHA256_SIZE) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "--fingerprint: expected the SHA-256 of the root certificate, 64 "
                             "hexadecimal digits, with colons or without");
        error_hint(err, "signetctl authority shows it.");
        return RESULT_INVALID;
    }
    memcpy(out_fingerprint, bytes.data, SHA256_SIZE);
    return RESULT_OK;
}

// Nothing is trusted at first sight: without the fingerprint anybody could be the authority.
static enum result require_fingerprint(const struct enroll_options *options,
                                       struct error *err) {
    if (options->fingerprint != NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(
        err, RESULT_INVALID, "usage",
        "--fingerprint: enroll needs it without a token, to know the authority");
    error_hint(err,
               "An administrator sees it with signetctl authority, or from the root's file "
               "with openssl x509 -noout -fingerprint -sha256 -in root.pem.");
    return RESULT_INVALID;
}

static enum result take_credential(const struct enroll_options *options,
                                   struct enrollment *enrollment, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(credential_check_name(options->with, err));
    TRY(path_join(&path, options->folder, options->with));
    TRY(credential_read(buf_string(&path), &enrollment->with, err));
    if (enrollment->with.root.size == 0) {
        (void)error_set_code(err, RESULT_INVALID, "misconfigured",
                             "%s has no %s, so it does not say which authority is ours",
                             buf_string(&path), CREDENTIAL_ROOT);
        error_hint(err, "Name a credential that signet enroll has installed.");
        return RESULT_INVALID;
    }
    enrollment->place.url = enrollment->with.url;
    TRY(hash_sha256(buf_bytes(&enrollment->with.root), enrollment->place.fingerprint));
    return text_set(&enrollment->ticket.with, options->with);
}

static enum result take_url(const char *text, struct enrollment *enrollment,
                            struct error *err) {
    struct error reason = {0};
    if (url_read(text, &enrollment->place.url, &reason) != RESULT_OK) {
        return error_set_code(err, RESULT_INVALID, "usage", "--url: %s", reason.message);
    }
    if (!enrollment->place.url.is_https) {
        (void)error_set_code(err, RESULT_INVALID, "usage", "--url: expected an https address");
        error_hint(err, "It is the one of the enroll gateway.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result take_address(const struct enroll_options *options,
                                struct enrollment *enrollment, struct error *err) {
    if (options->profile == NULL) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "--profile: enroll needs it without a token");
        error_hint(err, "signetctl authority lists the profiles.");
        return RESULT_INVALID;
    }
    TRY(text_set(&enrollment->ticket.profile, options->profile));
    if (options->with != NULL) {
        TRY(take_credential(options, enrollment, err));
    } else {
        TRY(require_fingerprint(options, err));
    }
    if (options->fingerprint != NULL) {
        uint8_t given[SHA256_SIZE];
        TRY(read_fingerprint(options->fingerprint, given, err));
        if (options->with != NULL &&
            !bytes_equal(bytes_of(given, SHA256_SIZE),
                         bytes_of(enrollment->place.fingerprint, SHA256_SIZE))) {
            return error_set_code(err, RESULT_INVALID, "usage",
                                  "--fingerprint: %s is of another authority", options->with);
        }
        memcpy(enrollment->place.fingerprint, given, SHA256_SIZE);
    }
    if (options->url == NULL && options->with == NULL) {
        return error_set_code(
            err, RESULT_INVALID, "usage",
            "enroll: expected TOKEN, or --url with --fingerprint and --profile");
    }
    return options->url != NULL ? take_url(options->url, enrollment, err) : RESULT_OK;
}

static enum result fill_ticket(const struct enroll_options *options,
                               struct enrollment *enrollment) {
    struct ticket *ticket = &enrollment->ticket;
    AUTO(buf_clear) struct buf origin = {0};
    AUTO(buf_clear) struct buf fingerprint = {0};
    buf_init(&origin, ORIGIN_BYTES);
    buf_init(&fingerprint, LIMIT_FINGERPRINT_TEXT);
    TRY(url_format_origin(&enrollment->place.url, &origin));
    TRY(text_hex_encode(bytes_of(enrollment->place.fingerprint, SHA256_SIZE), &fingerprint));
    TRY(text_set(&ticket->url, buf_string(&origin)));
    TRY(text_set(&ticket->fingerprint, buf_string(&fingerprint)));
    TRY(text_set(&ticket->key, key_algorithm_name(options->algorithm)));
    for (size_t i = 0; i < options->names->count; i++) {
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, LIMIT_LIST_TEXT_BYTES);
        TRY(name_format(&options->names->items[i], &text));
        TRY(text_list_add(&ticket->names, buf_string(&text)));
    }
    if (options->serial_number != NULL) {
        TRY(text_set(&ticket->serial_number, options->serial_number));
    }
    ticket->replaces = options->replaces;
    if (options->key_uri != NULL) {
        TRY(text_set(&ticket->key_uri, options->key_uri));
    }
    return options->name != NULL ? text_set(&ticket->name, options->name) : RESULT_OK;
}

static enum result read_options(const struct enroll_options *options,
                                struct enrollment *enrollment, struct error *err) {
    buf_init(&enrollment->root, LIMIT_CERTIFICATE_BYTES);
    TRY(options->token != NULL ? take_token(options->token, enrollment, err)
                               : take_address(options, enrollment, err));
    return fill_ticket(options, enrollment) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

// --- before anything is sent -------------------------------------------------------------

static enum result credential_path(const struct enroll_options *options, const char *name,
                                   struct buf *out) {
    return path_join(out, options->folder, name);
}

static enum result refuse_existing(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf link = {0};
    buf_init(&link, LIMIT_PATH_BYTES);
    TRY(path_join(&link, folder, CREDENTIAL_CURRENT));
    if (!file_exists(buf_string(&link))) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "exists", "there is a credential in %s already",
                         folder);
    error_hint(err, "Renew it with signet renew, choose another --name, or replace it with "
                    "--force.");
    return RESULT_CONFLICT;
}

// An interrupted enrollment may have installed already: then it goes on to the end.
static enum result check_name(const struct enroll_options *options, const char *pending,
                              struct error *err) {
    if (options->name == NULL) {
        return RESULT_OK;
    }
    TRY(credential_check_name(options->name, err));
    if (options->replaces || file_exists(pending)) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf folder = {0};
    buf_init(&folder, LIMIT_PATH_BYTES);
    TRY(credential_path(options, options->name, &folder));
    return refuse_existing(buf_string(&folder), err);
}

// --- the network -------------------------------------------------------------------------

// Under that root alone; with the certificate of who vouches for us.
static enum result connect_trusted(const struct enrollment *enrollment,
                                   struct tls_context **out_tls, struct exchange *out_exchange,
                                   struct error *err) {
    const struct credential *with = &enrollment->with;
    const struct own_certificate own = {.key = with->key,
                                        .certificate = buf_bytes(&with->certificate),
                                        .chain = buf_bytes(&with->chain)};
    return authority_connect(&enrollment->place.url, NULL, buf_bytes(&enrollment->root), &own,
                             out_tls, out_exchange, err);
}

static enum result ask(const struct enroll_options *options, struct enrollment *enrollment,
                       struct pending *pending, struct issued *out_issued, struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(exchange_clear) struct exchange exchange = {0};
    TRY(connect_trusted(enrollment, &tls, &exchange, err));
    const struct asking asking = {.exchange = &exchange,
                                  .pending = pending,
                                  .ticket = &enrollment->ticket,
                                  .wait_seconds = options->wait_seconds,
                                  .events = &options->events};
    enum result result = asking_run(&asking, out_issued, err);
    const bool is_unknown = result == RESULT_NOT_FOUND && enrollment->ticket.id == NULL;
    if (is_unknown || (result != RESULT_OK && api_is_refusal(result, err))) {
        (void)pending_discard(pending, NULL); // no certificate will ever come of this request
    }
    TRY(result);
    const struct issued_expectation expectation = {.public_key = key_public(pending->key),
                                                   .root = buf_bytes(&enrollment->root),
                                                   .names = options->names,
                                                   .now = clock_now()};
    return issued_check(out_issued, &expectation, err);
}

// --- installing --------------------------------------------------------------------------

// The name chosen, or the common name, or the first name, fit for a folder.
static enum result choose_name(const struct enroll_options *options,
                               const struct issued *issued, struct buf *out,
                               struct error *err) {
    if (options->name != NULL) {
        return buf_assign(out, bytes_of_string(options->name));
    }
    AUTO(names_clear) struct names names = {0};
    TRY(issued_read_names(&issued->names, &names, err));
    const char *common_name = names_first(&names, NAME_CN);
    if (common_name == NULL && names.count == 0) {
        (void)error_set_code(err, RESULT_INVALID, "usage", "the certificate carries no name");
        error_hint(err, "Give the credential one with --name.");
        return RESULT_INVALID;
    }
    return credential_safe_name(common_name != NULL ? common_name : names.items[0].value, out,
                                err);
}

// The certificate in current/ is the one just issued: a crash came between installing and
// tidying.
static bool is_installed(const char *folder, const struct issued *issued) {
    struct about about = {0};
    if (credential_read_about(folder, &about, NULL) != RESULT_OK) {
        return false;
    }
    bool is_same = about.serial != NULL && strcmp(about.serial, issued->serial) == 0;
    message_clear(&about_type, &about);
    return is_same;
}

// An administrator's credential goes to the admin gateway.
static enum result write_origin(const struct url *url, const struct issued *issued,
                                struct buf *out, struct error *err) {
    struct url admin;
    if (issued->admin_url == NULL) {
        return url_format_origin(url, out);
    }
    TRY(url_read(issued->admin_url, &admin, err));
    return url_format_origin(&admin, out);
}

// What was set at this or an earlier try is kept with the key, until there is a credential.
static enum result keep_settings(const struct enroll_options *options,
                                 const struct pending *pending, struct error *err) {
    return options->settings == NULL || settings_are_empty(options->settings)
               ? RESULT_OK
               : settings_write(buf_string(&pending->path), options->settings, err);
}

// Of a credential that is replaced, what is not set now stays.
static enum result move_settings(const struct pending *pending, const char *folder,
                                 struct error *err) {
    AUTO(settings_clear) struct settings given = {0};
    AUTO(settings_clear) struct settings settings = {0};
    TRY(settings_read(buf_string(&pending->path), &given, err));
    if (settings_are_empty(&given)) {
        return RESULT_OK;
    }
    TRY(settings_read(folder, &settings, err));
    settings_take(&settings, &given);
    return settings_write(folder, &settings, err);
}

static enum result install(const struct enroll_options *options, const struct url *url,
                           const struct pending *pending, const struct issued *issued,
                           struct enrolled *out_enrolled, struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(buf_clear) struct buf origin = {0};
    buf_init(&name, LIMIT_PATH_BYTES);
    buf_init(&folder, LIMIT_PATH_BYTES);
    buf_init(&origin, URL_TARGET_SIZE);
    TRY(choose_name(options, issued, &name, err));
    TRY(credential_path(options, buf_string(&name), &folder));
    TRY(write_origin(url, issued, &origin, err));
    TRY(folder_make_all(buf_string(&folder), 0755, err));
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(ownership_lock(buf_string(&folder), &lock, err));
    if (!is_installed(buf_string(&folder), issued)) {
        if (!options->replaces) {
            TRY(refuse_existing(buf_string(&folder), err));
        }
        TRY(move_settings(pending, buf_string(&folder), err));
        const struct installation installation = {
            .key = pending->key,
            .is_key_made = device_key_is_made(buf_string(&pending->path)),
            .issued = issued,
            .url = buf_string(&origin)};
        TRY(install_credential(buf_string(&folder), &installation, err));
    }
    out_enrolled->is_administrator = issued->admin_url != NULL;
    TRY(path_join(&out_enrolled->folder, buf_string(&folder), CREDENTIAL_CURRENT));
    return credential_read_about(buf_string(&folder), &out_enrolled->about, err);
}

// --- the whole ---------------------------------------------------------------------------

static enum result ask_and_install(const struct enroll_options *options,
                                   struct enrollment *enrollment, struct pending *pending,
                                   struct enrolled *out_enrolled, struct error *err) {
    struct issued issued = {0};
    enum result result = ask(options, enrollment, pending, &issued, err);
    if (result == RESULT_OK) {
        result = install(options, &enrollment->place.url, pending, &issued, out_enrolled, err);
    }
    message_clear(&issued_type, &issued);
    TRY(result);
    // It is installed: a pending folder that stays is untidy, not wrong.
    (void)pending_finish(pending, NULL);
    return RESULT_OK;
}

// The authority's time is taken from the answer that holds the root with our fingerprint. Somebody
// between can still forge it, and so bring back a server's key whose certificate has ended: that is
// why it has to be asked for.
static enum result find_root(const struct enroll_options *options,
                             struct enrollment *enrollment, int64_t *out_clock_error,
                             struct error *err) {
    if (enrollment->with.root.size > 0 && !options->trusts_server_time) {
        return buf_assign(&enrollment->root, buf_bytes(&enrollment->with.root));
    }
    TRY(authority_find_root(&enrollment->place, &enrollment->root, out_clock_error, err));
    if (options->trusts_server_time) {
        clock_correct(*out_clock_error);
        *out_clock_error = 0;
    }
    return RESULT_OK;
}

static enum result run(const struct enroll_options *options, struct enrollment *enrollment,
                       struct enrolled *out_enrolled, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    int64_t clock_error = 0;
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(ownership_check_home(options->folder, err));
    TRY(ticket_path(&enrollment->ticket, options->folder, &path, err));
    TRY(check_name(options, buf_string(&path), err));
    TRY(find_root(options, enrollment, &clock_error, err));
    AUTO(pending_clear) struct pending pending = {0};
    // To replace a credential is to begin with a new key.
    const struct device_key_wish wish = {.algorithm = options->algorithm,
                                         .uri = options->key_uri,
                                         .is_fresh = options->replaces};
    TRY(pending_open(buf_string(&path), &wish, options->serial_number, options->names, &pending,
                     err));
    TRY(ticket_open(&enrollment->ticket, buf_string(&path), key_public(pending.key), err));
    TRY(keep_settings(options, &pending, err));
    const enum result result =
        ask_and_install(options, enrollment, &pending, out_enrolled, err);
    if (result != RESULT_OK) {
        authority_explain_clock(
            clock_error, "set it, or add --trust-server-time if it is ours that is wrong", err);
    }
    return result;
}

enum result enroll_run(const struct enroll_options *options, struct enrolled *out_enrolled,
                       struct error *err) {
    AUTO(enrollment_clear) struct enrollment enrollment = {0};
    AUTO(enrolled_clear) struct enrolled enrolled = {0};
    buf_init(&enrolled.folder, LIMIT_PATH_BYTES);
    TRY(read_options(options, &enrollment, err));
    TRY(run(options, &enrollment, &enrolled, err));
    *out_enrolled = enrolled;
    enrolled = (struct enrolled){0};
    return RESULT_OK;
}

// --- going on ----------------------------------------------------------------------------

// As it was asked. A token is kept without its address and fingerprint, which stand beside it.
static enum result read_ticket(const struct enroll_options *options, struct ticket *ticket,
                               struct enrollment *enrollment, struct error *err) {
    buf_init(&enrollment->root, LIMIT_CERTIFICATE_BYTES);
    if (ticket->with != NULL) {
        const struct enroll_options asked = {.folder = options->folder, .with = ticket->with};
        TRY(take_credential(&asked, enrollment, err));
        string_free_at(&enrollment->ticket.with);
    }
    TRY(url_read(ticket->url, &enrollment->place.url, err));
    TRY(read_fingerprint(ticket->fingerprint, enrollment->place.fingerprint, err));
    enrollment->ticket = *ticket;
    *ticket = (struct ticket){0};
    // Claim and id are read again under the folder's lock.
    string_free_secret_at(&enrollment->ticket.claim);
    string_free_at(&enrollment->ticket.code);
    string_free_at(&enrollment->ticket.id);
    string_free_at(&enrollment->ticket.held_profile);
    return RESULT_OK;
}

static enum result resume(const struct enroll_options *options, struct ticket *ticket,
                          struct enrolled *out_enrolled, struct error *err) {
    AUTO(enrollment_clear) struct enrollment enrollment = {0};
    AUTO(enrolled_clear) struct enrolled enrolled = {0};
    AUTO(names_clear) struct names names = {0};
    buf_init(&enrolled.folder, LIMIT_PATH_BYTES);
    TRY(read_ticket(options, ticket, &enrollment, err));
    struct enroll_options asked = *options;
    TRY(issued_read_names(&enrollment.ticket.names, &names, err));
    asked.names = &names;
    asked.name = enrollment.ticket.name;
    asked.serial_number = enrollment.ticket.serial_number;
    asked.replaces = enrollment.ticket.replaces;
    asked.key_uri = enrollment.ticket.key_uri;
    if (!key_algorithm_from_name(enrollment.ticket.key, &asked.algorithm)) {
        return error_set(err, RESULT_INVALID, "the pending enrollment names no type of key");
    }
    TRY(run(&asked, &enrollment, &enrolled, err));
    *out_enrolled = enrolled;
    enrolled = (struct enrolled){0};
    return RESULT_OK;
}

static enum result refuse_choice(const struct ticket_list *list, const char *code,
                                 const char *option, struct error *err) {
    AUTO(buf_clear) struct buf codes = {0};
    buf_init(&codes, 128);
    for (size_t i = 0; i < list->count; i++) {
        // What does not fit is in signet status.
        (void)!buf_printf(&codes, "%s%s", i == 0 ? "" : ", ", list->items[i].code);
    }
    if (list->count == 0) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "nothing_pending",
                             "no enrollment is pending here");
        error_hint(err, "Is this the right --dir? signet status shows what is pending.");
        return RESULT_NOT_FOUND;
    }
    (void)error_set_code(err, RESULT_INVALID, "usage",
                         code == NULL ? "several enrollments are pending: %s"
                                      : "no pending enrollment has that code, but: %s",
                         buf_string(&codes));
    error_hint(err, "Name one: signet enroll --%s CODE.", option);
    return RESULT_INVALID;
}

// The one with this code, or the only one.
static enum result choose(const char *folder, const char *code, const char *option,
                          struct ticket_list *list, struct ticket **out_ticket,
                          struct error *err) {
    TRY(ticket_list_read(folder, list, err));
    struct ticket *found = code == NULL && list->count == 1 ? &list->items[0] : NULL;
    for (size_t i = 0; code != NULL && i < list->count; i++) {
        if (text_equal_ignoring_case(list->items[i].code, code)) {
            found = &list->items[i];
        }
    }
    if (found == NULL) {
        return refuse_choice(list, code, option, err);
    }
    *out_ticket = found;
    return RESULT_OK;
}

enum result enroll_resume(const struct enroll_options *options, const char *code,
                          struct enrolled *out_enrolled, struct error *err) {
    AUTO(ticket_list_clear) struct ticket_list list = {0};
    struct ticket *ticket = NULL;
    TRY(choose(options->folder, code, "resume", &list, &ticket, err));
    return resume(options, ticket, out_enrolled, err);
}

enum result enroll_cancel(const char *folder, const char *code, struct buf *out_code,
                          struct error *err) {
    AUTO(ticket_list_clear) struct ticket_list list = {0};
    AUTO(buf_clear) struct buf path = {0};
    AUTO(pending_clear) struct pending pending = {0};
    struct ticket *ticket = NULL;
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(ownership_check_home(folder, err));
    TRY(choose(folder, code, "cancel", &list, &ticket, err));
    TRY(ticket_path(ticket, folder, &path, err));
    TRY(pending_take(buf_string(&path), &pending, err));
    enum result result = pending_discard(&pending, err);
    if (result != RESULT_OK) {
        error_context(err, "%s stays", buf_string(&path));
        return result;
    }
    return buf_append_string(out_code, ticket->code);
}
