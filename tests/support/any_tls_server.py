"""A TLS server that speaks no protocol that `signet watch` would know, so that handshakes alone tell who is in."""
# SPDX-License-Identifier: GPL-3.0-or-later
import glob
import os
import socket

from relying_parties import RelyingParty, tls_context
from signet_test import PARTIES

LIBFAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
CONFIG = """global
    hard-stop-after 1s
    tune.ssl.cachesize 0
defaults
    mode tcp
    timeout connect 2s
    timeout client 30s
    timeout server 30s
frontend tls
    bind 127.0.0.1:@PORT@ ssl crt @CREDENTIAL@/combined.pem @CHECK@ no-tls-tickets ssl-min-ver @TLS@ ssl-max-ver @TLS@
    default_backend silent
backend silent
    server silent 127.0.0.1:@APP@
"""
CHECK = "ca-file @CREDENTIAL@/ca.pem crl-file @DIR@/crl.pem verify required"


class AnyServer(RelyingParty):
    """Of preset `command`. HAProxy forwards bytes to an application that never says a word, so that only TLS can tell who is in."""

    name, template, reads = "anything", "any.cfg", "crl.pem"
    check, version, clock = CHECK, "TLSv1.3", None  # what it looks at, its TLS, and how wrong its clock is

    def __init__(self, authority):
        self.silent = socket.create_server(("127.0.0.1", 0))  # its queue takes connections
        super().__init__(authority)

    def __exit__(self, kind, value, traceback):
        super().__exit__(kind, value, traceback)
        self.silent.close()

    def write_config(self):
        text = CONFIG.replace("@CHECK@", self.check)
        for key, value in {"@DIR@": self.base, "@PORT@": str(self.port), "@CREDENTIAL@": self.credential, "@TLS@": self.version,
                           "@APP@": str(self.silent.getsockname()[1])}.items():
            text = text.replace(key, value)
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(text)

    def write_watch_config(self, more="", **_):
        with open(self.watch_config, "w", encoding="utf-8") as out:
            out.write(f"[watch]\ncrl = {self.authority.public_url}/crl/bundle.pem\nca = {self.credential}/ca.pem\ninterval = 1s\n"
                      f"state = {self.base}/state\ncanary = {self.base}/canary\n[target anything]\npreset = command\n"
                      f"file = {self.crl}\nreload = {PARTIES}/reload-by-pid {self.base}/anything.pid\n"
                      f"proof = localhost:{self.port}\n{more}")

    def command(self):
        clock = ["/usr/bin/env", f"LD_PRELOAD={LIBFAKETIME}", f"FAKETIME={self.clock}"] if self.clock else []
        return clock + ["/usr/sbin/haproxy", "-W", "-f", self.config, "-p", os.path.join(self.base, "anything.pid")]

    def admits(self, credential):
        """Whether a handshake is followed by silence, and not by an alert."""
        try:
            connection = socket.create_connection(("127.0.0.1", self.port), timeout=15)
            with tls_context(self.root, credential).wrap_socket(connection, server_hostname="localhost") as tls:
                tls.settimeout(1)
                return tls.recv(1) != b""
        except TimeoutError:
            return True
        except OSError:
            return False
