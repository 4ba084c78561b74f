"""The regular places of a shard as bytes and back: arrays as they lie in memory, the rest as JSON values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import accumulate, chain, pairwise
from typing import Any, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from processors.column_machine import Machines, codes_of
from processors.columns import Columns, Course, Mark, Watch, put_together
from processors.levels import Entry
from processors.plan import Plan
from processors.regular import layout_of
from processors.rows import Rows, packed_rows
from processors.stretches import Said
from processors.tracks import Track
from schemas.errors import PolyriskError

Values = TypeVar("Values")
_Watches = tuple[tuple[tuple[Said, ...], int, int] | None, ...]
"""Of each series `Watch` without its entries."""
_Courses = tuple[tuple[Course, ...], ...]
_PLAIN = ("seen_ends", "seen_starts", "newest", "regular", "since", "carried", "gives_up")


class Arrays:
    """Arrays one after the other in one stretch of bytes, each found again by its place."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def place(self, array: npt.NDArray[Any]) -> list[Any]:
        """Where an array stands, with its type and shape."""
        content = np.ascontiguousarray(array).tobytes()
        place = [array.dtype.str, list(array.shape), self._length]
        self._parts.append(content)
        self._length += len(content)
        return place

    def content(self) -> bytes:
        """All of them."""
        return b"".join(self._parts)


def _array(place: Sequence[Any], content: bytes) -> npt.NDArray[Any]:
    kind, shape, first = place
    count = int(np.prod(shape)) if shape else 1
    found: npt.NDArray[Any] = np.frombuffer(content, dtype=np.dtype(kind), count=count, offset=first).reshape(shape)
    return found


def columns_of(columns: Columns, arrays: Arrays, track: Callable[[Track], Any]) -> dict[str, Any]:
    """The columns as JSON values; their arrays are placed.

    Args:
        track: writes a track.
    """

    def placed(values: Any) -> list[Any]:
        return arrays.place(np.frombuffer(msgspec.json.encode(values), dtype=np.uint8))

    return {
        "plain": {name: arrays.place(getattr(columns, name)) for name in _PLAIN},
        "machines": _fields(columns.machines, arrays),
        "marks": [[m.at, _fields(m.machines, arrays), arrays.place(m.seen_ends), arrays.place(m.seen_starts)] for m in columns.marks],
        "history": _fields(put_together(columns.history), arrays),
        "pending": _fields(columns.pending, arrays),
        "bases": [[lane, track(base)] for lane, base in sorted(columns.bases.items())],
        "watches": placed([watch[1:] if watch is not None else None for watch in columns.watches]),
        "entries": _entries(columns.watches, arrays),
        "courses": placed(columns.courses),
    }


def read_columns(told: Mapping[str, Any], content: bytes, plan: Plan | None, track: Callable[[Any, tuple[str, str]], Track]) -> Columns:
    """The columns that `columns_of` wrote.

    Raises:
        PolyriskError: there is no plan that has such columns.
    """
    layout = layout_of(plan) if plan is not None else None
    if layout is None:
        raise PolyriskError("The snapshot has regular places, and no configuration that can have any.", remedy="Remove it.")
    width = len(layout.thresholds)

    def read(place: Sequence[Any], values: type[Values]) -> Values:
        return msgspec.json.decode(_array(place, content).data, type=values)

    marks = [
        Mark.of(at, Machines(**_arrays(machines, content)), _array(ends, content), _array(starts, content))
        for at, machines, ends, starts in told["marks"]
    ]
    return Columns(
        layout=layout,
        machines=Machines(**_arrays(told["machines"], content)),
        **_arrays(told["plain"], content),
        watches=tuple(
            [
                Watch(tuple(entries), *rest) if rest is not None else None
                for rest, entries in zip(read(told["watches"], _Watches), _read_entries(told["entries"], content), strict=True)
            ]
        ),
        courses=read(told["courses"], _Courses),
        history=(packed_rows(Rows(**_arrays(told["history"], content))),),
        pending=Rows(**_arrays(told["pending"], content)),
        marks=tuple(marks),
        bases={lane: track(base, (layout.thresholds[lane % width], layout.areas[lane // width])) for lane, base in told["bases"]},
    )


def _fields(of: Machines | Rows, arrays: Arrays) -> dict[str, Any]:
    return {field.name: arrays.place(getattr(of, field.name)) for field in fields(of)}


def _arrays(places: Mapping[str, Sequence[Any]], content: bytes) -> dict[str, Any]:
    return {name: _array(place, content) for name, place in places.items()}


def _entries(watches: Sequence[Watch | None], arrays: Arrays) -> dict[str, Any]:
    """The entries of all series, one after the other: they are by far the most that is kept of regular places."""
    of_each = [watch.entries if watch is not None else () for watch in watches]
    entries = list(chain.from_iterable(of_each))
    words = {codes: number for number, codes in enumerate(dict.fromkeys([entry.codes for entry in entries]))}

    def placed(numbers: Iterable[int]) -> list[Any]:
        return arrays.place(np.fromiter(numbers, dtype=np.int64))

    return {
        "words": list(words),
        "lengths": placed(map(len, of_each)),
        "start": placed(entry.start for entry in entries),
        "end": placed(entry.end for entry in entries),
        "codes": placed(words[entry.codes] for entry in entries),
        "counts": placed(entry.counts for entry in entries),
        "peak": placed(entry.peak for entry in entries),
    }


def _read_entries(told: Mapping[str, Any], content: bytes) -> list[list[Entry]]:
    words = [codes_of(word) for word in told["words"]]
    numbers: dict[int, int] = {}  # each once, as in `forward`

    def read(name: str) -> list[int]:
        return [numbers.setdefault(number, number) for number in _array(told[name], content).tolist()]

    start, end, codes, counts, peak = [read(name) for name in ("start", "end", "codes", "counts", "peak")]
    entries = list(map(Entry, start, end, [words[n] for n in codes], map(bool, counts), peak))
    edges = [0, *accumulate(_array(told["lengths"], content).tolist())]
    return [entries[first:last] for first, last in pairwise(edges)]
