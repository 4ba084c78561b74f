"""A state as bytes and back: columns as Arrow, the rest as JSON, in one compressed Arrow stream with a version."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from processors.column_snapshots import Arrays, columns_of, read_columns
from processors.columns import sources_of
from processors.levels import Code, Machine, ahead
from processors.plan import Place, Plan
from processors.series import Series, empty
from processors.snapshot_values import going_of, read_entry, read_going, read_said, said_of
from processors.sources import numbers_in, packed_source
from processors.state import Ahead, Judged, State
from processors.tracks import Track
from schemas.configuration import Configuration
from schemas.errors import PolyriskError
from schemas.inputs import BaselineRow
from schemas.observations import encode

FORMAT = 5
_PLANS = 4
"""Plans that are at hand: states of one shard are mostly judged by the same."""
_PARTS = pa.schema([pa.field("name", pa.string()), pa.field("body", pa.large_binary())])
_SERIES = ("starts", "ends", "values", "issued", "received", "sources", "rows")


def to_bytes(state: State) -> bytes:
    """A state as bytes; the same state always gives the same."""
    columns, arrays = _Columns(), Arrays()
    used = numbers_in(s.sources for t in state.tracks.values() for s in (t.series, *t.steps))
    used |= sources_of(state.columns) if state.columns is not None else set()
    told = {
        "format": FORMAT,
        "shard": state.shard,
        "now": state.now,
        "numbered": state.numbered,
        "configuration": state.plan.configuration.canonical() if state.plan is not None else None,
        "sources": [(n, state.sources[n].records) for n in sorted(used)],
        "tracks": [(*place, _track(track, columns)) for place, track in sorted(state.tracks.items())],
        "baselines": [
            (t, a, [r.model_dump(mode="json") for r in rows]) for t, by in sorted(state.baselines.items()) for a, rows in by.items()
        ],
        "alive": sorted(state.alive.items()),
        "breaches": [(*place, _judged(judged)) for place, judged in sorted(state.breaches.items())],
        "events": [(*place, _judged(judged)) for place, judged in sorted(state.events.items())],
        "regular": columns_of(state.columns, arrays, lambda t: _track(t, columns)) if state.columns is not None else None,
        "formers": len(state.formers),
        "ahead": _ahead(state.ahead) if state.ahead is not None else None,
    }
    parts = {"state": json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(), "columns": columns.encoded()}
    parts |= {"arrays": arrays.content()}
    parts |= {f"source {n}": encode(state.sources[n].batch) for n in sorted(used)}
    parts |= {f"former {n}": to_bytes(former) for n, former in enumerate(state.formers)}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, _PARTS, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(pa.table({"name": list(parts), "body": pa.array(parts.values(), pa.large_binary())}, schema=_PARTS))
    return bytes(sink.getvalue().to_pybytes())


def from_bytes(content: bytes) -> State:
    """The state that `to_bytes` wrote.

    Raises:
        PolyriskError: the bytes are not a state, or one of another format.
    """
    try:
        table = pa.ipc.open_stream(content).read_all()
        parts = dict(zip(table["name"].to_pylist(), table["body"].to_pylist(), strict=True))
        told = json.loads(parts["state"], parse_int=lru_cache(maxsize=None)(int))  # the same few moments, each held once
    except (pa.ArrowInvalid, KeyError, ValueError) as error:
        raise PolyriskError(f"These bytes are no snapshot: {error}.", remedy="Remove it; the state is made again from the log.") from error
    if told["format"] != FORMAT:
        raise PolyriskError(f"The snapshot has format {told['format']}, this version reads {FORMAT}.", remedy="Remove it.")
    plan = _read_plan(told["configuration"]) if told["configuration"] is not None else None
    arrays = pa.ipc.open_stream(parts["columns"]).read_all()
    columns = [arrays[name].to_numpy() for name in _SERIES]
    regular = told["regular"]
    baselines: dict[str, dict[str, tuple[BaselineRow, ...]]] = {}
    for threshold, area, rows in told["baselines"]:
        baselines.setdefault(threshold, {})[area] = tuple(BaselineRow.model_validate(row) for row in rows)
    return State(
        shard=told["shard"],
        now=told["now"],
        plan=plan,
        numbered=told["numbered"],
        sources={n: packed_source(tuple(records), parts[f"source {n}"]) for n, records in told["sources"]},
        tracks={(t, p): _read_track(track, columns, plan, (t, p)) for t, p, track in told["tracks"]},
        baselines=baselines,
        alive={feed: tuple((start, end) for start, end in spans) for feed, spans in told["alive"]},
        breaches={(t, p): _read_judged(judged) for t, p, judged in told["breaches"]},
        events={(r, a): _read_judged(judged) for r, a, judged in told["events"]},
        columns=None if regular is None else read_columns(regular, parts["arrays"], plan, lambda t, p: _read_track(t, columns, plan, p)),
        formers=tuple(from_bytes(parts[f"former {n}"]) for n in range(told["formers"])),
        ahead=Ahead(_read_plan(told["ahead"][0]), *told["ahead"][1:]) if told["ahead"] is not None else None,
    )


def _ahead(ahead: Ahead) -> list[Any]:
    return [ahead.plan.configuration.canonical(), ahead.start, ahead.moves]


def _read_plan(told: Mapping[str, Any]) -> Plan:
    return _plan_of(json.dumps(told, ensure_ascii=False, separators=(",", ":")))


@lru_cache(maxsize=_PLANS)
def _plan_of(told: str) -> Plan:
    configuration = Configuration.model_validate_json(told)
    return Plan(configuration, configuration.hash)


class _Columns:
    """The readings of all series, one after the other."""

    def __init__(self) -> None:
        self.kept: list[Series] = []
        self.length = 0

    def place(self, series: Series) -> tuple[int, int]:
        """Where a series stands among them."""
        self.kept.append(series)
        first, self.length = self.length, self.length + len(series)
        return first, self.length

    def encoded(self) -> bytes:
        """All of them as an Arrow stream."""
        table = pa.table({name: np.concatenate([getattr(s, name) for s in self.kept] or [np.empty(0, np.int64)]) for name in _SERIES})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue().to_pybytes())


def _track(track: Track, columns: _Columns) -> dict[str, Any]:
    return {
        "series": columns.place(track.series),
        "steps": [columns.place(s) for s in track.steps],
        "folded": track.folded,
        "edge": _machine(track.edge),
        "tip": _machine(track.tip),
        "frozen": track.frozen,
        "live": track.live,
        "declarations": track.declarations,
        "heard": track.heard,
    }


def _read_track(told: Mapping[str, Any], columns: Sequence[Any], plan: Plan | None, place: Place) -> Track:
    if plan is None:
        raise PolyriskError("The snapshot has readings but no configuration.", remedy="Remove it.")
    tip, declarations = _read_machine(told["tip"]), tuple((at, dead) for at, dead in told["declarations"])
    return Track(
        series=_read_series(told["series"], columns),
        steps=tuple(_read_series(s, columns) for s in told["steps"]),
        folded=told["folded"],
        edge=_read_machine(told["edge"]),
        tip=tip,
        frozen=tuple(read_entry(e) for e in told["frozen"]),
        live=tuple(read_entry(e) for e in told["live"]),
        tail=tuple(ahead(tip, plan.settings(*place), declarations)),
        declarations=declarations,
        heard=told["heard"],
    )


def _read_series(span: Sequence[int], columns: Sequence[Any]) -> Series:
    first, last = span
    if first == last:
        return _NOTHING
    cut = [column[first:last] for column in columns]
    return Series(*(c.astype(np.int64) for c in cut[:5]), *(c.astype(np.int32) for c in cut[5:]))


_NOTHING = empty()
"""Most series of a state that is read have no readings of their own; they need not each hold seven columns of none."""


def _machine(machine: Machine) -> list[Any]:
    return [
        machine.entered, machine.count, machine.first, machine.counted, machine.leaving, machine.start, machine.end,
        machine.codes, machine.declared, machine.dead, machine.last, machine.peak,
    ]  # fmt: skip


def _read_machine(told: Sequence[Any]) -> Machine:
    entered, count, first, counted, leaving, start, end, codes, declared, dead, last, peak = told
    entry = read_entry(last) if last is not None else None
    return Machine(entered, count, first, counted, leaving, start, end, tuple(Code(c) for c in codes), declared, dead, entry, peak)


def _judged(judged: Judged) -> dict[str, Any]:
    return {
        "going": going_of(judged.going) if judged.going is not None else None,
        "said": [said_of(s) for s in judged.said],
        "rest": [judged.judged, judged.settled, judged.deadline, judged.issued, judged.issued_level],
    }


def _read_judged(told: Mapping[str, Any]) -> Judged:
    going = read_going(told["going"]) if told["going"] is not None else None
    return Judged(going, tuple(read_said(s) for s in told["said"]), *told["rest"])
