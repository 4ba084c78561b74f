"""What happened in Sri Lanka, against which warnings are scored: situation reports by district, and the gauges' own peaks."""

import csv
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

from recorded_lka_places import code, gauges
from recorded_lka_series import ZONE
from recorded_tables import RECORDED, csv_text, number, utc

HEADER = ("at", "area", "kind", "value", "unit", "place", "source")
KINDS = ("families_affected", "persons_affected", "dead", "missing", "safety_centres", "families_sheltered", "persons_sheltered")
SPELLED = {
    **{"Puttlam": "Puttalam", "Puttlama": "Puttalam", "Moneragala": "Monaragala", "Batticola": "Batticaloa", "Rathnapura": "Ratnapura"},
    **{"Mathra": "Matara", "Mathara": "Matara", "Hambanthota": "Hambantota", "Kaluthara": "Kalutara", "Nuwara eliya": "Nuwara Eliya"},
}
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
BURST = timedelta(minutes=5)


def outcomes_csv() -> str:
    """Cumulative figures at the time of each report, as printed (they may fall again), and peaks of gauges."""
    return csv_text(HEADER, [*_reported(), *_peaks()])


def _reported() -> Iterator[tuple[str, ...]]:
    with (RECORDED / "geo/lk/districts.tsv").open(encoding="utf-8") as lines:
        of = {row["name"]: code(row["id"]) for row in csv.DictReader(lines, delimiter="\t")}
    for stamp, table in (
        ("2025-11-28_1800", _csv_table("situation_report_2025-11-28_1800_table-1-1.csv")),
        ("2025-11-29_0900", _csv_table("situation_report_2025-11-29_0900_table-1-1.csv")),
        ("2025-11-30_1600", _xlsx_table("situation_report_2025-11-30_1600.xlsx")),
    ):
        at = utc(datetime.strptime(stamp, "%Y-%m-%d_%H%M").replace(tzinfo=ZONE))
        for name, cells in table:
            area = of[SPELLED.get(name, name)]
            for kind, cell in zip(KINDS, cells, strict=True):
                value = cell.replace(",", "").strip()
                if value.isdigit():
                    unit = "families" if kind.startswith("families") else "centres" if kind == "safety_centres" else "persons"
                    yield at, area, kind, value, unit, "", f"DMC situation report {stamp.replace('_', ' ')}"


def _csv_table(name: str) -> Iterator[tuple[str, list[str]]]:
    with (RECORDED / "lk_impact" / name).open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            if row and row[0].isdigit():
                yield row[1].strip(), row[2:9]


def _xlsx_table(name: str) -> Iterator[tuple[str, list[str]]]:
    with zipfile.ZipFile(RECORDED / "lk_impact" / name) as book:
        words = ["".join(t.itertext()) for t in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(f"{_SHEET}si")]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    for row in list(sheet.iter(f"{_SHEET}row"))[1:]:
        cells = dict.fromkeys("ABCDEFGH", "")
        for cell in row.iter(f"{_SHEET}c"):
            value = cell.findtext(f"{_SHEET}v") or ""
            cells[str(cell.get("r"))[0]] = words[int(value)] if cell.get("t") == "s" else value
        yield cells["A"].strip(), [cells[column] for column in "BCDEFGH"]


def _peaks() -> Iterator[tuple[str, ...]]:
    """Highest reading of each gauge that passed its major level, and the first reading at that level; bursts of late uploads left out."""
    readings: dict[str, list[tuple[datetime, float]]] = {}
    with (RECORDED / "lk_river_levels/all.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            at = datetime.fromtimestamp(int(row["time_ut"]), ZONE)
            readings.setdefault(row["station_name"], []).append((at, float(row["water_level_m"])))
    for gauge in gauges():
        name, major = str(gauge["name"]), float(str(gauge["major_flood_level_m"]))
        series = sorted(readings.get(name, []))
        steps = [(after[0] - before[0]) > BURST for before, after in pairwise(series)]
        kept = [s for s, before, after in zip(series, [True, *steps], [*steps, True], strict=False) if before and after]
        reached = [s for s in kept if major and s[1] >= major]
        if reached:
            top = max(reached, key=lambda s: s[1])
            for kind, (at, value) in (("river_first_major", reached[0]), ("river_peak", top)):
                area = str(gauge["areas"][0])  # type: ignore[index]
                yield utc(at), area, kind, number(value, 3), "m", str(gauge["code"]), "Irrigation Department gauge"
