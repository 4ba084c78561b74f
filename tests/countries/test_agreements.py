"""An agreement that a country's file names wrongly is found before a warning goes out by it, and one that ends is said in time."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from alerts.agreement_dates import findings_of
from schemas.country_files import findings, load_country

SMALL = Path(__file__).parent / "small"
GOOD = {
    "rules": ["flood"],
    "areas": ["XA11"],
    "at_least": "orange",
    "agreed_by": [{"name": "A", "role": "duty"}, {"name": "B", "role": "head"}],
    "document": {"title": "Valleys", "date": date(2026, 1, 1), "owner": "Centre", "reference": "C/1"},
    "from": date(2026, 1, 1),
    "until": date(2026, 12, 31),
    "people": 100,
    "people_a_day": 300,
    "review_within": "20 min",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a small invented country, which has a second role that may sign."""
    shutil.copytree(SMALL, tmp_path / "small")
    return tmp_path / "small/countries/xya"


def agree(folder: Path, messaging: dict[str, Any] | None = None, **changed: Any) -> list[str]:
    """Write an agreement with some fields changed into the country's file; answers the checks that find something, with where."""
    path = folder / "country.yaml"
    yaml = YAML()
    data = yaml.load(path.read_text(encoding="utf-8"))
    data["roles"]["head"] = {"title": "Head", "may": ["view", "sign"]}
    data["roles"]["clerk"] = {"title": "Clerk", "may": ["view"]}
    data["messaging"].update(messaging or {})
    data["agreements"] = {"valleys": {key: value for key, value in {**GOOD, **changed}.items() if value is not None}}
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)
    return [f"{finding.check} {finding.what}" for finding in findings(folder, folder.parent.parent / "feeds")]


def test_a_good_one_is_read_as_it_stands(folder: Path) -> None:
    """Its identity is that of what stands there: another number is another agreement."""
    assert agree(folder) == []
    one = load_country(folder, folder.parent.parent / "feeds").facts.agreements["valleys"]
    assert (one.rules, one.people, one.until, one.review_within.total_seconds()) == (("flood",), 100, date(2026, 12, 31), 1200)
    assert agree(folder, people=101) == []
    other = load_country(folder, folder.parent.parent / "feeds").facts.agreements["valleys"]
    assert one.identity() != other.identity()


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"rules": ["flod"]}, "unknown-rule"),
        ({"rules": ["silence"]}, "agreement-nothing"),
        ({"at_least": "red"}, "agreement-nothing"),
        ({"areas": ["XA13"]}, "unknown-area"),
        ({"agreed_by": [{"name": "A", "role": "duty"}, {"name": "B", "role": "clerk"}]}, "may not sign"),
        ({"agreed_by": [{"name": "A", "role": "duty"}]}, "agreement-weaker"),
        ({"agreed_by": [{"name": "A", "role": "duty"}, {"name": "A", "role": "head"}]}, "agreement-weaker"),
        ({"agreed_by": [{"name": "A", "role": "duty"}, {"name": "B", "role": "duty"}]}, "agreement-weaker"),
        ({"document": {"title": "Valleys", "date": date(2026, 1, 1), "owner": "Centre"}}, "`reference` is missing"),
        ({"until": date(2025, 12, 31)}, "ends before it begins"),
        ({"at_least": "green"}, "name yellow, orange or red"),
        ({"people_a_day": 99}, "less than `people`"),
        ({"people": None}, "people"),
        ({"people_a_day": None}, "people_a_day"),
        ({"until": None}, "until"),
        ({"agreed_by": []}, "agreed_by"),
    ],
)
def test_what_is_wrong_in_one_is_found(folder: Path, changed: dict[str, Any], found: str) -> None:
    """No limit, no end, no paper, too few people: nothing goes out by such a one, for the country is not read."""
    assert any(found in said for said in agree(folder, **changed))


def test_official_needs_the_authority_among_those_who_agreed(folder: Path) -> None:
    """Else nothing would ever go out by it."""
    said = agree(folder, {"standing": "official"})
    assert any("authority" in one for one in said)


@pytest.mark.parametrize(
    ("today", "check"),
    [
        (date(2026, 6, 1), []),
        (date(2026, 11, 18), []),
        (date(2026, 11, 19), ["agreement-ends"]),
        (date(2026, 12, 31), ["agreement-ends"]),
        (date(2027, 1, 1), ["agreement-over"]),
    ],
)
def test_one_that_ends_is_said_six_weeks_before_and_one_that_has_ended_for_ever(folder: Path, today: date, check: list[str]) -> None:
    """With the line of its last day. The country is read all the same: people sign then."""
    agree(folder)
    found = [one for one in findings_of(load_country(folder, folder.parent.parent / "feeds"), today) if one.check != "agreement-draft"]
    assert [one.check for one in found] == check
    assert all("until: 2026-12-31" in (folder / "country.yaml").read_text(encoding="utf-8").splitlines()[one.line - 1] for one in found)
