"""Rules with what cannot be judged going forward have no columns: their places are judged by timelines, which is as right."""

from typing import Any

import pytest
from engine_tables import configuration

from processors.plan import Plan
from processors.regular import layout_of

RIVER = "river >= orange"


def laid_out(rule: dict[str, Any]) -> bool:
    """Whether a configuration with this one rule has places in columns."""
    configured = configuration([{"name": "river", "levels": {"orange": "7 m", "red": "9 m"}}], [{"name": "rule", "when": RIVER, **rule}])
    return layout_of(Plan(configured, configured.hash)) is not None


def test_a_plain_rule_is_judged_in_columns() -> None:
    """What all the others below differ from."""
    assert laid_out({})
    assert laid_out({"when": {"all": [RIVER, {"not": "river >= red"}]}, "raise": {"to": "red", "if": "river >= red"}})


@pytest.mark.parametrize(
    "rule",
    [
        {"when": {"condition": RIVER, "for": "2 h"}},
        {"when": {"not": RIVER, "for": "2 h"}},
        {"when": {"times": 2, "of": RIVER, "within": "2 d"}},
        {"when": {"share": "50 %", "of": "neighbours", "condition": RIVER}},
        {"when": {"near": {"distance": "5 km", "condition": RIVER}}},
        {"when": {"any": [RIVER, {"times": 2, "of": RIVER, "within": "2 d"}]}},
        {"unless": "river >= red"},
        {"raise": {"to": "red", "if": {"condition": RIVER, "for": "2 h"}}},
        {"move": {"by": 1, "if": "vulnerability.poor > 20 %", "why": "no boats"}},
        {"valid": "2025-01-01..2025-12-31"},
    ],
)
def test_a_rule_that_looks_elsewhere_or_is_moved_is_not(rule: dict[str, Any]) -> None:
    """Columns know neither what was before, nor what is beside, nor what people are asked about, nor figures, nor days."""
    assert not laid_out(rule)
