"""The rules of one area over years, looked at only where what is said of the places they read changed, or time did.

What is said of a rule is the difference between what is true now and what was last said, so looking at it when nothing changed says
nothing. That is left out here: the accounts of its places tell with which record something else was known of them, and the rule's own
deadlines when time alone changes it. All that is judged then is the engine's own. Where it is known how the same rules went with other
accounts, only the stretches in which those differ are judged.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice, zip_longest

import numpy as np

from processors.account import Account, Known
from processors.accounts import Lived
from processors.backtest_truths import Steps, steps_of
from processors.conditions import Sight
from processors.engine import ENGINE_VERSION
from processors.events import judged_to
from processors.levels import Entry
from processors.looking_back import rule_looks_back_to
from processors.plan import Place, Plan
from processors.saying import say_of_rules
from processors.series import Series
from processors.state import Judged, State
from processors.telling import Telling
from processors.timelines import BEGINNING, FAR, micros
from processors.tracks import Track, new_track
from schemas.outputs import CompoundEvent

_LOOK_EVERY = micros(timedelta(days=30))
_TELLING = Telling(ENGINE_VERSION, reasons=False)


@dataclass
class Went:
    """How the rules of an area went.

    Attributes:
        records: with which of them some were judged. judged, asked: what stood of the rules after each of these, and what they asked for.
        said: with which record what was said, in order.
        truths: of the rules over valid time, once all was heard.
    """

    records: list[int] = field(default_factory=list)
    judged: list[Mapping[Place, Judged]] = field(default_factory=list)
    asked: list[Mapping[Place, tuple[int, int]]] = field(default_factory=list)
    said: list[tuple[int, CompoundEvent]] = field(default_factory=list)
    truths: dict[Place, Steps] = field(default_factory=dict)

    def between(self, first: int, last: int) -> list[tuple[int, CompoundEvent]]:
        """What was said with the records from one on and before another."""
        return [one for one in self.said if first <= one[0] < last]


class _Heard:
    """A place as it is known so far."""

    def __init__(self, plan: Plan, place: Place, account: Account) -> None:
        self._known, self._at = account.known, 0
        self.entries: list[Entry] = []
        # Of its readings no more is asked for than how far back one may alter what is said: as far as its longest period reaches.
        period, zero, none = np.array([account.longest], np.int64), np.zeros(1, np.int64), np.zeros(1, np.int32)
        series = Series(zero, period, zero, zero, zero, none, none)
        self._track = replace(new_track(plan.settings(*place), 0), series=series, heard=True)

    def take(self, record: int) -> bool:
        """Take what became known up to a record; answers whether anything did."""
        begin = self._at
        while self._at < len(self._known) and self._known[self._at].record <= record:
            one = self._known[self._at]
            del self.entries[one.kept :]
            self.entries += one.added
            self._at += 1
        return self._at > begin

    @property
    def spoke(self) -> bool:
        """Whether anything was said of it so far."""
        return self._at > 0

    @property
    def to_come(self) -> Iterator[Known]:
        """What becomes known later."""
        return islice(self._known, self._at, None)

    def next_record(self) -> int:
        """The record with which that is; FAR if nothing does."""
        return self._known[self._at].record if self._at < len(self._known) else FAR

    def seen(self, oldest: int) -> Track:
        """What is said of the place from a moment on, with what was in force then."""
        first = max(bisect_right(self.entries, oldest, key=lambda entry: entry.start) - 1, 0)
        return replace(self._track, frozen=tuple(self.entries[first:]))


class Area:
    """The rules of an area.

    Args:
        places: each rule with the area. accounts: of all places.
        begun: what stands of the rules before the first record.
    """

    def __init__(
        self, plan: Plan, places: Sequence[Place], lived: Lived, accounts: Mapping[Place, Account], begun: Mapping[Place, Judged]
    ) -> None:
        self.plan, self.places, self.lived = plan, places, lived
        self.judged: Mapping[Place, Judged] = {place: begun[place] for place in places if place in begun}
        self.readers: dict[Place, list[Place]] = defaultdict(list)
        for rule in places:
            for read in plan.read_by(*rule):
                self.readers[read].append(rule)
        self.heard = {read: _Heard(plan, read, accounts[read]) for read in self.readers if read in accounts}
        self.asked: Mapping[Place, tuple[int, int]] = {}

    def went(self) -> Went:
        """How they go from the first record to the last."""
        went = Went()
        record = self._following(0)
        while record < len(self.lived.nows):
            self._judge(record, went)
            record = self._following(record + 1)
        went.truths = self._truths()
        return went

    def _judge(self, record: int, went: Went) -> bool:
        """Judge what is due with a record; answers whether anything was."""
        now = self.lived.nows[record]
        due = {rule for read, heard in self.heard.items() if heard.take(record) for rule in self.readers[read]}
        due |= {rule for rule, judged in self.judged.items() if judged.deadline < now}
        if due:
            self.judged, told = say_of_rules(self._state(now), due, self.lived.ids[record], _TELLING)
            went.records.append(record)
            went.judged.append(self.judged)
            went.asked.append(self.asked)
            went.said += [(record, event) for event in told]
        return bool(due)

    def _following(self, record: int) -> int:
        """The next record from one on with which something is to be judged."""
        deadline = min((judged.deadline for judged in self.judged.values()), default=FAR)
        passed = bisect_right(self.lived.nows, deadline)
        return max(record, min([passed, *(heard.next_record() for heard in self.heard.values())]))

    def _state(self, now: int) -> State:
        oldest = {rule: self._looks_back_to(rule) for rule in self.places}
        tracks = {read: heard.seen(min(oldest[rule] for rule in self.readers[read])) for read, heard in self.heard.items() if heard.spoke}
        return State(self.plan.configuration.shard, now=now, plan=self.plan, tracks=tracks, events=self.judged)

    def _looks_back_to(self, rule: Place) -> int:
        """From when on a rule asks for what is said; looked at now and then, for to look costs as much as to judge."""
        since = self.judged.get(rule, Judged()).settled
        settled, oldest = self.asked.get(rule, (BEGINNING, BEGINNING))
        if since - settled > _LOOK_EVERY:
            tracks = {read: heard.seen(oldest) for read, heard in self.heard.items() if heard.spoke}
            oldest = rule_looks_back_to(rule, since, Sight(self.plan, tracks, {}, {}, BEGINNING))
            self.asked = {**self.asked, rule: (since, oldest)}
        return oldest

    def _truths(self, oldest: int = BEGINNING, now: int | None = None) -> dict[Place, Steps]:
        """The rules' truths over valid time, up to the last record or another moment.

        Args:
            oldest: the moment from which on what is said of places is asked for.
        """
        tracks = {read: heard.seen(oldest) for read, heard in self.heard.items() if heard.spoke}
        sight = Sight(self.plan, tracks, {}, {}, self.lived.nows[-1] if now is None else now)
        found = {}
        for rule, area in self.places:
            line = sight.truth(self.plan.rules[rule].holds, area)
            if line is not None:
                line = line.upto(judged_to((rule, area), sight))
                found[rule, area] = steps_of(line.starts, line.keep)
        return {place: steps for place, steps in found.items() if steps.starts}


class AreaAgain(Area):
    """The rules of an area once more, with other accounts of some places.

    Args:
        before: the accounts that they went by. went: how they went.
    """

    def __init__(
        self,
        plan: Plan,
        places: Sequence[Place],
        lived: Lived,
        accounts: Mapping[Place, Account],
        begun: Mapping[Place, Judged],
        before: Mapping[Place, Account],
        went: Went,
    ) -> None:
        super().__init__(plan, places, lived, accounts, begun)
        self._went = went
        other = [read for read in self.readers if accounts.get(read) != before.get(read)]
        self._pairs = {read: (_Heard(plan, read, before.get(read, _NOTHING)), self._now_heard(read)) for read in other}

    def _now_heard(self, read: Place) -> _Heard:
        if read not in self.heard:
            self.heard[read] = _Heard(self.plan, read, _NOTHING)
        return self.heard[read]

    def went(self) -> Went:
        """How they go, judged only where the accounts differ and as long as what stands of the rules does."""
        if not self._pairs:
            return self._went
        found, at = Went(truths=dict(self._went.truths)), 0
        while (differs := self._goes_with_it(at, found)) < len(self.lived.nows):
            before, oldest = self._settled(), self._oldest()
            at = self._goes_apart(differs, found)
            self._put_truths(found, before, self._settled() if at < len(self.lived.nows) else FAR, oldest, self.lived.nows[at - 1])
        return found

    def _settled(self) -> int:
        """Up to when nothing can alter the truth of any rule."""
        return min((self.judged.get(rule, Judged()).settled for rule in self.places), default=BEGINNING)

    def _oldest(self) -> int:
        return min((self.asked.get(rule, (BEGINNING, BEGINNING))[1] for rule in self.places), default=BEGINNING)

    def _put_truths(self, found: Went, first: int, last: int, oldest: int, now: int) -> None:
        """Put the truths of a stretch in which all went another way in the place of what they were."""
        anew = self._truths(oldest, now)
        for place in anew.keys() | found.truths.keys():
            steps = found.truths.get(place, Steps()).with_other(first, last, anew.get(place, Steps()))
            found.truths[place] = steps
        found.truths = {place: steps for place, steps in found.truths.items() if steps.starts}

    def _goes_with_it(self, at: int, found: Went) -> int:
        """Take over how they went from a record on, up to the one with which the accounts differ again, which is answered."""
        differs = min((_differ_next(old, new) for old, new in self._pairs.values()), default=FAR)
        last = min(differs, len(self.lived.nows))
        found.said += self._went.between(at, last)
        for heard in (*self.heard.values(), *(old for old, _ in self._pairs.values())):
            heard.take(last - 1)
        n = bisect_right(self._went.records, last - 1) - 1
        if n >= 0 and self._went.records[n] >= at:
            self.judged, self.asked = self._went.judged[n], self._went.asked[n]
        return last

    def _goes_apart(self, record: int, found: Went) -> int:
        """Judge from a record on until all is as it went before; answers the record after that."""
        record = self._following(record)
        while record < len(self.lived.nows):
            judged = self._judge(record, found)
            for old, _ in self._pairs.values():
                old.take(record)
            if judged and self._is_as_it_went(record):
                return record + 1
            record = self._following(record + 1)
        for old, _ in self._pairs.values():
            old.take(len(self.lived.nows))
        return len(self.lived.nows)

    def _is_as_it_went(self, record: int) -> bool:
        n = bisect_right(self._went.records, record) - 1
        if n < 0 or self._went.records[n] != record or self._went.judged[n] != self.judged:
            return False
        asked = [oldest for of in (self.asked, self._went.asked[n]) for _, oldest in of.values()]
        oldest = min(asked, default=BEGINNING) if len(asked) == 2 * len(self.places) else BEGINNING
        return all(old.seen(oldest).frozen == new.seen(oldest).frozen for old, new in self._pairs.values())


_NOTHING = Account((), 0)


def _differ_next(old: _Heard, new: _Heard) -> int:
    """The next record with which two accounts of a place, of which the same is known now, say something else."""
    left, right = len(old.entries), len(new.entries)
    for one, other in zip_longest(old.to_come, new.to_come):
        if one is None or other is None or (one.record, left - one.kept, one.added) != (other.record, right - other.kept, other.added):
            return min(known.record for known in (one, other) if known is not None)
        left, right = one.kept + len(one.added), other.kept + len(other.added)
    return FAR
