// Reads networks and finds addresses in them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/ip_network.h"

#include <string.h>

#include "base/text.h"

struct ip_network {
    uint8_t address[16];
    size_t size;    // 4 or 16 octets
    int64_t prefix; // bits that count
};

static bool is_bit_set(const uint8_t *address, int64_t bit) {
    return (address[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

static enum result read(const char *text, struct ip_network *out_network) {
    struct ip_network network = {0};
    size_t length = strcspn(text, "/");
    AUTO(string_free_at) char *address = string_copy_bytes(bytes_of(text, length));
    if (address == NULL) {
        return RESULT_INTERNAL;
    }
    TRY(text_read_ip(address, network.address, &network.size));
    network.prefix = 8 * (int64_t)network.size;
    if (text[length] == '/') {
        TRY(text_read_int64(bytes_of_string(&text[length + 1]), 0, network.prefix,
                            &network.prefix));
    }
    *out_network = network;
    return RESULT_OK;
}

enum result ip_network_canonicalize(const char *text, struct buf *out, struct error *err) {
    struct ip_network network = {0};
    if (read(text, &network) != RESULT_OK) {
        return error_set(err, RESULT_INVALID,
                         "expected a network such as 10.0.0.0/8 or 2001:db8::/32, not \"%s\"",
                         text);
    }
    for (int64_t bit = network.prefix; bit < 8 * (int64_t)network.size; bit++) {
        if (is_bit_set(network.address, bit)) {
            (void)error_set(err, RESULT_INVALID, "\"%s\" has bits behind the first %lld", text,
                            (long long)network.prefix);
            error_hint(err, "write the first address of the network, or more bits");
            return RESULT_INVALID;
        }
    }
    TRY(text_format_ip(bytes_of(network.address, network.size), out));
    return buf_printf(out, "/%lld", (long long)network.prefix);
}

bool ip_network_contains(const char *network_text, const char *address_text) {
    struct ip_network network = {0};
    struct ip_network address = {0};
    if (read(network_text, &network) != RESULT_OK ||
        read(address_text, &address) != RESULT_OK || network.size != address.size) {
        return false;
    }
    for (int64_t bit = 0; bit < network.prefix; bit++) {
        if (is_bit_set(network.address, bit) != is_bit_set(address.address, bit)) {
            return false;
        }
    }
    return true;
}

// RFC 4291, 2.5.5.2.
static void unmap(uint8_t address[16], size_t *size) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (*size == 16 && memcmp(address, mapped, sizeof(mapped)) == 0) {
        memmove(address, &address[sizeof(mapped)], 4);
        *size = 4;
    }
}

enum result ip_network_around(const char *address, int64_t ipv4_bits, int64_t ipv6_bits,
                              struct buf *out) {
    uint8_t octets[16];
    size_t size = 0;
    TRY(text_read_ip(address, octets, &size));
    unmap(octets, &size);
    int64_t bits = size == 4 ? ipv4_bits : ipv6_bits;
    for (int64_t bit = bits; bit < 8 * (int64_t)size; bit++) {
        octets[bit / 8] = (uint8_t)(octets[bit / 8] & ~(0x80U >> (bit % 8)));
    }
    TRY(text_format_ip(bytes_of(octets, size), out));
    return buf_printf(out, "/%lld", (long long)bits);
}
