"""What the integration tests share: an authority, its programs, a broker, all on loopback and free ports."""
# SPDX-License-Identifier: GPL-3.0-or-later
import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("SIGNET_BUILD", os.path.join(SOURCE, "build", "release"))
SIGNETD = os.path.join(BUILD, "ca", "signetd")
SIGNET = os.path.join(BUILD, "client", "signet")
SIGNETCTL = os.path.join(BUILD, "client", "signetctl")
PARTIES = os.path.join(SOURCE, "deploy", "relying-parties")


def require(condition, message):
    """A check that says what is wrong and ends the test."""
    if not condition:
        raise AssertionError(message)


def run(*command, check=True, timeout=60, **options):
    """Runs a command; returns it with stdout and stderr as text. check: True wants 0, a number that status."""
    done = subprocess.run([str(part) for part in command], text=True, capture_output=True, timeout=timeout,
                          stdin=subprocess.DEVNULL if "input" not in options else None, **options)
    wanted = 0 if check is True else check
    if wanted is not False and done.returncode != wanted:
        raise AssertionError(f"{' '.join(map(str, command))}\n  exit status {done.returncode}, expected {wanted}\n"
                             f"  stdout: {done.stdout}\n  stderr: {done.stderr}")
    return done


class Ports:
    """Ports for servers that start later, below those that the kernel gives to clients. Tests run side by side, so each takes a
    block of its own, by a lock that ends with the process."""

    FIRST, SIZE, BLOCKS = 20000, 100, 120

    def __init__(self):
        self.lock, self.left = None, iter(())

    def take(self):
        for port in self.left:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with contextlib.suppress(OSError):
                    probe.bind(("127.0.0.1", port))
                    return port
        self.take_block()
        return self.take()

    def take_block(self):
        """Another block each time, so that what still ends in the last one is not met."""
        offset = os.getpid()
        for number in range(self.BLOCKS):
            block = (offset + number) % self.BLOCKS
            lock = open(os.path.join(tempfile.gettempdir(), f"signet-test-ports.{block}"), "w", encoding="ascii")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            self.lock = lock
            first = self.FIRST + block * self.SIZE
            self.left = iter(range(first, first + self.SIZE))
            return
        raise AssertionError("no block of ports is free: end the tests that run already")


PORTS = Ports()


def free_port():
    return PORTS.take()


def wait_until(what, condition, seconds=30.0, in_a_row=1):
    """Polls until condition() is true, so many times in a row; fails after `seconds`."""
    end, met = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        met = met + 1 if condition() else 0
        if met == in_a_row:
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@contextlib.contextmanager
def folder():
    """A temporary folder, removed at the end unless SIGNET_KEEP is set."""
    path = tempfile.mkdtemp(prefix="signet-test-")
    try:
        yield path
    finally:
        if os.environ.get("SIGNET_KEEP"):
            print(f"kept: {path}", file=sys.stderr)
        else:
            shutil.rmtree(path, ignore_errors=True)


class Process:
    """A program in the background with its output in a file; ended by its process id."""

    def __init__(self, log, *command, **options):
        self.log = log
        self.command = [str(part) for part in command]
        with open(log, "ab") as output:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=subprocess.STDOUT, **options)

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as text:
            return text.read()

    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=15):
        """SIGTERM, then SIGKILL; returns the exit status."""
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
                raise AssertionError(f"{self.command[0]} did not stop within {seconds} s\n{self.output()[-2000:]}")
        return self.process.returncode

    def kill(self):
        if self.is_running():
            self.process.kill()
        self.process.wait(10)


def set_option(path, section, key, value):
    """Sets `key = value` in a section of a configuration, in place of a set or commented one if there is one."""
    with open(path, encoding="utf-8") as text:
        lines = text.read().split("\n")
    require(f"[{section}]" in lines, f"{path}: no [{section}]")
    start = lines.index(f"[{section}]")
    end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith("[")), len(lines))
    lines[start + 1:end] = [line for line in lines[start + 1:end] if not re.match(rf"#?\s*{re.escape(key)}\s*=", line)]
    lines.insert(start + 1, f"{key} = {value}")
    with open(path, "w", encoding="utf-8") as text:
        text.write("\n".join(lines))


class Authority:
    """A signetd in a folder of its own. Use as a context manager: initialised, started, stopped at the end."""

    def __init__(self, base, *init_options, name="Test CA", start=True):
        self.base = base
        self.folder = os.path.join(base, "ca")
        self.config = os.path.join(self.folder, "signetd.conf")
        self.credential = os.path.join(self.folder, "admin")
        self.enroll_port, self.admin_port, self.public_port = free_port(), free_port(), free_port()
        self.enroll_url = f"https://localhost:{self.enroll_port}"
        self.admin_url = f"https://localhost:{self.admin_port}"
        self.public_url = f"http://localhost:{self.public_port}"
        self.process = None
        self.init = run(SIGNETD, "init", "--dir", self.folder, "--name", name, "--host", "localhost",
                        "--enroll-port", self.enroll_port, "--admin-port", self.admin_port, "--public-port", self.public_port, *init_options)
        self.set("gateway enroll", "listen", f"127.0.0.1:{self.enroll_port}")
        self.set("gateway admin", "listen", f"127.0.0.1:{self.admin_port}")
        self.set("gateway public", "listen", f"127.0.0.1:{self.public_port}")
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is not None and self.process is not None:
            print(f"--- end of the log of signetd\n{self.process.output()[-3000:]}", file=sys.stderr)
        if self.process is not None:
            if kind is None:
                self.stop()
            else:
                self.process.kill()

    def set(self, section, key, value):
        set_option(self.config, section, key, value)

    def start(self, **options):
        self.process = Process(os.path.join(self.base, "signetd.log"), SIGNETD, "run", "--dir", self.folder, **options)
        try:
            wait_until("the start of signetd", lambda: not self.process.is_running() or self.is_ready())
            require(self.process.is_running(), f"signetd ended at once\n{self.process.output()}")
        except BaseException:
            self.process.kill()  # nobody else would: the test has no authority yet
            raise

    def is_ready(self):
        return self.ctl("status", check=False).returncode == 0

    def stop(self):
        status = self.process.stop()
        require(status == 0, f"signetd ended with status {status}\n{self.process.output()[-3000:]}")

    def kill(self):
        self.process.kill()

    def ctl(self, *arguments, check=True, **options):
        """signetctl with the first administrator's credential."""
        return run(SIGNETCTL, "--credential", self.credential, *arguments, check=check, **options)

    def ctl_json(self, *arguments):
        return json.loads(self.ctl("--json", *arguments).stdout)

    def token(self, *arguments):
        return self.ctl("token", "create", *arguments).stdout.strip()

    def enroll(self, name, *token_arguments):
        """A token and an enrollment with it; returns the folder of the installed credential."""
        credentials = os.path.join(self.base, "credentials")
        run(SIGNET, "enroll", self.token(*token_arguments), "--dir", credentials, "--name", name)
        return os.path.join(credentials, name, "current")

    def serial(self, credential):
        done = run("openssl", "x509", "-in", os.path.join(credential, "cert.pem"), "-noout", "-serial")
        return done.stdout.strip().split("=")[1].lower()

    def get(self, path, *options, url=None):
        """curl to the public gateway (or another URL); returns the completed process."""
        return run("curl", "-sS", "--max-time", "20", *options, (url or self.public_url) + path)


class Mosquitto:
    """A real broker with the configuration of deploy/relying-parties, watched by `signet watch`."""

    def __init__(self, authority, watch=True):
        self.authority = authority
        self.base = authority.base
        self.port = free_port()
        self.credential = authority.enroll("broker", "--profile", "server", "--dns", "localhost", "--ip", "127.0.0.1")
        self.crl = os.path.join(self.base, "crl.pem")
        with open(os.path.join(PARTIES, "mosquitto.conf"), encoding="utf-8") as template:
            text = template.read()
        for key, value in {"@DIR@": self.base, "@PORT@": str(self.port), "@CREDENTIAL@": self.credential}.items():
            text = text.replace(key, value)
        config = os.path.join(self.base, "mosquitto.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(text + f"user {run('id', '-un').stdout.strip()}\nlog_type all\n")
        shutil.copy(os.path.join(PARTIES, "mosquitto-acl.conf"), os.path.join(self.base, "acl.conf"))
        self.watch_command = [SIGNET, "watch", "--crl", authority.public_url + "/crl/bundle.pem", "--file", self.crl,
                              "--ca", os.path.join(self.credential, "ca.pem")]
        run(*self.watch_command, "--once")
        self.process = Process(os.path.join(self.base, "mosquitto.log"), "/usr/sbin/mosquitto", "-c", config)
        self.watcher = None
        try:
            wait_until("the start of Mosquitto", lambda: "running" in self.process.output())
        except BaseException:
            self.process.kill()
            raise
        if watch:
            self.watcher = Process(os.path.join(self.base, "watch.log"), *self.watch_command, "--interval", "1s",
                                   "--reload", os.path.join(PARTIES, "reload-by-pid"),
                                   os.path.join(self.base, "mosquitto.pid"))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is not None:
            print(f"--- end of the log of mosquitto\n{self.process.output()[-2000:]}", file=sys.stderr)
        for process in (self.watcher, self.process):
            if process is not None:
                process.kill()

    def publish(self, user, certificate=None, key=None, topic=None, chain=True):
        """mosquitto_pub; returns its exit status. `certificate` is a credential folder or None."""
        options = []
        if certificate is not None:
            options = ["--cert", os.path.join(certificate, "fullchain.pem" if chain else "cert.pem"),
                       "--key", key or os.path.join(certificate, "key.pem")]
        return run("mosquitto_pub", "-h", "localhost", "-p", self.port, "-V", "5", "-q", "1", "--cafile",
                   os.path.join(self.credential, "root.pem"), *options, "-i", f"{user}-phone", "-t",
                   topic or f"owntracks/{user}/phone", "-m", "hello", check=False, timeout=20)


def main(test):
    """Runs a test function with a fresh folder; exit status 1 and the reason when it fails."""
    with folder() as base:
        try:
            test(base)
        except (AssertionError, subprocess.TimeoutExpired) as reason:
            print(f"FAILED: {reason}", file=sys.stderr)
            sys.exit(1)
    print("ok")
