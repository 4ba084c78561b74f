"""The one way in: fetch, keep the raw bytes, parse, check, store, publish.

A delivery is published once. Of one that repeats most of the last (a table that grows by a row) only new and changed readings
are published. That is exact, because the engine takes the last word on each reading (place, indicator, period), and all that a
delivery says of one reading is compared and published together: what is left out has been said before, word for word, and nothing
else has been said since. Two rows that contradict each other would otherwise take turns at being last.
"""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from eventlog.archive import Archive
from eventlog.log import EventLog
from feeds import source_clocks
from feeds.check import split
from feeds.contract import ParseContext, Parsed
from feeds.fetch import ATTEMPTS, FailedFetch, Failure, Validators, fetch
from feeds.manifest import load_parser
from feeds.memory import FeedMemory, FeedState, Pending
from feeds.quarantine import Kept, Quarantine
from feeds.source_clocks import SourceClock
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record, observations_record
from schemas.errors import LogError, SourceChanged
from schemas.inputs import Heartbeat, Observation
from schemas.manifests import FeedManifest
from schemas.observations import to_batch
from schemas.records import Record

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class IngestResult:
    """What one fetch came to.

    Attributes:
        new: whether the delivery differs from the last. rows: of the source. readings: published.
        quarantined: rows and readings kept aside.
    """

    feed: str
    new: bool
    rows: int
    readings: int
    quarantined: int


@dataclass(frozen=True)
class Examined:
    """A delivery, parsed and checked."""

    parsed: Parsed
    fit: Sequence[Observation]
    kept_aside: Sequence[Kept]

    @cached_property
    def identities(self) -> Sequence[str]:
        """Which reading each fit observation is of."""
        return [_identity(observation) for observation in self.fit]

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Each reading to all that the delivery says of it, whatever the order of its rows."""
        said: dict[str, str] = {}
        several: dict[str, set[str]] = defaultdict(set)
        for identity, observation in zip(self.identities, self.fit, strict=True):
            word = _word(observation)
            if said.setdefault(identity, word) != word:
                several[identity].add(word)
        return said | {identity: "; ".join(sorted({said[identity], *words})) for identity, words in several.items()}


class Ingest:
    """The way in for a country's feeds.

    Args:
        state: folder of this run; memories, quarantine and what parsers cache lie below it.
        base_url: of stand-ins; none asks the sources themselves.
        attempts: how often a source out of breath is asked in one run.
    """

    def __init__(
        self,
        country: LoadedCountry,
        log: EventLog,
        archive: Archive,
        state: Path,
        base_url: str | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._country = country
        self._log = log
        self._archive = archive
        self._memories = FeedState(state / "feeds")
        self._quarantine = Quarantine(state / "quarantine")
        self._cache = state / "cache"
        self._clocks = state / source_clocks.FOLDER
        self._base_url = base_url
        self._attempts = attempts

    def run(self, manifest: FeedManifest, now: datetime) -> IngestResult:
        """Fetch a feed once and publish what is new. Of two at the same time the second waits, and finds what the first has taken in.

        Args:
            now: when this happens, by the country's clock (UTC); readings carry it as `received`.

        Raises:
            FailedFetch: there was no delivery.
        """
        with self._memories.alone(manifest.feed):
            memory = self._finish(manifest, self._memories.load(manifest.feed))
            answer = fetch(manifest, self._base_url, Validators(memory.etag, memory.last_modified), attempts=self._attempts)
            if answer.clock_ahead_s is not None:
                source_clocks.note(self._clocks, manifest.feed, SourceClock(ahead_s=answer.clock_ahead_s, at=datetime.now(UTC)))
            if answer.body is None or hashlib.sha256(answer.body).hexdigest() == memory.delivery:
                return self._nothing_new(manifest, memory, answer.validators, now)
            return self._take_in(manifest, memory, answer.body, answer.validators, now)

    def _take_in(self, manifest: FeedManifest, memory: FeedMemory, body: bytes, said: Validators, now: datetime) -> IngestResult:
        """Keep and publish a delivery. What is kept is always named as pending before, so that no crash leaves it kept and unpublished."""
        delivery = hashlib.sha256(body).hexdigest()
        self._memories.save(manifest.feed, memory.model_copy(update={"pending": Pending(delivery=delivery, received=now)}))
        self._archive.keep(body)
        try:
            examined = examine(body, self._context(manifest, now, delivery))
        except SourceChanged as error:
            self._memories.save(manifest.feed, memory)
            raise FailedFetch(manifest.feed, Failure.CHANGED, error.what, remedy=error.remedy) from error
        published = self._publish(manifest, memory, examined, delivery, now)
        self._memories.save(manifest.feed, _remember(examined, delivery, said, now))
        return published

    def _finish(self, manifest: FeedManifest, memory: FeedMemory) -> FeedMemory:
        """Publish again what a crash may have left half done; the log drops what it already has.

        One that was not kept whole is let go, for the source will say it again; so is one that a newer parser no longer reads: it is in
        the archive, and a feed must not stand still for it.
        """
        if memory.pending is None:
            return memory
        delivery, received = memory.pending.delivery, memory.pending.received
        try:
            examined = examine(self._archive.raw(delivery), self._context(manifest, received, delivery))
        except (SourceChanged, LogError) as error:
            _LOG.warning("%s: delivery %s, left half done by a crash, is not read: %s", manifest.feed, delivery, error)
            return memory.model_copy(update={"pending": None})
        self._publish(manifest, memory, examined, delivery, received)
        memory = _remember(examined, delivery, Validators(), received)
        self._memories.save(manifest.feed, memory)
        return memory

    def _publish(self, manifest: FeedManifest, memory: FeedMemory, examined: Examined, delivery: str, now: datetime) -> IngestResult:
        feed = manifest.feed
        changed = [
            observation
            for identity, observation in zip(examined.identities, examined.fit, strict=True)
            if memory.readings.get(identity) != examined.words[identity]
        ]
        self._quarantine.keep(examined.kept_aside)
        records: list[Record] = []
        if changed:
            batch = to_batch(changed)
            self._archive.store(batch)
            records.append(observations_record(manifest.country, feed, delivery, now, batch))
        heartbeat = Heartbeat(
            feed=feed, received=now, delivery=delivery, new=True, rows=examined.parsed.rows, quarantined=len(examined.kept_aside)
        )
        records.append(input_record(manifest.country, heartbeat))
        self._log.append(records)
        return IngestResult(feed, True, examined.parsed.rows, len(changed), len(examined.kept_aside))

    def _nothing_new(self, manifest: FeedManifest, memory: FeedMemory, said: Validators, now: datetime) -> IngestResult:
        feed = manifest.feed
        heartbeat = Heartbeat(
            feed=feed, received=now, delivery=memory.delivery, new=False, rows=memory.rows, quarantined=memory.quarantined
        )
        self._log.append([input_record(manifest.country, heartbeat)])
        update = {"etag": said.etag, "last_modified": said.last_modified, "fetched": now}
        self._memories.save(feed, memory.model_copy(update=update))
        return IngestResult(feed, False, memory.rows, 0, memory.quarantined)

    def _context(self, manifest: FeedManifest, received: datetime, delivery: str) -> ParseContext:
        return ParseContext(manifest, self._country.places, received, delivery, _Outlines(self._country), self._cache)


class _Outlines(Mapping[str, dict[str, Any]]):
    """The country's polygons by level, read when a parser asks: only grids do, and gauges are read every hour."""

    def __init__(self, country: LoadedCountry) -> None:
        self._country = country

    def __getitem__(self, level: str) -> dict[str, Any]:
        if level not in set(self):
            raise KeyError(level)
        return self._country.shapes(level)

    def __iter__(self) -> Iterator[str]:
        paths = self._country.folder.glob("shapes_*.geojson")
        return iter(sorted(path.stem.removeprefix("shapes_") for path in paths))

    def __len__(self) -> int:
        return len(list(iter(self)))


def examine(raw: bytes, context: ParseContext) -> Examined:
    """Parse a delivery and check each reading. Pure but for what the parser may cache.

    Raises:
        SourceChanged: the bytes are not what the source used to give.
    """
    parsed = load_parser(context.manifest.feed)(raw, context)
    fit, unfit = split(parsed.observations)
    feed, delivery, received = context.manifest.feed, context.delivery, context.received
    rows = [
        Kept(feed=feed, delivery=delivery, received=received, row=q.row, reason=q.reason, remedy=q.remedy, excerpt=q.excerpt)
        for q in parsed.quarantined
    ]
    readings = [
        Kept(feed=feed, delivery=delivery, received=received, row=0, reason=reason, remedy=remedy, excerpt=o.key)
        for o, reason, remedy in unfit
    ]
    return Examined(parsed, fit, rows + readings)


def _remember(examined: Examined, delivery: str, said: Validators, now: datetime) -> FeedMemory:
    return FeedMemory(
        etag=said.etag,
        last_modified=said.last_modified,
        delivery=delivery,
        readings=examined.words,
        rows=examined.parsed.rows,
        quarantined=len(examined.kept_aside),
        fetched=now,
    )


def _identity(observation: Observation) -> str:
    """What makes two readings one, as the engine sees it; the feed's own key is not part of it."""
    o = observation
    end = "" if o.end == o.start else o.end.isoformat()
    return f"{o.indicator}|{o.area}|{o.start.isoformat()}|{end}|{o.lead or ''}|{'' if o.member is None else o.member}"


def _word(observation: Observation) -> str:
    o = observation
    issued = "" if o.issued is None else "start" if o.issued == o.start else o.issued.isoformat()
    return f"{o.value!r} {o.unit} {issued} {o.quality} {o.key}"
