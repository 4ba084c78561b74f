"""What has changed since a moment, in words and in order."""

from datetime import datetime, timedelta

from hand_made import NOON, event, hours, known, warning

from console.changes import MOST, Change, Changes, Picture, changes
from console.district_views import DistrictView
from console.local_time import LocalTime
from console.names import Names
from console.reading import Known, Published
from schemas.outputs import CompoundEvent, EventChange
from schemas.warning_records import Warning, WarningStatus

RIVER = "lka_irrigation_river"


def district(level: str, *, event: bool = False, code: str = "LK21", name: str = "Kandy") -> DistrictView:
    """A district as it is shown."""
    return DistrictView(code, name, level, False, event, "", ())


def told(
    names: Names, clock: LocalTime, now: Known, before: DistrictView | None = None, after: DistrictView | None = None,
    answers: dict[str, list[datetime]] | None = None, since: float = 0,
) -> Changes:  # fmt: skip
    """What changed since `since` hours after noon."""
    then = known(hours(since))
    pictures = [Picture(at, (one,) if one is not None else ()) for at, one in ((then, before), (now, after))]
    return changes(pictures[0], pictures[1], answers or {}, names, clock, asked=True)


def turned(names: Names, clock: LocalTime, before: DistrictView, after: DistrictView, *said: CompoundEvent | Warning) -> Change:
    """The one change of a district."""
    (only,) = [c for c in told(names, clock, known(hours(9), *said), before, after).lines if c.kind != "warning"]
    return only


def test_a_district_says_which_way_it_went_and_when(names: Names, clock: LocalTime) -> None:
    """Up with an event, down without; the moment is when something was last said of it."""
    up = turned(names, clock, district("yellow"), district("red", event=True), event(EventChange.ESCALATED, 3))
    assert (up.kind, up.says, up.at) == ("up", "Kandy: up from yellow to red (an event)", hours(3))
    down = turned(names, clock, district("red", event=True), district("green"))
    assert (down.kind, down.says) == ("down", "Kandy: down from red (an event) to green")
    same_colour = turned(names, clock, district("orange", event=True), district("orange"))
    assert same_colour.kind == "down"


def test_unknown_is_neither_up_nor_down(names: Names, clock: LocalTime) -> None:
    """It is told as what it is, and so is what comes out of it."""
    lost = turned(names, clock, district("green"), district("unknown"))
    assert (lost.kind, lost.says) == ("unknown", "Kandy: can no longer be told, was green")
    assert turned(names, clock, district("unknown"), district("green")).kind == "known"
    assert turned(names, clock, district("unknown"), district("orange")).kind == "up"


def test_districts_that_went_the_same_way_are_told_together(names: Names, clock: LocalTime) -> None:
    """So that a feed that fell silent over all of them hides nothing else; the moment is that of the last."""
    codes = [("LK11", "Colombo"), ("LK12", "Gampaha"), ("LK13", "Kalutara"), ("LK21", "Kandy"), ("LK22", "Matale"), ("LK31", "Galle")]
    before = tuple(district("green", code=code, name=name) for code, name in codes)
    after = tuple(district("unknown", code=code, name=name) for code, name in codes)
    turned = {code: hours(n) for n, (code, _) in enumerate(codes, start=1)}
    (only,) = changes(Picture(known(NOON), before), Picture(known(hours(9)), after, turned), {}, names, clock, asked=True).lines
    assert only.says == "Colombo, Gampaha, Kalutara, Kandy and 2 more: can no longer be told, was green"
    assert only.at == hours(6)
    two = changes(Picture(known(NOON), before[:2]), Picture(known(hours(9)), after[:2]), {}, names, clock, asked=True).lines
    assert [line.says for line in two] == ["Colombo, Gampaha: can no longer be told, was green"]


def test_a_district_that_stands_as_it_stood_is_no_change(names: Names, clock: LocalTime) -> None:
    """Nothing is told, and that it was judged is."""
    same = told(names, clock, known(hours(9)), district("orange"), district("orange"))
    assert (same.lines, same.rest, same.judged) == ((), 0, True)


def test_a_warning_is_told_from_its_proposal_to_its_end_and_signatures_are_not(names: Names, clock: LocalTime) -> None:
    """What was said before the moment is not told again."""
    proposed = Published(hours(1), warning(1, WarningStatus.PROPOSED))
    signed = Published(hours(1.5), warning(1, WarningStatus.PROPOSED))
    out = Published(hours(2), warning(1))
    ended = Published(hours(5), warning(2, WarningStatus.CANCELLED, 4, reason="closed"))
    all_of_it = told(names, clock, known(hours(9), proposed, signed, out, ended)).lines
    assert [(c.at, c.says.partition(": ")[2]) for c in all_of_it] == [
        (hours(5), "went out: all-clear"),
        (hours(2), "Alert went out (opened)"),
        (hours(1), "Alert proposed (opened)"),
    ]
    assert {c.warning for c in all_of_it} == {"w1"}
    assert [c.at for c in told(names, clock, known(hours(9), proposed, signed, out, ended), since=3).lines] == [hours(5)]


def test_a_feed_that_fell_silent_and_one_that_came_back_are_told_with_their_moments(names: Names, clock: LocalTime) -> None:
    """Silent from when its silence was too long; back when it answered; both if both happened meanwhile."""
    allowed = names.country.manifests[RIVER].allowed_silence
    silent = told(names, clock, known(hours(48)), answers={RIVER: [hours(-0.5)]}).lines
    assert [(c.kind, c.at) for c in silent] == [("silent", hours(-0.5) + allowed)]
    both = told(names, clock, known(hours(40)), answers={RIVER: [hours(-0.5), hours(39.9)]}).lines
    assert [(c.kind, c.at) for c in both] == [("back", hours(39.9)), ("silent", hours(-0.5) + allowed)]
    back = told(names, clock, known(hours(40)), answers={RIVER: [hours(-40), hours(39.9)]}).lines
    assert [c.kind for c in back] == ["back"]
    assert told(names, clock, known(hours(1)), answers={RIVER: [hours(-0.5), hours(0.5)]}).lines == ()
    new = told(names, clock, known(hours(1)), answers={RIVER: [hours(0.5)]}).lines
    assert [c.says for c in new] == [f"{names.country.manifests[RIVER].title} answered for the first time"]


def test_no_more_than_a_screen_is_told_and_the_rest_is_counted(names: Names, clock: LocalTime) -> None:
    """The newest are shown."""
    many = [Published(hours(n), warning(1, WarningStatus.PROPOSED, id=f"w{n}.1", warning=f"w{n}")) for n in range(1, MOST + 8)]
    found = told(names, clock, known(hours(99), *many))
    assert (len(found.lines), found.rest) == (MOST, 7)
    assert [c.at for c in found.lines] == sorted((c.at for c in found.lines), reverse=True)
    assert found.lines[0].at == hours(MOST + 7)


def test_what_is_not_judged_yet_is_no_calm(names: Names, clock: LocalTime) -> None:
    """Districts are left out, and it is said that they are."""
    pictures = Picture(known(NOON), None), Picture(known(NOON + timedelta(hours=1)), (district("green"),))
    assert not changes(*pictures, {}, names, clock, asked=False).judged
