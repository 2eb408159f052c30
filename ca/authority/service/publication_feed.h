// Bringing publications to the gateways, piece by piece: a CRL of a million entries must neither fill
// memory with copies for each of them nor keep anybody waiting.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "authority/publish/publisher.h"
#include "authority/service/gateways.h"
#include "base/error.h"
#include "base/limits.h"

// Zeroed memory is one without anything to bring.
struct publication_feed {
    struct feed_line {
        bool wants[LIMIT_PUBLISHED]; // by the item's place in the publisher
        bool is_under_way;           // the first piece of `item` has gone
        size_t item;
        size_t sent;
    } lines[LIMIT_GATEWAYS];
};

// Everything there is, to a gateway that begins.
void feed_begin(struct publication_feed *feed, const struct publisher *publisher,
                const struct gateway *gateway);
// It has ended.
void feed_forget(struct publication_feed *feed, const struct gateway *gateway);
// What is new in the publisher, to all that serve files. What is on its way in an older version
// begins again.
void feed_news(struct publication_feed *feed, struct publisher *publisher,
               struct gateways *gateways);
// Sends the next piece to every gateway that has taken the ones before. *out_sent tells whether
// there was something to send and somebody who took it.
enum result feed_go_on(struct publication_feed *feed, const struct publisher *publisher,
                       struct gateways *gateways, bool *out_sent, struct error *err);
