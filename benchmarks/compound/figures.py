"""What must be shown: a named figure for each line, its bar, and whether it is reached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.compound.measures import Run
from benchmarks.compound.recovery import SESSION_S

KAFKA_COLUMNS, SQLITE_COLUMNS = "Polyrisk, columns, Kafka", "Polyrisk, columns, SQLite"
KAFKA_COLUMNS_TWO = "Polyrisk, columns, Kafka, 2 processes"
KAFKA_JSON, KAFKA_JSON_ONE, SQLITE_JSON = "Polyrisk, JSON, Kafka, 2 processes", "Polyrisk, JSON, Kafka", "Polyrisk, JSON, SQLite"
KAFKA_STREAMS, FLINK, QUIX = "Kafka Streams, exactly once", "Flink, exactly once", "Quix Streams, exactly once"
BYTEWAX, HYBRID = "Bytewax, at least once", "sketch: JSON to columns, at least once"
SKETCH, SKETCH_KAFKA_PYTHON = "sketch: columns, confluent-kafka, exactly once", "sketch: columns, kafka-python, at least once"
TAKE_OVER_S = SESSION_S + 5
CPU = "CPU a reading of the processor"


@dataclass(frozen=True)
class Figure:
    """One line.

    Attributes:
        value: none if it was not measured. bar: as it must be shown. how: how it was measured.
    """

    name: str
    value: float | None
    unit: str
    bar: str
    reached: bool | None
    how: str

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {k: getattr(self, k) for k in ("name", "value", "unit", "bar", "reached", "how")}


class Runs:
    """All runs, asked for their medians."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs

    def of(self, column: str, variant: str) -> list[Run]:
        """The runs of a column on a variant."""
        return [run for run in self.runs if (run.column, run.variant) == (column, variant)]

    def middle(self, column: str, variant: str, value: Callable[[Run], float | None]) -> float | None:
        """The median over runs that gave the oracle's answer; none unless all of them did."""
        runs = self.of(column, variant)
        values = [value(run) for run in runs if run.ok]
        known = [one for one in values if one is not None]
        return median(known) if runs and len(known) == len(runs) else None


def figures(runs: Runs, variants: Mapping[str, str], other: Mapping[str, float]) -> list[Figure]:
    """Every line of what must be shown.

    Args:
        variants: `columns`, `rows`, `latency`: the variant that each was run on. other: what is not a run: memory, scale, restart.
    """
    columns, rows = variants["columns"], variants["rows"]
    return [*_against_peers(runs, columns, rows), *_latencies(runs), *_home(runs, columns), *_others(other), *_elsewhere()]


def _against_peers(runs: Runs, columns: str, rows: str) -> list[Figure]:
    ours, ours_json = _speed(runs, KAFKA_COLUMNS_TWO, columns), _speed(runs, KAFKA_JSON, rows)
    streams, quix = _speed(runs, KAFKA_STREAMS, rows), _speed(runs, QUIX, rows)
    how = f"readings a second, median; ours on {columns} in columns by two processes, theirs on {rows} in JSON, one broker, exactly once"
    return [
        _at_least("columns against Kafka Streams", _ratio(ours, streams), "times", 8, how),
        _at_least("columns against Quix Streams", _ratio(ours, quix), "times", 25, how),
        _at_least("columns on Kafka (aim)", ours, "readings/s", 1_700_000, f"two processes, {columns}"),
        _at_least("JSON against Kafka Streams", _ratio(ours_json, streams), "times", 1, f"two processes of ours, both on {rows}"),
    ]


def _latencies(runs: Runs) -> list[Figure]:
    found = []
    for name, part, value in (("p50", 3, _p50), ("p99", 2, _p99)):
        ours = runs.middle(KAFKA_JSON_ONE, "lat", value)
        peers = [one for peer in (KAFKA_STREAMS, FLINK, QUIX) if (one := runs.middle(peer, "lat", value)) is not None]
        how = "of the best of Kafka Streams, Flink and Quix, all exactly once with a commit every 100 ms; 2,000 readings/s, one a record"
        bar = min(peers) / part if peers else None
        found.append(_at_most(f"latency {name}", ours, "ms", bar, f"1/{part} {how}"))
        found.append(_at_most(f"latency {name} on SQLite", runs.middle(SQLITE_JSON, "lat", value), "ms", bar, "the same, on one file"))
    return found


def _home(runs: Runs, columns: str) -> list[Figure]:
    ratio = _ratio(_speed(runs, SQLITE_COLUMNS, columns), _speed(runs, KAFKA_COLUMNS, columns))
    return [
        _at_least("SQLite against Kafka", ratio, "times", 1, f"readings a second of columns, {columns}"),
    ]


def _others(other: Mapping[str, float]) -> list[Figure]:
    restart = "kill -9 with 10,000,000 readings in the log; from the new process's start until it has taken in what came meanwhile"
    between = "the log alone between processes, from append to poll, 2,000 records/s, a transaction for each batch read"
    return [
        _at_most("p99 through the log on SQLite", other.get("log_p99_sqlite_ms"), "ms", 20, between),
        _at_most("cost of 100 times the readings", other.get("cost_of_readings"), "times", 1.3, CPU),
        _at_most("cost of 100 times the areas", other.get("cost_of_areas"), "times", 2, CPU),
        _at_most("memory for each area and threshold", other.get("bytes_a_series"), "bytes", 200, "differences of processes' memory"),
        _at_most("memory for each reading inside the horizon", other.get("bytes_a_reading"), "bytes", 16, "the same"),
        _at_most("restart on SQLite", other.get("restart_sqlite_s"), "s", 5, restart),
        _at_most("restart on Kafka", other.get("restart_kafka_s"), "s", 5, restart),
        _at_most("take-over on SQLite", other.get("take_over_sqlite_s"), "s", TAKE_OVER_S, f"the session is {SESSION_S:g} s"),
        _at_most("take-over on Kafka", other.get("take_over_kafka_s"), "s", TAKE_OVER_S, f"the session is {SESSION_S:g} s"),
    ]


def _elsewhere() -> list[Figure]:
    """Lines that are no measurement of speed, and where they are shown."""
    return [
        Figure("lost or doubled in the fault laboratory", None, "records", "0 after 1,000 kills", None, "not here: `make faults`"),
        Figure("Ditwah as four shards", None, "", "byte-equal on both homes, 1 and 4 processors", None, "not here: `make test`"),
    ]


def _speed(runs: Runs, column: str, variant: str) -> float | None:
    return runs.middle(column, variant, lambda run: run.readings_s)


def _p50(run: Run) -> float | None:
    return run.p50_ms


def _p99(run: Run) -> float | None:
    return run.p99_ms


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _at_least(name: str, value: float | None, unit: str, bar: float, how: str) -> Figure:
    return Figure(name, value, unit, f"at least {bar:,g}", value >= bar if value is not None else None, how)


def _at_most(name: str, value: float | None, unit: str, bar: float | None, how: str) -> Figure:
    reached = value <= bar if value is not None and bar is not None else None
    return Figure(name, value, unit, f"at most {bar:,.4g}" if bar is not None else "no peer in this run", reached, how)
