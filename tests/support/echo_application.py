"""A web application behind a proxy: says who the client is over HTTP, and echoes over WebSockets. usage: … PORT"""
# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import http
import sys

import websockets


async def answer_http(_, headers):
    """Answers what is no WebSocket; None lets that one be opened."""
    if headers.get("Upgrade", "").lower() == "websocket":
        return None
    body = f"hello {headers.get('X-Client-DN')}\n".encode()
    return http.HTTPStatus.OK, {"Content-Type": "text/plain", "Content-Length": str(len(body))}, body


async def echo(connection, _=None):
    client = connection.request_headers.get("X-Client-DN")
    async for text in connection:
        await connection.send(f"{text} from {client}")


async def serve(port):
    async with websockets.serve(echo, "127.0.0.1", port, process_request=answer_http, ping_interval=None):
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
