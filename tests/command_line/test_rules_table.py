"""`polyrisk table`: thresholds and rules as a meeting reads them, in three forms that say the same."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from written_country import written_country

from console.rules_words import words
from polyrisk.__main__ import main
from schemas.configuration import Rule

FORMULAS = ['=HYPERLINK("http://127.0.0.1","x")', "+1+1", "-2+3", "@SUM(A1)"]
THRESHOLD = """
rain_day:
  indicator: rain_1d
  at: adm3
  kind: fixed
  levels: {yellow: 3 in, orange: 100 mm}
  leave_below: 5 mm
  for: 2 readings
  quiet: 6 h
  stale_after: 2 d
  roll_up: {to: adm2, by: worst, needs: half}
  overrides:
    - {place: LK2103, levels: {orange: 90 mm}, by: B. Perera, why: the slope was cut, date: 2026-02-01}
  document: {title: "=1+1", section: three <b>, date: 2025-01-01, owner: "@office"}
"""
Asked = Callable[..., Result]


@pytest.fixture
def country(tmp_path: Path) -> Path:
    """Sri Lanka's places with a few thresholds and rules of its own, and a threshold whose document looks like a formula."""
    folder = written_country(tmp_path / "countries/lka", "")
    (folder / "tests/rivers.yaml").unlink()
    with (folder / "thresholds.yaml").open("a", encoding="utf-8") as file:
        file.write(THRESHOLD.lstrip("\n"))
    return folder


@pytest.fixture
def asked(country: Path) -> Asked:
    """The command, about that country."""
    return lambda *options: CliRunner().invoke(main, ["table", str(country), *map(str, options)])


def test_each_threshold_and_rule_is_a_row_with_all_that_decides_it(asked: Asked) -> None:
    """Levels with their units and what another unit comes to, persistence, hysteresis, staleness, who set what otherwise, the document."""
    shown = asked()
    assert shown.exit_code == 0
    first, second = shown.output.split("\n\n")
    thresholds = {row["Threshold"]: row for row in csv.DictReader(StringIO(first))}
    assert list(thresholds) == ["river_station", "landslide_warning", "dengue_channel", "rain_day"]
    rain = thresholds["rain_day"]
    assert rain["Yellow"] == "3 in\n(76.2 mm)"
    assert (rain["Orange"], rain["Red"]) == ("100 mm", "")
    assert (rain["Reached by"], rain["Left"]) == ("2 readings in a row", "5 mm under it, for 6 h")
    assert rain["Unknown after"] == "2 d without a reading"
    assert rain["Set otherwise"].endswith("(LK2103): orange 90 mm (set by B. Perera on 2026-02-01: the slope was cut)")
    assert rain["Date"] == "2025-01-01"
    (rule,) = csv.DictReader(StringIO(second))
    assert (rule["Rule"], rule["When"], rule["Level"]) == ("river_flood", "river_station at orange or more", "orange")
    assert rule["Raised"] == "red if river_station at red or more"
    assert rule["Areas"] == "each of the 25 (adm2)"
    assert rule["Signatures"].startswith("orange: 2 people within 1 h\nred: 2 people within 30 min\n")
    assert rule["May sign"] == "Duty officer\nDirector on call\nDistrict disaster management unit"
    assert "en: draft, not reviewed" in rule["Texts"]
    assert rule["First message"].startswith("orange: Polyrisk test: FLOOD danger, [place], [time].")


def test_csv_makes_a_file_for_each_table_and_no_cell_of_them_a_formula(asked: Asked, tmp_path: Path) -> None:
    """What a spreadsheet would compute begins with an apostrophe."""
    shown = asked("--out", tmp_path / "meeting.csv")
    assert shown.output.splitlines() == [str(tmp_path / "meeting-thresholds.csv"), str(tmp_path / "meeting-rules.csv")]
    rows = {r["Threshold"]: r for r in csv.DictReader((tmp_path / "meeting-thresholds.csv").read_text("utf-8-sig").splitlines())}
    assert (rows["rain_day"]["Document"], rows["rain_day"]["Owner"]) == ("'=1+1", "'@office")


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_workbook_holds_texts_alone(asked: Asked, country: Path, tmp_path: Path, formula: str) -> None:
    """Each cell is a text or empty, as it was written; one sheet each, its header frozen, each column as wide as is said."""
    path = country / "thresholds.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('"=1+1"', f"'{formula}'"), encoding="utf-8")
    assert asked("--out", tmp_path / "meeting.xlsx").exit_code == 0
    book = load_workbook(tmp_path / "meeting.xlsx")
    assert book.sheetnames == ["Thresholds", "Rules"]
    for page in book.worksheets:
        assert page.freeze_panes == "B2"
        assert all(page.column_dimensions[cell.column_letter].width >= 8 for cell in page[1])
        assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value is not None} == {"s"}
    cells = {str(head.value): cell.value for head, cell in zip(book["Thresholds"][1], book["Thresholds"][5], strict=True)}
    assert (cells["Threshold"], cells["Document"]) == ("rain_day", formula)


def test_the_page_stands_by_itself_and_is_made_for_paper(asked: Asked) -> None:
    """Nothing is loaded from elsewhere, what stands in the files is text, and it prints across an A4."""
    page = asked("--format", "html").output
    for word in ("<script", "<link", "src=", "@import", "url("):
        assert word not in page
    assert "three &lt;b&gt;" in page
    assert "@page { size: A4 landscape" in page
    assert "Nobody is warned by these rules" in page
    for said in ("rain_day", "3 in\n(76.2 mm)", "river_station at orange or more", "Director on call"):
        assert said in page


def test_a_workbook_is_not_printed_and_an_unknown_ending_says_which_there_are(asked: Asked, tmp_path: Path) -> None:
    """Both are wrong use, told in one line."""
    refused = asked("--format", "xlsx")
    assert refused.exit_code == 2
    assert "name a file with --out" in refused.output
    refused = asked("--out", tmp_path / "meeting.pdf")
    assert refused.exit_code == 2
    assert "csv, xlsx, html" in refused.output


WORDS = {
    "all of, each at some moment of the last 2 d:\n    – a at orange or more\n    – b known to be under red": {
        "all": ["a >= orange", "not b >= red"], "within": "48 h",
    },
    "one after the other within 8 w:\n    1. any of:\n        – a at red or more\n        – b at red or more\n    2. c at red or more": {
        "sequence": [{"any": ["a >= red", "b >= red"]}, "c >= red"], "within": "8 w",
    },
    "at no moment of the last 4 w: a at orange or more": {"not": {"condition": "a >= orange", "within": "28 d"}},
    "throughout the last 10 d: a known to be under yellow": {"not": "a >= yellow", "for": "10 d"},
    "in at least 50 % of the area's children: a at orange or more": {"share": "50 %", "of": "children", "condition": "a >= orange"},
    "somewhere within 5 km: a at red or more": {"near": {"distance": "5 km", "condition": "a >= red"}},
    "began 3 times within the last 26 w: a at orange or more": {"times": 3, "of": "a >= orange", "within": "26 w"},
    "at least 2 of:\n    – a at red or more\n    – b at red or more": {"at_least": 2, "of": ["a >= red", "b >= red"]},
    "at least 2 of, their beginnings at most 6 h apart:\n    – a at red or more\n    – b at red or more": {
        "together": 2, "of": ["a >= red", "b >= red"], "within": "6 h",
    },
    "breaches at yellow or more in 3 dimensions, each at some moment of the last 2 w": {
        "dimensions": 3, "level": "yellow", "within": "14 d",
    },
    "4 stations of a fell silent within 1 h of each other, while their feed went on": {
        "silent": {"count": 4, "of": "a", "within": "60 min"},
    },
}  # fmt: skip


@pytest.mark.parametrize("said", WORDS)
def test_conditions_are_said_in_words(said: str) -> None:
    """What stands inside a condition is indented under it; what fits on a line stays on it."""
    document = {"title": "t", "date": "2025-01-01", "owner": "o"}
    rule = Rule.model_validate(
        {"name": "r", "area": "adm2", "dimensions": ["health"], "when": WORDS[said], "level": "red", "text": "t",
         "ends": {"otherwise_after": "1 d"}, "document": document}
    )  # fmt: skip
    assert words(rule.when) == said
