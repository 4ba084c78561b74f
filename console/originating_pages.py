"""A warning that no rule saw, written by a person: the form, and what people wrote that stands or waits, to be updated and ended."""

import secrets
from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.editing import EditRefusedError
from alerts.officers.officer import Grant
from alerts.originated import Kept
from alerts.originating import Change, Draft, How
from alerts.texts import SLOTS
from console.access import ANYWHERE, What, form_of, may, officer_of, require, signed_in, written
from console.acting import Acting
from console.interface.speaking import _
from console.originating_views import filled, offered
from schemas.errors import ConfigurationError, RefusedError
from schemas.levels import Level
from schemas.warning_records import Warning

_HOW: dict[str, How] = {"all_clear": "all_clear", "mistaken": "mistaken", "cannot_tell": "cannot_tell"}


class OriginatingPages:
    """The pages of what people write. What is sent twice from one page is one warning: the form carries an identity of its own."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/originate", self.write),
            Route("/originate", self.propose, methods=["POST"]),
            Route("/originated/{warning}", self.read),
            Route("/originated/{warning}/update", self.update, methods=["POST"]),
            Route("/originated/{warning}/end", self.end, methods=["POST"]),
        ]

    @signed_in
    def write(self, request: Request) -> Response:
        """`/originate`: the form, and what stands or waits."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._form(request)

    @signed_in
    def propose(self, request: Request) -> Response:
        """Propose it, and go on to the message as it waits: all that people would read stands there."""
        form, acting = form_of(request), self._acting
        area = form.get("area", "").strip() or ANYWHERE
        grant = require(officer_of(request), What.ORIGINATE, acting.country, area)
        try:
            with acting.turn:
                proposed = acting.service.originate(self._draft(request, grant), acting.now())
        except (RefusedError, ConfigurationError) as refused:
            return self._form(request, refused)
        return RedirectResponse(f"/waiting/{proposed.id}", 303)

    @signed_in
    def read(self, request: Request) -> Response:
        """`/originated/{warning}`: who wrote it and why, with the forms to update and to end it."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def update(self, request: Request) -> Response:
        """Propose another level, or another end."""
        form, acting = form_of(request), self._acting
        found = self._found(request)
        if found is None:
            return self._shown(request)
        grant = require(officer_of(request), What.ORIGINATE, acting.country, found[1].area)
        try:
            level, until = form.get("level", ""), form.get("until", "").strip()
            change = Change(
                acting.by(request),
                grant.duty_role,
                written(form, "comment"),
                _level(level) if level else None,
                self._moment(until, "until") if until else None,
            )
            with acting.turn:
                proposed = acting.service.update_originated(found[0].warning, change, acting.now())
        except (RefusedError, ConfigurationError) as refused:
            return self._shown(request, refused)
        return RedirectResponse(f"/waiting/{proposed.id}", 303)

    @signed_in
    def end(self, request: Request) -> Response:
        """Propose its end; one of which nobody was told anything is taken back."""
        form, acting = form_of(request), self._acting
        found = self._found(request)
        if found is None:
            return self._shown(request)
        grant = require(officer_of(request), What.ORIGINATE, acting.country, found[1].area)
        try:
            how = _HOW.get(form.get("how", ""))
            if how is None:
                raise RefusedError(_("it was not said how it ended."), remedy=_("Choose one of the three."))
            change = Change(acting.by(request), grant.duty_role, written(form, "comment"))
            with acting.turn:
                acting.service.end_originated(found[0].warning, change, how, acting.now())
                waits = [one.id for one in acting.service.pending() if one.warning == found[0].warning]
        except (RefusedError, ConfigurationError) as refused:
            return self._shown(request, refused)
        return RedirectResponse(f"/waiting/{waits[0]}" if waits else f"/warning/{found[0].warning}", 303)

    def _draft(self, request: Request, grant: Grant) -> Draft:
        form = form_of(request)
        since = form.get("since", "").strip()
        return Draft(
            hazard=form.get("hazard", "").strip(),
            area=form.get("area", "").strip(),
            level=_level(form.get("level", "")),
            until=self._moment(form.get("until", "").strip(), "until"),
            by=self._acting.by(request),
            role=grant.duty_role,
            reason=written(form, "reason"),
            source=written(form, "source"),
            since=self._moment(since, "since") if since else None,
            once=form.get("once", "")[:64],
            filled=filled(form),
        )

    def _moment(self, text: str, where: str) -> datetime:
        """A moment on the local clock, as a browser's field gives it.

        Raises:
            RefusedError: it cannot be read.
        """
        try:
            return self._acting.clock.parse(text)
        except (ValueError, OverflowError) as error:
            what = _("the moment cannot be read.")
            raise RefusedError(what, where=where, remedy=_("Write it as 2025-11-27T20:00, on the local clock.")) from error

    def _found(self, request: Request) -> tuple[Kept, Warning] | None:
        warning = str(request.path_params["warning"])
        with self._acting.turn:
            return next((one for one in self._acting.service.originated() if one[0].warning == warning), None)

    def _form(self, request: Request, error: RefusedError | ConfigurationError | None = None) -> Response:
        acting, form = self._acting, form_of(request)
        with acting.turn:
            written, hazards = acting.service.originated(), acting.service.hazard_choices()
        can = may(officer_of(request), What.ORIGINATE, acting.country, ANYWHERE)
        once = form.get("once", "")[:64] or secrets.token_hex(16)
        shown = {"hazards": hazards, "areas": acting.names.areas(), "names": acting.names, "written": written, "can": can, "form": form}
        shown["open_ones"] = offered(hazards, acting.names, form, error)
        return acting.page(
            request, "originate", 409 if error is not None else 200, error=_above(error), once=once, now=acting.now(), **shown
        )

    def _shown(self, request: Request, error: RefusedError | ConfigurationError | None = None) -> Response:
        acting, found = self._acting, self._found(request)
        if found is None:
            gone = RefusedError(
                _("no person wrote such a warning, or it has ended."), remedy=_("The page to write one lists those that stand or wait.")
            )
            return acting.gone(gone)
        kept, message = found
        with acting.turn:
            stood = acting.service.standing(kept.warning)
            waits = next((one.id for one in acting.service.pending() if one.warning == kept.warning), "")
        can = may(officer_of(request), What.ORIGINATE, acting.country, message.area)
        shown = {
            "kept": kept,
            "message": message,
            "stood": stood,
            "waits": waits,
            "names": acting.names,
            "can": can,
            "form": form_of(request),
        }
        return acting.page(request, "originated", 409 if error is not None else 200, error=error, **shown)


def _above(error: RefusedError | ConfigurationError | None) -> RefusedError | ConfigurationError | None:
    """What stands above the page: what is said at each choice is not said twice."""
    if isinstance(error, EditRefusedError) and set(error.reasons) <= set(SLOTS):
        return RefusedError(_("What you chose cannot be said."), remedy=_("The reason stands at each choice; nothing was written."))
    return error


def _level(text: str) -> Level:
    """A level that a form names.

    Raises:
        RefusedError: there is no such level.
    """
    if text not in ("yellow", "orange", "red"):
        raise RefusedError(_("the level cannot be read."), remedy=_("Choose yellow, orange or red."))
    return Level.named(text)
