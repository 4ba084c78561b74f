"""Silences: which hold, what they held back, and to begin or end one, with a name, a reason, a level and an end."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.silences import Silence
from console.access import ANYWHERE, What, form_of, may, officer_of, require, signed_in, written
from console.acting import Acting
from console.interface.speaking import _
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.moments import parse_span

_LINES = 200
"""Ended silences that a page shows, the newest first."""


class SilencePages:
    """The page of silences."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/silences", self.all),
            Route("/silences/begin", self.begin, methods=["POST"]),
            Route("/silences/{id}/end", self.end, methods=["POST"]),
        ]

    @signed_in
    def all(self, request: Request) -> Response:
        """`/silences`: those that hold, and those that are over."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def begin(self, request: Request) -> Response:
        """Begin one."""
        form, acting = form_of(request), self._acting
        area = form.get("area", "").strip() or None
        grant = require(officer_of(request), What.SILENCE, acting.country, area)
        try:
            now = acting.now()
            silence = Silence(
                "",
                acting.by(request),
                grant.duty_role,
                written(form, "comment"),
                _level(form.get("up_to", "")),
                now,
                now + _span(form.get("span", "")),
                area=area,
                rule=form.get("rule", "").strip() or None,
            )
            with acting.turn:
                acting.service.silence(silence)
        except RefusedError as refused:
            return self._shown(request, refused)
        return RedirectResponse("/silences", 303)

    @signed_in
    def end(self, request: Request) -> Response:
        """End one before its time."""
        id, acting = str(request.path_params["id"]), self._acting
        with acting.turn:
            of = next((silence for silence, _ in acting.service.silences() if silence.id == id), None)
        if of is None:
            return acting.gone(RefusedError(_("no silence is called so."), where=id, remedy=_("The page of silences lists them.")))
        grant = require(officer_of(request), What.SILENCE, acting.country, of.area)
        try:
            with acting.turn:
                acting.service.end_silence(id, acting.by(request), grant.duty_role, acting.now())
        except RefusedError as refused:
            return self._shown(request, refused)
        return RedirectResponse("/silences", 303)

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        acting, now = self._acting, self._acting.now()
        with acting.turn:
            found = acting.service.silences()
        holding = [(silence, held) for silence, held in found if silence.holds(now)]
        over = [(silence, held) for silence, held in reversed(found) if not silence.holds(now)][:_LINES]
        rules = [(rule.name, acting.names.rule(rule.name)) for rule in acting.country.configuration.rules]
        can = may(officer_of(request), What.SILENCE, acting.country, ANYWHERE)
        shown = {"holding": holding, "over": over, "areas": acting.names.areas(), "rules": rules, "can": can, "now": now, "error": error}
        return acting.page(request, "silences", 409 if error is not None else 200, form=form_of(request), **shown)


def _level(text: str) -> Level:
    try:
        return Level.named(text)
    except ValueError as error:
        raise RefusedError(_("the level cannot be read."), remedy=_("Choose yellow, orange or red.")) from error


def _span(text: str) -> timedelta:
    try:
        return parse_span(text)
    except (ValueError, OverflowError) as error:
        raise RefusedError(_("how long it holds cannot be read."), remedy=_("Write a span such as 6 h.")) from error
