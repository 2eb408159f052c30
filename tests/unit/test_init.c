// Tests of founding an authority: a new one, an adopted one, and folders left as they were.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority/audit.h"
#include "authority/authority.h"
#include "authority/authority_open.h"
#include "authority/host/check.h"
#include "authority/host/init.h"
#include "authority/issuers/issuer.h"
#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "x509/pem.h"

struct init_test {
    char base[64];    // temporary
    char folder[128]; // base/ca
    struct buf report;
    struct error err;
    struct config_list hosts;
};

static char host[] = "ca.example";
static char *host_items[] = {host};

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static int set_up(void **state) {
    struct init_test *t = calloc(1, sizeof(*t));
    assert_non_null(t);
    (void)snprintf(t->base, sizeof(t->base), "/tmp/signet-init-XXXXXX");
    assert_non_null(mkdtemp(t->base));
    (void)snprintf(t->folder, sizeof(t->folder), "%s/ca", t->base);
    buf_init(&t->report, 65536);
    t->hosts = (struct config_list){.items = host_items, .count = 1};
    *state = t;
    return 0;
}

static int tear_down(void **state) {
    struct init_test *t = *state;
    (void)chmod(t->folder, 0700);
    (void)nftw(t->base, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    buf_clear(&t->report);
    free(t);
    return 0;
}

static struct init_options options_of(struct init_test *t) {
    return (struct init_options){
        .folder = t->folder, .name = "Test CA", .hosts = &t->hosts, .algorithm = KEY_P256};
}

static enum result init(struct init_test *t, const struct init_options *options) {
    t->err = (struct error){0};
    return authority_init(options, &t->report, &t->err);
}

static const char *path_of(struct init_test *t, const char *folder, const char *name) {
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", strcmp(folder, "base") == 0 ? t->base : folder,
                   name);
    return path;
}

static unsigned mode_of(struct init_test *t, const char *name) {
    struct stat status = {0};
    assert_int_equal(stat(path_of(t, t->folder, name), &status), 0);
    return status.st_mode & 07777;
}

static size_t entries_of(const char *path) {
    DIR *folder = opendir(path);
    assert_non_null(folder);
    size_t count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] == '.' ? 0 : 1;
    }
    (void)closedir(folder);
    return count;
}

static void open_set(struct init_test *t, struct store **store, struct issuer_set *set) {
    assert_ok(store_open(path_of(t, t->folder, LAYOUT_DATABASE), false, store, &t->err),
              &t->err);
    assert_ok(issuer_set_load(t->folder, *store, set, &t->err), &t->err);
}

static void expect_checked(struct init_test *t, enum result result, const char *line) {
    buf_reset(&t->report);
    struct error err = {0};
    assert_result(result, authority_check(t->folder, &t->report, &err), &err);
    if (strstr(buf_string(&t->report), line) == NULL) {
        print_error("\"%s\" is missing in:\n%s", line, buf_string(&t->report));
        fail();
    }
}

// --- a new authority -------------------------------------------------------------------------

static void a_new_authority_has_three_cas_and_an_owner(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    assert_ok(init(t, &options), &t->err);
    AUTO(store_close_at) struct store *store = NULL;
    AUTO(issuer_set_clear) struct issuer_set set = {0};
    open_set(t, &store, &set);
    assert_int_equal(set.count, 3);
    assert_ptr_not_equal(set.root, set.issuing);
    assert_string_equal(set.root->record.name, "root");
    assert_string_equal(set.issuing->record.name, "issuing");
    assert_int_equal(set.root->certificate.path_length, 1);
    assert_int_equal(set.issuing->certificate.path_length, 0);
    assert_string_equal(set.operators->record.name, "operators");
    assert_int_equal(set.operators->certificate.path_length, 0);
    assert_true(issuer_parent(&set, set.operators) == set.root);
    assert_non_null(set.root->key);
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, 256);
    assert_int_equal(distinguished_name_format(set.root->certificate.subject, &name),
                     RESULT_OK);
    assert_string_equal(buf_string(&name), "CN=Test CA root");
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_int_equal(issuer_set_chain(&set, set.issuing, &chain), RESULT_OK);
    assert_int_equal(chain.size,
                     set.root->certificate.der.size + set.issuing->certificate.der.size);
    AUTO(admin_record_clear) struct admin_record admin = {0};
    assert_ok(store_find_admin(store, "admin", &admin, &t->err), &t->err);
    assert_string_equal(admin.role, "owner");
    assert_int_equal(admin.removed_at, 0);
    assert_ok(audit_verify(store, &t->err), &t->err);
}

static void what_is_made_is_private_where_it_must_be(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    assert_ok(init(t, &options), &t->err);
    assert_int_equal(mode_of(t, ""), 0700);
    assert_int_equal(mode_of(t, "keys"), 0700);
    assert_int_equal(mode_of(t, "keys/root.key"), 0600);
    assert_int_equal(mode_of(t, "keys/issuing.key"), 0600);
    assert_int_equal(mode_of(t, "admin"), 0700);
    assert_int_equal(mode_of(t, "admin/key.pem"), 0600);
    assert_int_equal(mode_of(t, "admin/cert.pem"), 0644);
    assert_int_equal(mode_of(t, "certificates/root.pem"), 0644);
    assert_int_equal(mode_of(t, "signet.db"), 0600);
    assert_int_equal(mode_of(t, "signetd.conf"), 0644);
}

static void read_pem(struct init_test *t, const char *name, struct buf *out) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 65536);
    buf_init(out, LIMIT_CHAIN_BYTES);
    assert_ok(file_read(path_of(t, t->folder, name), &pem, &t->err), &t->err);
    assert_ok(pem_decode_all(buf_bytes(&pem), PEM_CERTIFICATE, out, &t->err), &t->err);
}

static void the_first_administrators_credential_is_complete(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    assert_ok(init(t, &options), &t->err);
    AUTO(buf_clear) struct buf leaf = {0};
    AUTO(buf_clear) struct buf chain = {0};
    AUTO(buf_clear) struct buf trust = {0};
    AUTO(buf_clear) struct buf url = {0};
    AUTO(key_free_at) struct key *key = NULL;
    read_pem(t, "admin/cert.pem", &leaf);
    read_pem(t, "admin/chain.pem", &chain);
    read_pem(t, "admin/ca.pem", &trust);
    buf_init(&url, 256);
    assert_ok(file_read(path_of(t, t->folder, "admin/url"), &url, &t->err), &t->err);
    assert_string_equal(buf_string(&url), "https://ca.example:8444\n");
    assert_ok(key_load_file(path_of(t, t->folder, "admin/key.pem"), NULL, &key, &t->err),
              &t->err);
    struct certificate certificate = {0};
    struct certificate root = {0};
    assert_ok(certificate_read(buf_bytes(&leaf), &certificate, &t->err), &t->err);
    assert_ok(certificate_read(buf_bytes(&trust), &root, &t->err), &t->err);
    assert_bytes_equal(certificate.spki, key_public(key));
    assert_ok(
        certificate_verify_chain(&certificate, buf_bytes(&chain), &root, clock_now(), &t->err),
        &t->err);
    assert_true(certificate_has_extended_key_usage(&certificate, OID_CLIENT_AUTH));
    AUTO(store_close_at) struct store *store = NULL;
    AUTO(issuer_set_clear) struct issuer_set set = {0};
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    open_set(t, &store, &set);
    assert_ok(store_find_certificate(store, set.operators->record.id, certificate.serial,
                                     &record, &t->err),
              &t->err);
    assert_string_equal(record.profile, "admin");
    assert_bytes_equal(buf_bytes(&record.der), buf_bytes(&leaf));
}

static void the_report_tells_fingerprint_and_next_steps(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    assert_ok(init(t, &options), &t->err);
    AUTO(buf_clear) struct buf root = {0};
    AUTO(buf_clear) struct buf fingerprint = {0};
    read_pem(t, "certificates/root.pem", &root);
    buf_init(&fingerprint, 64);
    assert_int_equal(hash_sha256_hex(buf_bytes(&root), &fingerprint), RESULT_OK);
    const char *report = buf_string(&t->report);
    assert_non_null(strstr(report, buf_string(&fingerprint)));
    assert_non_null(strstr(report, "signetd run --dir"));
    assert_non_null(strstr(report, "token create"));
    assert_non_null(strstr(report, t->folder));
}

static void every_key_type_founds_an_authority(void **state) {
    struct init_test *t = *state;
    static const enum key_algorithm algorithms[] = {KEY_P384, KEY_ED25519, KEY_RSA3072};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(t->folder, sizeof(t->folder), "%s/ca%zu", t->base, i);
        struct init_options options = options_of(t);
        options.algorithm = algorithms[i];
        assert_ok(init(t, &options), &t->err);
        expect_checked(t, RESULT_OK, "ok      CA certificates and keys");
    }
}

static void localhost_is_always_among_the_hosts(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    AUTO(config_clear) struct config config = {0};
    assert_ok(init(t, &options), &t->err);
    assert_ok(config_load(path_of(t, t->folder, LAYOUT_CONFIG), &config, &t->err), &t->err);
    assert_int_equal(config.hosts.count, 4);
    assert_string_equal(config.hosts.items[0], "ca.example");
    assert_string_equal(config.hosts.items[1], "localhost");
    assert_string_equal(config.hosts.items[2], "127.0.0.1");
    assert_string_equal(config.hosts.items[3], "::1");
}

// --- refusals --------------------------------------------------------------------------------

static void a_second_init_changes_nothing(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    AUTO(buf_clear) struct buf before = {0};
    AUTO(buf_clear) struct buf after = {0};
    assert_ok(init(t, &options), &t->err);
    read_pem(t, "certificates/root.pem", &before);
    assert_result(RESULT_CONFLICT, init(t, &options), &t->err);
    assert_string_equal(t->err.code, "folder_in_use");
    read_pem(t, "certificates/root.pem", &after);
    assert_bytes_equal(buf_bytes(&before), buf_bytes(&after));
    expect_checked(t, RESULT_OK, "ok      configuration");
}

static const struct {
    const char *name;
    const char *host;
    const char *message; // a part
} bad_options[] = {
    {"", "ca.example", "name in [authority]"},
    {"A name # with a comment", "ca.example", "cannot be written into the configuration"},
    {"Two\nlines", "ca.example", "signetd.conf"},
    {"57 characters: 901234567890123456789012345678901234567890", "ca.example", "at most 56"},
    {"Test CA", "not a host", "signetd.conf"},
    {"Test CA", "*.example", "\"*\""},
};

static void options_that_cannot_be_configured_leave_no_folder(void **state) {
    struct init_test *t = *state;
    for (size_t i = 0; i < sizeof(bad_options) / sizeof(bad_options[0]); i++) {
        struct init_options options = options_of(t);
        char text[64];
        (void)snprintf(text, sizeof(text), "%s", bad_options[i].host);
        char *items[] = {text};
        const struct config_list hosts = {.items = items, .count = 1};
        options.name = bad_options[i].name;
        options.hosts = &hosts;
        assert_result(RESULT_INVALID, init(t, &options), &t->err);
        if (strstr(t->err.message, bad_options[i].message) == NULL) {
            print_error("expected: %s\ngot:      %s\n", bad_options[i].message, t->err.message);
            fail();
        }
        assert_int_equal(entries_of(t->base), 0);
    }
}

static void a_leftover_of_an_authority_is_refused(void **state) {
    struct init_test *t = *state;
    static const char *const names[] = {"signetd.conf", "signet.db",    "signet.db-wal",
                                        "keys",         "certificates", "admin"};
    const struct init_options options = options_of(t);
    assert_int_equal(mkdir(t->folder, 0700), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = path_of(t, t->folder, names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_result(RESULT_CONFLICT, init(t, &options), &t->err);
        assert_string_equal(t->err.code, "folder_in_use");
        assert_int_equal(rmdir(path_of(t, t->folder, names[i])), 0);
    }
    assert_ok(init(t, &options), &t->err);
}

// A disk that fills up in the middle: keys still fit, the store does not.
static void a_failure_in_the_middle_leaves_nothing(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    struct rlimit before = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum result in_new_folder = init(t, &options);
    size_t left_in_base = entries_of(t->base);
    assert_int_equal(mkdir(t->folder, 0700), 0);
    enum result in_old_folder = init(t, &options);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_not_equal((int)in_new_folder, RESULT_OK);
    assert_int_not_equal((int)in_old_folder, RESULT_OK);
    assert_int_equal(left_in_base, 0);
    assert_int_equal(entries_of(t->folder), 0);
    assert_ok(init(t, &options), &t->err);
}

static void a_folder_below_a_file_is_refused(void **state) {
    struct init_test *t = *state;
    assert_ok(file_create(t->folder, BYTES_LITERAL("x"), 0600, &t->err), &t->err);
    (void)snprintf(t->folder + strlen(t->folder), 16, "/below");
    const struct init_options options = options_of(t);
    assert_int_not_equal((int)init(t, &options), RESULT_OK);
    assert_non_null(strstr(t->err.message, "/ca"));
    assert_int_equal(entries_of(t->base), 1);
}

// --- adoption --------------------------------------------------------------------------------

// Runs a shell command in the temporary folder, quietly.
static void shell(struct init_test *t, const char *command) {
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, 8192);
    assert_int_equal(
        buf_printf(&line, "cd %s && ( %s ) >log 2>&1 || { cat log; false; }", t->base, command),
        RESULT_OK);
    assert_int_equal(system(buf_string(&line)), 0);
}

#define ECDSA_KEY "openssl ecparam -name prime256v1 -genkey -noout -out ca.key && "
#define SELF_SIGNED                                                                            \
    "openssl req -x509 -new -key ca.key -out ca.crt -days 3650 -subj '/CN=Old CA' "

struct import_paths {
    char certificate[96];
    char key[96];
    char chain[96];
};

static struct init_options import_options(struct init_test *t, struct import_paths *paths) {
    struct init_options options = options_of(t);
    (void)snprintf(paths->certificate, sizeof(paths->certificate), "%s/ca.crt", t->base);
    (void)snprintf(paths->key, sizeof(paths->key), "%s/ca.key", t->base);
    (void)snprintf(paths->chain, sizeof(paths->chain), "%s/chain.crt", t->base);
    options.import_certificate = paths->certificate;
    options.import_key = paths->key;
    return options;
}

static void an_adopted_self_signed_ca_is_root_and_issuing(void **state) {
    struct init_test *t = *state;
    struct import_paths paths;
    shell(t, ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:TRUE");
    const struct init_options options = import_options(t, &paths);
    assert_ok(init(t, &options), &t->err);
    AUTO(store_close_at) struct store *store = NULL;
    AUTO(issuer_set_clear) struct issuer_set set = {0};
    AUTO(buf_clear) struct buf chain = {0};
    open_set(t, &store, &set);
    assert_int_equal(set.count, 1);
    assert_ptr_equal(set.root, set.issuing);
    assert_int_equal(set.issuing->record.kind, ISSUER_ISSUING);
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_int_equal(issuer_set_chain(&set, set.issuing, &chain), RESULT_OK);
    assert_bytes_equal(buf_bytes(&chain), set.root->certificate.der);
    assert_int_equal(mode_of(t, "keys/issuing.key"), 0600);
    assert_non_null(strstr(buf_string(&t->report), "NOT on Signet's CRLs"));
    expect_checked(t, RESULT_OK, "ok      CA certificates and keys");
}

static void an_adopted_intermediate_needs_its_whole_chain(void **state) {
    struct init_test *t = *state;
    struct import_paths paths;
    shell(t, ECDSA_KEY SELF_SIGNED
          "-addext basicConstraints=critical,CA:TRUE && "
          "mv ca.key root.key && mv ca.crt root.crt && " ECDSA_KEY
          "openssl req -new -key ca.key -subj '/O=Example/CN=Sub' -out sub.csr && "
          "printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\n"
          "keyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n"
          "authorityKeyIdentifier=keyid\\n' > ext && "
          "openssl x509 -req -in sub.csr -CA root.crt -CAkey root.key -CAcreateserial "
          "-days 3000 -extfile ext -out ca.crt && cp root.crt chain.crt");
    struct init_options options = import_options(t, &paths);
    assert_result(RESULT_INVALID, init(t, &options), &t->err);
    assert_string_equal(t->err.code, "chain_incomplete");
    assert_non_null(strstr(t->err.hint, "--import-chain"));
    assert_false(file_exists(t->folder));
    options.import_chain = paths.chain;
    assert_ok(init(t, &options), &t->err);
    AUTO(store_close_at) struct store *store = NULL;
    AUTO(issuer_set_clear) struct issuer_set set = {0};
    open_set(t, &store, &set);
    assert_int_equal(set.count, 2);
    assert_null(set.root->key); // it stays where it is
    assert_non_null(set.issuing->key);
    assert_false(file_exists(path_of(t, t->folder, "keys/root.key")));
}

static void an_encrypted_key_needs_its_passphrase(void **state) {
    struct init_test *t = *state;
    struct import_paths paths;
    shell(t, ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:TRUE && "
                                   "openssl pkcs8 -topk8 -v2 aes-256-cbc -in ca.key -passout "
                                   "pass:secret -out e && mv e ca.key");
    struct init_options options = import_options(t, &paths);
    assert_result(RESULT_DENIED, init(t, &options), &t->err);
    assert_non_null(strstr(t->err.hint, "--import-passphrase-file"));
    options.import_passphrase = "wrong";
    assert_result(RESULT_DENIED, init(t, &options), &t->err);
    assert_false(file_exists(t->folder));
    options.import_passphrase = "secret";
    assert_ok(init(t, &options), &t->err);
}

static void a_sha1_self_signature_is_told_of(void **state) {
    struct init_test *t = *state;
    struct import_paths paths;
    shell(t, ECDSA_KEY SELF_SIGNED "-sha1 -addext basicConstraints=critical,CA:TRUE");
    const struct init_options options = import_options(t, &paths);
    assert_ok(init(t, &options), &t->err);
    assert_non_null(strstr(buf_string(&t->report), "SHA-1"));
}

// What makes ca.crt and ca.key, and why they are refused.
static const struct {
    const char *command;
    const char *code;
    const char *hint; // a part
} refusals[] = {
    {ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:FALSE", "not_a_ca",
     "basicConstraints=critical,CA:TRUE"},
    {ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:TRUE -addext "
                           "keyUsage=critical,keyCertSign",
     "ca_key_usage", "keyUsage=critical,keyCertSign,cRLSign"},
    {ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:TRUE -addext "
                           "keyUsage=critical,cRLSign,digitalSignature",
     "ca_key_usage", "keyUsage=critical,keyCertSign,cRLSign"},
    {ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:TRUE -addext "
                           "extendedKeyUsage=serverAuth",
     "ca_extended_key_usage", "without extendedKeyUsage"},
    {ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:TRUE -addext "
                           "'nameConstraints=critical,permitted;DNS:example.org'",
     "ca_extension", "without it"},
    {ECDSA_KEY SELF_SIGNED "-addext basicConstraints=critical,CA:TRUE && "
                           "openssl ecparam -name prime256v1 -genkey -noout -out ca.key",
     "key_mismatch", "openssl pkey"},
};

static void unfit_cas_are_refused_with_the_cure(void **state) {
    struct init_test *t = *state;
    struct import_paths paths;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        shell(t, refusals[i].command);
        const struct init_options options = import_options(t, &paths);
        assert_result(RESULT_INVALID, init(t, &options), &t->err);
        if (strcmp(t->err.code, refusals[i].code) != 0) {
            print_error("%s gave %s: %s\n", refusals[i].command, t->err.code, t->err.message);
        }
        assert_string_equal(t->err.code, refusals[i].code);
        assert_non_null(strstr(t->err.message, "/ca.crt: "));
        assert_non_null(strstr(t->err.hint, refusals[i].hint));
        assert_false(file_exists(t->folder));
    }
}

static void a_ca_outside_its_dates_is_refused(void **state) {
    struct init_test *t = *state;
    struct import_paths paths;
    shell(t, ECDSA_KEY
          "openssl req -x509 -new -key ca.key -out ca.crt -days 10 -subj '/CN=Old CA' "
          "-addext basicConstraints=critical,CA:TRUE");
    const struct init_options options = import_options(t, &paths);
    int64_t now = clock_now();
    clock_use_manual(now + 11 * 86400);
    assert_result(RESULT_INVALID, init(t, &options), &t->err);
    assert_string_equal(t->err.code, "ca_expired");
    clock_use_manual(now - 86400);
    assert_result(RESULT_INVALID, init(t, &options), &t->err);
    assert_string_equal(t->err.code, "ca_not_yet_valid");
    clock_use_manual(now + 60);
    assert_ok(init(t, &options), &t->err);
    clock_use_system();
}

static void weak_keys_and_broken_files_are_refused(void **state) {
    struct init_test *t = *state;
    struct import_paths paths;
    const struct init_options options = import_options(t, &paths);
    assert_result(RESULT_NOT_FOUND, init(t, &options), &t->err);
    shell(t, "openssl req -x509 -newkey rsa:1024 -nodes -keyout ca.key -out ca.crt -days 99 "
             "-subj '/CN=Old CA'");
    assert_result(RESULT_INVALID, init(t, &options), &t->err);
    assert_string_equal(t->err.code, "key_weak");
    shell(t, ECDSA_KEY "echo nothing > ca.crt");
    assert_result(RESULT_INVALID, init(t, &options), &t->err);
    assert_non_null(strstr(t->err.hint, "BEGIN CERTIFICATE"));
    assert_false(file_exists(t->folder));
}

// --- check -----------------------------------------------------------------------------------

static void check_names_what_is_unfit(void **state) {
    struct init_test *t = *state;
    expect_checked(t, RESULT_NOT_FOUND, "FAILED  configuration");
    const struct init_options options = options_of(t);
    assert_ok(init(t, &options), &t->err);
    expect_checked(t, RESULT_OK, "ok      audit trail");
    char key[256];
    (void)snprintf(key, sizeof(key), "%s/keys/issuing.key", t->folder);
    assert_int_equal(chmod(key, 0640), 0);
    expect_checked(t, RESULT_DENIED, "chmod 600");
    assert_int_equal(chmod(key, 0600), 0);
    AUTO(buf_clear) struct buf root_key = {0};
    buf_init_secret(&root_key, LIMIT_KEY_FILE_BYTES);
    assert_ok(file_read(path_of(t, t->folder, "keys/root.key"), &root_key, &t->err), &t->err);
    assert_ok(file_replace(key, buf_bytes(&root_key), 0600, &t->err), &t->err);
    expect_checked(t, RESULT_INVALID, "the key does not belong to the CA certificate");
    assert_ok(file_replace(path_of(t, t->folder, LAYOUT_CONFIG), BYTES_LITERAL("[authorty]\n"),
                           0644, &t->err),
              &t->err);
    expect_checked(t, RESULT_INVALID, "signetd.conf:1: unknown section [authorty]");
}

// Root may look into everything, so root asks as somebody else.
static void a_closed_folder_is_not_taken_for_an_empty_one(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    assert_ok(init(t, &options), &t->err);
    const bool is_root = geteuid() == 0;
    assert_int_equal(chmod(t->base, 0755), 0);
    assert_int_equal(chmod(t->folder, is_root ? 0700 : 0), 0);
    struct authority authority = {0};
    assert_int_equal(seteuid(is_root ? 65534 : geteuid()), 0);
    const enum result result = authority_open(t->folder, &authority, &t->err);
    assert_int_equal(seteuid(getuid()), 0);
    assert_result(RESULT_DENIED, result, &t->err);
    assert_string_equal(t->err.code, "folder_closed");
    assert_non_null(strstr(t->err.message, "may not look into"));
    if (is_root) {
        assert_non_null(strstr(t->err.message, "user nobody"));
        assert_non_null(strstr(t->err.hint, "sudo -u root"));
    }
    assert_int_equal(chmod(t->folder, 0700), 0);
    assert_ok(authority_open(t->folder, &authority, &t->err), &t->err);
    authority_clear(&authority);
}

// One second more, and it is taken for set.
static void a_clock_that_is_not_set_founds_nothing(void **state) {
    struct init_test *t = *state;
    const struct init_options options = options_of(t);
    clock_use_manual(CLOCK_LEAST - 1);
    const enum result refused = init(t, &options);
    clock_use_manual(CLOCK_LEAST);
    const struct error why = t->err;
    const bool is_there = file_exists(t->folder);
    const enum result founded = init(t, &options);
    clock_use_system();
    assert_result(RESULT_UNAVAILABLE, refused, &why);
    assert_string_equal(why.code, "clock_not_set");
    assert_non_null(strstr(why.message, "2025-12-31T23:59:59Z"));
    assert_false(is_there);
    assert_ok(founded, &t->err);
}

#define INIT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        INIT_TEST(a_new_authority_has_three_cas_and_an_owner),
        INIT_TEST(what_is_made_is_private_where_it_must_be),
        INIT_TEST(the_first_administrators_credential_is_complete),
        INIT_TEST(the_report_tells_fingerprint_and_next_steps),
        INIT_TEST(every_key_type_founds_an_authority),
        INIT_TEST(localhost_is_always_among_the_hosts),
        INIT_TEST(a_second_init_changes_nothing),
        INIT_TEST(options_that_cannot_be_configured_leave_no_folder),
        INIT_TEST(a_leftover_of_an_authority_is_refused),
        INIT_TEST(a_failure_in_the_middle_leaves_nothing),
        INIT_TEST(a_folder_below_a_file_is_refused),
        INIT_TEST(an_adopted_self_signed_ca_is_root_and_issuing),
        INIT_TEST(an_adopted_intermediate_needs_its_whole_chain),
        INIT_TEST(an_encrypted_key_needs_its_passphrase),
        INIT_TEST(a_sha1_self_signature_is_told_of),
        INIT_TEST(unfit_cas_are_refused_with_the_cure),
        INIT_TEST(a_ca_outside_its_dates_is_refused),
        INIT_TEST(weak_keys_and_broken_files_are_refused),
        INIT_TEST(check_names_what_is_unfit),
        INIT_TEST(a_closed_folder_is_not_taken_for_an_empty_one),
        INIT_TEST(a_clock_that_is_not_set_founds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
