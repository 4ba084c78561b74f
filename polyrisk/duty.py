"""What somebody on duty does beside the service that runs: sign, silence, correct. Nothing is taken in or sent here."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alerts.desk import DutyDesk
from alerts.registry import open_registry
from polyrisk.config_apply import clock_of
from polyrisk.installation import Installation
from schemas.warning_records import Warning


@dataclass(frozen=True)
class Duty:
    """The duty desk over what lies in an installation's folder, and the installation's time."""

    service: DutyDesk
    now: datetime


@contextmanager
def on_duty(state: Path, here: Installation) -> Iterator[Duty]:
    """Open the desk for as long as the `with` block lasts."""
    registry = open_registry(state)
    with closing(registry):
        yield Duty(DutyDesk(here.log, registry, here.country), clock_of(state).now())


def sign(duty: Duty, message: str, by: str, role: str, seen: str) -> Warning:
    """Sign a message that waits; its id may be shortened. Answers it as it then stands.

    Args:
        seen: the code of what was read (`alerts.approvals.code`).

    Raises:
        RefusedError: nothing waits under this id, the role may not sign, or this person or role has signed already.
    """
    return duty.service.sign(waiting_id(duty, message), by, role, duty.now, seen)


def waiting_id(duty: Duty, message: str) -> str:
    """The whole id of a message that waits, of which the beginning was given; what was given if it says none or several."""
    waiting = [w.id for w in duty.service.pending() if w.id.startswith(message)]
    return waiting[0] if len(waiting) == 1 else message
