"""The map fits its grid, and every label on a colour can be read."""

import itertools
import re

import pytest
from console_world import lanka

from console.colours import DAY, LEVELS, NIGHT, PALE_LABEL, contrast
from console.map_shapes import country_map, labels
from schemas.country_files import countries_root, load_country

READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3."""


def test_contrast_is_that_of_the_standard() -> None:
    """Black on white is 21, a colour on itself 1, and the mid grey of the standard's own examples 4.54."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#b3201f", "#b3201f") == pytest.approx(1)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("word", LEVELS)
def test_a_label_on_each_level_can_be_read(word: str) -> None:
    """Full or pale, a level's label has a contrast of at least 4.5 to 1."""
    colour = LEVELS[word]
    assert contrast(colour.fill, colour.label) >= READABLE
    if colour.pale != colour.fill:
        assert contrast(colour.pale, PALE_LABEL) >= READABLE


@pytest.mark.parametrize("scheme", [DAY, NIGHT])
def test_text_can_be_read_by_day_and_by_night(scheme: dict[str, str]) -> None:
    """Text, soft text and links, on the page and on a card."""
    for name, ground in itertools.product(("text", "soft", "link"), ("page", "card")):
        assert contrast(scheme[name], scheme[ground]) >= READABLE, f"{name} on {ground}"


@pytest.mark.parametrize("folder", ["lka", "npl"])
def test_every_district_is_on_the_map_and_inside_its_frame(folder: str) -> None:
    """One path for each district of the country; all of its points lie within the view box."""
    country = load_country(countries_root() / folder)
    drawn = country_map(country.shapes("adm2"))
    assert {a.code for a in drawn.areas} == {a.code for a in country.places.areas.values() if a.level == "adm2"}
    for area in drawn.areas:
        x = y = 0
        for command, numbers in re.findall(r"([Ml])([-\d ]+)", area.path):
            values = [int(n) for n in re.findall(r"-?\d+", numbers)]
            for dx, dy in zip(values[::2], values[1::2], strict=True):
                x, y = (dx, dy) if command == "M" else (x + dx, y + dy)
                assert 0 <= x <= drawn.width
                assert 0 <= y <= drawn.height


def test_a_broad_country_has_the_whole_width() -> None:
    """Nepal lies, Sri Lanka stands."""
    nepal = load_country(countries_root() / "npl")
    assert country_map(nepal.shapes("adm2")).broad
    assert not country_map(lanka().shapes("adm2")).broad


def test_north_is_up_and_east_is_right() -> None:
    """Jaffna lies above Galle, Batticaloa right of Colombo."""
    at = {a.code: (a.x, a.y) for a in country_map(lanka().shapes("adm2")).areas}
    assert at["LK41"][1] < at["LK31"][1]
    assert at["LK51"][0] > at["LK11"][0]


def test_names_do_not_cover_each_other_and_districts_with_an_event_come_first() -> None:
    """Of two names that would touch, the one with an event is written."""
    drawn = country_map(lanka().shapes("adm2"))
    districts = [(a.code, "A rather long name of a district", a.code == "LK12") for a in drawn.areas]
    placed = labels(drawn, districts)
    assert placed[0].event
    for one, other in itertools.combinations(placed, 2):
        assert abs(one.y - other.y) >= 14 or abs(one.x - other.x) >= 200
