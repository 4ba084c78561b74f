"""A drill never reaches the real audience: tests that try, by what can be changed in texts, registry, files and surroundings."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_places import START
from event_makers import event, tell
from listening_world import World as Listened
from small_world import Telephones, World
from sqlalchemy import func, select, update

from alerts import marks
from alerts.channels.contract import Accepted, Channel, Outgoing, Receipt, ReceiptState, Refusal, Refused, Spoken
from alerts.drills import folders
from alerts.drills.duty import DrillOfficer, of_installation, put_on_duty
from alerts.drills.handing_on import HandsOn
from alerts.drills.only_listed import OnlyListed
from alerts.drills.people import keep_who_left, listed, take_who_left
from alerts.intents import reference
from alerts.marks import EXERCISE, is_exercise, marked
from alerts.officers import accounts
from alerts.people import enrolling
from alerts.people.enrolment_files import read
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment
from alerts.people.welcome import owed
from alerts.registry import Registry, open_registry
from alerts.roster import telephones, wakings
from alerts.roster.causes import Cause
from alerts.roster.waking import Waker
from alerts.service import AlertService
from alerts.tables import (
    answers,
    bodies,
    inbox,
    messages,
    officer_telephones,
    signatures,
    subscribers,
    suppressions,
    wake_tries,
    warnings,
)
from alerts.tables import wakings as wakings_table
from eventlog.log import EventLog
from eventlog.state import log_url
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.outputs import EventChange

AGREED = Consent(START - timedelta(days=30), "drills-1", "committee of Gampola")
VOLUNTEER, NEIGHBOUR = "+94771200001", "+94771200101"
"""Somebody on the list, and somebody of the real audience beside them."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A real installation, in whose registry somebody is to be warned."""
    folder = tmp_path / "live"
    folder.mkdir()
    registry = open_registry(folder, create=True)
    registry.enrol(Enrolment(NEIGHBOUR, "LK21", "en", "household", AGREED))
    registry.close()
    return folder


@pytest.fixture
def drill(state: Path) -> Path:
    """The folder of a drill of it."""
    return folders.make(state, "ditwah-2025", datetime(2026, 11, 27, 4, tzinfo=UTC))


@pytest.fixture
def registry(drill: Path) -> Iterator[Registry]:
    """The drill's registry, with one volunteer for each language of the country and one who asked for Latin letters."""
    opened = open_registry(drill, create=True)
    yield opened
    opened.close()


@pytest.fixture
def world(log: EventLog, registry: Registry, country: LoadedCountry) -> World:
    """A service over the drill's registry; volunteers read Sinhala, Tamil and English."""
    made = World(log, registry, country)
    for name, language in (("Sita", "si"), ("Tara", "ta"), ("Ena", "en")):
        made.person(name, language=language)
    return made


def happened(world: World) -> list[tuple[str, str]]:
    """A warning is proposed, signed and sent; who read what."""
    world.happens(EventChange.OPENED, 0)
    world.sign()
    return world.telephones.read


def refusals(registry: Registry) -> set[str]:
    """Why messages were not sent."""
    with registry.reading() as connection:
        return set(connection.execute(select(messages.c.refusal)).scalars())


def test_every_text_of_a_drill_says_first_and_last_that_it_is_an_exercise(world: World) -> None:
    """In each language its own word, in all that is signed, those who need more included; a leave and what follows are marked too."""
    world.happens(EventChange.OPENED, 0)
    (waiting,) = world.service.pending()
    for text in waiting.texts:
        for body in (text.body, *(more.body for more in text.for_needs)):
            word = EXERCISE[text.language]
            assert body.startswith(f"{word}. ")
            assert body.endswith(f" {word}")
    world.sign()
    assert len(world.telephones.read) == 3
    assert all(is_exercise(body) for _, body in world.telephones.read)


def test_an_exercise_that_goes_out_late_still_begins_and_ends_as_one(world: World) -> None:
    """SENT LATE stands after the first word, before all else."""
    world.happens(EventChange.OPENED, 0)
    for role in ("duty_officer", "director"):
        for waiting in world.service.pending():
            world.service.sign(waiting.id, role, role, world.now)
    world.at(1)
    assert len(world.telephones.read) == 3
    assert all(is_exercise(body) for _, body in world.telephones.read)
    english = next(body for _, body in world.telephones.read if body.startswith("EXERCISE"))
    assert english.startswith("EXERCISE. SENT LATE. ")


def test_what_a_volunteer_is_answered_is_an_exercise_too(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """Whatever they write; a report of theirs is training and no reading."""
    heard = Listened(log, registry, country)
    registry.enrol(Enrolment(VOLUNTEER, "LK2157", "en", "household", AGREED))
    (person,) = listed(registry)
    for said in ("HELP", "1", "WATER 2", "?", "STOP", "START"):
        heard.later(minutes=1)
        heard.write(VOLUNTEER, said)
    said_back = [body for _, body in heard.replies(person.id)]
    assert len(said_back) == 6
    assert all(is_exercise(body) for body in said_back)


def test_a_list_is_enrolled_without_a_word_to_anybody(tmp_path: Path, registry: Registry, country: LoadedCountry) -> None:
    """Who agreed to drills is not told each week that they are enrolled, now or later."""
    file = tmp_path / "list.csv"
    file.write_text(f"number,area,language\n{VOLUNTEER},LK21,si\n", encoding="utf-8")
    consent = enrolling.ConsentOfAll(AGREED.at, AGREED.text, AGREED.by)
    report = enrolling.enrol_file(registry, country, read(file), consent, START, apply=True)
    assert report.outcomes[enrolling.Outcome.NEW] == 1
    with registry.reading() as connection:
        assert connection.execute(select(func.count()).select_from(messages)).scalar_one() == 0
        assert owed(connection) == 0


def test_without_the_words_nothing_goes_to_anybody(world: World, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever empties the words for EXERCISE in each language has a drill that is silent, and it says why."""
    for language in EXERCISE:
        monkeypatch.setitem(marks.EXERCISE, language, "")  # type: ignore[misc]
    assert happened(world) == []
    assert refusals(registry) == {Refusal.NOT_MARKED.value}


def test_a_body_without_the_mark_is_sent_to_nobody(world: World, registry: Registry) -> None:
    """Changed after it was signed it is not what was signed; before, or where nobody signs, it lacks the mark. Neither goes."""
    world.happens(EventChange.OPENED, 0)
    for role in ("duty_officer", "director"):
        for waiting in world.service.pending():
            world.service.sign(waiting.id, role, role, world.now)
    with registry.begin() as connection:
        connection.execute(update(bodies).values(body="FLOOD. Leave now."))
    world.at(0.1)
    assert world.telephones.read == []
    with registry.begin() as connection:  # as a message that nobody signs
        connection.execute(update(messages).values(state="intended", refusal=""))
        connection.execute(update(signatures).values(digest=""))
        connection.execute(update(warnings).values(approved=""))
    world.at(0.2)
    assert world.telephones.read == []
    assert refusals(registry) == {Refusal.NOT_MARKED.value}


async def _sent(body: str, to: str) -> Refusal | None:
    telephones = Telephones()
    try:
        async with OnlyListed(telephones, [VOLUNTEER], lambda: START) as channel:
            await channel.send(Outgoing(to, body, 60, "m~p"))
    except Refused as refused:
        assert telephones.read == []
        return refused.refusal
    assert telephones.read == [(to, body)]
    return None


@pytest.mark.parametrize("language", sorted(EXERCISE))
def test_the_channel_of_a_drill_lets_through_exercises_to_the_list_alone(language: str) -> None:
    """It asks neither registry nor files."""
    good = marked("FLOOD.", language, exercise=True)
    assert asyncio.run(_sent(good, VOLUNTEER)) is None
    assert asyncio.run(_sent(good, NEIGHBOUR)) is Refusal.NOT_ON_THE_LIST
    for body in ("FLOOD", f"{EXERCISE[language]}. FLOOD", f"FLOOD {EXERCISE[language]}", f"{EXERCISE[language]}. {EXERCISE[language]}", ""):
        assert asyncio.run(_sent(body, VOLUNTEER)) is Refusal.NOT_MARKED


def test_somebody_who_was_put_into_the_drills_registry_gets_nothing(log: EventLog, registry: Registry, country: LoadedCountry) -> None:
    """The list is that of the beginning; who is added to the database afterwards is refused by the channel."""
    registry.enrol(Enrolment(VOLUNTEER, "LK21", "en", "household", AGREED))
    telephones = Telephones()
    channel = OnlyListed(telephones, [person.number for person in listed(registry)], lambda: START)
    registry.enrol(Enrolment(NEIGHBOUR, "LK21", "en", "household", AGREED))
    service = AlertService(log, registry, country, channel)
    service.run_once(tell(log, event(EventChange.OPENED)))
    for role in ("duty_officer", "director"):
        for waiting in service.pending():
            service.sign(waiting.id, role, role, START)
    service.run_once(START)
    assert [to for to, _ in telephones.read] == [VOLUNTEER]
    assert refusals(registry) == {"", Refusal.NOT_ON_THE_LIST.value}


OFFICER, IN_EARNEST = "+94771200201", "+94771200301"
"""An officer of the drill, and one who is on duty in earnest."""


def on_duty(registry: Registry, country: LoadedCountry) -> None:
    """One officer is on duty first in the drill."""
    put_on_duty(
        registry, country, [DrillOfficer("first", OFFICER, ("duty_officer",), 1)], START - timedelta(days=1), START + timedelta(days=1)
    )


class Rings(Telephones):
    """Telephones that ring, too."""

    can_call = True

    def speaks(self, language: str) -> bool:
        """Every language."""
        return bool(language)

    async def call(self, spoken: Spoken) -> Accepted:
        """See `Calls.call`."""
        self.read.append((spoken.to, spoken.words))
        return Accepted(f"CA{len(self.read)}")

    async def look_up_call(self, spoken: Spoken, since: datetime) -> tuple[Accepted, ...]:
        """See `Calls.look_up_call`."""
        return ()


def woken(world: World, channel: Channel) -> None:
    """A proposal, and four turns of waking, five minutes apart."""
    world.happens(EventChange.OPENED, 0)
    waker = Waker(world.registry, world.country, channel)
    for turn in range(4):
        waker.turn(START + turn * timedelta(minutes=5))


def test_an_officer_of_a_drill_reads_and_hears_that_it_is_an_exercise(world: World, registry: Registry, country: LoadedCountry) -> None:
    """SMS and call, first and last; and nobody else is woken."""
    on_duty(registry, country)
    telephones = Rings()
    woken(world, OnlyListed(telephones, [], lambda: START, [OFFICER]))
    assert [to for to, _ in telephones.read] == [OFFICER] * 4
    assert all(is_exercise(body) for _, body in telephones.read)


def test_no_officer_is_woken_without_the_words(
    world: World, registry: Registry, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever empties the word has a drill that wakes nobody, whatever the channel is."""
    monkeypatch.setitem(marks.EXERCISE, "en", "")  # type: ignore[misc]
    on_duty(registry, country)
    telephones = Rings()
    woken(world, telephones)
    assert telephones.read == []
    with registry.reading() as connection:
        assert set(connection.execute(select(wake_tries.c.refusal)).scalars()) == {Refusal.NOT_MARKED.value}


def test_an_officer_who_was_put_into_the_drills_registry_is_not_woken(world: World, registry: Registry, country: LoadedCountry) -> None:
    """A number that is changed in the database after the drill began is refused by the channel, for SMS and call."""
    on_duty(registry, country)
    telephones = Rings()
    channel = OnlyListed(telephones, [], lambda: START, [OFFICER])
    with registry.begin() as connection:
        connection.execute(update(officer_telephones).values(number=registry.keys.encrypt(IN_EARNEST)))
    woken(world, channel)
    assert telephones.read == []
    with registry.reading() as connection:
        assert set(connection.execute(select(wake_tries.c.refusal)).scalars()) == {Refusal.NOT_ON_THE_LIST.value}


def test_nobody_of_the_list_is_called_and_no_officer_is_warned() -> None:
    """The channel keeps the two apart by what is sent, whatever stands in the registry."""
    good = marked("FLOOD.", "en", exercise=True)

    async def refused(to: str, ours: str, *, call: bool) -> Refusal | None:
        telephones = Rings()
        try:
            async with OnlyListed(telephones, [VOLUNTEER], lambda: START, [OFFICER]) as channel:
                if call:
                    await channel.call(Spoken(to, good, ours))
                else:
                    await channel.send(Outgoing(to, good, 60, ours))
        except Refused as why:
            assert telephones.read == []
            return why.refusal
        assert telephones.read == [(to, good)]
        return None

    waking = wakings.reference("wake-1", 1)
    for to, ours, call, taken in (
        (VOLUNTEER, "m~p", False, True),
        (OFFICER, waking, False, True),
        (OFFICER, waking, True, True),
        (OFFICER, "m~p", False, False),
        (VOLUNTEER, waking, False, False),
        (VOLUNTEER, waking, True, False),
        (NEIGHBOUR, waking, True, False),
    ):
        assert (asyncio.run(refused(to, ours, call=call)) is None) == taken


def test_nobody_is_put_on_duty_for_a_drill_in_the_real_registry(state: Path, country: LoadedCountry) -> None:
    """And the real roster is read only if that is asked for; then it stays as it was."""
    real = open_registry(state)
    with pytest.raises(RefusedError, match="no exercise is held with it"):
        on_duty(real, country)
    with pytest.raises(RefusedError, match="nobody with a telephone"):
        of_installation(real, country, START)
    real.close()


def test_that_an_officer_is_awake_is_the_drills_only_if_nobody_is_woken_so_in_earnest(
    hands_on: tuple[HandsOn, Registry], world: World, registry: Registry, drill: Path, log: EventLog, country: LoadedCountry
) -> None:
    """The code from the officer's own telephone; where the same code wakes the same officer in earnest it is taken in earnest."""
    takes, real = hands_on
    on_duty(registry, country)
    woken(world, OnlyListed(Rings(), [], lambda: START, [OFFICER]))
    with registry.reading() as connection:
        (waking,) = wakings.open_ones(connection, country.code)
    write = Listened(log, real, country)
    with folders.alone(drill):
        takes.receive(write.message(NEIGHBOUR, waking.code))
        takes.receive(write.message(OFFICER, "1"))
        assert (came_in(real), came_in(registry)) == (2, 0)
        takes.receive(write.message(OFFICER, waking.code))
        assert (came_in(real), came_in(registry)) == (2, 1)
        with real.acting() as connection:
            made = accounts.add(connection, "first", "First", "test", START)
            telephones.give(connection, real.keys, made, OFFICER, START)
            wakings.begin(connection, country.code, Cause("c", "proposal", "w", "A flood."), START)
            connection.execute(update(wakings_table).values(code=waking.code))
        takes.receive(write.message(OFFICER, waking.code))
        assert (came_in(real), came_in(registry)) == (3, 1)


def test_a_key_that_is_pressed_in_a_drills_call_is_the_drills(
    hands_on: tuple[HandsOn, Registry], world: World, registry: Registry, drill: Path, country: LoadedCountry
) -> None:
    """By our own reference of the call."""
    takes, _ = hands_on
    on_duty(registry, country)
    woken(world, OnlyListed(Rings(), [], lambda: START, [OFFICER]))
    with registry.reading() as connection:
        (waking,) = wakings.open_ones(connection, country.code)
    assert not takes.woken(wakings.reference(waking.id, 2), awake=True).ours
    with folders.alone(drill):
        assert takes.woken(wakings.reference(waking.id, 2), awake=True).ours
    with registry.reading() as connection:
        assert wakings.open_ones(connection, country.code) == []


def test_a_real_registry_is_never_taken_for_a_drills(state: Path, drill: Path) -> None:
    """Nor if somebody lays it, or a link to it, into the drill's folder: it is refused by what it is."""
    (drill / "registry.db").symlink_to(state / "registry.db")
    with pytest.raises(RefusedError, match="no exercise is held with it"):
        open_registry(drill, create=True)
    with pytest.raises(RefusedError, match="no exercise is held with it"):
        Registry(f"sqlite:///{state / 'registry.db'}", Keys.load(state / "keys"), for_exercise=True)
    real = open_registry(state)
    with pytest.raises(RefusedError, match="no exercise is held with it"):
        listed(real)
    real.close()


def test_surroundings_that_name_the_real_ones_lead_a_drill_nowhere_else(state: Path, drill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """POLYRISK_REGISTRY, POLYRISK_KEYS and POLYRISK_LOG are the installation's; a drill's folder has its own, for whoever opens it."""
    monkeypatch.setenv("POLYRISK_REGISTRY", f"sqlite:///{state / 'registry.db'}")
    monkeypatch.setenv("POLYRISK_KEYS", str(state / "keys"))
    monkeypatch.setenv("POLYRISK_LOG", f"sqlite:///{state / 'log.db'}")
    opened = open_registry(drill, create=True)
    assert opened.exercise
    assert str(opened.engine.url).endswith(f"{drill.name}/registry.db")
    with opened.reading() as connection:
        assert connection.execute(select(func.count()).select_from(subscribers)).scalar_one() == 0
    opened.close()
    assert log_url(drill).endswith(f"{drill.name}/log.db")
    real = open_registry(state)
    assert not real.exercise
    real.close()


def test_a_drills_registry_stays_one_whoever_opens_it(drill: Path, registry: Registry, tmp_path: Path) -> None:
    """It is written in the database itself, so neither another folder nor a lost note changes it."""
    moved = tmp_path / "elsewhere.db"
    with sqlite3.connect(drill / "registry.db") as source, sqlite3.connect(moved) as copy:
        source.backup(copy)
    again = Registry(f"sqlite:///{moved}", registry.keys)
    assert again.exercise
    again.close()


def test_a_drill_of_a_drill_is_refused(drill: Path) -> None:
    """Its folder is no installation."""
    with pytest.raises(RefusedError, match="drill's own folder"):
        folders.make(drill, "ditwah-2025", START)


def test_who_left_one_drill_is_not_enrolled_in_the_next(state: Path, registry: Registry, tmp_path: Path, country: LoadedCountry) -> None:
    """The list still names them; their own word counts. Who comes back by their own word is written to again."""
    registry.enrol(Enrolment(VOLUNTEER, "LK21", "si", "household", AGREED))
    registry.stop(VOLUNTEER, START)
    keep_who_left(state, registry)
    file = tmp_path / "list.csv"
    file.write_text(f"number,area,language\n{VOLUNTEER},LK21,si\n", encoding="utf-8")
    following = open_registry(folders.make(state, "ditwah-2025", datetime(2026, 12, 4, tzinfo=UTC)), create=True)
    take_who_left(state, following)
    consent = enrolling.ConsentOfAll(AGREED.at, AGREED.text, AGREED.by)
    report = enrolling.enrol_file(following, country, read(file), consent, START, apply=True)
    assert report.outcomes[enrolling.Outcome.LEFT] == 1
    with pytest.raises(RefusedError, match="nobody is on the drill's list"):
        listed(following)
    following.start(VOLUNTEER, START)
    keep_who_left(state, following)
    following.close()
    assert (state / "drills" / "left").read_text(encoding="utf-8").strip() == "[]"


@pytest.fixture
def hands_on(state: Path, log: EventLog, country: LoadedCountry) -> Iterator[tuple[HandsOn, Registry]]:
    """What listens for the installation, and the installation's registry."""
    real = open_registry(state)
    heard = Listened(log, real, country)
    yield HandsOn(heard.listener, real, log, country, state, lambda _: lambda: START), real
    real.close()


def came_in(registry: Registry) -> int:
    """How many messages of people a registry holds."""
    with registry.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(inbox)).scalar_one())


def test_only_while_a_drill_runs_and_only_of_its_list_is_anything_handed_on(
    hands_on: tuple[HandsOn, Registry], registry: Registry, drill: Path, log: EventLog, country: LoadedCountry
) -> None:
    """Before and after it, and from anybody else, what people write is the installation's."""
    takes, real = hands_on
    registry.enrol(Enrolment(VOLUNTEER, "LK21", "en", "household", AGREED))
    write = Listened(log, real, country)
    takes.receive(write.message(VOLUNTEER, "1"))
    assert (came_in(real), came_in(registry)) == (1, 0)
    with folders.alone(drill):
        takes.receive(write.message(VOLUNTEER, "1"))
        takes.receive(write.message(NEIGHBOUR, "2"))
        assert (came_in(real), came_in(registry)) == (2, 1)
        takes.receive(write.message(VOLUNTEER, "STOP"))
        assert (came_in(real), came_in(registry)) == (3, 2)
    takes.receive(write.message(VOLUNTEER, "2"))
    assert (came_in(real), came_in(registry)) == (4, 2)
    for one in (real, registry):
        with one.reading() as connection:
            assert connection.execute(select(func.count()).select_from(suppressions)).scalar_one() == 1


def test_a_cry_after_a_real_warning_is_never_practice(
    hands_on: tuple[HandsOn, Registry], registry: Registry, drill: Path, log: EventLog, country: LoadedCountry
) -> None:
    """Who is on the list and was warned in earnest since the drill began is heard in earnest."""
    takes, real = hands_on
    for one in (real, registry):
        one.enrol(Enrolment(VOLUNTEER, "LK21", "en", "household", AGREED))
    telephones = Telephones()
    service = AlertService(log, real, country, telephones)
    service.run_once(tell(log, event(EventChange.OPENED)))
    for role in ("duty_officer", "director"):
        for waiting in service.pending():
            service.sign(waiting.id, role, role, START)
    with real.begin() as connection:
        connection.execute(update(messages).values(state="accepted", attempted_at=folders.began(drill) + timedelta(minutes=1)))
    with folders.alone(drill):
        takes.receive(Listened(log, real, country).message(VOLUNTEER, "2"))
    assert (came_in(real), came_in(registry)) == (1, 0)


def test_a_receipt_goes_to_whoever_sent_the_message(
    hands_on: tuple[HandsOn, Registry], world: World, registry: Registry, drill: Path
) -> None:
    """By our own reference, which the provider brings back."""
    takes, real = hands_on
    happened(world)
    with registry.reading() as connection:
        sent = connection.execute(select(messages).order_by(messages.c.subscriber)).all()
    with folders.alone(drill):
        for row in sent:
            takes.receipt(Receipt(reference(row.message, row.subscriber), row.provider_id, ReceiptState.DELIVERED))
    with registry.reading() as connection:
        assert set(connection.execute(select(messages.c.state)).scalars()) == {"delivered"}
        assert connection.execute(select(func.count()).select_from(answers)).scalar_one() == 0
    with real.reading() as connection:
        assert connection.execute(select(func.count()).select_from(messages)).scalar_one() == 0


def test_two_drills_at_once_are_refused_and_a_dead_one_holds_nothing(state: Path, drill: Path) -> None:
    """That one runs is known by a lock that ends with its process."""
    with folders.alone(drill):
        assert folders.running(state) == drill
        with pytest.raises(RefusedError, match="a drill is running"), folders.alone(drill):
            pass
    assert folders.running(state) is None
    (state / "drills" / folders.RUNNING).write_text(drill.name, encoding="utf-8")  # what one that was killed leaves behind
    assert folders.running(state) is None


def test_only_the_last_drills_folders_are_kept(state: Path) -> None:
    """The numbers of volunteers do not lie about for years; results do."""
    made = [folders.make(state, "ditwah-2025", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(weeks=week)) for week in range(12)]
    assert [folder.exists() for folder in made] == [False] * 4 + [True] * folders.KEPT
