// The loop of the authority: requests in, groups committed, answers and publications out.
// SPDX-License-Identifier: GPL-3.0-or-later
// Holds the signal, timer, check and idle handles of the process; all live as long as the loop.
#include "authority/service/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <uv.h>

#include "authority/authority.h"
#include "authority/authority_open.h"
#include "authority/service/gateways.h"
#include "authority/service/group.h"
#include "authority/issuers/ca_key.h"
#include "authority/issuers/issuer_choice.h"
#include "authority/requests/request.h"
#include "authority/service/notices.h"
#include "authority/service/publication_feed.h"
#include "authority/service/sandbox.h"
#include "authority/service/supervisor.h"
#include "authority/service/waiting_lines.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "x509/key_pkcs11.h"

#define LOG_COMPONENT "authority"
#define TICK_MILLISECONDS 1000
// Revocations that come together share one CRL; still well within a second.
#define PUBLISH_DELAY_MILLISECONDS 200
#define PUBLISH_RETRY_MILLISECONDS 5000
// What a request waits longer while CRLs are made.
#define WORK_MILLISECONDS 5
#define IDENTITY_RETRY_MILLISECONDS 60000
#define WARNING_SECONDS 3600

struct service {
    struct authority authority;
    uv_loop_t loop;
    uv_signal_t terminate, interrupt, reload;
    uv_timer_t tick, publish, watchdog, drain;
    uv_check_t after_poll;
    uv_idle_t more_waits;
    struct gateways *gateways;
    struct waiting_lines lines;
    struct publication_feed feed;
    bool is_publishing;        // a round of making CRLs is under way
    int64_t identity_retry_at; // monotonic milliseconds
    int64_t responders_retry_at;
    int64_t warn_again_at;
    bool is_stopping;
    bool is_over;
};

// --- gateways and requests that begin and end ------------------------------------------------

static void on_more_waits(uv_idle_t *idle) {
    (void)idle; // its being active keeps the loop from sleeping
}

static void stay_awake(struct service *service) {
    (void)uv_idle_start(&service->more_waits, on_more_waits); // cannot fail
}

static void on_gateway_start(void *context, struct gateway *gateway) {
    struct service *service = context;
    struct error err = {0};
    enum result result = notices_send_setup(&service->authority, gateway, &err);
    if (result == RESULT_OK) {
        result = notices_send_identity(&service->authority, gateway, &err);
    }
    if (result != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "gateway not set up", &err);
    }
    feed_begin(&service->feed, &service->authority.publisher, gateway);
    stay_awake(service);
    service->authority.gateways = (int64_t)gateways_running(service->gateways);
}

static enum result expire_due(struct authority *authority, void *context, struct error *err) {
    const int64_t *now = context;
    return request_expire_due(authority, *now, err);
}

static void expire_requests(struct service *service) {
    int64_t now = clock_now();
    bool is_due = false;
    struct error err = {0};
    enum result result = request_is_due(&service->authority, now, &is_due, &err);
    if (result == RESULT_OK && is_due) {
        result = authority_transact(&service->authority, expire_due, &now, &err);
    }
    if (result != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "requests not expired", &err);
    }
    notices_tell_decided(&service->authority, service->gateways);
}

// --- publishing and rotating -----------------------------------------------------------------

static void publish(struct service *service);

static void on_publish_time(uv_timer_t *timer) {
    publish(timer->data);
}

static void publish_after(struct service *service, uint64_t milliseconds) {
    if (!uv_is_active((uv_handle_t *)&service->publish)) {
        (void)uv_timer_start(&service->publish, on_publish_time, milliseconds, 0);
    }
}

static void publish(struct service *service) {
    if (publisher_is_due(&service->authority, clock_now())) {
        service->is_publishing = true;
        stay_awake(service);
    }
}

// The end of a round: what is due by now is for the next one.
static void after_publishing(struct service *service, enum result result,
                             const struct error *err) {
    service->is_publishing = false;
    bool is_too_soon = result != RESULT_OK && strcmp(err->code, "crl_too_soon") == 0;
    if (result != RESULT_OK && !is_too_soon) {
        log_error(LOG_LEVEL_ERROR, "crl not published", err);
        publish_after(service, PUBLISH_RETRY_MILLISECONDS);
    } else if (publisher_is_due(&service->authority, clock_now())) {
        publish_after(service, PUBLISH_DELAY_MILLISECONDS);
    }
}

// One turn of making CRLs. The CRLs of the other CAs go out even if one could not be made.
static void go_on_publishing(struct service *service) {
    struct error err = {0};
    bool is_over = false;
    enum result result = publisher_go_on(&service->authority, clock_now(), &is_over, &err);
    if (is_over) {
        after_publishing(service, result, &err);
    }
    feed_news(&service->feed, &service->authority.publisher, service->gateways);
}

// A few milliseconds of what takes long, so that those who ask are not kept waiting by it. True when
// there is more to do at once.
static bool work(struct service *service) {
    const int64_t until = clock_monotonic_milliseconds() + WORK_MILLISECONDS;
    bool has_sent = true;
    while ((service->is_publishing || has_sent) && clock_monotonic_milliseconds() < until) {
        struct error err = {0};
        if (service->is_publishing) {
            go_on_publishing(service);
        }
        if (feed_go_on(&service->feed, &service->authority.publisher, service->gateways,
                       &has_sent, &err) != RESULT_OK) {
            log_error(LOG_LEVEL_ERROR, "publication not sent", &err);
            return service->is_publishing;
        }
    }
    return service->is_publishing || has_sent;
}

static void rotate_identity(struct service *service) {
    int64_t milliseconds = clock_monotonic_milliseconds();
    int64_t now = clock_now();
    struct error err = {0};
    if (!service_identity_is_due(&service->authority, now) ||
        milliseconds < service->identity_retry_at) {
        return;
    }
    enum result result = service_identity_replace(&service->authority, now, &err);
    for (size_t i = 0; result == RESULT_OK && i < gateways_count(service->gateways); i++) {
        result =
            notices_send_identity(&service->authority, gateways_at(service->gateways, i), &err);
    }
    if (result != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "service certificate not replaced", &err);
        service->identity_retry_at = milliseconds + IDENTITY_RETRY_MILLISECONDS;
    }
}

static void rotate_responders(struct service *service) {
    int64_t milliseconds = clock_monotonic_milliseconds();
    int64_t now = clock_now();
    struct error err = {0};
    if (milliseconds < service->responders_retry_at ||
        !ocsp_responders_are_due(&service->authority, now)) {
        return;
    }
    if (ocsp_responders_replace(&service->authority, now, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "ocsp responder not replaced", &err);
        service->responders_retry_at = milliseconds + IDENTITY_RETRY_MILLISECONDS;
    }
}

// Loud enough to be noticed, and not so often that nobody looks any more.
static void warn(struct service *service, int64_t now) {
    if (now < service->warn_again_at) {
        return;
    }
    service->warn_again_at = now + WARNING_SECONDS;
    struct status told = {0};
    if (publisher_warn(&service->authority, now, &told.warnings) == RESULT_OK) {
        for (size_t i = 0; i < told.warnings.count; i++) {
            log_event(LOG_LEVEL_WARNING, "crl runs out", "what", told.warnings.items[i], NULL);
        }
    }
    message_clear(&status_type, &told);
}

static void on_tick(uv_timer_t *timer) {
    struct service *service = timer->data;
    service->authority.gateways = (int64_t)gateways_running(service->gateways);
    rotate_identity(service);
    rotate_responders(service);
    expire_requests(service);
    warn(service, clock_now());
    if (publisher_is_due(&service->authority, clock_now())) {
        publish_after(service, 0);
    }
}

// --- requests --------------------------------------------------------------------------------

static void send_answer(struct gateway *gateway, uint32_t id, const struct answer *answer) {
    struct frame frame = {
        .kind = FRAME_REPLY,
        .result = (uint8_t)answer->result,
        .id = id,
        .body = buf_bytes(&answer->body),
    };
    gateway_send(gateway, &frame);
}

static void refuse(struct gateway *gateway, uint32_t id, enum result result,
                   const char *message) {
    struct error err = {0};
    (void)error_set(&err, result, "%s", message);
    error_hint(&err, "Try again later.");
    AUTO(answer_clear) struct answer answer = {0};
    answer_refuse(&answer, &err);
    send_answer(gateway, id, &answer);
}

static void on_request(void *context, struct gateway *gateway, const struct frame *frame) {
    struct service *service = context;
    struct waiting *waiting = NULL;
    struct error err = {0};
    if (waiting_new(gateway_role(gateway), frame, &waiting, &err) != RESULT_OK) {
        refuse(gateway, frame->id, RESULT_UNAVAILABLE, err.message);
        return;
    }
    if (waiting_lines_add(&service->lines, gateway_index(gateway), waiting) != RESULT_OK) {
        refuse(gateway, frame->id, RESULT_UNAVAILABLE, "too many requests wait");
        waiting_free(waiting);
    }
}

static void on_gateway_end(void *context, struct gateway *gateway) {
    struct service *service = context;
    waiting_lines_drop(&service->lines, gateway_index(gateway));
    feed_forget(&service->feed, gateway);
    service->authority.gateways = (int64_t)gateways_running(service->gateways);
}

static void after_group(struct service *service) {
    notices_tell_decided(&service->authority, service->gateways);
    if (service->authority.publisher.has_news) {
        publish_after(service, 0);
    } else if (publisher_is_due(&service->authority, clock_now())) {
        publish_after(service, PUBLISH_DELAY_MILLISECONDS);
    }
}

// After every poll: what has arrived by now shares one transaction.
static void on_after_poll(uv_check_t *check) {
    struct service *service = check->data;
    struct waiting_group group = {.count = 0};
    waiting_lines_take(&service->lines, gateways_count(service->gateways), &group);
    if (group.count > 0) {
        group_run(&service->authority, group.requests, group.count);
        notices_tell_status(&service->authority, service->gateways);
        for (size_t i = 0; i < group.count; i++) {
            send_answer(gateways_at(service->gateways, group.gateways[i]),
                        group.requests[i]->frame.id, &group.requests[i]->answer);
            waiting_free(group.requests[i]);
        }
        after_group(service);
    }
    if (work(service) || waiting_lines_count(&service->lines) > 0) {
        stay_awake(service);
    } else {
        (void)uv_idle_stop(&service->more_waits);
    }
}

// --- signals ---------------------------------------------------------------------------------

static void end_loop(struct service *service) {
    service->is_over = true;
    uv_stop(&service->loop);
}

static void on_all_ended(void *context) {
    end_loop(context);
}

static void on_drain_timeout(uv_timer_t *timer) {
    log_event(LOG_LEVEL_WARNING, "gateways take too long to finish", NULL);
    end_loop(timer->data);
}

static void on_stop_signal(uv_signal_t *handle, int number) {
    struct service *service = handle->data;
    (void)number;
    if (service->is_stopping) {
        end_loop(service);
        return;
    }
    service->is_stopping = true;
    supervisor_notify("STOPPING=1");
    log_event(LOG_LEVEL_INFO, "authority stopping", NULL);
    (void)uv_timer_start(&service->drain, on_drain_timeout, LIMIT_DRAIN_SECONDS * 1000, 0);
    gateways_drain(service->gateways);
}

static void notify_reloading(void) {
    char state[64];
    (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
                   (unsigned long long)(uv_hrtime() / 1000));
    supervisor_notify(state);
}

static enum result log_line(const char *line, void *context, struct error *err) {
    (void)context;
    (void)err;
    log_event(LOG_LEVEL_WARNING, "configuration", "what", line, NULL);
    return RESULT_OK;
}

// What `signetd check` tells as well.
static void log_config_warnings(const struct config *config) {
    struct error err = {0};
    if (config_each_warning(config, log_line, NULL, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "warnings not told", &err);
    }
}

static void on_reload_signal(uv_signal_t *handle, int number) {
    struct service *service = handle->data;
    (void)number;
    struct error err = {0};
    bool needs_restart = false;
    notify_reloading();
    if (authority_reload(&service->authority, &needs_restart, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "configuration not reloaded, the old one stays", &err);
        supervisor_notify("READY=1");
        return;
    }
    const struct config *config = &service->authority.config;
    log_configure(config->log_level, config->log_format, LOG_COMPONENT);
    log_config_warnings(config);
    if (needs_restart) {
        log_event(LOG_LEVEL_WARNING, "restart needed", "reason", err.message, NULL);
    }
    for (size_t i = 0; i < gateways_count(service->gateways); i++) {
        struct gateway *gateway = gateways_at(service->gateways, i);
        // The identity again: which manufacturers are trusted may have changed.
        if (notices_send_setup(&service->authority, gateway, &err) != RESULT_OK ||
            notices_send_identity(&service->authority, gateway, &err) != RESULT_OK) {
            log_error(LOG_LEVEL_ERROR, "gateway not set up", &err);
        }
    }
    rotate_responders(service);
    notices_tell_status(&service->authority, service->gateways);
    supervisor_notify("READY=1");
}

static void on_watchdog(uv_timer_t *timer) {
    (void)timer;
    supervisor_notify("WATCHDOG=1");
}

// --- start and end ---------------------------------------------------------------------------

static const struct gateways_events gateways_events = {
    .on_start = on_gateway_start,
    .on_request = on_request,
    .on_end = on_gateway_end,
    .on_all_ended = on_all_ended,
};

// None of these can fail for a fresh loop.
static void make_handles(struct service *service) {
    (void)uv_signal_init(&service->loop, &service->terminate);
    (void)uv_signal_init(&service->loop, &service->interrupt);
    (void)uv_signal_init(&service->loop, &service->reload);
    (void)uv_timer_init(&service->loop, &service->tick);
    (void)uv_timer_init(&service->loop, &service->publish);
    (void)uv_timer_init(&service->loop, &service->watchdog);
    (void)uv_timer_init(&service->loop, &service->drain);
    (void)uv_check_init(&service->loop, &service->after_poll);
    (void)uv_idle_init(&service->loop, &service->more_waits);
    service->terminate.data = service->interrupt.data = service->reload.data = service;
    service->tick.data = service->publish.data = service->drain.data = service;
    service->after_poll.data = service;
}

static enum result start_handles(struct service *service, struct error *err) {
    int status = uv_signal_start(&service->terminate, on_stop_signal, SIGTERM);
    status |= uv_signal_start(&service->interrupt, on_stop_signal, SIGINT);
    status |= uv_signal_start(&service->reload, on_reload_signal, SIGHUP);
    status |= uv_timer_start(&service->tick, on_tick, TICK_MILLISECONDS, TICK_MILLISECONDS);
    status |= uv_check_start(&service->after_poll, on_after_poll);
    uint64_t watchdog = supervisor_watchdog_milliseconds();
    if (watchdog > 0) {
        status |= uv_timer_start(&service->watchdog, on_watchdog, watchdog, watchdog);
    }
    return status == 0 ? RESULT_OK
                       : error_set(err, RESULT_INTERNAL, "signals and timers cannot be set up");
}

// A CRL that cannot be made now is tried again, and a large one follows soon: stored ones are served in
// the meantime.
static enum result start_publishing(struct service *service, struct error *err) {
    TRY(publisher_start(&service->authority, err));
    int64_t now = clock_now();
    struct error failure = {0};
    if (publisher_takes_long(&service->authority, now)) {
        publish_after(service, 0);
    } else if (publisher_is_due(&service->authority, now) &&
               publisher_run(&service->authority, now, &failure) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "crl not published", &failure);
    }
    struct publisher *publisher = &service->authority.publisher;
    for (size_t i = 0; i < publisher->item_count; i++) {
        publisher->items[i].is_new = false; // every gateway gets all of them when it starts
    }
    return RESULT_OK;
}

// Counting a million records for the first time takes a second; later only changes are counted.
// Nobody waits yet.
static enum result count_once(struct authority *authority, struct error *err) {
    int64_t count = 0;
    int64_t now = clock_now();
    TRY(store_count_certificates(authority->store, now, &count, &count, &count, err));
    return store_count_open_tokens(authority->store, now, &count, err);
}

// Every socket is open by now, and every file lies in the folder, but for what a PKCS#11 module
// writes to. A key on a token is tried once more behind the door: better now than at the first
// device. From here on nobody is asked for a PIN: all requests would wait for an answer.
static enum result give_up_the_rest(const struct authority *authority, const char *folder,
                                    struct error *err) {
    bool has_landlock = false;
    TRY(sandbox_enter(folder, &authority->config.pkcs11_paths, &has_landlock, err));
    key_pin_prompt_set(NULL);
    TRY(ca_key_prove_tokens(&authority->issuers, err));
    if (!has_landlock) {
        log_event(LOG_LEVEL_INFO, "no landlock", "meaning",
                  "this kernel cannot confine the authority to its folder", NULL);
    }
    return RESULT_OK;
}

// Under a retired CA nothing is issued any more, but whoever relies on it still needs its CRLs.
static enum result check_profiles(const struct authority *authority, struct error *err) {
    struct error failure = {0};
    if (issuer_set_check_profiles(&authority->issuers, &authority->config.profiles, &failure) ==
        RESULT_OK) {
        return RESULT_OK;
    }
    if (strcmp(failure.code, "issuer_unknown") == 0) {
        *err = failure;
        return failure.result;
    }
    log_error(LOG_LEVEL_WARNING, "profile without an issuing CA", &failure);
    return RESULT_OK;
}

static enum result serve(struct service *service, const char *folder, struct error *err) {
    struct authority *authority = &service->authority;
    TRY(authority_open(folder, authority, err));
    log_configure(authority->config.log_level, authority->config.log_format, LOG_COMPONENT);
    log_config_warnings(&authority->config);
    TRY(gateways_open(&service->loop, &authority->config, &gateways_events, service,
                      &service->gateways, err));
    if (gateways_count(service->gateways) == 0) {
        (void)error_set(err, RESULT_INVALID, "no gateway has an address to listen on");
        error_hint(err, "Add listen to the [gateway …] sections of signetd.conf.");
        return RESULT_INVALID;
    }
    TRY(check_profiles(authority, err));
    TRY(give_up_the_rest(authority, folder, err));
    TRY(authority_record_start(authority, err));
    TRY(count_once(authority, err));
    TRY(start_publishing(service, err));
    TRY(service_identity_replace(authority, clock_now(), err));
    rotate_responders(service); // without one, OCSP says "try later"
    TRY(start_handles(service, err));
    TRY(gateways_start(service->gateways, err));
    supervisor_notify("READY=1");
    while (!service->is_over) {
        (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    }
    return authority_record_stop(authority, err);
}

static void close_handle(uv_handle_t *handle, void *context) {
    (void)context;
    // Processes are still waited for; their handles close when they have ended.
    if (!uv_is_closing(handle) && handle->type != UV_PROCESS) {
        uv_close(handle, NULL);
    }
}

static void service_free(struct service *service) {
    gateways_close(service->gateways);
    uv_walk(&service->loop, close_handle, NULL);
    (void)uv_run(&service->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&service->loop);
    gateways_free(service->gateways);
    waiting_lines_clear(&service->lines);
    authority_clear(&service->authority);
    free(service);
}

// A core file would hold the CA's keys.
static void forbid_core_files(void) {
    const struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
}

enum result authority_run(const char *folder, struct error *err) {
    struct service *service = calloc(1, sizeof(*service));
    if (service == NULL) {
        return error_out_of_memory(err);
    }
    forbid_core_files();
    supervisor_open();
    (void)signal(SIGPIPE, SIG_IGN);
    if (uv_loop_init(&service->loop) != 0) {
        free(service);
        return error_set(err, RESULT_UNAVAILABLE, "the event loop cannot be made");
    }
    make_handles(service);
    enum result result = serve(service, folder, err);
    service_free(service);
    return result;
}
