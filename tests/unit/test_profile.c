// Tests of profiles: the authority's own, look-up, and the hash that freezes a decision.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "authority/config/profile.h"

static const struct profile_settings settings = {.public_url = "http://ca.example"};

static struct profile_list one_profile(void) {
    struct profile_list list = {.items = calloc(1, sizeof(struct profile)), .count = 1};
    assert_non_null(list.items);
    list.items[0] = (struct profile){
        .name = string_copy("sensor"),
        .extended_key_usages = {OID_CLIENT_AUTH, OID_UNKNOWN},
        .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
        .names = {[NAME_CN] = {1, 1}},
        .alternative_names = {0, 100},
        .key_algorithms = {[KEY_P256] = true},
        .lifetime_default = 1000,
        .lifetime_maximum = 2000,
        .backdate = 10,
        .renew_percent = 66,
    };
    return list;
}

static void the_internal_profiles_are_added(void **state) {
    (void)state;
    AUTO(profile_list_clear) struct profile_list list = one_profile();
    struct error err = {0};
    assert_ok(profile_list_finish(&list, &settings, &err), &err);
    assert_int_equal(list.count, 4);
    const struct profile *admin = profile_find(&list, PROFILE_ADMIN);
    const struct profile *service = profile_find(&list, PROFILE_SERVICE);
    assert_non_null(admin);
    assert_non_null(service);
    assert_true(admin->is_internal);
    assert_int_equal(admin->extended_key_usages[0], OID_CLIENT_AUTH);
    assert_int_equal(admin->names[NAME_CN].minimum, 1);
    assert_int_equal(admin->names[NAME_DNS].maximum, 0);
    assert_true(service->is_internal);
    assert_int_equal(service->extended_key_usages[0], OID_SERVER_AUTH);
    assert_int_equal(service->extended_key_usages[1], OID_CMC_RA);
    assert_int_equal(service->extended_key_usages[2], OID_UNKNOWN);
    assert_int_equal(admin->extended_key_usages[1], OID_UNKNOWN);
    assert_int_equal(service->alternative_names.minimum, 1);
    const struct profile *ocsp = profile_find(&list, PROFILE_OCSP);
    assert_non_null(ocsp);
    assert_int_equal(ocsp->extended_key_usages[0], OID_OCSP_SIGNING);
    assert_true(ocsp->ocsp_no_check);
    assert_false(ocsp->crl_distribution_point);
    assert_false(profile_find(&list, "sensor")->is_internal);
}

static void an_unknown_profile_is_not_found(void **state) {
    (void)state;
    AUTO(profile_list_clear) struct profile_list list = one_profile();
    assert_non_null(profile_find(&list, "sensor"));
    assert_null(profile_find(&list, "senso"));
    assert_null(profile_find(&list, "sensors"));
    assert_null(profile_find(&list, ""));
}

static void internal_names_are_known(void **state) {
    (void)state;
    assert_true(profile_is_internal_name("admin"));
    assert_true(profile_is_internal_name("service"));
    assert_true(profile_is_internal_name("ocsp"));
    assert_false(profile_is_internal_name("client"));
}

static void set_eku(struct profile *p) {
    p->extended_key_usages[0] = OID_SERVER_AUTH;
}
static void set_key_usage(struct profile *p) {
    p->key_usage |= KEY_USAGE_KEY_AGREEMENT;
}
static void set_minimum(struct profile *p) {
    p->names[NAME_CN].minimum = 0;
}
static void set_maximum(struct profile *p) {
    p->names[NAME_XMPP].maximum = 1;
}
static void set_alternative(struct profile *p) {
    p->alternative_names.minimum = 1;
}
static void set_mqtt(struct profile *p) {
    p->common_name_fits_mqtt = true;
}
static void set_form(struct profile *p) {
    p->xmpp_form = JID_FULL;
}
static void add(struct config_list *list, const char *text) {
    struct error err = {0};
    assert_ok(config_list_add(list, text, &err), &err);
}
static void set_other_usage(struct profile *p) {
    add(&p->other_usages, "1.3.6.1.5.5.7.3.17");
}
static void set_cn_pattern(struct profile *p) {
    add(&p->patterns[NAME_CN], "a-*");
}
// The same text as another type's pattern.
static void set_dns_pattern(struct profile *p) {
    add(&p->patterns[NAME_DNS], "a-*");
}
static void set_network(struct profile *p) {
    add(&p->patterns[NAME_IP], "10.0.0.0/8");
}
static void set_domain(struct profile *p) {
    add(&p->patterns[NAME_XMPP], "example.org");
}
static void set_crl_url(struct profile *p) {
    p->crl_distribution_point = true;
}
static void set_issuer_url(struct profile *p) {
    p->authority_info_access = true;
}
static void set_ocsp_url(struct profile *p) {
    p->ocsp_url = true;
}
static void set_wildcards(struct profile *p) {
    p->dns_wildcards = true;
}
static void set_algorithm(struct profile *p) {
    p->key_algorithms[KEY_RSA4096] = true;
}
static void set_default(struct profile *p) {
    p->lifetime_default++;
}
static void set_longest(struct profile *p) {
    p->lifetime_maximum++;
}
static void set_backdate(struct profile *p) {
    p->backdate++;
}
static void set_renewal(struct profile *p) {
    p->renew_percent++;
}
static void set_grace(struct profile *p) {
    p->renew_grace++;
}
static void set_key_reuse(struct profile *p) {
    p->key_reuse = true;
}
static void set_issuer(struct profile *p) {
    p->issuer = string_copy("other");
}
static void set_ask(struct profile *p) {
    p->ask.kinds ^= ASK_TOKEN;
}
static void set_holders(struct profile *p) {
    p->ask.holders = string_copy("other");
}
static void set_manufacturer(struct profile *p) {
    p->ask.manufacturer = string_copy("other");
}
static void set_approvals(struct profile *p) {
    p->approvals++;
}
static void set_active(struct profile *p) {
    p->active_maximum++;
}
static void set_at_limit(struct profile *p) {
    p->at_limit = AT_LIMIT_SUPERSEDE;
}
static void set_name(struct profile *p) {
    string_free_at(&p->name);
    p->name = string_copy("sensor2");
}

static void every_member_changes_the_hash(void **state) {
    (void)state;
    static void (*const changes[])(struct profile *) = {
        set_eku,       set_key_usage, set_minimum,      set_maximum,    set_alternative,
        set_mqtt,      set_form,      set_other_usage,  set_cn_pattern, set_dns_pattern,
        set_network,   set_domain,    set_crl_url,      set_issuer_url, set_ocsp_url,
        set_wildcards, set_default,   set_algorithm,    set_longest,    set_backdate,
        set_renewal,   set_name,      set_grace,        set_key_reuse,  set_issuer,
        set_ask,       set_holders,   set_manufacturer, set_approvals,  set_active,
        set_at_limit};
    AUTO(profile_list_clear) struct profile_list plain = one_profile();
    AUTO(profile_list_clear) struct profile_list same = one_profile();
    struct error err = {0};
    assert_ok(profile_list_finish(&plain, &settings, &err), &err);
    assert_ok(profile_list_finish(&same, &settings, &err), &err);
    assert_memory_equal(plain.items[0].hash, same.items[0].hash, 32);
    uint8_t hashes[sizeof(changes) / sizeof(changes[0])][32];
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        AUTO(profile_list_clear) struct profile_list changed = one_profile();
        changes[i](&changed.items[0]);
        assert_ok(profile_list_finish(&changed, &settings, &err), &err);
        assert_memory_not_equal(plain.items[0].hash, changed.items[0].hash, 32);
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(hashes[j], changed.items[0].hash, 32);
        }
        memcpy(hashes[i], changed.items[0].hash, 32);
    }
}

static void an_address_counts_only_where_certificates_carry_it(void **state) {
    (void)state;
    const struct profile_settings moved = {.public_url = "http://other.example"};
    struct error err = {0};
    for (int carries = 0; carries < 2; carries++) {
        AUTO(profile_list_clear) struct profile_list before = one_profile();
        AUTO(profile_list_clear) struct profile_list after = one_profile();
        before.items[0].crl_distribution_point = after.items[0].crl_distribution_point =
            carries == 1;
        assert_ok(profile_list_finish(&before, &settings, &err), &err);
        assert_ok(profile_list_finish(&after, &moved, &err), &err);
        bool is_same = memcmp(before.items[0].hash, after.items[0].hash, 32) == 0;
        assert_int_equal(is_same, carries == 0);
    }
}

static void the_internal_profiles_follow_the_configuration(void **state) {
    (void)state;
    const struct profile_settings other = {
        .admin_issuer = "people", .admin_lifetime = 86400, .service_issuer = "hosts"};
    AUTO(profile_list_clear) struct profile_list plain = one_profile();
    AUTO(profile_list_clear) struct profile_list list = one_profile();
    struct error err = {0};
    assert_ok(profile_list_finish(&plain, &settings, &err), &err);
    assert_ok(profile_list_finish(&list, &other, &err), &err);
    const struct profile *admin = profile_find(&list, PROFILE_ADMIN);
    assert_string_equal(admin->issuer, "people");
    assert_int_equal(admin->lifetime_default, 86400);
    assert_string_equal(profile_find(&list, PROFILE_SERVICE)->issuer, "hosts");
    assert_null(profile_find(&plain, PROFILE_ADMIN)->issuer);
    assert_int_equal(profile_find(&plain, PROFILE_ADMIN)->lifetime_default, 397 * 86400);
    assert_memory_not_equal(admin->hash, profile_find(&plain, PROFILE_ADMIN)->hash, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_internal_profiles_are_added),
        cmocka_unit_test(an_unknown_profile_is_not_found),
        cmocka_unit_test(internal_names_are_known),
        cmocka_unit_test(every_member_changes_the_hash),
        cmocka_unit_test(an_address_counts_only_where_certificates_carry_it),
        cmocka_unit_test(the_internal_profiles_follow_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
