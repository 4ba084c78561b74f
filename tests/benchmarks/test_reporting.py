"""What a benchmark's run leaves: figures with their bars, a table, a picture, and nothing claimed that was not measured."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.compound import figures as names
from benchmarks.compound.figures import Figure, Runs, figures
from benchmarks.compound.measures import Run
from benchmarks.compound.report import kept, write

VARIANTS = {"columns": "10m", "rows": "1m", "latency": "lat"}
OTHER = {
    "log_p99_sqlite_ms": 19.0,
    "cost_of_readings": 1.2,
    "cost_of_areas": 2.5,
    "bytes_a_series": 150.0,
    "bytes_a_reading": 16.0,
    "restart_sqlite_s": 4.0,
}


def _run(
    column: str, variant: str, speed: float | None = None, *, p50: float | None = None, p99: float | None = None, ok: bool = True
) -> Run:
    return Run(column, variant, ok, 0 if ok else 3, 0, 0, 1000, readings_s=speed, p50_ms=p50, p99_ms=p99)


RUNS = [
    *(_run(names.KAFKA_COLUMNS_TWO, "10m", speed) for speed in (1_500_000.0, 1_800_000.0, 1_700_000.0)),
    _run(names.KAFKA_COLUMNS, "10m", 1_700_000.0),
    _run(names.SQLITE_COLUMNS, "10m", 1_700_001.0),
    _run(names.KAFKA_JSON, "1m", 150_000.0),
    _run(names.KAFKA_STREAMS, "1m", 170_000.0),
    _run(names.QUIX, "1m", 68_001.0),
    _run(names.KAFKA_JSON_ONE, "lat", p50=22.0, p99=60.0),
    _run(names.KAFKA_STREAMS, "lat", p50=72.0, p99=132.0),
    _run(names.QUIX, "lat", p50=68.0, p99=121.0),
    _run(names.SQLITE_JSON, "lat", p50=2.0, p99=61.0),
]


def _found(runs: list[Run]) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(Runs(runs), VARIANTS, OTHER)}


def test_each_line_has_its_bar_and_whether_it_is_reached() -> None:
    """Medians against the bars, both ways; what was not measured is neither reached nor missed."""
    found = _found(RUNS)
    assert {name: figure.reached for name, figure in found.items()} == {
        "columns against Kafka Streams": True,
        "columns against Quix Streams": False,
        "columns on Kafka (aim)": True,
        "JSON against Kafka Streams": False,
        "latency p50": True,
        "latency p50 on SQLite": True,
        "latency p99": True,
        "latency p99 on SQLite": False,
        "SQLite against Kafka": True,
        "p99 through the log on SQLite": True,
        "cost of 100 times the readings": True,
        "cost of 100 times the areas": False,
        "memory for each area and threshold": True,
        "memory for each reading inside the horizon": True,
        "restart on SQLite": True,
        "restart on Kafka": None,
        "take-over on SQLite": None,
        "take-over on Kafka": None,
        "lost or doubled in the fault laboratory": None,
        "Ditwah as four shards": None,
    }
    assert found["columns against Kafka Streams"].value == 10


def test_a_column_with_one_wrong_answer_has_no_figure() -> None:
    """Two runs of three with the right answer are no median: a fast wrong answer must not count."""
    found = _found([replace(run, ok=run.readings_s != 1_800_000.0) for run in RUNS])
    assert found["columns against Kafka Streams"].value is None
    assert found["columns against Kafka Streams"].reached is None


def test_a_run_leaves_results_a_table_and_a_picture(tmp_path: Path) -> None:
    """The figures by name as JSON; wrong answers and bars that are not reached stand out in the table; the picture is well-formed."""
    runs = [*RUNS, _run(names.FLINK, "1m", ok=False)]
    runs[5].latencies_ms = [1.0, 20.0, 22.0, 60.0]
    shown = figures(Runs(runs), VARIANTS, OTHER)
    write(tmp_path, "results", runs, shown, [("readings", 1, 0.6), ("readings", 100, 0.7)], 3)
    kept = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [figure["name"] for figure in kept["figures"]] == [figure.name for figure in shown]
    assert len(kept["runs"]) == len(runs)
    table = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert "| columns against Quix Streams | 25 times" in table
    assert "0 of 1 (3 missing, 0 too many, 0 twice)" in table
    assert "1,500,000 / 1,700,000 / 1,800,000" in table
    assert table.count("**no**") == sum(figure.reached is False for figure in shown)
    texts = [node.text for node in ElementTree.parse(tmp_path / "results.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert f"{names.KAFKA_COLUMNS} (10m)" in texts


def test_an_earlier_report_is_taken_up_again(tmp_path: Path) -> None:
    """What is no column can be measured later: the columns that were kept make the same table and the same curves."""
    waited = [replace(run, latencies_ms=[n / 7 for n in range(1000)]) if run.p50_ms else run for run in RUNS]
    write(tmp_path, "results", waited, figures(Runs(waited), VARIANTS, OTHER), [], 3)
    runs, rounds = kept(tmp_path, "results")
    write(tmp_path, "again", runs, figures(Runs(runs), VARIANTS, OTHER), [], rounds)
    first, second = (json.loads((tmp_path / f"{stem}.json").read_text("utf-8")) for stem in ("results", "again"))
    assert (rounds, second["runs"], second["figures"]) == (3, first["runs"], first["figures"])
    assert len(first["runs"][-1]["latencies_ms"]) == 61
