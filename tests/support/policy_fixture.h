// A CA, a profile and a plan of a certificate that policy allows; each test spoils one part.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdlib.h>

#include "authority/issuers/issuer.h"
#include "authority/decide/policy.h"
#include "base/limits.h"
#include "support/test.h"
#include "x509/certificate.h"
#include "x509/key.h"

#define POLICY_NOW 1800000000LL
#define POLICY_DAY 86400LL

struct policy_fixture {
    struct key *ca_key;
    struct key *key;
    struct buf ca_der;
    struct certificate ca;
    struct names names;   // of the plan
    struct names granted; // of the grant
    struct profile profile;
    struct grant grant;
    struct certificate_plan plan;
    uint8_t serial[SERIAL_SIZE];
};

static inline void policy_fixture_make_ca(struct policy_fixture *f) {
    struct error err = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf name = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&name, 256);
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(&f->ca_der, LIMIT_CERTIFICATE_BYTES);
    assert_ok(key_generate(KEY_P256, &f->ca_key, &err), &err);
    assert_ok(names_add(&names, NAME_CN, BYTES_LITERAL("Test CA"), &err), &err);
    assert_int_equal(distinguished_name_write(&name, "Test CA"), RESULT_OK);
    assert_ok(certificate_make_serial(f->serial, &err), &err);
    const struct certificate_plan plan = {
        .serial = bytes_of(f->serial, sizeof(f->serial)),
        .issuer = buf_bytes(&name),
        .names = &names,
        .not_before = POLICY_NOW - 100 * POLICY_DAY,
        .not_after = POLICY_NOW + 200 * POLICY_DAY,
        .spki = key_public(f->ca_key),
        .is_ca = true,
        .path_length = 0,
        .key_usage = KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN,
    };
    assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(f->ca_key), &tbs, &err),
              &err);
    assert_ok(certificate_sign(buf_bytes(&tbs), f->ca_key, &f->ca_der, &err), &err);
    assert_ok(certificate_read(buf_bytes(&f->ca_der), &f->ca, &err), &err);
}

static inline void policy_fixture_make_plan(struct policy_fixture *f) {
    f->plan = (struct certificate_plan){
        .serial = bytes_of(f->serial, sizeof(f->serial)),
        .issuer = f->ca.subject,
        .names = &f->names,
        .not_before = POLICY_NOW - 300,
        .not_after = POLICY_NOW + 90 * POLICY_DAY - 1,
        .spki = key_public(f->key),
        .path_length = PATH_LENGTH_NONE,
        .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
        .extended_key_usages = {OID_CLIENT_AUTH, OID_UNKNOWN},
        .authority_key_id = f->ca.subject_key_id,
        .crl_url = "http://ca.example/crl/issuing.crl",
    };
}

static inline int policy_fixture_set_up(void **state) {
    struct policy_fixture *f = calloc(1, sizeof(*f));
    struct error err = {0};
    assert_non_null(f);
    policy_fixture_make_ca(f);
    assert_ok(key_generate(KEY_P256, &f->key, &err), &err);
    assert_ok(names_add_text(&f->names, "cn:sensor-1", &err), &err);
    assert_ok(names_add_text(&f->granted, "cn:sensor-1", &err), &err);
    f->grant = (struct grant){.names = &f->granted};
    static char name[] = "test";
    f->profile = (struct profile){
        .name = name,
        .extended_key_usages = {OID_CLIENT_AUTH, OID_UNKNOWN},
        .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
        .names =
            {[NAME_CN] = {0, 1}, [NAME_DNS] = {0, 2}, [NAME_IP] = {0, 1}, [NAME_XMPP] = {0, 1}},
        .alternative_names = {0, 2},
        .xmpp_form = JID_BARE,
        .crl_distribution_point = true,
        .key_algorithms = {[KEY_P256] = true, [KEY_P384] = true},
        .lifetime_default = 90 * POLICY_DAY,
        .lifetime_maximum = 120 * POLICY_DAY,
        .backdate = 300,
        .renew_percent = 66,
    };
    policy_fixture_make_plan(f);
    *state = f;
    return 0;
}

static inline int policy_fixture_tear_down(void **state) {
    struct policy_fixture *f = *state;
    names_clear(&f->names);
    names_clear(&f->granted);
    key_free(f->key);
    key_free(f->ca_key);
    buf_clear(&f->ca_der);
    free(f);
    return 0;
}

// The same names into plan and grant, in place of what was there.
static inline void policy_fixture_name(struct policy_fixture *f, const char *const *names,
                                       size_t count) {
    struct error err = {0};
    names_clear(&f->names);
    names_clear(&f->granted);
    for (size_t i = 0; i < count; i++) {
        assert_ok(names_add_text(&f->names, names[i], &err), &err);
        assert_ok(names_add_text(&f->granted, names[i], &err), &err);
    }
}
