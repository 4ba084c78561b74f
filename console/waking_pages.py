"""What somebody is woken for: who was tried, how and when, what became of it, who answered; and to say that one is awake."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.officers.officer import Officer
from alerts.roster import keeping, wakings
from alerts.roster.wakings import Waking
from alerts.roster.wording import Wording
from console.access import ANYWHERE, What, officer_of, require, signed_in
from console.acting import Acting
from console.code_words import refusal_word
from console.interface.recognising import recognised
from console.interface.speaking import _, language, later
from console.names import language_name
from schemas.errors import RefusedError

_STATES = {
    wakings.INTENDED: later("about to be tried"),
    wakings.SENDING: later("given to the provider, which has not answered yet"),
    wakings.ACCEPTED: later("taken by the provider"),
    wakings.UNKNOWN: later("nobody knows what became of it"),
    wakings.DROPPED: later("not tried, for somebody had answered"),
}
_WAYS = {"sms": later("SMS"), "call": later("call")}
_HOW = {
    wakings.BY_SMS: later("{name} answered by SMS"),
    wakings.BY_CALL: later("{name} answered by call"),
    wakings.BY_COMMAND: later("{name} answered by command"),
    wakings.BY_PAGE: later("{name} answered at the console"),
}
_AS = "on duty"
"""In which role somebody says that they are awake, for the journal, as the command does."""


@dataclass(frozen=True)
class TryLine:
    """Once that somebody was tried. language: what it was in is called."""

    who: str
    way: str
    language: str
    at: datetime
    became: str


@dataclass(frozen=True)
class WakingView:
    """A waking. what: they are woken for. beside: what else they were told of. ended: how it ended, in words; empty while it goes on."""

    waking: Waking
    what: str
    beside: tuple[str, ...]
    tries: tuple[TryLine, ...]
    ended: str


class WakingPages:
    """The page of wakings."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._registry, self._code = acting.service.registry, acting.country.code
        self._wording = Wording(acting.country)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [Route("/wakings", self.all), Route("/wakings/{waking}/awake", self.awake, methods=["POST"])]

    @signed_in
    def all(self, request: Request) -> Response:
        """`/wakings`: what goes on, and the last ones that are over."""
        require(officer_of(request), What.VIEW, self._acting.country, ANYWHERE)
        return self._shown(request)

    @signed_in
    def awake(self, request: Request) -> Response:
        """Say that one is awake: nobody else is woken for it."""
        officer, now, id = officer_of(request), self._acting.now(), str(request.path_params["waking"])
        require(officer, What.VIEW, self._acting.country, ANYWHERE)
        name = officer.name if officer is not None else ""
        try:
            with self._registry.attempt("wake ack", name, _AS, id, now) as connection:
                by = keeping.on_the_roster(connection, self._code, name)
                wakings.acknowledge(connection, wakings.of_code(connection, self._code, id), by, wakings.BY_PAGE, now)
        except RefusedError as refused:
            return self._shown(request, refused)
        return RedirectResponse("/wakings", 303)

    def _shown(self, request: Request, error: RefusedError | None = None) -> Response:
        officer = officer_of(request)
        with self._registry.reading() as connection:
            goes_on = [self._view(connection, one) for one in wakings.open_ones(connection, self._code)]
            newest = [one for one in wakings.newest(connection, self._code) if one.over is not None and one.how != wakings.JOINED]
            over = [self._view(connection, one) for one in reversed(newest)]
        can = officer is not None and keeping.may_stand(officer, self._code)
        shown = {"goes_on": goes_on, "over": over, "can": can, "own": _own(officer), "now": self._acting.now(), "error": error}
        shown["after"] = int(self._acting.country.facts.wake.after.total_seconds() // 60)
        return self._acting.page(request, "wakings", 409 if error is not None else 200, **shown)

    def _view(self, connection: Connection, waking: Waking) -> WakingView:
        tries = tuple(
            TryLine(str(one["officer"]), _(_WAYS[str(one["way"])]), language_name(str(one["language"])), one["at"], _state(one))
            for one in wakings.tries(connection, waking.id)
        )
        beside = tuple(self._what(connection, one) for one in wakings.joined(connection, waking.id))
        ended = ""
        if waking.how == wakings.ACKNOWLEDGED:
            ended = _(_HOW.get(wakings.acknowledged_how(connection, waking.id), later("{name} answered")), name=waking.by)
        elif waking.over is not None:
            ended = _("over by itself")
        return WakingView(waking, self._what(connection, waking), beside, tries, ended)

    def _what(self, connection: Connection, waking: Waking) -> str:
        """What somebody is woken for, in the language of the page; in English as it was kept, if nobody wrote words for it."""
        return recognised(self._wording.what(connection, waking, language()))


def _state(one: Mapping[str, Any]) -> str:
    """What became of a try."""
    state = str(one["state"])
    if state == wakings.REFUSED:
        return _("refused: {why}", why=refusal_word(str(one["refusal"] or "")))
    return _(_STATES[state]) if state in _STATES else state


def _own(officer: Officer | None) -> str:
    return officer.name if officer is not None else ""
