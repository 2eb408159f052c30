// The tables of all messages and operations.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/messages.h"

#define DEFINE(message) MESSAGE_DEFINE(message);
MESSAGES(DEFINE)
#undef DEFINE

static const struct operation operations[] = {
#define OPERATION_ROW(constant, number, request_, reply_, channels_)                           \
    {.id = OPERATION_##constant,                                                               \
     .name = #constant,                                                                        \
     .request = &request_##_type,                                                              \
     .reply = &reply_##_type,                                                                  \
     .channels = (channels_)},
    OPERATION_TABLE(OPERATION_ROW)
#undef OPERATION_ROW
};

const struct operation *operation_find(unsigned number) {
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if ((unsigned)operations[i].id == number) {
            return &operations[i];
        }
    }
    return NULL;
}
