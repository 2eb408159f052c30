// Writing OwnTracks configurations.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/export/owntracks.h"

#include "base/text.h"

MESSAGE_DEFINE(owntracks_configuration);

static enum result set_optional(char **member, const char *text) {
    return text != NULL ? text_set(member, text) : RESULT_OK;
}

static enum result fill(const struct owntracks_plan *plan,
                        struct owntracks_configuration *configuration) {
    configuration->port = plan->port;
    configuration->tls = true;
    configuration->auth = plan->username != NULL;
    TRY(text_set(&configuration->_type, "configuration"));
    TRY(text_set(&configuration->host, plan->host));
    TRY(text_set(&configuration->clientpkcs, plan->clientpkcs));
    TRY(set_optional(&configuration->username, plan->username));
    TRY(set_optional(&configuration->deviceId, plan->device));
    return set_optional(&configuration->passphrase, plan->passphrase);
}

enum result owntracks_write_configuration(const struct owntracks_plan *plan, struct buf *out,
                                          struct error *err) {
    struct owntracks_configuration configuration = {0};
    enum result result = fill(plan, &configuration);
    if (result == RESULT_OK) {
        result = message_to_json(&owntracks_configuration_type, &configuration, out, err);
    }
    message_clear(&owntracks_configuration_type, &configuration);
    TRY(result);
    return buf_append_byte(out, '\n');
}

enum result owntracks_write_link(struct bytes configuration, struct buf *out) {
    AUTO(buf_clear) struct buf encoded = {0};
    buf_init_secret(&encoded, 2 * configuration.size + 4);
    TRY(text_base64_encode(configuration, &encoded));
    TRY(buf_append_string(out, "owntracks:///config?inline="));
    for (size_t i = 0; i < encoded.size; i++) {
        uint8_t character = encoded.data[i];
        bool is_special = character == '+' || character == '/' || character == '=';
        TRY(is_special ? buf_printf(out, "%%%02X", character)
                       : buf_append_byte(out, character));
    }
    return RESULT_OK;
}
