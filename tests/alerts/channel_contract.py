"""What the contract suite needs of each channel's place."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import channel_places

from alerts.channels.contract import Channel


@dataclass(frozen=True)
class Place:
    """A channel and what is behind it.

    Attributes:
        channel: a new one, to be entered. at: one that is pointed at another address; none if it goes nowhere.
        taken: recipient, sender and text of each message that arrived behind it.
        shows: it can be asked what it took.
    """

    channel: Callable[[], Channel]
    at: Callable[[str], Channel] | None
    taken: Callable[[], list[tuple[str, str, str]]]
    shows: bool


def known_places() -> tuple[str, ...]:
    """The channels that have a place."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(channel_places.__path__)))


def place_of(channel: str) -> Any:
    """The module of a channel's place."""
    return importlib.import_module(f"{channel_places.__name__}.{channel}")
