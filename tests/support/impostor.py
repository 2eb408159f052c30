"""A TLS server that hands on what anyone may read of an authority, and writes down what else it is sent."""
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import socket
import ssl
import threading

from signet_test import run


class Impostor:
    """With the certificate of an enrolled credential. `seen` holds the heads of the requests; use as a context manager."""

    def __init__(self, authority, credential):
        self.authority, self.seen = authority, []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(credential, "fullchain.pem"), os.path.join(credential, "key.pem"))
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(20)

    def body(self, head):
        """Of the open documents; nothing for anything else."""
        if head.startswith("GET /v1/authority "):
            return run("curl", "-sk", self.authority.enroll_url + "/v1/authority").stdout.encode()
        if head.startswith("GET /crl/"):
            return self.authority.get("/crl/bundle.pem").stdout.encode()
        self.seen.append(head)
        return None

    def answer(self, connection):
        connection.settimeout(10)
        with self.context.wrap_socket(connection, server_side=True) as tls:
            head = b""
            while b"\r\n\r\n" not in head:
                part = tls.recv(65536)
                if not part:
                    return
                head += part
            body = self.body(head.decode(errors="replace"))
            status = b"503 Service Unavailable" if body is None else b"200 OK"
            kind = b"application/json" if head.startswith(b"GET /v1") else b"application/x-pem-file"
            tls.sendall(b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                        % (status, kind, len(body or b""), body or b""))

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            try:
                self.answer(connection)
            except OSError:
                pass  # a client that refuses the certificate ends the handshake
            finally:
                connection.close()
