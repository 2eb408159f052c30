// Fuzzes what an XMPP server's bytes become; the first byte says how they are cut.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xml_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct xml_element *element) {
    for (const struct xml_element *at = xml_element_first(element); at != NULL;
         at = xml_element_next(at)) {
        (void)xml_element_text(at);
        (void)xml_element_attribute(at, "id");
        walk(at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO(xml_stream_free_at) struct xml_stream *stream = NULL;
    struct error err = {0};
    if (size == 0 || xml_stream_new(&stream, &err) != RESULT_OK) {
        return 0;
    }
    struct bytes rest = bytes_of(&data[1], size - 1);
    const size_t step = (size_t)data[0] + 1;
    enum result result = RESULT_PENDING;
    while (result == RESULT_PENDING && rest.size > 0) {
        result = xml_stream_feed(stream, bytes_slice(rest, 0, step), &err);
        rest = bytes_slice(rest, step, rest.size);
        while (result == RESULT_OK) {
            AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
            result = xml_stream_next(stream, &stanza, &err);
            if (result == RESULT_OK) {
                walk(stanza);
            }
        }
    }
    return 0;
}
