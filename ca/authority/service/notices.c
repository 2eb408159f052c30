// Encoding notices and choosing whom they are for.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/notices.h"

#include "authority/authority.h"
#include "authority/requests/request.h"
#include "base/limits.h"
#include "base/log.h"

void notices_send(struct gateway *gateway, enum notice_id notice, struct bytes body) {
    struct frame frame = {.kind = FRAME_NOTICE, .number = (uint16_t)notice, .body = body};
    gateway_send(gateway, &frame);
}

// --- settings and identity -------------------------------------------------------------------

static const char *level_name(enum log_level level) {
    static const char *const names[] = {
        [LOG_LEVEL_DEBUG] = "debug",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_ERROR] = "error",
    };
    return names[level];
}

static enum result encode_setup(const struct config *config, struct buf *out,
                                struct error *err) {
    struct setup setup = {
        .log_level = (char *)(uintptr_t)level_name(config->log_level),
        .log_format =
            config->log_format == LOG_FORMAT_JSON ? (char[]){"json"} : (char[]){"text"},
        .connections = config->connections,
        .connections_per_address = config->connections_per_address,
        .handshake_seconds = config->handshake_seconds,
        .request_seconds = config->request_seconds,
        .idle_seconds = config->idle_seconds,
        .ocsp_ignores_nonce = !config->ocsp_nonce,
    };
    return message_to_binary(&setup_type, &setup, out, err); // borrows: nothing to clear
}

enum result notices_send_setup(const struct authority *authority, struct gateway *gateway,
                               struct error *err) {
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 4096);
    TRY(encode_setup(&authority->config, &body, err));
    notices_send(gateway, NOTICE_SETUP, buf_bytes(&body));
    return RESULT_OK;
}

enum result notices_send_identity(const struct authority *authority, struct gateway *gateway,
                                  struct error *err) {
    if (gateway_role(gateway) == CHANNEL_PUBLIC) {
        return RESULT_OK; // speaks plain HTTP: a key it cannot use is a key it cannot lose
    }
    AUTO(buf_clear) struct buf body = {0};
    buf_init_secret(&body, LIMIT_FRAME_REPLY_BYTES);
    TRY(service_identity_encode(authority, gateway_role(gateway), &body, err));
    notices_send(gateway, NOTICE_IDENTITY, buf_bytes(&body));
    return RESULT_OK;
}

// --- what has happened -----------------------------------------------------------------------

// Those that wait for a decision in a long poll wait on an enroll gateway.
static enum result tell_decided(struct gateways *gateways, const char *id, struct error *err) {
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 256);
    struct decided decided = {.id = (char *)(uintptr_t)id}; // borrows: nothing to clear
    TRY(message_to_binary(&decided_type, &decided, &body, err));
    for (size_t i = 0; i < gateways_count(gateways); i++) {
        struct gateway *gateway = gateways_at(gateways, i);
        if (gateway_role(gateway) == CHANNEL_ENROLL) {
            notices_send(gateway, NOTICE_DECIDED, buf_bytes(&body));
        }
    }
    return RESULT_OK;
}

void notices_tell_decided(struct authority *authority, struct gateways *gateways) {
    struct buf *decided = &authority->decided;
    while (decided->size > 0) {
        char id[REQUEST_ID_TEXT_SIZE];
        struct error err = {0};
        request_id_text(buf_bytes(decided), id);
        buf_consume(decided, REQUEST_ID_SIZE);
        if (tell_decided(gateways, id, &err) != RESULT_OK) {
            log_error(LOG_LEVEL_ERROR, "decision not told", &err);
        }
    }
}

void notices_tell_status(struct authority *authority, struct gateways *gateways) {
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 256);
    struct status_changed changed = {0};
    while (ocsp_changes_take(&authority->status_changes, &changed)) {
        struct error err = {0};
        buf_reset(&body);
        if (message_to_binary(&status_changed_type, &changed, &body, &err) != RESULT_OK) {
            log_error(LOG_LEVEL_ERROR, "change of status not told", &err);
        }
        for (size_t i = 0; i < gateways_count(gateways); i++) {
            struct gateway *gateway = gateways_at(gateways, i);
            if (gateway_role(gateway) != CHANNEL_ADMIN) {
                notices_send(gateway, NOTICE_STATUS_CHANGED, buf_bytes(&body));
            }
        }
        message_clear(&status_changed_type, &changed);
    }
}
