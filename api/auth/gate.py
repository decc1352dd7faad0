"""The gate that every HTTP request and WebSocket passes: host, origin, seat, permission, in this order.

It stands before routing, so a route that forgets to ask for its caller is closed all the same. Open without a seat are
`/health`, the sign-in (`/session`) and the viewer's own files, which hold no data.
"""

from __future__ import annotations

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth.identity import COOKIE, Identified, Identity
from api.auth.writes import READING_METHODS, permission_for
from api.dependencies import Caller
from api.error_answers import error_response
from api.errors import (
    KNOWN_ERRORS,
    BadHost,
    CrossSite,
    NotSignedIn,
    PasswordMustChange,
    status_of,
)
from data.pool import Pool, translate_errors
from twin.seats import PERMISSIONS, permissions_of, require_permission, scope_of

# the two of the exchange are signed by their parameters
_OPEN = frozenset({"/health", "/session", "/eUrbanMIS/api/v1/pushdata", "/eUrbanMIS/api/v1/getdata"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_HEADERS = frozenset({"none", "same-origin"})


class Admission:
    """Decides who a request comes from and whether it may pass.

    Parameters
    ----------
    identity
        Finds the seats.
    api_roots
        First segments of the paths of the API (`tiles`, `assets`, ...); all other paths are the viewer's files.
    """

    def __init__(self, identity: Identity, api_roots: Iterable[str]) -> None:
        self.identity = identity
        self._api_roots = frozenset(api_roots)

    async def admit(self, scope: Scope, receive: Receive) -> Receive:
        """Put the `Caller` into `scope["state"]["caller"]` (None where the path is open) and return what gives the body.

        Raises
        ------
        BadHost, CrossSite, NotSignedIn, PasswordMustChange, NotPermitted, PayloadTooLarge, TooSlow, Busy, BadRequest
            When the request may not pass.
        """
        headers = Headers(scope=scope)
        method = scope.get("method", "GET")
        if self.identity.demo_mode:
            require_loopback_host(headers.get("host", ""))
        if scope["type"] == "websocket" or method not in READING_METHODS:
            require_same_origin(headers)
        state = scope.setdefault("state", {})
        state["caller"] = None
        if not self._is_api(scope["path"]) or scope["path"] == "/health":
            return receive
        app: Starlette = scope["app"]
        with translate_errors():
            found, receive = await self._find(app.state.pool, scope, headers, receive)
        if found is None:
            if scope["path"] in _OPEN:
                return receive
            raise NotSignedIn("this address needs a seat: sign in (POST /session) or sign the request with an API key")
        caller = caller_of(found)
        if found.stored.must_change_password and not scope["path"].startswith("/session"):
            raise PasswordMustChange("the one-time password must be changed first: POST /session/password")
        permission = permission_for(method, scope["path"])
        if permission is not None:
            require_permission(caller.permissions, permission, role=caller.role)
        state["caller"] = caller
        return receive

    def _is_api(self, path: str) -> bool:
        return path.split("/", 2)[1] in self._api_roots

    async def _find(self, pool: Pool, scope: Scope, headers: Headers, receive: Receive) -> tuple[Identified | None, Receive]:
        if "x-app-id" in headers:
            self.identity.check_signed(headers)
            body, receive = await _whole_body(scope, receive)
            return Identified(await self.identity.by_signature(pool, headers, body), "key"), receive
        token = session_token(headers)
        if token is not None and (seat := await self.identity.by_cookie(pool, token)) is not None:
            return Identified(seat, "cookie"), receive
        ticket = parse_qs(scope["query_string"].decode("latin-1")).get("ticket") if scope["type"] == "websocket" else None
        if ticket and (seat := await self.identity.by_ticket(pool, ticket[0])) is not None:
            return Identified(seat, "ticket"), receive
        default = await self.identity.by_default(pool)
        return (None if default is None else Identified(default, "demo")), receive


class SeatGate:
    """ASGI middleware: lets a request through to the application, with its `Caller`, or refuses it.

    Parameters
    ----------
    app
        What comes behind the gate.
    admission
        Decides.
    """

    def __init__(self, app: ASGIApp, *, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            receive = await self._admission.admit(scope, receive)
        except KNOWN_ERRORS as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)


def caller_of(found: Identified) -> Caller:
    """Return what routes see of a seat. A demo request without a cookie may change everything: it is this machine's user."""
    seat = found.stored.seat
    return Caller(
        seat=seat.label,
        role=seat.role,
        scope=scope_of(seat.organisation, seat.role),
        seat_id=seat.seat_id,
        permissions=PERMISSIONS if found.means == "demo" else permissions_of(seat.role),
        stored=found.stored,
    )


def session_token(headers: Headers) -> str | None:
    """Return the session's token out of the cookies."""
    cookies: SimpleCookie = SimpleCookie()
    try:
        cookies.load(headers.get("cookie", ""))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None


def require_loopback_host(host: str) -> None:
    """Raise `BadHost` unless the Host header names this machine.

    In demo mode a seat needs no password; a foreign page whose name was made to resolve to 127.0.0.1 (DNS rebinding)
    would be let in, but it cannot forge this header.
    """
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in _LOOPBACK:
        raise BadHost(f"the Host header is {host[:100]!r}; in demo mode it must be 127.0.0.1, localhost or [::1]")


def require_same_origin(headers: Headers) -> None:
    """Raise `CrossSite` when a browser sends a change, or opens a WebSocket, for a page of another site.

    Programs send neither header and pass; what they may do follows from their key.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site not in _NO_HEADERS:
            raise CrossSite(f"a page of another site (Sec-Fetch-Site: {site[:20]}) may not change anything here")
        return
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        raise CrossSite(f"a page of {origin[:100]!r} may not change anything here")


async def _whole_body(scope: Scope, receive: Receive) -> tuple[bytes, Receive]:
    """Read the body that a signature covers and return it with a `receive` that gives it again; `BodyGuard` bounds it."""
    if scope["type"] == "websocket":
        return b"", receive
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(parts)
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return body, again


async def _refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the error. A WebSocket of our own page is accepted and closed, since a browser sees no HTTP answer there."""
    if scope["type"] == "websocket" and not isinstance(error, BadHost | CrossSite):
        await receive()  # the connect message must be taken before anything is sent
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4000 + status_of(error), "reason": str(error)[:120]})
        return
    await error_response(error)(scope, receive, send)
