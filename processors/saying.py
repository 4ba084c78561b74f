"""What must be said because of a record: the difference between how things stand and what was last said of them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from processors import breaches, events
from processors.benches import Bench
from processors.evidence import Witness
from processors.formers import after_its_end, reads_of
from processors.plan import Place
from processors.quiet import marked
from processors.state import Judged, State
from processors.stretches import Change, Namer, Said, Stretch, Word, differences
from processors.telling import Telling
from processors.timelines import later
from processors.touched import Touched
from processors.tracks import Track, reach, unjudged_from
from schemas.outputs import CompoundEvent, Reading, ThresholdBreach
from schemas.records import Record


def say(
    state: State, touched: Touched, formers: Sequence[Touched], record: Record, telling: Telling
) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
    """The state with all that is said, and what is said: breaches by threshold and place, then events by area and rule.

    Args:
        formers: what the record touched of each of the state's formers.
    """
    if state.plan is None:
        return state, []
    speaker = _Speaker(state, touched, formers, record.id, telling)
    told: list[ThresholdBreach | CompoundEvent] = []
    due = {p for p, judged in state.breaches.items() if judged.deadline < state.now}
    for place in sorted(due | touched.changed):
        told.extend(speaker.breach(place))
    for withdrawn in touched.withdrawn:
        told.extend(speaker.withdraw(withdrawn))
    told.extend(speaker.rules())
    return speaker.state(), told


def say_of_rules(state: State, due: Set[Place], record: str, telling: Telling) -> tuple[Mapping[Place, Judged], list[CompoundEvent]]:
    """What stands of the rules of a state without formers after some were judged, and what is said of them.

    Args:
        due: the (rule, area) to be judged. record: the id of the one with which they are.
    """
    speaker = _Speaker(state, Touched(), (), record, telling)
    told = speaker.rules(due)
    return speaker.bench.judged, told


def _is_past(stretch: Stretch, past: Sequence[Said], settled: int) -> bool:
    """Whether a stretch was said and ended so long ago that nothing alters it."""
    until = stretch.until
    return until is not None and until <= settled and any(stretch.since < (s.until or 0) and s.since < until for s in past)


class _Speaker:
    def __init__(self, state: State, touched: Touched, formers: Sequence[Touched], record: str, telling: Telling) -> None:
        self.record, self.telling, self.now = record, telling, state.now
        self.bench = Bench(state, touched, opens=True)
        self.formers = [Bench(former, of, opens=False) for former, of in zip(state.formers, formers, strict=True)]

    def state(self) -> State:
        """The state with all that was said, and without the formers of which no event stands any more."""
        formers = tuple(after for bench in self.formers if (after := self._former(bench)) is not None)
        kept = replace(self.bench.state, tracks=self.bench.kept(), alive=self.bench.alive())
        return replace(kept, breaches=self.bench.breaches, events=self.bench.judged, formers=formers)

    @staticmethod
    def _former(bench: Bench) -> State | None:
        events = {place: judged for place, judged in bench.judged.items() if bench.stands(place)}
        after = replace(bench.state, tracks=bench.kept(), alive=bench.alive(), events=events)
        if len(events) < len(bench.judged):
            after = replace(after, tracks={place: track for place, track in after.tracks.items() if place in reads_of(after)})
        return after if events else None

    def breach(self, place: Place) -> list[ThresholdBreach]:
        """What must be said of a threshold at a place."""
        plan, sight, known = self.bench.plan, self.bench.sight, self.bench.breaches
        track = self.bench.state.tracks.get(place)
        if track is None:
            known.pop(place, None)
            return []
        before = known.get(place, Judged())
        threshold, settings = plan.thresholds[place[0]], plan.settings(*place)
        upto = max(sight.judged_to(place[0], track), before.judged)
        judged = sight.judged(*place, track)
        found, deadline = breaches.stretches(judged.entries, plan.bounds[place[0]], upto)
        if threshold.settle:
            deadline = min(deadline, later(unjudged_from(track, upto), threshold.settle))
        settled = max(upto - reach(track, settings) - 1, before.settled)
        past = [s for s in before.said if s.until is not None and s.until <= settled]
        found = [s for s in found if s.until is None or (s.until > before.settled and not _is_past(s, past, settled))]
        name = Namer(self.bench.state.shard, *place, self.record)
        standing = [s for s in before.said if s not in past]
        changes, said = differences(standing, found, before.judged, name, self.now, self.record)
        kept = tuple(s for s in said if s.until is None or s.until > settled)
        known[place] = Judged(said=kept, judged=upto, settled=settled, deadline=deadline)
        if not self.telling.reasons:
            return [told for change in changes for told in breaches.opening(change, place, plan, self.now, *self._by)]
        peaked = [self._peaked(change, judged, settings.sign) for change in changes]

        def reading(at: int, level: int) -> tuple[Reading, ...]:
            return breaches.reading_at(at, level, place, judged, self.bench.witness)

        return [told for change in peaked for told in breaches.told(change, place, plan, reading, self.now, *self._by)]

    @property
    def _by(self) -> tuple[str, str]:
        return self.record, self.telling.engine

    @staticmethod
    def _peaked(change: Change, track: Track, sign: int) -> Change:
        return change._replace(said=change.said._replace(peak=breaches.peak(track.entries, change, sign)))

    def rules(self, due: Set[Place] | None = None) -> list[CompoundEvent]:
        """What must be said of rules: all are judged first, because an event may be muted by another of the same record.

        Args:
            due: those to be judged by the configuration in force; by default those that what was touched and the time make due.
        """
        for former in self.formers:
            former.judge(former.due(), self.record)
        released = self._released()
        held = {place for former in self.formers for place in former.judged if former.stands(place)}
        self.bench.judge(((self.bench.due() if due is None else due) | released.keys()) - held, self.record)
        self._have_muted_looked_at()
        told: list[tuple[Place, CompoundEvent]] = []
        for bench in (*self.formers, self.bench):
            for place in sorted(bench.changes):
                if bench is self.bench and place in released:
                    last = released[place].judged[place]
                    bench.judged[place] = replace(bench.judged[place], issued=last.issued, issued_level=last.issued_level)
                rule, muting = bench.plan.rules[place[0]], self._muting(bench, place)
                made, bench.judged[place] = marked(bench.changes[place], bench.judged[place], rule, muting, self.now, self.record)
                told.extend((place, self._event(change, place, bench.witness)) for change in made)
        return [event for _, event in sorted(told, key=lambda one: (one[0][1], one[0][0]))]

    def _released(self) -> dict[Place, Bench]:
        """The places whose event stands no more by a former configuration: that in force judges them from its end on."""
        released = {place: former for former in self.formers for place in former.judged if not former.stands(place)}
        for place, former in released.items():
            rule, before = self.bench.plan.rules.get(place[0]), self.bench.judged.get(place)
            self.bench.judged[place] = after_its_end(former.judged[place], former.changes[place], before, rule)
        return {place: former for place, former in released.items() if self.bench.plan.judges(*place)}

    def _have_muted_looked_at(self) -> None:
        """Events whose rule is muted by one of which something is said now, whichever configuration each is judged by."""
        spoke = {place for bench in (*self.formers, self.bench) for place, changes in bench.changes.items() if changes}
        for bench in (*self.formers, self.bench):
            for name, area in spoke:
                rule = bench.plan.rules.get(name)
                for small in rule.mutes if rule is not None else ():
                    if (small, area) in bench.judged and bench.plan.judges(small, area):
                        bench.changes.setdefault((small, area), [])

    def _muting(self, bench: Bench, place: Place) -> tuple[str, ...]:
        """The rules that mute this one and have an event going on in the area."""
        loud = [r.name for r in bench.plan.rules.values() if place[0] in r.mutes and r.shadow is None]
        return tuple(sorted(name for name in loud if any(b.stands((name, place[1])) for b in (*self.formers, self.bench))))

    def withdraw(self, state: State) -> list[CompoundEvent]:
        """End what was going on by rules that are no more: nobody can tell any longer."""
        bench = Bench(state, Touched(), opens=False)
        told = []
        for place, judged in sorted(state.events.items(), key=lambda one: (one[0][1], one[0][0])):
            for said in judged.said:
                if said.until is None:
                    ended = Change(Word.ENDED, self.now, said._replace(until=self.now, told=False))
                    told.append(self._event(ended, place, bench.witness))
        return told

    def _event(self, change: Change, place: Place, witness: Witness) -> CompoundEvent:
        stood = events.stood(change, place, witness, self.telling)
        return events.told(change, place, witness.sight.plan, stood, self.now, *self._by)
