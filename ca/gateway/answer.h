// The answers a gateway makes: JSON documents, and errors that name the cure.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// How every answer to one request is framed.
struct answer_form {
    bool head_only; // to HEAD
    bool keep_alive;
};

// 200 with this JSON document.
enum result answer_json(const struct answer_form *form, struct bytes json, struct buf *out);
// 202 with the JSON of a `held`, and its Retry-After.
enum result answer_held(const struct answer_form *form, struct bytes json,
                        int64_t retry_after_seconds, struct buf *out);
// {"error":{"code","message","field","hint"}}; empty members are left out. `status` 0 takes
// that of the error's result. `allow` fills the Allow header of a 405; else NULL. 429 and 503
// get Retry-After, 401 gets WWW-Authenticate.
enum result answer_error(const struct answer_form *form, int status, const struct error *error,
                         const char *allow, struct buf *out);
