"""What was said of a few days, said again at an earlier time: under other identifiers, with all its moments moved."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from schemas.envelopes import output_record, read_output
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record
from schemas.warning_records import AnswerCount, Delivery, Warning

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_OWN = {
    "breach": ("id", "record"),
    "event": ("id", "record"),
    "warning": ("event", "warning"),
    "delivery": ("warning",),
    "answer": ("warning",),
}


def ended(records: Sequence[Record]) -> frozenset[str]:
    """Breaches and events that ended, and warnings that were cancelled, by what the records say."""
    last: dict[str, bool] = {}
    for said in map(read_output, records):
        match said:
            case ThresholdBreach():
                last[said.id] = said.change.value == "closed"
            case CompoundEvent():
                last[said.id] = said.ended
            case Warning():
                last[said.warning] = last.get(said.warning, False) or (said.message_type == "Cancel" and said.issued is not None)
    return frozenset(id for id, over in last.items() if over)


def said_again(records: Sequence[Record], over: Set[str], earlier: timedelta) -> Iterator[Record]:
    """Of what ended, all that was said of it, so much earlier."""
    mark = f"~{earlier.days}"
    for record in records:
        said = read_output(record)
        if not isinstance(said, ThresholdBreach | CompoundEvent | Warning | Delivery | AnswerCount) or _of(said) not in over:
            continue
        content = _marked(json.loads(record.payload), mark)
        payload = _MOMENT.sub(lambda found: _moved(found[0], earlier), json.dumps(content, ensure_ascii=False))
        moved = type(said).model_validate_json(payload)
        yield output_record(moved, f"{record.id}{mark}", record.received - earlier)


def _of(said: ThresholdBreach | CompoundEvent | Warning | Delivery | AnswerCount) -> str:
    return said.id if isinstance(said, ThresholdBreach | CompoundEvent) else said.warning


def _marked(content: Mapping[str, Any], mark: str) -> dict[str, Any]:
    marked = dict(content) | {name: f"{content[name]}{mark}" for name in _OWN[content["kind"]]}
    if content["kind"] in ("breach", "event"):
        return marked
    for name in {"warning": ("id",), "delivery": ("message",), "answer": ("message",)}[content["kind"]]:
        marked[name] = _message(content[name], mark)
    if "references" in content:
        marked["references"] = [_message(one, mark) for one in content["references"]]
    return marked


def _message(id: str, mark: str) -> str:
    warning, _, number = id.rpartition(".")
    return f"{warning}{mark}.{number}"


def _moved(moment: str, earlier: timedelta) -> str:
    return (datetime.fromisoformat(moment) - earlier).isoformat()
