"""An agreed framework of anticipatory action as a folder of its own: who agreed on what, and which sources it asks for.

It stands in `countries/<iso3>/frameworks/<name>/`: `framework.yaml`, and beside it thresholds, rules, stations and tests as a country has
them, read with the country's areas. The country's own folder does not read it, so nothing is judged by it until a planner asks for it.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from schemas.configuration import FeedFacts
from schemas.decided import Decided
from schemas.findings import Finding
from schemas.moments import Span, parse_span
from schemas.yaml_files import YamlFile

FILE = "framework.yaml"


class Awaited(Decided):
    """A source that the framework asks for and that no feed brings yet.

    Attributes:
        feed: the name that its feed will have. every, delay: its rhythm, and from the end of a period to its publication.
        source: where the readings would come from.
    """

    feed: str
    every: Span
    delay: Span = parse_span("0 min")
    indicators: tuple[str, ...] = Field(min_length=1)
    source: str

    @property
    def facts(self) -> FeedFacts:
        """What the engine and the checker would know of it."""
        return FeedFacts(feed=self.feed, every=self.every, delay=self.delay, indicators=self.indicators)


class Framework(Decided):
    """All of `framework.yaml`.

    Attributes:
        title: of the document. date: its day, month or year, as far as it is known.
        signatories: who agreed to it, in which words and when, as far as it is known.
        return_period: of what it is meant for, as the document says it. reach: whom it would reach, and how many.
        references: where it was read. feeds: those of the country that it reads. awaits: those that are not there yet.
        to_check: what could not be had, and what a person must confirm.
    """

    title: str
    date: str = Field(pattern=r"^\d{4}(-\d\d){0,2}$")
    signatories: tuple[str, ...] = ()
    return_period: str | None = None
    reach: str | None = None
    references: tuple[str, ...] = Field(min_length=1)
    feeds: tuple[str, ...] = ()
    awaits: tuple[Awaited, ...] = ()
    to_check: tuple[str, ...] = ()


def is_framework(folder: Path) -> bool:
    """Whether a folder holds a framework."""
    return (folder / FILE).is_file()


def home_of(folder: Path) -> Path:
    """The folder of the country that a folder of thresholds and rules belongs to: a framework's country, else itself."""
    return folder.parent.parent if is_framework(folder) else folder


def frameworks_of(folder: Path) -> list[Path]:
    """The folders of a country's frameworks."""
    return sorted(path.parent for path in folder.glob(f"frameworks/*/{FILE}"))


def notes_of(folder: Path) -> Iterator[Finding]:
    """What a framework waits for: nothing to change, but nobody should take its silence for safety. It must have read well."""
    file = YamlFile(folder / FILE, home_of(folder).parent.parent)
    for index, awaited in enumerate(file.data.get("awaits") or ()):
        what = f"no feed brings {', '.join(awaited['indicators'])} yet: `{awaited['feed']}` is awaited."
        why = "Until there is one, the framework cannot tell."
        yield file.finding("awaited-feed", ("awaits", index), what, why).model_copy(update={"note": True})
