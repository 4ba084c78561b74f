"""What became of each drill, kept as JSON beside the folders of the drills; and how long ago the last good one was."""

from pathlib import Path

from pydantic import ValidationError

from alerts.drills.folders import DRILLS
from alerts.drills.stages import Stage, StageTime
from schemas.errors import RefusedError
from schemas.moments import Moment
from schemas.records import Typed


class WakeTry(Typed):
    """Once that somebody on duty was woken in a drill.

    Attributes:
        officer: the account's name. way: `sms` or `call`. minute: of the drill, at which the provider took it; none if it did not.
        state: what became of it, with why if it was refused. answered: this officer then said that they are awake.
    """

    officer: str
    way: str
    minute: float | None
    state: str
    answered: bool


class DrillResult(Typed):
    """One drill.

    Attributes:
        name: of its folder. case: `country/name`. begun, ended: by the machine's clock.
        sent: false if what would go was only written. by, role: who ordered it; empty if nobody was named.
        unattended: signed in people's names by the drill itself, for nobody was asked. signed_by: names and roles.
        woken: each try to wake somebody, in order. awake: who answered, and how; empty if nobody did. not_awake: who was tried and did not.
        message: its id; empty if there was none. people: on the list. languages: that they read, each with how many.
        not_handed, no_answer: masked numbers of those to whom it was not handed over, with why; and who did not answer.
        faults: what did not happen or took too long; a good drill has none.
    """

    name: str
    case: str
    begun: Moment
    ended: Moment
    sent: bool
    by: str = ""
    role: str = ""
    unattended: bool
    signed_by: tuple[str, ...] = ()
    woken: tuple[WakeTry, ...] = ()
    awake: str = ""
    not_awake: tuple[str, ...] = ()
    message: str = ""
    rule: str = ""
    area: str = ""
    level: str = ""
    people: int
    languages: dict[str, int]
    stages: tuple[StageTime, ...]
    not_handed: tuple[str, ...] = ()
    no_answer: tuple[str, ...] = ()
    faults: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether all that was asked of it happened in time."""
        return not self.faults

    def stage(self, stage: Stage) -> StageTime:
        """The line of a stage."""
        return next(line for line in self.stages if line.stage is stage)


def keep(state: Path, result: DrillResult) -> Path:
    """Write a result, in one step, into the installation's folder; answers where."""
    file = state / DRILLS / f"{result.name}.json"
    draft = file.with_suffix(".draft")
    draft.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return draft.replace(file)


def kept(state: Path) -> list[DrillResult]:
    """The results of an installation's drills, the oldest first.

    Raises:
        RefusedError: a file is none of ours, or of a newer version.
    """
    return [_read(file) for file in sorted((state / DRILLS).glob("*.json"))]


def last_good(state: Path, *, sent: bool) -> float:
    """When the last good drill ended, in seconds since 1970, as metrics have it; 0 if there was none. A file that cannot be read is none.

    Args:
        sent: only of those that were really sent.
    """
    ended = [0.0]
    for file in (state / DRILLS).glob("*.json"):
        try:
            result = _read(file)
        except RefusedError:
            continue
        if result.good and (result.sent or not sent):
            ended.append(result.ended.timestamp())
    return max(ended)


def _read(file: Path) -> DrillResult:
    try:
        return DrillResult.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise RefusedError("this is no result of a drill that can be read.", where=str(file), remedy="Move it elsewhere.") from error
