"""Thresholds of any kind and histories of one place, for the tests of kinds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine_tables import DOCUMENT

from processors.kinds import KINDS, bounds_of
from schemas.configuration import Threshold
from schemas.inputs import BaselineRow


def threshold(kind: str, levels: Mapping[str, str], **more: Any) -> Threshold:
    """A threshold of a kind on dengue cases, unless something else is said."""
    body = {"name": "t", "indicator": "dengue_cases", "at": "adm2", "stale_after": "21 d", "document": DOCUMENT}
    return Threshold.model_validate({**body, "kind": kind, "levels": dict(levels), **more})


def rows(made: Threshold, history: Mapping[int, float], first: datetime, last: datetime) -> list[BaselineRow]:
    """The rows of the threshold's baseline for the periods that begin in [first, last)."""
    baseline = KINDS[made.kind].baseline
    assert baseline is not None
    assert made.baseline is not None
    return baseline.rows("A", history, made.baseline, bounds_of(made), first, last)
