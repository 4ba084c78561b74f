"""What a drill came to: whom it was for, who was reached, and how long each stage took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts import intents
from alerts.drills.only_listed import OnlyListed
from alerts.drills.people import Listed
from alerts.drills.results import DrillResult
from alerts.drills.stages import Stage, Timed, faults, line
from polyrisk.drill_duty import DrillDuty
from polyrisk.drill_orders import Orders
from schemas.country_facts import Drill
from schemas.inputs import Signature
from schemas.warning_records import Warning


@dataclass
class Seen:
    """What was seen so far, by the machine's clock.

    Attributes:
        asked, judged, proposed: of the hour of the case in which the message came about. offset: from the machine's clock to the case's.
        receipts, answers: of each person, by the registry's id.
    """

    asked: datetime
    fetched: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    judged: datetime | None = None
    proposed: datetime | None = None
    message: Warning | None = None
    needed: int = 0
    signatures: tuple[tuple[Signature, datetime], ...] = ()
    issued: datetime | None = None
    receipts: dict[str, datetime] = field(default_factory=dict)
    answers: dict[str, datetime] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


class Account:
    """Of one drill.

    Args:
        people: the drill's list. out: what was handed over, and to whom. duty: who was woken.
    """

    def __init__(self, people: Sequence[Listed], out: OnlyListed, duty: DrillDuty, orders: Orders) -> None:
        self._people = people
        self._out = out
        self._duty = duty
        self._orders = orders

    def concerned(self, seen: Seen) -> Sequence[Listed]:
        """Those of the list whom the message is for."""
        if seen.message is None:
            return ()
        group = "operator" if seen.message.audience == "operators" else "household"
        return [person for person in self._people if person.group == group]

    def handed(self, seen: Seen, person: Listed) -> datetime | None:
        """When the message was handed over to a person; none if it was not."""
        if seen.message is None:
            return None
        return self._out.handed.get(intents.reference(seen.message.id, person.id))

    def result(self, name: str, case: str, begun: datetime, ended: datetime, seen: Seen, limits: Drill) -> DrillResult:
        """All of it.

        Args:
            name: of the drill. case: as `country/case`. begun, ended: by the machine's clock. limits: what each stage may take.
        """
        timed = self._timed(seen)
        people = self.concerned(seen)
        message = seen.message
        silent = [p.shown for p in people if self._orders.send and self.handed(seen, p) is not None and p.id not in seen.answers]
        missed = [f"{p.shown}: {seen.refused.get(p.id, 'not handed over')}" for p in people if self.handed(seen, p) is None]
        spoken = [person.language for person in self._people]
        return DrillResult(
            name=name,
            case=case,
            begun=begun,
            ended=ended,
            sent=self._orders.send,
            by=self._orders.by,
            role=self._orders.role,
            unattended=bool(self._orders.sign_as),
            signed_by=tuple(f"{one.by}, {one.role}" for one, _ in seen.signatures),
            woken=self._duty.shown(seen.asked),
            awake=f"{self._duty.awake.by}, {self._duty.awake.how}" if self._duty.awake is not None else "",
            not_awake=self._duty.silent if self._orders.send else (),
            message=message.id if message else "",
            rule=message.rule if message else "",
            area=message.area if message else "",
            level=message.level.word if message else "",
            people=len(self._people),
            languages={language: spoken.count(language) for language in sorted(set(spoken))},
            stages=tuple(line(one, seen.asked, first) for one, first in timed),
            not_handed=tuple(missed),
            no_answer=tuple(silent),
            faults=faults([one for one, _ in timed], limits),
        )

    def _timed(self, seen: Seen) -> list[tuple[Timed, datetime | None]]:
        """Each stage, and when it came about first."""
        people = self.concerned(seen)
        handed = {person.id: at for person in people if (at := self.handed(seen, person)) is not None}
        reads = [ended for _, ended in seen.fetched.values()]
        last_read = max(reads, default=seen.asked)
        came = seen.message is not None
        found: list[tuple[Stage, list[timedelta], list[datetime], int]] = [
            (Stage.READ, [ended - begun for begun, ended in seen.fetched.values()], reads, max(1, len(seen.fetched))),
            (Stage.JUDGED, *_one(last_read, seen.judged if came else None)),
            (Stage.PROPOSED, *_one(seen.judged, seen.proposed if came else None)),
        ]
        found += self._timed_duty(seen)
        signed = [at for _, at in seen.signatures]
        found.append((Stage.SIGNED, [at - (seen.proposed or at) for at in signed], signed, seen.needed if came else 1))
        out = [at - (seen.issued or at) for at in handed.values()]
        found.append((Stage.HANDED_OVER, out, list(handed.values()), max(1, len(people))))
        of = max(1, len(handed)) if self._orders.send else 0
        for stage, at_of in ((Stage.RECEIPT, seen.receipts), (Stage.ANSWER, seen.answers)):
            theirs = {one: at for one, at in at_of.items() if one in handed} if of else {}
            found.append((stage, [max(timedelta(), at - handed[one]) for one, at in theirs.items()], list(theirs.values()), of))
        return [(Timed(stage, took, max(at, default=None), of), min(at, default=None)) for stage, took, at, of in found]

    def _timed_duty(self, seen: Seen) -> list[tuple[Stage, list[timedelta], list[datetime], int]]:
        """Who was woken, counted from the proposal, and who answered, counted from when the first was woken."""
        duty = self._duty
        taken = list(duty.first_taken.values())
        asked = duty.asked and (seen.message is None or seen.needed > 0)
        woken = Stage.WOKEN, [at - (seen.proposed or at) for at in taken], taken, max(1, len(duty.names)) if asked else 0
        answers = int(asked and self._orders.send)
        if duty.awake is None or not taken or not answers:
            return [woken, (Stage.AWAKE, [], [], answers)]
        return [woken, (Stage.AWAKE, [max(timedelta(), duty.awake.at - min(taken))], [duty.awake.at], answers)]


def _one(since: datetime | None, at: datetime | None) -> tuple[list[timedelta], list[datetime], int]:
    """A stage that comes about once: how long it took, when, and for how many."""
    return ([at - since], [at], 1) if since is not None and at is not None else ([], [], 1)
