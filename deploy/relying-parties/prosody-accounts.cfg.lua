-- Prosody 0.12 (Debian 12): accounts with passwords, and certificates that each user puts on the account
-- (XEP-0257), with `signet xmpp register` or another client. Whoever wants that the CA decides takes prosody.cfg.lua.
-- The tests run this very file; replace @DIR@, @PORT@, @CREDENTIAL@ and @DOMAIN@.
pidfile = "@DIR@/prosody.pid"
data_path = "@DIR@/data"
-- mod_client_certs, a copy that was mended with prosody-client-certs.patch: Debian's does not work.
plugin_paths = { "@DIR@/plugins" }
-- Direct TLS looks here for the certificate of the host that is asked for.
certificates = "@DIR@/certs"

interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
-- Direct TLS answers with a context that asks for no client certificate (0.12): for passwords only.
c2s_direct_tls_ports = { }
s2s_ports = { }
http_ports = { }
https_ports = { }
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "posix", "client_certs" }
modules_disabled = { "s2s" }
allow_registration = false
c2s_require_encryption = true
log = { info = "*console" }

c2s_ssl = {
    -- What `signet enroll` installed for the server (profile "server").
    certificate = "@CREDENTIAL@/fullchain.pem",
    key = "@CREDENTIAL@/key.pem",
    -- client_once asks for a certificate. Which ones get in, accounts decide: mod_client_certs looks at neither
    -- CA nor CRL, and lets in a certificate that has expired. `signet xmpp prune` takes those off.
    verify = { "peer", "client_once" },
    cafile = "@CREDENTIAL@/ca.pem",
    capath = false,
    verifyext = { "lsec_continue", lsec_ignore_purpose = false },
}

VirtualHost "@DOMAIN@"
    authentication = "internal_hashed"
