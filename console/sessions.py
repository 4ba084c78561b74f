"""The cookie of a session: no script reads it, no other site's form sends it, and over https no other name of the domain sets it."""

import secrets

from starlette.requests import HTTPConnection
from starlette.responses import Response

_SESSION, _FORM, _ASKED = "polyrisk", "polyrisk-form", "polyrisk-asked"
_ASKED_FOR_S = 600
"""How long somebody may take at a sign-in service elsewhere."""
_HOST_ONLY = "__Host-"
"""A browser takes such a name only from this very host, over https and for the whole site."""
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


def is_secure(connection: HTTPConnection) -> bool:
    """Whether it came by https, to us or to the proxy before us."""
    return connection.url.scheme == "https"


def may_type_secrets(connection: HTTPConnection) -> bool:
    """Whether what is typed cannot be read on its way: by https, or on this machine."""
    return is_secure(connection) or connection.url.hostname in LOOPBACK_NAMES


def token_of(connection: HTTPConnection) -> str:
    """The session that the browser names; empty if none."""
    return connection.cookies.get(_named(connection, _SESSION), "")


def form_key_of(connection: HTTPConnection) -> str:
    """The secret of the forms of a browser that is not signed in; empty if it has none yet."""
    return connection.cookies.get(_named(connection, _FORM), "")


def new_form_key() -> str:
    """Such a secret."""
    return secrets.token_urlsafe(32)


def keep_token(response: Response, connection: HTTPConnection, token: str) -> None:
    """Give the browser its session. It follows a link from elsewhere (a warning's address in a message), but no form from elsewhere."""
    _set(response, connection, _SESSION, token)


def drop_token(response: Response, connection: HTTPConnection) -> None:
    """Take the session from the browser."""
    response.delete_cookie(_named(connection, _SESSION), path="/", secure=is_secure(connection), httponly=True, samesite="lax")


def asked_of(connection: HTTPConnection) -> str:
    """What this browser asked a sign-in service elsewhere; empty if nothing."""
    return connection.cookies.get(_named(connection, _ASKED), "")


def keep_asked(response: Response, connection: HTTPConnection, asked: str) -> None:
    """Let the browser keep what it asked a sign-in service elsewhere until it comes back."""
    _set(response, connection, _ASKED, asked, _ASKED_FOR_S)


def drop_asked(response: Response, connection: HTTPConnection) -> None:
    """It came back, once."""
    response.delete_cookie(_named(connection, _ASKED), path="/", secure=is_secure(connection), httponly=True, samesite="lax")


def form_key_header(connection: HTTPConnection, key: str) -> tuple[bytes, bytes]:
    """The header that gives the browser the secret of its forms."""
    response = Response()
    _set(response, connection, _FORM, key)
    return next(header for header in response.raw_headers if header[0] == b"set-cookie")


def _set(response: Response, connection: HTTPConnection, name: str, value: str, lasts_s: int | None = None) -> None:
    secure = is_secure(connection)
    response.set_cookie(_named(connection, name), value, max_age=lasts_s, path="/", secure=secure, httponly=True, samesite="lax")


def _named(connection: HTTPConnection, name: str) -> str:
    return f"{_HOST_ONLY}{name}" if is_secure(connection) else name
