"""Rules over years out of accounts of the places they read, again and again with another number at one level.

All of it is kept as it went with today's number. A move makes the accounts of the moved threshold anew, and judges the rules where those
say something else. The answer is that of `backtest.run`, and a property test holds one against the other.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from processors.account import Account, at_levels
from processors.accounts import Lived, accounts_of
from processors.advance import all_by_timelines
from processors.backtest import Outcome, Told, configured
from processors.backtest_records import records_of
from processors.history import History
from processors.kinds import BASELINE_KINDS
from processors.lived_area import Area, AreaAgain, Went
from processors.plan import Place, Plan
from processors.state import Judged
from schemas.conditions import AtLevel, Condition, Dimensions, Silent, Unless, walk
from schemas.configuration import Configuration
from schemas.inputs import Baseline
from schemas.levels import Level
from schemas.microseconds import from_microseconds


def may_be_lived(plan: Plan, lived: Lived) -> bool:
    """Whether accounts are all that the rules of a plan are judged by.

    Not so where a rule asks when feeds delivered, a threshold settles or reads forecasts, a baseline decides which places count in a
    larger area, or a reading begins after it was received.
    """
    read = [plan.thresholds[name] for name in sorted({name for judged in plan.judged for name, _ in plan.read_by(*judged)})]
    silent = any(isinstance(part, Silent) for rule in plan.rules.values() for c in rule.conditions for part in walk(c))
    rolled_up = any(
        plan.thresholds[name].kind in BASELINE_KINDS and not set(plan.places(name, at)) <= {at, *plan.around(at)}
        for name, at in {(name, at) for name, _, at in _asked(plan)}
    )
    ahead = bool((lived.history.starts > lived.history.received).any())
    return not (silent or rolled_up or ahead or plan.of_forecasts or any(t.settle for t in read))


class LivedRules:
    """The rules of a configuration over years, as they went.

    Args:
        end: up to when time went on, UTC.
    """

    def __init__(self, plan: Plan, lived: Lived, end: datetime) -> None:
        self._plan, self._lived, self._end = plan, lived, end
        self._accounts: dict[Place, Account] = {}
        for threshold in plan.thresholds:
            self._accounts |= _accounts(plan, threshold, lived)
        begun = _begun(plan, lived)
        self._went = {area: Area(plan, places, lived, self._accounts, begun).went() for area, places in _by_area(plan).items()}

    @classmethod
    def of(cls, configuration: Configuration, history: History, baselines: Sequence[Baseline], end: datetime) -> "LivedRules | None":
        """How rules went; none if they are judged by more than accounts hold.

        Args:
            history: with at least one reading. baselines: by the moment they were made.
        """
        plan, lived = Plan(configuration, configuration.hash), _lived(configuration, history, baselines, end)
        return cls(plan, lived, end) if may_be_lived(plan, lived) else None

    @property
    def outcome(self) -> Outcome:
        """What the rules would have said, but for breaches and the truths of conditions."""
        return self._outcome(self._plan, self._went)

    def moved(self, configuration: Configuration, threshold: str, baselines: Sequence[Baseline]) -> Outcome:
        """What they would have said with other levels of one threshold.

        Args:
            configuration: the same but for these. baselines: by it.
        """
        plan, lived = Plan(configuration, configuration.hash), _lived(configuration, self._lived.history, baselines, self._end)
        if lived.ids != self._lived.ids:
            return LivedRules(plan, lived, self._end).outcome
        others = {place: account for place, account in self._accounts.items() if place[0] != threshold}
        accounts, begun = others | _accounts(plan, threshold, lived), _begun(plan, lived)
        went = {
            area: AreaAgain(plan, places, lived, accounts, begun, self._accounts, self._went[area]).went()
            for area, places in _by_area(plan).items()
        }
        return self._outcome(plan, went)

    def _outcome(self, plan: Plan, went: Mapping[str, Went]) -> Outcome:
        told = Told()
        for of_area in went.values():
            told.take([event for _, event in of_area.said])
        truths = {place: steps for of_area in went.values() for place, steps in of_area.truths.items()}
        first = from_microseconds(self._lived.nows[0])
        return Outcome(plan.hash, first, self._end, len(self._lived.history), told.activations(), {}, truths)


def _lived(configuration: Configuration, history: History, baselines: Sequence[Baseline], end: datetime) -> Lived:
    first = from_microseconds(history.deliveries[0].received)
    return Lived.of(history, list(records_of(configuration.shard, history, baselines, first, end)))


def _by_area(plan: Plan) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = defaultdict(list)
    for place in plan.judged:
        found[place[1]].append(place)
    return found


def _begun(plan: Plan, lived: Lived) -> Mapping[Place, Judged]:
    """What stands of the rules before anything came in."""
    return all_by_timelines(configured(plan.configuration, from_microseconds(lived.nows[0]))).events


def _accounts(plan: Plan, threshold: str, lived: Lived) -> dict[Place, Account]:
    """What was said of a threshold's levels that rules ask for."""
    levels = _read_levels(plan)
    return {place: at_levels(account, levels[place]) for place, account in accounts_of(plan, threshold, lived).items() if place in levels}


def _read_levels(plan: Plan) -> dict[Place, set[int]]:
    """(threshold, place) to the levels that rules ask for there, by their places among the defined ones."""
    found: dict[Place, set[int]] = defaultdict(set)
    for name, level, at in _asked(plan):
        number = plan.number(name, level)
        for place in plan.places(name, at):
            found[name, place] |= {number} if number is not None else set()
    return found


def _asked(plan: Plan) -> Iterator[tuple[str, Level, str]]:
    """Each threshold and level that a rule asks for, with the place at which it does."""
    for rule, area in plan.judged:
        for condition in plan.rules[rule].conditions:
            for part, at in plan.walk(condition, area):
                yield from ((name, level, at) for name, level in _asks(part, plan))


def _asks(part: Condition | Unless, plan: Plan) -> list[tuple[str, Level]]:
    """The levels of thresholds that a condition itself asks for."""
    if isinstance(part, AtLevel):
        return [(part.threshold, part.level)]
    return [(name, part.level) for names in plan.dimensions.values() for name in names] if isinstance(part, Dimensions) else []
