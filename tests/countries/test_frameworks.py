"""Frameworks of anticipatory action: read as a country is, and judged by nobody until a planner asks."""

import shutil
from pathlib import Path

import pytest

from alerts.checks import missing
from alerts.texts import Catalogue, Kind
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


@pytest.mark.parametrize("folder", FOLDERS, ids=[f"{f.parent.parent.name}-{f.name}" for f in FOLDERS])
def test_a_framework_that_is_switched_on_can_speak(folder: Path) -> None:
    """Its country has every text that its rules name, in each of its languages, of its own and not from those that fit any danger."""
    country, catalogue = load_country(folder), Catalogue.load(folder)
    for rule in country.configuration.rules:
        for language in country.languages:
            assert {catalogue.get(language, rule.text, kind).name for kind in Kind} == {rule.text}


def test_a_text_that_a_framework_lacks_is_found(tmp_path: Path) -> None:
    """Before it is switched on: which text, which language, and that the country's file is the place for it."""
    shutil.copytree(countries_root() / "bgd", tmp_path / "countries/bgd")
    (tmp_path / "countries/bgd/texts/bn.po").unlink()
    found = missing(tmp_path / "countries/bgd/frameworks/ocha_2021")
    assert {(f.check, f.file) for f in found} == {("missing-text", "countries/bgd/texts/bn.po")}
    assert "text anticipatory_action.warning is missing in `bn`." in {f.what for f in found}
