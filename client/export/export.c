// The tables of formats and targets, and what fills each file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/export/export.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "client/export/mobileconfig.h"
#include "client/export/owntracks.h"
#include "x509/certificate.h"
#include "x509/names.h"
#include "x509/pem.h"

#define FILE_BYTES (4 * LIMIT_PKCS12_BYTES)

// --- what a file is made of ----------------------------------------------------------------

// The certificate's common name; NULL without.
static const char *read_common_name(const struct export_plan *plan, struct names *names) {
    struct certificate certificate;
    if (certificate_read(buf_bytes(&plan->credential->certificate), &certificate, NULL) !=
            RESULT_OK ||
        certificate_names(&certificate, names, NULL) != RESULT_OK) {
        return NULL;
    }
    return names_first(names, NAME_CN);
}

// The root: root.pem, or what is self-issued among ca.pem (the first administrator has no root.pem).
static enum result find_root(const struct credential *credential, struct bytes *out_root,
                             struct error *err) {
    if (credential->root.size > 0) {
        *out_root = buf_bytes(&credential->root);
        return RESULT_OK;
    }
    for (struct bytes left = buf_bytes(&credential->trust); left.size > 0;) {
        struct certificate certificate;
        TRY(certificate_read_next(&left, &certificate, err));
        if (certificate_is_self_issued(&certificate)) {
            *out_root = certificate.der;
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "misconfigured",
                         "the credential has no root certificate");
    error_hint(err, "Put it beside the key, as %s.", CREDENTIAL_ROOT);
    return RESULT_NOT_FOUND;
}

static enum pkcs12_profile choose_profile(const struct export_plan *plan);

static enum result write_chain(const struct export_plan *plan, struct buf *out,
                               struct error *err) {
    buf_init(out, LIMIT_CHAIN_BYTES + LIMIT_CERTIFICATE_BYTES);
    TRY(buf_append(out, buf_bytes(&plan->credential->chain)));
    if (!plan->includes_root) {
        return RESULT_OK;
    }
    struct bytes root = {0};
    TRY(find_root(plan->credential, &root, err));
    return buf_append(out, root);
}

static enum result make_pkcs12(const struct export_plan *plan, struct buf *out,
                               struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf chain = {0};
    const char *common_name = read_common_name(plan, &names);
    TRY(write_chain(plan, &chain, err));
    const struct pkcs12_plan pkcs12 = {
        .profile = choose_profile(plan),
        .key = plan->credential->key,
        .certificate = buf_bytes(&plan->credential->certificate),
        .chain = buf_bytes(&chain),
        .friendly_name = plan->friendly_name != NULL ? plan->friendly_name
                         : common_name != NULL       ? common_name
                                                     : plan->name,
        .password = plan->password,
    };
    return pkcs12_write(&pkcs12, out, err);
}

// An .otrc names the .otrp beside it.
static enum result make_configuration(const struct export_plan *plan, struct buf *out,
                                      struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf file = {0};
    buf_init(&file, LIMIT_PATH_BYTES);
    TRY(buf_printf(&file, "%s.otrp", plan->name));
    const struct owntracks_plan configuration = {
        .host = plan->host,
        .port = plan->port,
        .username = read_common_name(plan, &names),
        .device = plan->device,
        .clientpkcs = buf_string(&file),
        .passphrase = plan->omits_passphrase ? NULL : plan->password,
    };
    return owntracks_write_configuration(&configuration, out, err);
}

static enum result make_pem(const struct export_plan *plan, struct buf *out,
                            struct error *err) {
    AUTO(buf_clear) struct buf chain = {0};
    TRY(write_chain(plan, &chain, err));
    TRY(key_save_pem(plan->credential->key, plan->password, out, err));
    TRY(pem_encode(PEM_CERTIFICATE, buf_bytes(&plan->credential->certificate), out));
    return pem_encode_all(PEM_CERTIFICATE, buf_bytes(&chain), out);
}

static enum result make_der(const struct export_plan *plan, struct buf *out,
                            struct error *err) {
    (void)err;
    return buf_append(out, buf_bytes(&plan->credential->certificate));
}

static enum result make_ca_pem(const struct export_plan *plan, struct buf *out,
                               struct error *err) {
    struct bytes root = {0};
    TRY(find_root(plan->credential, &root, err));
    return pem_encode(PEM_CERTIFICATE, root, out);
}

static enum result make_ca_der(const struct export_plan *plan, struct buf *out,
                               struct error *err) {
    struct bytes root = {0};
    TRY(find_root(plan->credential, &root, err));
    return buf_append(out, root);
}

static enum result make_ca_mobileconfig(const struct export_plan *plan, struct buf *out,
                                        struct error *err) {
    struct bytes root = {0};
    TRY(find_root(plan->credential, &root, err));
    return mobileconfig_write(root, out, err);
}

// --- formats -------------------------------------------------------------------------------

enum content { PUBLIC, PRIVATE };

struct export_format {
    const char *name;
    const char *suffix;
    enum content content;
    enum result (*make)(const struct export_plan *plan, struct buf *out, struct error *err);
    const char *advice;
};

static const struct export_format p12 = {"p12", ".p12", PRIVATE, make_pkcs12, ""};
static const struct export_format pem = {"pem", ".pem", PRIVATE, make_pem,
                                         "The key in it is encrypted with the password."};
static const struct export_format der = {"der", ".der", PUBLIC, make_der,
                                         "That is the certificate, without its key."};
static const struct export_format ca_pem = {"ca-pem", "-ca.pem", PUBLIC, make_ca_pem, ""};
static const struct export_format ca_der = {"ca-der", "-ca.der", PUBLIC, make_ca_der, ""};
static const struct export_format ca_otre = {
    "ca-otre", "-ca.otre", PUBLIC, make_ca_der,
    "OwnTracks for iOS read .otre files until 2024; newer ones want ca-mobileconfig."};
static const struct export_format ca_mobileconfig = {
    "ca-mobileconfig", "-ca.mobileconfig", PUBLIC, make_ca_mobileconfig,
    "On the device: open it, install it in Settings, and switch the root on in\n"
    "Settings > General > About > Certificate Trust Settings."};

// What --format offers.
static const struct export_format *const formats[] = {
    &p12, &pem, &der, &ca_pem, &ca_der, &ca_otre, &ca_mobileconfig,
};
#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

// Those that only targets ask for. Android takes a CA for one only when its name ends in .crt.
static const struct export_format otrp = {"otrp", ".otrp", PRIVATE, make_pkcs12, ""};
static const struct export_format otrc = {"otrc", ".otrc", PRIVATE, make_configuration, ""};
static const struct export_format ca_crt = {"ca-crt", "-ca.crt", PUBLIC, make_ca_der, ""};

// --- targets -------------------------------------------------------------------------------

struct export_target {
    const char *name;
    const struct export_format *formats[EXPORT_FILES + 1]; // ended by NULL
    enum pkcs12_profile profile;
    bool reads_ed25519;
    const char *advice;
};

static const struct export_target targets[] = {
    {.name = "generic",
     .formats = {&p12},
     .profile = PKCS12_MODERN,
     .reads_ed25519 = true,
     .advice = "Old readers (iOS before 18, Android before 14) need --pkcs12 compat."},
    {.name = "browser",
     .formats = {&p12},
     .profile = PKCS12_MODERN,
     .advice = "Import it in the browser's certificate settings, under \"your certificates\"."},
    {.name = "owntracks-ios",
     .formats = {&otrp, &otrc, &ca_mobileconfig},
     .profile = PKCS12_COMPAT,
     .advice =
         "On the iPhone: open the .mobileconfig, install it in Settings, and switch the root\n"
         "on in Settings > General > About > Certificate Trust Settings; open the .otrp with\n"
         "OwnTracks; then open the .otrc with OwnTracks, which selects it."},
    {.name = "owntracks-android",
     .formats = {&p12, &ca_crt},
     .profile = PKCS12_COMPAT,
     .advice =
         "On the phone: Settings > Security > Encryption and credentials > Install a\n"
         "certificate: the .crt as CA certificate, the .p12 as VPN and app user certificate.\n"
         "Then in OwnTracks: Preferences > Connection > Security > TLS, client certificate."},
    {.name = "home-assistant",
     .formats = {&p12},
     .profile = PKCS12_COMPAT,
     .advice =
         "In the app: import the .p12 when it says that the server requires a certificate.\n"
         "The app does not warn before the certificate ends: import the next one in time.\n"
         "Where the server's certificate is of the same CA, the device needs its root, too: "
         "on\n"
         "Apple's systems --format ca-mobileconfig, on Android --format ca-pem or ca-der."},
};
#define TARGET_COUNT (sizeof(targets) / sizeof(targets[0]))
// `names` are those that there are.
static enum result unknown(const char *option, const char *name, const char *const *names,
                           size_t count, struct error *err) {
    const char *nearest = text_nearest(name, names, count);
    (void)error_set_code(err, RESULT_INVALID, "usage", "--%s: there is no '%.100s'", option,
                         name);
    if (nearest != NULL) {
        error_hint(err, "Did you mean '%s'?", nearest);
        return RESULT_INVALID;
    }
    AUTO(buf_clear) struct buf all = {0};
    buf_init(&all, sizeof(((struct error *)NULL)->hint));
    for (size_t i = 0; i < count; i++) {
        TRY(buf_printf(&all, "%s%s", i > 0 ? ", " : "", names[i]));
    }
    error_hint(err, "Choose one of %s.", buf_string(&all));
    return RESULT_INVALID;
}

enum result export_find_format(const char *name, const struct export_format **out_format,
                               struct error *err) {
    const char *names[FORMAT_COUNT];
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        names[i] = formats[i]->name;
        if (strcmp(names[i], name) == 0) {
            *out_format = formats[i];
            return RESULT_OK;
        }
    }
    return unknown("format", name, names, FORMAT_COUNT, err);
}

enum result export_find_target(const char *name, const struct export_target **out_target,
                               struct error *err) {
    const char *names[TARGET_COUNT];
    for (size_t i = 0; i < TARGET_COUNT; i++) {
        names[i] = targets[i].name;
        if (strcmp(names[i], name) == 0) {
            *out_target = &targets[i];
            return RESULT_OK;
        }
    }
    return unknown("for", name, names, TARGET_COUNT, err);
}

// --- making them ---------------------------------------------------------------------------

void export_files_clear(struct export_files *files) {
    for (size_t i = 0; i < files->count; i++) {
        buf_clear(&files->items[i].contents);
    }
    buf_clear(&files->link);
    *files = (struct export_files){0};
}

// The one format that was chosen, or one after the other of the target; NULL at the end.
static const struct export_format *format_at(const struct export_target *target,
                                             const struct export_format *format, size_t i) {
    if (format != NULL) {
        return i == 0 ? format : NULL;
    }
    return target->formats[i];
}

bool export_configures(const struct export_target *target, const struct export_format *format) {
    const struct export_format *at = NULL;
    for (size_t i = 0; (at = format_at(target, format, i)) != NULL; i++) {
        if (at == &otrc) {
            return true;
        }
    }
    return false;
}

bool export_needs_password(const struct export_target *target,
                           const struct export_format *format) {
    const struct export_format *at = NULL;
    for (size_t i = 0; (at = format_at(target, format, i)) != NULL; i++) {
        if (at->content == PRIVATE) {
            return true;
        }
    }
    return false;
}

size_t export_count(const struct export_target *target, const struct export_format *format) {
    size_t count = 0;
    while (format_at(target, format, count) != NULL) {
        count++;
    }
    return count;
}

const char *export_suffix(const struct export_target *target,
                          const struct export_format *format, size_t i) {
    return format_at(target, format, i)->suffix;
}

const char *export_advice(const struct export_target *target,
                          const struct export_format *format) {
    return format == NULL || format == &p12 ? target->advice : format->advice;
}

static enum pkcs12_profile choose_profile(const struct export_plan *plan) {
    enum pkcs12_profile profile = plan->target->profile;
    if (plan->encryption != NULL) {
        (void)pkcs12_profile_from_name(plan->encryption, &profile); // export_check looked at it
    }
    return profile;
}

static enum result usage(struct error *err, const char *hint, const char *option,
                         const char *message) {
    (void)error_set_code(err, RESULT_INVALID, "usage", "--%s: %s", option, message);
    error_field(err, option);
    error_hint(err, "%s", hint);
    return RESULT_INVALID;
}

static enum result check_host(const struct export_plan *plan, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    if (!export_configures(plan->target, plan->format)) {
        return RESULT_OK;
    }
    if (plan->host == NULL) {
        return usage(err, "Give the broker's name, as in its certificate.", "host",
                     "the app's configuration needs it");
    }
    struct bytes host = bytes_of_string(plan->host);
    if (names_add(&names, NAME_DNS, host, NULL) != RESULT_OK &&
        names_add(&names, NAME_IP, host, NULL) != RESULT_OK) {
        return usage(err, "Give the broker's name, without port and slashes.", "host",
                     "expected a DNS name or an IP address");
    }
    return RESULT_OK;
}

static enum result check_encryption(const struct export_plan *plan, struct error *err) {
    enum pkcs12_profile profile = PKCS12_PROFILE_COUNT;
    if (plan->encryption != NULL && !pkcs12_profile_from_name(plan->encryption, &profile)) {
        return usage(err, "compat is read by every phone, modern is stronger.", "pkcs12",
                     "expected compat or modern");
    }
    return RESULT_OK;
}

// Phones do not read such keys (OwnTracks for iOS, issue 639; Apple's importer knows RSA and EC only).
static enum result check_key(const struct export_plan *plan, enum key_algorithm algorithm,
                             struct error *err) {
    bool is_public = !export_needs_password(plan->target, plan->format);
    if (is_public || plan->target->reads_ed25519 || algorithm != KEY_ED25519) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "key_unsuitable",
                         "the key is Ed25519, which %s does not read", plan->target->name);
    error_hint(err, "Enroll with --key p256, or export with --for generic for another reader.");
    return RESULT_INVALID;
}

enum result export_check(const struct export_plan *plan, enum key_algorithm algorithm,
                         struct error *err) {
    TRY(check_host(plan, err));
    TRY(check_encryption(plan, err));
    TRY(plan->friendly_name != NULL ? pkcs12_check_friendly_name(plan->friendly_name, err)
                                    : RESULT_OK);
    return check_key(plan, algorithm, err);
}

static enum result make_file(const struct export_plan *plan, const struct export_format *format,
                             struct export_files *files, struct error *err) {
    struct export_file *file = &files->items[files->count++];
    *file = (struct export_file){.suffix = format->suffix,
                                 .is_private = format->content == PRIVATE};
    buf_init_secret(&file->contents, FILE_BYTES);
    TRY(format->make(plan, &file->contents, err));
    if (format != &otrc) {
        return RESULT_OK;
    }
    buf_init_secret(&files->link, FILE_BYTES);
    return owntracks_write_link(buf_bytes(&file->contents), &files->link);
}

enum result export_make(const struct export_plan *plan, struct export_files *out_files,
                        struct error *err) {
    AUTO(export_files_clear) struct export_files files = {0};
    const struct export_format *format = NULL;
    TRY(export_check(plan, key_algorithm(plan->credential->key), err));
    for (size_t i = 0; (format = format_at(plan->target, plan->format, i)) != NULL; i++) {
        TRY(make_file(plan, format, &files, err));
    }
    *out_files = files;
    files = (struct export_files){0};
    return RESULT_OK;
}
