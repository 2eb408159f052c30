"""The same story for each kind of relying party: who is revoked is out in seconds, and nothing on the way breaks that."""
# SPDX-License-Identifier: GPL-3.0-or-later
import datetime
import time

import mirror
from relying_parties import CRL_PATH
from signet_test import Authority, require, wait_until

SOON = 30.0  # seconds; on an idle machine it takes one or two
# For a moment after a reload an old process may still accept connections, so one refusal is not yet the last word.
IN_A_ROW = 5


class Story:
    """A relying party with a good client and one that gets revoked (mallory)."""

    def __init__(self, party):
        self.party = party
        self.authority = party.authority
        self.good, self.mallory = party.enroll_client("good"), party.enroll_client("mallory")
        self.before = None  # the CRLs from before the revocation

    def is_in_order(self):
        return self.party.admits(self.good) and not self.party.admits(self.mallory)

    def expect_order(self, when):
        wait_until(f"good in and mallory out {when}", self.is_in_order, SOON, IN_A_ROW)

    # --- the chapters -------------------------------------------------------------------------

    def everybody_is_in(self):
        require(self.party.admits(self.good), "good is refused")
        require(self.party.admits(self.mallory), "mallory is refused before the revocation")
        require(not self.party.admits(None), "somebody without a certificate is let in")

    def revocation(self, session_ends, others_stay):
        """`session_ends`: within how many seconds an open session of mallory ends; None: it does not by itself.
        `others_stay`: whether open sessions of others outlive that."""
        party = self.party
        self.before = party.read_crl()
        kept = party.keep_sessions(self.mallory)
        open_session, good_session = party.session(self.mallory), party.session(self.good)
        require(open_session.is_alive() and good_session.is_alive(), "a session does not live")
        begin = time.monotonic()
        self.authority.ctl("certificate", "revoke", self.authority.serial(self.mallory), "--reason", "keyCompromise")
        wait_until("the refusal of mallory", lambda: not party.admits(self.mallory), SOON, IN_A_ROW)
        print(f"{party.name}: refused for good {time.monotonic() - begin:.1f} s after the revocation began")
        require(party.admits(self.good), "good is refused after the revocation of mallory")
        require(party.resume(kept) == [], f"mallory resumes a TLS session of before: {party.resume(kept)}")
        if session_ends is None:
            require(open_session.is_alive(), "an open session ended; the documents say that it does not")
        else:
            wait_until("the end of mallory's open session", lambda: not open_session.is_alive(), session_ends)
        require(good_session.is_alive() == others_stay, "good's open session is not as the documents say")
        open_session.close()
        good_session.close()

    def seldom_looking(self):
        """A watcher that looks once a minute knows of a revocation at once: the authority's answer waits for it."""
        party = self.party
        gone = party.enroll_client("gone")
        party.stop_watching()
        log = len(party.watch_log())
        party.watch(interval="60s")
        wait_until("the start of the watcher", lambda: "watching" in party.watch_log()[log:])
        time.sleep(1.5)  # its first look, which is never made to wait, must be over
        self.authority.ctl("certificate", "revoke", self.authority.serial(gone))
        wait_until("the refusal under a watcher that seldom looks", lambda: not party.admits(gone), SOON)
        party.stop_watching()
        party.watch()

    def broken_file(self, lets_mallory_in):
        """What an unlucky hand does to the file, and that the watcher repairs it."""
        party = self.party
        whole = party.read_crl()
        party.overwrite_crl("broken")
        wait_until("the repair by a running watcher", lambda: party.read_crl() == whole, SOON)
        party.stop_watching()
        party.overwrite_crl(whole[:len(whole) - 200])
        party.reload_by_hand()
        if lets_mallory_in:
            wait_until("the documented hole of a broken file", lambda: party.admits(self.mallory), SOON)
        party.watch()
        wait_until("the repair", lambda: party.read_crl() == whole, SOON)
        self.expect_order("after the repair")

    def expired_file(self):
        """An expired CRL, put in by hand, locks everybody out until the watcher repairs it."""
        party = self.party
        whole = party.read_crl()
        crls = mirror.split(whole)
        key = mirror.authority_key(self.authority, crls[0])
        expired = mirror.sign_crl(crls[0], key, number_added=-1, made=datetime.timedelta(days=-2),
                                  ends=datetime.timedelta(days=-1))
        party.stop_watching()
        party.overwrite_crl(whole.replace(crls[0], expired))
        party.reload_by_hand()
        wait_until("the documented lock-out by an expired CRL", lambda: not party.admits(self.good), SOON)
        party.watch()
        self.expect_order("after an expired CRL was repaired")

    def malicious_mirror(self):
        """What a mirror can try with what was signed once, or with keys of its own: nothing moves."""
        party = self.party
        installed = party.read_crl()
        crls = mirror.split(installed)
        own = mirror.strange_key()
        rest = "".join(crls[1:])
        stolen = mirror.authority_key(self.authority, crls[0])
        day = datetime.timedelta(days=1)
        attempts = {
            "rollback": "".join(mirror.split(self.before)),
            "forged": mirror.sign_crl(crls[0], own) + rest,
            "wrong issuer": mirror.sign_crl(crls[0], own, issuer=mirror.name("Another CA")) + rest,
            "expired": mirror.sign_crl(crls[0], stolen, made=-2 * day, ends=-day) + rest,
            "from the future": mirror.sign_crl(crls[0], stolen, made=day) + rest,
            "missing CRL": "".join(crls[:1]),
            "cut off": "".join(crls)[:-100],
            "no CRL": "<html>",
        }
        party.stop_watching()
        with mirror.Mirror(attempts["rollback"]) as server:
            party.watch(url=server.url)
            for what, bundle in attempts.items():
                server.bundle, log = bundle, len(party.watcher.output())
                wait_until(f"a refusal of the mirror's CRL ({what})",
                           lambda: "refused" in party.watcher.output()[log:], SOON)
                require(party.read_crl() == installed, f"{what}: the watcher took it")
            party.stop_watching()
        require(self.is_in_order(), "after the malicious mirror somebody is in or out who should not be")
        party.watch()

    def published_anew(self):
        """What the authority publishes after one more revocation."""
        def fetch():
            return self.authority.get(CRL_PATH).stdout
        before = fetch()
        another = self.party.enroll_client("another")
        self.authority.ctl("certificate", "revoke", self.authority.serial(another))
        wait_until("a new CRL", lambda: fetch() != before)
        return fetch()

    def authority_is_down(self):
        """Down for longer than a CRL holds: warned of before, everybody out after, healed by itself."""
        party = self.party
        crls = mirror.split(party.read_crl())
        key = mirror.authority_key(self.authority, crls[0])
        # No authority can be told to make CRLs as short-lived: the mirror stands in for it.
        short = mirror.sign_crl(crls[0], key, number_added=1, ends=datetime.timedelta(seconds=14))
        end = mirror.next_update(short)
        party.stop_watching()
        with mirror.Mirror(short + "".join(crls[1:])) as server:
            party.watch(url=server.url)
            wait_until("the short-lived CRL", lambda: short in party.read_crl(), SOON)
            party.only_newest()
            server.bundle = None
            require(party.admits(self.good), "good is out before the CRL has run out")
            wait_until("the loud warning", party.is_warned, 20)
            require(time.time() < end, "the warning came after the CRL had run out")
            wait_until("the documented lock-out", lambda: not party.admits(self.good), 30)
            require(time.time() >= end - 1, "the lock-out came before the CRL had run out")
            server.bundle = self.published_anew()
            self.expect_order("after the authority came back")
            party.stop_watching()


def tell(base, kind, session_ends, others_stay, broken_file_lets_in=False, more=None):
    """Tells it all with one authority; `more(story)` is what only this kind has."""
    with Authority(base) as authority, kind(authority) as party:
        story = Story(party)
        story.everybody_is_in()
        story.revocation(session_ends, others_stay)
        if more is not None:
            more(story)
        story.seldom_looking()
        story.broken_file(broken_file_lets_in)
        story.expired_file()
        story.malicious_mirror()
        story.authority_is_down()
