"""Tokens for integration tests: a SoftHSM in the test's folder, and a module that fails on demand."""
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import pty
import select

from signet_test import BUILD, run

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
FAULTY = os.path.join(BUILD, "tests", "libfaulty_pkcs11.so")
PIN = "482913"


def type_pin(pin, *command):
    """Runs a command at a terminal of its own, and types the PIN where it is asked for; its status, and what the terminal showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], [str(part) for part in command])
    shown, is_typed = b"", False
    while select.select([terminal], [], [], 60)[0]:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
        if not is_typed and b"PIN of the token" in shown and shown.endswith(b": "):
            os.write(terminal, pin.encode() + b"\n")
            is_typed = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


class Tokens:
    """SoftHSM for this process and its children. The file `pin` has the right PIN."""

    def __init__(self, base):
        self.base = base
        self.folder = os.path.join(base, "tokens")
        self.pin = os.path.join(base, "pin")
        self.faults = os.path.join(base, "faults")
        self.fault = os.path.join(self.faults, "fault")
        os.mkdir(self.folder)
        os.mkdir(self.faults)
        config = os.path.join(base, "softhsm2.conf")
        with open(config, "w", encoding="ascii") as text:
            text.write(f"directories.tokendir = {self.folder}\nlog.level = ERROR\n")
        self.write_pin(PIN)
        os.environ["SOFTHSM2_CONF"] = config
        os.environ["FAULTY_PKCS11"] = self.fault

    def write_pin(self, pin):
        with open(self.pin, "w", encoding="ascii") as text:
            text.write(pin + "\n")
        os.chmod(self.pin, 0o600)

    def make(self, label):
        run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN)

    def uri(self, path, module=SOFTHSM, pin=True):
        return f"pkcs11:{path}?module-path={module}" + (f"&pin-source=file:{self.pin}" if pin else "")

    def set_fault(self, fault):
        """From now on, in every program that uses the module FAULTY; None ends it."""
        if fault is None:
            os.unlink(self.fault)
        else:
            with open(self.fault, "w", encoding="ascii") as text:
                text.write(fault)

    def tool(self, label, *arguments):
        return run("pkcs11-tool", "--module", SOFTHSM, "--token-label", label, "--login", "--pin", PIN, *arguments)

    def objects(self, label, kind="privkey"):
        """Labels of the token's keys."""
        lines = self.tool(label, "--list-objects", "--type", kind).stdout.split("\n")
        return sorted(line.split(":", 1)[1].strip() for line in lines if line.strip().startswith("label:"))

    def public_key(self, label, key_id):
        """The public key with this CKA_ID (hex), as PEM, read by another program."""
        path = os.path.join(self.base, "public.der")
        self.tool(label, "--read-object", "--type", "pubkey", "--id", key_id, "--output-file", path)
        return run("openssl", "pkey", "-pubin", "-inform", "DER", "-in", path, "-pubout").stdout
