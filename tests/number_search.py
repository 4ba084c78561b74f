"""Looks for telephone numbers in all that leaves the process while tests run: logs, output, errors, pages, metrics, and files that stay.

Numbers are known by their two families: those that belong to nobody (+999), and the mobile numbers of Sri Lanka that tests of the registry
use. Whatever else was ever encrypted by the registry's keys is looked for too.
"""

import logging
import mmap
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, generate_latest
from starlette.responses import Response

from alerts.people.keys import Keys
from schemas.errors import PolyriskError

_FAMILIES = re.compile(rb"(?:(?:\+|%2[Bb])999\d{6,12}|(?<![\d.])999\d{9}|(?<![\d.])947712\d{5}|(?<![\d.])0771234\d{3})(?!\d)")
_READ = {".csv", ".xlsx", ".xls", ".tsv"}
"""Endings of files that tests write for the product to read: who enrols people hands their numbers in."""
_PROVIDERS = {"provider_accepted.jsonl"}
"""What the stand-in provider keeps for itself: whoever is to call a telephone knows its number."""
_GATEWAY = "store"
"""The folder in which a real Kannel keeps what it has not handed over yet."""
_SHORT = 9
"""A number with fewer digits could be any."""


class NumberSearch:
    """What was found so far, masked, with where it was."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.known: set[bytes] = set()

    def look(self, where: str, content: bytes | mmap.mmap) -> None:
        """Search a content; what looks like a number of nobody but was never one of ours, as digits of a time may, is passed over."""
        for match in _FAMILIES.finditer(content):
            digits = re.sub(rb"\D", b"", match[0].replace(b"%2B", b"").replace(b"%2b", b""))
            if match[0][:1] in (b"+", b"%") or digits in self.known or digits.startswith((b"94", b"07")):
                self.found.append(f"{where}: ...{digits[-2:].decode()} at {match.start()}")
                return

    def look_at_text(self, where: str, text: str) -> None:
        """The same of a text."""
        if text:
            self.look(where, text.encode("utf-8", errors="replace"))

    def look_at_files(self, folder: Path, *, but: Sequence[Path] = ()) -> None:
        """Search all files below a folder that the product may have written."""
        for path in sorted(folder.rglob("*")):
            handed = path.suffix in _READ or path.name in _PROVIDERS or _GATEWAY in path.relative_to(folder).parts
            if handed or path.is_symlink() or not path.is_file() or any(path.is_relative_to(other) for other in but):
                continue
            try:
                with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    self.look(f"file {path.relative_to(folder)}", content)
            except (OSError, ValueError):  # gone meanwhile, not ours to read, or empty
                continue

    def taken(self) -> list[str]:
        """What was found since this was asked last."""
        found, self.found = self.found, []
        return found

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Search what is logged, what errors of ours say, and what pages show, as it happens."""
        handler = _Handler(self)
        root, level = logging.getLogger(), logging.getLogger().level
        root.addHandler(handler)
        root.setLevel(min(level, logging.INFO))  # what an installation may well show
        undo = [
            _wrapped(Keys, "encrypt", self._encrypted),
            _wrapped(PolyriskError, "__init__", lambda error, *_, **__: self.look_at_text("error", str(error))),
            _wrapped(Response, "render", lambda *_, **__: None, self._rendered),
        ]
        try:
            yield
        finally:
            self.look("metrics", generate_latest(REGISTRY))
            root.removeHandler(handler)
            root.setLevel(level)
            for put_back in undo:
                put_back()

    def _encrypted(self, _: Keys, number: str) -> None:
        digits = number.removeprefix("+")
        if digits.isascii() and digits.isdigit() and len(digits) >= _SHORT:
            self.known.add(digits.encode())

    def _rendered(self, content: Any) -> None:
        if isinstance(content, bytes):
            self.look("page", content)


class _Handler(logging.Handler):
    def __init__(self, search: NumberSearch) -> None:
        super().__init__(level=0)
        self._search = search
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        self._search.look_at_text(f"log of {record.name}", self._formatter.format(record))


def _wrapped(owner: type, name: str, called: Callable[..., None], answered: Callable[[Any], None] = lambda _: None) -> Callable[[], None]:
    """Be told of each call of a method after it happened; answers how to put the method back."""
    original = getattr(owner, name)

    def method(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        called(*args, **kwargs)
        answered(result)
        return result

    setattr(owner, name, method)
    return lambda: setattr(owner, name, original)
