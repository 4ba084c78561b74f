"""A signature is bound to what was read: words, languages, sender, channel, audience, people and cost. What differs does not go out."""

from datetime import datetime, timedelta

import pytest
from alert_places import START
from small_world import World, with_messaging
from sqlalchemy import delete, insert, select, update

from alerts import approvals
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.tables import bodies, messages, signatures, warnings
from alerts.texts import Kind
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Warning

HALF = timedelta(minutes=10)


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """Forty households of Kandy, and a red warning that waits for two signatures."""
    made = World(log, homed, country)
    for number in range(40):
        made.person(f"person {number}", language=("en", "si", "ta")[number % 3])
    made.happens(EventChange.OPENED, 0)
    return made


def waiting(world: World) -> Warning:
    """The one message that waits."""
    (found,) = world.service.pending()
    return found


def sign(world: World, by: str, role: str, at: datetime = START, seen: str | None = None) -> Warning:
    """Somebody signs the one that waits."""
    return world.service.sign(waiting(world).id, by, role, at, seen)


def first(world: World) -> Warning:
    """The duty officer has signed."""
    return sign(world, "A. Perera", "duty_officer")


def voids(world: World) -> list[str]:
    """Why signatures hold no more, as people on duty were told."""
    return world.notices("void")


@pytest.mark.parametrize("language", ["en", "si", "ta"])
def test_one_changed_character_of_one_language_after_signing_and_nobody_gets_it(world: World, language: str) -> None:
    """The dispatcher reads what it would send; the people on duty are told loudly, and those who got nothing are counted by why."""
    world.service, sending = quiet(world), world.service
    first(world)
    issued = sign(world, "B. Silva", "director")
    this = (bodies.c.message == issued.id) & (bodies.c.language == language)
    with world.registry.begin() as connection:
        body = connection.execute(select(bodies.c.body).where(this, bodies.c.need == "")).scalar_one()
        changed = body[:-1] + ("!" if body[-1] != "!" else "?")
        connection.execute(update(bodies).where(this, bodies.c.need == "").values(body=changed))
    sending.run_once(START)
    assert world.telephones.read == []
    (notice,) = world.notices("not_as_signed")
    assert "NOT sent" in notice
    assert "40 people" in notice
    shown = sending.metrics.registry.get_sample_value("polyrisk_messages_unsent", {"reason": "not_as_signed"})
    assert shown == 40
    sending.run_once(START + HALF)
    assert world.telephones.read == []


def quiet(world: World) -> AlertService:
    """The same service, which sends nothing by itself."""
    return AlertService(world.log, world.registry, world.country, None, member="quiet")


@pytest.mark.parametrize("what", ["level", "a signature less", "nothing"])
def test_what_went_out_is_held_against_its_signatures_once_more(world: World, what: str) -> None:
    """Also its level, and that it has as many signatures as it needs; with nothing changed it goes to each."""
    world.service, sending = quiet(world), world.service
    first(world)
    issued = sign(world, "B. Silva", "director")
    with world.registry.begin() as connection:
        if what == "level":
            other = issued.model_copy(update={"level": Level.YELLOW})
            connection.execute(update(warnings).where(warnings.c.id == issued.id).values(content=other.model_dump_json()))
        if what == "a signature less":
            connection.execute(delete(signatures).where(signatures.c.message == issued.id, signatures.c.by == "B. Silva"))
    sending.run_once(START)
    assert len(world.telephones.read) == (40 if what == "nothing" else 0)
    assert bool(world.notices("not_as_signed")) is (what != "nothing")


def test_a_text_that_was_added_by_nobodys_signature_does_not_go_out(world: World) -> None:
    """Not even in a language that nobody else reads."""
    world.service, sending = quiet(world), world.service
    first(world)
    issued = sign(world, "B. Silva", "director")
    with world.registry.begin() as connection:
        connection.execute(insert(bodies).values(message=issued.id, language="dv", body="Go to the beach.", segments=1))
    sending.run_once(START)
    assert world.telephones.read == []


def test_a_sender_that_changed_since_makes_a_signature_void_and_stops_what_waits_to_be_sent(
    log: EventLog, homed: Registry, country: LoadedCountry
) -> None:
    """Both are said with the old and the new name; people know a warning by who it comes from."""
    world = World(log, homed, country)
    world.person("Amara")
    world.happens(EventChange.OPENED, 0)
    first(world)
    world.service = AlertService(log, homed, with_messaging(country, sender="Lottery"), world.telephones)
    signed = sign(world, "B. Silva", "director")
    assert [s.by for s in signed.signatures] == ["B. Silva"]
    assert "how is another" in voids(world)[0]
    again = sign(world, "A. Perera", "duty_officer")
    assert again.issued is not None
    world.service = AlertService(log, homed, country, world.telephones)
    world.at(0.1)
    assert world.telephones.read == []
    assert "Lottery" in world.notices("not_as_signed")[0]


def test_people_who_came_since_make_it_void_from_a_twentieth_on(world: World) -> None:
    """Two more of forty are nothing; the third is."""
    first(world)
    for number in (40, 41):
        world.person(f"person {number}")
    world.at(0.05)
    assert voids(world) == []
    world.person("person 42")
    world.at(0.1)
    assert "for 40 people and is for 43" in voids(world)[0]
    assert waiting(world).signatures == ()
    assert sign(world, "B. Silva", "director").issued is None
    assert sign(world, "A. Perera", "duty_officer").issued is not None
    world.at(0.2)
    assert len(world.telephones.read) == 43


def test_a_cost_that_moved_makes_it_void(log: EventLog, homed: Registry, country: LoadedCountry) -> None:
    """As when the price of a segment is another than the signer saw."""
    world = World(log, homed, country)
    world.person("Amara")
    world.happens(EventChange.OPENED, 0)
    first(world)
    price = country.facts.messaging.price
    dearer = with_messaging(country, price=price.model_copy(update={"per_segment": price.per_segment * 1.1}))
    world.service = AlertService(log, homed, dearer, world.telephones)
    assert sign(world, "B. Silva", "director").issued is None
    assert "LKR" in voids(world)[0]


def test_a_signature_waits_an_hour_for_the_others_and_no_longer(world: World) -> None:
    """Then it is taken away, loudly, and the same person may sign again; nothing lapses in silence."""
    first(world)
    assert not world.service.has_work(START + timedelta(minutes=29))
    world.at(1)
    assert "older than 60 minutes" in voids(world)[0]
    late = START + timedelta(hours=1)
    assert sign(world, "B. Silva", "director", late).issued is None
    assert sign(world, "A. Perera", "duty_officer", late).issued is not None


def test_a_reading_that_leaves_the_level_as_it_is_voids_nothing(world: World) -> None:
    """New evidence for the same message is no other message."""
    first(world)
    world.happens(EventChange.UPDATED, 0.1)
    assert voids(world) == []
    assert sign(world, "B. Silva", "director", START + HALF).issued is not None


def test_who_signs_says_what_they_read(world: World) -> None:
    """By its code; another one is refused and changes nothing."""
    code = approvals.code(waiting(world))
    for wrong in ("", code[:11], "0" * 12):
        with pytest.raises(RefusedError, match="not what was read"):
            sign(world, "A. Perera", "duty_officer", seen=wrong)
    assert waiting(world).signatures == ()
    sign(world, "A. Perera", "duty_officer", seen=code)
    assert sign(world, "B. Silva", "director", seen=code).issued is not None


def test_what_was_read_with_other_numbers_is_not_what_is_signed(world: World) -> None:
    """Who read "40 people" does not sign for 43, though nobody had signed before; what is shown is counted anew."""
    code = approvals.code(waiting(world))
    for number in (40, 41, 42):
        world.person(f"person {number}")
    with pytest.raises(RefusedError, match="not what was read"):
        sign(world, "A. Perera", "duty_officer", seen=code)
    assert waiting(world).recipients == 43
    signed = sign(world, "A. Perera", "duty_officer", seen=approvals.code(waiting(world)))
    assert [s.recipients for s in signed.signatures] == [43]


def test_what_a_signature_saw_is_published_with_it(world: World) -> None:
    """Digest, people and cost, so that anybody can compute the digest anew from what was published."""
    first(world)
    issued = sign(world, "B. Silva", "director")
    assert issued.bound is not None
    assert {s.digest for s in issued.signatures} == {issued.bound.digest}
    assert [(s.recipients, s.cost) for s in issued.signatures] == [(40, issued.cost)] * 2
    assert approvals.digest(issued, Kind.WARNING, issued.bound, approvals.texts(issued.texts)) == issued.bound.digest


def test_every_language_of_the_country_is_signed_so_that_who_joins_later_reads_a_signed_text(
    log: EventLog, homed: Registry, country: LoadedCountry
) -> None:
    """Also one that nobody read when it was signed."""
    world = World(log, homed, country)
    world.person("Amara", language="en")
    world.happens(EventChange.OPENED, 0)
    issued = world.sign()[-1]
    assert [text.language for text in issued.texts if not text.recipients] != []
    world.person("Bimal", language="ta", joined=0.1)
    world.at(0.2)
    (joined,) = [body for name, body in world.read() if name == "Bimal"]
    assert joined in [text.body for text in issued.texts if text.language == "ta"]


def test_who_wrote_a_correction_does_not_sign_it(world: World) -> None:
    """Author and approvers are three people where two must sign."""
    world.sign()
    proposed = world.service.correct(waiting_or_out(world), "A. Perera", "duty_officer", "wrong district", START + HALF, area="LK22")
    assert proposed.author == "A. Perera"
    with pytest.raises(RefusedError, match="wrote"):
        world.service.sign(proposed.id, "A. Perera", "duty_officer", START + HALF)
    world.service.sign(proposed.id, "C. Fernando", "duty_officer", START + HALF)
    assert world.service.sign(proposed.id, "B. Silva", "director", START + HALF).issued is not None


def waiting_or_out(world: World) -> str:
    """The id of the newest message that went out."""
    return world.published()[-1].id


def test_what_an_older_version_let_out_still_goes_to_those_who_wait_for_it(world: World) -> None:
    """It was bound to nothing; its people are not left without it by an upgrade."""
    world.service, sending = quiet(world), world.service
    first(world)
    issued = sign(world, "B. Silva", "director")
    old = replace_signatures(issued)
    with world.registry.begin() as connection:
        connection.execute(update(warnings).where(warnings.c.id == issued.id).values(approved="", content=old.model_dump_json()))
        connection.execute(update(signatures).values(digest="", recipients=None, cost=None))
    sending.run_once(START)
    assert len(world.telephones.read) == 40
    with world.registry.reading() as connection:
        assert len(connection.execute(select(messages)).all()) == 40


def replace_signatures(issued: Warning) -> Warning:
    """The message as a version wrote it that bound signatures to nothing."""
    bare = tuple(s.model_copy(update={"digest": "", "recipients": None, "cost": None}) for s in issued.signatures)
    return issued.model_copy(update={"bound": None, "signatures": bare})


def test_the_digest_sees_every_part_and_no_order(world: World) -> None:
    """Each part that is another makes another digest; in which order texts are kept does not."""
    found = waiting(world)
    bound = found.bound
    assert bound is not None
    read = approvals.texts(found.texts)
    same = approvals.digest(found, Kind.WARNING, bound, reversed(read))
    assert same == bound.digest
    others = [
        approvals.digest(found.model_copy(update={field: value}), Kind.WARNING, bound, read)
        for field, value in {"id": "w.9", "level": Level.GREEN, "area": "LK22", "standing": "official", "message_type": "Update"}.items()
    ]
    others += [
        approvals.digest(found, Kind.WARNING, bound.model_copy(update={field: "x"}), read)
        for field in ("whom", "group", "areas", "sender", "channel")
    ]
    others += [approvals.digest(found, Kind.STILL, bound, read), approvals.digest(found, Kind.WARNING, bound, read[:-1])]
    assert len({same, *others}) == len(others) + 1
