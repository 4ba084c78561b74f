"""What other values of one setting would have made of the rules that it touches, and which value is rare enough."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from processors.backtest import run
from processors.backtest_baselines import Made, baselines_of, in_order
from processors.backtest_parallel import end_of, in_parallel
from processors.backtest_verdicts import areas_of, conditions_read, verdicts_of
from processors.history import History
from processors.lived import LivedRules
from processors.plan import Plan
from processors.verification import SEED, Happened, counts_of, returns, scored
from schemas.configuration import Configuration
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.place_tables import nearest

_NUMBER = re.compile(r"(?<!\d)[-+]?\d+(?:\.\d+)?(?!\s+in\s)")
"""The number of a level; of `1 in 5 years` the 5."""


@dataclass(frozen=True)
class Step:
    """One value of a sweep: activations, once in how many years in an area, and the scores if there are events."""

    value: float
    activations: int
    once_in: float | None
    scores: Mapping[str, float] | None


def swept(
    country: LoadedCountry, history: History, made: Mapping[str, Made], path: str, values: Sequence[float], events: Sequence[Happened]
) -> dict[str, list[Step]]:
    """Rule to what each value of a setting would have made of it; only the rules that the setting touches are run.

    The history is put in order once, and baselines are made once: of each value they take other levels, or are as they were.

    Raises:
        ConfigurationError: there is no such setting, or it has no number.
    """
    touched = touched_by(country.configuration, path)
    read = {t.indicator for t in touched.thresholds}
    own = history.of(indicators=[i for i in history.indicators if i in read or i.split(".")[0] in read])
    today = (
        LivedRules.of(touched, own, in_order(baselines_of(touched, own, made)), end_of(history)) if len(own) and _is_level(path) else None
    )
    jobs = [_Job(country, own, made, setting(touched, path, value), path, value, events, end_of(history), today) for value in values]
    found: dict[str, list[Step]] = {rule.name: [] for rule in touched.rules}
    for steps in in_parallel(_step, jobs):
        for rule, step in steps.items():
            found[rule].append(step)
    return found


class _Job(NamedTuple):
    """One value. today: the rules as they went with the value that stands there now, if what is said of all other thresholds is kept."""

    country: LoadedCountry
    history: History
    made: Mapping[str, Made]
    configuration: Configuration
    path: str
    value: float
    events: Sequence[Happened]
    end: datetime
    today: LivedRules | None


def _step(job: _Job) -> dict[str, Step]:
    baselines = in_order(baselines_of(job.configuration, job.history, job.made))
    if job.today is not None:
        outcome = job.today.moved(job.configuration, job.path.split(".")[1], baselines)
    else:
        outcome = run(job.configuration, job.history, baselines, job.end, truths=bool(job.events))
    found = {}
    for rule in job.configuration.rules:
        activations = outcome.of(rule.name)
        own = [e for e in job.events if not e.rule or e.rule == rule.name]
        scores = scored(counts_of(verdicts_of(job.country, rule, outcome, own))) if own else None
        back = returns(activations, len(areas_of(job.country, rule)), outcome.first, outcome.last, SEED)
        found[rule.name] = Step(job.value, len(activations), back.once_in, scores)
    return found


def _is_level(path: str) -> bool:
    kind, _, *keys = path.split(".")
    return kind == "thresholds" and keys[:1] == ["levels"]


def touched_by(configuration: Configuration, path: str) -> Configuration:
    """The configuration of the rules that a setting touches, with those they mute and the thresholds they read."""
    kind, name, *_ = [*path.split("."), "", ""]
    known = {"thresholds": [t.name for t in configuration.thresholds], "rules": [r.name for r in configuration.rules]}
    if kind not in known or name not in known[kind]:
        remedy = nearest(name, known.get(kind, list(known))) or "Write thresholds.NAME.levels.orange or rules.NAME.cool_down."
        raise ConfigurationError(f"there is no setting `{path}`.", where="--sweep", remedy=remedy)
    reads = _reads(configuration)
    rules = {r.name for r in configuration.rules if r.name == name or (kind == "thresholds" and name in reads[r.name])}
    return within(configuration, rules, {name} if kind == "thresholds" else set())


def within(configuration: Configuration, names: Set[str], thresholds: Set[str] = frozenset(), *, muting: bool = True) -> Configuration:
    """The configuration of some rules: those, and the thresholds they read.

    Args:
        thresholds: that are kept though no rule reads them. muting: with the rules that mute them, and those they mute.
    """
    reads, rules = _reads(configuration), set(names)
    while muting and (
        more := {
            r.name
            for r in configuration.rules
            if (set(r.mutes) & rules) or any(r.name in o.mutes for o in configuration.rules if o.name in rules)
        }
        - rules
    ):
        rules |= more
    kept = tuple(r for r in configuration.rules if r.name in rules)
    wanted = set(thresholds).union(*(reads[r.name] for r in kept))
    return configuration.model_copy(update={"rules": kept, "thresholds": tuple(t for t in configuration.thresholds if t.name in wanted)})


def readers(configuration: Configuration, threshold: str) -> list[str]:
    """The rules that read a threshold."""
    return [name for name, read in _reads(configuration).items() if threshold in read]


def _reads(configuration: Configuration) -> dict[str, set[str]]:
    """Rule to the thresholds that it reads, those that no place of it has among them."""
    plan = Plan(configuration, configuration.hash)
    reads = {r.name: {p for area in plan.judged if area[0] == r.name for p, _ in plan.read_by(*area)} for r in configuration.rules}
    return {r.name: reads[r.name] | {t.split(" ")[0] for t in conditions_read(configuration, r)} for r in configuration.rules}


def setting(configuration: Configuration, path: str, value: float | None = None) -> Any:
    """The configuration with another number at a setting; without a value, the number that stands there now.

    Raises:
        ConfigurationError: nothing stands there, no number, or one that cannot be.
    """
    data = configuration.canonical()
    kind, name, *keys = path.split(".")
    place: Any = next((one for one in data.get(kind, ()) if one["name"] == name), None)
    for key in keys[:-1]:
        place = place.get(key) if isinstance(place, dict) else None
    if not keys or not isinstance(place, dict) or keys[-1] not in place:
        known = list(place) if isinstance(place, dict) else []
        raise ConfigurationError(f"there is no setting `{path}`.", where="--sweep", remedy=nearest(keys[-1] if keys else "", known))
    text = str(place[keys[-1]])
    if _NUMBER.search(text) is None:
        raise ConfigurationError(f"`{text}` at `{path}` has no number to sweep.", where="--sweep")
    if value is None:
        return number_in(text)
    new = with_number(text, value)
    place[keys[-1]] = new if isinstance(place[keys[-1]], str) else type(place[keys[-1]])(value)
    try:
        return Configuration.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError(f"`{new}` at `{path}` cannot be: {error.errors()[0]['msg']}.", where="--sweep") from error


def number_in(text: str) -> float:
    """The number in a setting's text: 2 of `mean + 2 sd`; not a number if it has none."""
    found = _NUMBER.search(text)
    return float(found[0]) if found is not None else float("nan")


def with_number(text: str, value: float) -> str:
    """A setting's text with another number: `mean + 2.5 sd`."""
    found = _NUMBER.search(text)
    return text if found is None else f"{text[: found.start()]}{value:.10g}{text[found.end() :]}"


def values_of(text: str) -> tuple[str, list[float]]:
    """`PATH=a..b/n` as the path and n values from a to b; 20 without a number.

    Raises:
        ConfigurationError: it is not written so.
    """
    match = re.fullmatch(r"([\w.]+)=(-?[\d.]+)\.\.(-?[\d.]+)(?:/(\d+))?", text)
    if match is None or float(match[2]) == float(match[3]) or int(match[4] or 20) < 2:
        remedy = "Write thresholds.dengue_channel.levels.orange=1..4/7."
        raise ConfigurationError(f"`{text}` is no sweep.", where="--sweep", remedy=remedy)
    return match[1], [float(v) for v in np.linspace(float(match[2]), float(match[3]), int(match[4] or 20))]


def at_most(text: str) -> float:
    """`once in 5 years` as 5.

    Raises:
        ConfigurationError: it is not written so.
    """
    match = re.fullmatch(r"\s*once in (\d+(?:\.\d+)?) years?\s*", text)
    if match is None or float(match[1]) <= 0:
        raise ConfigurationError(f"`{text}` is no return period.", where="--at-most", remedy="Write `once in 5 years`.")
    return float(match[1])


def answer(steps: Sequence[Step], years: float, now: float) -> Step | None:
    """Of the values that speak at most once in so many years in one area, the one that speaks most often; of equals the nearest to now."""
    rare = [s for s in steps if s.once_in is None or s.once_in >= years]
    return max(rare, key=lambda s: (s.activations, -abs(s.value - now)), default=None)
