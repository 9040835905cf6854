"""What every request passes through: safe headers, a limited body, the sign-in of its cookie."""

from __future__ import annotations

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.records import people
from bot.web import problems
from bot.web.guard import cookie_name, web_of
from bot.web.pages import SAFE_HEADERS

MOST_BYTES = 256 * 1024
HTTPS_ONLY = "max-age=31536000"  # a year
DISCARDED = 16  # times MOST_BYTES read and thrown away, so that a browser still gets to read the answer


class SafeHeaders:
    """Adds SAFE_HEADERS to every response; by https also that this host is to be asked by https only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the headers set on the way back."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SAFE_HEADERS)
                if scope.get("scheme") == "https":
                    headers["strict-transport-security"] = HTTPS_ONLY
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """Refuses bodies above `most` bytes with 413."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, counting what is received."""
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got <= self.most:
                return message
            while message.get("more_body") and got <= self.most * DISCARDED:
                message = await receive()
                got += len(message.get("body", b""))
            raise HTTPException(413)

        await self.app(scope, counted if scope["type"] == "http" else receive, send)


class SignedIn:
    """Puts the sign-in of the cookie, or None, into `request.state.session`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look the cookie up, except for files and health checks."""
        if scope["type"] == "http" and not scope["path"].startswith(("/static/", "/healthz", "/readyz", "/metrics")):
            connection = HTTPConnection(scope)
            web = web_of(connection)
            token = connection.cookies.get(cookie_name(connection, "session"))
            session = None
            if token:
                try:
                    session = await run_in_threadpool(people.session_of, web.records, token, web.clock())
                except SQLAlchemyError as error:
                    connection.state.session = None
                    return await problems.records_away(Request(scope), error)(scope, receive, send)
            connection.state.session = session
        await self.app(scope, receive, send)
