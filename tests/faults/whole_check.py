"""The check of the whole after a run: nothing lost, nothing doubled, from the source to the provider's log."""

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from flood_world import World
from sqlalchemy import Select, func, select
from undisturbed import Warned, judged, warned, warned_undisturbed

from alerts import intents, journal
from alerts.chain import verify
from alerts.intents import Unsent, its_text
from alerts.journal import Step
from alerts.ledger import ISSUED
from alerts.marks import marked
from alerts.registry import Registry
from alerts.tables import bodies, lives, messages, outbox, signatures, subscribers, warnings
from eventlog.log import EventLog, open_log
from schemas.envelopes import read_input, read_output, record_from_json
from schemas.inputs import Heartbeat, Tick
from schemas.records import Record, Stored
from schemas.topics import DELIVERIES, EVENTS, INPUT, JOURNAL, TOPICS
from schemas.warning_records import Delivery, JournalAnchor, MessageState

MINUTE = timedelta(minutes=1)
_NUMBER = re.compile(rb"(?=(999\d{9}))")
SHOWN = 3
"""Differences of one kind that are spelled out."""


@dataclass
class Whole:
    """What a run left, counted, and how it differs from what it should have left."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def differ(self, what: str, items: Iterable[object]) -> None:
        """Note a difference for each item, the first few spelled out."""
        found = [str(item) for item in items]
        if found:
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            self.differences.append(f"{what}: {'; '.join(found[:SHOWN])}{more}")

    def same(self, what: str, found: Sequence[object], expected: Sequence[object]) -> None:
        """Note how two sequences differ, if they do: what is missing, what is too much, else the first that is in another place."""
        if list(found) == list(expected):
            return
        left, right = Counter(map(str, found)), Counter(map(str, expected))
        self.differ(f"{what}, missing", (right - left).elements())
        self.differ(f"{what}, too much", (left - right).elements())
        if left == right:
            place = next(n for n, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b)
            self.differ(f"{what}, in another order from place {place} on", [found[place]])


def check(world: World, url: str, scratch: Path) -> Whole:
    """Hold all that a run left against itself and against undisturbed runs.

    Args:
        url: of the log. scratch: an empty folder for the undisturbed run.
    """
    whole = Whole()
    registry = world.registry()
    with closing(open_log(url)) as log, closing(registry):
        shard = world.country().shard
        topics = {name: log.read(name) for name in TOPICS}
        for topic, stored in topics.items():
            whole.differ(f"ids of {topic} more than once", (n for n, times in Counter(s.record.id for s in stored).items() if times > 1))
            whole.counts[topic] = len(stored)
        _check_judgement(whole, topics, shard)
        _check_deliveries_of_feeds(whole, world, topics[INPUT.name])
        _check_ticks(whole, topics[INPUT.name])
        _check_warnings(whole, warned(log, registry), warned_undisturbed(world, topics[EVENTS.name], scratch))
        _check_messages(whole, world, registry, max(s.record.received for s in topics[INPUT.name]))
        _check_outbox(whole, registry, topics)
        _check_journal(whole, registry, topics[JOURNAL.name])
        _check_numbers(whole, world, registry, topics)
        _check_groups(whole, log)
    return whole


def _check_judgement(whole: Whole, topics: dict[str, list[Stored]], shard: str) -> None:
    """Breaches and events equal those of the pure step over the input that the run left, byte for byte and in order."""
    for topic, expected in judged(topics[INPUT.name], shard).items():
        found = [read_output(s.record).model_dump_json() for s in topics[topic]]
        whole.same(f"{topic} against an undisturbed replay", found, expected)


def _said(record: Record) -> tuple[str, bytes]:
    return record.id, record.payload


def _check_deliveries_of_feeds(whole: Whole, world: World, inputs: Sequence[Stored]) -> None:
    """Every delivery that is kept raw was published, and each of its readings' records and its heartbeat stand in the log once."""
    beats = [beat for beat in map(read_input, (s.record for s in inputs)) if isinstance(beat, Heartbeat)]
    new = Counter(beat.delivery for beat in beats if beat.new)
    kept = {path.name for path in (world.state / "archive" / "raw").glob("*/*") if not path.name.startswith(".")}
    whole.counts["fetched deliveries"] = len(kept)
    whole.differ("fetched and not in the log", sorted(kept - set(new)))
    whole.differ("in the log and not in the archive", sorted(set(new) - kept))
    whole.differ("deliveries in the log more than once", (d for d, times in new.items() if times > 1))
    batches = Counter(s.record.id.rpartition(":")[2] for s in inputs if s.record.kind == "observations")
    whole.differ("readings of a delivery in the log more than once", (d for d, times in batches.items() if times > 1))
    whole.differ("readings without their delivery", sorted(set(batches) - {d[:16] for d in new}))


def _check_ticks(whole: Whole, inputs: Sequence[Stored]) -> None:
    """A tick for every minute from the first to the last, in order."""
    ticks = [tick.at for tick in (read_input(s.record) for s in inputs if s.record.kind == "tick") if isinstance(tick, Tick)]
    whole.counts["ticks"] = len(ticks)
    gaps = (f"from {a.isoformat()} to {b.isoformat()}" for a, b in pairwise(ticks) if b - a != MINUTE)
    whole.differ("minutes that were not made up for, or out of order", gaps)


def _check_warnings(whole: Whole, found: Warned, expected: Warned) -> None:
    """The same words in the same order to the same people, each event acted on once, given the same signatures."""
    whole.same("warnings against an undisturbed run", [_said(r) for r in found.warnings], [_said(r) for r in expected.warnings])
    whole.same("messages to people against an undisturbed run", sorted(found.addressed), sorted(expected.addressed))
    whole.same("decisions on events", sorted(found.decisions.items()), sorted(expected.decisions.items()))
    whole.same("notices to the people on duty", sorted(found.notices), sorted(expected.notices))


def _check_messages(whole: Whole, world: World, registry: Registry, until: datetime) -> None:
    """The provider's own log holds each message that a person was to get exactly once, and nothing else.

    Args:
        until: the last moment that the country's clock showed.
    """
    provided = [json.loads(line) for line in world.accepted.read_text(encoding="utf-8").splitlines()]
    with registry.reading() as connection:
        rows = connection.execute(_messages()).all()
        went_out = (
            select(warnings.c.warning, func.max(warnings.c.number).label("number"))
            .where(warnings.c.stage == ISSUED)
            .group_by(warnings.c.warning)
        )
        newest = {row.warning: row.number for row in connection.execute(went_out)}
        standing = {row.warning: row.level for row in connection.execute(select(lives.c.warning, lives.c.level).where(lives.c.told))}
        over = frozenset(connection.execute(select(lives.c.warning).where(~lives.c.open)).scalars())
    states = Counter(row.state for row in rows)
    whole.counts.update({f"messages {state}": number for state, number in states.items()})
    whole.counts["messages possibly doubled"] = sum(row.possibly_doubled for row in rows)
    whole.counts["accepted by the provider"] = len(provided)
    moving = [f"{row.message} to {row.subscriber} is {row.state}" for row in rows if row.state in intents.MOVING]
    whole.differ("messages that have not arrived anywhere", moving)
    taken = [row for row in rows if row.state == MessageState.ACCEPTED]
    keys = [_key(registry.keys.decrypt(row.number), marked(row.body, row.language, late=row.late)) for row in taken]
    by_words = Counter(keys)
    said = Counter(_key(message["to"], message["body"]) for message in provided)
    names = {key: f"{row.message} to {row.subscriber}" for key, row in zip(keys, taken, strict=True)}
    whole.differ("lost: the provider does not have", (names.get(key, key) for key in (by_words - said).elements()))
    whole.differ("doubled: the provider has once more", (names.get(key, key) for key in (said - by_words).elements()))
    whole.differ(
        "messages whose fate is unknown", (f"{row.message} to {row.subscriber}" for row in rows if row.state == MessageState.UNKNOWN)
    )
    spared = spared_for_a_graver_one(rows, taken, standing, over)
    whole.counts["messages spared for a graver one"] = len(spared)
    dropped = (f"{message} to {subscriber}" for message, subscriber in _dropped(rows, newest, until) if (message, subscriber) not in spared)
    whole.differ("not sent, though still in force and nothing later was", dropped)
    places = {message["sid"]: place for place, message in enumerate(provided)}
    whole.differ("arrived after a later word of the same life", _out_of_order(taken, places))
    ids = Counter(row.provider_id for row in taken)
    whole.same("the provider's ids", sorted(ids.elements()), sorted(message["sid"] for message in provided))


def _messages() -> Select[Any]:
    query = select(messages, subscribers.c.number, bodies.c.body, warnings.c.expires)
    query = query.join(subscribers, subscribers.c.id == messages.c.subscriber).join(warnings, warnings.c.id == messages.c.message)
    return query.join(bodies, its_text())


def _dropped(rows: Sequence[Any], newest: Mapping[str, int], until: datetime) -> Iterator[tuple[str, str]]:
    """Messages that were not sent, that no later one of their life overtook, and whose time was not over at the last tick."""
    for row in rows:
        life, _, number = row.message.rpartition(".")
        if row.state == MessageState.EXPIRED and int(number) >= newest.get(life, 0) and row.expires > until:
            yield row.message, row.subscriber


def spared_for_a_graver_one(
    rows: Sequence[Any], taken: Sequence[Any], standing: Mapping[str, int], over: Collection[str] = ()
) -> set[tuple[str, str]]:
    """Messages that were dropped because the person has one of a warning no less grave: it still stands, or both are over and the end of
    the graver one spoke for both.

    Args:
        taken: messages that the provider has. standing: the warnings that people have been told and not the end of, with their levels.
        over: warnings whose events are over.
    """
    heard: dict[str, dict[str, int]] = defaultdict(dict)
    for row in taken:
        life = row.message.rpartition(".")[0]
        heard[row.subscriber][life] = max(heard[row.subscriber].get(life, -1), row.priority)
    found = set()
    for row in rows:
        own = row.message.rpartition(".")[0]
        others = {life: level for life, level in heard[row.subscriber].items() if life != own}
        stands = any(standing.get(life, -1) >= row.priority for life in others)
        spoken_for = own in over and any(level >= row.priority and life in over for life, level in others.items())
        if row.refusal == Unsent.GROUPED and (stands or spoken_for):
            found.add((row.message, row.subscriber))
    return found


def _out_of_order(taken: Sequence[Any], places: Mapping[str, int]) -> Iterator[str]:
    """Each person hears of a life in its order."""
    heard: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row in taken:
        life, _, number = row.message.rpartition(".")
        heard[life, row.subscriber].append((int(number), places.get(row.provider_id, -1)))
    for (life, person), words in heard.items():
        order = [place for _, place in sorted(words)]
        if order != sorted(order):
            yield f"{life} to {person}"


def _key(number: str, body: str) -> str:
    """A message as the one who reads a report may see it: without the number."""
    return hashlib.sha256(f"{number} {body}".encode()).hexdigest()[:16]


def _check_outbox(whole: Whole, registry: Registry, topics: dict[str, list[Stored]]) -> None:
    """All that was to be published is in the log once, in the order it was decided, and the counts published last are those that are."""
    with registry.reading() as connection:
        contents = connection.execute(select(outbox.c.content).order_by(outbox.c.place)).scalars().all()
        counted = {key: number for key, number in intents.counts(connection).items() if number}
    out = [record_from_json(content) for content in contents]
    for topic in ("warnings", DELIVERIES.name):
        decided = [_said(record) for record in out if record.topic == topic]
        whole.same(f"{topic} against the outbox", [_said(s.record) for s in topics[topic]], decided)
    newest: dict[intents.Counted, int] = {}
    for stored in topics[DELIVERIES.name]:
        delivery = read_output(stored.record)
        if isinstance(delivery, Delivery):
            newest[delivery.message, delivery.area, delivery.language, delivery.state] = delivery.count
    last = {key: number for key, number in newest.items() if number}
    whole.same("counts of messages", sorted(map(str, last.items())), sorted(map(str, counted.items())))


def _check_journal(whole: Whole, registry: Registry, anchors: Sequence[Stored]) -> None:
    """The journal is one chain, its newest step is anchored in the log, and each signature that stands is a step of it."""
    told = [anchor for anchor in (read_output(s.record) for s in anchors) if isinstance(anchor, JournalAnchor)]
    with registry.reading() as connection:
        entries = list(journal.entries(connection))
        signed = {(row.message, row.by, row.role) for row in connection.execute(select(signatures))}
    verified = verify(entries, told)
    whole.counts["steps of the journal"] = verified.steps
    whole.differ("findings of the journal", verified.findings)
    whole.same("anchored", [verified.anchored], [verified.steps])
    steps = {(entry.subject, entry.actor, entry.role) for entry in entries if entry.step == Step.SIGNED}
    whole.differ("signatures that are no step of the journal", signed - steps)


def _check_numbers(whole: Whole, world: World, registry: Registry, topics: dict[str, list[Stored]]) -> None:
    """No number of a person stands anywhere but, encrypted, in the registry: not in the log, not in a file, not in what was printed."""
    numbers = _numbers(registry)
    for topic, stored in topics.items():
        holding = (s.record.id for s in stored if _holds(f"{s.record.id} {s.record.headers}".encode() + s.record.payload, numbers))
        whole.differ(f"records of {topic} with a number", holding)
    files = [path for path in world.folder.rglob("*") if path.is_file() and path != world.accepted]
    whole.counts["files searched for numbers"] = len(files)
    whole.differ("files with a number", (path.relative_to(world.folder) for path in files if _holds(_content(path), numbers)))


def _numbers(registry: Registry) -> frozenset[bytes]:
    with registry.reading() as connection:
        return frozenset(
            registry.keys.decrypt(token).removeprefix("+").encode() for token in connection.execute(select(subscribers.c.number)).scalars()
        )


def _content(path: Path) -> bytes:
    """A file's bytes; none of one that its owner has put in the place of another meanwhile, which is read under that name."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _holds(content: bytes, numbers: frozenset[bytes]) -> bool:
    return any(match[1] in numbers for match in _NUMBER.finditer(content))


def _check_groups(whole: Whole, log: EventLog) -> None:
    """Whoever reads has read all."""
    for group in ("processors", "alerts"):
        whole.differ(f"records that {group} have not committed", (f"{topic}: {left}" for topic, left in log.lag(group).items() if left))
