"""Real servers with the configurations of deploy/relying-parties, kept fresh by `signet watch`, and clients of them."""
# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import base64
import http.client
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import sys

import websockets

import echo_application
import signet_test
from signet_test import PARTIES, SIGNET, Process, free_port, require, run, wait_until

CRL_PATH = "/crl/bundle.pem"
AS_ROOT = os.getuid() == 0


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def tls_context(root, credential):
    """A client's TLS that trusts `root` and shows the certificate of a credential's folder, if one is given."""
    context = ssl.create_default_context(cafile=root)
    if credential is not None:
        context.load_cert_chain(os.path.join(credential, "fullchain.pem"), os.path.join(credential, "key.pem"))
    return context


TLS_MODES = [(version, has_ticket) for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
             for has_ticket in (True, False)]


class RelyingParty:
    """A server in a folder of its own. A subclass says what it is made of, and how a client of it gets in."""

    name = template = reads = None  # `reads`: the file with the CRLs, in its folder
    preset = None  # its section in watch.conf; None: that of the name

    def __init__(self, authority):
        self.authority = authority
        self.base = os.path.join(authority.base, self.name)
        os.mkdir(self.base)
        self.port = free_port()
        self.credential = authority.enroll(self.name, "--profile", "server", *self.server_names())
        self.root = os.path.join(self.credential, "root.pem")
        self.crl = os.path.join(self.base, self.reads)
        self.config = os.path.join(self.base, self.template)
        self.watch_config = os.path.join(self.base, "watch.conf")
        self.process = self.watcher = None
        self.write_config()
        try:
            self.enroll_canary()
            # In the order of a machine that starts: the server cannot do without its CRL, while the
            # watcher can do without the server, and goes on trying.
            self.watch()
            wait_until("the first CRL", self.has_crl)
            self.process = Process(os.path.join(self.base, f"{self.name}.log"), *self.command())
            wait_until(f"the start of {self.name}", lambda: not self.process.is_running() or self.is_ready())
            require(self.process.is_running(), f"{self.name} ended at once")
            self.wait_proven()
        except BaseException:
            self.__exit__(True, None, None)
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        for process in (self.watcher, self.process):
            if process is not None:
                if kind is not None:
                    print(f"--- end of {process.log}\n{process.output()[-2000:]}", file=sys.stderr)
                process.stop()  # a killed nginx would leave its workers

    # --- what a subclass changes --------------------------------------------------------------

    def server_names(self):
        return ["--dns", "localhost", "--ip", "127.0.0.1"]

    def placeholders(self):
        return {}

    def added_config(self):
        """What only a test needs, such as running as root."""
        return ""

    def command(self):
        raise NotImplementedError

    def client_names(self, name):
        """What the token of a client of this name is made with."""
        return ["--profile", "mqtt", "--cn", name]

    def is_ready(self):
        return is_open(self.port)

    def admits(self, credential):
        """Whether a new connection with this credential gets in. Fails when it ends in neither way."""
        raise NotImplementedError

    def session(self, credential):
        """An open session with is_alive() and close()."""
        raise NotImplementedError

    def enter(self, context, kept=None):
        """Gets in with this TLS context, resuming a kept TLS session if one is given; returns the one to keep."""
        raise NotImplementedError

    def has_crl(self):
        return os.path.exists(self.crl)

    def read_crl(self):
        """The text that the server reads; PEM."""
        with open(self.crl, encoding="ascii") as file:
            return file.read()

    def overwrite_crl(self, text):
        """As an editor or a bad script would: in place, and whatever else could stand in for it as well."""
        with open(self.crl, "w", encoding="ascii") as file:
            file.write(text)

    def only_newest(self):
        """Has the server forget older CRLs that still hold, if it has any."""

    # --- the same for all ---------------------------------------------------------------------

    def enroll_client(self, name):
        return self.authority.enroll(f"{self.name}-{name}", *self.client_names(name))

    def keep_sessions(self, credential):
        """TLS sessions of each kind, as a client keeps them to resume them later."""
        kept = []
        for version, has_ticket in TLS_MODES:
            context = tls_context(self.root, credential)
            context.minimum_version = context.maximum_version = version
            if not has_ticket:
                context.options |= ssl.OP_NO_TICKET
            kept.append((context, self.enter(context)))
        return kept

    def resume(self, kept):
        """Which of the kept sessions get in, by version and whether with a ticket."""
        let_in = []
        for mode, (context, session) in zip(TLS_MODES, kept):
            try:
                self.enter(context, session)
                let_in.append((mode[0].name, mode[1]))
            except (AssertionError, OSError):
                pass
        return let_in

    def fill(self, template, url=None):
        """A file of deploy/relying-parties with its placeholders replaced."""
        with open(os.path.join(PARTIES, template), encoding="utf-8") as file:
            text = file.read()
        for key, value in {"@DIR@": self.base, "@PORT@": str(self.port), "@CREDENTIAL@": self.credential,
                           "@URL@": url or self.authority.public_url, **self.placeholders()}.items():
            text = text.replace(key, value)
        return text

    def write_config(self):
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(self.fill(self.template) + self.added_config())

    def enroll_canary(self):
        self.write_watch_config()
        token = self.authority.token(*self.client_names("canary"), "--uses", "2")
        run(SIGNET, "watch", "--config", self.watch_config, "--enroll-canary", token)

    def write_watch_config(self, url=None, interval="1s", warn=3, more=""):
        """The [watch] section of watch.conf, quicker, and the one of this target with `more` lines; `url` instead of the
        authority's own."""
        sections = re.split(r"^(?=\[)", self.fill("watch.conf", url), flags=re.MULTILINE)
        common = next(text for text in sections if text.startswith("[watch]"))
        target = next(text for text in sections if text.startswith(f"[target {self.preset or self.name}]\n"))
        common = common.replace("interval = 60s", f"interval = {interval}").replace("warn = 25", f"warn = {warn}")
        with open(self.watch_config, "w", encoding="utf-8") as out:
            out.write(f"{common}{target.rstrip()}\n{more}")

    def watch(self, **settings):
        self.write_watch_config(**settings)
        self.watcher = Process(os.path.join(self.base, "watch.log"), SIGNET, "watch", "--config", self.watch_config)

    def watch_log(self):
        with open(os.path.join(self.base, "watch.log"), encoding="utf-8") as text:
            return text.read()

    def stop_watching(self):
        self.watcher.stop()
        self.watcher = None

    def watch_status(self):
        """What `signet watch --status` says of the target."""
        done = run(SIGNET, "watch", "--config", self.watch_config, "--status", "--json", check=False)
        return json.loads(done.stdout)["targets"][0]

    def wait_proven(self):
        def is_proven():
            status = self.watch_status()
            return (status["state"], status["proof"]) == ("fresh", "passed")
        wait_until("a proof by the canaries", is_proven, 60)

    def reload_by_hand(self):
        run(os.path.join(PARTIES, "reload-by-pid"), os.path.join(self.base, f"{self.name}.pid"))

    def is_warned(self):
        return "expires soon" in self.watcher.output()


class Mosquitto(RelyingParty):
    """A broker; the user is the certificate's CN."""

    name, template, reads = "mosquitto", "mosquitto.conf", "crl.pem"

    def write_config(self):
        super().write_config()
        shutil.copy(os.path.join(PARTIES, "mosquitto-acl.conf"), os.path.join(self.base, "acl.conf"))

    def added_config(self):
        return f"user {run('id', '-un').stdout.strip()}\nlog_type all\n"

    def command(self):
        return ["/usr/sbin/mosquitto", "-c", self.config]

    def is_ready(self):
        return "running" in self.process.output()

    publish = signet_test.Mosquitto.publish

    def admits(self, credential):
        done = self.publish("somebody", credential)
        # Whether the client sees "Protocol error" or "connection lost" is a race of TLS alerts; 14 comes
        # when the broker reloads in the middle of it.
        require(done.returncode in (0, 1, 7, 14), f"exit status {done.returncode} of mosquitto_pub: {done.stderr}")
        return done.returncode == 0

    def session(self, credential):
        return MqttSession(self, tls_context(self.root, credential))

    def enter(self, context, kept=None):
        session = MqttSession(self, context, kept)
        try:
            return session.socket.session
        finally:
            session.close()


class MosquittoCapath(Mosquitto):
    """The same with CAs and CRLs in a folder of OpenSSL's names, which every handshake looks into."""

    preset = "mosquitto-capath"

    def write_config(self):
        super().write_config()
        folder = os.path.join(self.base, "ca")
        os.mkdir(folder)
        with open(self.config, encoding="utf-8") as text:
            config = text.read()
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(re.sub("^cafile .*$", f"capath {folder}", config, flags=re.MULTILINE))


class Proxy(RelyingParty):
    """What nginx and HAProxy have in common: HTTP and WebSockets to an application behind them."""

    def __init__(self, authority):
        self.application_port = free_port()
        self.application = Process(os.path.join(authority.base, "application.log"), sys.executable,
                                   echo_application.__file__, self.application_port)
        try:
            wait_until("the start of the application", lambda: is_open(self.application_port))
            super().__init__(authority)
        except BaseException:
            self.application.kill()
            raise

    def __exit__(self, kind, value, traceback):
        super().__exit__(kind, value, traceback)
        self.application.kill()

    def placeholders(self):
        return {"@APP@": str(self.application_port)}

    def get(self, credential, path="/"):
        """curl; returns the completed process, with the HTTP status on the last line of its stdout."""
        options = []
        if credential is not None:
            options = ["--cert", os.path.join(credential, "fullchain.pem"),
                       "--key", os.path.join(credential, "key.pem")]
        return run("curl", "-sS", "--max-time", "20", "--cacert", self.root, *options, "-w", "\n%{http_code}",
                   f"https://localhost:{self.port}{path}", check=False)

    def enter(self, context, kept=None):
        tls = context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=15),
                                  server_hostname="localhost", session=kept)
        with tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = http.client.HTTPResponse(tls)
            answer.begin()
            require(answer.status == 200, f"status {answer.status}")
            answer.read()
            return tls.session

    def session(self, credential):
        return WebSocketSession(f"wss://localhost:{self.port}/", tls_context(self.root, credential))


class Nginx(Proxy):
    """Refuses with HTTP status 400."""

    name, template, reads = "nginx", "nginx.conf", "crl.pem"

    def command(self):
        return ["/usr/sbin/nginx", "-c", self.config, "-g", "daemon off;" + (" user root;" if AS_ROOT else "")]

    def admits(self, credential):
        body, status = self.get(credential).stdout.rsplit("\n", 1)
        require(status in ("200", "400"), f"nginx answers with status {status}: {body}")
        require(status == "200" or "SSL certificate" in body, f"nginx refuses for another reason: {body}")
        return status == "200"


class HAProxy(Proxy):
    """Refuses in the handshake."""

    name, template, reads = "haproxy", "haproxy.cfg", "crl.pem"

    def write_config(self):
        super().write_config()
        with open(os.path.join(self.base, "sessions.map"), "w", encoding="ascii"):
            pass

    def command(self):
        return ["/usr/sbin/haproxy", "-W", "-f", self.config, "-p", os.path.join(self.base, "haproxy.pid")]

    def admits(self, credential):
        done = self.get(credential)
        status = done.stdout.rsplit("\n", 1)[1]
        # An empty reply: the handshake was just before the new CRL, the request after it.
        require(status == "200" or any(word in done.stderr for word in ("alert", "reset", "Empty reply")),
                f"HAProxy answers with status {status}: {done.stderr}")
        return status == "200"

    def ask(self, command):
        """The answer of the runtime socket."""
        with socket.socket(socket.AF_UNIX) as runtime:
            runtime.settimeout(10)
            runtime.connect(os.path.join(self.base, "haproxy.sock"))
            runtime.sendall(command.encode() + b"\n")
            answer = b""
            while more := runtime.recv(65536):
                answer += more
            return answer.decode()


class Prosody(RelyingParty):
    """An XMPP server; the account is the one of the certificate's xmppAddr."""

    name, template, reads = "prosody", "prosody.cfg.lua", "ca-and-crl.pem"
    domain = "shakespeare.lit"

    def server_names(self):
        return ["--dns", self.domain]

    def placeholders(self):
        return {"@DOMAIN@": self.domain}

    def write_config(self):
        for folder in ("data", "certs"):
            os.mkdir(os.path.join(self.base, folder))
        super().write_config()
        if AS_ROOT:  # a global option, so it goes in front of the hosts
            with open(self.config, encoding="utf-8") as text:
                config = text.read()
            with open(self.config, "w", encoding="utf-8") as out:
                out.write("run_as_root = true\n" + config)

    def command(self):
        return ["/usr/bin/prosody", "--config", self.config, "-F"]

    def client_names(self, name):
        return ["--profile", "xmpp", "--xmpp", f"{name}@{self.domain}"]

    def login(self, credential, authzid=""):
        """"success", or how SASL names the failure, or "ended" when there is no TLS to be had."""
        stream = None
        try:
            stream = XmppStream(self, tls_context(self.root, credential))
            return stream.login(authzid)
        except StreamEnded:
            return "ended"
        finally:
            if stream is not None:
                stream.close()

    def admits(self, credential):
        return self.login(credential) == "success"

    def enter(self, context, kept=None):
        stream = XmppStream(self, context, kept)
        try:
            require(stream.login() == "success", "not let in")
            return stream.socket.session
        finally:
            stream.close()

    def session(self, credential):
        stream = XmppStream(self, tls_context(self.root, credential))
        answer = stream.login()
        require(answer == "success", f"no session: {answer}")
        stream.bind()
        return stream


class ProsodyCapath(Prosody):
    """The same with CAs and CRLs in a folder of OpenSSL's names, which every handshake looks into."""

    preset, reads = "prosody-capath", "ca"

    def write_config(self):
        super().write_config()
        os.mkdir(self.crl)
        with open(self.config, encoding="utf-8") as text:
            config = text.read()
        config = re.sub("^ *cafile = .*\n", "", config, flags=re.MULTILINE)
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(config.replace("capath = false", f'capath = "{self.crl}"'))

    def has_crl(self):
        return bool(self.crl_files())

    def crl_files(self):
        """Of each CA, the files HASH.r0, HASH.r1, …; first those of the CA that signs certificates."""
        files = {}
        for name in os.listdir(self.crl):
            if found := re.fullmatch(r"([0-9a-f]{8})\.r(\d+)", name):
                files.setdefault(found[1], []).append((int(found[2]), os.path.join(self.crl, name)))
        first = run("openssl", "x509", "-in", os.path.join(self.credential, "cert.pem"), "-noout", "-issuer_hash").stdout.strip()
        return [[path for _, path in sorted(files[ca])] for ca in sorted(files, key=lambda ca: ca != first)]

    def read_crl(self):
        whole = ""
        for family in self.crl_files():
            with open(family[-1], encoding="ascii") as file:
                whole += file.read()
        return whole

    def overwrite_crl(self, text):
        """Each CA's part of the text into all of its files: an older CRL that still holds would stand in for one that does not."""
        parts = re.findall(".*?-----END X509 CRL-----\n|.+", text, re.DOTALL)
        for family, part in zip(self.crl_files(), parts):
            for path in family:
                with open(path, "w", encoding="ascii") as file:
                    file.write(part)

    def only_newest(self):
        self.overwrite_crl(self.read_crl())
        self.reload_by_hand()


# --- clients ----------------------------------------------------------------------------------


class MqttSession:
    """A connection to a broker that stays open (MQTT 3.1.1)."""

    def __init__(self, broker, context, kept=None):
        connection = socket.create_connection(("127.0.0.1", broker.port), timeout=15)
        self.socket = context.wrap_socket(connection, server_hostname="localhost", session=kept)
        client = secrets.token_hex(6).encode()  # a second of the same name would end the first
        # CONNECT: protocol name and level, a clean session, no keepalive, the client's identifier.
        payload = b"\x00\x04MQTT\x04\x02\x00\x00" + len(client).to_bytes(2, "big") + client
        self.socket.sendall(b"\x10" + bytes([len(payload)]) + payload)
        answer = self.socket.recv(4)
        require(answer == b"\x20\x02\x00\x00", f"CONNACK is {answer.hex()}")

    def is_alive(self):
        try:
            self.socket.sendall(b"\xc0\x00")  # PINGREQ
            return self.socket.recv(2) == b"\xd0\x00"
        except OSError:
            return False

    def close(self):
        self.socket.close()


class WebSocketSession:
    """A WebSocket that stays open; the application echoes what it gets, with who sent it."""

    def __init__(self, url, context):
        async def connect():  # has to be called inside the loop
            return await websockets.connect(url, ssl=context, ping_interval=None)

        self.loop = asyncio.new_event_loop()
        self.socket = self.run(connect())

    def run(self, task):
        return self.loop.run_until_complete(asyncio.wait_for(task, 15))

    def echo(self, text):
        self.run(self.socket.send(text))
        return self.run(self.socket.recv())

    def is_alive(self):
        try:
            return self.echo("still there").startswith("still there")
        except (websockets.ConnectionClosed, OSError):
            return False

    def close(self):
        try:
            self.run(self.socket.close())
        except (websockets.ConnectionClosed, OSError):
            pass
        self.loop.close()


class StreamEnded(AssertionError):
    """The server has ended a stream."""


class XmppStream:
    """A client's stream: STARTTLS, SASL EXTERNAL, resource binding (RFC 6120), only as much as a test needs."""

    def __init__(self, server, context, kept=None):
        self.domain = server.domain
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=15)
        self.received = ""
        self.open()
        self.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", r"<proceed[^>]*/>")
        self.socket = context.wrap_socket(self.socket, server_hostname=self.domain, session=kept)
        self.mechanisms = re.findall(r"<mechanism>([^<]*)", self.open())

    def ask(self, text, wanted):
        """Sends and reads until the pattern; returns everything up to it."""
        self.socket.sendall(text.encode())
        while not (found := re.search(wanted, self.received, re.DOTALL)):
            more = self.socket.recv(65536)
            if not more:
                raise StreamEnded(f"the stream ended after: {self.received}")
            self.received += more.decode()
        answer, self.received = self.received[:found.end()], self.received[found.end():]
        return answer

    def open(self):
        return self.ask(f"<?xml version='1.0'?><stream:stream to='{self.domain}' version='1.0' xmlns='jabber:client' "
                        "xmlns:stream='http://etherx.jabber.org/streams'>", "</stream:features>")

    def login(self, authzid=""):
        """"success", or the name of the failure. An empty authzid leaves the account to the server."""
        body = base64.b64encode(authzid.encode()).decode() or "="
        answer = self.ask(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>{body}</auth>",
                          "<success[^>]*/>|</success>|</failure>")
        if "<success" in answer:
            return "success"
        return re.search(r"<failure[^>]*>\s*<([a-z-]+)", answer).group(1)

    def bind(self):
        """Returns the full JID."""
        self.open()
        answer = self.ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", "</iq>")
        return re.search("<jid>([^<]*)</jid>", answer).group(1)

    def is_alive(self):
        try:
            answer = self.ask(f"<iq type='get' id='ping' to='{self.domain}'><ping xmlns='urn:xmpp:ping'/></iq>",
                              r"<iq [^>]*id='ping'[^>]*>")
            return "type='result'" in answer
        except (AssertionError, OSError):
            return False

    def close(self):
        self.socket.close()
