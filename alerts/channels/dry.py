"""The dry way out: writes what would go into a file of the installation and sends nothing. The default.

Numbers are masked. What it took is found again in its file, so that a crash is handled as with a provider.
"""

import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self

from alerts.channels.contract import Accepted, Balance, Outgoing, Settings, Spoken
from alerts.segments import measure

FILE = "dry.jsonl"
PREFIX = "dry-"
"""What ids of messages that nobody was sent begin with."""


class Dry:
    """A channel (`alerts.channels.contract.Channel`) that keeps what it is given in a file.

    Args:
        file: one line of JSON a message.
    """

    reaches_people: ClassVar[bool] = False

    def __init__(self, file: Path) -> None:
        self._file = file

    async def __aenter__(self) -> Self:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._lines = self._file.open("a", encoding="utf-8")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lines.close()

    async def send(self, message: Outgoing) -> Accepted:
        """See `Channel.send`."""
        taken = Accepted(_id(message))
        self._lines.write(json.dumps({"id": taken.provider_id, **_shown(message)}, ensure_ascii=False) + "\n")
        self._lines.flush()
        return taken

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:  # noqa: ARG002 - an id is of one message alone
        """See `Channel.look_up`."""
        wanted = _id(message)
        with self._file.open(encoding="utf-8", errors="replace") as lines:
            return tuple(Accepted(wanted) for line in lines if wanted in line)[:1]

    @property
    def can_call(self) -> bool:
        """Writing needs no number."""
        return True

    def speaks(self, language: str) -> bool:  # noqa: ARG002 - whatever it is
        """See `Calls.speaks`. What is written needs no voice."""
        return True

    async def call(self, spoken: Spoken) -> Accepted:
        """See `Calls.call`: what would be said is written."""
        taken = Accepted(PREFIX + sha256(f"call\0{spoken.reference}".encode()).hexdigest()[:32])
        line = {"id": taken.provider_id, "at": datetime.now(UTC).isoformat(timespec="seconds"), "call": masked(spoken.to)}
        self._lines.write(json.dumps({**line, "language": spoken.language, "words": spoken.words}, ensure_ascii=False) + "\n")
        self._lines.flush()
        return taken

    async def look_up_call(self, spoken: Spoken, since: datetime) -> tuple[Accepted, ...]:  # noqa: ARG002 - an id is of one call alone
        """See `Calls.look_up_call`."""
        wanted = PREFIX + sha256(f"call\0{spoken.reference}".encode()).hexdigest()[:32]
        with self._file.open(encoding="utf-8", errors="replace") as lines:
            return tuple(Accepted(wanted) for line in lines if wanted in line)[:1]

    async def balance(self) -> Balance | None:
        """None: writing costs nothing."""
        return None


def open_channel(settings: Settings) -> Dry:
    """The channel that writes into the installation's folder."""
    return Dry(settings.folder / FILE)


def masked(number: str) -> str:
    """A number of which only the beginning of its country's code is left, and how long it was."""
    return number[:3] + "*" * (len(number) - 3)


def _id(message: Outgoing) -> str:
    """Of our own identity and the words, not of the number: a hash of that could be tried out."""
    return PREFIX + sha256(f"{message.reference}\0{message.body}".encode()).hexdigest()[:32]


def _shown(message: Outgoing) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "to": masked(message.to),
        "segments": measure(message.body).segments,
        "valid_for_s": message.valid_for_s,
        "body": message.body,
    }
