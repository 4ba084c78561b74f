"""Past events as readings in our own format: what each source said, when it became known, and what must or must not have been warned.

A case is a folder with `case.yaml` and CSV files of two shapes. Long: `known,area,start,end,value`; an empty `start` is `known`, an empty
`end` is `start`. Wide: `known,start,end,<area>,<area>...`, one indicator a file; an empty cell is nothing said, `null` is a source that
spoke and gave no value. Times are UTC. `area` is our code; `CODE:part` is a part of an area that the source reports on its own.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, ValidationError, model_validator

from schemas.configuration import Decided, LevelWord
from schemas.errors import ConfigurationError
from schemas.indicators import CATALOGUE
from schemas.moments import Moment
from schemas.yaml_files import YamlFile, plain

if TYPE_CHECKING:  # else where it is used: who only lists cases, such as the console, need not hold 50 MB for it
    import pandas as pd

SIZE_LIMIT = 400_000
"""Bytes of one file of a case: a case travels with the repository."""

COLUMNS = ("known", "area", "indicator", "start", "end", "value")
_TIMES = ("known", "start", "end")
_NUMBERS = ("latitude", "longitude", "yellow", "orange", "red")
_NULL = "null"


class SeriesFile(Decided):
    """One file of readings.

    Attributes:
        file: its name in the case's folder. known: how the time each became known was found or assumed.
        source: where the figures come from.
    """

    file: str
    shape: str = Field(pattern="^(long|wide)$")
    indicator: str
    unit: str
    source: str
    known: str

    @model_validator(mode="after")
    def _canonical(self) -> Self:
        if self.indicator not in CATALOGUE or CATALOGUE[self.indicator].unit != self.unit:
            raise ValueError(f"`{self.indicator}` in {self.unit} is not in the catalogue")
        return self


class CaseFeed(Decided):
    """What a case holds of one feed: readings, and side tables by name (gauges' levels, points of a grid)."""

    series: tuple[SeriesFile, ...]
    extra: dict[str, str] = Field(default_factory=dict)


class Must(Decided):
    """An event that must have been opened.

    Attributes:
        since, until: its onset lies in [since, until). by: the latest moment at which it must have been known.
        level: that it must at least have reached.
    """

    rule: str
    area: str
    since: Moment
    until: Moment
    by: Moment | None = None
    level: LevelWord | None = None
    why: str = ""


class MustNot(Decided):
    """An event that must not have been opened with an onset in [since, until); without area, nowhere."""

    rule: str
    area: str | None = None
    since: Moment
    until: Moment
    why: str


class Expectations(Decided):
    """What must have been warned, what not, and what happened (`outcomes`: a CSV file)."""

    must: tuple[Must, ...] = ()
    must_not: tuple[MustNot, ...] = ()
    outcomes: str | None = None


class CaseFile(Decided):
    """All of `case.yaml`. `end` is exclusive; readings known before `start` are the history that baselines need."""

    name: str
    title: str
    country: str
    timezone: str
    start: Moment
    end: Moment
    note: str = ""
    feeds: dict[str, CaseFeed]
    expectations: Expectations = Expectations()


class Case:
    """A past event, read when asked for and then kept.

    Attributes:
        folder: where it lies. facts: case.yaml.
    """

    def __init__(self, folder: Path, facts: CaseFile) -> None:
        self.folder = folder
        self.facts = facts
        self._series: dict[str, pd.DataFrame] = {}
        self._extra: dict[str, Mapping[str, pd.DataFrame]] = {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a case's `case.yaml`.

        Raises:
            ConfigurationError: it is missing or wrong; names each place.
        """
        file = YamlFile(folder / "case.yaml", folder.parent)
        try:
            facts = CaseFile.model_validate(plain(file.data))
        except ValidationError as error:
            lines = "\n".join(f"  {finding}" for finding in file.findings_of(error, model=CaseFile))
            raise ConfigurationError(f"is no case:\n{lines}\n", where=file.name, remedy="Change these places.") from error
        return cls(folder, facts)

    @property
    def name(self) -> str:
        """The case's name, as its folder's."""
        return self.facts.name

    @property
    def title(self) -> str:
        """The case in a line."""
        return self.facts.title

    @property
    def country(self) -> str:
        """ISO 3166-1 alpha-3."""
        return self.facts.country

    @property
    def timezone(self) -> str:
        """The IANA zone in which the case's days are days."""
        return self.facts.timezone

    @property
    def start(self) -> datetime:
        """The case's first moment, UTC."""
        return self.facts.start

    @property
    def end(self) -> datetime:
        """The first moment after the case, UTC."""
        return self.facts.end

    @property
    def feeds(self) -> tuple[str, ...]:
        """The feeds that the case has readings of."""
        return tuple(self.facts.feeds)

    @property
    def expectations(self) -> Expectations:
        """What must and must not have been warned."""
        return self.facts.expectations

    @cached_property
    def outcomes(self) -> "pd.DataFrame":
        """What happened: `at` (UTC), `area`, `kind`, `value`, `unit`, `place`, `source`; cumulative where the kind says so."""
        import pandas as pd

        if self.expectations.outcomes is None:
            return pd.DataFrame(columns=["at", "area", "kind", "value", "unit", "place", "source"])
        table = self._table(self.expectations.outcomes)
        table["at"] = _moments(table["at"])
        return table.assign(value=pd.to_numeric(table["value"]))

    def series(self, feed: str, indicator: str | None = None) -> "pd.DataFrame":
        """All readings of a feed: `known, area, indicator, start, end, value`, by known, area and start.

        Value NaN: the source spoke and gave none. Times are UTC.

        Raises:
            KeyError: the case has no such feed.
            ConfigurationError: a file cannot be read as its shape says.
        """
        import pandas as pd

        if feed not in self._series:
            tables = [self._readings(file) for file in self.facts.feeds[feed].series]
            joined = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))
            self._series[feed] = joined.sort_values(["known", "area", "start"], kind="stable", ignore_index=True)
        table = self._series[feed]
        return table if indicator is None else table[table["indicator"] == indicator].reset_index(drop=True)

    def known_by(self, feed: str, at: datetime) -> "pd.DataFrame":
        """The readings of a feed that were known at a moment."""
        import pandas as pd

        table = self.series(feed)
        return table.iloc[: int(table["known"].searchsorted(pd.Timestamp(at), side="right"))]

    def known_rows(self, feed: str, at: datetime) -> tuple[int, ...]:
        """How much of a feed was known at a moment, its side tables included: while this stays the same, so does the source."""
        dated = [table for _, table in sorted(self.extra(feed).items()) if "known" in table.columns]
        return len(self.known_by(feed, at)), *(int((table["known"] <= at).sum()) for table in dated)

    def extra(self, feed: str) -> "Mapping[str, pd.DataFrame]":
        """The side tables of a feed by name; all text, but for coordinates and levels (float) and times (UTC)."""
        if feed not in self._extra:
            self._extra[feed] = {name: self._typed(self._table(file)) for name, file in self.facts.feeds[feed].extra.items()}
        return self._extra[feed]

    def _readings(self, file: SeriesFile) -> "pd.DataFrame":
        import pandas as pd

        table = self._table(file.file)
        needed = {"known", "start", "end"} | ({"area", "value"} if file.shape == "long" else set())
        if needed - set(table.columns):
            missing = ", ".join(sorted(needed - set(table.columns)))
            raise ConfigurationError(f"has no column {missing}.", where=f"{self.name}/{file.file}:1", remedy=f"It is {file.shape}.")
        if file.shape == "wide":
            table = table.melt(id_vars=list(_TIMES), var_name="area", value_name="value")
        table = table[table["value"] != ""].reset_index(drop=True)
        start = table["start"].where(table["start"] != "", table["known"])
        end = table["end"].where(table["end"] != "", start)
        return pd.DataFrame(
            {
                "known": _moments(table["known"]),
                "area": table["area"].astype(str),
                "indicator": file.indicator,
                "start": _moments(start),
                "end": _moments(end),
                "value": _numbers(table["value"]),
            }
        )

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        path = self.folder / name
        try:
            return pd.read_csv(path, dtype=str, keep_default_na=False, comment=None)
        except (OSError, ValueError) as error:
            remedy = "case.yaml names the files that must be there."
            raise ConfigurationError(f"cannot be read: {error}.", where=f"{self.name}/{name}", remedy=remedy) from error

    @staticmethod
    def _typed(table: "pd.DataFrame") -> "pd.DataFrame":
        for column in table.columns:
            if column in _NUMBERS:
                table[column] = _numbers(table[column])
            elif column in _TIMES:
                table[column] = _moments(table[column])
        return table


def _numbers(texts: "pd.Series[str]") -> "pd.Series[float]":
    import pandas as pd

    return pd.to_numeric(texts.mask(texts.isin(["", _NULL]))).astype(float)


def _moments(texts: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    import pandas as pd

    return pd.to_datetime(texts, format="ISO8601", utc=True)
