// Requests that wait for the authority: who asked, by the frame's id.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "wire/messages.h"

struct channel_pipe;
struct requests;

// `*channel` is read at each request; NULL there means that the authority is gone.
enum result requests_new(struct channel_pipe *const *channel, struct requests **out_requests,
                         struct error *err);
// Gives each owner that still waits to `free_owner`.
void requests_free(struct requests *requests, void (*free_owner)(void *owner));

// Sends the request frame; `owner` is what requests_take gives back. RESULT_UNAVAILABLE (code
// "overloaded") at LIMIT_FRAMES_WAITING requests or LIMIT_CHANNEL_OUTPUT_BYTES: at once, so
// that a queue never grows behind a slow authority.
enum result requests_send(struct requests *requests, enum operation_id operation,
                          const char *peer_address, struct bytes peer_certificate,
                          struct bytes body, void *owner, struct error *err);
// The owner of the request of that id, which is over with that; NULL for an id that is not
// waiting.
void *requests_take(struct requests *requests, uint32_t id);
