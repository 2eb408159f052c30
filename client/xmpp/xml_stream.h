// The XML that an XMPP server sends, stanza by stanza, with a bound on everything it chooses.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

// One element with what is in it. Attributes without a namespace only, which are all that XMPP
// needs beside xml:lang.
struct xml_element;

void xml_element_free(struct xml_element *element);
void xml_element_free_at(struct xml_element **element);
// `space` is the namespace. False for NULL.
bool xml_element_is(const struct xml_element *element, const char *space, const char *name);
const char *xml_element_name(const struct xml_element *element);
// NULL without.
const char *xml_element_attribute(const struct xml_element *element, const char *name);
// Something that was in it, or in what is in it, was left out; see xml_stream_keep_beginnings.
bool xml_element_is_cut(const struct xml_element *element);
// The characters directly in it; "" for NULL.
const char *xml_element_text(const struct xml_element *element);
// The first child of that name; NULL when there is none, and for a NULL element.
const struct xml_element *xml_element_child(const struct xml_element *element,
                                            const char *space, const char *name);
// All children: the first, and the one behind another.
const struct xml_element *xml_element_first(const struct xml_element *element);
const struct xml_element *xml_element_next(const struct xml_element *element);

// A stream of RFC 6120: <stream:stream>, and stanzas in it.
struct xml_stream;

enum result xml_stream_new(struct xml_stream **out_stream, struct error *err);
void xml_stream_free(struct xml_stream *stream);
void xml_stream_free_at(struct xml_stream **stream);
// Takes what came from the network; only after xml_stream_next said that nothing is left.
// RESULT_INVALID, code "answer": this is no such stream, or has what RFC 6120, 11.1 forbids (a
// document type, comments, processing instructions). RESULT_LIMIT, code "answer": too much.
enum result xml_stream_feed(struct xml_stream *stream, struct bytes bytes, struct error *err);
// The next whole stanza, for the caller to free. RESULT_PENDING when more bytes are needed;
// RESULT_NOT_FOUND behind the end of the stream; errors as xml_stream_feed.
enum result xml_stream_next(struct xml_stream *stream, struct xml_element **out_stanza,
                            struct error *err);
// Whether a stanza above LIMIT_XMPP_STANZA_BYTES or LIMIT_XMPP_ELEMENTS is cut there, up to
// LIMIT_XMPP_CUT_BYTES, instead of an error. For what others may have filled.
void xml_stream_keep_beginnings(struct xml_stream *stream, bool is_wanted);
// No byte has come behind the last stanza that was taken.
bool xml_stream_is_drained(const struct xml_stream *stream);
// Appends text so that it may stand in an element or between quotes.
enum result xml_escape(const char *text, struct buf *out);
