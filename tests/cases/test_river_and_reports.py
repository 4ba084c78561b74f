"""Nawalapitiya, 27 November 2025: three households write before the gauge says flood, and everybody there is warned earlier.

The river is as it was recorded, fetched from its stand-in. What people write is made up, and comes in as Twilio would bring it: signed,
over HTTP. Nothing else is imitated but the provider, which takes what goes out and calls back.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from twilio.request_validator import RequestValidator

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from eventlog.archive import Archive
from eventlog.log import open_log
from feeds.cases import Case
from feeds.clock import FileClock
from feeds.ingest import Ingest
from feeds.manifest import load_manifest
from feeds.stand_ins import StandInServer
from polyrisk.listener_command import Listening
from processors.loop import Processor
from schemas.country_files import CHECKOUT, load_country
from schemas.envelopes import input_record, read_output
from schemas.inputs import ConfigChange, Tick
from schemas.levels import Level
from schemas.outputs import CompoundEvent, Reading, ThresholdBreach
from schemas.warning_records import AnswerCount, Delivery

RIVER = "lka_irrigation_river"
MORNING = datetime(2025, 11, 27, 8, tzinfo=UTC)
AMA, BINDU, CHITRA, DEVI = (f"+99910000020{n}" for n in range(1, 5))
PATIENCE_S = 30.0


class Nawalapitiya:
    """All parts of an installation before the recorded river, with four households in the division."""

    def __init__(self, stack: ExitStack, root: Path) -> None:
        folder = root / "countries" / "lka"
        shutil.copytree(CHECKOUT / "countries" / "lka", folder, ignore=shutil.ignore_patterns("cases", "tests", "*.geojson"))
        rules = (folder / "rules.yaml").read_text(encoding="utf-8")
        shadow = next(line for line in rules.splitlines() if line.startswith("  shadow: {}"))
        (folder / "rules.yaml").write_text(rules.replace(shadow, ""), encoding="utf-8")
        self.country = load_country(folder)
        self.state = root / "state"
        self.state.mkdir()
        self.clock = FileClock(self.state / "clock")
        self.clock.set(MORNING)
        self.log = stack.enter_context(closing(open_log(f"sqlite:///{self.state / 'log.db'}")))
        self.registry = Registry(f"sqlite:///{self.state / 'registry.db'}", Keys.load(self.state / "keys", create=True))
        stack.callback(self.registry.close)
        case = Case.load(CHECKOUT / "countries" / "lka" / "cases" / "ditwah-2025")
        self.sources = stack.enter_context(StandInServer(case, self.clock))
        self.listening = Listening(stack, self.log, self.country, self.state, self.clock, 0, played=True)
        self.provider = stack.enter_context(StandInProvider())
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", self.provider.base_url, f"{self.listening.url}/twilio_sms/receipt")
        self.alerts = stack.enter_context(closing(AlertService(self.log, self.registry, self.country, TwilioSms(account))))
        self.judge = stack.enter_context(closing(Processor(self.log, "LKA")))
        self._serial = 0
        configuration = self.country.configuration
        change = ConfigChange(at=MORNING, hash=configuration.hash, configuration=configuration.canonical(), author="test", reason="start")
        self.log.append([input_record("LKA", change)])
        consent = Consent(MORNING, "v1", "a volunteer")
        people = {"ama": (AMA, "en"), "bindu": (BINDU, "si"), "chitra": (CHITRA, "ta"), "devi": (DEVI, "en")}
        self.registry.enrol_synthetic(
            [(name, Enrolment(number, "LK2157", language, "household", consent)) for name, (number, language) in people.items()]
        )

    def at(self, hour: int, minute: int = 0) -> None:
        """The clock of the day, UTC."""
        self.clock.set(MORNING.replace(hour=hour, minute=minute))

    def fetch(self) -> None:
        """The river's feed is asked."""
        way_in = Ingest(self.country, self.log, Archive(str(self.state / "archive")), self.state, self.sources.base_url, attempts=1)
        way_in.run(load_manifest(RIVER), self.clock.now())

    def go_on(self) -> None:
        """Everybody does what there is to do."""
        self.listening.turn()
        self.log.append([input_record("LKA", Tick(at=self.clock.now()))])
        self.judge.run_until_idle()
        self.alerts.run_once(self.clock.now())

    def write(self, number: str, body: str) -> int:
        """A household sends an SMS, which Twilio brings us."""
        self._serial += 1
        address = f"{self.listening.url}/twilio_sms/message"
        form = {"MessageSid": f"SM{self._serial:032d}", "From": number, "To": "12345", "Body": body}
        signature = RequestValidator(AUTH_TOKEN).compute_signature(address, form)
        return httpx.post(address, data=form, headers={"X-Twilio-Signature": signature}, timeout=30).status_code

    def events(self) -> list[CompoundEvent]:
        """What was said of the rule on reports."""
        found = (read_output(stored.record) for stored in self.log.read("events"))
        return [e for e in found if isinstance(e, CompoundEvent) and e.rule == "river_and_reports"]

    def floods(self) -> list[datetime]:
        """When the gauge was known to be at its minor flood level or above."""
        found = (read_output(stored.record) for stored in self.log.read("breaches"))
        return [b.known for b in found if isinstance(b, ThresholdBreach) and b.area == "lk-nawalapitiya" and b.level >= Level.ORANGE]

    def told(self, number: str) -> list[str]:
        """All that the provider took for a number, oldest first."""
        return [message.body for message in self.provider.accepted if message.to == number]

    def counts(self) -> dict[str, int]:
        """The newest counts on the log: messages by state, and answers."""
        found: dict[tuple[str, ...], int] = {}
        for stored in self.log.read("deliveries"):
            count = read_output(stored.record)
            if isinstance(count, Delivery):
                found[count.message, count.area, count.language, count.state.value] = count.count
            elif isinstance(count, AnswerCount):
                found[count.message, count.area, count.language, count.answer.value] = count.count
        return {what: sum(n for key, n in found.items() if key[3] == what) for what in {key[3] for key in found}}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Nawalapitiya]:
    """The installation, ended after the test."""
    with ExitStack() as stack:
        yield Nawalapitiya(stack, tmp_path)


def readings(evidence: object) -> list[Reading]:
    """All readings behind an event."""
    return [r for part in evidence.parts for r in readings(part)] + list(evidence.readings)  # type: ignore[attr-defined]


def test_three_reports_within_six_hours_warn_before_the_gauge_does(here: Nawalapitiya) -> None:
    """The gauge is at its alert level from 11:33 on, at its minor flood level from 13:35. The third household writes at 11:50: people are
    warned at noon, by words that go back to three reports and a gauge, and each who wrote is answered once."""
    here.at(10, 40)
    assert here.write(AMA, "WATER 2") == 200
    here.at(10, 45)  # of two readings of one moment neither is the later
    assert [here.write(AMA, "water 3"), here.write(DEVI, "water all over")] == [200] * 2
    here.go_on()
    here.at(11, 10)
    assert here.write(BINDU, "වතුර 1") == 200
    here.go_on()
    here.at(11, 40)
    here.fetch()
    here.go_on()
    assert here.events() == []  # two people and a gauge are not three people and a gauge

    here.at(11, 50)
    assert here.write(CHITRA, "தண்ணீர் ௪") == 200
    here.go_on()
    (opened,) = here.events()
    assert (opened.area, opened.known) == ("LK2157", MORNING.replace(hour=11, minute=50))
    assert here.floods() == []
    reports = sorted((r for r in readings(opened.evidence) if r.indicator.startswith("community_report")), key=lambda r: r.end)
    newest = {r.area: (r.value, r.feed, r.quality.value) for r in reports}  # three voices, though Ama wrote twice
    assert newest == {
        "LK2157-voice-1": (3.0, "community_reports", "reported"),
        "LK2157-voice-2": (1.0, "community_reports", "reported"),
        "LK2157-voice-3": (4.0, "community_reports", "reported"),
    }

    here.at(12)
    (waiting,) = [warning for warning in here.alerts.pending() if warning.rule == "river_and_reports"]
    here.alerts.sign(waiting.id, "A. Perera", "duty_officer", here.clock.now())
    here.alerts.sign(waiting.id, "B. Silva", "director", here.clock.now())
    here.go_on()
    answers = {number: len(here.told(number)) for number in (AMA, BINDU, CHITRA, DEVI)}
    assert answers == {AMA: 3, BINDU: 2, CHITRA: 2, DEVI: 2}  # one answer to each message, and the warning
    for understood in ("We understood: WATER 2, Pasbagekorale", "We understood: WATER 3, Pasbagekorale"):
        assert sum(understood in body for body in here.told(AMA)) == 1
    assert "Write it like this: WATER 2" in here.told(DEVI)[0]
    assert [("FLOOD" in body, "Pasbagekorale" in body) for body in here.told(DEVI)[1:]] == [(True, True)]

    here.at(12, 10)
    assert [here.write(AMA, "1"), here.write(BINDU, "1"), here.write(DEVI, "2")] == [200] * 3
    deadline = time.monotonic() + PATIENCE_S
    while [here.counts().get(what, 0) for what in ("delivered", "safe", "need_help")] != [4, 2, 1]:
        assert time.monotonic() < deadline, here.counts()
        here.go_on()

    here.at(14)
    here.fetch()
    here.go_on()
    assert here.floods()[0] - opened.known > timedelta(hours=2)


def test_nobody_who_wrote_can_be_found_on_the_log(here: Nawalapitiya) -> None:
    """No number, no id of the registry, no id of the provider's message: the log may be copied to the region."""
    here.at(11, 50)
    for number in (AMA, BINDU, CHITRA):
        here.write(number, "WATER 2")
    here.go_on()
    log = b"".join(p.read_bytes() for p in here.state.glob("log.db*"))
    assert b"LK2157-voice-3" in log
    assert not [word for word in (AMA[1:], BINDU[1:], "chitra", f"SM{1:032d}") if word.encode() in log]
