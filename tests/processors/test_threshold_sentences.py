"""Section 3 of the specification, and what section 6 adds to it, a sentence a table."""

from datetime import timedelta
from typing import Any

from engine_tables import DAY, at, begun, configuration, play, reading, readings_record, rows_of

from processors.engine import levels, step
from schemas.envelopes import input_record
from schemas.inputs import Baseline, BaselineRow
from schemas.levels import Level, Truth
from schemas.outputs import ThresholdBreach

RIVER: dict[str, Any] = {"name": "river", "levels": {"yellow": "5 m", "orange": "7.0 m"}}
GAUGES = [{"code": "g1", "name": "one", "feed": "river", "areas": ["A"]}, {"code": "g2", "name": "two", "feed": "river", "areas": ["A"]}]
OWN = {"name": "river", "at": "station", "kind": "station_levels", "levels": {"yellow": "own", "orange": "own"}}
OWN_FEED = [{"feed": "river", "every": "1 h", "indicators": ["river_level", "river_level.yellow", "river_level.orange"]}]


def truths(table: str, threshold: dict[str, Any], level: Level = Level.ORANGE, place: str = "A", **more: Any) -> list[tuple[str, str]]:
    """The truth of a level over valid time after a table, as (`HH:MM`, truth or `held`)."""
    state = begun(configuration([threshold], **more))
    for _, record, _ in rows_of(table):
        state, _ = step(state, record)
    steps = levels(state)["river", place, level]
    return [(f"{moment:%H:%M}", "held" if held else truth.value) for moment, truth, held in steps]


def test_a_level_is_entered_at_its_bound_and_left_under_it_by_more_than_leave_below() -> None:
    """3.2: the bound itself enters; exactly `leave_below` under it does not leave, a hair more does."""
    play(
        configuration([{**RIVER, "leave_below": "0.10 m"}]),
        """
        00:00 A 6.99  | A opened yellow
        01:00 A 7.0   | A escalated orange
        02:00 A 6.9   |
        03:00 A 6.89  | A eased yellow
        04:00 A 4.9   |
        05:00 A 4.89  | A closed yellow
        """,
        only="breaches",
    )


def test_values_are_compared_as_decimals() -> None:
    """6.7: 7.3 less 0.1 is 7.2, whatever binary fractions say."""
    play(
        configuration([{"name": "river", "levels": {"orange": "7.3 m"}, "leave_below": "0.1 m"}]),
        """
        00:00 A 7.3  | A opened orange
        01:00 A 7.2  |
        """,
    )


def test_below_turns_the_comparison_round() -> None:
    """3.2: with `direction: below` a level is met at or under its bound and left over it."""
    play(
        configuration([{"name": "river", "levels": {"yellow": "2 m", "orange": "1 m"}, "direction": "below", "leave_below": "0.5 m"}]),
        """
        00:00 A 2.0   | A opened yellow
        01:00 A 1.0   | A escalated orange
        02:00 A 1.5   |
        03:00 A 1.6   | A eased yellow
        04:00 A 2.51  | A closed yellow
        """,
        only="breaches",
    )


def test_a_breach_begins_at_the_reading_that_completes_its_run() -> None:
    """3.2: `for: 2 readings` counts in a row; a null neither counts nor breaks (3.1), a lower one breaks."""
    _, said = play(
        configuration([{**RIVER, "for": "2 readings"}]),
        """
        00:00 A 7.1   |
        01:00 A 4.0   |
        02:00 A 7.1   |
        02:30 A null  |
        03:00 A 7.1   | A opened orange
        """,
    )
    assert said[0].since == at("03:00")


def test_a_jump_enters_the_highest_level_that_is_due() -> None:
    """3.2: from nothing to orange in one step."""
    play(configuration([RIVER]), "00:00 A 4.0 |\n01:00 A 9.0 | A opened orange")


def test_a_span_completes_a_run() -> None:
    """3.2: `for: 2 h` is entered by the first reading two hours after the run's first."""
    play(
        configuration([{"name": "river", "levels": {"orange": "7 m"}, "for": "2 h"}]),
        "00:00 A 7.1 |\n01:00 A 7.1 |\n01:30 A 7.1 |\n02:00 A 7.1 | A opened orange",
    )


def test_a_gap_starts_the_run_again() -> None:
    """3.2: readings on both sides of a gap over `stale_after` are no run; one exactly at the limit is still in time (3.3)."""
    threshold = {"name": "river", "levels": {"orange": "7 m"}, "for": "2 readings"}
    play(configuration([threshold]), "00:00 A 7.1 |\n03:01 A 7.1 |\n04:00 A 7.1 | A opened orange")
    play(configuration([threshold]), "00:00 A 7.1 |\n03:00 A 7.1 | A opened orange")


def test_readings_nearer_than_a_quarter_of_the_interval_count_as_one() -> None:
    """3.2: a burst of a gauge that reports hourly is one reading."""
    play(
        configuration([{"name": "river", "levels": {"orange": "7 m"}, "for": "2 readings"}]),
        "00:00 A 7.1 |\n00:05 A 7.2 |\n00:14 A 7.3 |\n00:15 A 7.3 | A opened orange",
    )


def test_silence_holds_a_breach_and_never_closes_it() -> None:
    """3.3: at the limit nothing is said yet; past it the breach is held; a reading resumes or closes it."""
    play(
        configuration([RIVER]),
        """
        00:00 A 7.1       | A opened orange
        03:00 A tick      |
        03:01 A tick      | A held orange
        d9 00:00 A tick   |
        d9 01:00 A 7.2    | A resumed orange
        d9 02:00 A 4.0    | A closed orange
        """,
        only="breaches",
    )


def test_a_held_breach_counts_as_true_for_a_time_and_then_as_unknown() -> None:
    """3.3: `hold_for` begins when the series goes stale."""
    table = "00:00 A 4.0\n01:00 A 7.1\n23:00 A tick"
    assert truths(table, {**RIVER, "hold_for": "6 h"}) == [("00:00", "false"), ("01:00", "true"), ("04:00", "held"), ("10:00", "unknown")]


def test_the_delay_of_the_feed_belongs_to_no_age() -> None:
    """3.3, 6.5: ages count from the end of the period and the feed's declared delay."""
    feeds = [{"feed": "river", "every": "1 h", "delay": "2 h", "indicators": ["river_level"]}]
    assert truths("06:00 A 4.0 valid 00:00..01:00\n12:00 A tick", RIVER, feeds=feeds) == [("00:00", "false"), ("06:00", "unknown")]


def test_a_person_declares_a_gauge_dead() -> None:
    """3.3: then its breach is over, and readings are heard again only once it is said to be back."""
    play(
        configuration([OWN], stations=GAUGES, feeds=OWN_FEED),
        """
        00:00 g1 5 indicator river_level.yellow |
        00:00 g1 7 indicator river_level.orange |
        00:00 g1 7.1   | g1 opened orange
        01:00 g1 dead  | g1 declared_dead orange
        02:00 g1 9.0   |
        03:00 g1 back  |
        04:00 g1 9.0   | g1 opened orange
        """,
    )


def test_the_winner_of_one_identity_does_not_depend_on_arrival() -> None:
    """3.1: the greatest `issued` wins whatever came first; a later fetch decides where the source says nothing."""
    revised = "01:00 A 7.5 valid 00:30 issued 00:50 | A opened orange\n02:00 A 4.0 valid 00:30 issued 00:40 |"
    play(configuration([RIVER]), revised)
    play(configuration([RIVER]), "01:00 A 7.5 valid 00:30 | A opened orange\n02:00 A 4.0 valid 00:30 | A retracted orange")


def test_a_late_reading_is_judged_where_it_belongs() -> None:
    """3.4: it splits a breach at its own valid time; one that is older than the horizon has no effect."""
    _, said = play(
        configuration([{"name": "river", "levels": {"orange": "7 m"}, "horizon": "6 h", "stale_after": "12 h"}]),
        """
        00:00 A 7.1              | A opened orange
        06:00 A 7.1              |
        07:00 A 4.0 valid 05:00  | A closed orange; A opened orange
        11:00 A 4.0 valid 04:59  |
        """,
    )
    assert [o.at for o in said] == [at("00:00"), at("05:00"), at("06:00")]


def test_a_threshold_that_settles_waits_for_late_readings() -> None:
    """3.4: with `settle: 3 h` a step is judged once now is past it by that."""
    play(
        configuration([{"name": "river", "levels": {"orange": "7 m"}, "settle": "3 h"}]),
        """
        00:00 A 7.1              |
        02:00 A 7.1              |
        03:00 A tick             |
        03:01 A tick             | A opened orange
        """,
    )


def test_a_period_is_valid_from_its_start() -> None:
    """3.6: a day's rain known the next morning is a breach since the day began, known when it was."""
    rain = {"name": "rain", "indicator": "rain_1d", "levels": {"orange": "100 mm"}, "stale_after": "2 d"}
    feeds = [{"feed": "river", "every": "1 d", "indicators": ["rain_1d"]}]
    _, said = play(configuration([rain], feeds=feeds), "d1 06:00 A 120 valid 00:00..d1 00:00 indicator rain_1d | A opened orange")
    assert (said[0].since, said[0].known) == (at("00:00"), at("d1 06:00"))


def test_an_undecided_reading_is_not_lower() -> None:
    """6.1: the first of two that are asked for leaves the level unknown where nothing is known before it: at first, or after a gap."""
    table = "00:00 A 7.1\n01:00 A 4.0\n05:00 A 7.1\n06:00 A 4.0\n07:00 A 7.1\n08:00 A 7.1"
    expected = [("00:00", "unknown"), ("01:00", "false"), ("04:00", "unknown"), ("06:00", "false"), ("08:00", "true")]
    assert truths(table, {**RIVER, "for": "2 readings"}) == expected


def test_known_lower_stays_lower_until_the_run_is_complete() -> None:
    """6.1, 3.2: of a run that begins after a lower reading, the breach begins at the reading that completes it; before, it is lower."""
    table = "00:00 A 4.0\n01:00 A 7.1\n02:00 A 4.0\n03:00 A 7.1\n04:00 A 7.1"
    assert truths(table, {**RIVER, "for": "2 readings"}) == [("00:00", "false"), ("04:00", "true")]


def test_a_short_silence_between_two_lower_readings_is_lower() -> None:
    """4.2: `bridge` closes it, a longer one stays unknown, and an undecided reading ends no bridge (6.1)."""
    threshold = {**RIVER, "bridge": "2 h", "for": "2 readings"}
    assert truths("00:00 A 4.0\n05:00 A 4.0", threshold) == [("00:00", "false")]
    assert truths("00:00 A 4.0\n05:01 A 4.0", threshold) == [("00:00", "false"), ("03:00", "unknown"), ("05:01", "false")]
    undecided = [("00:00", "false"), ("03:00", "unknown"), ("06:00", "false")]
    assert truths("00:00 A 4.0\n05:00 A 7.0\n06:00 A 4.0", threshold) == undecided


def test_under_the_floor_there_is_never_a_breach() -> None:
    """3 (floor): it neither opens one nor keeps one open."""
    play(
        configuration([{"name": "river", "levels": {"orange": "2 m"}, "leave_below": "9 m", "floor": "5 m"}]),
        "00:00 A 4.9 |\n01:00 A 5.0 | A opened orange\n02:00 A 4.9 | A closed orange",
    )


def test_an_all_clear_waits_for_quiet() -> None:
    """6.6: with `quiet: 2 h` a level is left by a reading two hours after the first that would leave it."""
    play(
        configuration([{"name": "river", "levels": {"orange": "7 m"}, "quiet": "2 h"}]),
        "00:00 A 7.1 | A opened orange\n01:00 A 4.0 |\n02:00 A 7.0 |\n03:00 A 4.0 |\n04:00 A 4.0 |\n05:00 A 4.0 | A closed orange",
    )


def test_a_stations_own_levels_come_with_its_readings() -> None:
    """3 (station_levels): a null level leaves that level unknown, never low, and a new one holds from its own time on."""
    table = """
    00:00 g1 5.0 indicator river_level.yellow
    00:00 g1 null indicator river_level.orange
    00:00 g1 6.0
    01:00 g1 6.0 indicator river_level.orange
    01:00 g1 6.0
    """
    found = truths(table, OWN, place="g1", stations=GAUGES, feeds=OWN_FEED)
    assert found == [("00:00", "unknown"), ("01:00", "true")]
    assert truths(table, OWN, Level.YELLOW, "g1", stations=GAUGES, feeds=OWN_FEED) == [("00:00", "true")]


ROLLED = {"name": "river", "at": "station", "levels": {"orange": "7 m"}, "roll_up": {"to": "adm2", "by": "worst", "needs": "half"}}


def rolled(table: str, **more: Any) -> list[tuple[str, str]]:
    """The truth of orange in area A, which has two gauges."""
    return truths(table, {**ROLLED, **more}, stations=GAUGES)


def test_an_area_is_as_bad_as_its_worst_place() -> None:
    """3.8: true if one place is at the level, false if none has a breach and half of them are known."""
    assert rolled("00:00 g1 4.0\n01:00 g2 7.5\n02:00 g2 4.0") == [("00:00", "false"), ("01:00", "true"), ("02:00", "false")]


def test_a_dead_gauge_never_lets_its_area_turn_calm() -> None:
    """3.8: a place with an unclosed breach, however long silent, blocks no; the other place reading low changes nothing."""
    table = "00:00 g1 7.5\n00:00 g2 4.0\n03:00 g2 4.0\n06:00 g2 4.0\n09:00 g2 4.0\n12:00 g2 4.0"
    assert rolled(table, hold_for="4 h") == [("00:00", "true"), ("03:00", "held"), ("07:00", "unknown")]


def test_places_never_heard_of_within_the_horizon_do_not_count() -> None:
    """6.5: of two gauges, one silent for a day is one of two known: half. Both silent: nobody can tell."""
    assert rolled("00:00 g1 4.0\n00:00 g2 4.0\n03:00 g1 4.0\n05:00 g1 4.0") == [("00:00", "false")]
    assert rolled("00:00 g1 4.0\n01:00 g2 4.0\n05:00 g1 tick")[-1] == ("04:00", "unknown")


def test_too_little_history_is_unknown() -> None:
    """3 (endemic_channel): a row not admitted bounds nothing; an admitted one bounds the periods whose middle lies in it."""
    dengue = {
        "name": "dengue",
        "indicator": "dengue_cases",
        "kind": "endemic_channel",
        "levels": {"orange": "mean + 2 sd"},
        "stale_after": "21 d",
        "horizon": "60 d",
    }
    feeds = [{"feed": "river", "every": "1 w", "indicators": ["dengue_cases"]}]
    state = begun(configuration([dengue], feeds=feeds))
    week = timedelta(days=7)
    rows = (
        BaselineRow(area="A", start=DAY, end=DAY + week, bounds={}, admitted=False, reason="too little history"),
        BaselineRow(area="A", start=DAY + week, end=DAY + 2 * week, bounds={"orange": 50.0}, admitted=True, reason=""),
    )
    state, _ = step(state, input_record("TST", Baseline(at=DAY, threshold="dengue", inputs_hash="x" * 64, rows=rows)))
    counts = [
        reading("A", 90, DAY + n * week, DAY + 3 * week, end=DAY + (n + 1) * week, indicator="dengue_cases") for n in range(2)
    ]  # fmt: skip
    state, said = step(state, readings_record(counts))
    steps = levels(state)["dengue", "A", Level.ORANGE]
    assert steps[:2] == ((DAY, Truth.UNKNOWN, False), (DAY + week, Truth.TRUE, False))
    (breach,) = said
    assert isinstance(breach, ThresholdBreach)
    assert (breach.since, breach.readings[0].bound, breach.peak) == (DAY + week, 50.0, 90.0)


def test_a_threshold_that_asks_for_a_feed_reads_no_station_of_another() -> None:
    """So a rule can ask two sources of one indicator each for themselves: one source over its level says nothing of the other."""
    stations = [{**GAUGES[0], "feed": "river"}, {**GAUGES[1], "feed": "other"}]
    feeds = [{"feed": name, "every": "1 h", "indicators": ["river_level"]} for name in ("river", "other")]
    by_feed = [{**RIVER, "name": name, "at": "station", "feed": name, "roll_up": {"to": "adm2"}} for name in ("river", "other")]
    play(
        configuration(
            by_feed,
            [{"name": "both", "when": {"all": ["river >= orange", "other >= orange"]}}],
            stations=stations,
            feeds=feeds,
        ),
        """
        00:00 g1 7.1 | g1 opened orange
        00:10 g2 6.0 | g2 opened yellow
        01:00 g2 7.1 | g2 escalated orange; both A opened orange
        """,
    )
