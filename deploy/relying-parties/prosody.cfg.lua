-- Prosody 0.12 (Debian 12): who logs in is whom the certificate's xmppAddr names; nobody has a password.
-- The tests run this very file; replace @DIR@, @PORT@, @CREDENTIAL@ and @DOMAIN@.
pidfile = "@DIR@/prosody.pid"
data_path = "@DIR@/data"
plugin_paths = { "/usr/lib/prosody/modules" } -- package prosody-modules: mod_auth_ccert
-- Prosody takes every *.crt of this folder for a certificate of its own: no client's belongs there.
certificates = "@DIR@/certs"

interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
-- Direct TLS answers with a context that asks for no client certificate (0.12): STARTTLS only.
c2s_direct_tls_ports = { }
s2s_ports = { }
http_ports = { }
https_ports = { }
-- The admin shell is how `signet watch` ends the streams of the revoked.
modules_enabled = { "roster", "saslauth", "tls", "disco", "ping", "posix", "admin_shell" }
modules_disabled = { "s2s" }
allow_registration = false
c2s_require_encryption = true
log = { info = "*console" }

VirtualHost "@DOMAIN@"
    authentication = "ccert"
    certificate_match = "xmppaddr"
    c2s_ssl = {
        -- What `signet enroll` installed for the server (profile "server").
        certificate = "@CREDENTIAL@/fullchain.pem",
        key = "@CREDENTIAL@/key.pem",
        -- Issuing CA, root, and behind them the CRL, which LuaSec can be given in no other way. Kept by
        -- `signet watch` (preset "prosody"), which checks it first: without a whole file nobody gets in.
        cafile = "@DIR@/ca-and-crl.pem",
        capath = false,
        -- client_once asks for a certificate; Prosody itself would not.
        verify = { "peer", "client_once" },
        -- lsec_continue lets the handshake pass, so that SASL can say what is wrong. Prosody's own default,
        -- lsec_ignore_purpose, would judge clients as servers: those with clientAuth only would be refused.
        verifyext = { "lsec_continue", "crl_check", lsec_ignore_purpose = false },
    }
