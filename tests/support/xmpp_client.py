"""slixmpp, an XMPP client that knows nothing of this project."""
# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import atexit
import base64
import os

import slixmpp
from slixmpp.exceptions import IqError, IqTimeout

FAILURES = ("failed_auth", "failed_all_auth", "no_auth", "ssl_invalid_chain", "connection_failed", "disconnected")
# slixmpp keeps the loop that it finds at its beginning; it runs while something is asked.
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)
CLIENTS = []  # one that is collected with tasks left complains


@atexit.register
def end_tasks():
    tasks = asyncio.all_tasks(LOOP)
    for task in tasks:
        task.cancel()
    LOOP.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def complete(task):
    return LOOP.run_until_complete(asyncio.wait_for(task, 20))


class Session:
    """A session that stays open; `bound` is its JID, or what ended its login."""

    def __init__(self, server, jid, credential=None, password=None):
        self.client = slixmpp.ClientXMPP(jid, password or "none")  # it falls over without any
        CLIENTS.append(self.client)
        self.client.ca_certs = server.root
        if credential is not None:
            self.client.certfile = os.path.join(credential, "fullchain.pem")
            self.client.keyfile = os.path.join(credential, "key.pem")
        self.client.register_plugin("xep_0257")
        self.client.register_plugin("xep_0199")
        self.ended = None
        self.client.add_event_handler("stream_error", lambda error: setattr(self, "ended", str(error["condition"])))
        self.client.add_event_handler("disconnected", lambda _: setattr(self, "ended", self.ended or "disconnected"))
        self.bound = complete(self.enter(server))

    async def enter(self, server):
        end = LOOP.create_future()

        def ends_with(what):
            return lambda event: end.done() or end.set_result(what(event))

        self.client.add_event_handler("session_start", ends_with(lambda _: str(self.client.boundjid)))
        for failure in FAILURES:
            self.client.add_event_handler(failure, ends_with(lambda _, name=failure: name))
        self.client.connect(("127.0.0.1", server.port), disable_starttls=False)
        return await end

    def append(self, name, der):
        """Puts a certificate on the account; "ok", or how the server names the error."""
        async def ask():
            await self.client["xep_0257"].add_cert(name, base64.b64encode(der).decode())
        try:
            complete(ask())
            return "ok"
        except IqError as error:
            return error.condition

    def names(self):
        """Of the certificates on the account."""
        async def ask():
            return await self.client["xep_0257"].get_certs()
        return sorted(str(item["name"]) for item in complete(ask())["sasl_certs"]["items"])

    def is_alive(self):
        async def ask():
            await self.client["xep_0199"].send_ping(self.client.boundjid.bare, timeout=10)
        if self.ended is None:
            try:
                complete(ask())
            except (IqError, IqTimeout, asyncio.TimeoutError):
                return False
        return self.ended is None

    def close(self):
        self.client.abort()


def log_in(server, jid, credential=None):
    """The JID that slixmpp was bound to, or what ended its login."""
    session = Session(server, jid, credential)
    session.close()
    return session.bound
