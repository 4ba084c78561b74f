"""The roster: who is on duty now and in the next days, what is wrong with it, hand-over notes; shifts are put in and taken out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.officers import accounts
from alerts.officers.officer import Officer
from alerts.roster import keeping, telephones
from alerts.roster.shifts import PLACES, Shift, on_duty
from console.access import ANYWHERE, What, form_of, officer_of, require, signed_in
from console.acting import Acting
from console.interface.speaking import _
from schemas.errors import RefusedError

AHEAD = timedelta(days=14)
_NOTES = 10
_AS = "roster"
"""In which role the roster is kept, for the journal, as the command does."""


@dataclass(frozen=True)
class ShiftLine:
    """A shift as it is shown. now: it goes on. reached: the person can be woken."""

    shift: Shift
    now: bool
    reached: bool


class DutyPages:
    """The page of who is on duty."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._registry, self._code = acting.service.registry, acting.country.code

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/duty", self.all),
            Route("/duty/add", self.add, methods=["POST"]),
            Route("/duty/hand-over", self.hand_over, methods=["POST"]),
            Route("/duty/{shift}/remove", self.remove, methods=["POST"]),
        ]

    @signed_in
    def all(self, request: Request) -> Response:
        """`/duty`: now, the next two weeks, what is wrong, and the last notes."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def add(self, request: Request) -> Response:
        """Put somebody on duty."""
        form = form_of(request)

        def act(connection: Connection, by: str, now: datetime) -> None:
            since, until = self._moment(form.get("since", "")), self._moment(form.get("until", ""))
            place = form.get("place", "")
            if place not in PLACES:
                raise RefusedError(_("there is no such place on duty."), remedy=_("Choose one of the list."))
            keeping.add(connection, self._code, form.get("name", ""), since, until, PLACES.index(place) + 1, by, now)

        return self._act(request, "roster add", form.get("name", "")[:80], act)

    @signed_in
    def remove(self, request: Request) -> Response:
        """Take a shift out."""
        shift = str(request.path_params["shift"])
        return self._act(
            request, "roster remove", shift, lambda connection, by, now: keeping.remove(connection, self._code, shift, by, now)
        )

    @signed_in
    def hand_over(self, request: Request) -> Response:
        """Keep a note for the next shift."""
        text = form_of(request).get("text", "")

        def act(connection: Connection, by: str, now: datetime) -> None:
            keeping.hand_over(connection, self._code, by, text, now)

        return self._act(request, "hand over", "", act, "#notes")

    def _act(
        self, request: Request, asked: str, subject: str, act: Callable[[Connection, str, datetime], object], then: str = ""
    ) -> Response:
        """Do it as the account that asks, with the checks of the command; a refusal is said above the page as it stands."""
        officer, now = officer_of(request), self._acting.now()
        require(officer, What.VIEW, self._acting.country, ANYWHERE)
        name = officer.name if officer is not None else ""
        try:
            with self._registry.attempt(asked, name, _AS, subject, now) as connection:
                act(connection, name, now)
        except RefusedError as refused:
            return self._shown(request, refused)
        return RedirectResponse(f"/duty{then}", 303)

    def _moment(self, text: str) -> datetime:
        try:
            return self._acting.clock.parse(text)
        except (ValueError, OverflowError) as error:
            raise RefusedError(_("the moment cannot be read."), remedy=_("Write it as 2026-11-27T20:00, on the local clock.")) from error

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        now, officer = self._acting.now(), officer_of(request)
        with self._registry.reading() as connection:
            coming = keeping.within(connection, self._code, now, now + AHEAD)
            reached = telephones.who_has_one(connection)
            can_stand = [one for one in accounts.all_of(connection) if keeping.may_stand(one, self._code)]
            shown = {
                "findings": keeping.check(connection, self._code, now, now + AHEAD),
                "notes": keeping.notes(connection, self._code, _NOTES),
                "names": _people(connection),
            }
        there = on_duty(coming, now)
        lines = [ShiftLine(shift, shift.since <= now < shift.until, shift.officer in reached) for shift in coming]
        can = officer is not None and keeping.may_stand(officer, self._code)
        clock = self._acting.clock
        shown |= {"there": there, "lines": lines, "can_stand": can_stand, "can": can, "places": PLACES, "now": now, "until": now + AHEAD}
        shown |= {"since_field": clock.field(now), "until_field": clock.field(now + timedelta(hours=12)), "most": keeping.NOTE_MOST}
        return self._acting.page(request, "duty", 409 if error is not None else 200, form=form_of(request), error=error, **shown)


def _people(connection: Connection) -> dict[str, str]:
    """Account's name to person's name."""
    found: list[Officer] = accounts.all_of(connection)
    return {one.name: one.display for one in found}
