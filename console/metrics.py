"""What Prometheus may know of the console. No label holds a person, a place or a number."""

from datetime import datetime

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, generate_latest

from console.colours import LEVELS
from console.reading import Known
from console.view import Overview


class Metrics:
    """Gauges in a registry of their own; what other parts in this process count is told with them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._pages = Counter("polyrisk_console_overviews", "Overviews made, those from the cache left out", registry=self.registry)
        self._districts = Gauge("polyrisk_console_districts", "Districts by level, as last shown", ["level"], registry=self.registry)
        self._heartbeat = Gauge(
            "polyrisk_console_feed_heartbeat_timestamp_seconds", "When the feed last answered", ["feed"], registry=self.registry
        )
        self._end = Gauge("polyrisk_console_log_end_timestamp_seconds", "The newest record of the input", registry=self.registry)
        for word in LEVELS:
            self._districts.labels(word).set(0)

    def observe(self, view: Overview) -> None:
        """Count a page, and keep what it showed if it was the newest."""
        self._pages.inc()
        if view.head.newest:
            for word in LEVELS:
                self._districts.labels(word).set(sum(d.level == word for d in view.districts))

    def text(self, known: Known) -> bytes:
        """All of it in Prometheus' text format."""
        for feed, heartbeat in known.heartbeats.items():
            self._heartbeat.labels(feed).set(_seconds(heartbeat.received))
        if known.last is not None:
            self._end.set(_seconds(known.last))
        return generate_latest(self.registry) + generate_latest(REGISTRY)


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
