// Feeds any text to the reader of the configuration.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stddef.h>
#include <stdint.h>

#include "authority/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    (void)!config_parse("signetd.conf", bytes_of(data, size), &config, &err);
    return 0;
}
