"""`python -m benchmarks.compound`: the product and its peers side by side, every column in each round.

All of it takes about an hour and needs Java, Maven and `../shared/bench`, without which the peers are left out and said to be.
`--rest` measures again what is no column (scale, memory, restart, take-over) and keeps the columns of the last whole run.
`--quick` takes less than three minutes: a tenth of the readings, one round, of the peers Kafka Streams alone and only if it is set up.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.compound import figures as names
from benchmarks.compound import memory, peers, recovery
from benchmarks.compound.figures import Runs, figures
from benchmarks.compound.homes import COLUMNS, SINGLES, Home, KafkaHome, SqliteHome, one_broker
from benchmarks.compound.measures import Given, Run, latency, throughput
from benchmarks.compound.readings import Variant
from benchmarks.compound.report import kept, write
from benchmarks.compound.watching import CHECKOUT
from benchmarks.log_latency import latencies

VAR = CHECKOUT / "var" / "bench"
ROUNDS = 3
MORE_AREAS = Variant(33, 0.2, areas=100_000)
"""`100k` with a hundred times the areas, as `10m` has a hundred times the hours."""


@dataclass(frozen=True)
class Column:
    """One column of one variant: a run a round."""

    name: str
    variant: str
    run: Callable[[], Run]


class Bench:
    """The whole.

    Args:
        quick: a share of it. rounds: how often each cost is measured.
    """

    def __init__(self, folder: Path, kafka: KafkaHome, *, quick: bool, rounds: int) -> None:
        self.folder, self.quick, self.kafka, self.rounds = folder, quick, kafka, rounds
        self.sqlite = SqliteHome(folder)
        self.variants = {"columns": "100k" if quick else "10m", "rows": "100k" if quick else "1m", "latency": "lat"}
        self._given: dict[str, Given] = {}

    def given(self, variant: str) -> Given:
        """A variant's readings with the oracle's answer, made once."""
        if variant not in self._given:
            self._given[variant] = Given.of(variant)
        return self._given[variant]

    def columns(self) -> Iterator[Column]:
        """All that is run in each round, the product first."""
        columns, rows = self.variants["columns"], self.variants["rows"]
        yield self._ours(names.KAFKA_COLUMNS, self.kafka, columns, COLUMNS)
        yield self._ours(names.KAFKA_COLUMNS_TWO, self.kafka, columns, COLUMNS, 2)
        yield self._ours(names.SQLITE_COLUMNS, self.sqlite, columns, COLUMNS)
        yield self._ours(names.KAFKA_JSON, self.kafka, rows, SINGLES, 2)
        if not self.quick:
            yield self._ours(names.KAFKA_JSON_ONE, self.kafka, rows, SINGLES)
            yield self._ours(names.SQLITE_JSON, self.sqlite, rows, SINGLES)
            yield self._wait(names.SQLITE_COLUMNS, self.sqlite, COLUMNS)
            yield self._wait(names.SQLITE_JSON, self.sqlite, SINGLES)
            yield self._wait(names.KAFKA_COLUMNS, self.kafka, COLUMNS)
        yield self._wait(names.KAFKA_JSON_ONE, self.kafka, SINGLES)
        if peers.ready():
            yield from self._peers(rows)

    def _peers(self, rows: str) -> Iterator[Column]:
        wide = "10m"
        known = peers.Peers(self.kafka.address, self.kafka.broker, (rows, "lat") if self.quick else (rows, "lat", wide))
        faithful = [(names.KAFKA_STREAMS, "kstreams"), (names.FLINK, "flink"), (names.QUIX, "quix")]
        for name, peer in faithful[:1] if self.quick else faithful:
            yield Column(name, rows, partial(known.throughput, name, peer, rows, exactly_once=True))
            if not self.quick:
                yield Column(name, "lat", partial(known.latency, name, peer, exactly_once=True))
        if not self.quick:
            for name, peer, variant, faithfully in (
                (names.BYTEWAX, "bytewax", rows, False),
                (names.HYBRID, "hybrid", rows, False),
                (names.SKETCH, "columnar", wide, True),
                (names.SKETCH_KAFKA_PYTHON, "columnar-kp", wide, False),
            ):
                yield Column(name, variant, partial(known.throughput, name, peer, variant, exactly_once=faithfully))
            yield Column(names.SKETCH, "lat", partial(known.latency, names.SKETCH, "columnar", exactly_once=True))

    def _ours(self, name: str, home: Home, variant: str, form: str, processes: int = 1) -> Column:
        return Column(name, variant, lambda: throughput(name, home, self.given(variant), form, processes, self.folder))

    def _wait(self, name: str, home: Home, form: str) -> Column:
        return Column(name, "lat", lambda: latency(name, home, self.given("lat"), form, self.folder))

    def other(self) -> tuple[dict[str, float], list[tuple[str, float, float]]]:
        """What is no column: scale, memory, restart and take-over; with the costs for the picture."""
        found: dict[str, float] = {}
        base = self._cost(self.given("100k"))
        readings, areas = self._cost(self.given("10m")), self._cost(Given.of("100k-areas", MORE_AREAS))
        found |= {"cost_of_readings": readings / base, "cost_of_areas": areas / base}
        found["bytes_a_series"], found["bytes_a_reading"] = memory.kept()
        print("; ".join(f"{name} {value:,.4g}" for name, value in found.items()), flush=True)
        found["log_p99_sqlite_ms"] = median(self._through_the_log() for _ in range(self.rounds))
        homes: tuple[Home, ...] = (self.sqlite, self.kafka)
        for home in homes:
            name = home.name.lower()
            found[f"restart_{name}_s"] = recovery.restart(home, self.given("10m"), self.folder)
            found[f"take_over_{name}_s"] = recovery.take_over(home, self.given("100k"), self.folder)
            print("; ".join(f"{one} {found[one]:.2f}" for one in (f"restart_{name}_s", f"take_over_{name}_s")), flush=True)
        return found, [("readings", 1, base), ("readings", 100, readings), ("areas", 1, base), ("areas", 100, areas)]

    def _through_the_log(self) -> float:
        """Milliseconds that 99 of a hundred records stay under from append to poll, between processes, on a new SQLite log."""
        run = f"t{time.time_ns()}"
        (self.folder / run).mkdir(parents=True)
        try:
            return float(np.percentile(latencies(self.sqlite.url(run)), 99))
        finally:
            self.sqlite.remove(run)

    def _cost(self, given: Given) -> float:
        """CPU microseconds a reading, of the processor from the moment its loop begins to the last alert; the median of the rounds."""
        runs = [_told(throughput("scale", self.sqlite, given, COLUMNS, 1, self.folder)) for _ in range(self.rounds)]
        return median((run.cpu_s - run.start_cpu_s) / len(given.readings) * 1e6 for run in runs)


def main() -> int:
    """Run it all, or a share."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compound", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a share in less than three minutes; its results land in var/bench")
    parser.add_argument("--rounds", type=int, help=f"of all columns; {ROUNDS} unless it is quick")
    parser.add_argument("--only", default="", help="columns whose names hold this text; nothing but their table is then printed")
    parser.add_argument("--rest", action="store_true", help="all but the columns, into the report of the last whole run")
    asked = parser.parse_args()
    if peers.there() and not asked.quick and not asked.rest:
        peers.set_up()
    if not peers.ready():
        print("The peers are left out: ../shared/bench is not there, or not set up yet (the full run does it).")
    folder = VAR / f"run-{time.time_ns()}"
    rounds: int = asked.rounds or (1 if asked.quick else ROUNDS)
    whole = not asked.quick and not asked.only
    where, stem = (CHECKOUT / "benchmarks", "results") if whole else (VAR, "results-share")
    runs: list[Run] = []
    before = rounds
    if asked.rest:
        runs, before = kept(where, stem)
        rounds = asked.rounds or before
    other: dict[str, float] = {}
    scale: list[tuple[str, float, float]] = []
    try:
        with one_broker(folder) as kafka:
            bench = Bench(folder, kafka, quick=asked.quick, rounds=rounds)
            columns = [column for column in bench.columns() if asked.only in column.name]
            for done in range(1, rounds + 1) if not asked.rest else ():
                runs += [_told(column.run()) for column in columns]
                # After each round, so that what is cut short leaves what it has.
                write(where, stem, runs, figures(Runs(runs), bench.variants, other), scale, done)
            if whole:
                other, scale = bench.other()
    finally:
        for left in folder.glob("*"):
            if left.name != "said":
                shutil.rmtree(left, ignore_errors=True)
    shown = figures(Runs(runs), bench.variants, other)
    write(where, stem, runs, shown, scale, before if asked.rest else rounds)
    for figure in shown:
        if figure.value is not None:
            reached = {True: "reached", False: "not reached", None: "not held against anything in this run"}[figure.reached]
            print(f"{figure.name}: {figure.value:,.4g} {figure.unit} ({figure.bar}): {reached}")
    print(f"{where / f'{stem}.md'} has it all.")
    return 0


def _told(run: Run) -> Run:
    speed = f"{run.readings_s:,.0f} readings/s" if run.readings_s else f"p50 {run.p50_ms} ms, p99 {run.p99_ms} ms" if run.p50_ms else "–"
    answer = (
        "the oracle's answer" if run.ok else f"NOT the oracle's answer: {run.missing} missing, {run.wrong} too many, {run.repeats} twice"
    )
    note = f"; {run.note}" if run.note else ""
    print(f"{run.column}, {run.variant}: {speed}; CPU {run.cpu_s} s; {answer}{note}", flush=True)
    return run


if __name__ == "__main__":
    sys.exit(main())
