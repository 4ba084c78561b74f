"""What people wrote to us: who needs help, what a person must read, reports. Numbers are masked; one is shown to who may call back.

A number is asked for by a form with a reason, and stands in the answer to that form alone: in no address, no log, no page that is kept. The
journal has it before the page does; what cannot be written there is not shown.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alerts.listening import revealing
from alerts.listening.revealing import Wrote
from console.access import ANYWHERE, What, form_of, may, officer_of, require, signed_in, written
from console.acting import Acting
from console.interface.speaking import _, later
from schemas.errors import RefusedError

_TAKEN_FOR = {
    "": later("nobody has looked at it yet"),
    "need_help": later("needs help"),
    "help": later("asked how this works; after a warning it may be a cry"),
    "unsure": later("not understood"),
    "stranger": later("from nobody who is enrolled"),
    "too_many": later("writes without end"),
    "failed": later("could not be answered"),
    "report": later("a report"),
}


class AnswerPages:
    """The page of what people wrote, and the one that shows a number."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._registry = acting.service.registry

    def routes(self) -> list[Route]:
        """Where they are."""
        return [Route("/answers", self.all), Route("/answers/{message}/number", self.number, methods=["POST"])]

    @signed_in
    def all(self, request: Request) -> Response:
        """`/answers`: of the last days, who needs help first."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def number(self, request: Request) -> Response:
        """Show the number from which a message came, to who may see it where its writer lives."""
        acting, id, now, officer = self._acting, str(request.path_params["message"]), self._acting.now(), officer_of(request)
        with self._registry.reading() as connection:
            try:
                wrote = revealing.one(connection, self._registry.keys, id)
            except RefusedError as gone:
                return acting.gone(gone)
        try:
            with self._registry.attempt("number", acting.by(request), "", id, now) as connection:
                why = written(form_of(request), "why")
                grant = require(officer, What.REVEAL, acting.country, wrote.area or None)
                role = grant.duty_role or str(grant.role)
                number = revealing.reveal(connection, self._registry.keys, id, why, acting.by(request), role, now)
        except RefusedError as refused:
            return self._shown(request, refused)
        return acting.page(request, "number", number=number, wrote=wrote, why=why, place=self._place(wrote), now=now)

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        acting, officer = self._acting, officer_of(request)
        with self._registry.reading() as connection:
            found = revealing.written(connection, self._registry.keys, acting.now())
        lines = {
            kind: [(wrote, self._place(wrote), _(_TAKEN_FOR[wrote.outcome]), self._may(request, wrote)) for wrote in of_kind]
            for kind, of_kind in found.items()
        }
        can = may(officer, What.REVEAL, acting.country, ANYWHERE)
        shown = {"lines": lines, "can": can, "days": revealing.SINCE.days, "most": revealing.MOST, "now": acting.now(), "error": error}
        return acting.page(request, "answers", 403 if error is not None else 200, form=form_of(request), **shown)

    def _may(self, request: Request, wrote: Wrote) -> bool:
        return may(officer_of(request), What.REVEAL, self._acting.country, wrote.area or None)

    def _place(self, wrote: Wrote) -> str:
        return self._acting.names.place(wrote.area) if wrote.area else _("nobody knows where")
