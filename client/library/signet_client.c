// The client object of the library: options, errors, and what the board brings along.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/library/signet_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "client/connect/authority.h"
#include "wire/tls.h"

#define RESULTS_AGREE(ours, theirs)                                                            \
    _Static_assert((int)(ours) == (int)(theirs), "signet.h has its numbers")
RESULTS_AGREE(SIGNET_OK, RESULT_OK);
RESULTS_AGREE(SIGNET_INVALID, RESULT_INVALID);
RESULTS_AGREE(SIGNET_DENIED, RESULT_DENIED);
RESULTS_AGREE(SIGNET_NOT_FOUND, RESULT_NOT_FOUND);
RESULTS_AGREE(SIGNET_CONFLICT, RESULT_CONFLICT);
RESULTS_AGREE(SIGNET_LIMIT, RESULT_LIMIT);
RESULTS_AGREE(SIGNET_PENDING, RESULT_PENDING);
RESULTS_AGREE(SIGNET_UNAVAILABLE, RESULT_UNAVAILABLE);
RESULTS_AGREE(SIGNET_INTERNAL, RESULT_INTERNAL);

void signet_use_platform(const struct signet_platform *platform) {
    clock_use_sources(platform->now, platform->milliseconds);
    random_use_source(platform->random);
}

enum signet_result signet_client_new(const struct signet_options *options,
                                     struct signet_client **out_client) {
    if (out_client == NULL) {
        return SIGNET_INVALID;
    }
    struct signet_client *client = calloc(1, sizeof(*client));
    if (client == NULL || tls_prepare(NULL) != RESULT_OK) {
        free(client);
        return SIGNET_INTERNAL;
    }
    if (options != NULL) {
        client->trusts_server_time = options->trusts_server_time;
        client->has_transport = options->transport != NULL;
    }
    if (client->has_transport) {
        client->transport = transport_of_firmware(options->transport);
    }
    *out_client = client;
    return SIGNET_OK;
}

void signet_client_free(struct signet_client *client) {
    free(client);
}

const struct transport *client_transport(const struct signet_client *client) {
    return client->has_transport ? &client->transport : NULL;
}

// --- results -----------------------------------------------------------------------------

const char *signet_error_code(const struct signet_client *client) {
    return client != NULL ? client->error.code : "";
}

const char *signet_error_text(const struct signet_client *client) {
    return client != NULL ? client->error.message : "";
}

const char *signet_error_hint(const struct signet_client *client) {
    return client != NULL ? client->error.hint : "";
}

struct error *client_begin(struct signet_client *client) {
    client->error = (struct error){0};
    return &client->error;
}

enum signet_result client_end(struct signet_client *client, enum result result) {
    if (result == RESULT_OK) {
        client->error = (struct error){0};
    } else if (client->error.code[0] == '\0' && result == RESULT_INTERNAL) {
        (void)error_out_of_memory(&client->error);
    } else if (client->error.code[0] == '\0') {
        (void)error_set(&client->error, result, "%s", result_text(result));
    }
    return (enum signet_result)result;
}

enum result require_argument(const void *argument, const char *name, struct error *err) {
    return argument != NULL ? RESULT_OK
                            : error_set_code(err, RESULT_INVALID, "usage", "%s is NULL", name);
}

enum result give_bytes(struct bytes bytes, void *room, size_t size, size_t *out_size,
                       struct error *err) {
    TRY(require_argument(out_size, "out_size", err));
    *out_size = bytes.size;
    if (bytes.size > size || room == NULL) {
        return error_set_code(err, RESULT_LIMIT, "room", "it takes %zu bytes, there are %zu",
                              bytes.size, room == NULL ? (size_t)0 : size);
    }
    memcpy(room, bytes.data, bytes.size);
    return RESULT_OK;
}

// --- tokens ------------------------------------------------------------------------------

static enum result parse_token(const char *text, struct signet_token *out_token,
                               struct error *err) {
    AUTO(buf_clear) struct buf credential = {0};
    struct authority_place place;
    buf_init_secret(&credential, LIMIT_TOKEN_TEXT_BYTES);
    TRY(require_argument(text, "token", err));
    TRY(require_argument(out_token, "out_token", err));
    TRY(authority_read_token(text, &place, &credential, err));
    _Static_assert(sizeof(out_token->host) == sizeof(place.url.host), "both hold a name");
    _Static_assert(sizeof(out_token->fingerprint) == SHA256_SIZE, "of the same kind");
    memcpy(out_token->host, place.url.host, sizeof(out_token->host));
    memcpy(out_token->fingerprint, place.fingerprint, SHA256_SIZE);
    out_token->port = place.url.port;
    return RESULT_OK;
}

enum signet_result signet_token_parse(struct signet_client *client, const char *token,
                                      struct signet_token *out_token) {
    return client == NULL
               ? SIGNET_INVALID
               : client_end(client, parse_token(token, out_token, client_begin(client)));
}
