// What is different about each kind of relying party: one row of a table per kind.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

// In what shape it reads CRLs.
enum watch_form {
    WATCH_FORM_CRLS,   // a PEM file of CRLs
    WATCH_FORM_CAFILE, // a PEM file of CA certificates with the CRLs behind them
    WATCH_FORM_CAPATH, // a folder of OpenSSL's names, HASH.N and HASH.rN
};

// How a handshake is judged.
enum watch_probe {
    WATCH_PROBE_TLS,  // an alert, at once or soon after the handshake
    WATCH_PROBE_MQTT, // TLS 1.3 tells the refusal late: only CONNACK says that one is in
    WATCH_PROBE_HTTP, // nginx refuses with status 400, HAProxy with an alert
    WATCH_PROBE_XMPP, // STARTTLS, and SASL EXTERNAL succeeds or fails
};

// What ends the open sessions of those who are revoked.
enum watch_sessions {
    WATCH_SESSIONS_STAY,    // nothing here
    WATCH_SESSIONS_RESTART, // the command of the key `restart` or `revoked`, when one is given
    WATCH_SESSIONS_HAPROXY, // the runtime socket, with the map of `sessions_map`
    WATCH_SESSIONS_PROSODY, // the admin shell
};

struct watch_preset {
    const char *name;
    enum watch_form form;
    enum watch_probe probe;
    enum watch_sessions sessions;
    bool needs_every_crl; // refuses everybody unless each CA of the chain has its CRL there
    bool needs_reload;    // reads the file only when told to
    bool has_socket;      // takes CRLs over the key `socket`
    const char *file;     // where Debian's package has it; NULL: must be given
    const char *reload;   // words of the command without `reload` and `pid_file`, or NULL
    const char *sessions_text; // for people: what becomes of open sessions without more keys
};

// NULL when there is none of that name.
const struct watch_preset *watch_preset_find(const char *name);
// Ended by a NULL name.
extern const struct watch_preset watch_presets[];
// What an options struct without preset means.
const struct watch_preset *watch_preset_default(void);
