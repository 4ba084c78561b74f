"""The tree of reasons in words, down to readings."""

from datetime import UTC, datetime, timedelta

from hand_made import evidence, reading

from console.evidence_views import note_text, reading_view, reason_view, why_text
from console.local_time import LocalTime
from console.names import Names
from schemas.levels import Level, Truth


def test_an_unknown_part_says_what_is_missing_and_since_when(names: Names, clock: LocalTime) -> None:
    """`cannot tell: no price since 15 Sep 2025`, with the moment on the local clock."""
    price = reading(
        area="LK21", indicator="price_rice_white", value=236.0, unit="LCU/kg", feed="lka_wfp_prices",
        start=datetime(2025, 8, 15, tzinfo=UTC), end=datetime(2025, 9, 14, 18, 30, tzinfo=UTC),
    )  # fmt: skip
    dated = evidence("rice_price >= orange", Truth.UNKNOWN, note="no reading since 2025-09-15", readings=(price,))
    assert reason_view(dated, names, clock).doubt == "cannot tell: no retail price of white rice since 15 Sep 2025"
    timed = evidence("rice_price >= orange", Truth.UNKNOWN, note="no reading since 2025-09-14T18:30+00:00", readings=(price,))
    assert reason_view(timed, names, clock).doubt == "cannot tell: no retail price of white rice since 15 Sep 2025 00:00"


def test_a_reading_is_said_in_words_that_need_no_catalogue(names: Names, clock: LocalTime) -> None:
    """A level is no amount of something, and an abbreviation of the catalogue is nobody's currency; no bound is no figure."""
    slope = reading_view(reading(indicator="landslide_warning", value=3.0, unit="level", bound=2.0), names, clock)
    assert (slope.value, slope.bound) == ("level 3", "level 2")
    rice = reading_view(reading(indicator="price_rice_white", value=236.0, unit="LCU/kg", bound=None), names, clock)
    assert (rice.value, rice.bound) == ("236 a kilogram, in the country's currency", None)
    assert reading_view(reading(indicator="river_level", value=4.85, unit="m", bound=4.5), names, clock).value == "4.85 m"


def test_a_note_names_places_as_people_do(names: Names, clock: LocalTime) -> None:
    """Codes of stations become names, moments the local clock."""
    note = "lka_irrigation_river lk-peradeniya: no reading since 2025-11-27T14:33+00:00"
    assert note_text(note, names, clock) == "lka_irrigation_river Peradeniya: no reading since 27 Nov 2025 20:03"


def test_answers_are_words(names: Names, clock: LocalTime) -> None:
    """Yes, no, cannot tell, held, not covered: never a colour alone."""
    assert reason_view(evidence(), names, clock).answer == "yes"
    assert reason_view(evidence(held=True), names, clock).answer == "yes, held"
    assert reason_view(evidence(truth=Truth.FALSE), names, clock).answer == "no"
    assert reason_view(evidence(truth=Truth.UNKNOWN), names, clock).answer == "cannot tell"
    assert reason_view(evidence(covered=False), names, clock).answer == "not covered here"


def test_conditions_are_said_in_words(names: Names, clock: LocalTime) -> None:
    """As a person would say them; what is no plain condition stays as it was written."""
    said = {c: reason_view(evidence(c), names, clock).says for c in _SAID}
    assert said == _SAID


_SAID = {
    "river_station >= orange": "river level (river station) at orange or more",
    "not landslide_warning >= red": "not landslide warning at red",
    "all within 2 d": "all of these within 2 d",
    "in sequence within 8 w": "one after the other within 8 w",
    "environmental >= yellow": "environmental at yellow or more",
    "lk-peradeniya silent": "Peradeniya silent",
    "5 of river_station silent within 40 min": "5 of river station silent within 40 min",
    "true for 6 h": "was so for all of 6 h",
    "became true 3 times within 26 w": "came about 3 times within 26 w",
    "in 50 % of neighbours": "in 50 % of neighbours",
    "within 5 km of here": "within 5 km of here",
    "the first, unless the second": "the first, unless the second",
}


def test_a_step_of_a_level_names_its_stage_in_words(names: Names) -> None:
    """The stage, then the condition as a person says it; what the engine wrote of a figure stays as it is."""
    assert why_text("activation: river_station >= red", names) == "activation: river level (river station) at red"
    assert why_text("readiness: nepal_flood holds", names) == "readiness: nepal flood holds"
    figure = "vulnerability.poor >= 20 %, here 24 % (Census, 2021-07-01): no boats of their own"
    assert why_text(figure, names) == figure


def test_a_reading_shows_value_bound_its_three_times_and_where_its_raw_bytes_are(names: Names, clock: LocalTime) -> None:
    """Nothing a person needs to check a reading is left out."""
    view = reading_view(reading(), names, clock)
    assert (view.place, view.value, view.bound) == ("Peradeniya", "10.56 m", "7 m")
    assert (view.valid, view.issued, view.received) == ("27 Nov 2025 20:03", "not said", "27 Nov 2025 20:32")
    assert (view.age, view.feed, view.quality, view.delivery) == ("9 h", "lka_irrigation_river", "measured", "ab" * 32)
    assert reading_view(reading(value=None, bound=None), names, clock).value == "the source gave none"


def test_a_period_shows_both_its_ends(names: Names, clock: LocalTime) -> None:
    """A week is a week, not a moment."""
    week = reading(start=datetime(2025, 11, 9, 18, 30, tzinfo=UTC), end=datetime(2025, 11, 16, 18, 30, tzinfo=UTC), age=timedelta(days=12))
    assert reading_view(week, names, clock).valid == "10 Nov 2025 00:00 to 17 Nov 2025 00:00"
    assert reading_view(week, names, clock).age == "12 d"


def test_the_first_branch_that_tells_something_is_unfolded_down_to_its_readings(names: Names, clock: LocalTime) -> None:
    """What is false stays folded; the first reason that is not false is open at every depth."""
    leaf = evidence(readings=(reading(),), level=Level.ORANGE)
    deep = evidence("any", parts=(evidence(truth=Truth.FALSE), evidence("all", parts=(leaf, leaf))))
    tree = reason_view(evidence("all", parts=(deep,)), names, clock)
    inner = tree.parts[0].parts
    assert not inner[0].opened
    assert inner[1].opened
    assert [p.opened for p in inner[1].parts] == [True, False]
