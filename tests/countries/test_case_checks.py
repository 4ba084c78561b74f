"""Cases are checked before anybody relies on them, and no country warns people untried."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from feeds.case_checks import findings
from schemas.country_files import countries_root

SMALL = Path(__file__).parent / "small"
CASE = """
name: {name}
title: a year
country: XYA
timezone: Asia/Colombo
start: 2024-01-01T00:00:00+05:30
end: {end}
feeds: {{}}
expectations:
  {key}:
    - {{rule: {rule}, area: {area}, since: 2024-01-01T00:00:00+05:30, until: 2024-12-31T00:00:00+05:30, why: because}}
"""
Case = Callable[..., None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small invented country without a case."""
    shutil.copytree(SMALL, tmp_path / "small")
    return tmp_path / "small/countries/xya"


@pytest.fixture
def case(folder: Path) -> Case:
    """Adds a case that expects one thing."""

    def add(name: str, key: str = "must", rule: str = "flood", area: str = "XA11", end: str = "2025-01-01T00:00:00+05:30") -> None:
        path = folder / "cases" / name / "case.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(CASE.format(name=name, key=key, rule=rule, area=area, end=end).lstrip("\n"), encoding="utf-8")

    return add


def told(folder: Path) -> list[str]:
    return [str(finding) for finding in findings(folder, folder.parent.parent / "feeds")]


def warns(folder: Path) -> None:
    """Have the country's messages go out."""
    path = folder / "country.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "standing: warning\n", encoding="utf-8")


def test_the_countries_here_have_no_finding() -> None:
    """What ships is as it should be."""
    assert [str(f) for path in countries_root().glob("*/country.yaml") for f in findings(path.parent)] == []


def test_a_case_names_only_what_exists(folder: Path, case: Case) -> None:
    """A rule or an area that is not there would never be missed, or always."""
    case("flood", rule="floood", area="XA119")
    assert told(folder) == [
        "countries/xya/cases/flood/case.yaml:10:8: no rule `floood` in rules.yaml. Nearest is `flood`.",
        "countries/xya/cases/flood/case.yaml:10:22: no area `XA119` in areas.csv. Nearest is `XA11`.",
    ]


def test_a_case_that_does_not_read_is_named_with_its_line(folder: Path, case: Case) -> None:
    """An unknown key, or no YAML at all."""
    case("flood")
    path = folder / "cases/flood/case.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("title:", "titel:"), encoding="utf-8")
    assert "countries/xya/cases/flood/case.yaml:2:1: unknown key `titel`. Nearest is `title`." in told(folder)
    path.write_text("name: [", encoding="utf-8")
    assert told(folder)[0].startswith("countries/xya/cases/flood/case.yaml:")


def test_a_country_that_only_watches_needs_no_case(folder: Path) -> None:
    """Nobody is warned by it."""
    assert told(folder) == []


def test_a_country_that_warns_has_been_tried(folder: Path, case: Case) -> None:
    """It takes a case of a past disaster that must be warned of, and one of a quiet year in which nothing must."""
    warns(folder)
    disaster, quiet = told(folder)
    assert "`XYA` is to warn people, and has no case of a past disaster that must be warned of." in disaster
    assert "`XYA` is to warn people, and has no case of a quiet year in which nothing must be warned of." in quiet
    case("flood")
    assert told(folder) == [quiet]
    case("short", key="must_not", end="2024-06-01T00:00:00+05:30")
    assert told(folder) == [quiet]
    case("quiet", key="must_not")
    assert told(folder) == []
