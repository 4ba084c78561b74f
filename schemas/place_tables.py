"""Areas and stations: read from `areas.csv` and `stations.csv`, each finding with line and column.

areas.csv: code, level, parent, name_<language>..., population, population_year, neighbours, aliases, languages; if rules ask for them also
upstream (the areas whose water comes down), latitude and longitude (of the point that distances are taken from).
stations.csv: code, name, feed, keys, areas, latitude, longitude, unit, river; if a threshold asks for it also datum (what the readings are
measured from, such as `mMSL`).
Lists inside a cell are separated by `;`. `languages` is written `si:0.8;ta:0.15;en:0.05`: shares of people who read each.
An empty cell is unknown. `keys` are the feed's own names or numbers of the station.
"""

import csv
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from schemas.configuration import Area, Station
from schemas.findings import Finding
from schemas.places import Places

_AREA_COLUMNS = ("code", "level", "parent", "population", "population_year", "neighbours", "aliases", "languages")
_AREA_COLUMNS_IF_ASKED = ("upstream", "latitude", "longitude")
_STATION_COLUMNS = ("code", "name", "feed", "keys", "areas", "latitude", "longitude", "unit", "river")
_STATION_COLUMNS_IF_ASKED = ("datum",)
_FIELD = re.compile(r'(?:"(?:[^"]|"")*"|[^,]*)')


class Table:
    """A CSV file whose every cell knows its line and column, both from 1.

    Attributes:
        name: as it stands in findings. findings: what is wrong so far.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        try:
            self._lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            self._lines = []
            self.finding(0, "", "unreadable-file", f"cannot be read: {error.strerror}.", remedy="Write it, with its header line.")
        self.header: list[str] = next(csv.reader(self._lines[:1]), [])

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line number and cells of each row; a row with too many or too few cells is a finding."""
        for line, text in enumerate(self._lines[1:], start=2):
            if not text.strip():
                continue
            cells = next(csv.reader([text]))
            if len(cells) != len(self.header):
                self.finding(line, "", "cell-count", f"has {len(cells)} cells, the header has {len(self.header)}.")
                continue
            yield line, {column: cell.strip() for column, cell in zip(self.header, cells, strict=True)}

    def finding(self, line: int, column: str, check: str, what: str, remedy: str = "") -> None:
        """Note a finding at a cell; without a column, at the line's start."""
        at = self._position(line, column) if column else int(line > 0)
        self.findings.append(Finding(check=check, file=self.name, line=line, column=at, what=what, remedy=remedy))

    def columns(self, needed: Sequence[str], allowed: Sequence[str] = (), prefix: str = "") -> None:
        """Refuse a header that lacks a column or has an unknown one."""
        for column in needed:
            if self._lines and column not in self.header:
                self.finding(1, "", "missing-column", f"has no column `{column}`.", f"Columns are {', '.join(needed)}.")
        for column in self.header:
            if column not in (*needed, *allowed) and not (prefix and column.startswith(prefix)):
                self.finding(1, column, "unknown-column", f"unknown column `{column}`.", nearest(column, (*needed, *allowed)))

    def _position(self, line: int, column: str) -> int:
        if column not in self.header or not 0 < line <= len(self._lines):
            return 1
        at, text = 0, self._lines[line - 1]
        for _ in range(self.header.index(column)):
            match = _FIELD.match(text, at)
            at = (match.end() if match else at) + 1
        return at + 1


def nearest(name: str, known: Sequence[str]) -> str:
    """A remedy that names the nearest known word, or all of them if none is near and they are few."""
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"Nearest is `{near[0]}`."
    return f"Known are {', '.join(sorted(known))}." if 0 < len(known) <= 20 else ""


def split(cell: str) -> tuple[str, ...]:
    """The parts of a cell that holds a list."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())


@dataclass
class PlaceTables:
    """What the two files hold, and what is wrong in them."""

    areas: dict[str, Area] = field(default_factory=dict)
    stations: dict[str, Station] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    station_keys: dict[tuple[str, str], str] = field(default_factory=dict)
    languages: dict[str, dict[str, float]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def places(self) -> Places:
        """As parsers and the engine use them."""
        return Places(self.areas, self.stations, self.aliases, self.station_keys)


def read_places(folder: Path, name_of: str, feeds: Sequence[str], framework: Path | None = None) -> PlaceTables:
    """Read both tables of a country's folder.

    Args:
        name_of: the folder as it stands in findings. feeds: those of country.yaml; a station of another is a finding.
        framework: a folder below the country's whose stations are meant instead of its own.
    """
    found = PlaceTables()
    _read_areas(Table(folder / "areas.csv", f"{name_of}/areas.csv"), found)
    below = framework or folder
    name = (Path(name_of) / below.relative_to(folder) / "stations.csv").as_posix()
    _read_stations(Table(below / "stations.csv", name), found, feeds)
    return found


def _read_areas(table: Table, found: PlaceTables) -> None:
    table.columns(_AREA_COLUMNS, _AREA_COLUMNS_IF_ASKED, prefix="name_")
    lines: dict[str, int] = {}
    for line, row in table.rows():
        code = row.get("code", "")
        if code in found.areas:
            table.finding(line, "code", "double-code", f"area `{code}` stands on line {lines[code]} already.", "Remove one of the two.")
            continue
        area = _area(table, line, row)
        if area is None:
            continue
        lines[code], found.areas[code] = line, area
        found.languages[code] = _shares(table, line, row.get("languages", ""))
        for alias in split(row.get("aliases", "")):
            other = found.aliases.setdefault(alias.lower(), code)
            if other != code:
                table.finding(line, "aliases", "double-alias", f"`{alias}` is also an alias of {other}.", "An alias names one area.")
    _check_relations(table, found, lines)
    found.findings += table.findings


def _area(table: Table, line: int, row: dict[str, str]) -> Area | None:
    names = {column.removeprefix("name_"): cell for column, cell in row.items() if column.startswith("name_") and cell}
    try:
        return Area.model_validate(
            {
                "code": row.get("code", ""),
                "level": row.get("level", ""),
                "parent": row.get("parent") or None,
                "names": names,
                "population": row.get("population") or None,
                "neighbours": split(row.get("neighbours", "")),
                "upstream": split(row.get("upstream", "")) or None,
                "latitude": row.get("latitude") or None,
                "longitude": row.get("longitude") or None,
            }
        )
    except ValidationError as error:
        for detail in error.errors():
            column = str(detail["loc"][0]) if detail["loc"] else "code"
            table.finding(line, column, "bad-area", f"{column} `{row.get(column, '')}`: {detail['msg']}.")
        return None


def _shares(table: Table, line: int, cell: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in split(cell):
        language, _, share = part.partition(":")
        try:
            shares[language.strip()] = float(share)
        except ValueError:
            table.finding(line, "languages", "bad-share", f"`{part}` is not a language and its share.", "Write it like `si:0.8`.")
    if shares and not 0.98 <= sum(shares.values()) <= 1.02:
        table.finding(line, "languages", "bad-share", f"the shares add up to {sum(shares.values()):.2f}.", "They must add up to 1.")
    return shares


def _check_relations(table: Table, found: PlaceTables, lines: dict[str, int]) -> None:
    known = tuple(found.areas)
    for code, area in found.areas.items():
        if area.parent is not None and area.parent not in found.areas:
            what = f"the parent `{area.parent}` of {code} is not in this file."
            table.finding(lines[code], "parent", "outside-shard", what, nearest(area.parent, known))
        for other in area.neighbours:
            if other not in found.areas:
                what = f"the neighbour `{other}` of {code} is not in this file."
                table.finding(lines[code], "neighbours", "outside-shard", what, nearest(other, known))
            elif code not in found.areas[other].neighbours:
                what = f"{code} names {other} as a neighbour, {other} does not name {code}."
                table.finding(lines[code], "neighbours", "one-sided-neighbour", what, f"Write {code} into the row of {other} too.")
        for other in area.upstream or ():
            if other not in found.areas:
                what = f"the area `{other}` upstream of {code} is not in this file."
                table.finding(lines[code], "upstream", "outside-shard", what, nearest(other, known))
            elif code in (found.areas[other].upstream or ()) or other == code:
                what = f"{other} is upstream of {code}, and {code} of {other}."
                table.finding(lines[code], "upstream", "circle-upstream", what, "Water runs one way: take one of the two out.")
        if (area.latitude is None) != (area.longitude is None):
            missing = "latitude" if area.latitude is None else "longitude"
            table.finding(lines[code], missing, "half-coordinates", f"{code} has no {missing}.", "Write both, or neither.")


def _read_stations(table: Table, found: PlaceTables, feeds: Sequence[str]) -> None:
    table.columns(_STATION_COLUMNS, _STATION_COLUMNS_IF_ASKED)
    for line, row in table.rows():
        if row.get("code", "") in found.stations or row.get("code", "") in found.areas:
            table.finding(line, "code", "double-code", f"code `{row['code']}` is used already.", "Each place has its own code.")
            continue
        station = _station(table, line, row)
        if station is None:
            continue
        found.stations[station.code] = station
        if station.feed not in feeds:
            what = f"feed `{station.feed}` is not one of the country's."
            table.finding(line, "feed", "unknown-feed", what, nearest(station.feed, feeds))
        for area in station.areas:
            if area not in found.areas:
                table.finding(line, "areas", "unknown-area", f"area `{area}` is not in areas.csv.", nearest(area, tuple(found.areas)))
        for key in split(row.get("keys", "")):
            other = found.station_keys.setdefault((station.feed, key), station.code)
            if other != station.code:
                table.finding(line, "keys", "double-key", f"`{key}` of {station.feed} is {other} already.", "A key names one station.")
    found.findings += table.findings


def _station(table: Table, line: int, row: dict[str, str]) -> Station | None:
    areas = split(row.get("areas", ""))
    if not areas:
        table.finding(line, "areas", "station-nowhere", f"station `{row.get('code', '')}` stands for no area.", "Name at least one.")
        return None
    values = {k: row.get(k) or None for k in ("latitude", "longitude", "unit", "datum")}
    try:
        return Station.model_validate({**{k: row.get(k, "") for k in ("code", "name", "feed", "river")}, **values, "areas": areas})
    except ValidationError as error:
        for detail in error.errors():
            column = str(detail["loc"][0])
            table.finding(line, column, "bad-station", f"{column} `{row.get(column, '')}`: {detail['msg']}.")
        return None
