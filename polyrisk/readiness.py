"""What the parts of an installation need to do their work, as `/readyz` of a process asks for it."""

import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from alerts.registry import open_registry
from alerts.service import BATCH as EVENTS_AT_ONCE
from console.health import Probe, keeps_up, log_readable, registry_reachable
from console.local_time import span_text
from eventlog.log import EventLog
from polyrisk import metrics
from processors.loop import BATCH as RECORDS_AT_ONCE
from schemas.country_files import LoadedCountry
from schemas.errors import PolyriskError
from schemas.topics import EVENTS, INPUT

LONGEST_TURN_S = 180.0
"""A part that has not got round for longer hangs; the alert `PartHangs` begins there too."""


def _still_starting() -> str:
    raise PolyriskError("it is still starting.", remedy="Wait: states are made from the log at the start.")


STARTING = Probe("start", _still_starting, "Wait.")
"""What a process needs before anybody knows what its parts need."""


def probes_of(parts: Iterable[str], log: EventLog, country: LoadedCountry, state: Path) -> list[Probe]:
    """What these parts need.

    Args:
        parts: what takes turns in this process, by name.
    """
    found = [log_readable(log, country.shard)]
    for part in parts:
        found.append(gets_round(part))
        if part == "processor":
            found.append(keeps_up(log, "processors", INPUT.name, RECORDS_AT_ONCE))
        if part == "alerts":
            found += [registry_reachable(lambda: open_registry(state)), keeps_up(log, "alerts", EVENTS.name, EVENTS_AT_ONCE)]
    return found


def gets_round(part: str) -> Probe:
    """The part does its work again and again."""

    def look() -> str:
        last = metrics.last_done(part)
        if last is None:
            raise PolyriskError("it has not done its work once yet.", remedy="Wait: states are made from the log at the start.")
        ago = max(0.0, time.time() - last)
        said = f"it last did its work {span_text(timedelta(seconds=ago))} ago" if ago >= 60 else "it does its work"
        if ago > LONGEST_TURN_S:
            raise PolyriskError(f"{said}.", remedy="Look what it waits for: a disk, a database, the provider; then start it again.")
        return said

    return Probe(part, look, "Start it again.")
