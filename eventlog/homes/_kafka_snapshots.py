"""Snapshots in Kafka: the state in pieces in one compacted topic, and in the registry where the newest is.

Pieces and registry are written in one transaction under an id of the group and shard, so of two that save at a time one is first.
"""

import hashlib

from kafka import TopicPartition

from eventlog.homes._kafka_client import Clients
from eventlog.homes._kafka_reader import Reader
from eventlog.homes._kafka_registry import Manifest, Message, Registry
from eventlog.homes._kafka_topics import SNAPSHOTS
from eventlog.homes._kafka_writer import Pen, decided_ends
from eventlog.log import Snapshot
from schemas.errors import LogError
from schemas.microseconds import from_microseconds, to_microseconds

_FORMAT = 1
_PIECE = 900_000


class Snapshots:
    """The snapshots of one log."""

    def __init__(self, clients: Clients, reader: Reader, registry: Registry) -> None:
        self._clients, self._reader, self._registry = clients, reader, registry
        self._place = TopicPartition(clients.place.topic(SNAPSHOTS), 0)
        self._pens: dict[tuple[str, str], Pen] = {}
        self._kept: dict[tuple[str, str], Manifest | None] = {}

    def save(self, snapshot: Snapshot) -> None:
        """Keep it, unless one that stands for a later offset is kept.

        Raises:
            WriterLost: it was not kept, but may be if it is tried again.
            LogError: it cannot be kept.
        """
        key = (snapshot.group, snapshot.shard)
        pen = self._held_pen(key)
        # With the pen held nobody else has saved since.
        kept = self._kept[key]
        if kept is not None and kept.offset > snapshot.offset:
            return
        pieces = [snapshot.state[i : i + _PIECE] for i in range(0, len(snapshot.state), _PIECE)] or [b""]
        messages: list[Message] = [(*self._place, self._key(key, n), piece, []) for n, piece in enumerate(pieces)]
        # What an older and longer one had more is not needed any longer.
        messages += [(*self._place, self._key(key, n), None, []) for n in range(len(pieces), kept.pieces if kept else 0)]
        offsets = pen.write(
            messages, last=lambda offsets: self._registry.manifest_message(*key, _manifest(snapshot, offsets[: len(pieces)]))
        )
        self._kept[key] = _manifest(snapshot, offsets[: len(pieces)])

    def load(self, group: str, shard: str) -> Snapshot | None:
        """The kept snapshot.

        Raises:
            WriterLost: it cannot be read now, but may be if it is tried again.
            LogError: it is damaged or of a newer version, or cannot be read.
        """
        self._reader.settled_ends([self._registry.place])
        if self._reader.ends_and_hidden([self._registry.place])[1]:
            # It may be of the one who saved it last, whose place we are about to take; one who lives takes the pen again.
            self._held_pen((group, shard))
        self._registry.refresh(whole=True)
        manifest = self._registry.manifests.get((group, shard))
        if manifest is None:
            return None
        where = f"{self._clients.place}, snapshot of {group} for {shard}"
        if manifest.format > _FORMAT:
            raise LogError("The snapshot was written by a newer version.", where=where, remedy="Start that version.")
        keys = [self._key((group, shard), n) for n in range(manifest.pieces)]
        found = [m for m in self._reader.messages(self._place, manifest.first, manifest.last + 1) if m.key in keys]
        state = b"".join(message.value for message in found)
        if hashlib.sha256(state).hexdigest() != manifest.sha256:
            remedy = "Save another: the processor then judges the whole log again, with its outputs muted up to what was committed."
            raise LogError("The snapshot is damaged.", where=where, remedy=remedy)
        return Snapshot(group, shard, manifest.offset, manifest.engine, from_microseconds(manifest.at), state)

    def drop_pens(self) -> None:
        """Let go of the right to write."""
        for pen in self._pens.values():
            pen.drop()

    def _held_pen(self, key: tuple[str, str]) -> Pen:
        """The pen of a group and shard; once it is taken it is known what is kept."""
        pen = self._pens.setdefault(key, Pen(self._clients, f"{self._clients.place.name}/snapshots/{key[0]}/{key[1]}"))
        if not pen.held:
            pen.take()
            decided_ends(pen, self._reader, [self._registry.place])
            self._registry.refresh(whole=True)
            self._kept[key] = self._registry.manifests.get(key)
        return pen

    def _key(self, key: tuple[str, str], piece: int) -> bytes:
        return f"{key[0]}\0{key[1]}\0{piece}".encode()


def _manifest(snapshot: Snapshot, offsets: list[int]) -> Manifest:
    return Manifest(
        format=_FORMAT,
        offset=snapshot.offset,
        engine=snapshot.engine,
        at=to_microseconds(snapshot.at),
        first=offsets[0],
        last=offsets[-1],
        pieces=len(offsets),
        sha256=hashlib.sha256(snapshot.state).hexdigest(),
    )
