"""Mistakes in thresholds.yaml that have to do with their kind: each is named by file, line and column, with what to write instead."""

import shutil
from pathlib import Path

import pytest

from schemas.country_files import findings

SMALL = Path(__file__).parent / "small"
SET = "overrides: [{place: xa-bridge, levels: {orange: 6 m}, by: B. Perera, why: bank washed away, date: 2026-02-01}]"
LEVELS = "levels: {yellow: 75 mm, orange: 100 mm}"


def changed(folder: Path, *changes: tuple[str, str, str]) -> list[str]:
    """The findings of a copy of the small country with some texts replaced."""
    shutil.copytree(SMALL, folder / "small")
    country = folder / "small/countries/xya"
    for name, old, new in changes:
        path = country / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"`{old}` stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
    return [str(finding) for finding in findings(country, country.parent.parent / "feeds")]


GOOD = [
    [("thresholds.yaml", "leave_below: 5 mm", "leave_below: 0.5 cm")],
    [("thresholds.yaml", LEVELS, "levels: {yellow: 3 inch, orange: 4 inch}")],
    [("thresholds.yaml", "leave_below: 0.10 m", f"leave_below: 0.10 m\n  {SET}")],
    [
        ("thresholds.yaml", "leave_below: 0.10 m", "leave_below: 0.10 m\n  datum: mMSL"),
        ("stations.csv", "unit,river\n", "unit,river,datum\n"),
        ("stations.csv", "Long River\n", "Long River,mMSL\n"),
    ],
    [
        (
            "thresholds.yaml",
            "kind: fixed\n  " + LEVELS,
            "kind: rate_of_change\n  span: 2 d\n  levels: {yellow: 50 % more, orange: 100 % more}",
        )
    ],
    [
        ("thresholds.yaml", "{years: 5, needs: 4 years}", "{years: 5, needs: 4 years, method: cullen, epidemic_years: [2017]}"),
    ],
]
BAD = [
    # texts replaced, the check, its place, words of it
    ([("thresholds.yaml", "kind: fixed", "kind: fixd")], "thresholds.yaml:14:3", "nearest is `fixed`"),
    ([("thresholds.yaml", LEVELS, "levels: {yellow: 4 inch, orange: 100 mm}")], "thresholds.yaml:15:28", "no more than yellow (101.6)"),
    ([("thresholds.yaml", LEVELS, "levels: {yellow: 75 mm, orange: 100 kg}")], "thresholds.yaml:15:27", "is in kg"),
    ([("thresholds.yaml", "leave_below: 5 mm", "leave_below: 2 inch")], "thresholds.yaml:16:3", "Write at most 25 mm"),
    ([("thresholds.yaml", "leave_below: 5 mm", "baseline: {years: 5}")], "thresholds.yaml:11:1", "has no baseline"),
    (
        [("thresholds.yaml", "{years: 5, needs: 4 years}", "{years: 5, needs: 4 years, method: culen}")],
        "thresholds.yaml:19:1",
        "they are mean_sd, third_quartile, cullen, c_sum, poisson",
    ),
    ([("thresholds.yaml", "{years: 5, needs: 4 years}", "{years: 5, needs: four}")], "thresholds.yaml:19:1", "write it like `4 years`"),
    (
        [("thresholds.yaml", "leave_below: 0.10 m", f"leave_below: 0.10 m\n  {SET.replace('xa-bridge', 'xa-brigde')}")],
        "thresholds.yaml:7:16",
        "Nearest is `xa-bridge`",
    ),
    ([("thresholds.yaml", "leave_below: 0.10 m", f"leave_below: 0.10 m\n  {SET.replace('6 m', '6 mm/h')}")], "thresholds.yaml:1:1", "mm/h"),
    ([("thresholds.yaml", "leave_below: 0.10 m", "leave_below: 0.10 m\n  datum: mPWD")], "thresholds.yaml:7:3", "does not say what it"),
    (
        [
            ("thresholds.yaml", "leave_below: 0.10 m", "leave_below: 0.10 m\n  datum: mPWD"),
            ("stations.csv", "unit,river\n", "unit,river,datum\n"),
            ("stations.csv", "Long River\n", "Long River,mMSL\n"),
        ],
        "thresholds.yaml:7:3",
        "xa-bridge measures from mMSL",
    ),
]


@pytest.mark.parametrize("changes", GOOD)
def test_what_may_be_written_has_no_finding(tmp_path: Path, changes: list[tuple[str, str, str]]) -> None:
    """Other units, another value for one gauge, a datum that its stations share, and other kinds read without a finding."""
    assert changed(tmp_path, *changes) == []


@pytest.mark.parametrize(("changes", "place", "words"), BAD)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, changes: list[tuple[str, str, str]], place: str, words: str) -> None:
    """One finding, at the line and column of the mistake, saying what to write instead."""
    (found,) = changed(tmp_path, *changes)
    assert place in found
    assert words in found
