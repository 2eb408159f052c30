// Writing configuration profiles (Apple, "Configuration Profile Reference": CertificateRoot).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/export/mobileconfig.h"

#include "base/limits.h"
#include "base/text.h"
#include "client/terminal/display.h"
#include "x509/certificate.h"

// A UUID in text, and an XML text of a name: each octet may become "&quot;".
#define UUID_BYTES 37
#define XML_NAME_BYTES (6 * LIMIT_CERTIFICATE_BYTES)
#define UUID_SIZE 16

// The first half of SHA-256 over what it is for and the fingerprint, marked as RFC 9562's version 8, the
// one for such uses.
static enum result write_uuid(const char *purpose, const uint8_t fingerprint[SHA256_SIZE],
                              struct buf *out) {
    AUTO(buf_clear) struct buf input = {0};
    AUTO(buf_clear) struct buf digits = {0};
    uint8_t digest[SHA256_SIZE];
    buf_init(&input, 128);
    buf_init(&digits, 2 * UUID_SIZE + 1);
    TRY(buf_append_string(&input, purpose));
    TRY(buf_append(&input, bytes_of(fingerprint, SHA256_SIZE)));
    TRY(hash_sha256(buf_bytes(&input), digest));
    digest[6] = (uint8_t)(0x80 | (digest[6] & 0x0f));
    digest[8] = (uint8_t)(0x80 | (digest[8] & 0x3f));
    TRY(text_hex_encode(bytes_of(digest, UUID_SIZE), &digits));
    const char *hex = buf_string(&digits);
    return buf_printf(out, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, &hex[8], &hex[12], &hex[16],
                      &hex[20]);
}

static enum result append_escaped(struct buf *out, uint8_t character) {
    switch (character) {
    case '&':
        return buf_append_string(out, "&amp;");
    case '<':
        return buf_append_string(out, "&lt;");
    case '>':
        return buf_append_string(out, "&gt;");
    default:
        return buf_append_byte(out, character);
    }
}

// The subject as XML text.
static enum result write_subject(const struct certificate *root, struct buf *out) {
    AUTO(buf_clear) struct buf subject = {0};
    AUTO(buf_clear) struct buf shown = {0};
    AUTO(names_clear) struct names names = {0};
    buf_init(&subject, XML_NAME_BYTES);
    buf_init(&shown, XML_NAME_BYTES);
    const char *common_name = names_read_subject(&names, root->subject, NULL) == RESULT_OK
                                  ? names_first(&names, NAME_CN)
                                  : NULL;
    TRY(common_name != NULL ? buf_append_string(&subject, common_name)
                            : distinguished_name_format(root->subject, &subject));
    TRY(display_text(buf_string(&subject), &shown));
    for (size_t i = 0; i < shown.size; i++) {
        TRY(append_escaped(out, shown.data[i]));
    }
    return RESULT_OK;
}

static enum result write_root_payload(struct bytes root, const char *name, const char *uuid,
                                      struct buf *out) {
    TRY(buf_append_string(out, "        <dict>\n"
                               "            <key>PayloadType</key>\n"
                               "            <string>com.apple.security.root</string>\n"
                               "            <key>PayloadVersion</key>\n"
                               "            <integer>1</integer>\n"
                               "            <key>PayloadCertificateFileName</key>\n"
                               "            <string>ca.cer</string>\n"));
    TRY(buf_printf(out,
                   "            <key>PayloadDisplayName</key>\n"
                   "            <string>%s</string>\n"
                   "            <key>PayloadIdentifier</key>\n"
                   "            <string>signet.root.%s</string>\n"
                   "            <key>PayloadUUID</key>\n"
                   "            <string>%s</string>\n"
                   "            <key>PayloadContent</key>\n"
                   "            <data>",
                   name, uuid, uuid));
    TRY(text_base64_encode(root, out));
    return buf_append_string(out, "</data>\n        </dict>\n");
}

static enum result write_profile(struct bytes root, const char *name, const char *uuid,
                                 const char *payload_uuid, struct buf *out) {
    TRY(buf_append_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
                               "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
                               "<plist version=\"1.0\">\n"
                               "<dict>\n"
                               "    <key>PayloadType</key>\n"
                               "    <string>Configuration</string>\n"
                               "    <key>PayloadVersion</key>\n"
                               "    <integer>1</integer>\n"));
    TRY(buf_printf(
        out,
        "    <key>PayloadDisplayName</key>\n"
        "    <string>%s</string>\n"
        "    <key>PayloadDescription</key>\n"
        "    <string>Root certificate. After installing it, switch it on in Settings, "
        "General, About, Certificate Trust Settings.</string>\n"
        "    <key>PayloadIdentifier</key>\n"
        "    <string>signet.%s</string>\n"
        "    <key>PayloadUUID</key>\n"
        "    <string>%s</string>\n"
        "    <key>PayloadContent</key>\n"
        "    <array>\n",
        name, uuid, uuid));
    TRY(write_root_payload(root, name, payload_uuid, out));
    return buf_append_string(out, "    </array>\n</dict>\n</plist>\n");
}

enum result mobileconfig_write(struct bytes root, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    AUTO(buf_clear) struct buf uuid = {0};
    AUTO(buf_clear) struct buf payload_uuid = {0};
    struct certificate certificate;
    uint8_t fingerprint[SHA256_SIZE];
    buf_init(&name, XML_NAME_BYTES);
    buf_init(&uuid, UUID_BYTES);
    buf_init(&payload_uuid, UUID_BYTES);
    TRY(certificate_read(root, &certificate, err));
    TRY(hash_sha256(root, fingerprint));
    TRY(write_subject(&certificate, &name));
    TRY(write_uuid("signet mobileconfig", fingerprint, &uuid));
    TRY(write_uuid("signet mobileconfig root", fingerprint, &payload_uuid));
    return write_profile(root, buf_string(&name), buf_string(&uuid), buf_string(&payload_uuid),
                         out);
}
