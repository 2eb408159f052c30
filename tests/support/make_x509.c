// Writes every kind of key, request, certificate and CRL into a folder, for others to judge.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/csr.h"
#include "x509/key.h"
#include "x509/names.h"
#include "x509/pem.h"

#define PASSPHRASE "correct horse"
#define DAY 86400
#define MANY_ENTRIES 1000

static const char *folder;

static enum result write_file(const char *name, struct bytes contents, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 4096);
    TRY(path_join(&path, folder, name));
    return file_replace(buf_string(&path), contents, 0600, err);
}

static enum result write_pem(const char *name, const char *label, struct bytes der,
                             struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, LIMIT_CRL_BYTES);
    TRY(pem_encode_all(label, der, &pem));
    return write_file(name, buf_bytes(&pem), err);
}

static const char *name_of(const char *what, const char *algorithm, const char *ending) {
    static char name[128];
    snprintf(name, sizeof(name), "%s-%s%s", what, algorithm, ending);
    return name;
}

static enum result write_key(const struct key *key, const char *what, struct error *err) {
    const char *algorithm = key_algorithm_name(key_algorithm(key));
    AUTO(buf_clear) struct buf pem = {0};
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    TRY(key_save_pem(key, NULL, &pem, err));
    TRY(write_file(name_of(what, algorithm, ".key"), buf_bytes(&pem), err));
    buf_reset(&pem);
    TRY(key_save_pem(key, PASSPHRASE, &pem, err));
    return write_file(name_of(what, algorithm, ".encrypted.key"), buf_bytes(&pem), err);
}

// A profile, as far as it shows in a certificate.
struct kind {
    const char *name;
    const char *names[6]; // ended by NULL
    enum oid usage;
};

static const struct kind kinds[] = {
    {"client",
     {"cn:pump 7", "uri:urn:device:pump-7", "email:pump@example.net"},
     OID_CLIENT_AUTH},
    {"mqtt", {"cn:Zoë Müller"}, OID_CLIENT_AUTH},
    {"xmpp", {"xmpp:hamlet@shakespeare.lit"}, OID_CLIENT_AUTH},
    {"server",
     {"cn:broker.example", "dns:broker.example", "dns:*.broker.example", "ip:192.0.2.1",
      "ip:2001:db8::1"},
     OID_SERVER_AUTH},
    {"revoked", {"cn:lost phone"}, OID_CLIENT_AUTH},
};

static enum result read_names(const char *const *texts, struct names *out_names,
                              struct error *err) {
    for (size_t i = 0; i < 6 && texts[i] != NULL; i++) {
        TRY(names_add_text(out_names, texts[i], err));
    }
    return RESULT_OK;
}

static enum result write_csr(const struct key *key, const char *what, const char *const *texts,
                             struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CSR_BYTES);
    TRY(read_names(texts, &names, err));
    TRY(csr_build(key, &names, &der, err));
    return write_pem(name_of(what, key_algorithm_name(key_algorithm(key)), ".csr"),
                     PEM_CERTIFICATE_REQUEST, buf_bytes(&der), err);
}

static enum result write_csrs(const struct key *key, struct error *err) {
    static const char *const none[6] = {NULL};
    static const char *const all[6] = {"cn:all",
                                       "dns:a.example",
                                       "ip:2001:db8::2",
                                       "email:a@example.net",
                                       "uri:https://example.net/x",
                                       "xmpp:juliet@capulet.lit/balcony"};
    static const char *const plain[6] = {"cn:plain"};
    TRY(write_csr(key, "none", none, err));
    TRY(write_csr(key, "all", all, err));
    return write_csr(key, "plain", plain, err);
}

// A certificate with the key and Name its successors need.
struct authority {
    struct key *key;
    struct buf der;
    struct buf subject;
    uint8_t key_id[SHA1_SIZE];
};

static void authority_clear(struct authority *authority) {
    key_free(authority->key);
    buf_clear(&authority->der);
    buf_clear(&authority->subject);
}

static enum result issue(const struct certificate_plan *plan, const struct key *key,
                         struct buf *out_der, struct error *err) {
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    struct certificate_plan whole = *plan;
    uint8_t serial[SERIAL_SIZE];
    if (whole.serial.size == 0) {
        TRY(certificate_make_serial(serial, err));
        whole.serial = bytes_of(serial, sizeof(serial));
    }
    TRY(certificate_build_tbs(&whole, key_signature_algorithm(key), &tbs, err));
    return certificate_sign(buf_bytes(&tbs), key, out_der, err);
}

static enum result make_authority(struct authority *authority, enum key_algorithm algorithm,
                                  const char *common_name, const struct authority *issuer,
                                  struct error *err) {
    AUTO(names_clear) struct names names = {0};
    buf_init(&authority->der, LIMIT_CERTIFICATE_BYTES);
    buf_init(&authority->subject, LIMIT_CERTIFICATE_BYTES);
    TRY(key_generate(algorithm, &authority->key, err));
    TRY(names_add(&names, NAME_CN, bytes_of_string(common_name), err));
    TRY(distinguished_name_write(&authority->subject, common_name));
    TRY(public_key_identifier(key_public(authority->key), authority->key_id));
    const struct certificate_plan plan = {
        .issuer = buf_bytes(issuer != NULL ? &issuer->subject : &authority->subject),
        .names = &names,
        .not_before = clock_now() - DAY,
        // The root outlives the last second that UTCTime can say.
        .not_after = issuer == NULL ? 2556143999 : clock_now() + 3650 * DAY,
        .spki = key_public(authority->key),
        .is_ca = true,
        .path_length = issuer == NULL ? PATH_LENGTH_NONE : 0,
        .key_usage = KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN,
        .authority_key_id =
            issuer != NULL ? bytes_of(issuer->key_id, SHA1_SIZE) : (struct bytes){0},
        .crl_url = issuer != NULL ? "http://ca.example/crl/root.crl" : NULL,
    };
    return issue(&plan, issuer != NULL ? issuer->key : authority->key, &authority->der, err);
}

static enum result write_leaf(const struct kind *kind, const struct authority *issuer,
                              const struct key *key, struct bytes serial, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    TRY(read_names(kind->names, &names, err));
    bool is_rsa = key_algorithm(key) >= KEY_RSA2048;
    const struct certificate_plan plan = {
        .serial = serial,
        .issuer = buf_bytes(&issuer->subject),
        .names = &names,
        .not_before = clock_now() - 300,
        .not_after = clock_now() + 90 * DAY - 1,
        .spki = key_public(key),
        .path_length = PATH_LENGTH_NONE,
        .key_usage =
            (uint16_t)(KEY_USAGE_DIGITAL_SIGNATURE | (is_rsa ? KEY_USAGE_KEY_ENCIPHERMENT : 0)),
        .extended_key_usages = {kind->usage},
        .authority_key_id = bytes_of(issuer->key_id, SHA1_SIZE),
        .crl_url = "http://ca.example/crl/issuing.crl",
        .ca_issuers_url = "http://ca.example/ca.der",
        .ocsp_url = "http://ca.example/ocsp",
    };
    TRY(issue(&plan, issuer->key, &der, err));
    return write_pem(name_of(kind->name, key_algorithm_name(key_algorithm(key)), ".crt"),
                     PEM_CERTIFICATE, buf_bytes(&der), err);
}

static enum result write_crl(const char *what, const struct authority *issuer,
                             const struct crl_entry *entries, size_t count, struct error *err) {
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CRL_BYTES);
    const struct crl_plan plan = {
        .issuer = buf_bytes(&issuer->subject),
        .authority_key_id = bytes_of(issuer->key_id, SHA1_SIZE),
        .number = (uint64_t)clock_now(),
        .this_update = clock_now() - 300,
        .next_update = clock_now() + 7 * DAY,
        .entries = entries,
        .entry_count = count,
    };
    TRY(crl_build(&plan, issuer->key, &der, err));
    return write_pem(name_of(what, key_algorithm_name(key_algorithm(issuer->key)), ".crl"),
                     PEM_CRL, buf_bytes(&der), err);
}

// One entry per reason, the first of them the certificate of "revoked".
static enum result write_reasons_crl(const struct authority *issuer, struct bytes revoked,
                                     struct error *err) {
#define REASON_ROW(constant, value, name) CRL_REASON_##constant,
    static const enum crl_reason all[] = {CRL_REASON_KEY_COMPROMISE,
                                          CRL_REASON_TABLE(REASON_ROW)};
#undef REASON_ROW
    struct crl_entry entries[sizeof(all) / sizeof(all[0])] = {0};
    size_t count = sizeof(all) / sizeof(all[0]);
    for (size_t i = 0; i < count; i++) {
        entries[i] = (struct crl_entry){
            .serial = {0x80, (uint8_t)i}, // the top bit needs a zero in front
            .serial_size = 2,
            .reason = (uint8_t)all[i],
            .revoked_at = clock_now() - 3600,
            .invalid_since = i % 2 == 0 ? clock_now() - DAY : 0,
        };
    }
    memcpy(entries[0].serial, revoked.data, revoked.size);
    entries[0].serial_size = (uint8_t)revoked.size;
    return write_crl("reasons", issuer, entries, count, err);
}

static enum result write_many_crl(const struct authority *issuer, struct bytes revoked,
                                  struct error *err) {
    struct crl_entry *entries = calloc(MANY_ENTRIES, sizeof(*entries));
    if (entries == NULL) {
        return error_out_of_memory(err);
    }
    for (size_t i = 0; i < MANY_ENTRIES; i++) {
        entries[i].serial_size = LIMIT_SERIAL_BYTES;
        entries[i].serial[0] = 0x01;
        entries[i].serial[18] = (uint8_t)(i >> 8);
        entries[i].serial[19] = (uint8_t)i;
        entries[i].revoked_at = clock_now() - (int64_t)i;
    }
    memcpy(entries[MANY_ENTRIES - 1].serial, revoked.data, revoked.size);
    entries[MANY_ENTRIES - 1].serial_size = (uint8_t)revoked.size;
    enum result result = write_crl("many", issuer, entries, MANY_ENTRIES, err);
    free(entries);
    return result;
}

static enum result write_everything(enum key_algorithm algorithm, struct error *err) {
    const char *name = key_algorithm_name(algorithm);
    AUTO(authority_clear) struct authority root = {0}, issuing = {0};
    AUTO(key_free_at) struct key *key = NULL;
    TRY(make_authority(&root, algorithm, "Interop root (1)", NULL, err));
    TRY(make_authority(&issuing, algorithm, "Interop issuing: Zoë", &root, err));
    TRY(write_pem(name_of("root", name, ".crt"), PEM_CERTIFICATE, buf_bytes(&root.der), err));
    TRY(write_pem(name_of("issuing", name, ".crt"), PEM_CERTIFICATE, buf_bytes(&issuing.der),
                  err));
    TRY(key_generate(algorithm, &key, err));
    TRY(write_key(key, "leaf", err));
    TRY(write_csrs(key, err));
    uint8_t serial[SERIAL_SIZE];
    TRY(certificate_make_serial(serial, err));
    struct bytes revoked = bytes_of(serial, sizeof(serial));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        bool is_revoked = strcmp(kinds[i].name, "revoked") == 0;
        TRY(write_leaf(&kinds[i], &issuing, key, is_revoked ? revoked : (struct bytes){0},
                       err));
    }
    TRY(write_crl("root", &root, NULL, 0, err));
    TRY(write_crl("empty", &issuing, NULL, 0, err));
    TRY(write_reasons_crl(&issuing, revoked, err));
    return write_many_crl(&issuing, revoked, err);
}

int main(int argc, char **argv) {
    static const enum key_algorithm chosen[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA2048};
    struct error err = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    folder = argv[1];
    for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
        if (write_everything(chosen[i], &err) != RESULT_OK) {
            fprintf(stderr, "%s: %s\n", key_algorithm_name(chosen[i]), err.message);
            return 1;
        }
    }
    return 0;
}
