"""What the doctor looks at of drills: when the last one was, whether it was good, and whether the weekly one comes at all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from alerts.drills import results
from alerts.drills.schedule import planned_drills
from console.local_time import span_text
from polyrisk.doctor_words import Found, Look, Verdict
from polyrisk.drill_command import has_list
from polyrisk.installation import Installation

LONGEST_WITHOUT = timedelta(days=8)
"""A week, and a day in which it may be held late; the alarm DrillOverdue waits as long."""
_SUBJECT = "drills"


def looks(state: Path, here: Installation, now: datetime) -> list[tuple[str, Look]]:
    """The one subject with how to look at it.

    Args:
        now: by the machine's clock, as drills are held.
    """
    return [(_SUBJECT, partial(drills, state, here, now))]


def drills(state: Path, here: Installation, now: datetime) -> Iterator[Found]:
    """The last one, and the weekly one of a country whose file names a case."""
    planned = next((one for one in planned_drills() if one.country == here.country.code), None)
    held = results.kept(state)
    last = held[-1] if held else None
    if planned is not None and not has_list(state):
        remedy = "Write `drill-list.csv` with them into the folder; until then nobody knows whether a warning would arrive."
        yield Found(_SUBJECT, Verdict.WRONG, f"the weekly drill {planned.case} has no list of those who agreed.", remedy)
        return
    if last is None or (planned is not None and now - last.ended > LONGEST_WITHOUT):
        yield _missing(last, now, planned.case if planned is not None else "")
        return
    went = "sent" if last.sent else "dry"
    said = f"the last one, {last.name} ({went}), ended {span_text(now - last.ended)} ago"
    if last.good:
        yield Found(_SUBJECT, Verdict.OK, f"{said} and was good")
        return
    remedy = f"`polyrisk drill show {last.name}` shows its stages; mend what was wrong, then hold one: `polyrisk drill {last.case}`."
    yield Found(_SUBJECT, Verdict.WRONG, f"{said} and was NOT good: {'; '.join(last.faults)}.", remedy)


def _missing(last: results.DrillResult | None, now: datetime, weekly: str) -> Found:
    """None was ever held, or none this week."""
    if not weekly:
        return Found(_SUBJECT, Verdict.OK, "none was held here, and the country's file asks for none (`drill: {case: ...}`)")
    since = "none was ever held" if last is None else f"none was held since {last.name}, {span_text(now - last.ended)} ago"
    remedy = f"Its run in Airflow says why; then hold one: `polyrisk drill {weekly}`."
    return Found(_SUBJECT, Verdict.WRONG, f"{since}, and {weekly} is to be held each week.", remedy)
