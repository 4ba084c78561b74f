"""What follows from what people write: each message answered once, wishes carried out, and nothing that leads back to a person."""

from pathlib import Path

import pytest
from alert_places import START
from listening_world import CONSENT, World
from small_world import with_messaging
from sqlalchemy import insert, select, update

from alerts import intents
from alerts.listening.inbox import received, without_numbers
from alerts.people.person import Enrolment
from alerts.people.rotation import rotate
from alerts.registry import Registry
from alerts.retention import forget
from alerts.tables import answers, bodies, inbox, messages, subscribers, warnings
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_input, read_output
from schemas.errors import ConfigurationError, RefusedError
from schemas.inputs import Heartbeat
from schemas.warning_records import Answer, AnswerCount, MessageState

AMA, BINDU, CHITRA, DEVI = (f"+99910000000{n}" for n in range(1, 5))


@pytest.fixture
def world(log: EventLog, registry: Registry, country: LoadedCountry) -> World:
    """Sri Lanka as it is once it has a number that people can answer to, and nobody in it yet."""
    return World(log, registry, with_messaging(country, two_way=True))


def warned(world: World, person: str, body: str = "Polyrisk test: FLOOD", number: int = 1, state: str = "accepted") -> str:
    """Somebody got a message of a warning; answers its id."""
    message, row = f"w1.{number}", world.row(person)
    with world.registry.begin() as connection:
        if connection.execute(select(warnings.c.id).where(warnings.c.id == message)).first() is None:
            values = {"kind": "warning", "audience": "public", "area": row.area, "stage": "issued", "content": "", "people": 0}
            connection.execute(
                insert(warnings).values(id=message, warning="w1", number=number, expires=START.replace(day=30), escalations=0, **values)
            )
        if connection.execute(select(bodies).where(bodies.c.message == message, bodies.c.language == row.language)).first() is None:
            connection.execute(insert(bodies).values(message=message, language=row.language, body=body, segments=1))
        values = {"language": row.language, "area": row.area, "priority": 2, "attempts": 1, "refusal": "", "possibly_doubled": False}
        connection.execute(insert(messages).values(message=message, subscriber=person, state=state, attempted_at=world.now, **values))
    return message


def reports_on(log: EventLog) -> list[tuple[str, float, str]]:
    """The reports that the log carries: place, value, quality."""
    records = [stored.record for stored in log.read("input") if stored.record.kind == "reading"]
    return [(row["area"], row["value"], row["quality"]) for record in records for row in read_input(record).to_pylist()]


def test_stop_takes_effect_before_the_provider_is_answered(world: World) -> None:
    """Within the callback's own transaction the person has left, and what was queued for them is not sent."""
    ama = world.person(AMA)
    warned(world, ama, state="intended")
    world.listener.receive(world.message(AMA, "නවත්වන්න"))
    assert world.row(ama).status == "left"
    with world.registry.begin() as connection:
        assert [row.state for row in connection.execute(select(messages.c.state))] == ["refused"]
        assert intents.claim(connection, 10, START, START) == []


def test_who_leaves_gets_one_receipt_and_then_silence(world: World) -> None:
    """The receipt is sent although they have left, once however often they write STOP, and nothing after it."""
    ama = world.person(AMA)
    assert world.write(AMA, "STOP") == "stop"
    assert world.write(AMA, "stop") == "stop"
    assert [body for _, body in world.replies(ama)] == [
        "Polyrisk test: you have left. We will not write to you any more. To come back, send START."
    ]
    with world.registry.begin() as connection:
        intents.drop_left(connection)
        assert [intent.subscriber for intent in intents.claim(connection, 10, START, START)] == [ama]
    assert world.write(AMA, "WATER 2") == "stranger"
    assert len(world.replies(ama)) == 1


def test_what_the_provider_has_answered_we_do_not(world: World) -> None:
    """Twilio says what it took a message for: our list follows it, whatever the words were, and the person is not written to twice."""
    ama = world.person(AMA)
    assert world.write(AMA, "arrêt", opt_out="STOP") == "stop"
    assert world.row(ama).status == "left"
    assert world.write(AMA, "START", opt_out="START") == "start"
    assert world.row(ama).status == "active"
    assert world.replies(ama) == []


def test_start_brings_back_and_a_late_repetition_does_not(world: World) -> None:
    """A START that is delivered again after a later STOP changes nothing."""
    ama = world.person(AMA)
    world.write(AMA, "STOP")
    back = world.message(AMA, "START")
    world.listener.receive(back)
    assert world.row(ama).status == "active"
    world.listener.process(world.now)
    world.write(AMA, "STOP")
    world.listener.receive(back)
    world.listener.process(world.now)
    assert world.row(ama).status == "left"


def test_a_number_that_leaves_before_it_was_enrolled_stays_out(world: World) -> None:
    """STOP of somebody we do not know is kept too: no file enrols them later."""
    assert world.write("+94771234567", "STOP") == "stop"
    with pytest.raises(RefusedError, match="has left"):
        world.registry.enrol(Enrolment("+94771234567", "LK21", "si", "household", CONSENT))


def test_a_person_moves_and_changes_their_language(world: World) -> None:
    """By their own message, answered in the language they read from then on."""
    ama = world.person(AMA)
    assert world.write(AMA, "AREA මහනුවර") == "area"
    assert world.row(ama).area == "LK21"
    world.later(minutes=1)
    assert world.write(AMA, "LANGUAGE Sinhala") == "language"
    assert world.row(ama).language == "si"
    world.later(minutes=1)
    assert world.write(AMA, "language Nepali") == "unsure"
    assert world.row(ama).language == "si"
    moved, changed, unsure = (body for _, body in world.replies(ama))
    assert "Kandy" in moved
    assert "සිංහල" in changed
    assert unsure


def test_letters_are_latin_on_request_and_back(world: World) -> None:
    """A telephone that shows no Nepali letters can be written to."""
    ama = world.person(AMA, language="ne")
    assert world.write(AMA, "ROMAN") == "latin_letters"
    assert world.row(ama).romanised
    assert world.replies(ama)[0][1].isascii()
    assert world.write(AMA, "देवनागरी") == "own_letters"
    assert not world.row(ama).romanised


def test_who_joins_by_message_is_enrolled_where_they_say(world: World) -> None:
    """With their own message as their consent, in the language of their word; who is there already moves."""
    assert world.write(AMA, "JOIN Kandy") == "join"
    with world.registry.reading() as connection:
        row = connection.execute(select(messages.c.subscriber)).one()
    person = world.row(row.subscriber)
    assert (person.area, person.language, person.group, person.consent_text) == ("LK21", "en", "household", "join-by-sms")
    assert "you are on the list for Kandy" in world.replies(person.id)[0][1]
    world.write(AMA, "JOIN Kegalle")
    assert world.row(person.id).area == "LK92"


def test_who_joins_while_the_country_sends_to_nobody_is_owed_the_answer(world: World) -> None:
    """Nothing is queued that would be refused; they are told once the country sends."""
    assert world.country.facts.standing == "monitoring"
    assert world.write("+94771000001", "JOIN Kandy") == "join"
    with world.registry.reading() as connection:
        person = connection.execute(select(subscribers)).one()
        assert connection.execute(select(messages)).all() == []
    assert (person.area, person.owed_welcome) == ("LK21", True)


def test_answers_are_counted_by_the_message_they_answer(world: World) -> None:
    """One person counts once, by their last word; the log has counts by warning, area and language, and nobody's name."""
    for number, language in ((AMA, "en"), (BINDU, "en"), (CHITRA, "si")):
        warned(world, world.person(number, language=language))
    assert [world.write(AMA, "1"), world.write(BINDU, "1"), world.write(CHITRA, "2"), world.write(BINDU, "2")] == [
        "safe", "safe", "need_help", "need_help",
    ]  # fmt: skip
    counts = [c for s in world.log.read("deliveries") if isinstance(c := read_output(s.record), AnswerCount)]
    newest = {(c.message, c.area, c.language, c.answer): c.count for c in counts}
    assert newest == {
        ("w1.1", "LK2157", "en", Answer.SAFE): 1,
        ("w1.1", "LK2157", "en", Answer.NEED_HELP): 1,
        ("w1.1", "LK2157", "si", Answer.NEED_HELP): 1,
    }
    with world.registry.reading() as connection:
        assert len(connection.execute(select(answers)).all()) == 3


def test_who_needs_help_is_told_to_the_people_on_duty(world: World) -> None:
    """With the area and the registry's id, never a number."""
    ama = world.person(AMA)
    warned(world, ama)
    world.write(AMA, "2")
    assert world.notices() == [("need_help", f"{ama} (household) in Pasbagekorale (LK2157) answered to w1.1 that they need help.")]
    assert "we noted that you need help" in world.replies(ama)[0][1]


def test_an_answer_to_nothing_goes_to_a_person(world: World) -> None:
    """Nobody knows what a lone "1" answers."""
    ama = world.person(AMA)
    assert world.write(AMA, "1") == "unsure"
    assert "did not understand" in world.replies(ama)[0][1]
    assert world.notices()[0][0] == "safe"


def test_a_report_becomes_a_reading_with_trust_and_is_answered(world: World) -> None:
    """At a voice of the person's area; those who were trained to report are trusted further."""
    ama, _, _ = world.person(AMA), world.person(BINDU, group="volunteer"), world.person(CHITRA, area="LK21", group="committee")
    assert [world.write(AMA, "WATER 2"), world.write(BINDU, "wathura 5"), world.write(CHITRA, "WATER 3 Pasbagekorale")] == ["report"] * 3
    assert reports_on(world.log) == [
        ("LK2157-voice-1", 2.0, "reported"),
        ("LK2157-voice-2", 5.0, "manual"),
        ("LK2157-voice-3", 3.0, "manual"),
    ]
    assert world.replies(ama)[0][1] == "Polyrisk test: thank you. We understood: WATER 2, Pasbagekorale. Stay away from danger yourself."


def test_one_person_is_one_voice_however_often_they_write(world: World) -> None:
    """A later report takes the place of the earlier one, and others keep their voices."""
    for number in (AMA, BINDU):
        world.person(number)
    for number, body in ((AMA, "WATER 2"), (BINDU, "WATER 1"), (AMA, "WATER 9"), (AMA, "WATER 0")):
        world.later(minutes=1)
        world.write(number, body)
    assert reports_on(world.log) == [
        ("LK2157-voice-1", 2.0, "reported"),
        ("LK2157-voice-2", 1.0, "reported"),
        ("LK2157-voice-1", 9.0, "reported"),
        ("LK2157-voice-1", 0.0, "reported"),
    ]


def test_more_people_than_voices_share_them_and_are_never_fewer(world: World) -> None:
    """The seventh of six takes the voice that was silent longest."""
    for n in range(1, 8):
        world.later(minutes=1)
        world.person(f"+9991000001{n:02d}")
        world.write(f"+9991000001{n:02d}", "WATER 1")
    assert [area for area, _, _ in reports_on(world.log)] == [*(f"LK2157-voice-{n}" for n in range(1, 7)), "LK2157-voice-1"]


def test_a_training_report_is_answered_and_never_counts(world: World) -> None:
    """Marked as one, or sent after a message that is an exercise."""
    ama = world.person(AMA)
    assert world.write(AMA, "DRILL WATER 2") == "training"
    world.later(minutes=1)
    warned(world, ama, body="EXERCISE. Polyrisk test: FLOOD")
    assert world.write(AMA, "WATER 2") == "training"
    assert reports_on(world.log) == []
    assert all("TRAINING report" in body and body.startswith("EXERCISE") for _, body in world.replies(ama))


def test_a_report_that_is_not_understood_is_answered_with_one_example(world: World) -> None:
    """In the person's language; and people on duty are told where to read it."""
    ama, chitra = world.person(AMA), world.person(CHITRA, language="si")
    assert [world.write(AMA, "WATER many"), world.write(CHITRA, "වතුර ගොඩක්")] == ["unsure", "unsure"]
    assert world.replies(ama)[0][1].endswith("Write it like this: WATER 2")
    assert "වතුර 2" in world.replies(chitra)[0][1]
    assert reports_on(world.log) == []
    assert all("`polyrisk inbox read twilio_sms:SM" in text for _, text in world.notices())


def test_a_report_where_no_rule_counts_goes_to_a_person(world: World) -> None:
    """It is answered as understood, and people on duty read it."""
    world.person(AMA, area="LK11")
    assert world.write(AMA, "WATER 2") == "report"
    assert reports_on(world.log) == []
    assert "reported water in houses: 2 in Colombo (LK11), where no rule counts reports" in world.notices()[0][1]


def test_who_is_not_enrolled_is_not_written_to(world: World) -> None:
    """We have nobody's consent; people on duty learn of it once a day."""
    assert [world.write(DEVI, "WATER 2"), world.write(DEVI, "hello")] == ["stranger", "stranger"]
    with world.registry.reading() as connection:
        assert connection.execute(select(messages)).all() == []
    assert [kind for kind, _ in world.notices()] == ["stranger"]


def test_a_machine_that_writes_without_end_is_not_answered_without_end(world: World) -> None:
    """Two machines that answer each other must come to an end; STOP is heard always."""
    ama = world.person(AMA)
    assert [world.write(AMA, "hello") for _ in range(12)] == ["unsure"] * 10 + ["too_many"] * 2
    assert world.write(AMA, "STOP") == "stop"
    assert world.row(ama).status == "left"
    world.later(hours=2)
    world.write(AMA, "START")
    assert world.write(AMA, "HELP") == "help"


def test_help_under_a_warning_may_be_a_cry(world: World) -> None:
    """It is answered as a question, and people on duty hear of it too."""
    ama = world.person(AMA)
    world.write(AMA, "HELP")
    assert world.notices() == []
    warned(world, ama)
    world.write(AMA, "help")
    assert [kind for kind, _ in world.notices()] == ["help"]


def test_a_repetition_is_answered_once(world: World) -> None:
    """Providers call again when they heard no answer; a crash between keeping and answering loses nothing and doubles nothing."""
    ama = world.person(AMA)
    message = world.message(AMA, "WATER 2")
    for _ in range(3):
        world.listener.receive(message)
        world.listener.process(world.now)
    again = World(world.log, world.registry, world.country, now=world.now)
    again.listener.receive(message)
    again.listener.process(world.now)
    assert len(reports_on(world.log)) == len(world.replies(ama)) == 1


def test_answers_go_out_through_the_outbox_and_are_no_counts_of_a_warning(world: World) -> None:
    """They are claimed like any message; the log counts warnings alone."""
    ama = world.person(AMA)
    world.write(AMA, "HELP")
    with world.registry.begin() as connection:
        (intent,) = intents.claim(connection, 10, START, START)
        assert (intent.subscriber, intent.priority) == (ama, 0)
        intents.record(connection, [intents.Answered(intent, MessageState.ACCEPTED, "SM1")], START)
        assert connection.execute(intents.unsettled()).all() == []
    assert world.replies(ama)[0][0] == "accepted"


def test_that_we_listen_is_said_every_ten_minutes(world: World) -> None:
    """So that silence of the listener is not taken for calm."""
    for _ in range(4):
        world.listener.process(world.now)
        world.later(minutes=6)
    beats = [b for s in world.log.read("input") if isinstance(b := read_input(s.record), Heartbeat)]
    assert [(b.feed, b.received) for b in beats] == [("community_reports", START), ("community_reports", START.replace(minute=12))]


def test_nothing_on_the_log_or_in_notices_leads_back_to_a_person(world: World) -> None:
    """Neither a number nor the provider's id of a message; what is kept of it is encrypted."""
    ama = world.person(AMA)
    warned(world, ama)
    sent = [world.message(AMA, body) for body in ("WATER 2", "1", "2", f"call me at {AMA}")]
    for message in sent:
        world.listener.receive(message)
    world.listener.process(world.now)
    told = b"".join(s.record.payload + s.record.id.encode() for topic in ("input", "deliveries") for s in world.log.read(topic))
    told += repr(world.notices()).encode()
    assert AMA[1:].encode() not in told
    assert ama.encode() not in b"".join(s.record.payload for s in world.log.read("input"))
    assert sent[0].id.partition(":")[2].encode() not in b"".join(s.record.payload for s in world.log.read("input"))
    database = Path(str(world.registry.engine.url.database))
    kept = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert AMA[1:].encode() not in kept


def test_a_country_without_a_text_tells_people_on_duty(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be answered is not lost, and stands in nobody's way."""
    ama = world.person(AMA)
    monkeypatch.setattr(world.listener._answering._renderer, "service", _no_text)
    assert world.write(AMA, "HELP") == "failed"
    assert world.notices()[0][0] == "failed"
    with world.registry.begin() as connection:
        connection.execute(update(inbox).values(handled_at=None))
    assert world.replies(ama) == []


def _no_text(*_: object, **__: object) -> None:
    raise ConfigurationError("text service.help exists in none of en.", where="texts")


def test_new_keys_read_what_came_in_under_the_old_ones(world: World) -> None:
    """A rotation writes number and words of waiting messages anew; they are answered after it."""
    ama = world.person(AMA)
    waiting = world.message(AMA, "WATER 2")
    world.listener.receive(waiting)
    rotate(world.registry)
    assert len(world.registry.keys.number_keys) == 1
    world.listener.process(world.now)
    assert world.outcome(waiting) == "report"
    assert [message.text for message in received(world.registry, every=True)] == ["WATER 2"]
    assert len(world.replies(ama)) == 1


def test_answers_are_forgotten_like_messages_of_warnings(world: World) -> None:
    """After ninety days nobody knows any more who was answered what; that a message came stays known, its words do not."""
    ama = world.person(AMA)
    asked = world.message(AMA, "HELP")
    world.listener.receive(asked)
    world.listener.process(world.now)
    with world.registry.begin() as connection:
        connection.execute(update(messages).values(state="accepted"))
    world.later(days=92)
    forget(world.registry, world.now)
    assert world.replies(ama) == []
    assert [(message.outcome, message.text) for message in received(world.registry, every=True)] == [("help", None)]
    world.listener.receive(asked)
    assert world.listener.process(world.now) == 0


def test_what_people_on_duty_read_covers_numbers(world: World) -> None:
    """In any digits and with any spaces; counts of houses are left."""
    assert (
        without_numbers("water in 12 houses, call +94 77 123-4567 or ०७७१२३४५६७")
        == "water in 12 houses, call *************** or **********"
    )
