"""Where people's reports count: voices are stations of the areas that country.yaml names."""

import shutil
from pathlib import Path

from schemas import community_reports
from schemas.country_files import findings, load_country

LKA = Path(__file__).resolve().parents[2] / "countries" / "lka"


def test_each_area_named_has_its_voices_at_its_coordinates() -> None:
    """Six people of the division of Nawalapitiya are told apart, all at the point from which distances are taken."""
    country = load_country(LKA)
    voices = [s for s in country.configuration.stations if s.feed == community_reports.FEED]
    assert [s.code for s in voices] == [f"LK2157-voice-{n}" for n in range(1, 7)]
    assert {(s.areas, s.latitude, s.longitude) for s in voices} == {(("LK2157",), 7.0182, 80.5327)}
    assert community_reports.FACTS in country.configuration.feeds


def test_an_area_without_a_place_has_no_voices(tmp_path: Path) -> None:
    """A voice that nothing can be near to is named by file and line, and so is one of an area that is not there."""
    shutil.copytree(LKA, tmp_path / "countries/lka", ignore=shutil.ignore_patterns("cases", "*.geojson"))
    path = tmp_path / "countries/lka/country.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("areas: [LK2157]}", "areas: [LK2157, LK2154, LK99]}"), encoding="utf-8")
    found = [str(finding) for finding in findings(tmp_path / "countries/lka", LKA.parents[1] / "feeds")]
    assert len(found) == 2
    assert "country.yaml:26:38" in found[0]
    assert "`LK2154` has no coordinates in areas.csv" in found[0]
    assert "no area `LK99` in areas.csv" in found[1]
