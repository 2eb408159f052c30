// signetd init.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "authority/config/config.h"
#include "authority/host/init.h"
#include "authority/config/layout.h"
#include "base/text.h"
#include "signetd.h"
#include "x509/names.h"

#define LIMIT_REPORT_BYTES (64 * 1024)

const struct option init_options[] = {
    FOLDER_OPTION,
    {"name", "NAME", "what people call the authority; required", false, false},
    {"host", "HOST",
     "name or address under which it is reached; may be repeated (this machine's name)", true,
     false},
    {"enroll-port", "N", "where devices enroll and renew (8443)", false, false},
    {"admin-port", "N", "where administrators connect (8444)", false, false},
    {"public-port", "N", "where CRLs are, by plain HTTP (8080)", false, false},
    {"key", "TYPE|URI",
     "of the CA keys: " KEY_TYPES " (p256), or the issuing CA's, on a token: pkcs11:…", false,
     false},
    {"root-key", "URI", "the root's key, on a token", false, false},
    {"operators-key", "URI", "that of the CA for administrators and gateways", false, false},
    KEY_TYPE_OPTION,
    {"import-cert", "FILE", "adopt this CA certificate instead of making one", false, false},
    {"import-key", "FILE|URI", "its key, in PEM, or on a token", false, false},
    {"import-chain", "FILE", "the certificates above it, when it is not self-signed", false,
     false},
    {"import-passphrase-file", "FILE", "a file (0600) with the key's passphrase", false, false},
    {0},
};

// This machine's name, where it is one that a certificate can carry.
static enum result add_own_host(struct config_list *hosts, struct error *err) {
    char name[HOST_NAME_MAX + 1] = {0};
    AUTO(names_clear) struct names names = {0};
    if (gethostname(name, sizeof(name) - 1) != 0 ||
        names_add(&names, NAME_DNS, bytes_of_string(name), NULL) != RESULT_OK) {
        return config_list_add(hosts, "localhost", err);
    }
    return config_list_add(hosts, names.items[0].value, err);
}

// It can stand in a certificate and in a URL.
static enum result check_host(const char *text, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    struct bytes host = bytes_of_string(text);
    bool is_usable = names_add(&names, NAME_IP, host, NULL) == RESULT_OK ||
                     names_add(&names, NAME_DNS, host, NULL) == RESULT_OK;
    if (!is_usable || strchr(text, '*') != NULL) {
        return arguments_refuse(
            err, "host", "expected a DNS name without \"*\", or an address; no port, not '%s'",
            text);
    }
    return RESULT_OK;
}

static enum result hosts_of(const struct arguments *arguments, struct config_list *hosts,
                            struct error *err) {
    for (size_t i = 0; i < arguments->value_count; i++) {
        const struct option_value *value = &arguments->values[i];
        if (strcmp(value->option->name, "host") == 0) {
            TRY(check_host(value->text, err));
            TRY(config_list_add(hosts, value->text, err));
        }
    }
    return hosts->count == 0 ? add_own_host(hosts, err) : RESULT_OK;
}

static enum result port_of(const struct arguments *arguments, const char *option,
                           unsigned otherwise, unsigned *out_port, struct error *err) {
    int64_t port = 0;
    TRY(arguments_integer(arguments, option, 1, UINT16_MAX, otherwise, &port, err));
    *out_port = (unsigned)port;
    return RESULT_OK;
}

static enum result ports_of(const struct arguments *arguments, struct init_options *init,
                            struct error *err) {
    TRY(port_of(arguments, "enroll-port", CONFIG_ENROLL_PORT, &init->enroll_port, err));
    TRY(port_of(arguments, "admin-port", CONFIG_ADMIN_PORT, &init->admin_port, err));
    TRY(port_of(arguments, "public-port", CONFIG_PUBLIC_PORT, &init->public_port, err));
    if (init->admin_port == init->enroll_port) {
        return arguments_refuse(err, "admin-port", "devices enroll at port %u",
                                init->enroll_port);
    }
    return init->public_port == init->enroll_port || init->public_port == init->admin_port
               ? arguments_refuse(err, "public-port", "another gateway has port %u",
                                  init->public_port)
               : RESULT_OK;
}

static enum result check_name(const char *name, struct error *err) {
    if (text_count_characters(bytes_of_string(name)) > LIMIT_AUTHORITY_NAME_CHARACTERS) {
        return arguments_refuse(err, "name", "expected at most %d characters",
                                LIMIT_AUTHORITY_NAME_CHARACTERS);
    }
    return RESULT_OK;
}

static enum result check_import(const struct arguments *arguments, struct error *err) {
    if (!arguments_have(arguments, "import-cert")) {
        return arguments_have(arguments, "import-key") ||
                       arguments_have(arguments, "import-chain") ||
                       arguments_have(arguments, "import-passphrase-file")
                   ? arguments_refuse(err, "import-cert",
                                      "missing beside the other --import options")
                   : RESULT_OK;
    }
    if (!arguments_have(arguments, "import-key")) {
        return arguments_refuse(err, "import-key", "missing beside --import-cert");
    }
    static const char *const made[] = {"key", "key-type", "root-key", "operators-key"};
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        if (arguments_have(arguments, made[i])) {
            return arguments_refuse(err, made[i],
                                    "it does not go with --import-cert: the key is there");
        }
    }
    return RESULT_OK;
}

enum result run_init(const struct arguments *arguments, struct error *err) {
    struct init_options init = {
        .folder = folder_of(arguments),
        .import_certificate = arguments_value(arguments, "import-cert"),
        .import_key = arguments_value(arguments, "import-key"),
        .import_chain = arguments_value(arguments, "import-chain"),
    };
    AUTO(config_list_clear) struct config_list hosts = {0};
    AUTO(buf_clear) struct buf passphrase = {0};
    AUTO(buf_clear) struct buf report = {0};
    buf_init(&report, LIMIT_REPORT_BYTES);
    TRY(required_value(arguments, "name", &init.name, err));
    TRY(check_name(init.name, err));
    TRY(hosts_of(arguments, &hosts, err));
    TRY(ports_of(arguments, &init, err));
    TRY(key_of(arguments, &init.algorithm, &init.key_uri, err));
    TRY(key_uri_of(arguments, "root-key", &init.root_key_uri, err));
    TRY(key_uri_of(arguments, "operators-key", &init.operators_key_uri, err));
    TRY(check_import(arguments, err));
    TRY(passphrase_of(arguments, "import-passphrase-file", &passphrase, err));
    init.hosts = &hosts;
    init.import_passphrase = passphrase.size > 0 ? buf_string(&passphrase) : NULL;
    TRY(authority_init(&init, &report, err));
    return print_text(&report, err);
}
