"""A rule with one level moved: the same as a whole backtest with the changed file, whatever was moved before."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from engine_tables import configuration as engine_configuration
from years import BEGIN, CHANNEL, FEEDS, country, years

from processors.backtest import Outcome, run
from processors.backtest_baselines import baselines_of, in_order, judged_since
from processors.backtest_moves import Judged, Movable, Moves, around, difference, moved
from processors.backtest_sweep import number_in, setting, swept, with_number
from processors.backtest_verdicts import compared, verdicts_of
from processors.verification import Happened, counts_of
from schemas.configuration import Configuration
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError
from schemas.places import Places

DAY = timedelta(days=1)


def loaded(configuration: Configuration) -> LoadedCountry:
    """A country of the made-up areas; what it says of people is Sri Lanka's."""
    facts = load_country(countries_root() / "lka").facts.model_copy(update={"timezone": "UTC", "timezones": {}})
    places = Places({a.code: a for a in configuration.areas}, {})
    return replace(load_country(countries_root() / "lka"), facts=facts, places=places, configuration=configuration)


def happened(seed: int) -> list[Happened]:
    """Some things that happened, of all rules and of single ones."""
    chance = random.Random(seed)
    found = []
    for _ in range(12):
        start = BEGIN + chance.randint(740, 850) * DAY
        rule = chance.choice(["", "outbreak", "flood", "both"])
        found.append(Happened(chance.choice("AB"), start, start + 3 * DAY, "made up", "a test", 10 * DAY, 5 * DAY, rule))
    return sorted(found, key=lambda e: (e.start, e.area))


def as_said(outcome: Outcome, rule: str) -> list[object]:
    """What the rule said."""
    return [a for a in outcome.activations if a.rule == rule]


@pytest.mark.parametrize("seed", range(3))
def test_a_move_says_what_a_whole_backtest_with_the_changed_file_says(seed: int) -> None:
    """Every activation, verdict and count, for many moves of every level one after the other; and so the difference to today."""
    chance = random.Random(seed)
    configuration = country()
    history = years(seed)
    since = BEGIN + timedelta(days=720) if seed % 2 else None
    part, made = judged_since(since, history, baselines_of(configuration, history))
    events = happened(seed)
    here = loaded(configuration)
    all_moves = {rule: Moves(here, rule, part, made, events) for rule in ("outbreak", "flood", "both")}
    for _ in range(4):
        rule = chance.choice(sorted(all_moves))
        moves = all_moves[rule]
        level = chance.choice(moves.movable)
        value = round(level.number * chance.uniform(0.4, 1.9), 2)
        try:
            changed = moved(configuration, level, value)
        except ConfigurationError:
            continue
        _, whole_made = judged_since(since, history, baselines_of(changed, history))
        whole = run(changed, part, in_order(whole_made))
        now = moves.move(level, value)
        assert list(now.activations) == whole.of(rule)
        assert now.afterwards == sum(a.afterwards for a in whole.activations if a.rule == rule)
        assert now.hash == changed.hash
        own = [e for e in events if e.rule in ("", rule) and whole.first <= e.start <= whole.last]
        assert (now.first, now.last) == (whole.first, whole.last)
        the_rule = next(r for r in changed.rules if r.name == rule)
        verdicts = verdicts_of(here, the_rule, whole, own) if own else []
        assert list(now.verdicts) == verdicts
        assert now.counts == (counts_of(verdicts) if own else None)
        assert sum(year.warnings for year in now.years) == len(now.activations)
        assert sum(year.counts.hits for year in now.years) == (now.counts.hits if now.counts else 0)
        _, today_made = judged_since(since, history, baselines_of(configuration, history))
        today = run(configuration, part, in_order(today_made))
        changes = [c for c in compared(today, whole) if (c.after or c.before or whole.activations[0]).rule == rule]
        gained, lost, kept = difference(moves.today(level), now)
        assert [c.after for c in changes if c.kind == "gained"] == gained
        assert [c.before for c in changes if c.kind == "lost"] == lost
        assert sum(c.kind == "kept" for c in changes) == kept


@pytest.mark.parametrize("path", ["thresholds.dengue.levels.orange", "thresholds.rain.levels.orange", "thresholds.rain.stale_after"])
def test_each_value_of_a_sweep_says_what_a_whole_backtest_with_it_says(path: str) -> None:
    """Of a level, where what is said of all else is kept, as of any other setting; since a moment before the first reading too."""
    configuration, history, events = country(), years(1), happened(1)
    since = BEGIN + timedelta(days=720, hours=-1)
    part, made = judged_since(since, history, baselines_of(configuration, history))
    now = setting(configuration, path)
    values = [now * share for share in (0.7, 1.0, 1.3)]
    found = swept(loaded(configuration), part, made, path, values, events)
    assert found
    for number, value in enumerate(values):
        changed = setting(configuration, path, value)
        whole = run(changed, part, in_order(judged_since(since, history, baselines_of(changed, history))[1]))
        for rule, steps in found.items():
            assert steps[number].activations == len(whole.of(rule))


def test_a_baseline_that_decides_which_places_count_is_asked_even_of_the_only_one() -> None:
    """A district of one division, whose cases are held against a channel: it counts once its channel is admitted, and not before."""
    districts = [{"code": f"over {code}", "level": "adm2", "names": {"en": code}, "population": 1000} for code in "AB"]
    divisions = [{"code": code, "level": "adm3", "parent": f"over {code}", "names": {"en": code}} for code in "AB"]
    threshold = CHANNEL | {"at": "adm3", "roll_up": {"to": "adm2"}}
    rules = [{"name": "calm", "dimensions": ["health"], "when": {"not": "dengue >= orange"}}]
    configuration = engine_configuration([threshold], rules, areas=[*districts, *divisions], feeds=FEEDS)
    history = years(1)
    made = baselines_of(configuration, history)
    moves = Moves(loaded(configuration), "calm", history, made)
    (level,) = [one for one in moves.movable if one.level == "orange"]
    whole = run(configuration, history, in_order(made))
    assert whole.activations
    assert moves.outcome(level, level.number).activations == whole.activations


def test_a_move_can_gain_and_can_lose(orange: Moves) -> None:
    """A lower level speaks more often, a higher one less, and back at today's number nothing differs."""
    (level,) = [one for one in orange.movable if one.name == "rain.orange"]
    today = orange.today(level)
    gained, lost, kept = difference(today, orange.move(level, 70))
    assert gained
    assert not lost
    assert kept
    gained, lost, _ = difference(today, orange.move(level, 130))
    assert lost
    assert difference(today, orange.move(level, 100.0)) == ([], [], len(today.activations))


@pytest.fixture(scope="module")
def orange() -> Moves:
    """The rule on rain."""
    history = years(3)
    return Moves(loaded(country()), "flood", history, baselines_of(country(), history))


def test_what_can_be_moved_are_the_levels_with_a_number_that_the_rule_reads(orange: Moves) -> None:
    """The rule on rain reads no dengue; a station's own levels have no number here."""
    assert [one.name for one in orange.movable] == ["rain.yellow", "rain.orange"]
    lanka = load_country(countries_root() / "lka")
    history = years(3)
    assert Moves(lanka, "river_flood", history, {}).movable == ()
    assert [one.name for one in Moves(lanka, "landslide", history, {}).movable] == [
        f"landslide_warning.{w}" for w in ("yellow", "orange", "red")
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [(60.0, "no graver"), (20.0, "no graver"), (float("nan"), "cannot be"), (float("inf"), "cannot be"), (1e300, "cannot be")],
)
def test_a_level_that_cannot_be_is_refused(orange: Moves, value: float, said: str) -> None:
    """Not past the level beneath it, and no number that is none."""
    (level,) = [one for one in orange.movable if one.name == "rain.orange"]
    with pytest.raises(ConfigurationError, match=said):
        orange.move(level, value)


def test_a_rule_that_is_not_there_is_refused_with_the_nearest() -> None:
    """A slip of the pen is found."""
    with pytest.raises(ConfigurationError, match="floood"):
        Moves(loaded(country()), "floood", years(3), {})


def test_a_trade_off_stays_between_the_levels_beside_it(orange: Moves) -> None:
    """Today's value is in the middle, and none reaches the yellow level."""
    (level,) = [one for one in orange.movable if one.name == "rain.orange"]
    values = orange.trade_off(level)
    assert len(values) == 9
    assert values[4] == 100
    assert list(values) == sorted(values)
    assert values[0] > 60
    assert isinstance(orange.move(level, values[0]), Judged)


def test_the_number_of_a_level_is_the_one_that_can_be_moved() -> None:
    """Of a return level the years, of all others the first number."""
    assert number_in("1 in 5 years") == 5
    assert with_number("1 in 5 years", 10) == "1 in 10 years"
    assert number_in("mean + 2 sd") == 2
    assert with_number("95th percentile", 90) == "90th percentile"
    assert with_number("-0.5 m", 1.25) == "1.25 m"
    threshold = country().thresholds[0]
    assert around(threshold, Movable("dengue", "orange", "mean + 2 sd", 2.0)) == (1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0)
