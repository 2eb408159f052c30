// OCSP over HTTP (RFC 6960, appendix A; RFC 5019, 5 and 6): questions come as GET and POST, and
// what has been answered before is answered here.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "gateway/answer.h"
#include "wire/http.h"
#include "wire/messages.h"

// What all connections of a gateway share.
struct ocsp_desk;

enum result ocsp_desk_new(struct ocsp_desk **out_desk, struct error *err);
void ocsp_desk_free(struct ocsp_desk *desk);
// Whether the authority passes over nonces: a request with one is then like any other.
void ocsp_desk_set_nonce(struct ocsp_desk *desk, bool is_ignored);
void ocsp_desk_forget(struct ocsp_desk *desk, const struct status_changed *changed);

// One question, from its request to its answer.
struct ocsp_question;

// NULL is fine.
void ocsp_question_free(struct ocsp_question *question);

// Reads a GET of /ocsp/{base64} or a POST of /ocsp. RESULT_OK: the question is to be forwarded, and
// `out_message` is its message in binary form. RESULT_CONFLICT: the answer is in `out` already,
// because it was kept, or because the request is none or too many wait; with a question all the same
// when a kept answer will end soon, to be forwarded on nobody's behalf. RESULT_INVALID (code
// "wrong_content_type") and RESULT_LIMIT ("body_too_large") are the errors of HTTP.
enum result ocsp_question_begin(struct ocsp_desk *desk, const struct http_message *request,
                                const struct answer_form *form,
                                struct ocsp_question **out_question, struct buf *out_message,
                                struct buf *out, struct error *err);
// The authority's reply as the answer; it is kept when it may be.
enum result ocsp_question_answer(struct ocsp_question *question, struct bytes reply,
                                 const struct answer_form *form, struct buf *out,
                                 struct error *err);
// The same where nobody waits for it any more: it is kept for those who come.
void ocsp_question_keep(struct ocsp_question *question, struct bytes reply);
// The unsigned response that stands for this failure of the authority (RFC 6960, 4.2.1).
enum result ocsp_question_refuse(enum result failure, const struct answer_form *form,
                                 struct buf *out);
