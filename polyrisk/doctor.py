"""`polyrisk doctor`: what is wrong with an installation, in plain words, and what to do. It looks and changes nothing.

Three answers and no fourth: ok, wrong, cannot tell. What cannot be told is a finding as well, because unknown is not safe.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.markup import escape

from polyrisk import doctor_drills, doctor_installation, doctor_machine, doctor_officers, doctor_running
from polyrisk.doctor_words import Found, Look, Verdict
from schemas.errors import PolyriskError

_ORDER = (Verdict.WRONG, Verdict.CANNOT_TELL, Verdict.OK)
_COLOURS = {Verdict.WRONG: "[red]WRONG[/]       ", Verdict.CANNOT_TELL: "[yellow]CANNOT TELL[/] ", Verdict.OK: "ok          "}


@dataclass(frozen=True)
class Examined:
    """An installation as it was found."""

    state: Path
    found: Sequence[Found]

    @property
    def healthy(self) -> bool:
        """Whether all is known to be well."""
        return all(one.verdict is Verdict.OK for one in self.found)

    def lines(self) -> Iterator[str]:
        """For a terminal (rich markup): what is wrong first."""
        for verdict in _ORDER:
            for one in self.found:
                if one.verdict is verdict:
                    yield f"{_COLOURS[verdict]}[bold]{escape(one.subject)}[/]: {escape(one.said)}"
                    if one.remedy:
                        yield f"             → {escape(one.remedy)}"
        counts = {verdict: sum(one.verdict is verdict for one in self.found) for verdict in Verdict}
        yield f"{counts[Verdict.WRONG]} wrong, {counts[Verdict.CANNOT_TELL]} cannot be told, {counts[Verdict.OK]} ok"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"state": str(self.state), "healthy": self.healthy, "checks": [asdict(one) for one in self.found]}


def examine(state: Path, now: datetime, done: Callable[[float], None] = lambda _: None) -> Examined:
    """Look at everything.

    Args:
        now: by the machine's own clock. done: is told how far it has come, as a share.
    """
    opened, trouble = doctor_installation.opened(state)
    looks = [*doctor_machine.looks(state, now), *doctor_installation.looks(state, opened, trouble)]
    if opened is not None:
        looks += [
            *doctor_running.looks(state, opened, now),
            *doctor_officers.looks(state, opened),
            *doctor_drills.looks(state, opened, now),
        ]
    found: list[Found] = []
    try:
        for number, (subject, look) in enumerate(looks):
            found += looked(subject, look)
            done((number + 1) / len(looks))
    finally:
        if opened is not None:
            opened.log.close()
    return Examined(state, found)


def looked(subject: str, look: Look) -> list[Found]:
    """What a look found, whatever came of it; a database's own words are left out, for they may hold what nobody must read."""
    found: list[Found] = []
    try:
        found.extend(look())
    except PolyriskError as error:
        where = f"{error.where}: " if error.where else ""
        found.append(Found(subject, Verdict.WRONG, f"{where}{' '.join(error.what.split())}", error.remedy))
    except Exception as error:  # noqa: BLE001 - whatever breaks is said, and the other subjects are looked at all the same
        found.append(
            Found(subject, Verdict.WRONG, f"looking at it failed: {type(error).__name__}.", "See what it rests on, above and below.")
        )
    return found
