"""The level a district is shown at. Unknown is never green."""

from hand_made import event, evidence, hours

from console.district_views import DistrictView, district_views
from console.local_time import LocalTime
from console.names import Names
from console.standing import Standing
from console.truths import ThresholdTruth
from schemas.levels import Level


def truth(threshold: str, level: Level | None, **more: bool) -> ThresholdTruth:
    """A threshold of Kandy's."""
    return ThresholdTruth(threshold, level, more.get("doubted", level is None), more.get("held", False), hours(0))


def kandy(
    names: Names, clock: LocalTime, *truths: ThresholdTruth, standing: tuple[Standing, ...] = (), judged: bool = True
) -> DistrictView:
    """Kandy as it is shown."""
    views = district_views({"LK21": truths} if truths else {}, standing, names, clock, judged=judged)
    return next(v for v in views if v.code == "LK21")


def test_a_district_is_green_only_if_everything_watched_is_known_to_be_lower(names: Names, clock: LocalTime) -> None:
    """All thresholds known lower: green. One of them unknown: unknown, and the sentence names it."""
    calm = kandy(names, clock, truth("river_station", Level.GREEN), truth("dengue_channel", Level.GREEN))
    assert (calm.level, calm.partly) == ("green", False)
    doubtful = kandy(names, clock, truth("river_station", Level.GREEN), truth("rice_price", None))
    assert (doubtful.level, doubtful.partly) == ("unknown", True)
    assert doubtful.says.startswith("cannot tell: no answer on retail price of white rice")


def test_a_district_without_any_series_is_unknown(names: Names, clock: LocalTime) -> None:
    """Where nothing is watched, nothing can be said."""
    assert kandy(names, clock).level == "unknown"
    assert "nothing that is watched" in kandy(names, clock).says


def test_the_gravest_event_decides_and_unknown_parts_are_told(names: Names, clock: LocalTime) -> None:
    """An event's level is shown in full colour; what cannot be told beside it is told in the sentence."""
    standing = (Standing(event(level=Level.ORANGE), None, False),)
    shown = kandy(names, clock, truth("rain_day", Level.RED), truth("rice_price", None), standing=standing)
    assert (shown.level, shown.event, shown.partly) == ("orange", True, False)
    assert shown.says.startswith("orange: alert, event: River and landslide")
    assert "cannot tell: retail price" in shown.says


def test_a_breached_threshold_without_an_event_says_so(names: Names, clock: LocalTime) -> None:
    """A threshold alone gives the level, without the word that tells people to act."""
    shown = kandy(names, clock, truth("rain_day", Level.RED))
    assert (shown.level, shown.event) == ("red", False)
    assert "no rule has made an event of it" in shown.says
    assert "evacuate" not in shown.says


def test_a_held_breach_and_an_unconfirmed_event_are_marked(names: Names, clock: LocalTime) -> None:
    """What rests on a place that fell silent is hatched, never plain."""
    assert kandy(names, clock, truth("river_station", Level.ORANGE, held=True)).partly
    standing = (Standing(event(unconfirmed=True), None, False),)
    assert kandy(names, clock, truth("river_station", Level.GREEN), standing=standing).partly
    resting = (Standing(event(evidence=evidence(held=True)), None, False),)
    assert kandy(names, clock, truth("river_station", Level.GREEN), standing=resting).says.startswith("at least red: evacuate")
    assert kandy(names, clock, truth("rain_day", Level.ORANGE, doubted=True)).says.startswith("at least orange")


def test_what_is_not_judged_yet_is_unknown_but_events_are_shown(names: Names, clock: LocalTime) -> None:
    """While thresholds are judged again a district is unknown unless an event stands."""
    assert kandy(names, clock, judged=False).level == "unknown"
    assert "judged again" in kandy(names, clock, judged=False).says
    assert kandy(names, clock, standing=(Standing(event(), None, False),), judged=False).level == "red"


def test_an_event_of_a_division_or_a_province_reaches_its_district(names: Names, clock: LocalTime) -> None:
    """An event in a division inside the district, or in the province around it, is the district's."""
    for area in ("LK2130", "LK2"):
        assert kandy(names, clock, truth("river_station", Level.GREEN), standing=(Standing(event(area=area), None, False),)).level == "red"
    other = (Standing(event(area="LK9203"), None, False),)
    assert kandy(names, clock, truth("river_station", Level.GREEN), standing=other).level == "green"
