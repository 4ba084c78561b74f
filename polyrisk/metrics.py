"""What Prometheus may know of the processes themselves: whether each part still gets round, though its metrics are served by a thread."""

import time

from prometheus_client import Gauge

LAST_TURN = Gauge(
    "polyrisk_last_turn_timestamp_seconds", "When the part last did its work to the end, by the machine's own clock", ("part",)
)


def done(part: str) -> None:
    """Note that a part has just done its work."""
    LAST_TURN.labels(part).set(time.time())


def last_done(part: str) -> float | None:
    """When that was, seconds since 1970; none before the first time."""
    samples = (sample for family in LAST_TURN.collect() for sample in family.samples)
    return next((sample.value for sample in samples if sample.labels["part"] == part), None)
