"""The page of guarantees names tests that are there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = (TESTS.parent / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)::(\w+)`", PAGE)))


def test_every_guarantee_names_a_test() -> None:
    """Each row of the tables ends with at least one."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| guarantee", "| ---"))]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row.rsplit("|", 2)[1]] == []


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_the_tests_named_are_there(file: str, test: str) -> None:
    """A test that is renamed or dropped takes its guarantee with it."""
    assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8")
