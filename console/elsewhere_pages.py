"""The way to a sign-in service elsewhere and back; what comes of it is a session like any other."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.officers.sessions import Stage
from alerts.officers.signing_in import SigningIn
from console.access import local_path, session_of
from console.elsewhere import Asked, SignInService
from console.interface.speaking import _
from console.rendering import Pages
from console.sessions import asked_of, drop_asked, keep_asked, keep_token
from console.signing_in import address_of, query_of
from schemas.errors import RefusedError

AWAY, BACK = "/sign-in/elsewhere", "/sign-in/back"


class ElsewherePages:
    """The two addresses."""

    def __init__(self, service: SignInService, signing_in: SigningIn, pages: Pages) -> None:
        self._service, self._signing_in, self._pages = service, signing_in, pages

    def routes(self) -> list[Route]:
        """Where they are."""
        return [Route(AWAY, self.away), Route(BACK, self.back)]

    def away(self, request: Request) -> Response:
        """`/sign-in/elsewhere?next=`: to the service."""
        asked = Asked.new(local_path(request.query_params.get("next", "/")))
        try:
            response = RedirectResponse(self._service.address_for(asked, _back(request)), 303)
        except RefusedError as error:
            return self._refused(error)
        keep_asked(response, request, str(asked))
        return response

    def back(self, request: Request) -> Response:
        """`/sign-in/back?code=&state=`: from the service."""
        asked, session = Asked.read(asked_of(request)), session_of(request)
        try:
            if asked is None:
                raise RefusedError(_("nothing was asked from this browser, or too long ago."), remedy=_("Begin at the sign-in page."))
            identity = self._service.identity(asked, request.query_params, _back(request))
            before = session.token if session is not None else ""
            token, stage = self._signing_in.believe(identity, address_of(request), before)
        except RefusedError as error:
            return self._refused(error, request)
        onward = local_path(asked.onward)
        response = RedirectResponse(onward if stage is Stage.FULL else "/second-factor" + query_of(onward), 303)
        drop_asked(response, request)
        keep_token(response, request, token)
        return response

    def _refused(self, error: RefusedError, request: Request | None = None) -> Response:
        response = Response(self._pages.failed(error.what, error.remedy), 403, headers=self._pages.headers, media_type="text/html")
        if request is not None:
            drop_asked(response, request)
        return response


def _back(request: Request) -> str:
    return str(request.url.replace(path=BACK, query="", fragment=""))
