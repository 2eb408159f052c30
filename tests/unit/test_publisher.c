// CRLs: numbers and dates that only grow, entries kept long enough, and what is published.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/authority_fixture.h"

#include "authority/authority_open.h"
#include "authority/publish/crl_check.h"
#include "authority/publish/crl_make.h"
#include "x509/crl.h"

static void run(struct fixture *f, int64_t now) {
    clock_use_manual(now);
    assert_ok(publisher_run(&f->authority, now, &f->err), &f->err);
}

static void last(struct fixture *f, struct crl_record *out_record, struct crl *out_crl) {
    int64_t id = f->authority.issuers.issuing->record.id;
    assert_ok(store_last_crl(f->authority.store, id, out_record, &f->err), &f->err);
    assert_ok(crl_read(buf_bytes(&out_record->der), out_crl, &f->err), &f->err);
}

static bool lists(struct fixture *f, struct bytes certificate_der) {
    AUTO(crl_record_clear) struct crl_record record = {0};
    struct crl crl = {0};
    last(f, &record, &crl);
    struct certificate certificate = {0};
    assert_ok(certificate_read(certificate_der, &certificate, &f->err), &f->err);
    struct crl_entry entry = {0};
    return crl_find(&crl, certificate.serial, &entry, NULL) == RESULT_OK;
}

static void revoke_serial(struct fixture *f, const char *serial) {
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, serial, "superseded"), &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
}

// --- dates and numbers -----------------------------------------------------------------------

static void dates_only_grow(void **state) {
    (void)state;
    static const struct {
        const char *what;
        int64_t last_number, last_this_update, now;
        enum result result;
        int64_t number, this_update;
        bool went_back;
    } cases[] = {
        {"idle", 1000, 500, 10000, RESULT_OK, 10000, 9940, false},
        {"burst: the next free second", 9999, 9950, 10000, RESULT_OK, 10000, 9951, false},
        {"number taken", 10000, 9950, 10000, RESULT_OK, 10001, 9951, false},
        {"the present second is free", 10060, 9999, 10000, RESULT_OK, 10061, 10000, false},
        {"no second is left: wait", 10060, 10000, 10000, RESULT_UNAVAILABLE, 0, 0, false},
        {"nor a little later", 10060, 10004, 10000, RESULT_UNAVAILABLE, 0, 0, false},
        {"a second more is no burst", 10060, 10005, 10000, RESULT_UNAVAILABLE, 0, 0, false},
        {"the last lies ahead", 10060, 10006, 10000, RESULT_OK, 10061, 9940, true},
        {"the clock was set back", 20000, 20000, 10000, RESULT_OK, 20001, 9940, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct crl_record previous = {.number = cases[i].last_number,
                                      .this_update = cases[i].last_this_update};
        struct crl_dates dates = {0};
        struct error err = {0};
        enum result result =
            crl_next_dates(&previous, cases[i].now, 3LL * FIXTURE_DAY, &dates, &err);
        print_message("%s\n", cases[i].what);
        assert_int_equal(cases[i].result, result);
        assert_int_equal(cases[i].number, dates.number);
        assert_int_equal(cases[i].this_update, dates.this_update);
        assert_int_equal(cases[i].went_back, dates.clock_went_back);
        if (result == RESULT_OK) {
            assert_int_equal(dates.this_update + 3LL * FIXTURE_DAY, dates.next_update);
        } else {
            assert_string_equal("crl_too_soon", err.code);
        }
    }
}

static void a_first_crl_is_made_signed_and_published(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    AUTO(crl_record_clear) struct crl_record record = {0};
    struct crl crl = {0};
    last(f, &record, &crl);
    assert_ok(crl_verify(&crl, &f->authority.issuers.issuing->certificate, &f->err), &f->err);
    assert_true(record.this_update <= FIXTURE_NOW);
    assert_true(record.number >= FIXTURE_NOW);
    assert_false(publisher_is_due(&f->authority, FIXTURE_NOW));
    static const struct {
        const char *path;
        const char *type;
    } expected[] = {
        {"/crl/issuing.crl", "application/pkix-crl"},
        {"/crl/issuing.pem", "application/x-pem-file"},
        {"/crl/root.crl", "application/pkix-crl"},
        {"/crl/root.pem", "application/x-pem-file"},
        {"/crl/bundle.pem", "application/x-pem-file"},
        {"/ca.pem", "application/x-pem-file"},
        {"/ca.der", "application/pkix-cert"},
        {"/ca.otre", "application/pkix-cert"},
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        const struct publication *publication =
            publisher_find(&f->authority.publisher, expected[i].path);
        assert_non_null(publication);
        assert_string_equal(expected[i].path, publication->path);
        assert_string_equal(expected[i].type, publication->content_type);
        assert_int_equal('"', publication->etag[0]);
        assert_true(publication->max_age > 0);
    }
    const struct publication *bundle =
        publisher_find(&f->authority.publisher, "/crl/bundle.pem");
    assert_string_equal("/crl/issuing.bundle.pem", bundle->same_as);
    const struct publication *own = publisher_find(&f->authority.publisher, bundle->same_as);
    assert_int_equal(2, own->pem_of.count);
    assert_string_equal("/crl/issuing.crl", own->pem_of.items[0]);
    assert_string_equal("/crl/root.crl", own->pem_of.items[1]);
    struct crl first = {0}, second = {0};
    for (size_t i = 0; i < 2; i++) {
        const struct publication *part =
            publisher_find(&f->authority.publisher, own->pem_of.items[i]);
        assert_ok(crl_read(blob_bytes(&part->body), i == 0 ? &first : &second, &f->err),
                  &f->err);
    }
    assert_ok(crl_verify(&second, &f->authority.issuers.root->certificate, &f->err), &f->err);
    assert_int_equal(first.next_update, bundle->expires);
}

static void a_new_crl_comes_every_period_without_any_revocation(void **state) {
    struct fixture *f = *state;
    int64_t period = f->authority.config.crl_period;
    run(f, FIXTURE_NOW);
    int64_t number = publisher_crl(&f->authority, "issuing")->number;
    int64_t root_number = publisher_crl(&f->authority, "root")->number;
    assert_false(publisher_is_due(&f->authority, FIXTURE_NOW + period / 2));
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW + period));
    run(f, FIXTURE_NOW + period);
    assert_true(publisher_crl(&f->authority, "issuing")->number > number);
    assert_int_equal(root_number, publisher_crl(&f->authority, "root")->number);
}

static void stored_crls_are_published_at_a_restart_as_they_are(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    int64_t number = publisher_crl(&f->authority, "issuing")->number;
    authority_clear(&f->authority);
    clock_use_manual(FIXTURE_NOW + 60);
    fixture_open(f);
    assert_int_equal(number, publisher_crl(&f->authority, "issuing")->number);
    assert_non_null(publisher_find(&f->authority.publisher, "/crl/bundle.pem"));
    assert_false(publisher_is_due(&f->authority, FIXTURE_NOW + 60));
}

// Which may be that of a restored store: later ones have been published, perhaps.
static void an_older_crl_is_followed_by_a_new_one_at_a_restart(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    struct published_crl before = *publisher_crl(&f->authority, "issuing");
    authority_clear(&f->authority);
    clock_use_manual(FIXTURE_NOW + 61);
    fixture_open(f);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW + 61));
    assert_false(publisher_takes_long(&f->authority, FIXTURE_NOW + 61));
    run(f, FIXTURE_NOW + 61);
    assert_int_equal(publisher_crl(&f->authority, "issuing")->number, FIXTURE_NOW + 61);
    assert_true(publisher_crl(&f->authority, "issuing")->this_update > before.this_update);
}

static void a_revocation_that_a_crash_left_unpublished_is_found_at_the_start(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    run(f, FIXTURE_NOW);
    fixture_device(f, "cn:phone-7", key, &issued);
    revoke_serial(f, issued.serial);
    authority_clear(&f->authority);
    fixture_open(f);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW));
    run(f, FIXTURE_NOW);
    assert_true(lists(f, blob_bytes(&issued.certificate)));
    message_clear(&issued_type, &issued);
}

// --- in turns --------------------------------------------------------------------------------

// Until nothing is due; how many turns it took.
static int go_on_to_the_end(struct fixture *f, int64_t now) {
    bool is_over = false;
    int turns = 0;
    clock_use_manual(now);
    while (!is_over && turns < 10000) {
        assert_ok(publisher_go_on(&f->authority, now, &is_over, &f->err), &f->err);
        turns++;
    }
    assert_true(is_over);
    return turns;
}

// So many, or up to the end.
static void turns(struct fixture *f, int64_t now, int count) {
    bool is_over = false;
    clock_use_manual(now);
    for (int i = 0; i < count && !is_over; i++) {
        assert_ok(publisher_go_on(&f->authority, now, &is_over, &f->err), &f->err);
    }
}

static void in_turns_every_ca_gets_its_crl(void **state) {
    struct fixture *f = *state;
    int taken = go_on_to_the_end(f, FIXTURE_NOW);
    assert_true(taken > 10);
    assert_false(publisher_is_due(&f->authority, FIXTURE_NOW));
    static const char *const names[] = {"issuing", "root"};
    for (size_t i = 0; i < 2; i++) {
        const struct published_crl *crl = publisher_crl(&f->authority, names[i]);
        int64_t number = 0;
        const struct issuer *issuer = issuer_set_find(&f->authority.issuers, names[i]);
        assert_ok(
            store_last_crl_number(f->authority.store, issuer->record.id, &number, &f->err),
            &f->err);
        assert_int_equal(number, crl->number);
        assert_true(number >= FIXTURE_NOW);
        assert_false(publisher_is_replacing(&f->authority, i));
    }
    assert_non_null(publisher_find(&f->authority.publisher, "/crl/bundle.pem"));
    assert_int_equal(fixture_audited(f, "crl published"), (int)f->authority.issuers.count);
}

// However far the CRL has come: what is revoked after its beginning is in the next one.
static void what_is_revoked_between_turns_is_in_the_next_crl(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    for (int after = 1; after < 16; after++) {
        AUTO(key_free_at) struct key *key = fixture_key();
        struct issued early = {0}, late = {0};
        char name[2][32];
        int64_t now = FIXTURE_NOW + 10LL * after;
        snprintf(name[0], sizeof(name[0]), "cn:early-%d", after);
        snprintf(name[1], sizeof(name[1]), "cn:late-%d", after);
        AUTO(key_free_at) struct key *other = fixture_key();
        fixture_device(f, name[0], key, &early);
        fixture_device(f, name[1], other, &late);
        revoke_serial(f, early.serial);
        int64_t number = publisher_crl(&f->authority, "issuing")->number;
        turns(f, now, after);
        bool is_made = publisher_crl(&f->authority, "issuing")->number > number;
        revoke_serial(f, late.serial);
        assert_true(publisher_is_replacing(
            &f->authority,
            (size_t)(f->authority.issuers.issuing - f->authority.issuers.items)));
        go_on_to_the_end(f, now + 1);
        assert_true(lists(f, blob_bytes(&early.certificate)));
        if (!is_made && !lists(f, blob_bytes(&late.certificate))) {
            assert_true(publisher_is_due(&f->authority, now + 2));
        }
        go_on_to_the_end(f, now + 3);
        assert_true(lists(f, blob_bytes(&late.certificate)));
        assert_false(publisher_is_due(&f->authority, now + 3));
        message_clear(&issued_type, &early);
        message_clear(&issued_type, &late);
    }
}

// The one that was begun would follow a CRL that is no longer the last.
static void a_crl_made_at_once_takes_the_place_of_one_that_is_under_way(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    struct nothing nothing = {};
    struct crl_page page = {0};
    run(f, FIXTURE_NOW);
    fixture_device(f, "cn:phone-7", key, &issued);
    revoke_serial(f, issued.serial);
    turns(f, FIXTURE_NOW + 10, 3);
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CRL_PUBLISH, &nothing, buf_bytes(&f->admin)),
        &crl_page_type, &page);
    const struct crl_info *made = page.crls.items;
    assert_false(made[0].is_being_replaced && made[0].number < FIXTURE_NOW + 10);
    go_on_to_the_end(f, FIXTURE_NOW + 11);
    assert_true(publisher_crl(&f->authority, "issuing")->number >= made[0].number);
    assert_true(lists(f, blob_bytes(&issued.certificate)));
    assert_int_equal(fixture_audited(f, "crl refused"), 0);
    message_clear(&crl_page_type, &page);
    message_clear(&issued_type, &issued);
}

// A crash is an end without the last turn.
static void a_crl_that_a_crash_ended_is_made_after_the_restart(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    run(f, FIXTURE_NOW);
    fixture_device(f, "cn:phone-7", key, &issued);
    revoke_serial(f, issued.serial);
    turns(f, FIXTURE_NOW + 10, 8);
    authority_clear(&f->authority);
    clock_use_manual(FIXTURE_NOW + 20);
    fixture_open(f);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW + 20));
    go_on_to_the_end(f, FIXTURE_NOW + 20);
    assert_true(lists(f, blob_bytes(&issued.certificate)));
    message_clear(&issued_type, &issued);
}

// --- bursts and clocks -----------------------------------------------------------------------

static void a_burst_gets_crls_within_the_same_second_until_none_is_left(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    int64_t this_update = publisher_crl(&f->authority, "issuing")->this_update;
    int64_t number = publisher_crl(&f->authority, "issuing")->number;
    struct nothing nothing = {};
    int made = 0;
    for (; made < 2 * CRL_BACKDATE_SECONDS; made++) {
        struct waiting *waiting = fixture_ask(f, CHANNEL_ADMIN, OPERATION_CRL_PUBLISH, &nothing,
                                              buf_bytes(&f->admin));
        if (waiting->answer.result != RESULT_OK) {
            fixture_expect_refusal(waiting, RESULT_UNAVAILABLE, "crl_too_soon");
            break;
        }
        struct crl_page page = {0};
        fixture_expect_ok(waiting, &crl_page_type, &page);
        const struct crl_info *info = page.crls.items;
        assert_true(info->this_update > this_update && info->this_update <= FIXTURE_NOW);
        assert_true(info->number > number);
        this_update = info->this_update;
        number = info->number;
        message_clear(&crl_page_type, &page);
    }
    assert_int_equal(CRL_BACKDATE_SECONDS, made);
    // What could not be published waits for the next second.
    publisher_mark_outdated(&f->authority, f->authority.issuers.issuing->record.id);
    assert_result(RESULT_UNAVAILABLE, publisher_run(&f->authority, FIXTURE_NOW, &f->err),
                  &f->err);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW));
    run(f, FIXTURE_NOW + 1);
    assert_int_equal(FIXTURE_NOW + 1, publisher_crl(&f->authority, "issuing")->this_update);
}

// Until the time of the last one comes, relying parties refuse everybody by it.
static void a_clock_that_is_set_back_gets_a_crl_at_once_that_is_valid_now(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    run(f, FIXTURE_NOW + FIXTURE_DAY);
    struct published_crl before = *publisher_crl(&f->authority, "issuing");
    clock_use_manual(FIXTURE_NOW);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW));
    run(f, FIXTURE_NOW);
    struct published_crl after = *publisher_crl(&f->authority, "issuing");
    assert_int_equal(before.number + 1, after.number);
    assert_int_equal(FIXTURE_NOW - 60, after.this_update);
    assert_false(publisher_is_due(&f->authority, FIXTURE_NOW));
    // From there on both grow again, also past the time of the one from the future.
    revoke_serial(f, issued.serial);
    run(f, FIXTURE_NOW + 1);
    const struct published_crl *next = publisher_crl(&f->authority, "issuing");
    assert_int_equal(after.number + 1, next->number);
    assert_int_equal(after.this_update + 1, next->this_update);
    assert_true(lists(f, blob_bytes(&issued.certificate)));
    run(f, FIXTURE_NOW + 2LL * FIXTURE_DAY);
    assert_true(next->this_update > before.this_update);
    assert_true(lists(f, blob_bytes(&issued.certificate)));
    message_clear(&issued_type, &issued);
}

// As on a host that wakes in 1970.
static void before_the_beginning_of_its_ca_nothing_is_made(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    int64_t number = publisher_crl(&f->authority, "issuing")->number;
    int64_t early = f->authority.issuers.issuing->certificate.not_before - 1;
    clock_use_manual(early);
    publisher_mark_outdated(&f->authority, f->authority.issuers.issuing->record.id);
    assert_false(publisher_is_due(&f->authority, early));
    assert_ok(publisher_run(&f->authority, early, &f->err), &f->err);
    assert_int_equal(number, publisher_crl(&f->authority, "issuing")->number);
    assert_true(publisher_is_due(&f->authority, early + 1));
}

// --- entries ---------------------------------------------------------------------------------

static void an_entry_stays_until_one_crl_after_expiry(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    struct bytes certificate = blob_bytes(&issued.certificate);
    run(f, FIXTURE_NOW);
    assert_false(lists(f, certificate));
    revoke_serial(f, issued.serial);
    run(f, FIXTURE_NOW);
    assert_true(lists(f, certificate));
    run(f, issued.not_after - 10);
    assert_true(lists(f, certificate));
    // Expired since the last CRL: this is the one CRL after expiry.
    int64_t later = issued.not_after + f->authority.config.crl_period;
    run(f, later);
    assert_true(lists(f, certificate));
    run(f, later + f->authority.config.crl_period);
    assert_false(lists(f, certificate));
    message_clear(&issued_type, &issued);
}

// A clock without a battery, say, that was years ahead for a while.
static void entries_come_back_when_the_clock_that_ran_ahead_is_set(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    struct bytes certificate = blob_bytes(&issued.certificate);
    revoke_serial(f, issued.serial);
    run(f, FIXTURE_NOW);
    assert_true(lists(f, certificate));
    int64_t ahead = issued.not_after + f->authority.config.crl_lifetime;
    run(f, ahead);
    run(f, ahead + f->authority.config.crl_period);
    assert_false(lists(f, certificate)); // expired, as far as anybody can tell
    clock_use_manual(FIXTURE_NOW + 60);
    authority_clear(&f->authority);
    fixture_open(f);
    assert_true(publisher_is_due(&f->authority, FIXTURE_NOW + 60));
    run(f, FIXTURE_NOW + 60);
    assert_true(lists(f, certificate));
    message_clear(&issued_type, &issued);
}

static void a_crl_that_loses_an_entry_is_refused_and_nothing_changes(void **state) {
    struct fixture *f = *state;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    fixture_device(f, "cn:phone-7", key, &issued);
    revoke_serial(f, issued.serial);
    run(f, FIXTURE_NOW);
    const struct issuer *issuer = f->authority.issuers.issuing;
    AUTO(crl_record_clear) struct crl_record previous = {0};
    struct crl crl = {0};
    last(f, &previous, &crl);
    AUTO(crl_record_clear)
    struct crl_record next = {
        .issuer_id = issuer->record.id,
        .number = previous.number + 1,
        .this_update = previous.this_update + 1,
        .next_update = previous.next_update + 1,
    };
    struct crl_plan plan = {
        .issuer = issuer->certificate.subject,
        .authority_key_id = issuer->certificate.subject_key_id,
        .number = (uint64_t)next.number,
        .this_update = next.this_update,
        .next_update = next.next_update,
    };
    buf_init(&next.der, LIMIT_CRL_BYTES);
    assert_ok(crl_build(&plan, issuer->key, &next.der, &f->err), &f->err);
    assert_result(RESULT_INTERNAL,
                  crl_check(f->authority.store, issuer, FIXTURE_NOW, &previous, &next, &f->err),
                  &f->err);
    assert_string_equal("crl_refused", f->err.code);
    // The records alone find it as well.
    assert_result(RESULT_INTERNAL,
                  crl_check(f->authority.store, issuer, FIXTURE_NOW, NULL, &next, &f->err),
                  &f->err);
    assert_string_equal("crl_refused", f->err.code);
    message_clear(&issued_type, &issued);
}

static void a_crl_is_refused_for_every_date_or_number_that_does_not_fit(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    const struct issuer *issuer = f->authority.issuers.issuing;
    struct store *store = f->authority.store;
    AUTO(crl_record_clear) struct crl_record record = {0};
    struct crl crl = {0};
    last(f, &record, &crl);
    assert_ok(crl_check(store, issuer, FIXTURE_NOW, NULL, &record, &f->err), &f->err);
    // Not greater than itself.
    assert_result(RESULT_INTERNAL,
                  crl_check(store, issuer, FIXTURE_NOW, &record, &record, &f->err), &f->err);
    // Another number, other dates than planned.
    record.number++;
    assert_result(RESULT_INTERNAL,
                  crl_check(store, issuer, FIXTURE_NOW, NULL, &record, &f->err), &f->err);
    record.number--;
    record.next_update++;
    assert_result(RESULT_INTERNAL,
                  crl_check(store, issuer, FIXTURE_NOW, NULL, &record, &f->err), &f->err);
    record.next_update--;
    // A signature by somebody else, and a damaged one.
    assert_true(crl_check(store, f->authority.issuers.root, FIXTURE_NOW, NULL, &record,
                          &f->err) != RESULT_OK);
    record.der.data[record.der.size - 1] ^= 1;
    assert_true(crl_check(store, issuer, FIXTURE_NOW, NULL, &record, &f->err) != RESULT_OK);
}

static void status_and_list_show_the_last_crls(void **state) {
    struct fixture *f = *state;
    run(f, FIXTURE_NOW);
    struct nothing nothing = {};
    struct crl_page page = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CRL_SHOW, &nothing, buf_bytes(&f->admin)),
        &crl_page_type, &page);
    assert_int_equal(3, page.crls.count);
    const struct crl_info *infos = page.crls.items;
    assert_string_equal("issuing", infos[0].issuer);
    assert_string_equal("root", infos[1].issuer);
    assert_string_equal("operators", infos[2].issuer);
    assert_true(infos[0].size > 0);
    message_clear(&crl_page_type, &page);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_only_grow),
        TEST(a_first_crl_is_made_signed_and_published),
        TEST(a_new_crl_comes_every_period_without_any_revocation),
        TEST(stored_crls_are_published_at_a_restart_as_they_are),
        TEST(an_older_crl_is_followed_by_a_new_one_at_a_restart),
        TEST(a_revocation_that_a_crash_left_unpublished_is_found_at_the_start),
        TEST(in_turns_every_ca_gets_its_crl),
        TEST(what_is_revoked_between_turns_is_in_the_next_crl),
        TEST(a_crl_made_at_once_takes_the_place_of_one_that_is_under_way),
        TEST(a_crl_that_a_crash_ended_is_made_after_the_restart),
        TEST(a_burst_gets_crls_within_the_same_second_until_none_is_left),
        TEST(a_clock_that_is_set_back_gets_a_crl_at_once_that_is_valid_now),
        TEST(before_the_beginning_of_its_ca_nothing_is_made),
        TEST(an_entry_stays_until_one_crl_after_expiry),
        TEST(entries_come_back_when_the_clock_that_ran_ahead_is_set),
        TEST(a_crl_that_loses_an_entry_is_refused_and_nothing_changes),
        TEST(a_crl_is_refused_for_every_date_or_number_that_does_not_fit),
        TEST(status_and_list_show_the_last_crls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
