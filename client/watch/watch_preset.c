// The table of relying parties.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_preset.h"

#include <stddef.h>
#include <string.h>

#define SESSIONS_STAY                                                                          \
    "open sessions stay until they end by themselves; `restart` or `revoked` would end them"

const struct watch_preset watch_presets[] = {
    // The first is also what a command line without --preset means.
    {.name = "command",
     .form = WATCH_FORM_CRLS,
     .probe = WATCH_PROBE_TLS,
     .sessions = WATCH_SESSIONS_RESTART,
     .sessions_text = SESSIONS_STAY},
    {.name = "mosquitto",
     .form = WATCH_FORM_CRLS,
     .probe = WATCH_PROBE_MQTT,
     .sessions = WATCH_SESSIONS_RESTART,
     .needs_reload = true,
     .file = "/etc/mosquitto/crl.pem",
     .reload = "systemctl reload mosquitto",
     .sessions_text = SESSIONS_STAY},
    // New handshakes read the folder without a reload; TLS sessions of before need it.
    {.name = "mosquitto-capath",
     .form = WATCH_FORM_CAPATH,
     .probe = WATCH_PROBE_MQTT,
     .sessions = WATCH_SESSIONS_RESTART,
     .needs_reload = true,
     .file = "/etc/mosquitto/crl.pem",
     .reload = "systemctl reload mosquitto",
     .sessions_text = SESSIONS_STAY},
    {.name = "nginx",
     .form = WATCH_FORM_CRLS,
     .probe = WATCH_PROBE_HTTP,
     .sessions = WATCH_SESSIONS_STAY,
     .needs_every_crl = true,
     .needs_reload = true,
     .file = "/etc/nginx/crl.pem",
     .reload = "systemctl reload nginx",
     .sessions_text = "nginx ends open connections by its worker_shutdown_timeout after the "
                      "reload"},
    {.name = "haproxy",
     .form = WATCH_FORM_CRLS,
     .probe = WATCH_PROBE_HTTP,
     .sessions = WATCH_SESSIONS_HAPROXY,
     .needs_every_crl = true,
     .needs_reload = true,
     .has_socket = true,
     .file = "/etc/haproxy/crl.pem",
     .reload = "systemctl reload haproxy",
     .sessions_text =
         "open sessions stay until they end by themselves or by a reload; `socket` and "
         "`sessions_map` would have those of revoked certificates shut down"},
    {.name = "prosody",
     .form = WATCH_FORM_CAFILE,
     .probe = WATCH_PROBE_XMPP,
     .sessions = WATCH_SESSIONS_PROSODY,
     .needs_reload = true,
     .file = "/etc/prosody/ca-and-crl.pem",
     .reload = "prosodyctl reload",
     .sessions_text = "streams of revoked certificates are closed by the admin shell"},
    {.name = "prosody-capath",
     .form = WATCH_FORM_CAPATH,
     .probe = WATCH_PROBE_XMPP,
     .sessions = WATCH_SESSIONS_PROSODY,
     .reload = "prosodyctl reload",
     .sessions_text = "streams of revoked certificates are closed by the admin shell"},
    {0},
};

const struct watch_preset *watch_preset_find(const char *name) {
    for (size_t i = 0; watch_presets[i].name != NULL; i++) {
        if (strcmp(watch_presets[i].name, name) == 0) {
            return &watch_presets[i];
        }
    }
    return NULL;
}

const struct watch_preset *watch_preset_default(void) {
    return &watch_presets[0];
}
