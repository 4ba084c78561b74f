"""What is being sent, and the button that halts it: of one warning or of all, with a reason; and to go on."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts import stops
from console.access import ANYWHERE, What, form_of, may, officer_of, require, signed_in, written
from console.acting import Acting
from console.interface.speaking import _
from schemas.errors import RefusedError


class SendingPages:
    """The page of what is being sent. Whoever may hold a message may halt its sending: it is the same question, asked later."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/sending", self.all),
            Route("/sending/halt", self.halt, methods=["POST"]),
            Route("/sending/go-on", self.go_on, methods=["POST"]),
        ]

    @signed_in
    def all(self, request: Request) -> Response:
        """`/sending`: what is halted, and how far each message is that is on its way."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def halt(self, request: Request) -> Response:
        """Halt at once. Who has it already is shown then."""
        return self._decide(request, "halt")

    @signed_in
    def go_on(self, request: Request) -> Response:
        """Go on with what is still in time."""
        return self._decide(request, "resume")

    def _decide(self, request: Request, asked: str) -> Response:
        acting, form = self._acting, form_of(request)
        warning = form.get("warning", "").strip()
        area = self._area_of(warning)
        grant = require(officer_of(request), What.HOLD, acting.country, area)
        try:
            why = written(form, "why")
            if not why:
                raise RefusedError(_("a reason is missing."), remedy=_("Say why; people on duty read it."))
            at = datetime.now(UTC)  # the machine's own time, as everything of sending
            with acting.service.registry.attempt(asked, acting.by(request), grant.duty_role, warning or stops.ALL, at) as connection:
                name = stops.named(connection, warning) if warning else stops.ALL
                act = stops.stop if asked == "halt" else stops.resume
                act(connection, name, acting.by(request), why, at)
        except RefusedError as refused:
            return self._shown(request, refused)
        return RedirectResponse("/sending", 303)

    def _area_of(self, warning: str) -> str | None:
        """The area that must be granted: of the warning; of all of them, or of one that nobody knows, the whole country."""
        with self._acting.service.registry.reading() as connection:
            return stops.area_of(connection, warning) if warning else None

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        acting = self._acting
        with acting.service.registry.reading() as connection:
            halted = stops.standing_stops(connection)
            sending = stops.on_its_way(connection)
            reached = {one.warning: stops.reached(connection, one.warning) for one in halted}
        can = may(officer_of(request), What.HOLD, acting.country, ANYWHERE)
        shown = {"halted": halted, "sending": sending, "reached": reached, "names": acting.names, "can": can, "error": error}
        return acting.page(request, "sending", 409 if error is not None else 200, **shown)
