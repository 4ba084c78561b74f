"""`polyrisk dispatch`: the stop button and what it says, over an installation's registry. No number of a person is ever shown."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from alerts import intents, stops
from alerts.registry import Registry, open_registry
from schemas.warning_records import MessageState

UNDER_WAY_S = 15.0
"""How long it is waited for calls that were under way when the button was pressed; they are few, and their answers are worth knowing."""
LOOK_S = 0.1


def stop(state: Path, warning: str | None, by: str, why: str, *, as_json: bool) -> Iterator[str]:
    """Halt, and then say who has it already.

    Raises:
        RefusedError: no such warning, it is halted already, or there is no installation here.
    """
    with _registry(state) as registry:
        now = datetime.now(UTC)
        with registry.attempt("halt", by, "", warning or stops.ALL, now) as connection:
            name = stops.ALL if warning is None else stops.named(connection, warning)
            stops.stop(connection, name, by, why, now)
        if not as_json:
            yield f"halted: {name or stops.EVERY_WARNING}. From now on nothing more of it is handed over."
        _wait_for_calls(registry, name)
        with registry.reading() as connection:
            found = stops.reached(connection, name)
    if as_json:
        yield json.dumps({"halted": name or None, "people": stops.as_json(found)}, ensure_ascii=False)
        return
    yield from _table(found)
    yield f"`polyrisk dispatch resume{' ' + name if name else ''} --by ... --why ...` goes on; a correction needs no resuming."


def resume(state: Path, warning: str | None, by: str, why: str) -> str:
    """Go on.

    Raises:
        RefusedError: no such warning, it is not halted, or there is no installation here.
    """
    now = datetime.now(UTC)
    with _registry(state) as registry, registry.attempt("resume", by, "", warning or stops.ALL, now) as connection:
        name = stops.ALL if warning is None else stops.named(connection, warning)
        stops.resume(connection, name, by, why, now)
        left = stops.standing_stops(connection)
    more = f" Still halted: {', '.join(one.warning or stops.EVERY_WARNING for one in left)}." if left else ""
    return f"goes on: {name or stops.EVERY_WARNING}.{more}"


def status(state: Path, *, as_json: bool) -> Iterator[str]:
    """What is halted, and how far each warning's messages are."""
    with _registry(state) as registry, registry.reading() as connection:
        halted = stops.standing_stops(connection)
        counted = _by_message(connection)
    if as_json:
        stopped = [{"warning": s.warning or None, "by": s.by, "why": s.why, "at": s.at.isoformat()} for s in halted]
        yield json.dumps({"halted": stopped, "messages": counted}, ensure_ascii=False)
        return
    for one in halted:
        yield f"halted by {one.by} at {one.at:%Y-%m-%d %H:%M} UTC: {one.warning or stops.EVERY_WARNING} ({one.why})"
    for message, states in counted.items():
        yield f"{message}: " + ", ".join(f"{number} {state}" for state, number in states.items())
    if not halted and not counted:
        yield "Nothing was ever sent, and nothing is halted."


def _by_message(connection: Connection) -> dict[str, dict[str, int]]:
    """Message of a warning to state to number of people, in the order of a message's way."""
    found: dict[str, dict[str, int]] = {}
    order = list(MessageState)
    for (message, _, _, state), number in sorted(
        intents.counts(connection).items(), key=lambda item: (item[0][0], order.index(item[0][3]))
    ):
        states = found.setdefault(message, {})
        states[state.value] = states.get(state.value, 0) + number
    return found


def _table(found: list[stops.Reached]) -> Iterator[str]:
    if not found:
        yield "Nobody was to get it."
        return
    yield f"{'area':12} {'language':8} {'have it':>10} {'may have it':>12} {'held back':>10}"
    for one in found:
        yield f"{one.area:12} {one.language:8} {one.has:>10,} {one.may_have:>12,} {one.held:>10,}"
    has, may_have, held = (sum(getattr(one, name) for one in found) for name in ("has", "may_have", "held"))
    yield f"{'together':21} {has:>10,} {may_have:>12,} {held:>10,}"


def _wait_for_calls(registry: Registry, name: str) -> None:
    deadline = time.monotonic() + UNDER_WAY_S
    while time.monotonic() < deadline:
        with registry.reading() as connection:
            if not stops.under_way(connection, name):
                return
        time.sleep(LOOK_S)


@contextmanager
def _registry(state: Path) -> Iterator[Registry]:
    with closing(open_registry(state)) as registry:
        yield registry
