// Streams, logins and questions against servers that follow a script: whole ones, cut, silent, false.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xmpp_stream.h"
#include "base/random.h"
#include "client/terminal/outcome.h"
#include "client/xmpp/removal.h"
#include "client/xmpp/xmpp_certificates.h"
#include "client/xmpp/xmpp_login.h"
#include "support/client_fixture.h"
#include "support/xmpp_peer.h"

#define DOMAIN "shakespeare.lit"
#define ACCOUNT "hamlet@" DOMAIN
#define HEADER                                                                                 \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "                               \
    "xmlns:stream='http://etherx.jabber.org/streams' id='1' version='1.0'>"
#define FEATURES(what) HEADER "<stream:features>" what "</stream:features>"
#define SASL "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
#define MECHANISMS(names) "<mechanisms " SASL ">" names "</mechanisms>"
#define PLAIN MECHANISMS("<mechanism>SCRAM-SHA-999</mechanism><mechanism>PLAIN</mechanism>")
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define PROCEED "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define BIND(what)                                                                             \
    "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>" what         \
    "</bind></iq>"
#define BOUND BIND("<jid>" ACCOUNT "/x</jid>")
// Long enough for a busy machine; only those who wait for silence get less.
#define PATIENCE 20000
#define IMPATIENCE 200

// The beginning of every proper conversation.
#define TO_TLS                                                                                 \
    {"version='1.0'", FEATURES(STARTTLS), false}, {                                            \
        "<starttls", PROCEED, true                                                             \
    }
#define TO_SASL(mechanisms)                                                                    \
    TO_TLS, {                                                                                  \
        "version='1.0'", FEATURES(mechanisms), false                                           \
    }
// base64 of NUL hamlet NUL pencil
#define TO_STREAM                                                                              \
    TO_SASL(PLAIN), {"AGhhbWxldABwZW5jaWw=</auth>", "<success " SASL "/>", false}, {           \
        "version='1.0'", FEATURES(""), false                                                   \
    }
#define TO_BOUND                                                                               \
    TO_STREAM, {                                                                               \
        "xmpp-bind'/></iq>", BOUND, false                                                      \
    }

static struct test_ca ca;
static struct test_identity leaf;
static struct tls_context *server_tls;
static struct tls_context *client_tls;
static struct xmpp_address account;

static struct tls_context *make_server(const struct test_identity *identity) {
    struct error err = {0};
    struct tls_context *context = NULL;
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_ok(buf_append(&chain, buf_bytes(&identity->certificate)), &err);
    assert_ok(buf_append(&chain, buf_bytes(&ca.issuing.certificate)), &err);
    assert_ok(tls_server_context_new(buf_bytes(&chain), identity->key, (struct bytes){0},
                                     TLS_CLIENT_CERTIFICATE_NONE, &context, &err),
              &err);
    return context;
}

static struct tls_context *make_client(const struct test_identity *root) {
    struct error err = {0};
    struct tls_context *context = NULL;
    assert_ok(tls_client_context_new(buf_bytes(&root->certificate), (struct bytes){0}, NULL,
                                     &context, &err),
              &err);
    return context;
}

static int make_all(void **state) {
    (void)state;
    struct error err = {0};
    test_now = clock_now();
    make_test_ca(&ca);
    make_identity(&leaf, (struct test_names){{"dns:" DOMAIN}}, &ca.issuing, false, NOW - 60,
                  NOW + DAY);
    server_tls = make_server(&leaf);
    client_tls = make_client(&ca.root);
    assert_ok(xmpp_address_read(ACCOUNT, &account, &err), &err);
    return 0;
}

static int remove_all(void **state) {
    (void)state;
    xmpp_address_clear(&account);
    tls_context_free_at(&client_tls);
    tls_context_free_at(&server_tls);
    test_identity_clear(&leaf);
    test_ca_clear(&ca);
    return 0;
}

// --- what a client does ----------------------------------------------------------------------

static enum result log_in(const struct test_server *server, struct tls_context *tls,
                          const char *password, int64_t milliseconds,
                          struct xmpp_stream *out_stream, struct error *err) {
    AUTO(xml_element_free_at) struct xml_element *features = NULL;
    const struct xmpp_server where = {.domain = DOMAIN,
                                      .host = "127.0.0.1",
                                      .port = server->url.port,
                                      .milliseconds = milliseconds};
    const struct xmpp_login login = {.account = &account, .password = password};
    TRY(xmpp_stream_open(&where, tls, out_stream, &features, err));
    return xmpp_log_in(out_stream, features, &login, err);
}

// Logs in by the password "pencil" and lists.
static enum result list(const struct test_server *server, int64_t milliseconds,
                        struct registered_page *out_page, struct error *err) {
    AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
    TRY(log_in(server, client_tls, "pencil", milliseconds, &stream, err));
    return xmpp_certificates_list(&stream, &account, NOW, out_page, err);
}

// The same as one call, against a script.
static enum result try_script(const struct peer_step *steps, const char *password,
                              int64_t milliseconds, struct error *err) {
    struct test_server server;
    AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
    start_peer(&server, &(struct peer_script){.steps = steps, .tls = server_tls});
    enum result result = log_in(&server, client_tls, password, milliseconds, &stream, err);
    stop_server(&server);
    return result;
}

static void a_whole_login_gets_in(void **state) {
    (void)state;
    static const struct peer_step steps[] = {TO_BOUND, {0}};
    struct error err = {0};
    assert_ok(try_script(steps, "pencil", PATIENCE, &err), &err);
}

static void a_login_cut_off_anywhere_is_an_error(void **state) {
    (void)state;
    static const struct peer_step steps[] = {TO_BOUND, {0}};
    struct test_server server;
    size_t size = 0;
    for (const struct peer_step *step = steps; step->expects != NULL; step++) {
        size += strlen(step->answer);
    }
    start_peer(&server, &(struct peer_script){
                            .steps = steps, .tls = server_tls, .cuts_more_each_time = true});
    for (size_t cut = 0; cut <= size; cut++) {
        struct error err = {0};
        AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
        enum result result = log_in(&server, client_tls, "pencil", PATIENCE, &stream, &err);
        if (cut == size) {
            assert_ok(result, &err);
        } else {
            assert_result(RESULT_UNAVAILABLE, result, &err);
            assert_int_equal(outcome_of(result, &err), OUTCOME_UNREACHABLE);
        }
    }
    stop_server(&server);
}

static void servers_that_fall_silent_are_not_waited_for(void **state) {
    (void)state;
    static const struct peer_step whole[] = {TO_BOUND, {0}};
    for (size_t length = 0; length < sizeof(whole) / sizeof(whole[0]) - 1; length++) {
        struct peer_step steps[sizeof(whole) / sizeof(whole[0])] = {0};
        struct error err = {0};
        memcpy(steps, whole, length * sizeof(whole[0]));
        assert_result(RESULT_UNAVAILABLE, try_script(steps, "pencil", IMPATIENCE, &err), &err);
        assert_non_null(strstr(err.message, "did not answer in time"));
    }
}

// --- TLS -------------------------------------------------------------------------------------

static void nothing_is_sent_in_clear(void **state) {
    (void)state;
    static const struct peer_step no_offer[] = {{"version='1.0'", FEATURES(PLAIN), false}, {0}};
    static const struct peer_step refused[] = {
        {"version='1.0'", FEATURES(STARTTLS PLAIN), false},
        {"<starttls", "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", false},
        {0}};
    static const struct peer_step injected[] = {{"version='1.0'", FEATURES(STARTTLS), false},
                                                {"<starttls", PROCEED FEATURES(PLAIN), true},
                                                {0}};
    const struct {
        const struct peer_step *steps;
        const char *says;
    } cases[] = {{no_offer, "offers no STARTTLS"},
                 {refused, "refuses STARTTLS"},
                 {injected, "sends more in clear"}};
    for (size_t i = 0; i < 3; i++) {
        struct error err = {0};
        assert_result(RESULT_DENIED, try_script(cases[i].steps, "pencil", PATIENCE, &err),
                      &err);
        assert_string_equal(err.code, "untrusted");
        assert_non_null(strstr(err.message, cases[i].says));
        assert_int_equal(outcome_of(RESULT_DENIED, &err), OUTCOME_MISCONFIGURED);
    }
}

static void the_server_must_be_the_domains(void **state) {
    (void)state;
    static const struct peer_step steps[] = {TO_BOUND, {0}};
    AUTO(test_identity_clear) struct test_identity other = {0};
    make_identity(&other, (struct test_names){{"dns:elsewhere.lit", "dns:127.0.0.1.lit"}},
                  &ca.issuing, false, NOW - 60, NOW + DAY);
    AUTO(tls_context_free_at) struct tls_context *other_server = make_server(&other);
    AUTO(tls_context_free_at) struct tls_context *stranger = make_client(&ca.stranger);
    const struct {
        struct tls_context *server, *client;
    } cases[] = {{other_server, client_tls}, {server_tls, stranger}};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        struct test_server server;
        AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
        start_peer(&server, &(struct peer_script){.steps = steps, .tls = cases[i].server});
        assert_result(RESULT_DENIED,
                      log_in(&server, cases[i].client, "pencil", PATIENCE, &stream, &err),
                      &err);
        assert_string_equal(err.code, "untrusted");
        stop_server(&server);
    }
}

static void direct_tls_needs_no_offer(void **state) {
    (void)state;
    static const struct peer_step steps[] = {
        {"", "", true}, {"version='1.0'", FEATURES(PLAIN), false}, {0}};
    struct error err = {0};
    struct test_server server;
    AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
    AUTO(xml_element_free_at) struct xml_element *features = NULL;
    start_peer(&server, &(struct peer_script){.steps = steps, .tls = server_tls});
    const struct xmpp_server where = {.domain = DOMAIN,
                                      .host = "127.0.0.1",
                                      .port = server.url.port,
                                      .is_direct_tls = true,
                                      .milliseconds = PATIENCE};
    assert_ok(xmpp_stream_open(&where, client_tls, &stream, &features, &err), &err);
    assert_non_null(
        xml_element_child(features, "urn:ietf:params:xml:ns:xmpp-sasl", "mechanisms"));
    stop_server(&server);
}

// --- SASL ------------------------------------------------------------------------------------

static void refusals_of_a_login_say_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        enum result result;
        const char *code;
    } cases[] = {
        {"<failure " SASL "><not-authorized/></failure>", RESULT_DENIED, "login_refused"},
        {"<failure " SASL "><account-disabled/><text>gone</text></failure>", RESULT_DENIED,
         "login_refused"},
        {"<failure " SASL "><temporary-auth-failure/></failure>", RESULT_UNAVAILABLE,
         "server_unavailable"},
        {"<failure " SASL "/>", RESULT_DENIED, "login_refused"},
        {"<success/>", RESULT_INVALID, "answer"}, // of another namespace
        {"<challenge " SASL "/>", RESULT_INVALID, "answer"},
        {"<challenge " SASL ">?</challenge>", RESULT_INVALID, "answer"},
        {"<false/>", RESULT_INVALID, "answer"},
        {"<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
         "</stream:error>",
         RESULT_UNAVAILABLE, "stream_error"},
        {"</stream:stream>", RESULT_UNAVAILABLE, "unreachable"},
        {"<!DOCTYPE x>", RESULT_INVALID, "answer"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct peer_step steps[] = {
            TO_SASL(PLAIN), {"</auth>", cases[i].answer, false}, {0}};
        struct error err = {0};
        assert_result(cases[i].result, try_script(steps, "pencil", PATIENCE, &err), &err);
        assert_string_equal(err.code, cases[i].code);
    }
}

static void mechanisms_must_be_known_and_of_the_right_kind(void **state) {
    (void)state;
    static const struct {
        const char *offers; // of the features
        const char *password;
    } cases[] = {
        {MECHANISMS("<mechanism>EXTERNAL</mechanism>"), "pencil"},
        {MECHANISMS("<mechanism>DIGEST-MD5</mechanism>"), "pencil"},
        {"", "pencil"},
        {PLAIN, NULL}, // a certificate
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf features = {0};
        buf_init(&features, 4096);
        assert_int_equal(buf_printf(&features, HEADER "<stream:features>%s</stream:features>",
                                    cases[i].offers),
                         RESULT_OK);
        const struct peer_step steps[] = {
            TO_TLS, {"version='1.0'", buf_string(&features), false}, {0}};
        struct error err = {0};
        assert_result(RESULT_DENIED, try_script(steps, cases[i].password, PATIENCE, &err),
                      &err);
        assert_string_equal(err.code, "login_refused");
    }
}

// A server that knows no password cannot prove that it does.
static void a_login_without_proof_is_not_trusted(void **state) {
    (void)state;
    static const struct peer_step at_once[] = {
        TO_SASL(MECHANISMS("<mechanism>SCRAM-SHA-256</mechanism>")),
        {"</auth>", "<success " SASL "/>", false},
        {0}};
    struct error err = {0};
    assert_result(RESULT_INVALID, try_script(at_once, "pencil", PATIENCE, &err), &err);
    assert_string_equal(err.code, "answer");
    assert_non_null(strstr(err.message, "too early"));
}

static void external_is_chosen_without_a_password(void **state) {
    (void)state;
    static const struct peer_step steps[] = {
        TO_SASL(MECHANISMS("<mechanism>PLAIN</mechanism><mechanism>EXTERNAL</mechanism>")),
        {"mechanism='EXTERNAL'>=</auth>", "<success " SASL "/>", false},
        {"version='1.0'", FEATURES(""), false},
        {"<bind", "<iq type='error' id='bind'/>", false},
        {0}};
    struct error err = {0};
    assert_result(RESULT_UNAVAILABLE, try_script(steps, NULL, PATIENCE, &err), &err);
    assert_non_null(strstr(err.message, "no resource"));
}

// The server decides whose session it is; what is done then is done to that account.
static void the_session_must_be_the_accounts(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        enum result result;
        const char *code;
    } cases[] = {
        {BIND("<jid>hamlet@Shakespeare.lit/at/home</jid>"), RESULT_OK, ""},
        {BIND("<jid>ophelia@" DOMAIN "/x</jid>"), RESULT_CONFLICT, "other_account"},
        {BIND("<jid>hamlet@elsewhere.lit/x</jid>"), RESULT_CONFLICT, "other_account"},
        {BIND("<jid>" DOMAIN "</jid>"), RESULT_INVALID, "answer"},
        {BIND("<jid/>"), RESULT_INVALID, "answer"},
        {BIND(""), RESULT_INVALID, "answer"},
        {"<iq type='result' id='bind'/>", RESULT_INVALID, "answer"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct peer_step steps[] = {
            TO_STREAM, {"xmpp-bind'/></iq>", cases[i].answer, false}, {0}};
        struct error err = {0};
        assert_result(cases[i].result, try_script(steps, "pencil", PATIENCE, &err), &err);
        if (cases[i].result != RESULT_OK) {
            assert_string_equal(err.code, cases[i].code);
        }
    }
}

// --- questions -------------------------------------------------------------------------------

#define ITEMS(what)                                                                            \
    "<iq type='result' id='$'><items xmlns='urn:xmpp:saslcert:1'>" what "</items></iq>"

// The identifier of a question is random: the server of these tests cannot repeat it, so the
// random numbers are made the same in every run, and $ stands for what comes out.
static void write_next_answer(const char *answer, struct buf *out) {
    uint8_t random[8];
    AUTO(buf_clear) struct buf id = {0};
    buf_init(&id, 16);
    assert_int_equal(random_bytes(random, sizeof(random), NULL), RESULT_OK);
    assert_int_equal(text_hex_encode(bytes_of(random, sizeof(random)), &id), RESULT_OK);
    for (; *answer != '\0'; answer++) {
        enum result result = *answer == '$' ? buf_append_string(out, buf_string(&id))
                                            : buf_append_byte(out, (uint8_t)*answer);
        assert_int_equal(result, RESULT_OK);
    }
}

static void write_answer(const char *answer, struct buf *out) {
    random_use_insecure_seed(7);
    write_next_answer(answer, out);
    random_use_system();
}

static void append(struct buf *out, const char *text) {
    assert_int_equal(buf_append_string(out, text), RESULT_OK);
}

static enum result list_answered(const char *template, int64_t milliseconds,
                                 struct registered_page *out_page, struct error *err) {
    AUTO(buf_clear) struct buf answer = {0};
    AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
    struct test_server server;
    buf_init(&answer, (size_t)4 * LIMIT_XMPP_STANZA_BYTES);
    write_answer(template, &answer);
    const struct peer_step steps[] = {TO_BOUND, {"<items", buf_string(&answer), false}, {0}};
    start_peer(&server, &(struct peer_script){.steps = steps, .tls = server_tls});
    enum result result = log_in(&server, client_tls, "pencil", milliseconds, &stream, err);
    if (result == RESULT_OK) {
        random_use_insecure_seed(7);
        result = xmpp_certificates_list(&stream, &account, NOW, out_page, err);
        random_use_system();
    }
    stop_server(&server);
    return result;
}

static void a_list_is_read(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    assert_ok(list_answered(ITEMS("<item><name>a&amp;b</name><x509cert>\n AAAA \n</x509cert>"
                                  "<users><resource>Phone</resource></users></item>"
                                  "<item/><other/>"),
                            PATIENCE, &page, &err),
              &err);
    const struct registered *lines = page.certificates.items;
    assert_int_equal(page.certificates.count, 2);
    assert_string_equal(lines[0].name, "a&b");
    assert_string_equal(lines[0].resources.items[0], "Phone");
    assert_string_equal(lines[0].state, "unreadable");
    assert_string_equal(lines[1].name, "");
}

static void only_the_account_answers_for_itself(void **state) {
    (void)state;
    static const char *const ignored[] = {
        "<iq type='result' id='$' from='romeo@" DOMAIN "'>"
        "<items xmlns='urn:xmpp:saslcert:1'/></iq>",
        "<iq type='result' id='other'><items xmlns='urn:xmpp:saslcert:1'/></iq>",
        "<iq type='get' id='$'><items xmlns='urn:xmpp:saslcert:1'/></iq>",
        "<message id='$' type='result'/>",
        "<iq id='$'/>",
    };
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        struct error err = {0};
        AUTO(registered_page_clear) struct registered_page page = {0};
        AUTO(buf_clear) struct buf both = {0};
        buf_init(&both, 4096);
        assert_int_equal(buf_printf(&both, "%s%s", ignored[i],
                                    "<iq type='result' id='$' from='" ACCOUNT "'>"
                                    "<items xmlns='urn:xmpp:saslcert:1'><item/></items></iq>"),
                         RESULT_OK);
        assert_ok(list_answered(buf_string(&both), PATIENCE, &page, &err), &err);
        assert_int_equal(page.certificates.count, 1);
    }
    struct error err = {0};
    AUTO(registered_page_clear) struct registered_page page = {0};
    assert_result(RESULT_UNAVAILABLE, list_answered(ignored[0], 1000, &page, &err), &err);
}

static void what_is_no_answer_is_not_read_for_ever(void **state) {
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct error err = {0};
        AUTO(registered_page_clear) struct registered_page page = {0};
        AUTO(buf_clear) struct buf answer = {0};
        buf_init(&answer, LIMIT_XMPP_STANZA_BYTES);
        for (size_t i = 0; i < LIMIT_XMPP_OTHER_STANZAS + more; i++) {
            assert_int_equal(buf_append_string(&answer, "<message/>"), RESULT_OK);
        }
        assert_int_equal(buf_append_string(&answer, ITEMS("")), RESULT_OK);
        enum result result = list_answered(buf_string(&answer), PATIENCE, &page, &err);
        assert_result(more == 0 ? RESULT_OK : RESULT_LIMIT, result, &err);
    }
}

#define ERROR(condition)                                                                       \
    "<iq type='error' id='$'><error type='cancel'><" condition                                 \
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

static void errors_of_the_server_say_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        enum result result;
        const char *code;
        enum outcome outcome;
    } cases[] = {
        {ERROR("service-unavailable"), RESULT_NOT_FOUND, "unsupported", OUTCOME_FAILED},
        {ERROR("feature-not-implemented"), RESULT_NOT_FOUND, "unsupported", OUTCOME_FAILED},
        {ERROR("forbidden"), RESULT_DENIED, "server_denied", OUTCOME_DENIED},
        {ERROR("conflict"), RESULT_CONFLICT, "conflict", OUTCOME_FAILED},
        {ERROR("resource-constraint"), RESULT_LIMIT, "server_limit", OUTCOME_FAILED},
        {ERROR("bad-request"), RESULT_INVALID, "server_refused", OUTCOME_FAILED},
        {ERROR("gone"), RESULT_INVALID, "server_refused", OUTCOME_FAILED},
        {"<iq type='error' id='$'/>", RESULT_INVALID, "server_refused", OUTCOME_FAILED},
        {"<iq type='result' id='$'/>", RESULT_INVALID, "answer", OUTCOME_FAILED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(registered_page_clear) struct registered_page page = {0};
        enum result result = list_answered(cases[i].answer, PATIENCE, &page, &err);
        assert_result(cases[i].result, result, &err);
        assert_string_equal(err.code, cases[i].code);
        assert_int_equal(outcome_of(result, &err), cases[i].outcome);
    }
}

// A thief who fills the account does not hide what is on it.
static void of_a_list_that_is_too_long_the_beginning_is_read(void **state) {
    (void)state;
    static const struct {
        const char *item;
        size_t fill, count; // bytes of each certificate, and how many there are
        bool is_cut;
    } cases[] = {
        {"<item><name>a</name></item>", 0, LIMIT_XMPP_CERTIFICATES, false},
        {"<item><name>a</name></item>", 0, LIMIT_XMPP_CERTIFICATES + 1, true},
        {"<item><name>a</name><x509cert>", 100000, 10, false},
        {"<item><name>a</name><x509cert>", 100000, 11, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(registered_page_clear) struct registered_page page = {0};
        AUTO(buf_clear) struct buf answer = {0};
        buf_init(&answer, (size_t)2 * LIMIT_XMPP_STANZA_BYTES);
        append(&answer, "<iq type='result' id='$'><items xmlns='urn:xmpp:saslcert:1'>");
        for (size_t k = 0; k < cases[i].count; k++) {
            append(&answer, cases[i].item);
            for (size_t size = 0; size < cases[i].fill; size += 10) {
                append(&answer, "AAAAAAAAAA");
            }
            append(&answer, cases[i].fill > 0 ? "</x509cert></item>" : "");
        }
        append(&answer, "</items></iq>");
        assert_ok(list_answered(buf_string(&answer), PATIENCE, &page, &err), &err);
        assert_int_equal(page.is_cut, cases[i].is_cut);
        assert_int_equal(page.certificates.count, cases[i].count - cases[i].is_cut);
    }
}

// --- removing --------------------------------------------------------------------------------

#define DONE "<iq type='result' id='$'/>"
#define REFUSED ERROR("forbidden")
#define ITEM(name) "<item><name>" name "</name></item>"
#define RAW                                                                                    \
    { "<name>c\xc2\x85</name>", "<name>c?</name>" }

// Answers to removals one by one, and to the list behind them; NULL: none.
struct removal_case {
    struct removal removal;
    bool is_cut;
    const char *asks[3], *answers[3], *list; // `asks`: NULL for any name
    const char *code;                        // "": none
    const char *removed[3];
    bool is_checked;
};

// Of an account with "a", "b" and two that look the same.
static enum result remove_answered(const struct removal_case *one, struct removed *out_removed,
                                   struct error *err) {
    static const char *const names[] = {"a", "b", "c\xc2\x85", "c?"};
    const struct text_list none = {0};
    AUTO(registered_page_clear) struct registered_page page = {.is_cut = one->is_cut};
    AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
    struct test_server server;
    struct buf answers[4] = {0};
    struct peer_step steps[16] = {TO_BOUND};
    size_t step = 0;
    while (steps[step].expects != NULL) {
        step++;
    }
    for (size_t i = 0; i < 4; i++) {
        assert_ok(registered_add(&page, names[i], (struct bytes){0}, &none, err), err);
    }
    assert_ok(registered_judge(&page, NOW, err), err);
    random_use_insecure_seed(7);
    for (size_t i = 0; i < 4; i++) {
        const char *answer = i < 3 ? one->answers[i] : one->list;
        buf_init(&answers[i], 4096);
        if (answer != NULL) {
            write_next_answer(answer, &answers[i]);
            const char *asks = i == 3                 ? "<items"
                               : one->asks[i] != NULL ? one->asks[i]
                                                      : "</name>";
            steps[step++] = (struct peer_step){asks, buf_string(&answers[i]), false};
        }
    }
    start_peer(&server, &(struct peer_script){.steps = steps, .tls = server_tls});
    assert_ok(log_in(&server, client_tls, "pencil", PATIENCE, &stream, err), err);
    *err = (struct error){0};
    random_use_insecure_seed(7);
    enum result result = removal_run(&one->removal, &stream, &account, &page, out_removed, err);
    random_use_system();
    stop_server(&server);
    for (size_t i = 0; i < 4; i++) {
        buf_clear(&answers[i]);
    }
    return result;
}

static void what_was_removed_is_known_also_when_something_fails(void **state) {
    (void)state;
    static const struct removal_case cases[] = {
        {{.name = "a"}, false, {0}, {DONE}, ITEMS(ITEM("b")), "", {"a"}, true},
        {{.name = "a"}, false, {0}, {DONE}, ITEMS(ITEM("a")), "server_refused", {0}, true},
        {{.name = "x"}, false, {0}, {0}, NULL, "", {0}, false},
        // By the name as it is shown, under the names that the server knows.
        {{.name = "c?"}, false, RAW, {DONE, DONE}, ITEMS(""), "", {"c?", "c?"}, true},
        {{.name = "c?"}, false, RAW, {DONE, REFUSED}, NULL, "server_denied", {"c?"}, false},
        {{.name = "c?"},
         false,
         RAW,
         {DONE, DONE},
         ITEMS(ITEM("c\xc2\x85")),
         "server_refused",
         {"c?"},
         true},
        // The list has an end before the name: it is asked for all the same.
        {{.name = "x"}, true, {0}, {DONE}, ITEMS(ITEM("b")), "", {"x"}, true},
        {{.name = "a"}, true, {0}, {DONE}, ITEMS(ITEM("b")), "", {"a"}, true},
        {{.name = "a"}, true, {0}, {REFUSED}, NULL, "server_denied", {0}, false},
        {{.name = "a"}, false, {0}, {DONE}, REFUSED, "server_denied", {"a"}, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(removed_clear) struct removed removed = {0};
        (void)!remove_answered(&cases[i], &removed, &err);
        assert_string_equal(err.code, cases[i].code);
        size_t count = 0;
        for (; count < 3 && cases[i].removed[count] != NULL; count++) {
            assert_in_range(removed.removed.count, count + 1, 3);
            assert_string_equal(removed.removed.items[count], cases[i].removed[count]);
        }
        assert_int_equal(removed.removed.count, count);
        assert_int_equal(removed.is_checked, cases[i].is_checked);
    }
}

static void nobody_there_is_unreachable(void **state) {
    (void)state;
    static const struct peer_step steps[] = {{0}};
    struct error err = {0};
    struct test_server server;
    AUTO(registered_page_clear) struct registered_page page = {0};
    start_peer(&server, &(struct peer_script){.steps = steps});
    stop_server(&server);
    assert_result(RESULT_UNAVAILABLE, list(&server, PATIENCE, &page, &err), &err);
    assert_int_equal(outcome_of(RESULT_UNAVAILABLE, &err), OUTCOME_UNREACHABLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_login_gets_in),
        cmocka_unit_test(a_login_cut_off_anywhere_is_an_error),
        cmocka_unit_test(servers_that_fall_silent_are_not_waited_for),
        cmocka_unit_test(nothing_is_sent_in_clear),
        cmocka_unit_test(the_server_must_be_the_domains),
        cmocka_unit_test(direct_tls_needs_no_offer),
        cmocka_unit_test(refusals_of_a_login_say_what_to_do),
        cmocka_unit_test(mechanisms_must_be_known_and_of_the_right_kind),
        cmocka_unit_test(a_login_without_proof_is_not_trusted),
        cmocka_unit_test(external_is_chosen_without_a_password),
        cmocka_unit_test(the_session_must_be_the_accounts),
        cmocka_unit_test(a_list_is_read),
        cmocka_unit_test(only_the_account_answers_for_itself),
        cmocka_unit_test(what_is_no_answer_is_not_read_for_ever),
        cmocka_unit_test(errors_of_the_server_say_what_to_do),
        cmocka_unit_test(of_a_list_that_is_too_long_the_beginning_is_read),
        cmocka_unit_test(what_was_removed_is_known_also_when_something_fails),
        cmocka_unit_test(nobody_there_is_unreachable),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
