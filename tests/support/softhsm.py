"""Tokens for integration tests: a SoftHSM in the test's folder, and a module that fails on demand."""
# SPDX-License-Identifier: GPL-3.0-or-later
import os

from signet_test import BUILD, run

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
FAULTY = os.path.join(BUILD, "tests", "libfaulty_pkcs11.so")
PIN = "482913"


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
