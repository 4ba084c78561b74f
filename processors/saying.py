"""What must be said because of a record: the difference between how things stand and what was last said of them."""

from collections.abc import Sequence
from dataclasses import replace

from processors import breaches, events
from processors.conditions import Sight
from processors.evidence import Witness
from processors.plan import Place, Plan
from processors.quiet import marked
from processors.state import Judged, State
from processors.stretches import Change, Namer, Said, Stretch, Word, differences
from processors.telling import Telling
from processors.timelines import later
from processors.touched import Touched
from processors.tracks import Track, forget, may_forget, unjudged_from
from schemas.records import CompoundEvent, Reading, Record, ThresholdBreach


def say(state: State, touched: Touched, record: Record, telling: Telling) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
    """The state with all that is said, and what is said: breaches by threshold and place, then events by area and rule."""
    if state.plan is None:
        return state, []
    speaker = _Speaker(state, state.plan, record, telling)
    told: list[ThresholdBreach | CompoundEvent] = []
    due = {p for p, judged in state.breaches.items() if judged.deadline < state.now}
    for place in sorted(due | touched.changed):
        told.extend(speaker.breach(place))
    if touched.replaced is not None:
        told.extend(speaker.withdraw(touched.replaced))
    told.extend(speaker.rules(_rules_to_judge(state, state.plan, touched)))
    tracks = dict(state.tracks)
    for place in touched.changed & tracks.keys():
        if may_forget(tracks[place]):
            before = events.needed_from(place, speaker.breaches.get(place, Judged()), speaker.judged, speaker.sight)
            tracks[place] = forget(tracks[place], before)
    return replace(state, tracks=tracks, breaches=speaker.breaches, events=speaker.judged), told


def _rules_to_judge(state: State, plan: Plan, touched: Touched) -> list[Place]:
    if touched.replanned:
        return list(plan.judged)
    due = {p for p, judged in state.events.items() if judged.deadline < state.now}
    for place in touched.changed:
        due.update(plan.dependents.get(place, ()))
    for place in touched.spoken:
        due.update(p for p in plan.dependents.get(place, ()) if p in plan.listening)
    if touched.answered:
        due.update(plan.listening)
    return sorted(due, key=lambda p: (p[1], p[0]))


def _is_past(stretch: Stretch, past: Sequence[Said], settled: int) -> bool:
    """Whether a stretch was said and ended so long ago that nothing alters it."""
    until = stretch.until
    return until is not None and until <= settled and any(stretch.since < (s.until or 0) and s.since < until for s in past)


class _Speaker:
    def __init__(self, state: State, plan: Plan, record: Record, telling: Telling) -> None:
        self.state, self.plan, self.record, self.telling = state, plan, record.id, telling
        self.now = state.now
        self.sight = Sight(plan, state.tracks, state.baselines, state.alive, state.now)
        self.witness = Witness(self.sight, state.sources, state.now)
        self.breaches = dict(state.breaches)
        self.judged = dict(state.events)

    def breach(self, place: Place) -> list[ThresholdBreach]:
        """What must be said of a threshold at a place."""
        track = self.state.tracks.get(place)
        if track is None:
            self.breaches.pop(place, None)
            return []
        before = self.breaches.get(place, Judged())
        threshold, settings = self.plan.thresholds[place[0]], self.plan.settings(*place)
        upto = max(self.sight.judged_to(place[0], track), before.judged)
        judged = self.sight.judged(*place, track)
        found, deadline = breaches.stretches(judged.entries, self.plan.bounds[place[0]], upto)
        if threshold.settle:
            deadline = min(deadline, later(unjudged_from(track, upto), threshold.settle))
        settled = max(upto - settings.horizon - settings.delay - max(settings.bridge, 0) - 1, before.settled)
        past = [s for s in before.said if s.until is not None and s.until <= settled]
        found = [s for s in found if s.until is None or (s.until > before.settled and not _is_past(s, past, settled))]
        name = Namer(self.state.shard, *place, self.record)
        standing = [s for s in before.said if s not in past]
        changes, said = differences(standing, found, before.judged, name, self.now, self.record)
        kept = tuple(s for s in said if s.until is None or s.until > settled)
        self.breaches[place] = Judged(said=kept, judged=upto, settled=settled, deadline=deadline)
        if not self.telling.reasons:
            return [told for change in changes for told in breaches.opening(change, place, self.plan, self.now, *self._by)]
        peaked = [self._peaked(change, judged, settings.sign) for change in changes]

        def reading(at: int, level: int) -> tuple[Reading, ...]:
            return breaches.reading_at(at, level, place, judged, self.witness)

        return [told for change in peaked for told in breaches.told(change, place, self.plan, reading, self.now, *self._by)]

    @property
    def _by(self) -> tuple[str, str]:
        return self.record, self.telling.engine

    @staticmethod
    def _peaked(change: Change, track: Track, sign: int) -> Change:
        return change._replace(said=change.said._replace(peak=breaches.peak(track.entries, change, sign)))

    def rules(self, places: Sequence[Place]) -> list[CompoundEvent]:
        """What must be said of rules: all are judged first, because an event may be muted by another of the same record."""
        changes: dict[Place, list[Change]] = {}
        for place in places:
            name = Namer(self.state.shard, *place, self.record)
            before = self.judged.get(place, Judged())
            changes[place], self.judged[place] = events.judge(place, before, self.sight, name, self.record)
        muted = {(small, area) for rule, area in places if changes[rule, area] for small in self.plan.rules[rule].mutes}
        for place in muted:
            if place in self.judged:
                changes.setdefault(place, [])
        told: list[CompoundEvent] = []
        for place in sorted(changes, key=lambda p: (p[1], p[0])):
            rule = self.plan.rules[place[0]]
            made, self.judged[place] = marked(changes[place], self.judged[place], rule, self._muting(place), self.now, self.record)
            told.extend(self._event(change, place, self.witness) for change in made)
        return told

    def _muting(self, place: Place) -> tuple[str, ...]:
        """The rules that mute this one and have an event going on in the area."""
        loud = [r.name for r in self.plan.rules.values() if place[0] in r.mutes and r.shadow is None]
        going = [name for name in loud if any(s.until is None for s in self.judged.get((name, place[1]), Judged()).said)]
        return tuple(sorted(going))

    def withdraw(self, replaced: Plan) -> list[CompoundEvent]:
        """End what was going on by rules that are no more: nobody can tell any longer."""
        witness = Witness(
            Sight(replaced, self.state.tracks, self.state.baselines, self.state.alive, self.now), self.state.sources, self.now
        )
        told = []
        for place in sorted(set(self.judged) - set(self.plan.judged), key=lambda p: (p[1], p[0])):
            for said in self.judged.pop(place).said:
                if said.until is None:
                    ended = Change(Word.ENDED, self.now, said._replace(until=self.now, told=False))
                    told.append(self._event(ended, place, witness))
        return told

    def _event(self, change: Change, place: Place, witness: Witness) -> CompoundEvent:
        stood = events.stood(change, place, witness, self.telling)
        return events.told(change, place, witness.sight.plan, stood, self.now, *self._by)
