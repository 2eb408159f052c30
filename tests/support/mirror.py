"""A mirror of the authority's CRLs that a test can make malicious, and CRLs that no authority would publish."""
# SPDX-License-Identifier: GPL-3.0-or-later
import datetime
import http.server
import os
import re
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Mirror:
    """Serves `bundle` under every path, to whoever asks; while it is None, status 503."""

    def __init__(self, bundle):
        self.bundle = bundle
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # the name is http.server's
                body = (mirror.bundle or "").encode()
                self.send_response(200 if body else 503)
                self.send_header("Content-Type", "application/x-pem-file")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.server.shutdown()
        self.server.server_close()


def split(bundle):
    """The PEM CRLs of a text, which may hold certificates, too."""
    return re.findall("-----BEGIN X509 CRL-----.*?-----END X509 CRL-----\n", bundle, re.DOTALL)


def next_update(bundle):
    """When the first of its CRLs runs out, as seconds since 1970."""
    ends = [x509.load_pem_x509_crl(block.encode()).next_update for block in split(bundle)]
    return min(ends).replace(tzinfo=datetime.timezone.utc).timestamp()


def name(common_name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def sign_crl(like, key, number_added=1000, made=None, ends=datetime.timedelta(days=3), issuer=None):
    """A successor of the PEM CRL `like` with the same entries, signed with `key`. `made` and `ends` are from now; without
    `made` it is as little newer than `like` as can be, because an authority backdates its CRLs."""
    old = x509.load_pem_x509_crl(like.encode())
    number = old.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateRevocationListBuilder().issuer_name(issuer or old.issuer)
               .last_update(old.last_update + datetime.timedelta(seconds=1) if made is None else now + made)
               .next_update(now + ends)
               .add_extension(x509.CRLNumber(number + number_added), False)
               .add_extension(old.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value, False))
    for entry in old:
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def strange_key():
    return ec.generate_private_key(ec.SECP256R1())


def authority_key(authority, crl):
    """The key that signed this CRL, out of the authority's own folder, as a thief of it would have."""
    signed = x509.load_pem_x509_crl(crl.encode())
    keys = os.path.join(authority.folder, "keys")
    for name in os.listdir(keys):
        with open(os.path.join(keys, name), "rb") as file:
            key = serialization.load_pem_private_key(file.read(), password=None)
        if signed.is_signature_valid(key.public_key()):
            return key
    raise AssertionError("no key of the authority signed this CRL")
