"""The officers of a drill while it runs: they are woken as in earnest, by the drill's own roster, until one of them answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.drills.duty import DrillOfficer
from alerts.drills.only_listed import OnlyListed
from alerts.drills.results import WakeTry
from alerts.registry import Registry
from alerts.roster import wakings
from alerts.roster.waking import Waker
from schemas.country_files import LoadedCountry


@dataclass(frozen=True)
class Tried:
    """Once that an officer was tried. taken: when the provider took it, by the machine's clock; none if it did not."""

    officer: str
    way: str
    state: str
    taken: datetime | None


@dataclass(frozen=True)
class Awake:
    """Who answered first, how (`by SMS`, `by call`, `by command`), and when, by the machine's clock."""

    by: str
    how: str
    at: datetime


class DrillDuty:
    """Who is on duty in a drill.

    Args:
        officers: those of the drill's registry; with nobody, nobody is woken. out: the drill's way out.
    """

    def __init__(
        self, registry: Registry, country: LoadedCountry, officers: Sequence[DrillOfficer], out: OnlyListed, wall: Callable[[], datetime]
    ) -> None:
        self.asked = bool(officers)
        self.tried: tuple[Tried, ...] = ()
        self.awake: Awake | None = None
        self._registry = registry
        self._country = country
        self._out = out
        self._waker = Waker(registry, country, out, wall_clock=wall)

    def turn(self, now: datetime, offset: timedelta) -> None:
        """Wake who is due, and look who answered.

        Args:
            now: the case's time, which is ahead of the machine's by `offset`.
        """
        if self.asked:
            self._waker.turn(now)
            self.look(offset)

    def look(self, offset: timedelta) -> None:
        """Look what became of the tries, without trying anybody."""
        with self._registry.reading() as connection:
            found = wakings.newest(connection, self._country.code)
            tries = [(waking, step, one) for waking in found for step, one in enumerate(wakings.tries(connection, waking.id), start=1)]
            ended = [waking for waking in found if waking.how == wakings.ACKNOWLEDGED]
        tries.sort(key=lambda of: (of[2]["at"], of[1]))
        self.tried = tuple(
            Tried(
                one["officer"],
                one["way"],
                f"{one['state']} ({one['refusal']})" if one["refusal"] else str(one["state"]),
                self._out.handed.get(wakings.reference(waking.id, step)),
            )
            for waking, step, one in tries
        )
        if self.awake is None and ended:
            first = min(ended, key=lambda waking: waking.over or waking.began)
            with self._registry.reading() as connection:
                how = wakings.acknowledged_how(connection, first.id)
            self.awake = Awake(first.by, how, (first.over or first.began) - offset)

    @property
    def first_taken(self) -> dict[str, datetime]:
        """Of each officer of whom the provider took a try: when the first."""
        found: dict[str, datetime] = {}
        for one in self.tried:
            if one.taken is not None:
                found.setdefault(one.officer, one.taken)
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """All who were tried, in order."""
        return tuple(dict.fromkeys(one.officer for one in self.tried))

    @property
    def silent(self) -> tuple[str, ...]:
        """Who was tried and did not answer."""
        return tuple(name for name in self.names if self.awake is None or name != self.awake.by)

    def shown(self, begun: datetime) -> tuple[WakeTry, ...]:
        """Each try as a result keeps it.

        Args:
            begun: when the sources were asked.
        """
        last = {one.officer: number for number, one in enumerate(self.tried)}
        return tuple(
            WakeTry(
                officer=one.officer,
                way=one.way,
                minute=None if one.taken is None else round((one.taken - begun).total_seconds() / 60, 3),
                state=one.state,
                answered=self.awake is not None and self.awake.by == one.officer and last[one.officer] == number,
            )
            for number, one in enumerate(self.tried)
        )
