"""An officer's own telephone, given at the console: it is used once a code came back from it, and nobody reads a number meanwhile."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from alert_places import START
from argon2 import PasswordHasher
from officers_desk import ADMINISTRATOR, Desk, approver
from sending import Wall
from sqlalchemy import select, update

from alerts import journal, stops
from alerts.channels.contract import Accepted, Cause, Outgoing, Receipt, ReceiptState
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.listening.listener import Listener
from alerts.marks import is_exercise
from alerts.officers import passwords
from alerts.officers.accounts import choose_language
from alerts.officers.officer import ConsoleRole, Grant, Officer
from alerts.people.rotation import rotate
from alerts.registry import Registry
from alerts.retention import forget
from alerts.roster import telephones
from alerts.roster.code_sender import CodeSender
from alerts.roster.own_telephone import OwnTelephone
from alerts.roster.telephone_codes import HOLDS, MOST_A_DAY, MOST_AN_HOUR, MOST_WRONG
from alerts.segments import measure
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from alerts.stand_in_provider.server import Mode
from alerts.tables import telephone_codes
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.warning_records import MessageState

OWN, OTHER = "+999700000001", "+999700000002"


class Office:
    """Two officers without telephones, and a provider."""

    def __init__(self, log: EventLog, registry: Registry, country: LoadedCountry, provider: StandInProvider) -> None:
        self.log, self.registry, self.country, self.provider = log, registry, country, provider
        self.now, self.wall = START, Wall()
        self.desk = Desk(registry, country)
        self.desk.first()
        self.perera, self.silva = self.officer("perera", approver("duty_officer")), self.officer("silva", approver("director"))
        self.own = OwnTelephone(registry, country, lambda: self.now)
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider.base_url, None)
        self.channel = TwilioSms(account, timeout_s=5.0)

    def officer(self, name: str, *granted: Grant) -> Officer:
        """An account."""
        self.desk.administering.add(name, name.title(), ADMINISTRATOR)
        for grant in granted:
            self.desk.administering.grant(name, grant, ADMINISTRATOR)
        return self.desk.officer(name)

    def turns(self, **passes: float) -> None:
        """The service hands over what was asked for, after a while."""
        self.now += timedelta(**passes)
        CodeSender(self.registry, self.country, self.channel, wall_clock=self.wall).turn(self.now)

    def came(self) -> list[tuple[str, str]]:
        """Number and code of all that the provider took."""
        return [(one.to, one.body.partition(": ")[2].partition(" ")[0]) for one in self.provider.accepted]

    def known(self, officer: Officer | None = None) -> str | None:
        """The number that is used."""
        with self.registry.reading() as connection:
            return telephones.of(connection, self.registry.keys, (officer or self.perera).id)

    def steps(self) -> list[tuple[str, str]]:
        """What the journal says of telephones, and what was refused."""
        with self.registry.reading() as connection:
            found = [(e.step, e.content) for e in journal.entries(connection)]
        return [one for one in found if one[0].startswith("telephone") or one[0] == "refused"]

    def rows(self) -> int:
        """How many codes wait."""
        with self.registry.reading() as connection:
            return len(connection.execute(select(telephone_codes)).all())


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least cost: passwords are not what is tried here."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def provider() -> Iterator[StandInProvider]:
    """A provider on the loopback interface."""
    with StandInProvider() as running:
        yield running


@pytest.fixture
def office(log: EventLog, homed: Registry, country: LoadedCountry, provider: StandInProvider) -> Office:
    """In each kind of database."""
    return Office(log, homed, country, provider)


def test_a_number_is_used_once_its_code_came_back(office: Office) -> None:
    """Until then nobody is woken there; afterwards the code and the other copy of the number are gone."""
    office.own.ask(office.perera, OWN)
    office.turns()
    ((to, code),) = office.came()
    assert (to, len(code), code.isdecimal()) == (OWN, 6, True)
    assert office.known() is None
    waiting = office.own.look(office.perera).waiting
    assert waiting is not None
    assert (waiting.number, waiting.state) == ("...01", MessageState.ACCEPTED)
    office.own.confirm(office.perera, f" {code[:3]} {code[3:]} ")
    assert office.known() == OWN
    assert office.own.look(office.perera).number == "...01"
    assert office.rows() == 0
    assert [step for step, _ in office.steps()] == ["telephone_asked", "telephone_given"]


def test_the_number_before_is_used_until_the_new_one_is_confirmed(office: Office) -> None:
    """Whoever mistypes their new number is woken at the old one; only the newest code counts."""
    with office.registry.acting() as connection:
        telephones.give(connection, office.registry.keys, office.perera, OTHER, office.now)
    office.own.ask(office.perera, "+999700000009")
    office.own.ask(office.perera, OWN)
    office.turns()
    assert office.known() == OTHER
    ((to, code),) = office.came()
    assert to == OWN
    office.own.confirm(office.perera, code)
    assert office.known() == OWN
    with pytest.raises(RefusedError, match="known already"):
        office.own.ask(office.perera, OWN)


def test_a_code_is_of_the_one_who_asked(office: Office) -> None:
    """What came to another officer's telephone confirms nobody else's."""
    office.own.ask(office.perera, OWN)
    office.own.ask(office.silva, OTHER)
    office.turns()
    codes_of = dict(office.came())
    assert codes_of[OWN] != codes_of[OTHER]
    with pytest.raises(RefusedError, match="not the code"):
        office.own.confirm(office.perera, codes_of[OTHER])
    office.own.confirm(office.silva, codes_of[OTHER])
    assert (office.known(), office.known(office.silva)) == (None, OTHER)


def test_after_a_few_wrong_codes_the_right_one_is_void(office: Office) -> None:
    """Each wrong one is kept though it was refused, and stands in the journal; another must be asked for."""
    office.own.ask(office.perera, OWN)
    office.turns()
    ((_, code),) = office.came()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(MOST_WRONG):
        with pytest.raises(RefusedError, match="not the code"):
            office.own.confirm(office.perera, wrong)
    assert len([step for step, _ in office.steps() if step == "refused"]) == MOST_WRONG
    with pytest.raises(RefusedError, match="too many wrong codes"):
        office.own.confirm(office.perera, code)
    with pytest.raises(RefusedError, match="no code was sent"):
        office.own.confirm(office.perera, code)
    assert office.known() is None


def test_a_code_is_good_for_a_quarter_of_an_hour(office: Office) -> None:
    """Then number and code are deleted, whether it is tried or not; what was not handed over by then is not sent."""
    office.own.ask(office.perera, OWN)
    office.turns()
    ((_, code),) = office.came()
    office.now += HOLDS
    assert office.own.look(office.perera).waiting is None
    with pytest.raises(RefusedError, match="good for 15 minutes"):
        office.own.confirm(office.perera, code)
    assert (office.known(), office.rows()) == (None, 0)
    office.own.ask(office.perera, OWN)
    office.turns(minutes=16)
    assert (len(office.came()), office.rows()) == (1, 0)


def test_it_is_asked_for_three_times_an_hour_and_ten_times_a_day_at_most(office: Office) -> None:
    """Whoever is signed in cannot have strangers' telephones ring all night; others are not held up by it."""
    for number in range(MOST_AN_HOUR):
        office.own.ask(office.perera, f"+99970000001{number}")
    with pytest.raises(RefusedError, match="3 times in an hour"):
        office.own.ask(office.perera, OWN)
    office.own.ask(office.silva, OTHER)
    for _ in range(MOST_A_DAY - MOST_AN_HOUR):
        office.now += timedelta(minutes=61)
        office.own.ask(office.perera, OWN)
    office.now += timedelta(minutes=61)
    with pytest.raises(RefusedError, match="10 times in a day"):
        office.own.ask(office.perera, OWN)


@pytest.mark.parametrize("number", ["", "12", "not a number", "0112345678", "+1 900", "+94 11 2 345 678"])
def test_what_is_no_mobile_number_is_refused_and_never_said(office: Office, number: str) -> None:
    """Nothing is sent, and nothing is kept."""
    with pytest.raises(RefusedError) as refused:
        office.own.ask(office.perera, number)
    assert not number or number not in str(refused.value)
    assert (office.rows(), office.steps()) == (0, [])


def test_no_number_and_no_code_is_readable_in_the_registry_or_the_journal(office: Office) -> None:
    """Both are encrypted; a change of keys writes them anew; after a day nothing is left."""
    office.own.ask(office.perera, OWN)
    rotate(office.registry)
    office.turns()
    ((to, code),) = office.came()
    assert to == OWN
    with office.registry.reading() as connection:
        row = connection.execute(select(telephone_codes)).one()
        kept = [e.content for e in journal.entries(connection)]
    assert not any(OWN[1:] in str(column) or code in str(column) for column in row)
    assert not any(OWN[4:] in content or code in content for content in kept)
    assert office.registry.keys.is_newest(row.number)
    assert office.registry.keys.is_newest(row.code)
    forget(office.registry, office.now + timedelta(days=2))
    assert office.rows() == 0


class Dies(BaseException):
    """The process is killed."""


def test_pressing_once_sends_once_whatever_dies(office: Office) -> None:
    """Two processes send one; one without an answer is not repeated, and whoever got it can type it."""

    class Killed(TwilioSms):
        async def send(self, message: Outgoing) -> Accepted:
            await super().send(message)
            raise Dies

    office.own.ask(office.perera, OWN)
    killed = Killed(office.channel._account)
    with pytest.raises(Dies):
        CodeSender(office.registry, office.country, killed, wall_clock=office.wall).turn(office.now)
    office.turns()
    office.turns(seconds=40)
    ((_, code),) = office.came()
    office.own.confirm(office.perera, code)
    assert office.known() == OWN


@pytest.mark.parametrize(
    ("mode", "state"),
    [(Mode.STOPPED, MessageState.REFUSED), (Mode.SLOW_DOWN, MessageState.INTENDED), (Mode.HTML_502, MessageState.UNKNOWN)],
)
def test_what_the_provider_says_is_said(office: Office, mode: Mode, state: MessageState) -> None:
    """Refused, to be tried later, or nobody knows; nobody leaves by it."""
    office.provider.mode = mode
    office.own.ask(office.perera, OWN)
    office.turns()
    waiting = office.own.look(office.perera).waiting
    assert waiting is not None
    assert waiting.state is state
    office.provider.mode = Mode.OK
    office.turns()
    assert len(office.came()) == (1 if state is MessageState.INTENDED else 0)


def test_a_receipt_says_that_the_telephone_has_it(office: Office) -> None:
    """By our reference; of one that is gone already it changes nothing."""
    office.own.ask(office.perera, OWN)
    office.turns()
    with office.registry.reading() as connection:
        reference = connection.execute(select(telephone_codes.c.id)).scalar_one()
    listener = Listener(office.log, office.registry, office.country, clock=lambda: office.now, wall_clock=office.wall)
    listener.receipt(Receipt(reference, "SM1", ReceiptState.DELIVERED, "", Cause.NONE))
    waiting = office.own.look(office.perera).waiting
    assert waiting is not None
    assert waiting.state is MessageState.DELIVERED
    office.own.confirm(office.perera, office.came()[0][1])
    listener.receipt(Receipt(reference, "SM1", ReceiptState.FAILED, "30003", Cause.NONE))
    assert office.known() == OWN


def disabled(office: Office) -> None:
    """The account is taken out of use."""
    office.desk.administering.disable("perera", ADMINISTRATOR)


def halted(office: Office) -> None:
    """Everything is halted."""
    with office.registry.acting() as connection:
        stops.stop(connection, stops.ALL, "Silva", "restored", office.now)


@pytest.mark.parametrize("happens", [disabled, halted])
def test_nothing_is_sent_for_an_account_out_of_use_or_while_all_is_halted(office: Office, happens: Callable[[Office], None]) -> None:
    """It was asked for before."""
    office.own.ask(office.perera, OWN)
    happens(office)
    office.turns()
    assert office.came() == []


def test_who_is_never_woken_gives_no_telephone(office: Office) -> None:
    """A viewer has nothing sent, so no code goes out for them either."""
    viewer = office.officer("viewer", Grant(ConsoleRole.VIEWER, "LKA"))
    with pytest.raises(RefusedError, match="neither operator, approver nor administrator"):
        office.own.ask(viewer, OWN)
    assert office.rows() == 0


def test_a_row_that_somebody_wrote_sends_nothing_to_another_number(office: Office) -> None:
    """Whoever can write the table has no key to write a number with: what cannot be read is not sent."""
    office.own.ask(office.perera, OWN)
    with office.registry.begin() as connection:
        connection.execute(update(telephone_codes).values(officer="officer-of-nobody"))
    office.turns()
    assert office.came() == []


def test_what_comes_says_what_it_is_for_in_one_part(office: Office) -> None:
    """In an exercise, too, with its mark first and last."""
    office.registry.exercise = True
    office.own.ask(office.perera, OWN)
    office.turns()
    (one,) = office.provider.accepted
    assert (is_exercise(one.body), measure(one.body).segments) == (True, 1)


def test_the_code_comes_in_the_language_of_the_account(office: Office) -> None:
    """With the digits that are to be typed; who chose no language has it in English."""
    with office.registry.acting() as connection:
        choose_language(connection, office.perera, "ne", office.now)
    office.own.ask(office.perera, OWN)
    office.turns()
    ((_, code),) = office.came()
    (one,) = office.provider.accepted
    assert "तपाईंको कोड" in one.body
    office.own.confirm(office.perera, code)
    assert office.known() == OWN


def test_forgetting_it_ends_that_anybody_wakes_you(office: Office) -> None:
    """And without one there is nothing to forget."""
    with office.registry.acting() as connection:
        telephones.give(connection, office.registry.keys, office.perera, OWN, office.now)
    office.own.forget(office.perera)
    assert office.known() is None
    with pytest.raises(RefusedError, match="no telephone of yours"):
        office.own.forget(office.perera)
