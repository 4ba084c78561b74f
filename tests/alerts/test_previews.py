"""A message that waits goes to the telephone of the officer who asks, marked as a test, once, and to nobody else whatever is tried."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from alert_places import START
from argon2 import PasswordHasher
from officers_desk import ADMINISTRATOR, Desk, approver
from sending import Wall
from small_world import World
from sqlalchemy import select, update

from alerts import journal, ledger, stops
from alerts.channels.contract import Accepted, Cause, Outgoing, Receipt, ReceiptState
from alerts.channels.dry import Dry
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.languages import languages
from alerts.listening.listener import Listener
from alerts.marks import EXERCISE, PREVIEW, is_exercise, is_preview, marked, previewed
from alerts.officers import accounts, passwords
from alerts.officers.officer import ConsoleRole, Grant, Officer
from alerts.people.person import NEEDS, Need
from alerts.previews.asked import HOLDS, MOST_AN_HOUR, MOST_OF_MESSAGE, Preview
from alerts.previews.handing_over import GONE, NO_TELEPHONE, PreviewSender
from alerts.registry import Registry
from alerts.roster import telephones
from alerts.segments import measure
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from alerts.stand_in_provider.server import Mode
from alerts.tables import messages, previews, suppressions
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.outputs import EventChange
from schemas.warning_records import MessageState, Warning

OWN, OTHERS = "+999700000001", "+999700000002"


class Office:
    """A red flood that waits, households who would read it, two officers with telephones, and a provider."""

    def __init__(self, world: World, provider: StandInProvider) -> None:
        self.world, self.provider, self.registry, self.now = world, provider, world.registry, START
        self.wall = Wall()
        self.service = AlertService(world.log, world.registry, world.country, None, member="office")
        self.desk = Desk(world.registry, world.country)
        self.desk.first()
        self.perera = self.officer("perera", OWN, approver("duty_officer"))
        self.silva = self.officer("silva", OTHERS, approver("director"))
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider.base_url, None)
        self.channel: Any = TwilioSms(account, timeout_s=5.0)
        self.sender = PreviewSender(self.registry, world.country, self.channel, wall_clock=self.wall)

    def officer(self, name: str, number: str, *granted: Grant) -> Officer:
        """An account, with a telephone if there is a number."""
        self.desk.administering.add(name, name.title(), ADMINISTRATOR)
        for grant in granted:
            self.desk.administering.grant(name, grant, ADMINISTRATOR)
        if number:
            with self.registry.acting() as connection:
                telephones.give(connection, self.registry.keys, self.desk.officer(name), number, START)
        return self.desk.officer(name)

    def waiting(self) -> Warning:
        """The one message that waits."""
        (found,) = self.service.pending()
        return found

    def asks(self, officer: Officer | None = None, tags: Sequence[str] = ("en",)) -> list[Preview]:
        """Somebody has it sent to themselves; by default Perera, in English."""
        return self.service.preview(self.waiting().id, officer or self.perera, tags, self.now)

    def turns(self, number: int = 1, **passes: float) -> None:
        """The service hands over what was asked for, so often, after a while."""
        self.now += timedelta(**passes)
        self.wall.now += timedelta(**passes)
        for _ in range(number):
            self.sender.turn(self.now)

    def got(self) -> list[tuple[str, str]]:
        """Number and text of all that the provider took."""
        return [(one.to, one.body) for one in self.provider.accepted]

    def states(self) -> list[MessageState]:
        """What became of Perera's."""
        return [one.state for one in self.service.previews(self.waiting().id, self.perera)[0]]

    def steps(self, step: str) -> list[dict[str, Any]]:
        """What the journal says of a step, with who did it."""
        with self.registry.reading() as connection:
            return [{"by": e.actor, **json.loads(e.content)} for e in journal.entries(connection) if e.step == step]

    def hears(self, reference: str, provider_id: str, state: ReceiptState, cause: Cause = Cause.NONE) -> None:
        """The provider says what became of one."""
        listener = Listener(self.world.log, self.registry, self.world.country, clock=lambda: self.now, wall_clock=self.wall)
        listener.receipt(Receipt(reference, provider_id, state, "30003" if cause else "", cause))


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
    world = World(log, homed, country)
    for number in range(9):
        world.person(f"person {number}", language=("en", "si", "ta")[number % 3])
    world.happens(EventChange.OPENED, 0)
    return Office(world, provider)


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_has_the_mark_in_its_own_letters(language: str) -> None:
    """It stands first and last, is another than that of an exercise, and does not leave the letters that the language is sent in."""
    body = previewed("x.", language)
    assert body.startswith(f"{PREVIEW[language]}. x. ")
    assert body.endswith(PREVIEW[language])
    assert PREVIEW[language] not in (EXERCISE[language], PREVIEW["en"] if language != "en" else "")
    assert (is_preview(body), is_exercise(body)) == (True, False)
    if languages()[language].script == "Latn":
        assert measure(PREVIEW[language]).encoding == "GSM-7"


def test_a_preview_of_an_exercise_says_both_and_half_a_mark_is_none() -> None:
    """A text that only begins or only ends with it is no preview, and neither is the mark alone."""
    word = PREVIEW["en"]
    drilled = previewed(marked("x", "en", exercise=True), "en")
    assert drilled == f"{word}. EXERCISE. x. EXERCISE. {word}"
    assert is_preview(drilled)
    assert not any(is_preview(body) for body in (f"{word}. x", f"x. {word}", word, f"{word}. {word}"))


def test_it_comes_to_the_one_who_asked_as_a_household_would_read_it_and_to_nobody_else(office: Office) -> None:
    """Each language of the country, to the letter, between the marks; households, signatures, counts and cost know nothing of it."""
    before = office.waiting()
    office.asks(tags=())
    office.turns(3)
    texts = {text.language: text.body for text in before.texts}
    assert sorted(office.got()) == sorted((OWN, previewed(texts[tag], tag)) for tag in ("si", "ta", "en"))
    assert office.states() == [MessageState.ACCEPTED] * 3
    assert office.service.previews(before.id, office.silva) == ([], True)
    assert office.waiting() == before
    assert office.world.telephones.read == []
    with office.registry.reading() as connection:
        assert connection.execute(select(messages)).all() == []


@pytest.mark.parametrize("need", NEEDS)
def test_it_comes_as_those_with_a_need_would_read_it(office: Office, need: Need) -> None:
    """To the letter what the dispatcher then hands over to who told us of it, between the marks; the journal says whose text it was."""
    office.world.person("Esha", needs=(need,))
    office.service.look_again(office.now)
    message = office.waiting().id
    (asked,) = office.service.preview(message, office.perera, ["en"], office.now, need)
    office.turns()
    assert (asked.language, asked.need, office.got()) == ("en", need, [(OWN, asked.body)])
    assert [said["need"] for said in office.steps("previewed")] == [need]
    office.world.sign()
    (body,) = [body for name, body in office.world.read() if name == "Esha"]
    assert asked.body == previewed(body, "en")
    assert body not in [text.body for text in office.world.published()[-1].texts]


def test_a_need_that_the_message_has_no_text_for_is_refused(office: Office) -> None:
    """So is one that nobody knows; nothing is asked for."""
    with pytest.raises(RefusedError, match=r"no text for `swimming` in `en`"):
        office.service.preview(office.waiting().id, office.perera, ["en"], office.now, "swimming")
    assert office.service.previews(office.waiting().id, office.perera)[0] == []


def test_the_text_for_a_need_and_the_one_for_all_are_two(office: Office) -> None:
    """Asked for again, each stays one; a row that says the need of another text is not sent."""
    for _ in range(2):
        office.asks()
        office.service.preview(office.waiting().id, office.perera, ["en"], office.now, "hearing")
    office.turns(2)
    assert len(office.got()) == 2
    office.service.preview(office.waiting().id, office.perera, ["en"], office.now, "mobility")
    with office.registry.begin() as connection:
        connection.execute(update(previews).where(previews.c.need == "mobility").values(need="livestock"))
    office.turns()
    assert len(office.got()) == 2


def test_it_is_no_signature(office: Office) -> None:
    """Whoever had it sent to themselves has signed nothing, and signs as before; it still needs both."""
    office.asks()
    office.turns()
    assert office.waiting().signatures == ()
    message = office.waiting().id
    office.service.sign(message, "Perera", "duty_officer", office.now)
    assert office.waiting().signatures[0].by == "Perera"
    office.service.sign(message, "Silva", "director", office.now)
    assert office.service.pending() == []


def test_pressing_twice_sends_one_and_two_processes_send_one(office: Office) -> None:
    """Before and after it was handed over; and another language is another."""
    office.asks()
    office.asks()
    second = PreviewSender(office.registry, office.world.country, office.channel, wall_clock=office.wall)
    office.turns()
    second.turn(office.now)
    office.asks()
    office.turns(2)
    assert [to for to, _ in office.got()] == [OWN]
    office.asks(tags=("si", "si"))
    office.turns(2)
    assert len(office.got()) == 2


class Dies(BaseException):
    """The process is killed."""


def test_a_crash_between_the_call_and_its_record_doubles_nothing(office: Office) -> None:
    """The provider took it and we died before we wrote it down: the next process finds it there."""

    class Killed(TwilioSms):
        async def send(self, message: Outgoing) -> Accepted:
            await super().send(message)
            raise Dies

    office.asks()
    with pytest.raises(Dies):
        PreviewSender(office.registry, office.world.country, Killed(office.channel._account), wall_clock=office.wall).turn(office.now)
    assert office.states() == [MessageState.SENDING]
    office.asks()
    office.turns(3, seconds=1)
    assert (len(office.got()), office.states()) == (1, [MessageState.ACCEPTED])


@pytest.mark.parametrize("mode", [Mode.ACCEPT_THEN_DROP, Mode.ACCEPT_THEN_500, Mode.HTML_502])
def test_what_has_no_answer_is_looked_up_and_never_repeated(office: Office, mode: Mode) -> None:
    """If the provider does not show it, nobody knows: not even asking again repeats it."""
    office.provider.mode = mode
    office.asks()
    office.turns()
    taken = len(office.got())
    office.provider.mode = Mode.OK
    office.turns(2, seconds=1)
    assert len(office.got()) == taken
    office.turns(1, minutes=15)
    assert office.states() == [MessageState.ACCEPTED if taken else MessageState.UNKNOWN]
    office.asks()
    office.turns()
    assert len(office.got()) == taken


def test_a_provider_that_asks_us_to_wait_is_left_in_peace_and_then_takes_it(office: Office) -> None:
    """It goes back into the queue, surely not taken; once its quarter of an hour is over it is not sent."""
    office.provider.mode = Mode.SLOW_DOWN
    office.asks()
    office.turns(3)
    assert (office.got(), office.states()) == ([], [MessageState.INTENDED])
    office.provider.mode = Mode.OK
    office.turns(1, seconds=31)
    assert office.states() == [MessageState.ACCEPTED]
    office.asks(tags=("si",))
    office.turns(1, seconds=HOLDS.total_seconds())
    assert (len(office.got()), office.states()[-1]) == (1, MessageState.EXPIRED)


@pytest.mark.parametrize("tried", ["another's number in the row", "another text", "another message", "no mark"])
def test_whoever_writes_into_the_table_reaches_nobody_else_and_says_nothing_else(office: Office, tried: str) -> None:
    """What goes out is a text of a message that waits, between its marks, to the account's own telephone; whatever else is not sent."""
    office.asks()
    body = office.waiting().texts[0].body
    values: dict[str, Any] = {
        "another's number in the row": {"officer": "officer-of-nobody"},
        "another text": {"body": previewed("Go to the beach.", "en")},
        "another message": {"message": "w0.1"},
        "no mark": {"body": body},
    }[tried]
    with office.registry.begin() as connection:
        connection.execute(update(previews).values(**values))
    office.turns(2)
    assert office.got() == []
    with office.registry.reading() as connection:
        refusal = connection.execute(select(previews.c.refusal)).scalar_one()
    assert refusal == (NO_TELEPHONE if "officer" in values else GONE)


def test_an_account_that_is_disabled_meanwhile_gets_nothing(office: Office) -> None:
    """Nor does one whose telephone was forgotten."""
    office.asks()
    office.desk.administering.disable("perera", ADMINISTRATOR)
    office.turns()
    office.asks(office.silva)
    with office.registry.acting() as connection:
        telephones.forget(connection, office.silva, START)
    office.turns()
    assert office.got() == []
    assert office.states() == [MessageState.REFUSED]


def test_a_message_that_does_not_wait_any_more_is_not_sent(office: Office) -> None:
    """It was signed, or taken back, before the provider was asked: then it is no preview any more."""
    message = office.waiting().id
    office.asks()
    office.service.sign(message, "Perera", "duty_officer", office.now)
    office.service.sign(message, "Silva", "director", office.now)
    office.turns()
    assert office.got() == []
    found, _ = office.service.previews(message, office.perera)
    assert [(one.state, one.refusal) for one in found] == [(MessageState.EXPIRED, GONE)]


def test_a_halt_of_all_holds_it_back(office: Office) -> None:
    """As after a restore: nothing leaves until a person has looked."""
    with office.registry.acting() as connection:
        stops.stop(connection, stops.ALL, "Silva", "restored", office.now)
    office.asks()
    office.turns(2)
    assert office.got() == []
    with office.registry.acting() as connection:
        stops.resume(connection, stops.ALL, "Silva", "looked", office.now)
    office.turns()
    assert len(office.got()) == 1


def test_stop_of_the_same_number_ends_warnings_and_not_what_its_owner_asks_for(office: Office) -> None:
    """Who asks is no subscriber: STOP of a household does not hold it back, and a refusal at the provider makes nobody leave."""
    with office.registry.people() as connection:
        index = office.registry.keys.index(OWN)
        connection.execute(
            suppressions.insert().values(number_index=index, at=START, reason="STOP", index_key=office.registry.keys.index_name)
        )
    office.asks()
    office.turns()
    assert [to for to, _ in office.got()] == [OWN]
    office.provider.mode = Mode.STOPPED
    office.asks(tags=("si",))
    office.turns()
    assert office.states()[-1] is MessageState.REFUSED
    with office.registry.reading() as connection:
        assert len(connection.execute(select(suppressions)).all()) == 1


@pytest.mark.parametrize(
    ("name", "number", "grants", "said"),
    [
        ("viewer", "+999700000009", (Grant(ConsoleRole.VIEWER, "LKA"),), "may not have a message sent to themselves"),
        ("galle", "+999700000009", (approver("district_unit", "LK31"),), "does not reach"),
        ("nepal", "+999700000009", (Grant(ConsoleRole.APPROVER, "NPL", "duty_officer"),), "no role in"),
        ("without", "", (approver("district_unit"),), "has given no telephone"),
    ],
)
def test_who_may_not_or_cannot_is_refused_and_it_stands_in_the_journal(
    office: Office, name: str, number: str, grants: tuple[Grant, ...], said: str
) -> None:
    """And nothing is sent."""
    with office.registry.acting() as connection:
        made = accounts.add(connection, name, name.title(), "test", START)
        for grant in grants:
            made = accounts.grant(connection, made, grant, "test", START)
        if number:
            telephones.give(connection, office.registry.keys, made, number, START)
    with pytest.raises(RefusedError, match=said):
        office.asks(made)
    office.turns()
    assert office.got() == []
    (refused,) = office.steps("refused")
    assert (refused["by"], refused["asked"]) == (name.title(), "preview")


def test_a_language_that_it_has_no_text_in_is_refused(office: Office) -> None:
    """Names those it has."""
    with pytest.raises(RefusedError, match="no text in `dv`"):
        office.asks(tags=("en", "dv"))


def test_the_journal_knows_who_asked_for_what_at_which_cost_and_no_number(office: Office) -> None:
    """One step each time that something is asked for that was not."""
    office.asks(tags=("en", "si"))
    office.asks(tags=("en", "si"))
    office.turns()
    (step,) = office.steps("previewed")
    assert (step["by"], step["to"], step["languages"], step["currency"]) == ("Perera", "perera", ["en", "si"], "LKR")
    segments = sum(one.segments for one in office.service.previews(office.waiting().id, office.perera)[0])
    assert (step["segments"], step["cost"]) == (segments, round(segments * 0.6, 2))
    with office.registry.reading() as connection:
        assert not any(OWN[4:] in str(entry) for entry in journal.entries(connection))
        assert not any(OWN[4:] in str(row) for row in connection.execute(select(previews)))


def test_money_cannot_be_spent_by_asking(office: Office) -> None:
    """What is refused can be asked for again, so often and no more; of one message, and in an hour of all."""
    office.provider.mode = Mode.STOPPED
    for _ in range(MOST_OF_MESSAGE):
        office.asks()
        office.turns()
    with pytest.raises(RefusedError, match=f"over {MOST_OF_MESSAGE}"):
        office.asks()
    with office.registry.begin() as connection:
        connection.execute(update(previews).values(message="another", times=MOST_AN_HOUR))
    with pytest.raises(RefusedError, match="in an hour"):
        office.asks()
    office.asks(office.silva)
    office.now += timedelta(hours=1)
    office.asks()


def test_what_the_telephone_says_is_known_in_whatever_order_it_comes(office: Office) -> None:
    """Received stays received; a receipt of another try says nothing of this one; what did not arrive can be asked for again."""
    (asked,) = office.asks()
    office.turns()
    taken = office.provider.accepted[0].sid
    office.hears(asked.id, taken, ReceiptState.DELIVERED)
    office.hears(asked.id, taken, ReceiptState.SENT)
    office.hears(asked.id, "SMother", ReceiptState.FAILED)
    assert office.states() == [MessageState.DELIVERED]
    (other,) = [one for one in office.asks(tags=("si",)) if one.language == "si"]
    office.turns()
    office.hears(other.id, office.provider.accepted[1].sid, ReceiptState.UNDELIVERED, Cause.STOPPED)
    assert office.states()[-1] is MessageState.UNDELIVERED
    with office.registry.reading() as connection:
        assert connection.execute(select(suppressions)).all() == []
    office.asks(tags=("si",))
    office.turns()
    office.hears(other.id, office.provider.accepted[1].sid, ReceiptState.DELIVERED)
    assert (len(office.got()), office.states()[-1]) == (3, MessageState.ACCEPTED)


def test_a_receipt_that_comes_before_the_answer_has_said_more(office: Office) -> None:
    """We died after the call; the receipt carries our identity, so it is known as taken and nothing is looked for."""
    (asked,) = office.asks()
    with office.registry.begin() as connection:
        connection.execute(update(previews).values(state="sending", called_at=office.wall()))
    office.hears(asked.id, "SM1", ReceiptState.DELIVERED)
    office.turns(2)
    assert (office.got(), office.states()) == ([], [MessageState.DELIVERED])


def test_dry_it_is_written_and_not_sent(office: Office, tmp_path: Any) -> None:
    """With the number masked, as all that is not sent."""
    office.sender = PreviewSender(office.registry, office.world.country, Dry(tmp_path / "dry.jsonl"), wall_clock=office.wall)
    office.asks()
    office.turns(2)
    (line,) = (tmp_path / "dry.jsonl").read_text().splitlines()
    said = json.loads(line)
    assert (OWN not in line, is_preview(said["body"])) == (True, True)
    assert office.states() == [MessageState.ACCEPTED]


def test_what_is_asked_for_is_what_would_be_signed_now(office: Office) -> None:
    """A message whose sender changed meanwhile is shown anew first, so the text is that of the message as it stands."""
    (asked,) = office.asks()
    with office.registry.reading() as connection:
        shown = ledger.waits(connection, asked.message)[0]
    assert asked.body == previewed(next(text.body for text in shown.texts if text.language == "en"), "en")
