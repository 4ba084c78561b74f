"""Frameworks of anticipatory action: read as a country is, and judged by nobody until a planner asks."""

from pathlib import Path

import pytest

from polyrisk.check import check
from schemas.country_files import countries_root, load_country
from schemas.frameworks import frameworks_of, notes_of

FOLDERS = [folder for home in sorted(countries_root().glob("*/country.yaml")) for folder in frameworks_of(home.parent)]


@pytest.mark.parametrize("folder", FOLDERS, ids=[f"{f.parent.parent.name}-{f.name}" for f in FOLDERS])
def test_a_framework_reads_and_its_country_does_not_judge_by_it(folder: Path) -> None:
    """It has rules and says who agreed and where it was read; no threshold or rule of it is in the country's configuration."""
    own, home = load_country(folder), load_country(folder.parent.parent)
    assert own.framework is not None
    assert own.framework.signatories
    assert own.configuration.rules
    assert [rule.name for rule in own.configuration.rules if rule in home.configuration.rules] == []
    assert [one.name for one in own.configuration.thresholds if one in home.configuration.thresholds] == []


def test_awaited_feeds_are_notes_and_no_findings() -> None:
    """What no feed brings yet is said of each framework, and changes nothing about whether the files are right."""
    notes = [note for folder in FOLDERS for note in notes_of(folder)]
    assert notes
    assert all(note.note and note.line > 0 for note in notes)
    assert {str(f) for f in check(countries_root())[0] if f.check != "draft"} == {str(note) for note in notes}
