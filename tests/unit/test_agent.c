// A turn of the agent against an authority that answers wrongly in every way: the certificate in
// place stays, and the state says exactly what was wrong.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/agent.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "client/device/agent_state.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/install.h"
#include "client/device/pending.h"
#include "client/device/settings.h"
#include "client/device/status.h"
#include "support/canned_server.h"
#include "support/client_fixture.h"
#include "support/kill_at_call.h"

static struct scene {
    struct test_ca ca;
    struct test_identity server;
    struct test_identity old;   // installed
    struct test_identity fresh; // for the key of the renewal that is to come
    struct tls_context *tls;
    char serial[64]; // of the installed one
} scene;

static void open_server_tls(void) {
    struct error err = {0};
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    make_identity(&scene.server, (struct test_names){{"ip:127.0.0.1"}}, &scene.ca.issuing,
                  false, NOW - 60, NOW + DAY);
    assert_ok(buf_append(&chain, buf_bytes(&scene.server.certificate)), &err);
    assert_ok(buf_append(&chain, buf_bytes(&scene.ca.issuing.certificate)), &err);
    assert_ok(tls_server_context_new(buf_bytes(&chain), scene.server.key, (struct bytes){0},
                                     TLS_CLIENT_CERTIFICATE_NONE, &scene.tls, &err),
              &err);
}

static int make_scene(void **state) {
    scene = (struct scene){0};
    test_now = clock_now();
    clock_use_manual(test_now);
    make_test_ca(&scene.ca);
    open_server_tls();
    make_identity(&scene.old, (struct test_names){{"cn:jjolie"}}, &scene.ca.issuing, false,
                  NOW - 60 * DAY, NOW + 30 * DAY);
    // Hundreds of installations: in memory where there is such a place.
    snprintf(test_folder, sizeof(test_folder), "/dev/shm/signet-test-XXXXXX");
    return mkdtemp(test_folder) != NULL ? 0 : make_test_folder(state);
}

static int clear_scene(void **state) {
    tls_context_free_at(&scene.tls);
    test_identity_clear(&scene.server);
    test_identity_clear(&scene.old);
    test_identity_clear(&scene.fresh);
    test_ca_clear(&scene.ca);
    clock_use_system();
    return remove_test_folder(state);
}

// Installs the old certificate as FOLDER/a, for the authority at this port, long due.
static void install_old(uint16_t port) {
    struct error err = {0};
    struct issued issued;
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%u", port);
    make_issued(&scene.ca, &scene.old, &issued);
    snprintf(scene.serial, sizeof(scene.serial), "%s", issued.serial);
    const struct installation installation = {
        .key = scene.old.key, .issued = &issued, .url = url};
    assert_ok(install_credential(in_test_folder("a"), &installation, &err), &err);
    message_clear(&issued_type, &issued);
}

// The key that the renewal will use is made before it, so that answers for it can be.
static void prepare_renewal(void) {
    struct error err = {0};
    struct issued issued;
    char name[128];
    const struct device_key_wish p256 = {.algorithm = KEY_P256};
    const struct names none = {0};
    AUTO(pending_clear) struct pending pending = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_KEY_FILE_BYTES);
    make_issued(&scene.ca, &scene.old, &issued);
    snprintf(name, sizeof(name), "a/pending-%s", issued.serial);
    message_clear(&issued_type, &issued);
    assert_ok(pending_open(in_test_folder(name), &p256, NULL, &none, &pending, &err), &err);
    assert_ok(key_save_pem(pending.key, NULL, &text, &err), &err);
    assert_ok(key_load_pem(buf_bytes(&text), NULL, &scene.fresh.key, &err), &err);
}

// An HTTP answer with what an authority would say about the certificate.
static void write_answer(const struct issued *issued, struct buf *out) {
    struct error err = {0};
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 65536);
    assert_ok(message_to_json(&issued_type, issued, &body, &err), &err);
    assert_ok(buf_printf(out,
                         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         body.size, buf_string(&body)),
              &err);
}

static void require_old(const char *code, const char *message) {
    struct error err = {0};
    AUTO(credential_clear) struct credential credential = {0};
    AUTO(agent_state_clear) struct agent_state state = {0};
    assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_string_equal(credential.about.serial, scene.serial);
    agent_state_read(in_test_folder("a"), &state);
    assert_non_null(state.code);
    assert_string_equal(state.code, code);
    if (strstr(state.problem, message) == NULL) {
        fail_msg("'%s' is not in '%s'", message, state.problem);
    }
    assert_true(state.next > clock_now());
}

static enum result take_turn(enum agent_mode mode, struct error *err) {
    struct agent_report report = {0};
    enum result result = agent_step(in_test_folder("a"), "a", mode, &report, err);
    message_clear(&about_type, &report.about);
    return result;
}

// Starts an authority that says `answer` and installs the certificate that is due there.
static void begin(struct test_server *server, const char *answer) {
    start_server(server, &(struct script){.answer = answer, .tls = scene.tls});
    install_old(server->url.port);
}

// --- answers about another certificate ---------------------------------------------------

enum defect {
    NO_DEFECT,
    ANOTHER_KEY,
    ANOTHER_NAME,
    ANOTHER_PROFILE,
    ANOTHER_SERIAL,
    ANOTHER_ROOT,
    CHAIN_OF_A_STRANGER,
    NO_CHAIN,
    EXPIRED,
    NOT_YET_VALID,
    A_CA,
    THE_OLD_ONE,
    RENEWAL_NEVER,
};

static void make_answer(enum defect defect, struct buf *out) {
    struct error err = {0};
    struct issued issued;
    struct test_identity other = {0};
    const struct test_identity *leaf = &scene.fresh;
    const char *name = defect == ANOTHER_NAME ? "cn:somebody" : "cn:jjolie";
    int64_t begins = defect == EXPIRED ? NOW - 90 * DAY : NOW - 60;
    begins = defect == NOT_YET_VALID ? NOW + DAY : begins;
    buf_clear(&scene.fresh.certificate);
    make_identity(&scene.fresh, (struct test_names){{name}},
                  defect == CHAIN_OF_A_STRANGER ? &scene.ca.stranger : &scene.ca.issuing,
                  defect == A_CA, begins, begins + 89 * DAY);
    if (defect == ANOTHER_KEY) {
        make_identity(&other, (struct test_names){{name}}, &scene.ca.issuing, false, NOW - 60,
                      NOW + 90 * DAY);
        leaf = &other;
    }
    make_issued(&scene.ca, defect == THE_OLD_ONE ? &scene.old : leaf, &issued);
    if (defect == ANOTHER_PROFILE) {
        assert_ok(text_set(&issued.profile, "server"), &err);
    } else if (defect == ANOTHER_SERIAL) {
        assert_ok(text_set(&issued.serial, "0102030405060708"), &err);
    } else if (defect == ANOTHER_ROOT) {
        assert_ok(blob_set(&issued.root, buf_bytes(&scene.ca.stranger.certificate)), &err);
    } else if (defect == NO_CHAIN) {
        assert_ok(blob_set(&issued.chain, (struct bytes){0}), &err);
    } else if (defect == RENEWAL_NEVER) {
        issued.renew_after = issued.not_after + 1;
    }
    write_answer(&issued, out);
    message_clear(&issued_type, &issued);
    test_identity_clear(&other);
}

static void answers_about_another_certificate_are_refused(void **state) {
    (void)state;
    static const struct {
        enum defect defect;
        const char *message;
    } cases[] = {
        {ANOTHER_KEY, "the certificate is for another key"},
        {THE_OLD_ONE, "the certificate is for another key"},
        {ANOTHER_NAME, "the certificate lacks the name cn:jjolie"},
        {ANOTHER_PROFILE, "it is for the profile server and not for mqtt"},
        {ANOTHER_SERIAL, "the certificate has another serial than the answer states"},
        {ANOTHER_ROOT, "it names another root than the one that is trusted here"},
        {CHAIN_OF_A_STRANGER, "was refused"},
        {NO_CHAIN, "was refused"},
        {EXPIRED, "was refused"},
        {NOT_YET_VALID, "was refused"},
        {A_CA, "the certificate is one of a CA"},
        {RENEWAL_NEVER, "it asks for a renewal outside the certificate's life"},
    };
    struct error err = {0};
    prepare_renewal();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_server server;
        AUTO(buf_clear) struct buf answer = {0};
        buf_init(&answer, 131072);
        make_answer(cases[i].defect, &answer);
        begin(&server, buf_string(&answer));
        assert_result(RESULT_DENIED, take_turn(AGENT_FORCED, &err), &err);
        require_old("untrusted", cases[i].message);
        stop_server(&server);
    }
}

// Every 29th byte and the last twenty, for each is a handshake; test_exchange.c cuts at every one.
static void answers_cut_off_anywhere_are_refused_and_the_whole_one_is_taken(void **state) {
    (void)state;
    struct error err = {0};
    struct test_server server;
    AUTO(buf_clear) struct buf answer = {0};
    buf_init(&answer, 131072);
    prepare_renewal();
    make_answer(NO_DEFECT, &answer);
    for (size_t size = 0; size < answer.size; size += size < answer.size - 40 ? 29 : 1) {
        AUTO(buf_clear) struct buf part = {0};
        buf_init(&part, answer.size);
        assert_ok(buf_append(&part, bytes_slice(buf_bytes(&answer), 0, size)), &err);
        begin(&server, buf_string(&part));
        enum result result = take_turn(AGENT_FORCED, &err);
        assert_true(result == RESULT_UNAVAILABLE || result == RESULT_INVALID);
        require_old(err.code, "");
        assert_true(strcmp(err.code, "unreachable") == 0 || strcmp(err.code, "answer") == 0 ||
                    strcmp(err.code, "interrupted") == 0 || strcmp(err.code, "tls") == 0);
        stop_server(&server);
    }
    begin(&server, buf_string(&answer));
    assert_ok(take_turn(AGENT_FORCED, &err), &err);
    stop_server(&server);
    AUTO(credential_clear) struct credential credential = {0};
    AUTO(agent_state_clear) struct agent_state kept = {0};
    assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_string_not_equal(credential.about.serial, scene.serial);
    agent_state_read(in_test_folder("a"), &kept);
    assert_int_equal(kept.failures, 0);
    assert_null(kept.code);
}

// --- refusals and waiting ----------------------------------------------------------------

static void refusals_and_waiting_are_kept_in_the_state(void **state) {
    (void)state;
    static const struct {
        const char *head, *body, *code, *message;
        enum result result;
        int64_t least_pause;
    } cases[] = {
        {"503 Service Unavailable\r\nRetry-After: 1800", "", "server_unavailable", "status 503",
         RESULT_UNAVAILABLE, 1800},
        {"403 Forbidden",
         "{\"error\":{\"code\":\"profile_unknown\",\"message\":\"no such profile\"}}",
         "profile_unknown", "no such profile", RESULT_DENIED, 45},
        {"200 OK", "{}", "answer", "not as expected", RESULT_INVALID, 45},
        {"202 Accepted",
         "{\"id\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"profile\":\"mqtt\",\"code\":\"ABCD-EFGH\","
         "\"approvals\":1,\"approved\":0,\"expires\":\"2099-01-01T00:00:00Z\","
         "\"retry_after\":300}",
         "pending", "waits for approval, with the code ABCD-EFGH", RESULT_PENDING, 300},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct test_server server;
        char answer[1024];
        AUTO(agent_state_clear) struct agent_state kept = {0};
        snprintf(answer, sizeof(answer), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
                 cases[i].head, strlen(cases[i].body), cases[i].body);
        begin(&server, answer);
        assert_result(cases[i].result, take_turn(AGENT_FORCED, &err), &err);
        require_old(cases[i].code, cases[i].message);
        agent_state_read(in_test_folder("a"), &kept);
        assert_true(kept.next >= clock_now() + cases[i].least_pause);
        // Until then the agent asks nobody.
        assert_result(RESULT_CONFLICT, take_turn(AGENT_WHEN_DUE, &err), &err);
        assert_string_equal(err.code, "unchanged");
        stop_server(&server);
    }
}

static size_t count_pending(void) {
    struct error err = {0};
    AUTO(text_list_clear) struct text_list names = {0};
    size_t count = 0;
    assert_ok(folder_list(in_test_folder("a"), &names, &err), &err);
    for (size_t i = 0; i < names.count; i++) {
        count += text_starts_with(names.items[i], "pending-");
    }
    return count;
}

static void without_an_authority_the_key_is_kept_and_the_pauses_grow(void **state) {
    (void)state;
    struct error err = {0};
    struct test_server server;
    begin(&server, "");
    stop_server(&server); // nobody listens there any more
    int64_t now = clock_now();
    for (int i = 1; i <= 4; i++) {
        AUTO(agent_state_clear) struct agent_state kept = {0};
        assert_result(RESULT_UNAVAILABLE, take_turn(AGENT_WHEN_DUE, &err), &err);
        require_old("unreachable", "");
        agent_state_read(in_test_folder("a"), &kept);
        assert_int_equal(kept.failures, i);
        assert_true(kept.next - now >= (45 << (i - 1)) && kept.next - now <= (60 << (i - 1)));
        assert_int_equal(count_pending(), 1);
        now = kept.next;
        clock_use_manual(now);
    }
}

// --- new CAs -----------------------------------------------------------------------------

// What an authority says about itself, with this chain.
static void write_authority(struct bytes chain, struct buf *out) {
    struct error err = {0};
    struct authority_info info = {.time = clock_now()};
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 65536);
    assert_ok(text_set(&info.name, "Test CA"), &err);
    assert_ok(text_set(&info.version, "1"), &err);
    assert_ok(text_set(&info.fingerprint, "00"), &err);
    assert_ok(blob_set(&info.chain, chain), &err);
    assert_ok(message_to_json(&authority_info_type, &info, &body, &err), &err);
    assert_ok(buf_printf(out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", body.size,
                         buf_string(&body)),
              &err);
    message_clear(&authority_info_type, &info);
}

// A turn in which nothing is due but the question for CAs.
static enum result ask_for_cas(struct bytes chain, struct agent_report *report,
                               struct error *err) {
    struct test_server server;
    AUTO(buf_clear) struct buf answer = {0};
    AUTO(agent_state_clear) struct agent_state kept = {0};
    buf_init(&answer, 131072);
    write_authority(chain, &answer);
    begin(&server, buf_string(&answer));
    agent_state_read(in_test_folder("a"), &kept);
    assert_ok(text_set(&kept.serial, scene.serial), err);
    kept.next = clock_now() + DAY; // no renewal now
    kept.checked = clock_now() - DAY;
    assert_ok(agent_state_write(in_test_folder("a"), &kept, err), err);
    enum result result = agent_step(in_test_folder("a"), "a", AGENT_WHEN_DUE, report, err);
    message_clear(&about_type, &report->about);
    stop_server(&server);
    return result;
}

static size_t count_cas(void) {
    struct error err = {0};
    size_t count = 0;
    AUTO(credential_clear) struct credential credential = {0};
    assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_string_equal(credential.about.serial, scene.serial);
    for (struct bytes rest = buf_bytes(&credential.trust); rest.size > 0; count++) {
        struct certificate certificate;
        assert_ok(certificate_read_next(&rest, &certificate, &err), &err);
    }
    return count;
}

static void append_all(struct buf *chain, const struct test_identity *const *identities) {
    struct error err = {0};
    for (size_t i = 0; identities[i] != NULL; i++) {
        assert_ok(buf_append(chain, buf_bytes(&identities[i]->certificate)), &err);
    }
}

static void a_new_issuing_ca_and_a_new_root_are_known_before_they_are_needed(void **state) {
    (void)state;
    struct error err = {0};
    struct test_identity issuing = {0}, announced = {0}, below = {0};
    struct agent_report report = {0};
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    make_identity(&issuing, (struct test_names){{"cn:Next Issuing"}}, &scene.ca.root, true,
                  NOW - DAY, NOW + 900 * DAY);
    // The next root, as the present one vouches for it, and a CA below.
    make_identity(&announced, (struct test_names){{"cn:Next Root"}}, &scene.ca.root, true,
                  NOW - DAY, NOW + 900 * DAY);
    make_identity(&below, (struct test_names){{"cn:Issuing Below"}}, &announced, true,
                  NOW - DAY, NOW + 900 * DAY);
    append_all(&chain, (const struct test_identity *const[]){&issuing, &announced, &below,
                                                             &scene.ca.root, NULL});
    assert_ok(ask_for_cas(buf_bytes(&chain), &report, &err), &err);
    assert_true(report.has_new_cas);
    assert_int_equal(count_cas(), 2 + 3); // the present issuing CA stays
    // Nothing new the next time, nor before a day is over.
    report = (struct agent_report){0};
    assert_result(RESULT_CONFLICT, take_turn(AGENT_WHEN_DUE, &err), &err);
    assert_string_equal(err.code, "unchanged");
    test_identity_clear(&issuing);
    test_identity_clear(&announced);
    test_identity_clear(&below);
}

static void a_ca_that_our_root_does_not_vouch_for_changes_nothing(void **state) {
    (void)state;
    struct error err = {0};
    struct test_identity strange = {0}, ended = {0};
    make_identity(&strange, (struct test_names){{"cn:Strange Issuing"}}, &scene.ca.stranger,
                  true, NOW - DAY, NOW + 900 * DAY);
    make_identity(&ended, (struct test_names){{"cn:Ended"}}, &scene.ca.root, true,
                  NOW - 9 * DAY, NOW - DAY);
    const struct test_identity *const others[] = {&strange, &scene.ca.stranger, &ended,
                                                  &scene.old};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct agent_report report = {0};
        AUTO(buf_clear) struct buf chain = {0};
        AUTO(agent_state_clear) struct agent_state kept = {0};
        buf_init(&chain, LIMIT_CHAIN_BYTES);
        append_all(&chain, (const struct test_identity *const[]){&scene.ca.issuing, others[i],
                                                                 &scene.ca.root, NULL});
        assert_result(RESULT_CONFLICT, ask_for_cas(buf_bytes(&chain), &report, &err), &err);
        assert_string_equal(err.code, "unchanged");
        assert_false(report.has_new_cas);
        assert_int_equal(count_cas(), 2);
        agent_state_read(in_test_folder("a"), &kept);
        assert_non_null(kept.check_problem);
        assert_non_null(strstr(kept.check_problem, "a CA that our root does not vouch for"));
        assert_int_equal(kept.checked, clock_now());
    }
    test_identity_clear(&strange);
    test_identity_clear(&ended);
}

// --- killed ------------------------------------------------------------------------------

static bool turn_traced(void *context) {
    (void)context;
    struct error err = {0};
    return take_turn(AGENT_FORCED, &err) == RESULT_OK;
}

static void require_whole(const char *new_serial) {
    struct error err = {0};
    AUTO(credential_clear) struct credential credential = {0};
    AUTO(text_list_clear) struct text_list generations = {0};
    assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_true(strcmp(credential.about.serial, scene.serial) == 0 ||
                strcmp(credential.about.serial, new_serial) == 0);
    assert_ok(folder_list(in_test_folder("a/generations"), &generations, &err), &err);
    assert_true(generations.count <= 2);
    assert_in_range(count_pending(), 0, 1);
}

// From the lock to the last word of the state, every 13th call; test_install.c does each of installing.
static void a_turn_that_is_killed_anywhere_breaks_nothing(void **state) {
    (void)state;
    bool is_done = false;
    for (int n = 1; !is_done && n < 5000; n += 13) {
        struct error err = {0};
        struct test_server server;
        struct certificate fresh;
        AUTO(buf_clear) struct buf answer = {0};
        AUTO(buf_clear) struct buf serial = {0};
        buf_init(&answer, 131072);
        buf_init(&serial, 64);
        assert_ok(folder_remove(in_test_folder("a"), &err), &err);
        key_free_at(&scene.fresh.key);
        prepare_renewal();
        make_answer(NO_DEFECT, &answer);
        assert_ok(certificate_read(buf_bytes(&scene.fresh.certificate), &fresh, &err), &err);
        assert_ok(text_hex_encode(fresh.serial, &serial), &err);
        begin(&server, buf_string(&answer));
        is_done = kill_at_call(turn_traced, NULL, n);
        // The next turn goes on with the same key, or finds the new certificate in place: the
        // authority's one answer is of no use for another key then.
        enum result result = take_turn(AGENT_FORCED, &err);
        assert_true(result == RESULT_OK || strcmp(err.code, "untrusted") == 0);
        require_whole(buf_string(&serial));
        stop_server(&server);
    }
    assert_true(is_done);
}

// --- the machine's own trouble -----------------------------------------------------------

static void without_space_the_renewal_fails_and_comes_through_later(void **state) {
    (void)state;
    struct error err = {0};
    struct test_server server;
    struct rlimit old;
    AUTO(buf_clear) struct buf answer = {0};
    buf_init(&answer, 131072);
    prepare_renewal();
    make_answer(NO_DEFECT, &answer);
    begin(&server, buf_string(&answer));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    // Enough for the state, but not for a chain.
    struct rlimit little = {.rlim_cur = 900, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    enum result result = take_turn(AGENT_FORCED, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_result(RESULT_UNAVAILABLE, result, &err);
    require_old("unavailable", "cannot write");
    // The same key and request once more, so that the authority has nothing more to issue.
    assert_ok(take_turn(AGENT_FORCED, &err), &err);
    stop_server(&server);
}

static void a_folder_that_vanished_is_not_made_again(void **state) {
    (void)state;
    struct error err = {0};
    int64_t next = 0;
    install_old(1);
    assert_ok(folder_remove(in_test_folder("a"), &err), &err);
    assert_result(RESULT_NOT_FOUND, take_turn(AGENT_FORCED, &err), &err);
    assert_string_equal(err.code, "misconfigured");
    assert_result(RESULT_NOT_FOUND, agent_find_next(in_test_folder("a"), &next, &err), &err);
    assert_false(file_exists(in_test_folder("a")));
    // What current leads to is gone: told, and nothing is put in its place.
    install_old(1);
    assert_ok(folder_remove(in_test_folder("a/generations"), &err), &err);
    assert_result(RESULT_NOT_FOUND, take_turn(AGENT_FORCED, &err), &err);
    assert_string_equal(err.code, "misconfigured");
}

// In a mount name space of its own; ends with 0 when all is as expected, 77 where that cannot be
// had.
static int turn_read_only(void) {
    struct error err = {0};
    const char *folder = in_test_folder("a");
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount(folder, folder, NULL, MS_BIND, NULL) != 0 ||
        mount(NULL, folder, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0) {
        return 77;
    }
    enum result result = take_turn(AGENT_FORCED, &err);
    return result == RESULT_DENIED && strstr(err.message, "Read-only file system") != NULL ? 0
                                                                                           : 1;
}

static void a_read_only_file_system_is_named(void **state) {
    (void)state;
    struct error err = {0};
    int status = 0;
    install_old(1);
    pid_t child = fork();
    if (child == 0) {
        _exit(turn_read_only());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
    AUTO(credential_clear) struct credential credential = {0};
    assert_ok(credential_read(in_test_folder("a"), &credential, &err), &err);
    assert_string_equal(credential.about.serial, scene.serial);
}

// --- hooks -------------------------------------------------------------------------------

static void a_hook_is_run_again_at_its_time_until_it_succeeds(void **state) {
    (void)state;
    struct error err = {0};
    struct agent_report report = {0};
    int64_t next = 0;
    int64_t due = clock_now() + DAY / 2;
    AUTO(settings_clear) struct settings settings = {0};
    AUTO(agent_state_clear) struct agent_state kept = {0};
    install_old(1);
    assert_ok(text_list_add(&settings.hook, "test"), &err);
    assert_ok(text_list_add(&settings.hook, "-e"), &err);
    assert_ok(text_list_add(&settings.hook, in_test_folder("gate")), &err);
    assert_ok(settings_write(in_test_folder("a"), &settings, &err), &err);
    assert_ok(text_set(&kept.serial, scene.serial), &err);
    kept.next = due;
    kept.checked = clock_now();
    assert_ok(agent_state_write(in_test_folder("a"), &kept, &err), &err);
    for (int i = 0; i < 3; i++) {
        assert_result(RESULT_UNAVAILABLE, take_turn(AGENT_WHEN_DUE, &err), &err);
        assert_string_equal(err.code, "reload_failed");
        assert_true(agent_is_hook_pending(in_test_folder("a")));
        assert_result(RESULT_CONFLICT, take_turn(AGENT_WHEN_DUE, &err), &err); // not yet
        assert_string_equal(err.code, "unchanged");
        assert_ok(agent_find_next(in_test_folder("a"), &next, &err), &err);
        assert_true(next >= clock_now() + (45 << i) && next <= clock_now() + (60 << i));
        clock_use_manual(next);
    }
    assert_ok(file_replace(in_test_folder("gate"), BYTES_LITERAL(""), 0600, &err), &err);
    assert_ok(agent_step(in_test_folder("a"), "a", AGENT_WHEN_DUE, &report, &err), &err);
    assert_true(report.is_hooked && !report.is_renewed);
    message_clear(&about_type, &report.about);
    assert_false(agent_is_hook_pending(in_test_folder("a")));
    assert_ok(agent_find_next(in_test_folder("a"), &next, &err), &err);
    assert_int_equal(next, due);
}

// --- status ------------------------------------------------------------------------------

static void status_shows_the_next_try_and_the_last_failure(void **state) {
    (void)state;
    struct error err = {0};
    struct test_server server;
    struct status_page page = {0};
    AUTO(settings_clear) struct settings settings = {0};
    begin(&server, "");
    stop_server(&server);
    assert_ok(text_list_add(&settings.hook, "false"), &err);
    assert_ok(settings_write(in_test_folder("a"), &settings, &err), &err);
    assert_result(RESULT_UNAVAILABLE, take_turn(AGENT_FORCED, &err), &err);
    assert_ok(status_collect(test_folder, NULL, &page, &err), &err);
    const struct credential_status *line = page.credentials.items;
    assert_int_equal(page.credentials.count, 1);
    assert_string_equal(line->state, "due");
    assert_string_equal(line->last_code, "unreachable");
    assert_int_equal(line->failures, 1);
    assert_int_equal(line->failed, clock_now());
    assert_true(line->next > clock_now());
    assert_string_equal(line->hook, "pending");
    assert_non_null(strstr(line->hook_error, "ended with status 1"));
    message_clear(&status_page_type, &page);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, make_scene, clear_scene)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCENE(answers_about_another_certificate_are_refused),
        IN_SCENE(answers_cut_off_anywhere_are_refused_and_the_whole_one_is_taken),
        IN_SCENE(refusals_and_waiting_are_kept_in_the_state),
        IN_SCENE(without_an_authority_the_key_is_kept_and_the_pauses_grow),
        IN_SCENE(a_new_issuing_ca_and_a_new_root_are_known_before_they_are_needed),
        IN_SCENE(a_ca_that_our_root_does_not_vouch_for_changes_nothing),
        IN_SCENE(a_turn_that_is_killed_anywhere_breaks_nothing),
        IN_SCENE(without_space_the_renewal_fails_and_comes_through_later),
        IN_SCENE(a_folder_that_vanished_is_not_made_again),
        IN_SCENE(a_read_only_file_system_is_named),
        IN_SCENE(a_hook_is_run_again_at_its_time_until_it_succeeds),
        IN_SCENE(status_shows_the_next_try_and_the_last_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
