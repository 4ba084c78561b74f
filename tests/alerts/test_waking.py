"""Who is on duty is woken: an SMS, a call, the next person, and on until somebody answers; nobody twice after a crash."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from agreeing import VALLEYS, agreement, with_agreements
from alert_places import START
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from officers_desk import ADMINISTRATOR, Desk, approver
from provider_client import provider_client
from sending import Wall, told_on_duty
from small_world import World
from sqlalchemy import select

from alerts import journal
from alerts.channels.contract import Accepted, Outgoing, Spoken
from alerts.channels.dry import Dry
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.listening.inbound import inbound
from alerts.listening.listener import AWAKE, Listener
from alerts.listening.webhooks import Doors, create_app
from alerts.officers import passwords
from alerts.officers.officer import Grant
from alerts.registry import Registry
from alerts.roster import keeping, telephones, wakings
from alerts.roster.feed_watch import FeedWatch
from alerts.roster.ladder import Rung, Way, next_rung, rungs
from alerts.roster.waking import NOBODY, UNANSWERED, Waker
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from alerts.stand_in_provider.callbacks import signature
from alerts.stand_in_provider.server import Mode
from alerts.tables import inbox, wake_tries
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import input_record
from schemas.inputs import Heartbeat
from schemas.outputs import EventChange
from schemas.warning_records import Judgement

FIRST, SECOND, DIRECTOR = "+999700000001", "+999700000002", "+999700000003"
CALLER, OUTSIDE = "+15005550006", "https://warn.example.org"
AFTER = timedelta(minutes=5)
_SERIAL = count()


class Night:
    """A proposal at START, a first and a second on duty, a director on the country's ladder, and a provider."""

    def __init__(self, world: World, provider: StandInProvider) -> None:
        self.world, self.provider, self.registry = world, provider, world.registry
        self.wall = Wall()
        self.desk = Desk(world.registry, world.country)
        self.desk.first()
        for name, number, granted in (
            ("first", FIRST, approver("duty_officer")),
            ("second", SECOND, approver("duty_officer")),
            ("director", DIRECTOR, approver("director")),
        ):
            self.officer(name, number, granted)
        self.on_duty("first", 1)
        self.on_duty("second", 2)
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", provider.base_url, None, CALLER, f"{OUTSIDE}/twilio_sms/woken")
        self.channel: Any = TwilioSms(account, timeout_s=5.0)
        self.waker = Waker(self.registry, world.country, self.channel, wall_clock=self.wall)
        self.now = START

    def officer(self, name: str, number: str, granted: Grant) -> None:
        """An account with a telephone."""
        self.desk.administering.add(name, name, ADMINISTRATOR)
        self.desk.administering.grant(name, granted, ADMINISTRATOR)
        with self.registry.acting() as connection:
            telephones.give(connection, self.registry.keys, self.desk.officer(name), number, START)

    def on_duty(self, name: str, place: int) -> None:
        """From before the proposal until the next day."""
        with self.registry.acting() as connection:
            keeping.add(connection, "LKA", name, START - timedelta(hours=1), START + timedelta(hours=20), place, ADMINISTRATOR, START)

    def passes(self, turns: int = 1) -> list[tuple[str, str]]:
        """Turns of the waker, one for each time that an answer is waited for; answers who was tried so far, and how."""
        for _ in range(turns):
            self.waker.turn(self.now)
            self.now += AFTER
            self.wall.now += AFTER
        return self.tried()

    def tried(self) -> list[tuple[str, str]]:
        """Number and way of all that the provider took, in the order of the tries."""
        with self.registry.reading() as connection:
            rows = connection.execute(select(wake_tries).order_by(wake_tries.c.tried_at, wake_tries.c.step)).all()
            of = {row.provider_id: (row.way, row.step) for row in rows}
        taken = [(m.sid, m.to, "sms") for m in self.provider.accepted] + [(c.sid, c.to, "call") for c in self.provider.calls.made]
        return [(to, way) for sid, to, way in sorted(taken, key=lambda one: of.get(one[0], ("", 99))[1])]

    def open(self) -> list[wakings.Waking]:
        """What goes on."""
        with self.registry.reading() as connection:
            return wakings.open_ones(connection, "LKA")

    def states(self) -> list[str]:
        """What became of each try."""
        with self.registry.reading() as connection:
            return list(connection.execute(select(wake_tries.c.state).order_by(wake_tries.c.step)).scalars())


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least cost: passwords are not what is tried here."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def asleep() -> Iterator[StandInProvider]:
    """A provider whose telephones nobody picks up."""
    with StandInProvider() as running:
        yield running


@pytest.fixture
def night(log: EventLog, homed: Registry, country: LoadedCountry, asleep: StandInProvider) -> Night:
    """A red flood waits for signatures, at five in the morning as at any hour; in each kind of database."""
    world = World(log, homed, country)
    world.person("Amara")
    world.happens(EventChange.OPENED, 0)
    return Night(world, asleep)


def listener(night: Night) -> Listener:
    """Where answers come in."""
    return Listener(night.world.log, night.registry, night.world.country, clock=lambda: night.now, wall_clock=night.wall)


def writes(night: Night, number: str, body: str) -> str:
    """Somebody writes an SMS; answers what became of it."""
    message = inbound("twilio_sms", f"SM{next(_SERIAL):032x}", number, body)
    assert message is not None
    hears = listener(night)
    hears.receive(message)
    hears.process(night.now)
    with night.registry.reading() as connection:
        return str(connection.execute(select(inbox.c.outcome).where(inbox.c.id == message.id)).scalar_one())


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.integers(1, 40), st.booleans())
def test_the_ladder_tries_all_before_it_tries_anybody_again_and_has_no_end(people: list[str], steps: int, calls: bool) -> None:
    """However often nobody answers, no person and way is ahead of another by more than one, and each has an SMS before a call."""
    of = rungs(people, calls=calls)
    tried = dict.fromkeys(of, 0)
    for _ in range(steps):
        rung = next_rung(of, tried)
        assert (rung is None) == (not people)
        if rung is not None:
            tried[rung] += 1
    if tried:
        assert max(tried.values()) - min(tried.values()) <= 1
        assert sum(tried.values()) == steps
    if calls:
        assert all(tried[Rung(who, Way.SMS)] >= tried[Rung(who, Way.CALL)] for who in people)


def test_an_officer_does_not_answer_and_the_next_one_does(night: Night) -> None:
    """The first gets an SMS, then a call; the second an SMS, answers with its code, and from then on nobody is tried."""
    assert night.passes(1) == [(FIRST, "sms")]
    night.waker.turn(night.now - timedelta(seconds=1))
    assert night.tried() == [(FIRST, "sms")]
    assert night.passes(2) == [(FIRST, "sms"), (FIRST, "call"), (SECOND, "sms")]
    (waking,) = night.open()
    body = night.provider.accepted[-1].body
    assert len(body) <= 160
    assert waking.code in body
    assert "waits for signatures" in body
    assert writes(night, SECOND, f" {waking.code}. ") == AWAKE
    assert night.open() == []
    assert night.passes(4) == [(FIRST, "sms"), (FIRST, "call"), (SECOND, "sms")]
    with night.registry.reading() as connection:
        steps = [(e.actor, e.step, json.loads(e.content).get("officer")) for e in journal.entries(connection)]
        assert not any(number[4:] in str(entry) for entry in journal.entries(connection) for number in (FIRST, SECOND, DIRECTOR))
    assert [(who, step, to) for who, step, to in steps if step in ("woken", "acknowledged")] == [
        ("polyrisk", "woken", "first"),
        ("polyrisk", "woken", "first"),
        ("polyrisk", "woken", "second"),
        ("second", "acknowledged", None),
    ]


def test_it_goes_on_to_the_countrys_ladder_and_from_the_beginning_and_says_so(night: Night) -> None:
    """After who is on duty comes who is named in `escalate`; when all were tried in vain a notice says it, and they are tried again."""
    tried = night.passes(8)
    assert [to for to, _ in tried] == [FIRST, FIRST, SECOND, SECOND, DIRECTOR, DIRECTOR, FIRST, FIRST]
    assert [way for _, way in tried] == ["sms", "call"] * 4
    assert told_on_duty(night.registry, UNANSWERED)


def test_the_words_of_a_stranger_and_a_wrong_code_acknowledge_nothing(night: Night) -> None:
    """The code counts from an officer's own telephone alone; another code, or one from elsewhere, is a message like any other."""
    night.passes(1)
    (waking,) = night.open()
    assert writes(night, "+999700000099", waking.code) != AWAKE
    assert writes(night, FIRST, f"{(int(waking.code) + 1 - 1000) % 9000 + 1000}") != AWAKE
    night.desk.administering.disable("first", ADMINISTRATOR)
    assert writes(night, FIRST, waking.code) != AWAKE
    assert len(night.open()) == 1


class Dies(BaseException):
    """The process is killed."""


@pytest.mark.parametrize("way", ["sms", "call"])
def test_a_crash_between_the_call_and_its_record_doubles_nothing(night: Night, way: str) -> None:
    """The provider took it and we died before we wrote it down: the next process finds it there, and goes on with the ladder."""
    if way == "call":
        night.passes(1)

    class Killed(TwilioSms):
        async def send(self, message: Outgoing) -> Accepted:
            await super().send(message)
            raise Dies

        async def call(self, spoken: Spoken) -> Accepted:
            await super().call(spoken)
            raise Dies

    killed = Waker(night.registry, night.world.country, Killed(night.channel._account), wall_clock=night.wall)
    with pytest.raises(Dies):
        killed.turn(night.now)
    before = len(night.tried())
    for _ in range(3):
        night.waker.turn(night.now + timedelta(seconds=1))
    assert len(night.tried()) == before
    assert set(night.states()) == {"accepted"}
    night.now += AFTER
    night.passes(1)
    assert len(night.tried()) == before + 1


@pytest.mark.parametrize("mode", [Mode.ACCEPT_THEN_DROP, Mode.ACCEPT_THEN_500, Mode.HTML_502])
def test_a_try_without_an_answer_is_looked_up_and_the_ladder_goes_on_whatever_became_of_it(night: Night, mode: Mode) -> None:
    """Taken or not, the same SMS is never sent again; the call comes when it is due."""
    night.provider.mode = mode
    night.waker.turn(night.now)
    night.provider.mode = Mode.OK
    taken = len(night.provider.accepted)
    night.waker.turn(night.now + timedelta(seconds=1))
    assert len(night.provider.accepted) == taken
    assert night.states() == ["accepted" if taken else "sending"]
    night.now += AFTER
    night.waker.turn(night.now)
    assert [c.to for c in night.provider.calls.made] == [FIRST]
    assert night.states() == ["accepted" if taken else "unknown", "accepted"]


def test_what_is_surely_not_taken_is_not_waited_for(night: Night) -> None:
    """Who has left at the provider cannot be sent an SMS: they are called at once."""
    night.provider.mode = lambda number: Mode.STOPPED if number == 0 else Mode.OK
    night.waker.turn(night.now)
    night.waker.turn(night.now + timedelta(seconds=1))
    assert (night.states(), [c.to for c in night.provider.calls.made]) == (["refused", "accepted"], [FIRST])


def test_an_officer_who_is_called_presses_a_key_and_is_awake(night: Night) -> None:
    """What was pressed comes back signed by Twilio; another key, or a forged signature, acknowledges nothing."""
    pressing: list[str] = ["1"]
    night.provider.calls._presses = lambda _: pressing[0]
    night.passes(2)
    (call,) = night.provider.calls.made
    assert "Press 1" in call.twiml
    app = create_app(Doors(OUTSIDE, AUTH_TOKEN), listener(night))

    async def press(key: str, *, signed: bool) -> int:
        pressing[0] = key
        pressed = night.provider.calls.pressed(call)
        assert pressed is not None
        address, form = pressed
        headers = {"X-Twilio-Signature": signature(address, form) if signed else "forged"}
        async with provider_client(app, OUTSIDE) as client:
            return (await client.post(address, data=form, headers=headers)).status_code

    for key, signed, status, still in (("2", True, 200, 1), ("1", False, 403, 1), ("1", True, 200, 0), ("1", True, 200, 0)):
        assert (asyncio.run(press(key, signed=signed)), len(night.open())) == (status, still)
    with night.registry.reading() as connection:
        assert [w.by for w in wakings.newest(connection, "LKA")] == ["first"]


def test_a_signature_ends_it_and_what_is_passed_on_goes_to_the_role_first(night: Night) -> None:
    """Once enough have signed nobody is woken any more; a message that was passed on unsigned wakes the role it was passed on to next."""
    night.passes(1)
    night.world.at(1)
    night.now = night.world.now
    assert night.passes(1)[-1] == (DIRECTOR, "sms")
    (waiting,) = night.world.service.pending()
    night.world.service.sign(waiting.id, "first", "duty_officer", night.now)
    night.world.service.sign(waiting.id, "director", "director", night.now)
    tried = night.tried()
    assert night.passes(3) == tried
    with night.registry.reading() as connection:
        assert [w.how for w in wakings.newest(connection, "LKA")] == [wakings.SETTLED]


def test_much_at_once_is_one_waking_and_what_nobody_was_told_of_wakes_anew(night: Night) -> None:
    """Two districts more before the first SMS: one SMS says so. A third after it wakes anew whoever answers that SMS."""
    for area in ("LK11", "LK12"):
        night.world.happens(EventChange.OPENED, 0.01, area=area)
    assert night.passes(1) == [(FIRST, "sms")]
    body = night.provider.accepted[-1].body
    assert "And 2 more." in body
    assert len(body) <= 160
    (waking,) = night.open()
    night.world.happens(EventChange.OPENED, 0.05, area="LK13")
    night.waker.turn(night.now - timedelta(seconds=2))
    assert [w.id for w in night.open()] == [waking.id]
    assert writes(night, FIRST, waking.code) == AWAKE
    assert night.passes(1) == [(FIRST, "sms")] * 2
    (again,) = night.open()
    assert (again.id != waking.id, "more." in night.provider.accepted[-1].body) == (True, False)


def test_what_went_out_by_agreement_wakes_until_somebody_reviews_it(
    log: EventLog, homed: Registry, country: LoadedCountry, asleep: StandInProvider
) -> None:
    """That somebody is awake is no review: passed on it wakes the director; once it is reviewed nobody is tried any more."""
    world = World(log, homed, with_agreements(country, **{VALLEYS: agreement()}))
    world.person("Amara")
    world.happens(EventChange.OPENED, 0)
    night = Night(world, asleep)
    assert night.passes(1) == [(FIRST, "sms")]
    assert "WENT OUT by agreement. Review it." in night.provider.accepted[-1].body
    (waking,) = night.open()
    assert writes(night, FIRST, waking.code) == AWAKE
    world.at(0.5)
    night.now = world.now
    assert night.passes(1)[-1] == (DIRECTOR, "sms")
    ((sent, _),) = world.service.sent_by_agreement()
    world.service.review(sent.message, "director", "director", Judgement.RIGHT, "seen", night.now)
    tried = night.tried()
    assert night.passes(3) == tried
    assert night.open() == []


def test_without_anybody_to_wake_it_is_said_loudly(night: Night) -> None:
    """A roster with a gap, and nobody with a telephone on the ladder: a notice, and it is tried again when somebody comes on duty."""
    with night.registry.acting() as connection:
        for name in ("first", "second", "director"):
            telephones.forget(connection, night.desk.officer(name), START)
    assert night.passes(2) == []
    assert "NOBODY can be woken" in told_on_duty(night.registry, NOBODY)[0]
    with night.registry.acting() as connection:
        telephones.give(connection, night.registry.keys, night.desk.officer("second"), SECOND, START)
    assert night.passes(1) == [(SECOND, "sms")]


def test_without_a_number_to_call_from_the_next_person_comes_at_once_after_the_sms(night: Night) -> None:
    """A sender's name cannot call."""
    mute = TwilioSms(replace(night.channel._account, caller=""))
    night.waker = Waker(night.registry, night.world.country, mute, wall_clock=night.wall)
    assert night.passes(3) == [(FIRST, "sms"), (SECOND, "sms"), (DIRECTOR, "sms")]


def test_a_silent_feed_wakes_and_its_answer_ends_it(log: EventLog, homed: Registry, asleep: StandInProvider) -> None:
    """Also one that never answered, from when it was first waited for; a feed that answers in time wakes nobody."""
    country = load_country(countries_root() / "lka")
    night = Night(World(log, homed, country), asleep)
    feed, other = list(country.manifests)[:2]
    watch = FeedWatch(log, homed, country, [feed, other])

    def beats(name: str) -> None:
        beat = Heartbeat(feed=name, received=night.now, delivery="", new=False, rows=0, quarantined=0)
        log.append([input_record(country.shard, beat)])

    beats(feed)
    watch.turn(night.now)
    assert night.waker.turn(night.now) == 0
    night.now += country.manifests[feed].allowed_silence
    watch.turn(night.now)
    assert night.waker.turn(night.now) == 0
    night.now = START + timedelta(hours=19)
    beats(other)
    watch.turn(night.now)
    assert night.waker.turn(night.now) == 1
    assert [w.subject for w in night.open()] == [feed]
    assert "not safe" in night.open()[0].text
    beats(feed)
    watch.turn(night.now)
    night.waker.turn(night.now)
    assert night.open() == []
    watch.close()


def test_dry_everything_is_written_and_nobody_is_woken(night: Night, tmp_path: Any) -> None:
    """By default nothing leaves the machine: SMS and call stand in the file, their numbers masked."""
    night.waker = Waker(night.registry, night.world.country, Dry(tmp_path / "dry.jsonl"), wall_clock=night.wall)
    assert night.passes(2) == []
    lines = [json.loads(line) for line in (tmp_path / "dry.jsonl").read_text().splitlines()]
    assert [("body" in line, "call" in line) for line in lines] == [(True, False), (False, True)]
    assert FIRST[4:] not in (tmp_path / "dry.jsonl").read_text()
