"""How often a feed is asked: at its full pace while a rule that reads it is near an event, else at its calm pace."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from eventlog.log import EventLog
from schemas.conditions import AtLevel, Dimensions, Silent, walk
from schemas.configuration import Configuration, Rule
from schemas.envelopes import read_output
from schemas.manifests import FeedManifest
from schemas.records import CompoundEvent, EventChange
from schemas.topics import EVENTS

NEVER = datetime.min.replace(tzinfo=UTC)
NEAR = timedelta(hours=48)
"""An event is near for this long after its last change that a reading made."""

_BY_SILENCE = {EventChange.UNCONFIRMED, EventChange.CANNOT_TELL}
_ENDED = {EventChange.CLOSED, EventChange.CANNOT_TELL, EventChange.RETRACTED, EventChange.FOUND_AFTERWARDS}


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
        self._indicators = _indicators_of_rules(configuration)

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
        return any(
            gives & self._indicators.get(event.rule, set())
            and (now - self._moved.get(event.id, NEVER) <= NEAR or (event.change not in _ENDED and not event.unconfirmed))
            for event in self._last.values()
        )

    def _follow(self) -> None:
        for stored in self._log.read(EVENTS.name, after=self._after, shard=self._shard):
            self._after = stored.offset
            event = read_output(stored.record)
            if isinstance(event, CompoundEvent):
                self._last[event.id] = event
                if event.change not in _BY_SILENCE:
                    self._moved[event.id] = event.known


def _indicators_of_rules(configuration: Configuration) -> Mapping[str, set[str]]:
    """For each rule, the indicators that its conditions read."""
    indicator = {t.name: t.indicator for t in configuration.thresholds}
    return {rule.name: {indicator[name] for name in _thresholds(rule, indicator) if name in indicator} for rule in configuration.rules}


def _thresholds(rule: Rule, known: Mapping[str, str]) -> set[str]:
    names: set[str] = set()
    for condition in walk(rule.when) + (walk(rule.until) if rule.until else []):
        match condition:
            case AtLevel():
                names.add(condition.threshold)
            case Silent():
                names.add(condition.silent.of)
            case Dimensions():
                names.update(known)
            case _:
                pass
    return names
