// Several CAs: who issues under a profile, how they come and go, and the root's key elsewhere.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/authority_fixture.h"

#include <sys/stat.h>

#include "authority/authority_open.h"
#include "authority/issuers/ca_certificate.h"
#include "authority/host/crl_install.h"
#include "authority/issuers/issuer_choice.h"
#include "authority/host/issuing_ca.h"
#include "authority/host/renew_own.h"
#include "authority/host/root_ceremony.h"
#include "authority/host/root_key.h"
#include "x509/crl.h"

#define PASSPHRASE "correct horse"

static struct peer host(void) {
    struct peer peer = {0};
    peer_init_host(&peer);
    return peer;
}

static void reopen(struct fixture *f) {
    authority_clear(&f->authority);
    fixture_open(f);
}

static struct issuing_ca ca_named(const char *name) {
    return (struct issuing_ca){
        .name = name, .key = {.algorithm = KEY_P256}, .lifetime = ISSUING_LIFETIME};
}

static void add(struct fixture *f, const char *name) {
    struct peer peer = host();
    struct issuing_ca wanted = ca_named(name);
    assert_ok(issuing_ca_add(&f->authority, &peer, &wanted, &f->err), &f->err);
    reopen(f);
}

static void assert_code(enum result expected, const char *code, enum result result,
                        const struct error *err) {
    if (strcmp(code, err->code) != 0) {
        print_error("expected %s, got %s: %s\n", code, err->code, err->message);
    }
    assert_int_equal(expected, result);
    assert_string_equal(code, err->code);
    assert_true(err->hint[0] != '\0');
}

static void refuse_add(struct fixture *f, struct issuing_ca wanted, enum result result,
                       const char *code) {
    struct error err = {0};
    struct peer peer = host();
    assert_code(result, code, issuing_ca_add(&f->authority, &peer, &wanted, &err), &err);
}

static const char *path_in(struct fixture *f, const char *name) {
    static char path[160];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
    return path;
}

// Names the issuer in the profile of the fixture, and reads the configuration anew.
static void name_issuer(struct fixture *f, const char *name) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    char path[160];
    (void)snprintf(path, sizeof(path), "%s", path_in(f, LAYOUT_CONFIG));
    assert_ok(file_read(path, &text, &f->err), &f->err);
    assert_ok(buf_printf(&text, "issuer = %s\n", name), &f->err);
    assert_ok(file_replace(path, buf_bytes(&text), 0600, &f->err), &f->err);
}

// --- adding ----------------------------------------------------------------------------------

static void a_profile_is_issued_by_the_ca_that_it_names(void **state) {
    struct fixture *f = *state;
    add(f, "xmpp");
    struct stat status;
    assert_int_equal(0, stat(path_in(f, "keys/xmpp.key"), &status));
    assert_int_equal(0600, status.st_mode & 0777);
    name_issuer(f, "xmpp");
    reopen(f);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone", key, &issued);
    struct certificate certificate = {0};
    assert_ok(certificate_read(blob_bytes(&issued.certificate), &certificate, &f->err),
              &f->err);
    const struct issuer *xmpp = issuer_set_find(&f->authority.issuers, "xmpp");
    assert_ok(certificate_verify(&certificate, &xmpp->certificate, &f->err), &f->err);
    assert_bytes_equal(xmpp->certificate.der, blob_bytes(&issued.chain));
    message_clear(&issued_type, &issued);
}

static void names_that_are_odd_or_taken_are_refused(void **state) {
    struct fixture *f = *state;
    static const char *const odd[] = {
        "", "A", "a b", "../a", "-a", "a.b", "bundle", "a23456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        refuse_add(f, ca_named(odd[i]), RESULT_INVALID, "issuer_name");
    }
    refuse_add(f, ca_named("issuing"), RESULT_CONFLICT, "issuer_exists");
    refuse_add(f, ca_named("root"), RESULT_CONFLICT, "issuer_exists");
    struct issuing_ca same = ca_named("other");
    same.title = "issuing";
    refuse_add(f, same, RESULT_CONFLICT, "title_taken");
    same.title = "a title that makes the subject longer than the sixty-four characters";
    refuse_add(f, same, RESULT_INVALID, "title_long");
    add(f, "a2345678901234567890123456789012");
}

static void as_many_cas_as_the_limit_and_no_more(void **state) {
    struct fixture *f = *state;
    for (size_t i = f->authority.issuers.count; i < LIMIT_ISSUERS; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "ca-%zu", i);
        struct issuing_ca wanted = ca_named(name);
        struct peer peer = host();
        wanted.key.algorithm = KEY_ED25519;
        assert_ok(issuing_ca_add(&f->authority, &peer, &wanted, &f->err), &f->err);
        reopen(f);
    }
    assert_int_equal(LIMIT_ISSUERS, f->authority.issuers.count);
    refuse_add(f, ca_named("more"), RESULT_LIMIT, "issuer_limit");
    assert_true(f->authority.publisher.item_count <= LIMIT_PUBLISHED);
    assert_ok(publisher_run(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    assert_int_equal(LIMIT_PUBLISHED - 1, f->authority.publisher.item_count);
}

static void a_key_file_that_a_crash_left_is_replaced(void **state) {
    struct fixture *f = *state;
    assert_ok(
        file_create(path_in(f, "keys/late.key"), BYTES_LITERAL("left over"), 0600, &f->err),
        &f->err);
    add(f, "late");
    assert_non_null(issuer_set_find(&f->authority.issuers, "late")->key);
}

static void a_missing_key_file_is_named(void **state) {
    struct fixture *f = *state;
    struct error err = {0};
    authority_clear(&f->authority);
    assert_int_equal(0, unlink(path_in(f, "keys/root.key")));
    enum result result = authority_open(f->folder, &f->authority, &err);
    assert_code(RESULT_NOT_FOUND, "key_missing", result, &err);
}

// --- retiring --------------------------------------------------------------------------------

static void a_retired_ca_publishes_until_one_crl_after_its_last_certificate(void **state) {
    struct fixture *f = *state;
    add(f, "old");
    name_issuer(f, "old");
    reopen(f);
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next_key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone", key, &issued);
    struct peer peer = host();
    assert_ok(issuing_ca_retire(&f->authority, &peer, "old", &f->err), &f->err);
    reopen(f);
    struct error err = {0};
    assert_code(RESULT_CONFLICT, "issuer_retired",
                issuing_ca_retire(&f->authority, &peer, "old", &err), &err);
    fixture_expect_refusal(
        fixture_renew(f, blob_bytes(&issued.certificate), next_key, "cn:phone"),
        RESULT_UNAVAILABLE, "issuer_retired");
    int64_t end = issued.not_after;
    message_clear(&issued_type, &issued);
    for (int64_t now = FIXTURE_NOW; now <= end + 3LL * FIXTURE_DAY; now += FIXTURE_DAY) {
        clock_use_manual(now);
        assert_ok(publisher_run(&f->authority, now, &f->err), &f->err);
    }
    const struct published_crl *old = publisher_crl(&f->authority, "old");
    assert_true(old->this_update > end);
    assert_true(old->this_update <= end + FIXTURE_DAY);
    assert_true(publisher_crl(&f->authority, "issuing")->this_update > old->this_update);
    // The same after a restart.
    reopen(f);
    assert_ok(publisher_run(&f->authority, clock_now(), &f->err), &f->err);
    assert_int_equal(old->number, publisher_crl(&f->authority, "old")->number);
}

static void a_profile_without_its_ca_is_explained(void **state) {
    struct fixture *f = *state;
    name_issuer(f, "nowhere");
    AUTO(buf_clear) struct buf report = {0};
    buf_init(&report, 65536);
    bool needs_restart = false;
    struct error err = {0};
    assert_code(RESULT_UNAVAILABLE, "issuer_unknown",
                authority_reload(&f->authority, &needs_restart, &err), &err);
    reopen(f);
    const struct issuer *issuer = NULL;
    err = (struct error){0};
    const struct profile *profile =
        profile_find(&f->authority.config.profiles, FIXTURE_PROFILE "-test");
    assert_code(RESULT_UNAVAILABLE, "issuer_unknown",
                authority_issuer_for(&f->authority, profile, &issuer, &err), &err);
}

// --- revoking --------------------------------------------------------------------------------

static void revoking_a_ca_puts_it_on_the_roots_crl_at_once(void **state) {
    struct fixture *f = *state;
    add(f, "bad");
    assert_ok(publisher_run(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    struct peer peer = host();
    bool is_published = false;
    struct error err = {0};
    assert_code(RESULT_INVALID, "issuer_root",
                issuing_ca_revoke(&f->authority, &peer, "root", CRL_REASON_UNSPECIFIED,
                                  &is_published, &err),
                &err);
    assert_ok(issuing_ca_revoke(&f->authority, &peer, "bad", CRL_REASON_CA_COMPROMISE,
                                &is_published, &f->err),
              &f->err);
    assert_true(is_published);
    reopen(f);
    const struct issuer *bad = issuer_set_find(&f->authority.issuers, "bad");
    assert_string_equal("revoked", issuer_state_name(bad, FIXTURE_NOW));
    assert_int_equal(1, publisher_crl(&f->authority, "root")->entry_count);
    assert_code(RESULT_CONFLICT, "already_revoked",
                issuing_ca_revoke(&f->authority, &peer, "bad", CRL_REASON_UNSPECIFIED,
                                  &is_published, &err),
                &err);
    // Gateways do not trust it any more.
    AUTO(buf_clear) struct buf trust = {0};
    buf_init(&trust, LIMIT_TRUST_BYTES);
    assert_int_equal(RESULT_OK, issuer_set_trust(&f->authority.issuers, &trust));
    for (struct bytes rest = buf_bytes(&trust); rest.size > 0;) {
        struct certificate certificate = {0};
        assert_ok(certificate_read_next(&rest, &certificate, &f->err), &f->err);
        assert_false(bytes_equal(certificate.der, bad->certificate.der));
    }
}

// --- announcing ----------------------------------------------------------------------------

static size_t announced(struct fixture *f, int64_t now, const char *name, size_t room) {
    AUTO(buf_clear) struct buf chain = {0};
    size_t found = 0;
    struct certificate last = {0};
    const struct issuer *wanted = issuer_set_find(&f->authority.issuers, name);
    buf_init(&chain, room);
    assert_int_equal(RESULT_OK, issuer_set_announced(&f->authority.issuers, now, &chain));
    for (struct bytes rest = buf_bytes(&chain); rest.size > 0;) {
        assert_ok(certificate_read_next(&rest, &last, &f->err), &f->err);
        found += bytes_equal(last.der, wanted->certificate.der);
    }
    assert_bytes_equal(last.der, f->authority.issuers.root->certificate.der);
    return found;
}

static void a_ca_is_announced_while_devices_may_come_to_need_it(void **state) {
    struct fixture *f = *state;
    add(f, "next");
    add(f, "bad");
    struct peer peer = host();
    bool is_published = false;
    struct issuing_ca people = ca_named("people");
    people.for_operators = true;
    assert_ok(issuing_ca_add(&f->authority, &peer, &people, &f->err), &f->err);
    assert_ok(issuing_ca_revoke(&f->authority, &peer, "bad", CRL_REASON_CA_COMPROMISE,
                                &is_published, &f->err),
              &f->err);
    reopen(f);
    assert_int_equal(1, announced(f, FIXTURE_NOW, "issuing", LIMIT_CHAIN_BYTES));
    assert_int_equal(1, announced(f, FIXTURE_NOW, "root", LIMIT_CHAIN_BYTES));
    assert_int_equal(1, announced(f, FIXTURE_NOW, "next", LIMIT_CHAIN_BYTES));
    assert_int_equal(0, announced(f, FIXTURE_NOW, "bad", LIMIT_CHAIN_BYTES));
    assert_int_equal(0, announced(f, FIXTURE_NOW, "people", LIMIT_CHAIN_BYTES));
    const struct issuer *next = issuer_set_find(&f->authority.issuers, "next");
    assert_int_equal(1, announced(f, next->certificate.not_after, "next", LIMIT_CHAIN_BYTES));
    assert_int_equal(0,
                     announced(f, next->certificate.not_after + 1, "next", LIMIT_CHAIN_BYTES));
    // What does not fit is left out; the chain itself never is.
    const struct issuer_set *set = &f->authority.issuers;
    const size_t least = set->issuing->certificate.der.size + set->root->certificate.der.size;
    assert_int_equal(0, announced(f, FIXTURE_NOW, "next", least + 10));
    assert_int_equal(1, announced(f, FIXTURE_NOW, "issuing", least + 10));
}

// --- the root's key elsewhere ----------------------------------------------------------------

static void export(struct fixture *f) {
    char target[160];
    (void)snprintf(target, sizeof(target), "%s", path_in(f, "root.p8"));
    struct peer peer = host();
    struct root_export wanted = {.path = target, .passphrase = PASSPHRASE};
    assert_ok(root_key_export(&f->authority, &peer, &wanted, &f->err), &f->err);
    reopen(f);
}

static void an_exported_root_key_is_gone_until_it_is_imported(void **state) {
    struct fixture *f = *state;
    struct peer peer = host();
    struct error err = {0};
    export(f);
    assert_null(f->authority.issuers.root->key);
    assert_false(file_exists(path_in(f, "keys/root.key")));
    refuse_add(f, ca_named("late"), RESULT_UNAVAILABLE, "root_offline");
    char target[160];
    (void)snprintf(target, sizeof(target), "%s", path_in(f, "root.p8"));
    struct root_export again = {.path = target, .passphrase = PASSPHRASE};
    assert_code(RESULT_CONFLICT, "root_offline",
                root_key_export(&f->authority, &peer, &again, &err), &err);
    assert_code(RESULT_DENIED, "passphrase_wrong",
                root_key_import(&f->authority, &peer, target, "another", &err), &err);
    assert_ok(root_key_import(&f->authority, &peer, target, PASSPHRASE, &f->err), &f->err);
    reopen(f);
    assert_non_null(f->authority.issuers.root->key);
    add(f, "late");
}

static void a_broken_off_export_is_noticed_and_finished(void **state) {
    struct fixture *f = *state;
    struct peer peer = host();
    AUTO(buf_clear) struct buf kept = {0};
    buf_init_secret(&kept, LIMIT_KEY_FILE_BYTES);
    assert_ok(file_read(path_in(f, "keys/root.key"), &kept, &f->err), &f->err);
    export(f);
    assert_ok(file_create(path_in(f, "keys/root.key"), buf_bytes(&kept), 0600, &f->err),
              &f->err);
    char target[160];
    (void)snprintf(target, sizeof(target), "%s", path_in(f, "root.p8"));
    struct root_export again = {.path = target, .passphrase = "another"};
    struct error err = {0};
    assert_code(RESULT_CONFLICT, "file_other",
                root_key_export(&f->authority, &peer, &again, &err), &err);
    again.passphrase = PASSPHRASE;
    assert_ok(root_key_export(&f->authority, &peer, &again, &f->err), &f->err);
    assert_false(file_exists(path_in(f, "keys/root.key")));
}

static void load_exported(struct fixture *f, struct key **out_key) {
    assert_ok(key_load_file(path_in(f, "root.p8"), PASSPHRASE, out_key, &f->err), &f->err);
}

static void make_crl(struct fixture *f, const struct key *key, int64_t number, int64_t now,
                     const struct crl_entry *entry, struct buf *out_der) {
    const struct ceremony ceremony = {
        .root = &f->authority.issuers.root->certificate, .key = key, .now = now};
    const struct ceremony_crl wanted = {.number = number,
                                        .lifetime = OFFLINE_CRL_LIFETIME,
                                        .revoked = entry,
                                        .revoked_count = entry == NULL ? 0 : 1};
    buf_init(out_der, LIMIT_CERTIFICATE_BYTES);
    assert_ok(ceremony_crl(&ceremony, &wanted, out_der, &f->err), &f->err);
}

static void refuse_crl(struct fixture *f, const struct buf *der, enum result result,
                       const char *code) {
    struct error err = {0};
    struct peer peer = host();
    assert_code(result, code,
                crl_install(&f->authority, &peer, buf_bytes(der), clock_now(), &err), &err);
}

static void a_crl_from_outside_is_taken_only_when_everything_holds(void **state) {
    struct fixture *f = *state;
    add(f, "bad");
    assert_ok(publisher_run(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    clock_use_manual(FIXTURE_NOW + 600);
    export(f);
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(key_free_at) struct key *foreign = fixture_key();
    AUTO(buf_clear) struct buf crl = {0};
    load_exported(f, &key);
    int64_t last = publisher_crl(&f->authority, "root")->number;
    int64_t now = FIXTURE_NOW + 1200;
    clock_use_manual(now);
    make_crl(f, key, last, now, NULL, &crl); // the number of the last one
    refuse_crl(f, &crl, RESULT_CONFLICT, "crl_not_newer");
    buf_clear(&crl);
    make_crl(f, key, last + 1, FIXTURE_NOW - 600, NULL, &crl); // an older date
    refuse_crl(f, &crl, RESULT_CONFLICT, "crl_not_newer");
    buf_clear(&crl);
    make_crl(f, key, last + 1, now + 3600, NULL, &crl);
    refuse_crl(f, &crl, RESULT_INVALID, "crl_future");
    buf_clear(&crl);
    make_crl(f, key, last + 1, now - OFFLINE_CRL_LIFETIME - 3600, NULL, &crl);
    refuse_crl(f, &crl, RESULT_INVALID, "crl_expired");
    buf_clear(&crl);
    make_crl(f, foreign, last + 1, now, NULL, &crl); // signed by another key
    refuse_crl(f, &crl, RESULT_DENIED, "issuer_other");
    buf_clear(&crl);
    // One that revokes an issuing CA retires it here, and a later one must not forget it.
    const struct issuer *bad = issuer_set_find(&f->authority.issuers, "bad");
    struct crl_entry entry = {.serial_size = (uint8_t)bad->certificate.serial.size,
                              .reason = CRL_REASON_CA_COMPROMISE,
                              .revoked_at = now};
    memcpy(entry.serial, bad->certificate.serial.data, bad->certificate.serial.size);
    make_crl(f, key, last + 1, now, &entry, &crl);
    struct peer peer = host();
    assert_ok(crl_install(&f->authority, &peer, buf_bytes(&crl), now, &f->err), &f->err);
    reopen(f);
    bad = issuer_set_find(&f->authority.issuers, "bad");
    assert_true(bad->is_revoked);
    assert_true(bad->record.retired_at != 0);
    buf_clear(&crl);
    clock_use_manual(now + 600);
    make_crl(f, key, last + 2, now + 600, NULL, &crl);
    refuse_crl(f, &crl, RESULT_CONFLICT, "crl_lost_entry");
}

static void a_crl_that_runs_out_without_its_key_is_told_of(void **state) {
    struct fixture *f = *state;
    assert_ok(publisher_run(&f->authority, FIXTURE_NOW, &f->err), &f->err);
    clock_use_manual(FIXTURE_NOW + 600);
    export(f);
    const struct published_crl *crl = publisher_crl(&f->authority, "root");
    struct status status = {0};
    assert_int_equal(RESULT_OK,
                     publisher_warn(&f->authority, FIXTURE_NOW + 1200, &status.warnings));
    assert_int_equal(0, status.warnings.count);
    assert_false(publisher_is_due(&f->authority, FIXTURE_NOW + 1200) && crl->number == 0);
    assert_int_equal(RESULT_OK, publisher_warn(&f->authority, crl->next_update - FIXTURE_DAY,
                                               &status.warnings));
    assert_int_equal(1, status.warnings.count);
    assert_non_null(strstr(status.warnings.items[0], "signetd root crl"));
    message_clear(&status_type, &status);
}

// --- certificates made elsewhere -------------------------------------------------------------

static void request(struct fixture *f, const char *name, struct buf *out_csr) {
    AUTO(buf_clear) struct buf pem = {0};
    struct peer peer = host();
    struct issuing_ca wanted = ca_named(name);
    buf_init(&pem, 2 * LIMIT_CSR_BYTES);
    buf_init(out_csr, LIMIT_CSR_BYTES);
    assert_ok(issuing_ca_request(&f->authority, &peer, &wanted, &pem, &f->err), &f->err);
    assert_ok(pem_decode_all(buf_bytes(&pem), PEM_CERTIFICATE_REQUEST, out_csr, &f->err),
              &f->err);
}

static void refuse_install(struct fixture *f, const char *name, const struct buf *der,
                           enum result result, const char *code) {
    struct error err = {0};
    struct peer peer = host();
    struct issuing_ca wanted = ca_named(name);
    assert_code(result, code,
                issuing_ca_install(&f->authority, &peer, &wanted, buf_bytes(der), &err), &err);
}

// As the root might have been told to by other programs.
static void make_odd(struct fixture *f, struct bytes spki, int path_length, uint16_t key_usage,
                     struct buf *out_der) {
    const struct issuer *root = f->authority.issuers.root;
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    uint8_t serial[SERIAL_SIZE] = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(out_der, LIMIT_CERTIFICATE_BYTES);
    assert_ok(names_add(&names, NAME_CN, BYTES_LITERAL("Odd"), &f->err), &f->err);
    assert_ok(certificate_make_serial(serial, &f->err), &f->err);
    const struct certificate_plan plan = {
        .serial = bytes_of(serial, sizeof(serial)),
        .issuer = root->certificate.subject,
        .names = &names,
        .not_before = FIXTURE_NOW,
        .not_after = FIXTURE_NOW + FIXTURE_DAY,
        .spki = spki,
        .is_ca = true,
        .path_length = path_length,
        .key_usage = key_usage,
        .authority_key_id = root->certificate.subject_key_id,
    };
    assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(root->key), &tbs, &f->err),
              &f->err);
    assert_ok(certificate_sign(buf_bytes(&tbs), root->key, out_der, &f->err), &f->err);
}

static void a_certificate_from_outside_is_taken_only_when_everything_holds(void **state) {
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf csr_der = {0};
    AUTO(buf_clear) struct buf other_der = {0};
    AUTO(buf_clear) struct buf certificate = {0};
    AUTO(buf_clear) struct buf odd = {0};
    AUTO(csr_clear) struct csr csr = {0};
    request(f, "late", &csr_der);
    request(f, "other", &other_der);
    assert_ok(csr_read(buf_bytes(&csr_der), &csr, &f->err), &f->err);
    const struct issuer *root = f->authority.issuers.root;
    const struct ceremony ceremony = {
        .root = &root->certificate, .key = root->key, .now = FIXTURE_NOW};
    buf_init(&certificate, LIMIT_CERTIFICATE_BYTES);
    assert_ok(
        ceremony_sign(&ceremony, buf_bytes(&csr_der), ISSUING_LIFETIME, &certificate, &f->err),
        &f->err);
    refuse_install(f, "never", &certificate, RESULT_NOT_FOUND, "issuer_not_requested");
    refuse_install(f, "other", &certificate, RESULT_INVALID, "key_mismatch");
    const uint16_t both = KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN;
    make_odd(f, csr.spki, 1, both, &odd);
    refuse_install(f, "late", &odd, RESULT_INVALID, "ca_path_length");
    buf_clear(&odd);
    make_odd(f, csr.spki, PATH_LENGTH_NONE, both, &odd);
    refuse_install(f, "late", &odd, RESULT_INVALID, "ca_path_length");
    buf_clear(&odd);
    make_odd(f, csr.spki, 0, KEY_USAGE_KEY_CERT_SIGN, &odd);
    refuse_install(f, "late", &odd, RESULT_INVALID, "ca_key_usage");
    // From another root.
    const struct issuer *issuing = f->authority.issuers.issuing;
    const struct ceremony wrong = {
        .root = &issuing->certificate, .key = issuing->key, .now = FIXTURE_NOW};
    buf_clear(&odd);
    buf_init(&odd, LIMIT_CERTIFICATE_BYTES);
    struct error err = {0};
    assert_code(RESULT_INVALID, "path_length",
                ceremony_sign(&wrong, buf_bytes(&csr_der), ISSUING_LIFETIME, &odd, &err), &err);
    struct certificate foreign = root->certificate;
    foreign.subject = issuing->certificate.subject;
    const struct ceremony other_root = {
        .root = &foreign, .key = issuing->key, .now = FIXTURE_NOW};
    assert_ok(ceremony_sign(&other_root, buf_bytes(&csr_der), ISSUING_LIFETIME, &odd, &f->err),
              &f->err);
    refuse_install(f, "late", &odd, RESULT_DENIED, "issuer_other");
    struct peer peer = host();
    struct issuing_ca wanted = ca_named("late");
    assert_ok(
        issuing_ca_install(&f->authority, &peer, &wanted, buf_bytes(&certificate), &f->err),
        &f->err);
    reopen(f);
    assert_non_null(issuer_set_find(&f->authority.issuers, "late")->key);
    assert_false(file_exists(path_in(f, "keys/late.requested.key")));
}

static void a_request_for_more_than_one_name_is_not_signed(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf csr = {0};
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&csr, LIMIT_CSR_BYTES);
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    assert_ok(names_add_text(&names, "cn:A", &f->err), &f->err);
    assert_ok(names_add_text(&names, "dns:a.example", &f->err), &f->err);
    assert_ok(csr_build(key, &names, &csr, &f->err), &f->err);
    const struct issuer *root = f->authority.issuers.root;
    const struct ceremony ceremony = {
        .root = &root->certificate, .key = root->key, .now = FIXTURE_NOW};
    struct error err = {0};
    assert_code(RESULT_INVALID, "csr_names",
                ceremony_sign(&ceremony, buf_bytes(&csr), ISSUING_LIFETIME, &der, &err), &err);
}

// --- the own credential ----------------------------------------------------------------------

static void read_admin(struct fixture *f, struct buf *out_der) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 65536);
    buf_init(out_der, LIMIT_CHAIN_BYTES);
    assert_ok(file_read(path_in(f, "admin/cert.pem"), &pem, &f->err), &f->err);
    assert_ok(pem_decode_all(buf_bytes(&pem), PEM_CERTIFICATE, out_der, &f->err), &f->err);
}

static void an_expired_administrator_is_renewed_on_the_host(void **state) {
    struct fixture *f = *state;
    struct peer peer = host();
    AUTO(buf_clear) struct buf report = {0};
    AUTO(buf_clear) struct buf renewed = {0};
    AUTO(key_free_at) struct key *key = NULL;
    buf_init(&report, 65536);
    assert_ok(renew_own(&f->authority, &peer, FIXTURE_NOW, &report, &f->err), &f->err);
    assert_non_null(strstr(buf_string(&report), "not due"));
    int64_t later = FIXTURE_NOW + 500LL * FIXTURE_DAY;
    clock_use_manual(later);
    struct nothing nothing = {};
    fixture_expect_refusal(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_STATUS, &nothing, buf_bytes(&f->admin)),
        RESULT_DENIED, "certificate_expired");
    assert_ok(renew_own(&f->authority, &peer, later, &report, &f->err), &f->err);
    read_admin(f, &renewed);
    struct certificate certificate = {0};
    assert_ok(certificate_read(buf_bytes(&renewed), &certificate, &f->err), &f->err);
    assert_ok(key_load_file(path_in(f, "admin/key.pem"), NULL, &key, &f->err), &f->err);
    assert_bytes_equal(certificate.spki, key_public(key));
    struct status status = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_STATUS, &nothing, buf_bytes(&renewed)),
        &status_type, &status);
    message_clear(&status_type, &status);
    assert_int_equal(1, fixture_audited(f, "certificate renewed"));
}

static void a_removed_administrator_is_not_renewed(void **state) {
    struct fixture *f = *state;
    struct peer peer = host();
    AUTO(buf_clear) struct buf report = {0};
    buf_init(&report, 65536);
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    assert_ok(store_remove_admin(f->authority.store, "admin", FIXTURE_NOW, &f->err), &f->err);
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
    struct error err = {0};
    assert_code(RESULT_DENIED, "admin_removed",
                renew_own(&f->authority, &peer, FIXTURE_NOW, &report, &err), &err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_profile_is_issued_by_the_ca_that_it_names),
        TEST(names_that_are_odd_or_taken_are_refused),
        TEST(as_many_cas_as_the_limit_and_no_more),
        TEST(a_key_file_that_a_crash_left_is_replaced),
        TEST(a_missing_key_file_is_named),
        TEST(a_retired_ca_publishes_until_one_crl_after_its_last_certificate),
        TEST(a_profile_without_its_ca_is_explained),
        TEST(revoking_a_ca_puts_it_on_the_roots_crl_at_once),
        TEST(a_ca_is_announced_while_devices_may_come_to_need_it),
        TEST(an_exported_root_key_is_gone_until_it_is_imported),
        TEST(a_broken_off_export_is_noticed_and_finished),
        TEST(a_crl_from_outside_is_taken_only_when_everything_holds),
        TEST(a_crl_that_runs_out_without_its_key_is_told_of),
        TEST(a_certificate_from_outside_is_taken_only_when_everything_holds),
        TEST(a_request_for_more_than_one_name_is_not_signed),
        TEST(an_expired_administrator_is_renewed_on_the_host),
        TEST(a_removed_administrator_is_not_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
