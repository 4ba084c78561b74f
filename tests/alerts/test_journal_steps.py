"""What stands in the journal: each step of a warning's life, whoever took it, also in vain; and that the event log knows of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from alert_places import START
from chains import wrong
from event_makers import event, tell
from small_world import World

from alerts import journal, ledger, stops
from alerts.chain import Entry, Verified, verify
from alerts.people.rotation import rotate
from alerts.registry import Registry
from alerts.retention import forget
from alerts.service import AlertService
from alerts.silences import Silence
from eventlog.log import EventLog
from polyrisk.journal_command import anchors_of
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Hold


@pytest.fixture
def world(log: EventLog, homed: Registry, country: LoadedCountry) -> World:
    """One household in Kandy, in each kind of database."""
    world = World(log, homed, country)
    world.person("Amara")
    return world


def steps(world: World, *columns: str) -> list[tuple[str, ...]]:
    """All that stands in the journal, in order."""
    with world.registry.reading() as connection:
        return [tuple(getattr(entry, column) for column in columns) for entry in journal.entries(connection)]


def content(world: World, step: str) -> dict[str, object]:
    """What the newest step of a kind says."""
    return dict(json.loads([said for kind, said in steps(world, "step", "content") if kind == step][-1]))


def verified(world: World) -> Verified:
    """The journal held against the log."""
    anchored = anchors_of(world.log, world.country.shard)
    with world.registry.reading() as connection:
        return verify(journal.entries(connection), anchored)


def test_the_life_of_a_warning_stands_in_the_journal(world: World) -> None:
    """Proposed, passed on, refused to whom may not, signed by two, issued; who did each, to which message."""
    world.happens(EventChange.OPENED, 0)
    world.at(1)
    (waits,) = world.service.pending()
    with pytest.raises(RefusedError):
        world.service.sign(waits.id, "a planner", "planner", world.now)
    world.service.sign(waits.id, "A", "duty_officer", world.now)
    with pytest.raises(RefusedError):
        world.service.sign(waits.id, "A", "director", world.now)
    world.service.sign(waits.id, "B", "director", world.now)
    assert steps(world, "step", "actor", "role", "subject") == [
        ("proposed", "polyrisk", "service", waits.id),
        ("escalated", "polyrisk", "service", waits.id),
        ("refused", "a planner", "planner", waits.id),
        ("signed", "A", "duty_officer", waits.id),
        ("refused", "A", "director", waits.id),
        ("signed", "B", "director", waits.id),
        ("issued", "polyrisk", "service", waits.id),
    ]
    assert content(world, "refused") == {"asked": "sign", "why": "this person or this role has signed already."}
    assert content(world, "issued").items() >= {"area": "LK21", "level": "red", "recipients": 1, "kind": "warning"}.items()
    assert verified(world).findings == ()


def test_what_is_held_and_what_no_longer_holds_stands_there(world: World) -> None:
    """A question before signing, its end; what a signature was bound to, and that it was taken away when it was too old."""
    world.happens(EventChange.OPENED, 0)
    (waits,) = world.service.pending()
    question = Hold(by="A", role="director", why="is the gauge right?", at=world.now, until=world.now + timedelta(minutes=15))
    world.service.hold(question, waits.id)
    with pytest.raises(RefusedError):
        world.service.sign(waits.id, "B", "duty_officer", world.now)
    world.service.let_go(waits.id, "A", "director", world.now)
    world.service.sign(waits.id, "B", "duty_officer", world.now)
    assert content(world, "signed").items() >= {"digest": waits.bound and waits.bound.digest, "recipients": 1}.items()
    world.at(1.1)
    assert content(world, "void").items() >= {"by": "B", "role": "duty_officer", "why": "it is older than 60 minutes"}.items()
    told = [(step, actor) for step, actor in steps(world, "step", "actor") if step != "escalated"]
    assert told == [
        ("proposed", "polyrisk"),
        ("held", "A"),
        ("refused", "B"),
        ("let_go", "A"),
        ("signed", "B"),
        ("void", "polyrisk"),
    ]


def test_what_is_overtaken_and_what_is_corrected_stands_there(world: World) -> None:
    """A proposal that was withdrawn, and a correction with who asked for it and why."""
    world.happens(EventChange.OPENED, 0, Level.ORANGE)
    world.happens(EventChange.ESCALATED, 0.2)
    world.sign()
    (issued,) = (warning for warning in world.published() if warning.issued)
    with pytest.raises(RefusedError):
        world.service.correct(issued.id, "A", "duty_officer", "no change", world.now)
    correction = world.service.correct(issued.id, "A", "duty_officer", "the wrong district", world.now, area="LK92")
    found = [(step, subject.rpartition(".")[2]) for step, subject in steps(world, "step", "subject") if step != "signed"]
    assert found[:3] == [("proposed", "1"), ("withdrawn", "1"), ("proposed", "2")]
    assert found[3:] == [("issued", "2"), ("refused", "2"), ("proposed", "3"), ("corrected", "3")]
    assert content(world, "corrected") == {"area": "LK92", "comment": "the wrong district", "level": None}
    assert steps(world, "actor", "subject")[-1] == ("A", correction.id)


def test_silences_and_halts_stand_there(world: World) -> None:
    """Who began and ended them, why, and what a silence held back."""
    asked = Silence("", "A", "duty_officer", "gauge under repair", Level.RED, START, START + timedelta(hours=2), area="LK21")
    silence = world.service.silence(asked)
    with pytest.raises(RefusedError):
        world.service.end_silence("silence-9", "A", "duty_officer", world.now)
    world.happens(EventChange.OPENED, 1)
    world.at(3)
    another = Silence("", "B", "director", "again", Level.RED, world.now, world.now + timedelta(hours=9))
    with pytest.raises(RefusedError):
        world.service.silence(another)
    another = world.service.silence(replace(another, role="duty_officer"))
    world.service.end_silence(another.id, "A", "duty_officer", world.now)
    with world.registry.acting() as connection:
        stops.stop(connection, stops.ALL, "A", "wrong place", world.now)
        stops.resume(connection, stops.ALL, "B", "it was right", world.now)
    told = [(step, actor, subject) for step, actor, subject in steps(world, "step", "actor", "subject") if "." not in subject]
    assert told == [
        ("silenced", "A", silence.id),
        ("refused", "A", "silence-9"),
        ("silence_over", "polyrisk", silence.id),
        ("refused", "B", "everything in the whole country, up to red"),
        ("silenced", "B", another.id),
        ("silence_ended", "A", another.id),
        ("silence_over", "polyrisk", another.id),
        ("halted", "A", ""),
        ("resumed", "B", ""),
    ]
    assert content(world, "resumed") == {"of": "every warning", "why": "it was right"}


def test_what_is_done_to_people_is_counted_and_names_nobody(world: World) -> None:
    """Erased, forgotten after a year, given new keys: how many, never whose number, index or id."""
    world.person("Nimal")
    world.leaves("Nimal")
    world.registry.erase(world._numbers["Amara"], START, "an administrator")
    rotate(world.registry, by="an administrator")
    forget(world.registry, START + timedelta(days=400))
    assert steps(world, "step", "actor", "subject", "content") == [
        ("erased", "an administrator", "", '{"people":1}'),
        ("keys_rotated", "an administrator", "", '{"resumed":false,"written":1}'),
        ("erased", "polyrisk", "", '{"people":1,"why":"left long ago"}'),
    ]


def test_every_step_is_anchored_at_the_services_next_turn_at_the_latest(world: World) -> None:
    """What it does itself, at once; what is signed, refused or halted elsewhere, when it looks next; nothing anew if nothing was done."""
    world.happens(EventChange.OPENED, 0)
    assert verified(world).anchored == 1
    with pytest.raises(RefusedError):
        world.service.sign("w1.1", "A", "duty_officer", world.now)
    assert (verified(world).anchored, verified(world).steps) == (1, 2)
    with world.registry.acting() as connection:
        stops.stop(connection, stops.ALL, "A", "wrong place", world.now)
    assert (verified(world).anchored, verified(world).steps) == (1, 3)
    world.at(0.1)
    assert verified(world).anchored == 3
    before = len(world.log.read("journal"))
    world.at(0.2)
    AlertService(world.log, world.registry, world.country, group="another").run_once(world.now)
    assert len(world.log.read("journal")) == before


def test_a_crash_before_the_log_has_the_anchor_is_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits in the outbox like all that is published, and is there once."""
    tell(world.log, event(EventChange.OPENED))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "mark_published", die)
        with pytest.raises(KeyboardInterrupt):
            world.service.run_once(START)
    AlertService(world.log, world.registry, world.country).run_once(START)
    assert [anchor.place for anchor in anchors_of(world.log, world.country.shard)] == [1]
    assert verified(world).anchored == 1


def test_a_damaged_journal_holds_no_warning_up(world: World) -> None:
    """It is found when it is verified; people are warned all the same."""
    world.happens(EventChange.OPENED, 0)
    with world.registry.begin() as connection:
        connection.exec_driver_sql("UPDATE journal SET at = 'never', actor = ''")
    world.sign(0.1)
    assert world.readers() == ["Amara"]
    assert [found[:2] for found in wrong(verified(world))] == [("edited", 1)]


def test_entries_are_the_tables_columns() -> None:
    """No column of the table is left out of the hash."""
    from alerts.tables import journal as table

    assert list(Entry._fields) == [column.name for column in table.c]
