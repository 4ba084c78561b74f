"""Events that are judged on by a configuration that is no longer in force, because they opened under it."""

from datetime import datetime

from polyrisk.config_log import SHORT, Entry, configuration_of
from processors.formers import judged_alike
from processors.plan import Plan
from schemas.outputs import CompoundEvent


def alike(one: Plan, other: Plan, rule: str, area: str) -> bool:
    """Whether both judge a rule in an area, and judge it the same."""
    return one.judges(rule, area) and other.judges(rule, area) and judged_alike(one, other, rule, area)


def kept_since(event: CompoundEvent, entries: list[Entry]) -> tuple[datetime, str] | None:
    """Since when an event that stands is judged on by the rule it opened with, though another one is in force.

    Returns:
        The moment the other one came into force, and the beginning of its hash; none if there is no such.
    """
    counted = [entry for entry in entries if entry.counts]
    own = next((n for n, entry in reversed(list(enumerate(counted))) if entry.change and entry.change.hash == event.configuration), None)
    if own is None or event.ended or event.in_shadow:
        return None
    plan = _plan(counted[own])
    for entry in counted[own + 1 :]:
        if entry.change is not None and not alike(plan, _plan(entry), event.rule, event.area):
            moved = any(later.change is not None and later.change.open_events == "move" for later in counted[counted.index(entry) :])
            return None if moved else (entry.at, entry.change.hash[:SHORT])
    return None


def _plan(entry: Entry) -> Plan:
    if entry.change is None:
        raise LookupError(f"{entry.record} brings no configuration")
    return Plan(configuration_of(entry.change), entry.change.hash)
