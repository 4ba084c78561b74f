"""What tests of the whole service share: two people who sign, and what was published and can be read."""

from datetime import timedelta

from alert_places import START

from alerts.service import AlertService
from eventlog.log import EventLog
from schemas.envelopes import read_output
from schemas.warning_records import Warning

HOUSEHOLDS = 600


def sign_all(service: AlertService, hours: float = 0) -> list[Warning]:
    """Two people in two roles sign whatever waits."""
    now = START + timedelta(hours=hours)
    for waiting in service.pending():
        service.sign(waiting.id, "first person", "duty_officer", now)
    return [service.sign(waiting.id, "second person", "director", now) for waiting in service.pending()]


def english(warning: Warning) -> str:
    """A message as it is read in English."""
    return next(t.body for t in warning.texts if t.language == "en")


def warnings(log: EventLog) -> list[Warning]:
    """All that was published of warnings, in order."""
    return [w for s in log.read("warnings") if isinstance(w := read_output(s.record), Warning)]
