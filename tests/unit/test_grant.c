// Who may ask for a certificate: tokens, holders, manufacturers' devices, and what each is
// given. SPDX-License-Identifier: GPL-3.0-or-later
#include "support/grant_fixture.h"

#include "authority/certificate_text.h"

// The fixture of each test, with a maker and a device of HOLDER_PROFILE.
struct world {
    struct fixture *f;
    struct maker maker;
    struct issued holder; // cn:phone-7
    struct buf device;    // IDevID of Device-1
};

static void world_make(struct fixture *f, struct world *world) {
    *world = (struct world){.f = f};
    maker_make(&world->maker);
    grant_configure(f, &world->maker);
    AUTO(key_free_at) struct key *key = fixture_key();
    fixture_device(f, "cn:phone-7", key, &world->holder);
    maker_device(&world->maker, "Device-1", &world->device);
}

static void world_clear(struct world *world) {
    maker_clear(&world->maker);
    message_clear(&issued_type, &world->holder);
    buf_clear(&world->device);
}

static struct bytes holder_of(const struct world *world) {
    return blob_bytes(&world->holder.certificate);
}

static void revoke_holder(struct world *world) {
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(world->f, world->holder.serial, NULL),
                      &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
}

// --- without a token -------------------------------------------------------------------------

static void who_shows_nothing_is_told_who_may_ask(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    AUTO(key_free_at) struct key *key = fixture_key();
    const struct asked asked = {.profile = MIXED_PROFILE, .names = {"cn:phone-7"}};
    struct waiting *waiting = grant_ask(world.f, &asked, key);
    struct error err = {0};
    fixture_error(waiting, &err);
    assert_non_null(strstr(err.message, "whoever has a token"));
    assert_non_null(strstr(err.message, "holders of a certificate of profile device-test"));
    assert_non_null(strstr(err.message, "manufacturer maker"));
    fixture_expect_refusal(waiting, RESULT_DENIED, "ask_denied");
    const struct asked nothing = {.names = {"cn:phone-7"}};
    grant_expect_refusal(world.f, &nothing, RESULT_INVALID, "missing_field");
    const struct asked unknown = {.profile = "nonesuch"};
    grant_expect_refusal(world.f, &unknown, RESULT_NOT_FOUND, "profile_unknown");
    const struct asked internal = {.profile = PROFILE_ADMIN,
                                   .certificate = buf_bytes(&world.f->admin)};
    grant_expect_refusal(world.f, &internal, RESULT_DENIED, "profile_internal");
    // Who is nobody fills no audit trail.
    assert_int_equal(0, fixture_audited(world.f, "request refused"));
    assert_int_equal(0, fixture_audited(world.f, "enrollment refused"));
}

// --- holders ---------------------------------------------------------------------------------

static void a_holder_gets_its_own_names_that_the_profile_takes(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    AUTO(key_free_at) struct key *key = fixture_key();
    const struct asked plain = {.profile = DERIVED_PROFILE, .certificate = holder_of(&world)};
    struct issued issued = {0};
    fixture_expect_ok(grant_ask(world.f, &plain, key), &issued_type, &issued);
    assert_string_equal(DERIVED_PROFILE, issued.profile);
    assert_int_equal(1, issued.names.count);
    assert_string_equal("cn:phone-7", issued.names.items[0]);
    message_clear(&issued_type, &issued);
    struct asked other = plain;
    other.names[0] = "cn:phone-8";
    grant_expect_refusal(world.f, &other, RESULT_DENIED, "name_not_granted");
    assert_int_equal(1, fixture_audited(world.f, "request refused"));
}

// Neither an administrator nor a token's uses stop it.
static void a_holder_in_a_loop_is_stopped_though_the_profile_states_no_limit(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    const struct asked asked = {.profile = DERIVED_PROFILE, .certificate = holder_of(&world)};
    assert_int_equal(0, grant_profile(world.f, DERIVED_PROFILE)->active_maximum);
    for (int i = 0; i < LIMIT_ACTIVE_UNSTATED; i++) {
        grant_expect_issued(world.f, &asked, "cn:phone-7");
    }
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "too_many_active");
    grant_profile(world.f, DERIVED_PROFILE)->active_maximum = LIMIT_ACTIVE_UNSTATED + 1;
    grant_expect_issued(world.f, &asked, "cn:phone-7");
}

static void names_that_the_profile_does_not_take_are_left_out(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    const char *names[] = {"cn:phone-9", "dns:phone-9.example", NULL};
    const char *none[] = {NULL};
    struct token_created created = {0};
    fixture_expect_ok(fleet_ask(f, HOLDER_PROFILE, names, none, 1), &token_created_type,
                      &created);
    char *token = NULL;
    fixture_credential(created.token, &token);
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued holder = {0}, issued = {0};
    fixture_expect_ok(fixture_enroll(f, token, key, NULL), &issued_type, &holder);
    assert_int_equal(2, holder.names.count);
    const struct asked asked = {.profile = DERIVED_PROFILE,
                                .certificate = blob_bytes(&holder.certificate)};
    fixture_expect_ok(grant_ask(f, &asked, next), &issued_type, &issued);
    assert_int_equal(1, issued.names.count);
    // The derived one is of another profile: it is no key to more.
    const struct asked chained = {.profile = DERIVED_PROFILE,
                                  .certificate = blob_bytes(&issued.certificate)};
    grant_expect_refusal(f, &chained, RESULT_DENIED, "ask_denied");
    message_clear(&issued_type, &holder);
    message_clear(&issued_type, &issued);
    message_clear(&token_created_type, &created);
    string_free_secret_at(&token);
}

static void holders_are_judged_as_they_are_now(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    grant_profile(world.f, HOLDER_PROFILE)->renew_grace = FIXTURE_DAY;
    struct asked asked = {.profile = DERIVED_PROFILE, .certificate = holder_of(&world)};
    clock_use_manual(world.holder.not_after + 1); // grace is for renewals alone
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "certificate_expired");
    clock_use_manual(world.holder.not_after);
    grant_expect_issued(world.f, &asked, "cn:phone-7");
    revoke_holder(&world);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "certificate_revoked");
    asked.certificate = buf_bytes(&world.f->admin);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "ask_denied");
    asked.certificate = buf_bytes(&world.device);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "certificate_unknown");
    asked.certificate = BYTES_LITERAL("not a certificate");
    grant_expect_refusal(world.f, &asked, RESULT_INVALID, "invalid");
    // A certificate is no key to a profile that takes none.
    asked.profile = HOLDER_PROFILE;
    asked.certificate = holder_of(&world);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "ask_denied");
}

static void expect_state(struct fixture *f, const char *serial, const char *expected) {
    struct certificate_show show = {.serial = (char *)(uintptr_t)serial};
    struct certificate_info info = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_SHOW, &show, buf_bytes(&f->admin)),
        &certificate_info_type, &info);
    assert_string_equal(expected, info.state);
    message_clear(&certificate_info_type, &info);
}

static void revoke_for(struct fixture *f, const char *serial, const char *reason) {
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(f, serial, reason), &certificate_info_type, &info);
    message_clear(&certificate_info_type, &info);
}

// The holder's certificate, one it got for it, the renewal of that, and one of somebody else.
static void a_stolen_key_takes_along_what_its_holder_got(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *next = fixture_key();
    AUTO(key_free_at) struct key *late = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    struct issued derived = {0}, renewed = {0}, second = {0}, stranger = {0};
    const struct asked asked = {.profile = DERIVED_PROFILE, .certificate = holder_of(&world)};
    fixture_expect_ok(grant_ask(f, &asked, key), &issued_type, &derived);
    fixture_expect_ok(fixture_renew(f, blob_bytes(&derived.certificate), next, NULL),
                      &issued_type, &renewed);
    fixture_expect_ok(grant_ask(f, &asked, late), &issued_type, &second);
    fixture_device(f, "cn:phone-8", other, &stranger);
    revoke_for(f, second.serial, "superseded");
    revoke_for(f, world.holder.serial, "keyCompromise");
    expect_state(f, derived.serial, "revoked");
    expect_state(f, renewed.serial, "revoked");
    expect_state(f, stranger.serial, "valid");
    assert_int_equal(4, fixture_audited(f, "certificate revoked"));
    // Nothing is left to be revoked again.
    fixture_expect_refusal(fixture_revoke(f, world.holder.serial, "keyCompromise"),
                           RESULT_CONFLICT, "already_revoked");
    message_clear(&issued_type, &derived);
    message_clear(&issued_type, &renewed);
    message_clear(&issued_type, &second);
    message_clear(&issued_type, &stranger);
}

static int64_t id_of(struct fixture *f, const char *serial_hex) {
    uint8_t serial[LIMIT_SERIAL_BYTES];
    size_t size = 0;
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    assert_ok(serial_read(serial_hex, serial, &size, &f->err), &f->err);
    assert_ok(store_find_certificate_by_serial(f->authority.store, bytes_of(serial, size),
                                               &record, &f->err),
              &f->err);
    return record.id;
}

// Straight into the store: as many lines of one certificate each.
static void issue_to_holder(struct fixture *f, int64_t holder, int count) {
    assert_ok(store_begin(f->authority.store, &f->err), &f->err);
    for (int i = 0; i < count; i++) {
        char serial[17];
        int64_t id = 0;
        (void)snprintf(serial, sizeof(serial), "%016d", i);
        struct buf bytes = {.data = (uint8_t *)serial, .size = 16};
        const struct certificate_record record = {
            .issuer_id = f->authority.issuers.issuing->record.id,
            .serial = bytes,
            .der = bytes,
            .profile = (char[]){DERIVED_PROFILE},
            .not_after = FIXTURE_NOW + FIXTURE_DAY,
            .key_hash = bytes,
            .holder_id = holder,
            .created = FIXTURE_NOW,
        };
        assert_ok(store_add_certificate(f->authority.store, &record, &id, &f->err), &f->err);
    }
    assert_ok(store_commit(f->authority.store, &f->err), &f->err);
}

static void what_is_too_much_for_one_revocation_takes_another(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    issue_to_holder(f, id_of(f, world.holder.serial), LIMIT_COMPROMISED_CERTIFICATES + 1);
    revoke_for(f, world.holder.serial, "keyCompromise");
    assert_int_equal(1 + LIMIT_COMPROMISED_CERTIFICATES,
                     fixture_audited(f, "certificate revoked"));
    assert_int_equal(1, fixture_audited(f, "revocation not complete"));
    revoke_for(f, world.holder.serial, "keyCompromise");
    assert_int_equal(2 + LIMIT_COMPROMISED_CERTIFICATES,
                     fixture_audited(f, "certificate revoked"));
    assert_int_equal(1, fixture_audited(f, "revocation not complete"));
    fixture_expect_refusal(fixture_revoke(f, world.holder.serial, "keyCompromise"),
                           RESULT_CONFLICT, "already_revoked");
}

static void other_reasons_leave_what_its_holder_got(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued derived = {0};
    const struct asked asked = {.profile = DERIVED_PROFILE, .certificate = holder_of(&world)};
    fixture_expect_ok(grant_ask(f, &asked, key), &issued_type, &derived);
    revoke_for(f, world.holder.serial, "superseded");
    expect_state(f, derived.serial, "valid");
    // Upwards nothing is taken along either: the holder's key is another one.
    revoke_for(f, derived.serial, "keyCompromise");
    assert_int_equal(2, fixture_audited(f, "certificate revoked"));
    message_clear(&issued_type, &derived);
}

static void a_holder_revoked_meanwhile_gets_nothing_that_was_held(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    const struct asked asked = {
        .profile = PATIENT_PROFILE, .certificate = holder_of(&world), .claim = CLAIM};
    struct held first = {0}, second = {0};
    char digest[LIMIT_FINGERPRINT_TEXT + 1];
    // The first administrator made the holder's token, so another one decides.
    AUTO(buf_clear) struct buf jane = {0};
    request_admin(f, "jane", "approver", &jane);
    request_expect_held(grant_ask(f, &asked, key), &first);
    request_expect_held(grant_ask(f, &asked, other), &second);
    request_digest_of(f, first.id, digest);
    request_expect_state(request_approve_as(f, buf_bytes(&jane), first.id, digest), "approved");
    request_digest_of(f, second.id, digest);
    revoke_for(f, world.holder.serial, "keyCompromise");
    assert_int_equal(2, fixture_audited(f, "certificate revoked")); // the approved one, too
    fixture_expect_refusal(request_approve_as(f, buf_bytes(&jane), second.id, digest),
                           RESULT_DENIED, "certificate_revoked");
    message_clear(&held_type, &first);
    message_clear(&held_type, &second);
}

static void a_holders_own_key_is_not_certified_again(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *other = fixture_key();
    struct issued other_device = {0}, issued = {0};
    fixture_device(world.f, "cn:phone-8", other, &other_device);
    const struct asked asked = {.profile = DERIVED_PROFILE, .certificate = holder_of(&world)};
    fixture_expect_refusal(grant_ask(world.f, &asked, other), RESULT_DENIED, "key_of_another");
    fixture_expect_ok(grant_ask(world.f, &asked, key), &issued_type, &issued);
    message_clear(&issued_type, &other_device);
    message_clear(&issued_type, &issued);
}

static void the_same_request_of_a_holder_gets_the_same_certificate(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.profile, DERIVED_PROFILE));
    fixture_csr(key, NULL, &request.csr);
    struct issued first = {0}, second = {0};
    fixture_expect_ok(
        fixture_ask(world.f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, holder_of(&world)),
        &issued_type, &first);
    fixture_expect_ok(
        fixture_ask(world.f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, holder_of(&world)),
        &issued_type, &second);
    assert_string_equal(first.serial, second.serial);
    struct certificate_info info = {0};
    fixture_expect_ok(fixture_revoke(world.f, first.serial, NULL), &certificate_info_type,
                      &info);
    fixture_expect_refusal(
        fixture_ask(world.f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, holder_of(&world)),
        RESULT_DENIED, "certificate_revoked");
    message_clear(&certificate_info_type, &info);
    message_clear(&issued_type, &first);
    message_clear(&issued_type, &second);
    message_clear(&enroll_type, &request);
}

// --- manufacturers ---------------------------------------------------------------------------

static enum result note_detail(void *context, const struct audit_record *record,
                               struct error *err) {
    struct buf *found = context;
    (void)err;
    if (strcmp(record->event, "certificate issued") == 0) {
        buf_reset(found);
        assert_int_equal(RESULT_OK, buf_printf(found, "%s %s", record->actor, record->detail));
    }
    return RESULT_OK;
}

static void a_device_gets_the_names_of_its_manufacturers_certificate(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    const struct asked asked = {.profile = BORN_PROFILE,
                                .certificate = buf_bytes(&world.device)};
    grant_expect_issued(world.f, &asked, "cn:Device-1");
    // With another key it is the same device.
    grant_expect_issued(world.f, &asked, "cn:Device-1");
    struct asked other = asked;
    other.names[0] = "cn:Device-2";
    grant_expect_refusal(world.f, &other, RESULT_DENIED, "name_not_granted");
    assert_int_equal(1, fixture_audited(world.f, "request refused"));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 4096);
    assert_ok(store_each_audit(world.f->authority.store, world.f->first_audit, note_detail,
                               &detail, &world.f->err),
              &world.f->err);
    assert_true(strncmp("manufacturer:maker ", buf_string(&detail), 19) == 0);
    struct certificate device = {0};
    assert_ok(certificate_read(buf_bytes(&world.device), &device, &world.f->err),
              &world.f->err);
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    char expected[80];
    serial_text(device.serial, serial);
    (void)snprintf(expected, sizeof(expected), "device=%s ", serial);
    assert_non_null(strstr(buf_string(&detail), expected));
}

static void other_certificates_are_no_devices(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct asked asked = {.profile = BORN_PROFILE, .certificate = holder_of(&world)};
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "manufacturer_unknown");
    // A CA of the same name.
    AUTO(maker_clear) struct maker impostor = {0};
    AUTO(buf_clear) struct buf foreign = {0};
    maker_make(&impostor);
    maker_device(&impostor, "Device-1", &foreign);
    asked.certificate = buf_bytes(&foreign);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "manufacturer_unknown");
    // The manufacturer's own CAs are no devices.
    AUTO(buf_clear) struct buf ca = {0};
    AUTO(key_free_at) struct key *key = fixture_key();
    maker_sign(&world.maker, "Sub CA", true, key_public(key), &ca);
    asked.certificate = buf_bytes(&ca);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "manufacturer_unknown");
    asked.certificate = buf_bytes(&world.maker.ca);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "manufacturer_unknown");
    // A name that would be a pattern.
    AUTO(buf_clear) struct buf star = {0};
    maker_device(&world.maker, "Device-*", &star);
    asked.certificate = buf_bytes(&star);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "manufacturer_name");
    assert_int_equal(1, fixture_audited(world.f, "request refused"));
}

static void a_manufacturers_certificate_is_good_for_nothing_else(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    AUTO(key_free_at) struct key *key = fixture_key();
    struct bytes device = buf_bytes(&world.device);
    fixture_expect_refusal(fixture_renew(world.f, device, key, NULL), RESULT_DENIED,
                           "certificate_unknown");
    struct revoke_self revocation = {0};
    fixture_expect_refusal(
        fixture_ask(world.f, CHANNEL_ENROLL, OPERATION_REVOKE_SELF, &revocation, device),
        RESULT_DENIED, "certificate_unknown");
    struct token_list list = {0};
    fixture_expect_refusal(
        fixture_ask(world.f, CHANNEL_ADMIN, OPERATION_TOKEN_LIST, &list, device), RESULT_DENIED,
        "certificate_unknown");
}

static void one_profile_may_take_holders_and_devices(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct asked asked = {.profile = MIXED_PROFILE, .certificate = buf_bytes(&world.device)};
    grant_expect_issued(world.f, &asked, "cn:Device-1");
    asked.certificate = holder_of(&world);
    grant_expect_issued(world.f, &asked, "cn:phone-7");
    // A revoked certificate of ours is not tried as a manufacturer's.
    revoke_holder(&world);
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "certificate_revoked");
}

static void the_limit_of_active_certificates_holds_for_devices(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    grant_profile(world.f, BORN_PROFILE)->active_maximum = 1;
    const struct asked asked = {.profile = BORN_PROFILE,
                                .certificate = buf_bytes(&world.device)};
    grant_expect_issued(world.f, &asked, "cn:Device-1");
    grant_expect_refusal(world.f, &asked, RESULT_DENIED, "too_many_active");
}

static struct waiting *release_name(struct fixture *f, const char *name) {
    struct name_release request = {.name = (char *)(uintptr_t)name};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_NAME_RELEASE, &request,
                       buf_bytes(&f->admin));
}

// A stolen device has its maker's certificate for good.
static void a_device_that_was_revoked_comes_back_only_with_a_released_name(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    AUTO(key_free_at) struct key *key = fixture_key();
    struct issued issued = {0};
    const struct asked asked = {.profile = BORN_PROFILE,
                                .certificate = buf_bytes(&world.device)};
    fixture_expect_ok(grant_ask(f, &asked, key), &issued_type, &issued);
    revoke_for(f, issued.serial, "privilegeWithdrawn");
    grant_expect_refusal(f, &asked, RESULT_DENIED, "name_revoked");
    struct name_released released = {0};
    fixture_expect_ok(release_name(f, "cn:Device-1"), &name_released_type, &released);
    grant_expect_issued(f, &asked, "cn:Device-1");
    message_clear(&name_released_type, &released);
    message_clear(&issued_type, &issued);
}

static void an_older_certificate_of_a_holder_does_not_get_around_a_revocation(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(key_free_at) struct key *derived_key = fixture_key();
    AUTO(key_free_at) struct key *next_key = fixture_key();
    struct issued newer = {0}, derived = {0};
    const struct asked asked = {.profile = DERIVED_PROFILE, .certificate = holder_of(&world)};
    fixture_expect_ok(grant_ask(f, &asked, derived_key), &issued_type, &derived);
    fixture_expect_ok(fixture_renew(f, holder_of(&world), key, NULL), &issued_type, &newer);
    revoke_for(f, newer.serial, "privilegeWithdrawn");
    grant_expect_refusal(f, &asked, RESULT_DENIED, "certificate_revoked");
    // Nor does what it got before renew itself.
    fixture_expect_refusal(fixture_renew(f, blob_bytes(&derived.certificate), next_key, NULL),
                           RESULT_DENIED, "certificate_revoked");
    message_clear(&issued_type, &newer);
    message_clear(&issued_type, &derived);
}

// --- tokens, and more than one ---------------------------------------------------------------

static void a_token_comes_before_a_certificate(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    char *token = fixture_token(f, "cn:other-1", 5, NULL);
    struct asked asked = {.token = token, .certificate = buf_bytes(&world.device)};
    grant_expect_issued(f, &asked, "cn:other-1");
    asked.profile = HOLDER_PROFILE;
    grant_expect_issued(f, &asked, "cn:other-1");
    asked.profile = BORN_PROFILE;
    grant_expect_refusal(f, &asked, RESULT_DENIED, "ask_denied");
    asked.token = "not-a-token";
    grant_expect_refusal(f, &asked, RESULT_INVALID, "token_malformed");
    string_free_secret_at(&token);
}

static void a_profile_that_takes_no_tokens_refuses_them(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    struct fixture *f = world.f;
    const char *patterns[] = {"cn:x-*", NULL};
    fixture_expect_refusal(fleet_ask(f, BORN_PROFILE, NULL, patterns, 1), RESULT_DENIED,
                           "ask_denied");
    // One made before is refused from now on; what it gave renews.
    char *token = fixture_token(f, "cn:phone-9", 5, NULL);
    grant_profile(f, HOLDER_PROFILE)->ask.kinds = ASK_ANYONE;
    const struct asked asked = {.token = token};
    grant_expect_refusal(f, &asked, RESULT_DENIED, "ask_denied");
    AUTO(key_free_at) struct key *next = fixture_key();
    struct issued renewed = {0};
    fixture_expect_ok(fixture_renew(f, holder_of(&world), next, NULL), &issued_type, &renewed);
    message_clear(&issued_type, &renewed);
    string_free_secret_at(&token);
}

static void expect_patient(struct world *world, struct asked asked) {
    AUTO(key_free_at) struct key *key = fixture_key();
    struct held held = {0};
    asked.claim = CLAIM;
    request_expect_held(grant_ask(world->f, &asked, key), &held);
    assert_string_equal(PATIENT_PROFILE, held.profile);
    message_clear(&held_type, &held);
}

static void approvals_hold_whatever_grants_the_request(void **state) {
    AUTO(world_clear) struct world world = {0};
    world_make(*state, &world);
    expect_patient(
        &world, (struct asked){.profile = PATIENT_PROFILE, .certificate = holder_of(&world)});
    expect_patient(&world, (struct asked){.profile = PATIENT_PROFILE,
                                          .certificate = buf_bytes(&world.device)});
    char *token = fleet_token(world.f, PATIENT_PROFILE, "cn:x-*", 1);
    expect_patient(&world, (struct asked){.token = token, .names = {"cn:x-1"}});
    string_free_secret_at(&token);
    assert_int_equal(3, fixture_audited(world.f, "request held"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(who_shows_nothing_is_told_who_may_ask),
        TEST(a_holder_gets_its_own_names_that_the_profile_takes),
        TEST(a_holder_in_a_loop_is_stopped_though_the_profile_states_no_limit),
        TEST(names_that_the_profile_does_not_take_are_left_out),
        TEST(holders_are_judged_as_they_are_now),
        TEST(a_stolen_key_takes_along_what_its_holder_got),
        TEST(what_is_too_much_for_one_revocation_takes_another),
        TEST(other_reasons_leave_what_its_holder_got),
        TEST(a_holder_revoked_meanwhile_gets_nothing_that_was_held),
        TEST(a_holders_own_key_is_not_certified_again),
        TEST(the_same_request_of_a_holder_gets_the_same_certificate),
        TEST(a_device_gets_the_names_of_its_manufacturers_certificate),
        TEST(other_certificates_are_no_devices),
        TEST(a_manufacturers_certificate_is_good_for_nothing_else),
        TEST(one_profile_may_take_holders_and_devices),
        TEST(the_limit_of_active_certificates_holds_for_devices),
        TEST(a_device_that_was_revoked_comes_back_only_with_a_released_name),
        TEST(an_older_certificate_of_a_holder_does_not_get_around_a_revocation),
        TEST(a_token_comes_before_a_certificate),
        TEST(a_profile_that_takes_no_tokens_refuses_them),
        TEST(approvals_hold_whatever_grants_the_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
