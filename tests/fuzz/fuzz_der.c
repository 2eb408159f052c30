// Fuzzes the DER reader: every primitive reader at every element, and whatever reads names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "x509/der.h"
#include "x509/names.h"
#include "x509/oid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_elements(struct der der, unsigned depth) {
    while (!der_at_end(&der) && depth < 32) {
        struct der copy = der;
        struct bytes content = {0};
        int64_t number = 0;
        uint16_t bits = 0;
        bool flag = false;
        uint8_t tag = 0;
        (void)der_read_integer(&copy, &number, NULL);
        copy = der;
        (void)der_read_unsigned(&copy, &content, NULL);
        copy = der;
        (void)der_read_boolean(&copy, &flag, NULL);
        copy = der;
        (void)der_read_bit_string(&copy, &content, NULL);
        copy = der;
        (void)der_read_named_bits(&copy, &bits, NULL);
        copy = der;
        (void)der_read_time(&copy, &number, NULL);
        if (der_read_any(&der, &tag, &content, NULL) != RESULT_OK) {
            return;
        }
        read_elements(der_inside(&der, content), depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes input = bytes_of(data, size);
    struct error err = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 65536);
    (void)der_check(input, &err);
    read_elements(der_of(input), 0);
    (void)names_read_subject(&names, input, &err);
    (void)names_read_san(&names, input, true, &err);
    (void)names_read_san(&names, input, false, &err);
    (void)distinguished_name_format(input, &text);
    (void)oid_format(input, &text);
    return 0;
}
