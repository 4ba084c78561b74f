"""The pages by which an officer comes in and goes out: password, second factor, one-time code, authenticator, account.

They work without a script and by keyboard. What is refused is said on the form itself, with what to do; no password is shown again.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.officers.passwords import LEAST
from alerts.officers.permissions import ROLES
from alerts.officers.sessions import Session, Stage
from alerts.officers.signing_in import SigningIn
from alerts.officers.tries import TriesUsedUpError
from console.access import csrf_field, form_of, local_path, session_of, signed_in
from console.code_words import grant_words, may_word
from console.interface.catalogues import catalogues
from console.interface.speaking import _
from console.rendering import Pages
from console.sessions import drop_token, keep_token
from schemas.errors import RefusedError


class SignInPages:
    """The pages over a registry.

    Args:
        elsewhere: the host of a sign-in service that may be asked instead of a password; empty if there is none.
    """

    def __init__(self, signing_in: SigningIn, pages: Pages, elsewhere: str = "") -> None:
        self._signing_in, self._pages, self._elsewhere = signing_in, pages, elsewhere

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/sign-in", self.sign_in, methods=["GET", "POST"]),
            Route("/second-factor", self.second_factor, methods=["GET", "POST"]),
            Route("/set-up", self.set_up, methods=["GET", "POST"]),
            Route("/authenticator", self.authenticator, methods=["GET", "POST"]),
            Route("/account", self.account, methods=["GET", "POST"]),
            Route("/account/language", self.language, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]

    def sign_in(self, request: Request) -> Response:
        """`/sign-in?next=`: name and password."""
        form, onward = form_of(request), _onward(request)
        name = form.get("name", "")[:80]
        shown = {"name": name, "onward": onward, "open": not self._signing_in.is_closed()}
        shown |= {"elsewhere": self._elsewhere, "away": "/sign-in/elsewhere" + query_of(onward)}

        def give() -> Response:
            token = self._signing_in.give_password(name, form.get("password", ""), address_of(request), _token(request))
            return self._go_on(request, "/second-factor" + query_of(onward), token)

        return self._step(request, "sign_in", shown, give)

    def second_factor(self, request: Request) -> Response:
        """`/second-factor?next=`: a code of the authenticator, or one for its loss."""
        session, onward = session_of(request), _onward(request)
        if session is None or session.stage is not Stage.SECOND:
            return RedirectResponse("/sign-in" + query_of(onward), 303)

        def give() -> Response:
            token = self._signing_in.give_code(session, form_of(request).get("code", ""), address_of(request))
            return self._go_on(request, onward, token)

        return self._step(request, "second_factor", {"name": session.officer.display, "onward": onward}, give)

    def set_up(self, request: Request) -> Response:
        """`/set-up?code=`: a one-time code, and the password it sets."""
        form = form_of(request)
        code = form.get("one_time_code", "") or request.query_params.get("code", "")

        def give() -> Response:
            password = form.get("password", "")
            if password != form.get("again", ""):
                raise RefusedError(_("the two passwords differ."), remedy=_("Type the same one twice."))
            token = self._signing_in.use_one_time_code(code, password, address_of(request), _token(request))
            return self._go_on(request, "/authenticator", token)

        return self._step(request, "set_up", {"code": code[:80], "least": LEAST}, give)

    def authenticator(self, request: Request) -> Response:
        """`/authenticator`: the secret for the telephone, and its first code; then the codes for its loss, once."""
        session = session_of(request)
        if session is None or session.stage is not Stage.SET_UP:
            return RedirectResponse("/sign-in", 303)
        told = self._signing_in.authenticator(session)
        picture = segno.make(told.uri, error="m").svg_inline(scale=4, border=3, dark="#000", light="#fff")
        secret = " ".join(told.secret[i : i + 4] for i in range(0, len(told.secret), 4))

        def give() -> Response:
            token, codes = self._signing_in.confirm(session, form_of(request).get("code", ""), address_of(request))
            response = self._page(request, "recovery", {"codes": codes})
            keep_token(response, request, token)
            return response

        return self._step(request, "authenticator", {"picture": Markup(picture), "secret": secret}, give)  # noqa: S704 - segno's own

    @signed_in
    def account(self, request: Request) -> Response:
        """`/account`: who one is and what one may; another password; the way out."""
        session, form = _held(request), form_of(request)
        shown = {"officer": session.officer, "recovery": self._signing_in.recovery_left(session), "least": LEAST, "changed": False}
        shown |= {
            "may": [(grant_words(grant), sorted(map(may_word, ROLES[grant.role]))) for grant in session.officer.grants],
            "until": session.expires,
        }

        def change() -> Response:
            new = form.get("password", "")
            if new != form.get("again", ""):
                raise RefusedError(_("the two new passwords differ."), remedy=_("Type the same one twice."))
            token = self._signing_in.change_password(session, form.get("current", ""), new, address_of(request))
            response = self._page(request, "recovery", {"codes": ()})
            keep_token(response, request, token)
            return response

        return self._step(request, "account", shown, change)

    @signed_in
    def language(self, request: Request) -> Response:
        """`/account/language`: in which language one is spoken to, on pages and when one is woken."""
        session, chosen = _held(request), form_of(request).get("language", "")
        if chosen and chosen not in catalogues():
            raise RefusedError(_("the console does not speak this language."), remedy=_("Choose one of the list."))
        self._signing_in.choose_language(session, chosen)
        return RedirectResponse("/account", 303)

    def sign_out(self, request: Request) -> Response:
        """`/sign-out`: the session is over."""
        self._signing_in.sign_out(_held(request))
        response = self._page(request, "signed_out", {})
        drop_token(response, request)
        return response

    def _step(self, request: Request, page: str, shown: dict[str, Any], take: Callable[[], Response]) -> Response:
        """The page, or what follows from its form; what is refused is said on it."""
        if request.method != "POST":
            return self._page(request, page, shown)
        try:
            return take()
        except TriesUsedUpError as error:
            response = self._page(request, page, shown, error, 429)
            response.headers["retry-after"] = str(error.wait_s)
            return response
        except RefusedError as error:
            return self._page(request, page, shown, error, 403)

    def _page(self, request: Request, page: str, shown: dict[str, Any], error: RefusedError | None = None, status: int = 200) -> Response:
        body = self._pages.of_officer(page, csrf_field=csrf_field(request), error=error, **shown)
        return Response(body, status, headers=self._pages.headers, media_type="text/html")

    def _go_on(self, request: Request, path: str, token: str) -> Response:
        response = RedirectResponse(path, 303)
        keep_token(response, request, token)
        return response


def _held(request: Request) -> Session:
    session = session_of(request)
    if session is None:
        raise RefusedError(_("nobody is signed in."), remedy=_("Sign in."))
    return session


def _token(request: Request) -> str:
    session = session_of(request)
    return session.token if session is not None else ""


def _onward(request: Request) -> str:
    return local_path(form_of(request).get("next", "") or request.query_params.get("next", "/"))


def query_of(onward: str) -> str:
    """What an address of signing in says of where to go on."""
    return f"?next={quote(onward, safe='/')}" if onward != "/" else ""


def address_of(request: Request) -> str:
    """From where somebody asks."""
    return request.client.host if request.client is not None else "unknown"
