// Bounded binary frames between authority and gateway: the form of what crosses a socketpair.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Request: gateway to authority, `number` an operation. Reply: to the request of the same id,
// carrying a message or an error. Notice: authority to gateway, `number` a notice.
enum frame_kind { FRAME_REQUEST = 1, FRAME_REPLY = 2, FRAME_NOTICE = 3 };

// On the wire, all integers big-endian:
//   u32 size of what follows   u8 kind   u8 result   u16 number   u32 id
//   u16 size, peer address     u32 size, peer certificate     rest: body
struct frame {
    enum frame_kind kind;
    uint8_t result; // enum result, in replies
    uint16_t number;
    uint32_t id;
    struct bytes peer_address;     // text, "192.0.2.7"; in requests
    struct bytes peer_certificate; // DER the peer proved possession of; empty without
    struct bytes body; // a message in binary form; in a failed reply an encoded error
};

enum result frame_write(const struct frame *frame, size_t maximum, struct buf *out,
                        struct error *err);
// Reads one frame from the start of `input`. RESULT_PENDING when it is not complete yet,
// RESULT_INVALID when it can never be right (a size above `maximum` among others). The views
// point into `input`; *out_used is what to consume.
enum result frame_read(struct bytes input, size_t maximum, struct frame *out_frame,
                       size_t *out_used, struct error *err);

// An error as a body, and back.
enum result frame_write_error(const struct error *error, struct buf *out);
enum result frame_read_error(struct bytes body, struct error *out_error);
