// Stanzas out of bytes, by expat; the only file that knows it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xml_stream.h"

#include <assert.h>
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define STREAM_NAMESPACE "http://etherx.jabber.org/streams"
// Between namespace and name in what expat gives us; neither may hold it.
#define SEPARATOR '\n'

struct attribute {
    char *name;
    char *value;
};

struct xml_element {
    char *space; // "" without
    char *name;
    struct attribute *attributes;
    size_t attribute_count;
    struct buf text;
    bool is_cut;
    struct xml_element *parent;
    struct xml_element *first;
    struct xml_element *last;
    struct xml_element *next;
};

struct xml_stream {
    XML_Parser parser;
    size_t depth; // 0: before <stream:stream> and behind it; 1: between stanzas
    bool is_ended;
    struct xml_element *stanza;  // being read, or whole and waiting for xml_stream_next
    struct xml_element *current; // the element of it that is open; NULL: none
    size_t elements;             // of this stanza
    bool keeps_beginnings;
    size_t skipped; // open elements that are left out, below `current`
    uint64_t fed;   // bytes in all
    uint64_t begin; // where this stanza begins: behind the one before
    struct error failure;
};

// --- elements ------------------------------------------------------------------------------

// Without recursion: how deep the tree is was the server's choice.
void xml_element_free(struct xml_element *element) {
    struct xml_element *at = element;
    while (at != NULL) {
        if (at->first != NULL) {
            struct xml_element *child = at->first;
            at->first = child->next;
            at = child;
            continue;
        }
        struct xml_element *parent = at == element ? NULL : at->parent;
        for (size_t i = 0; i < at->attribute_count; i++) {
            free(at->attributes[i].name);
            free(at->attributes[i].value);
        }
        free(at->attributes);
        free(at->space);
        free(at->name);
        buf_clear(&at->text);
        free(at);
        at = parent;
    }
}

void xml_element_free_at(struct xml_element **element) {
    xml_element_free(*element);
    *element = NULL;
}

bool xml_element_is(const struct xml_element *element, const char *space, const char *name) {
    return element != NULL && strcmp(element->space, space) == 0 &&
           strcmp(element->name, name) == 0;
}

const char *xml_element_name(const struct xml_element *element) {
    return element->name;
}

const char *xml_element_attribute(const struct xml_element *element, const char *name) {
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (strcmp(element->attributes[i].name, name) == 0) {
            return element->attributes[i].value;
        }
    }
    return NULL;
}

bool xml_element_is_cut(const struct xml_element *element) {
    return element->is_cut;
}

const char *xml_element_text(const struct xml_element *element) {
    return element == NULL ? "" : buf_string(&element->text);
}

const struct xml_element *xml_element_child(const struct xml_element *element,
                                            const char *space, const char *name) {
    const struct xml_element *at = element == NULL ? NULL : element->first;
    while (at != NULL && !xml_element_is(at, space, name)) {
        at = at->next;
    }
    return at;
}

const struct xml_element *xml_element_first(const struct xml_element *element) {
    return element->first;
}

const struct xml_element *xml_element_next(const struct xml_element *element) {
    return element->next;
}

// --- building them -------------------------------------------------------------------------

static void fail(struct xml_stream *stream, enum result result, const char *what) {
    if (stream->failure.result == RESULT_OK) {
        (void)error_set_code(&stream->failure, result, "answer", "the server sent %s", what);
    }
    (void)XML_StopParser(stream->parser, XML_FALSE);
}

static void fail_memory(struct xml_stream *stream) {
    if (stream->failure.result == RESULT_OK) {
        (void)error_out_of_memory(&stream->failure);
    }
    (void)XML_StopParser(stream->parser, XML_FALSE);
}

static bool set_name(struct xml_element *element, const char *full) {
    const char *separator = strrchr(full, SEPARATOR);
    if (separator == NULL) {
        element->space = string_copy("");
        element->name = string_copy(full);
    } else {
        element->space = string_copy_bytes(bytes_of(full, (size_t)(separator - full)));
        element->name = string_copy(&separator[1]);
    }
    return element->space != NULL && element->name != NULL;
}

static bool set_attributes(struct xml_element *element, const XML_Char **pairs, size_t count) {
    if (count == 0) {
        return true;
    }
    element->attributes = calloc(count, sizeof(struct attribute));
    if (element->attributes == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strchr(pairs[2 * i], SEPARATOR) != NULL) {
            continue;
        }
        struct attribute *attribute = &element->attributes[element->attribute_count++];
        attribute->name = string_copy(pairs[2 * i]);
        attribute->value = string_copy(pairs[2 * i + 1]);
        if (attribute->name == NULL || attribute->value == NULL) {
            return false;
        }
    }
    return true;
}

static size_t count_pairs(const XML_Char **pairs) {
    size_t count = 0;
    while (pairs[2 * count] != NULL) {
        count++;
    }
    return count;
}

// Takes over the element, also when it fails.
static void attach(struct xml_stream *stream, struct xml_element *element) {
    struct xml_element *parent = stream->current;
    element->parent = parent;
    if (parent == NULL) {
        stream->stanza = element;
    } else if (parent->first == NULL) {
        parent->first = parent->last = element;
    } else {
        parent->last->next = element;
        parent->last = element;
    }
    stream->current = element;
}

static uint64_t end_of_event(const struct xml_stream *stream) {
    return (uint64_t)XML_GetCurrentByteIndex(stream->parser) +
           (uint64_t)XML_GetCurrentByteCount(stream->parser);
}

// --- beginnings ----------------------------------------------------------------------------

// What is read now stands behind what is kept of the stanza.
static bool is_behind(const struct xml_stream *stream) {
    return stream->keeps_beginnings && stream->current != NULL &&
           (stream->elements >= LIMIT_XMPP_ELEMENTS ||
            end_of_event(stream) - stream->begin > LIMIT_XMPP_STANZA_BYTES);
}

static void mark_cut(struct xml_stream *stream) {
    for (struct xml_element *at = stream->current; at != NULL && !at->is_cut; at = at->parent) {
        at->is_cut = true;
    }
}

static size_t most_bytes(const struct xml_stream *stream) {
    return stream->keeps_beginnings ? LIMIT_XMPP_CUT_BYTES : LIMIT_XMPP_STANZA_BYTES;
}

static void add_element(struct xml_stream *stream, const char *name, const XML_Char **pairs) {
    if (stream->skipped > 0 || is_behind(stream)) {
        stream->skipped++;
        mark_cut(stream);
        return;
    }
    size_t count = count_pairs(pairs);
    if (++stream->elements > LIMIT_XMPP_ELEMENTS) {
        fail(stream, RESULT_LIMIT, "a stanza of too many elements");
        return;
    }
    if (count > LIMIT_XMPP_ATTRIBUTES) {
        fail(stream, RESULT_LIMIT, "an element with too many attributes");
        return;
    }
    struct xml_element *element = calloc(1, sizeof(*element));
    if (element == NULL) {
        fail_memory(stream);
        return;
    }
    buf_init(&element->text, LIMIT_XMPP_STANZA_BYTES);
    attach(stream, element);
    if (!set_name(element, name) || !set_attributes(element, pairs, count)) {
        fail_memory(stream);
    }
}

static void begin_stream(struct xml_stream *stream, const char *name) {
    static const char root[] = STREAM_NAMESPACE "\nstream";
    if (strcmp(name, root) != 0) {
        fail(stream, RESULT_INVALID, "something else than an XMPP stream");
    }
    stream->begin = end_of_event(stream);
}

// --- what expat tells ----------------------------------------------------------------------

static void on_start(void *context, const XML_Char *name, const XML_Char **pairs) {
    struct xml_stream *stream = context;
    if (++stream->depth > LIMIT_XMPP_DEPTH) {
        fail(stream, RESULT_LIMIT, "elements nested too deeply");
    } else if (stream->depth == 1) {
        begin_stream(stream, name);
    } else {
        add_element(stream, name, pairs);
    }
}

// A whole stanza, or the end of the stream: parsing pauses, so that there is one at a time.
static void on_end(void *context, const XML_Char *name) {
    struct xml_stream *stream = context;
    (void)name;
    if (stream->failure.result != RESULT_OK) {
        return; // of the empty element that parsing was ended in
    }
    stream->depth--;
    if (stream->skipped > 0) {
        stream->skipped--;
        return;
    }
    if (stream->depth > 1) {
        stream->current = stream->current->parent;
        return;
    }
    uint64_t end = end_of_event(stream);
    if (end - stream->begin > most_bytes(stream)) {
        fail(stream, RESULT_LIMIT, "a stanza that is too large");
        return;
    }
    stream->current = NULL;
    stream->elements = 0;
    stream->begin = end;
    stream->is_ended = stream->depth == 0;
    (void)XML_StopParser(stream->parser, XML_TRUE);
}

static void on_text(void *context, const XML_Char *text, int size) {
    struct xml_stream *stream = context;
    struct bytes bytes = bytes_of(text, (size_t)size);
    if (stream->current == NULL) {
        return; // blanks that keep the connection alive
    }
    if (stream->skipped > 0 || is_behind(stream)) {
        mark_cut(stream);
        return;
    }
    if (buf_append(&stream->current->text, bytes) != RESULT_OK) {
        fail(stream, RESULT_LIMIT, "a stanza that is too large");
    }
}

static void on_doctype(void *context, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int has_internal_subset) {
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    fail(context, RESULT_INVALID, "a document type, which XMPP forbids");
}

static void on_comment(void *context, const XML_Char *text) {
    (void)text;
    fail(context, RESULT_INVALID, "a comment, which XMPP forbids");
}

static void on_instruction(void *context, const XML_Char *target, const XML_Char *text) {
    (void)target, (void)text;
    fail(context, RESULT_INVALID, "a processing instruction, which XMPP forbids");
}

// Expat 2.6, and 2.5 as distributions mend CVE-2023-52425, put off what looks like half a token until
// much more has come. A server waits for us behind its last byte, so we do not; how large a stanza
// may grow is bounded here. Weak, because there may be another expat at run time than at the build.
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool is_enabled)
    __attribute__((weak));

static void parse_at_once(XML_Parser parser) {
    if (XML_SetReparseDeferralEnabled != NULL) {
        (void)XML_SetReparseDeferralEnabled(parser, XML_FALSE);
    }
}

// --- streams -------------------------------------------------------------------------------

enum result xml_stream_new(struct xml_stream **out_stream, struct error *err) {
    struct xml_stream *stream = calloc(1, sizeof(*stream));
    // XMPP is UTF-8 whatever the XML declaration says (RFC 6120, 11.6).
    XML_Parser parser = stream == NULL ? NULL : XML_ParserCreateNS("UTF-8", SEPARATOR);
    if (parser == NULL) {
        free(stream);
        return error_out_of_memory(err);
    }
    stream->parser = parser;
    XML_SetUserData(parser, stream);
    parse_at_once(parser);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    XML_SetCommentHandler(parser, on_comment);
    XML_SetProcessingInstructionHandler(parser, on_instruction);
    *out_stream = stream;
    return RESULT_OK;
}

void xml_stream_free(struct xml_stream *stream) {
    if (stream != NULL) {
        XML_ParserFree(stream->parser);
        xml_element_free(stream->stanza);
        free(stream);
    }
}

void xml_stream_free_at(struct xml_stream **stream) {
    xml_stream_free(*stream);
    *stream = NULL;
}

static bool is_paused(const struct xml_stream *stream) {
    XML_ParsingStatus status;
    XML_GetParsingStatus(stream->parser, &status);
    return status.parsing == XML_SUSPENDED;
}

static enum result judge(struct xml_stream *stream, enum XML_Status status, struct error *err) {
    if (stream->failure.result == RESULT_OK && status == XML_STATUS_ERROR) {
        (void)error_set_code(&stream->failure, RESULT_INVALID, "answer",
                             "the server sent broken XML: %s",
                             XML_ErrorString(XML_GetErrorCode(stream->parser)));
    }
    if (stream->failure.result == RESULT_OK && status == XML_STATUS_OK &&
        stream->fed - stream->begin > most_bytes(stream)) {
        fail(stream, RESULT_LIMIT, "a stanza that is too large");
    }
    if (stream->failure.result != RESULT_OK && err != NULL) {
        *err = stream->failure;
    }
    return stream->failure.result;
}

enum result xml_stream_feed(struct xml_stream *stream, struct bytes bytes, struct error *err) {
    assert(!is_paused(stream) && bytes.size <= INT32_MAX);
    stream->fed += bytes.size;
    enum XML_Status status =
        XML_Parse(stream->parser, (const char *)bytes.data, (int)bytes.size, XML_FALSE);
    return judge(stream, status, err);
}

enum result xml_stream_next(struct xml_stream *stream, struct xml_element **out_stanza,
                            struct error *err) {
    TRY(judge(stream, XML_STATUS_SUSPENDED, err));
    bool is_whole = stream->stanza != NULL && stream->current == NULL;
    if (!is_whole && !stream->is_ended && is_paused(stream)) {
        TRY(judge(stream, XML_ResumeParser(stream->parser), err));
        is_whole = stream->stanza != NULL && stream->current == NULL;
    }
    if (is_whole) {
        *out_stanza = stream->stanza;
        stream->stanza = NULL;
        return RESULT_OK;
    }
    return stream->is_ended ? RESULT_NOT_FOUND : RESULT_PENDING;
}

void xml_stream_keep_beginnings(struct xml_stream *stream, bool is_wanted) {
    stream->keeps_beginnings = is_wanted;
}

bool xml_stream_is_drained(const struct xml_stream *stream) {
    return stream->stanza == NULL && stream->fed == stream->begin;
}

enum result xml_escape(const char *text, struct buf *out) {
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '&':
            TRY(buf_append_string(out, "&amp;"));
            break;
        case '<':
            TRY(buf_append_string(out, "&lt;"));
            break;
        case '>':
            TRY(buf_append_string(out, "&gt;"));
            break;
        case '"':
            TRY(buf_append_string(out, "&quot;"));
            break;
        case '\'':
            TRY(buf_append_string(out, "&apos;"));
            break;
        case '\r':
            TRY(buf_append_string(out, "&#13;")); // a bare one is read as the end of a line
            break;
        default:
            TRY(buf_append_byte(out, (uint8_t)*at));
        }
    }
    return RESULT_OK;
}
