"""The envelope in which everything travels in the log, and what all records have in common.

What goes in is in `schemas.inputs`, what the engine says in `schemas.outputs`, what is said of warnings in `schemas.warning_records`.
What a person is called or reached at stands in none of them.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

import msgspec
from pydantic import BaseModel, ConfigDict

from schemas.microseconds import from_microseconds


class Typed(BaseModel):
    """Base of all records: unchangeable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="iso8601")

    @classmethod
    def made(cls, **values: Any) -> Self:
        """A record of values that were checked before; every field must be given.

        It is what `model_construct` gives, without its search for defaults and aliases: that cost more than all of the judging.
        """
        made = cls.__new__(cls)
        put = object.__setattr__
        put(made, "__dict__", values)
        # All share one set of names: a model that is frozen never changes it, and copies it when it is copied.
        put(made, "__pydantic_fields_set__", _names_of(cls))
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made


@lru_cache
def _names_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


class Record(msgspec.Struct, frozen=True, gc=False):
    """The envelope in which everything travels.

    A struct and no model, and its moment a number, because a busy log makes a hundred thousand of these each second. What it carries is
    checked where it is put in and read out (`schemas.envelopes`). None can be part of a cycle, so the collector need not look at them.

    Attributes:
        topic: one of `schemas.topics.TOPICS`.
        shard: the key; all of a shard's input is one order.
        kind: `observations`, `reading`, `heartbeat`, `tick`, `configuration`, `baseline`, `declaration`, `breach`, `event`, `warning`,
            `delivery`, `answer`, `dead_letter`, `engine`, `anchor`.
        id: unique and made by whoever appends it from what it says, never from an offset.
        received_microseconds: when it was made known to us, since 1970; the engine's only clock.
        payload: Arrow IPC for `observations`, else the model's JSON.
        headers: CloudEvents attributes on published events; on inputs the type alone, which ends in the version of the payload's schema.
            Records may share them, so they are never written to.
    """

    topic: str
    shard: str
    kind: str
    id: str
    received_microseconds: int
    payload: bytes
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def received(self) -> datetime:
        """When it was made known to us, UTC."""
        return from_microseconds(self.received_microseconds)


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A record as the log keeps it, with its place."""

    record: Record
    partition: int
    offset: int


@lru_cache(maxsize=4096)
def received_of(moment: datetime) -> str:
    """A moment as it stands in ids: ISO 8601 basic, UTC, microseconds."""
    return moment.strftime("%Y%m%dT%H%M%S%fZ")
