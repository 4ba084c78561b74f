"""How often a feed is asked: at its full pace while a rule that reads it is near an event, else at its calm pace."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from eventlog.log import EventLog
from schemas.conditions import AtLevel, Condition, Dimensions, Sequence, Silent, Unless, walk
from schemas.configuration import Configuration, Rule
from schemas.envelopes import read_output
from schemas.manifests import FeedManifest
from schemas.outputs import CompoundEvent, EventChange
from schemas.topics import EVENTS

NEVER = datetime.min.replace(tzinfo=UTC)
NEAR = timedelta(hours=48)
"""An event is near for this long after its last change that a reading made. After that, only what can still move it keeps it near."""

_BY_SILENCE = {EventChange.UNCONFIRMED, EventChange.CANNOT_TELL}


class Pace:
    """Decides when each feed is next due. It reads the events once, then only what is new.

    Args:
        log: the event log, whose events topic is followed.
        configuration: whose rules say which indicators matter for which event.
    """

    def __init__(self, log: EventLog, configuration: Configuration) -> None:
        self._log = log
        self._after = -1
        self._shard = configuration.shard
        self._last: dict[str, CompoundEvent] = {}
        self._moved: dict[str, datetime] = {}
        indicator = {t.name: t.indicator for t in configuration.thresholds}
        self._opens = {rule.name: _indicators([rule.holds, *_levels(rule)], indicator) for rule in configuration.rules}
        self._moves = {rule.name: _indicators(_still_asked(rule), indicator) for rule in configuration.rules}

    def interval(self, manifest: FeedManifest, now: datetime) -> timedelta:
        """The span between two fetches of the feed, as things stand at `now` (UTC)."""
        if manifest.calm_every is None or self._near(manifest, now):
            return manifest.every
        return manifest.calm_every

    def due(self, manifest: FeedManifest, last: datetime | None, now: datetime) -> bool:
        """Whether the feed, last fetched at `last`, is to be fetched at `now`."""
        return last is None or now - last >= self.interval(manifest, now)

    def _near(self, manifest: FeedManifest, now: datetime) -> bool:
        self._follow()
        gives = {g.indicator for g in manifest.gives}
        return any(gives & asked for asked in self._asked_for(now))

    def _asked_for(self, now: datetime) -> Iterator[set[str]]:
        """For each event that is near, what its rule wants to know: while it is open what can change it, then what can bring it back."""
        for event in self._last.values():
            lately = now - self._moved.get(event.id, NEVER) <= NEAR
            if event.ended:
                if lately:
                    yield self._opens.get(event.rule, set())
            elif lately or not event.unconfirmed:
                yield self._moves.get(event.rule, set())

    def _follow(self) -> None:
        for stored in self._log.read(EVENTS.name, after=self._after, shard=self._shard):
            self._after = stored.offset
            event = read_output(stored.record)
            if isinstance(event, CompoundEvent):
                self._last[event.id] = event
                if event.change not in _BY_SILENCE:
                    self._moved[event.id] = event.known


def _levels(rule: Rule) -> list[Condition]:
    return [step.if_ for step in rule.raise_]


def _still_asked(rule: Rule) -> list[Condition]:
    """The conditions that can still change an open event of the rule: of a sequence that is complete, only its last step."""
    end = rule.until or (rule.when.sequence[-1] if isinstance(rule.when, Sequence) else rule.when)
    return [end, *_levels(rule), *([rule.unless] if rule.unless is not None else [])]


def _indicators(conditions: Iterable[Condition | Unless], known: Mapping[str, str]) -> set[str]:
    """The indicators that conditions read."""
    names: set[str] = set()
    for condition in (part for whole in conditions for part in walk(whole)):
        match condition:
            case AtLevel():
                names.add(condition.threshold)
            case Silent():
                names.add(condition.silent.of)
            case Dimensions():
                names.update(known)
            case _:
                pass
    return {known[name] for name in names if name in known}
