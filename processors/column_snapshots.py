"""The regular places of a shard as bytes and back: arrays as they lie in memory, the rest as JSON values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from processors.column_machine import Machines
from processors.columns import Columns, Course, Mark, Watch, put_together
from processors.life import Going
from processors.plan import Plan
from processors.pointwise import Shown, Standing
from processors.regular import layout_of
from processors.rows import Rows
from processors.snapshot_values import entry_of, going_of, read_entry, read_going, read_said, said_of
from processors.tracks import Track
from schemas.errors import PolyriskError

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
    return {
        "plain": {name: arrays.place(getattr(columns, name)) for name in _PLAIN},
        "machines": _fields(columns.machines, arrays),
        "marks": [[m.at, _fields(m.machines, arrays), arrays.place(m.seen_ends), arrays.place(m.seen_starts)] for m in columns.marks],
        "history": _fields(put_together(columns.history), arrays),
        "pending": _fields(columns.pending, arrays),
        "bases": [[lane, track(base)] for lane, base in sorted(columns.bases.items())],
        "watches": [_watch(watch) for watch in columns.watches],
        "courses": [[_course(course) for course in courses] for courses in columns.courses],
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
    marks = [
        Mark(at, Machines(**_arrays(machines, content)), _array(ends, content), _array(starts, content))
        for at, machines, ends, starts in told["marks"]
    ]
    return Columns(
        layout=layout,
        machines=Machines(**_arrays(told["machines"], content)),
        **_arrays(told["plain"], content),
        watches=tuple([_read_watch(watch) for watch in told["watches"]]),
        courses=tuple([tuple([_read_course(course) for course in courses]) for courses in told["courses"]]),
        history=(Rows(**_arrays(told["history"], content)),),
        pending=Rows(**_arrays(told["pending"], content)),
        marks=tuple(marks),
        bases={lane: track(base, (layout.thresholds[lane % width], layout.areas[lane // width])) for lane, base in told["bases"]},
    )


def _fields(of: Machines | Rows, arrays: Arrays) -> dict[str, Any]:
    return {field.name: arrays.place(getattr(of, field.name)) for field in fields(of)}


def _arrays(places: Mapping[str, Sequence[Any]], content: bytes) -> dict[str, Any]:
    return {name: _array(place, content) for name, place in places.items()}


def _watch(watch: Watch | None) -> list[Any] | None:
    if watch is None:
        return None
    return [[entry_of(e) for e in watch.entries], [said_of(s) for s in watch.said], watch.judged, watch.settled]


def _read_watch(told: Sequence[Any] | None) -> Watch | None:
    if told is None:
        return None
    entries, said, judged, settled = told
    return Watch(tuple([read_entry(e) for e in entries]), tuple([read_said(s) for s in said]), judged, settled)


def _course(course: Course) -> list[Any]:
    truths, since, shown = course.standing
    return [
        [truths, since, shown], course.moment, going_of(course.going), going_of(course.base), [said_of(s) for s in course.said],
        course.judged, course.issued, course.issued_level,
    ]  # fmt: skip


def _read_course(told: Sequence[Any]) -> Course:
    (truths, since, shown), moment, going, base, said, judged, issued, issued_level = told
    standing = Standing(tuple(truths), tuple(since), tuple([_read_shown(one) for one in shown]))
    walks: tuple[Going, Going] = read_going(going), read_going(base)
    return Course(standing, moment, *walks, tuple([read_said(s) for s in said]), judged, issued, issued_level)


def _read_shown(told: Sequence[Any] | None) -> Shown | None:
    if told is None:
        return None
    known, hidden, dark, settled = told
    return Shown(known, tuple([(first, last) for first, last in hidden]), dark, settled)
