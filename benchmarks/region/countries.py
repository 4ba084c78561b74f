"""Seven countries as folders that the product reads: as many districts and divisions as seven of the region have, all of them made up.

Feeds, thresholds, texts and roles are those of Sri Lanka, because only its feeds are there; outlines, gauges and names are made by a seed.
"""

import csv
import json
import math
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from schemas.country_files import countries_root

FEEDS = ("lka_irrigation_river", "lka_dengue_weekly", "lka_wfp_prices", "lka_rain_grid")
THRESHOLDS = ("river_station", "dengue_channel", "rice_price", "rain_day")
SEED = 5
_WOBBLES = 4
"""Times that the middle of a border is moved aside, so that it has sixteen parts."""
_WORD = {"adm0": "country", "adm1": "province", "adm2": "district", "adm3": "division"}


@dataclass(frozen=True)
class Size:
    """A country's name, the letters its codes begin with, and how many provinces, districts and divisions it has."""

    name: str
    letters: str
    provinces: int
    districts: int
    divisions: int

    @property
    def folder(self) -> str:
        """Its folder, which is also its shard in small letters."""
        return f"{self.letters.lower()}x"

    @property
    def areas(self) -> int:
        """All of them, the country itself among them."""
        return 1 + self.provinces + self.districts + self.divisions


SIZES = (
    Size("Nepal", "NP", 7, 77, 753),
    Size("Bangladesh", "BD", 8, 64, 495),
    Size("Pakistan", "PK", 7, 160, 577),
    Size("Indonesia", "ID", 38, 166, 348),
    Size("Papua New Guinea", "PG", 22, 89, 326),
    Size("Sri Lanka", "LK", 9, 25, 331),
    Size("the Philippines", "PH", 17, 87, 1387),
)
"""5,000 areas in all."""


@dataclass(frozen=True)
class District:
    """A district on the grid of its country."""

    code: str
    province: str
    column: int
    row: int
    divisions: tuple[str, ...]


@cache
def districts_of(size: Size) -> tuple[District, ...]:
    """Its districts, row by row."""
    wide = math.ceil(math.sqrt(size.districts))
    found = []
    for number in range(size.districts):
        province = f"{size.letters}{number * size.provinces // size.districts + 1:02d}"
        code = f"{province}{number + 1:03d}"
        first, last = (n * size.divisions // size.districts for n in (number, number + 1))
        found.append(
            District(code, province, number % wide, number // wide, tuple(f"{code}{n - first + 1:02d}" for n in range(first, last)))
        )
    return tuple(found)


def gauges_of(size: Size) -> tuple[tuple[str, District], ...]:
    """Code and district of each gauge: three for each two districts."""
    every = districts_of(size)
    return tuple((f"{size.letters.lower()}-g{n:03d}", every[n * 2 // 3]) for n in range(len(every) * 3 // 2))


def write(root: Path) -> None:
    """Write all of them below a folder, with the texts that countries share."""
    shutil.copytree(countries_root() / "texts", root / "texts")
    for size in SIZES:
        folder = root / size.folder
        shutil.copytree(countries_root() / "lka" / "texts", folder / "texts")
        _facts(size, folder)
        _judged(folder)
        _areas(size, folder)
        _stations(size, folder)
        shapes = {"type": "FeatureCollection", "features": list(_outlines(size))}
        (folder / "shapes_adm2.geojson").write_text(json.dumps(shapes), "utf-8")


def _of_lanka(name: str) -> dict[str, Any]:
    return json.loads(json.dumps(YAML(typ="safe").load(countries_root() / "lka" / name), default=str))


def _facts(size: Size, folder: Path) -> None:
    facts = _of_lanka("country.yaml")
    for gone in ("reports", "drill", "shelters"):
        facts.pop(gone, None)
    facts |= {"name": size.name, "names": dict.fromkeys(facts["names"], size.name), "shard": size.folder.upper(), "feeds": list(FEEDS)}
    facts |= {"areas_version": f"made up: {size.areas} areas in the shape of {size.name}"}
    _dump(folder / "country.yaml", facts)


def _judged(folder: Path) -> None:
    """Four thresholds of Sri Lanka, and rules over them; where a rule of Sri Lanka asks for slopes, it is rain here."""
    thresholds, rules = _of_lanka("thresholds.yaml"), _of_lanka("rules.yaml")
    _dump(folder / "thresholds.yaml", {name: thresholds[name] for name in THRESHOLDS})
    both = rules["river_and_landslide"] | {
        "when": {"all": ["river_station >= orange", "rain_day >= orange"], "within": "48 h"},
        "until": {"not": "river_station >= orange"},
        "raise": [{"to": "red", "if": "river_station >= red"}],
        "mutes": ["river_flood"],
    }
    after = rules["flood_then_dengue"] | {"when": {"sequence": ["river_station >= orange", "dengue_channel >= orange"], "within": "8 w"}}
    _dump(folder / "rules.yaml", {"river_and_rain": both, "flood_then_dengue": after, "river_flood": rules["river_flood"]})


def _dump(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")  # JSON is YAML


def _areas(size: Size, folder: Path) -> None:
    chance = random.Random(f"{SEED}{size.letters}")
    with (countries_root() / "lka" / "areas.csv").open(encoding="utf-8") as file:
        names = [(row["name_en"], row["name_si"], row["name_ta"]) for row in csv.DictReader(file) if row["level"] in ("adm2", "adm3")]
    chance.shuffle(names)
    rows = [(size.letters, "adm0", "", "", 0)]
    rows += [(f"{size.letters}{n + 1:02d}", "adm1", size.letters, "", 0) for n in range(size.provinces)]
    at = {(d.column, d.row): d.code for d in districts_of(size)}
    for d in districts_of(size):
        beside = [at.get((d.column + x, d.row + y)) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1))]
        rows.append((d.code, "adm2", d.province, ";".join(code for code in beside if code), chance.randrange(80_000, 2_000_000)))
        rows += [(code, "adm3", d.code, "", 0) for code in d.divisions]
    with (folder / "areas.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        head = (
            "code",
            "level",
            "parent",
            "name_en",
            "name_si",
            "name_ta",
            "population",
            "population_year",
            "neighbours",
            "aliases",
            "languages",
        )
        writer.writerow(head)
        for number, (code, level, parent, beside, people) in enumerate(rows):
            again = f" {number // len(names) + 1}" if number >= len(names) else ""
            said = [f"{name}{again}" for name in names[number % len(names)]]
            figures = (people, 2023) if people else ("", "")
            writer.writerow((code, level, parent, *said, *figures, beside, "", ""))


def _stations(size: Size, folder: Path) -> None:
    with (folder / "stations.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "name", "feed", "keys", "areas", "latitude", "longitude", "unit", "river"))
        for number, (code, district) in enumerate(gauges_of(size)):
            where = 8 - district.row / 4, 80 + district.column / 4
            writer.writerow((code, f"Gauge {number + 1}", FEEDS[0], code, district.code, *where, "m", f"River {district.province}"))


def _outlines(size: Size) -> Iterator[dict[str, Any]]:
    """Squares whose borders wander; neighbours share theirs."""
    for d in districts_of(size):
        corners = [(d.column, d.row), (d.column + 1, d.row), (d.column + 1, d.row + 1), (d.column, d.row + 1), (d.column, d.row)]
        ring = [(80 + x / 4, 8 - y / 4) for a, b in pairwise(corners) for x, y in _border(size.letters, a, b)[:-1]]
        yield {"type": "Feature", "properties": {"code": d.code}, "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}


@cache
def _border(letters: str, a: tuple[int, int], b: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    if a > b:
        return _border(letters, b, a)[::-1]
    chance = random.Random(f"{SEED}{letters}{a}{b}")
    points: list[tuple[float, float]] = [a, b]
    for wobble in range(_WOBBLES):
        aside = 0.12 / 2**wobble
        middles = [
            ((p[0] + q[0]) / 2 + chance.uniform(-aside, aside), (p[1] + q[1]) / 2 + chance.uniform(-aside, aside))
            for p, q in pairwise(points)
        ]
        points = [point for pair in zip(points, middles, strict=False) for point in pair] + [points[-1]]
    return tuple(points)
