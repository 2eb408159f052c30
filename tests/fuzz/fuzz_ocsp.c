// Fuzzes the readers of OCSP requests and responses; what was read as a request must lie within it
// and be answerable. SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "x509/ocsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition) {
        abort();
    }
}

static bool is_inside(struct bytes part, struct bytes whole) {
    return part.size == 0 ||
           (part.data >= whole.data && &part.data[part.size] <= &whole.data[whole.size]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct bytes input = bytes_of(data, size);
    struct ocsp_request request = {0};
    struct ocsp_response response = {0};
    (void)ocsp_response_read(input, &response, NULL);
    if (ocsp_request_read(input, &request, NULL) != RESULT_OK) {
        return 0;
    }
    require(request.count > 0 && request.count <= LIMIT_OCSP_CERTIFICATES);
    require(request.nonce.size <= LIMIT_OCSP_NONCE_BYTES && is_inside(request.nonce, input));
    for (size_t i = 0; i < request.count; i++) {
        require(request.ids[i].element.size > 0 && is_inside(request.ids[i].element, input));
        require(request.ids[i].serial.size <= LIMIT_SERIAL_BYTES);
        require(is_inside(request.ids[i].serial, request.ids[i].element));
    }
    return 0;
}
