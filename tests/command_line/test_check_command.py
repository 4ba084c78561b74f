"""`polyrisk check` as a planner reads it: what must be changed stands where the eye is."""

from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from polyrisk.__main__ import main
from schemas.findings import Finding


def test_what_must_be_changed_stands_below_the_notes_beside_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A note needs no change, and there may be many: the one line that does is not among them."""
    notes = [Finding(check="draft", file=f"countries/{n}/texts", line=0, column=0, what="drafts.", note=True) for n in ("aaa", "zzz")]
    wrong = Finding(check="unit", file="countries/lka/thresholds.yaml", line=82, column=43, what="`150 mmm` is in mmm.")

    def found(_: Path, today: date | None = None, only: str | None = None) -> tuple[list[Finding], int]:
        return [notes[0], wrong, notes[1]], 3

    monkeypatch.setattr("polyrisk.check.check", found)
    shown = CliRunner().invoke(main, ["check"])
    assert shown.exit_code == 1
    assert shown.output.splitlines()[-2:] == ["countries/lka/thresholds.yaml:82:43: `150 mmm` is in mmm.", "1 finding in 3 countries."]


def test_one_country_is_looked_at_by_its_name() -> None:
    """As the other commands of a planner take it; what all countries share is looked at too, and a slip of the pen is found."""
    shown = CliRunner().invoke(main, ["check", "LKA"])
    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines()[-1] == "1 country: nothing found."
    assert "countries/npl" not in shown.output
    slip = CliRunner().invoke(main, ["check", "lkka"])
    assert slip.exit_code == 2
    assert "lka" in slip.output
