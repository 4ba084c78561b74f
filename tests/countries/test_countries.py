"""The countries that come with the project: complete, joined, and small enough to travel."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import shape

from alerts.quiet_hours import wait_until
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.levels import Level

SIZE_LIMIT = 400_000
COUNTED = {
    "lka": {"adm0": 1, "adm1": 9, "adm2": 25, "adm3": 339},
    "npl": {"adm0": 1, "adm1": 7, "adm2": 77},
}
SHAPES = [("lka", "adm2"), ("lka", "adm3"), ("npl", "adm2")]


@pytest.fixture(scope="module", params=sorted(COUNTED))
def country(request: pytest.FixtureRequest) -> LoadedCountry:
    return load_country(countries_root() / request.param)


@pytest.fixture(scope="module")
def lka() -> LoadedCountry:
    return load_country(countries_root() / "lka")


def test_every_area_is_there(country: LoadedCountry) -> None:
    """As many areas of each level as the country has."""
    counted: dict[str, int] = {}
    for area in country.places.areas.values():
        counted[area.level] = counted.get(area.level, 0) + 1
    assert counted == COUNTED[country.folder.name]


def test_every_district_has_a_name_in_each_language(country: LoadedCountry) -> None:
    """A warning names its place in the reader's language."""
    for area in country.places.areas.values():
        if area.level == "adm2":
            assert set(country.languages) <= set(area.names), area.code


def test_every_district_touches_another(country: LoadedCountry) -> None:
    """No district of these countries is an island of its own."""
    assert all(area.neighbours for area in country.places.areas.values() if area.level == "adm2")


def test_every_district_finds_its_province(country: LoadedCountry) -> None:
    """A code's line leads to the country."""
    for area in country.places.areas.values():
        assert tuple(country.places.line(area.code))[-1] == country.places.areas[area.code].code[:2]


@pytest.mark.parametrize(("folder", "level"), SHAPES)
def test_each_area_has_its_outline(folder: str, level: str) -> None:
    """A map and a grid's weights need an outline with an area for every area of the level."""
    country = load_country(countries_root() / folder)
    shapes = {f["properties"]["code"]: shape(f["geometry"]) for f in country.shapes(level)["features"]}
    assert set(shapes) == {a.code for a in country.places.areas.values() if a.level == level}
    assert all(outline.area > 0 for outline in shapes.values())
    assert country.shapes(level)["attribution"]


def test_gauges_stand_in_their_country(country: LoadedCountry) -> None:
    """A gauge with swapped or foreign coordinates would be drawn, and joined, elsewhere."""
    bounds = {"lka": (79, 5.5, 82, 10), "npl": (80, 26, 88.5, 30.5)}[country.folder.name]
    for station in country.places.stations.values():
        if station.latitude is not None and station.longitude is not None:
            assert bounds[0] < station.longitude < bounds[2], station.code
            assert bounds[1] < station.latitude < bounds[3], station.code


def test_nothing_is_too_large_to_travel() -> None:
    """No data file of a country is above 400 KB."""
    assert [p for p in countries_root().rglob("*.*") if p.is_file() and p.stat().st_size > SIZE_LIMIT] == []


def test_no_telephone_number_stands_in_a_country() -> None:
    """Numbers of people or offices live in the registry or change too often: none ships as fixed text."""
    for path in countries_root().glob("*/*.yaml"):
        assert "tel:" not in path.read_text(encoding="utf-8")
        assert "phone:" not in path.read_text(encoding="utf-8")


SPELLED = [
    *[("LK-11", "LK11"), ("LK-1103", "LK1103"), ("Mullattivu", "LK44"), ("Moneragala", "LK82"), ("Monaragala", "LK82")],
    *[("Hambanthota", "LK33"), ("NuwaraEliya", "LK23"), ("Nuwara eliya", "LK23"), ("Kalmune", "LK52"), ("Puttlam", "LK62")],
    *[("Batticola", "LK51"), ("Mathara", "LK32"), ("Kaluthara", "LK13"), ("Rathnapura", "LK91")],
]


@pytest.mark.parametrize(("spelled", "code"), SPELLED)
def test_spellings_met_in_the_sources_find_their_area(lka: LoadedCountry, spelled: str, code: str) -> None:
    """The same district under each name that a recorded source uses for it."""
    assert lka.places.area(spelled) == code


def test_the_gauge_of_ampara_is_in_ampara(lka: LoadedCountry) -> None:
    """Its source puts it into Trincomalee."""
    assert lka.places.stations["lk-ampara"].areas == ("LK52",)


def test_one_gauge_alone_reports_in_feet(lka: LoadedCountry) -> None:
    """Nagalagam Street; a foot taken for a metre would make a flood of every high tide."""
    assert [s.code for s in lka.places.stations.values() if s.unit == "ft"] == ["lk-nagalagam-street"]


def test_a_gauge_serves_the_districts_that_its_water_reaches(lka: LoadedCountry) -> None:
    """Glencourse on the Kelani speaks for Colombo, Gampaha and Kegalle."""
    assert lka.places.stations["lk-glencourse"].areas == ("LK11", "LK12", "LK92")


def test_population_of_the_districts_adds_up_to_the_countrys(lka: LoadedCountry) -> None:
    """The country's number is the districts' sum, so no person is counted twice."""
    districts = [a.population or 0 for a in lka.places.areas.values() if a.level == "adm2"]
    assert sum(districts) == lka.places.areas["LK"].population == 22_037_001


def test_a_division_reads_the_languages_of_its_district(lka: LoadedCountry) -> None:
    """Nobody in Jaffna is written to in Sinhala first because a division has no own figures."""
    assert max(lka.languages_of("LK4103").items(), key=lambda item: item[1])[0] == "ta"


def test_rules_name_texts_and_no_rule_is_left_without_an_end(country: LoadedCountry) -> None:
    """Every event ends, at the latest by saying that nobody can tell any longer."""
    for rule in country.configuration.rules:
        assert rule.text
        assert rule.ends.otherwise_after.total_seconds() > 0


def test_every_threshold_and_rule_says_where_it_comes_from(country: LoadedCountry) -> None:
    """A number without a source cannot be reviewed."""
    for decided in (*country.configuration.thresholds, *country.configuration.rules):
        assert decided.document.title
        assert decided.document.owner


def test_the_configuration_hash_is_the_same_each_time_it_is_read(country: LoadedCountry) -> None:
    """Events of one configuration carry one hash, on any machine."""
    again = load_country(Path(country.folder))
    assert again.configuration.hash == country.configuration.hash


@pytest.mark.parametrize("folder", ["bgd", "lka", "npl"])
def test_the_night_holds_what_is_yellow_until_the_morning_and_nothing_graver(folder: str) -> None:
    """At two in the morning a yellow message waits until people are up; orange and red go at once; the file says that this is a default."""
    facts = load_country(countries_root() / folder).facts
    zone = ZoneInfo(facts.timezone)
    night = datetime(2026, 7, 1, 2, tzinfo=zone)
    wait = {level: wait_until(facts.messaging.quiet_hours, zone, level, night) for level in (Level.YELLOW, Level.ORANGE, Level.RED)}
    assert wait[Level.YELLOW] is not None
    assert timedelta(hours=4) < wait[Level.YELLOW] - night < timedelta(hours=7)
    assert wait[Level.ORANGE] is wait[Level.RED] is None
    assert wait_until(facts.messaging.quiet_hours, zone, Level.YELLOW, night.replace(hour=12)) is None
    assert facts.messaging.damping is not None
    assert any("Quiet hours and damping are defaults" in line for line in facts.to_check)
