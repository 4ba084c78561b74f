"""`polyrisk config shadow`: what rules in shadow have fired, beside what the rules that they might replace did, event by event."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from eventlog.log import EventLog
from polyrisk.config_log import Entry, configuration_of
from polyrisk.local_time import clock
from polyrisk.story import events_said
from schemas.configuration import Rule
from schemas.moments import format_span
from schemas.outputs import CompoundEvent, EventChange

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Pair:
    """An event of the rule in shadow, or of the live one, or both where they stood in one area at one time."""

    shadow: CompoundEvent | None
    live: CompoundEvent | None

    @property
    def first(self) -> CompoundEvent:
        """The one that began first."""
        return min((event for event in (self.shadow, self.live) if event is not None), key=lambda event: event.since)


@dataclass(frozen=True)
class Comparison:
    """One rule in shadow.

    Attributes:
        spans: from when until when it ran in shadow; the last may go on. pairs: in order of time.
    """

    rule: str
    instead_of: str | None
    spans: tuple[tuple[datetime, datetime | None], ...]
    pairs: tuple[Pair, ...]

    def counts(self) -> tuple[int, int, int]:
        """How many were fired by both, by the live rule alone, by the one in shadow alone."""
        both = sum(p.shadow is not None and p.live is not None for p in self.pairs)
        return both, sum(p.shadow is None for p in self.pairs), sum(p.live is None for p in self.pairs)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        both, live, shadow = self.counts()
        return {
            "rule": self.rule,
            "instead_of": self.instead_of,
            "spans": [[since.isoformat(), until.isoformat() if until is not None else None] for since, until in self.spans],
            "both": both,
            "only_live": live,
            "only_shadow": shadow,
            "events": [{"shadow": _plain(p.shadow), "live": _plain(p.live)} for p in self.pairs],
        }


def comparisons(log: EventLog, shard: str, entries: Sequence[Entry]) -> list[Comparison]:
    """Each rule that ever ran in shadow here, by name."""
    ran: dict[str, tuple[Rule, list[tuple[datetime, datetime | None]]]] = {}
    for entry in entries:
        if entry.change is None or not entry.counts:
            continue
        for rule in configuration_of(entry.change).rules:
            if rule.shadow is not None:
                spans = ran[rule.name][1] if rule.name in ran else []
                ran[rule.name] = rule, _joined(spans, (entry.at, entry.until))
    said = [event for event in events_said(log) if event.shard == shard]
    found = []
    for name, (rule, spans) in sorted(ran.items()):
        other = rule.shadow.instead_of if rule.shadow is not None else None
        tried, live = (_events(said, one, spans) if one is not None else [] for one in (name, other))
        found.append(Comparison(name, other, tuple(spans), tuple(_paired(tried, live))))
    return found


def lines(one: Comparison, areas: dict[str, str], zone: ZoneInfo) -> Iterator[str]:
    """One comparison for a terminal."""
    until = one.spans[-1][1]
    beside = f" of {one.instead_of}" if one.instead_of is not None else ""
    yield f"{one.rule} in shadow{beside}, {clock(one.spans[0][0], zone)} to {clock(until, zone) if until is not None else 'now'}"
    both, live, shadow = one.counts()
    yield f"  both {both}, only the live rule {live}, only in shadow {shadow}" if one.instead_of else f"  {shadow} events"
    for pair in one.pairs:
        event = pair.first
        place = f"{areas.get(event.area, event.area)} ({event.area})"
        who = "both" if pair.shadow and pair.live else "only in shadow" if pair.shadow else "only live"
        yield f"  {clock(event.since, zone)}  {place}  {who}: {_told(pair, one, zone)}"


def _told(pair: Pair, compared: Comparison, zone: ZoneInfo) -> str:
    if pair.shadow is not None and pair.live is not None:
        same = pair.live.level == pair.shadow.level
        return f"{_sooner(pair.shadow, pair.live, compared)}; {pair.live.level.word}" + (
            "" if same else f", in shadow {pair.shadow.level.word}"
        )
    one = pair.first
    end = f"until {clock(one.until, zone)}" if one.until is not None else "stands"
    return f"{one.level.word}, {end}" + (f", {one.change.value.replace('_', ' ')}" if one.change is not EventChange.CLOSED else "")


def _sooner(shadow: CompoundEvent, live: CompoundEvent, compared: Comparison) -> str:
    """Which of the two was known first, if both could be."""
    if not any(begin <= live.known and (end is None or live.known < end) for begin, end in compared.spans):
        return "the live one stood before this one was tried"
    ahead = live.known - shadow.known
    if abs(ahead) < _MINUTE:
        return "in shadow known at once"
    return f"in shadow {format_span(abs(ahead))} {'earlier' if ahead > timedelta(0) else 'later'}"


@dataclass
class _Event:
    first: CompoundEvent
    last: CompoundEvent
    gravest: CompoundEvent


def _events(said: Sequence[CompoundEvent], rule: str, spans: Sequence[tuple[datetime, datetime | None]]) -> list[CompoundEvent]:
    """The events of a rule that stood in these spans: as last said, at the gravest level, known as at first; none retracted."""
    found: dict[str, _Event] = {}
    for event in said:
        if event.rule != rule:
            continue
        if event.id not in found:
            found[event.id] = _Event(event, event, event)
        found[event.id].last = event
        if event.level > found[event.id].gravest.level:
            found[event.id].gravest = event
    kept = [e for e in found.values() if e.last.change is not EventChange.RETRACTED and _stood_within(e, spans)]
    return [e.last.model_copy(update={"known": e.first.known, "level": e.gravest.level}) for e in kept]


def _stood_within(event: _Event, spans: Sequence[tuple[datetime, datetime | None]]) -> bool:
    """Whether an event stood in one of the spans and was known before its end.

    When a rule is first tried it finds what would have been before. That it alone fired then says nothing: the other was not looked at.
    """
    since, until = event.last.since, event.last.until
    return any((end is None or max(since, event.first.known) < end) and (until is None or until > begin) for begin, end in spans)


def _paired(shadow: Sequence[CompoundEvent], live: Sequence[CompoundEvent]) -> list[Pair]:
    """Each event with the first of the other rule that stood in its area at its time.

    One long event of a rule may stand beside several short ones of the other; each of them is fired by both.
    """
    rest = sorted(live, key=lambda e: (e.since, e.area))
    pairs: list[Pair] = []
    for one in sorted(shadow, key=lambda e: (e.since, e.area)):
        other = _beside(one, rest) or _beside(one, live)
        if other in rest:
            rest.remove(other)
        pairs.append(Pair(one, other))
    pairs += [Pair(_beside(one, shadow), one) for one in rest]
    return sorted(pairs, key=lambda p: (p.first.since, p.first.area))


def _beside(one: CompoundEvent, others: Sequence[CompoundEvent]) -> CompoundEvent | None:
    return next((e for e in others if e.area == one.area and _overlap(e, one)), None)


def _overlap(one: CompoundEvent, other: CompoundEvent) -> bool:
    return (one.until is None or other.since <= one.until) and (other.until is None or one.since <= other.until)


def _joined(spans: list[tuple[datetime, datetime | None]], new: tuple[datetime, datetime | None]) -> list[tuple[datetime, datetime | None]]:
    if spans and spans[-1][1] == new[0]:
        return [*spans[:-1], (spans[-1][0], new[1])]
    return [*spans, new]


def _plain(event: CompoundEvent | None) -> dict[str, Any] | None:
    if event is None:
        return None
    keys = ("id", "area", "level", "since", "until", "known", "change")
    told = event.model_dump(mode="json", include=set(keys))
    return {key: told[key] for key in keys}
