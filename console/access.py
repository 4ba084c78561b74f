"""Who asks for a page, and what they may do: what every page that shows or changes something of its reader's uses.

    from console.access import ANYWHERE, What, csrf_field, form_of, may, officer_of, require, signed_in

    @signed_in                                                # GET without an officer goes to the sign-in page and comes back
    def page(request: Request) -> Response:
        can = may(officer_of(request), What.SIGN, country, warning.area)
        ... render the form with {{ csrf_field }} = csrf_field(request)

    @signed_in
    def sign(request: Request) -> Response:                   # Route("/warning/{id}/sign", sign, methods=["POST"])
        officer = officer_of(request)
        grant = require(officer, What.SIGN, country, warning.area)   # RefusedError: a page (403) with what and remedy
        service.sign(id, officer.display, grant.duty_role, now)
        text = form_of(request).get("comment", "")

Every request that changes something has passed `console.gate` before it comes to an endpoint: a form from this site, with the token of
`csrf_field`, by somebody who is signed in. An endpoint only says what its officer must be allowed to do (`require`). A form is
`application/x-www-form-urlencoded`; read it by `form_of`, not by `request.form()`. A `RefusedError` raised in an endpoint becomes a page.
`officer_of` answers what is granted at this request, so that what is revoked, or an account that is disabled, ends at once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import quote, urlsplit

from markupsafe import Markup
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response

from alerts.officers.officer import Officer
from alerts.officers.permissions import ANYWHERE, What, may, require
from alerts.officers.sessions import Session, Stage
from console.interface.speaking import _
from schemas.errors import RefusedError

__all__ = [
    "ANYWHERE",
    "NotSignedInError",
    "What",
    "csrf_field",
    "form_of",
    "local_path",
    "may",
    "note_refusal",
    "officer_of",
    "refusal_of",
    "require",
    "session_of",
    "sign_in_path",
    "signed_in",
    "written",
]

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
LONGEST_SENTENCE = 500
"""Letters of a reason, a question or a comment."""
_P = ParamSpec("_P")


class NotSignedInError(RefusedError):
    """The page is for who is signed in."""

    def __init__(self) -> None:
        super().__init__(_("this page is for who is signed in."), remedy=_("Sign in and try again."))


def session_of(request: Request) -> Session | None:
    """The session of whoever asks, of whatever stage; none without a cookie that holds."""
    found = getattr(request.state, "session", None)
    return found if isinstance(found, Session) else None


def officer_of(request: Request) -> Officer | None:
    """Who asks, if they have given both password and second factor."""
    session = session_of(request)
    return session.officer if session is not None and session.stage is Stage.FULL else None


def form_of(request: Request) -> ImmutableMultiDict[str, str]:
    """The fields of the form that was sent, as the gate has read and checked it; empty for a page that is only asked for."""
    found = getattr(request.state, "form", None)
    return found if isinstance(found, ImmutableMultiDict) else ImmutableMultiDict()


def written(form: ImmutableMultiDict[str, str], name: str) -> str:
    """What somebody wrote in a field for a sentence or two, without blanks around it; never cut short, for half a reason is another.

    Raises:
        RefusedError: it is longer than `LONGEST_SENTENCE`.
    """
    text = form.get(name, "").strip()
    if len(text) > LONGEST_SENTENCE:
        remedy = _("Say it in at most {most, number} letters.", most=LONGEST_SENTENCE)
        raise RefusedError(
            _("what is written has {number, number} letters, which is too long.", number=len(text)), where=name, remedy=remedy
        )
    return text


def note_refusal(request: Request, what: str) -> None:
    """Note why a request was refused, for the gate to keep once it is answered."""
    request.state.refusal = what


def refusal_of(request: Request) -> str:
    """Why it was refused; empty if it was not."""
    return str(getattr(request.state, "refusal", ""))


def csrf_field(request: Request) -> Markup:
    """The hidden field that every form with `method="post"` has inside; it is worth something in this browser's session alone."""
    request.state.form_key_used = True
    return Markup('<input type="hidden" name="{}" value="{}">').format(TOKEN_FIELD, form_token(str(request.state.form_key)))


def form_token(key: str) -> str:
    """A form's token: an HMAC under the session's secret of a nonce, so that it is another on every page (a compressed page tells nothing).

    Args:
        key: the cookie's value.
    """
    nonce = secrets.token_hex(16)
    return f"{nonce}.{_mac(key, nonce)}"


def is_form_token(key: str, token: str) -> bool:
    """Whether a token was made under a session's secret."""
    nonce, _, mac = token.partition(".")
    return hmac.compare_digest(_mac(key, nonce).encode(), mac.encode())


def signed_in(endpoint: Callable[_P, Response]) -> Callable[_P, Response]:
    """An endpoint, be it a function or a method, that only an officer reaches.

    Raises, when it is called:
        NotSignedInError: nobody is signed in; a page that is asked for becomes the way to the sign-in page and back.
    """

    @wraps(endpoint)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Response:
        request = next(one for one in (*args, *kwargs.values()) if isinstance(one, Request))
        if officer_of(request) is None:
            raise NotSignedInError
        return endpoint(*args, **kwargs)

    return guarded


def local_path(wanted: str) -> str:
    """Where to go on after signing in: a path of this site, whatever an address asks for."""
    parts = urlsplit(wanted)
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if local and wanted.isprintable() else "/"


def sign_in_path(request: Request) -> str:
    """The sign-in page that comes back to what was asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/sign-in" + (f"?next={quote(asked, safe='/')}" if asked != "/" else "")


def _mac(key: str, nonce: str) -> str:
    return hmac.new(key.encode(), f"form:{nonce}".encode(), hashlib.sha256).hexdigest()
