// Which publication goes to which gateway next, and its pieces.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/publication_feed.h"

#include "authority/service/notices.h"

// Bytes in one notice; a gateway that has not taken so many gets no more.
#define PIECE_BYTES ((size_t)LIMIT_PUBLICATION_PIECE_BYTES)
// Path, tags and so on around a piece.
#define FRAME_BYTES ((size_t)64 * 1024)

// Administrators have the other gateways for files.
static bool serves_files(const struct gateway *gateway) {
    return gateway_role(gateway) != CHANNEL_ADMIN;
}

void feed_begin(struct publication_feed *feed, const struct publisher *publisher,
                const struct gateway *gateway) {
    struct feed_line *line = &feed->lines[gateway_index(gateway)];
    *line = (struct feed_line){0};
    for (size_t i = 0; serves_files(gateway) && i < publisher->item_count; i++) {
        line->wants[i] = true;
    }
}

void feed_forget(struct publication_feed *feed, const struct gateway *gateway) {
    feed->lines[gateway_index(gateway)] = (struct feed_line){0};
}

static void want(struct feed_line *line, size_t item) {
    line->wants[item] = true;
    line->is_under_way = line->is_under_way && line->item != item;
}

void feed_news(struct publication_feed *feed, struct publisher *publisher,
               struct gateways *gateways) {
    for (size_t i = 0; i < publisher->item_count; i++) {
        for (size_t g = 0; publisher->items[i].is_new && g < gateways_count(gateways); g++) {
            if (serves_files(gateways_at(gateways, g))) {
                want(&feed->lines[g], i);
            }
        }
        publisher->items[i].is_new = false;
    }
}

// --- pieces ----------------------------------------------------------------------------------

// What is made of others comes behind them.
enum { ORDER_BODY, ORDER_PEM, ORDER_SAME, ORDER_COUNT };

static int order_of(const struct publication *publication) {
    return publication->same_as != NULL    ? ORDER_SAME
           : publication->pem_of.count > 0 ? ORDER_PEM
                                           : ORDER_BODY;
}

static bool choose(struct feed_line *line, const struct publisher *publisher) {
    for (int order = 0; order < ORDER_COUNT; order++) {
        for (size_t i = 0; i < publisher->item_count; i++) {
            if (line->wants[i] && order_of(&publisher->items[i].message) == order) {
                line->item = i;
                line->sent = 0;
                return true;
            }
        }
    }
    return false;
}

static enum result send_notice(struct gateway *gateway, enum notice_id notice,
                               const struct message_type *type, const void *message,
                               struct error *err) {
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, PIECE_BYTES + FRAME_BYTES);
    TRY(message_to_binary(type, message, &body, err));
    notices_send(gateway, notice, buf_bytes(&body));
    return RESULT_OK;
}

// A view of as much of the body as one notice carries.
static struct blob piece_of(const struct publication *publication, size_t offset) {
    struct bytes piece = bytes_slice(blob_bytes(&publication->body), offset, PIECE_BYTES);
    return (struct blob){.data = (uint8_t *)(uintptr_t)piece.data, .size = piece.size};
}

static enum result send_first(struct gateway *gateway, const struct publication *publication,
                              struct error *err) {
    struct publication first = *publication; // borrows: nothing to clear
    first.body = piece_of(publication, 0);
    if (first.body.size < publication->body.size) {
        first.size = (int64_t)publication->body.size;
    }
    return send_notice(gateway, NOTICE_PUBLICATION, &publication_type, &first, err);
}

static enum result send_next(struct gateway *gateway, const struct publication *publication,
                             size_t offset, struct error *err) {
    const struct publication_piece piece = {.body = piece_of(publication, offset)};
    return send_notice(gateway, NOTICE_PUBLICATION_PIECE, &publication_piece_type, &piece, err);
}

static enum result send_piece(struct feed_line *line, struct gateway *gateway,
                              const struct publisher *publisher, struct error *err) {
    const struct publication *publication = &publisher->items[line->item].message;
    TRY(line->is_under_way ? send_next(gateway, publication, line->sent, err)
                           : send_first(gateway, publication, err));
    line->sent += piece_of(publication, line->sent).size;
    line->is_under_way = line->sent < publication->body.size;
    line->wants[line->item] = line->is_under_way;
    return RESULT_OK;
}

enum result feed_go_on(struct publication_feed *feed, const struct publisher *publisher,
                       struct gateways *gateways, bool *out_sent, struct error *err) {
    *out_sent = false;
    for (size_t g = 0; g < gateways_count(gateways); g++) {
        struct feed_line *line = &feed->lines[g];
        struct gateway *gateway = gateways_at(gateways, g);
        if (gateway_waiting(gateway) < PIECE_BYTES &&
            (line->is_under_way || choose(line, publisher))) {
            TRY(send_piece(line, gateway, publisher, err));
            *out_sent = true;
        }
    }
    return RESULT_OK;
}
