"""What our processes show Prometheus: every metric with its labels, taken from the very objects that they use."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import Counter, Gauge
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from alerts.metrics import Metrics as AlertMetrics
from console.metrics import Metrics as ConsoleMetrics
from feeds.source_clocks import SourceClock, SourceClocks, note
from polyrisk import metrics as of_parts
from processors import metrics as of_processors

FOREIGN = frozenset({"up", "ALERTS", "alertmanager_notifications_failed_total", "prometheus_notifications_dropped_total"})
"""Shown by Prometheus and Alertmanager themselves; that they are is tried on real ones."""
BY_PROMETHEUS = frozenset({"job", "instance"})
"""Labels that Prometheus adds to whatever it reads."""


def shown(folder: Path) -> Mapping[str, frozenset[str]]:
    """Metric to its labels. The folder is for what each fetch leaves there."""
    note(folder, "river", SourceClock(ahead_s=0, at=datetime.now(UTC)))
    found = {}
    for collector in _collectors(folder):
        if isinstance(collector, MetricWrapperBase):
            name = f"{collector._name}_total" if isinstance(collector, Counter) else collector._name
            found[name] = frozenset(collector._labelnames)
        else:
            found |= {f.name: frozenset(label for s in f.samples for label in s.labels) for f in collector.collect()}
    return found


def _collectors(folder: Path) -> Iterable[Collector]:
    yield from (one for module in (of_processors, of_parts) for one in vars(module).values() if isinstance(one, Counter | Gauge))
    for registry in (AlertMetrics().registry, ConsoleMetrics().registry):
        yield from registry._collector_to_names
    yield SourceClocks(folder, lambda: datetime.now(UTC))


def asked(expr: str) -> Mapping[str, frozenset[str]]:
    """Each metric that an expression of PromQL names, with the labels that it selects by."""
    found: dict[str, frozenset[str]] = {}
    for name, selected in re.findall(r"\b((?:polyrisk|alertmanager|prometheus)_\w+|up|ALERTS)\b(?:\{([^}]*)\})?", expr):
        found[name] = found.get(name, frozenset()) | set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selected))
    return found


def grouped_by(expr: str) -> frozenset[str]:
    """The labels that an expression groups or matches by."""
    return frozenset(label for part in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expr) for label in re.findall(r"\w+", part))
