"""The roster: who is on duty at a moment, what is wrong with it, hand-over notes, and the telephones by which people are woken."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from officers_desk import ADMINISTRATOR, Desk, approver
from sqlalchemy import select

from alerts import journal
from alerts.officers import passwords
from alerts.officers.officer import ConsoleRole, Grant
from alerts.people.rotation import rotate
from alerts.registry import Registry
from alerts.roster import keeping, telephones
from alerts.roster.shifts import Shift, findings, on_duty
from alerts.tables import handover_notes, officer_telephones
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
NUMBER = "+999700000001"


def at(hours: float) -> datetime:
    """Hours after noon."""
    return NOON + timedelta(hours=hours)


def shift(name: str, since: float, until: float, place: int = 1) -> Shift:
    """A shift in hours after noon."""
    return Shift(f"{name}:{since}:{place}", name, name, at(since), at(until), place)


def add(desk: Desk, name: str, since: float, until: float, place: int = 1, by: str = ADMINISTRATOR) -> Shift:
    """Put somebody on duty."""
    with desk.registry.acting() as connection:
        return keeping.add(connection, "LKA", name, at(since), at(until), place, by, NOON)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least cost: passwords are not what is tried here."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def desk(homed: Registry, country: LoadedCountry) -> Desk:
    """An administrator and two who can be on duty, in each kind of database."""
    desk = Desk(homed, country)
    desk.first()
    for name in ("n.perera", "k.silva"):
        desk.administering.add(name, name, ADMINISTRATOR)
        desk.administering.grant(name, approver(), ADMINISTRATOR)
    return desk


def test_who_is_on_duty_is_woken_in_the_order_of_places() -> None:
    """First before second; a shift begins with its first moment and is over at its last; who stands twice is woken once."""
    shifts = [shift("second", 0, 8, 2), shift("first", 0, 8), shift("first", 4, 8, 3), shift("later", 8, 16)]
    assert [s.name for s in on_duty(shifts, at(0))] == ["first", "second"]
    assert [s.name for s in on_duty(shifts, at(7.99))] == ["first", "second"]
    assert [s.name for s in on_duty(shifts, at(8))] == ["later"]
    assert on_duty(shifts, at(16)) == []


def test_gaps_overlaps_and_who_is_alone_are_found() -> None:
    """Each from when to when; what goes on over the edge of a shift is one finding."""
    shifts = [shift("a", 0, 8), shift("b", 7, 16), shift("c", 7, 16, 2), shift("c", 16, 20, 2)]
    found = [(f.kind, f.since, f.until) for f in findings(shifts, at(-1), at(24))]
    assert found == [
        ("gap", at(-1), at(0)),
        ("alone", at(0), at(7)),
        ("overlap", at(7), at(8)),
        ("gap", at(16), at(20)),
        ("gap", at(20), at(24)),
    ]
    assert "c would be woken" in findings(shifts, at(16), at(20))[0].text


_SPANS = st.tuples(st.integers(0, 20), st.integers(1, 9), st.integers(1, 3), st.sampled_from("abc"))


@given(st.lists(_SPANS, max_size=6))
def test_a_gap_is_where_nobody_is_on_duty_first_and_nowhere_else(spans: list[tuple[int, int, int, str]]) -> None:
    """Held against looking at each half hour."""
    shifts = [shift(name, begin, begin + hours, place) for begin, hours, place, name in spans]
    gaps = [f for f in findings(shifts, at(0), at(30)) if f.kind == "gap"]
    for half in range(60):
        moment = at(half / 2 + 0.25)
        assert any(f.since <= moment < f.until for f in gaps) == (not any(s.place == 1 for s in on_duty(shifts, moment)))


def test_the_roster_is_kept_and_each_change_is_a_step_of_the_journal(desk: Desk) -> None:
    """Who did it is named; what is taken out is no longer there."""
    kept = add(desk, "n.perera", 0, 8)
    add(desk, "k.silva", 0, 8, 2)
    with desk.registry.acting() as connection:
        assert [s.name for s in on_duty(keeping.within(connection, "LKA", at(0), at(24)), at(1))] == ["n.perera", "k.silva"]
        assert keeping.within(connection, "NPL", at(0), at(24)) == []
        keeping.remove(connection, "LKA", kept.id, "k.silva", NOON)
        assert [s.name for s in keeping.within(connection, "LKA", at(0), at(24))] == ["k.silva"]
        steps = [(e.actor, e.step, e.subject) for e in journal.entries(connection) if e.role == "roster"]
    assert steps == [
        (ADMINISTRATOR, "shift_added", "n.perera"),
        (ADMINISTRATOR, "shift_added", "k.silva"),
        ("k.silva", "shift_removed", "n.perera"),
    ]


def test_only_who_may_act_stands_on_the_roster_and_changes_it(desk: Desk) -> None:
    """A viewer, an account out of use, a name that nobody has, a shift that ends before it begins, the same place twice: refused."""
    desk.administering.add("v.iewer", "Viewer", ADMINISTRATOR)
    desk.administering.grant("v.iewer", Grant(ConsoleRole.VIEWER, "LKA"), ADMINISTRATOR)
    add(desk, "n.perera", 0, 8)
    for name, since, until, by, why in (
        ("v.iewer", 0, 8, ADMINISTRATOR, "neither operator, approver nor administrator"),
        ("k.silva", 0, 8, "v.iewer", "neither operator, approver nor administrator"),
        ("nobody", 0, 8, ADMINISTRATOR, "there is no account"),
        ("k.silva", 8, 0, ADMINISTRATOR, "ends before it begins"),
        ("n.perera", 7, 9, ADMINISTRATOR, "on duty first for some of this time already"),
    ):
        with pytest.raises(RefusedError, match=why):
            add(desk, name, since, until, by=by)
    desk.administering.disable("k.silva", ADMINISTRATOR)
    with pytest.raises(RefusedError, match="out of use"):
        add(desk, "k.silva", 0, 8)


def test_who_cannot_be_woken_is_found(desk: Desk) -> None:
    """Without a telephone, or with an account that went out of use since."""
    add(desk, "n.perera", 0, 8)
    add(desk, "k.silva", 0, 8, 2)
    with desk.registry.acting() as connection:
        telephones.give(connection, desk.registry.keys, desk.officer("n.perera"), NUMBER, NOON)
    desk.administering.disable("k.silva", ADMINISTRATOR)
    with desk.registry.reading() as connection:
        found = keeping.check(connection, "LKA", at(0), at(8))
    assert [(f.kind, "k.silva" in f.text) for f in found] == [("account", True)]
    with desk.registry.acting() as connection:
        telephones.forget(connection, desk.officer("n.perera"), NOON)
        assert "telephone" in {f.kind for f in keeping.check(connection, "LKA", at(0), at(8))}


def test_a_note_for_the_next_shift_holds_no_number(desk: Desk) -> None:
    """What may be one is masked before it is kept, and the journal has no text of it at all."""
    with desk.registry.acting() as connection:
        keeping.hand_over(connection, "LKA", "n.perera", "Gauge at Nawalapitiya doubtful; the reader is 077 123 4567.", NOON)
        keeping.hand_over(connection, "LKA", "k.silva", "All calm.", at(8))
    with desk.registry.reading() as connection:
        assert [(n.by, n.text) for n in keeping.notes(connection, "LKA")] == [
            ("k.silva", "All calm."),
            ("n.perera", "Gauge at Nawalapitiya doubtful; the reader is ...67."),
        ]
        assert "1234567" not in "".join(str(row) for row in connection.execute(select(handover_notes))).replace(" ", "")
        assert not any("Nawalapitiya" in entry.content for entry in journal.entries(connection))


def test_a_telephone_is_encrypted_follows_new_keys_and_is_forgotten(desk: Desk) -> None:
    """It is in no other column of the registry, is found by who answers, and a new one takes the place of the old."""
    keys, officer = desk.registry.keys, desk.officer("n.perera")
    with desk.registry.acting() as connection:
        telephones.give(connection, keys, officer, "+999700000009", NOON)
        telephones.give(connection, keys, officer, NUMBER, NOON)
        (token,) = connection.execute(select(officer_telephones.c.number)).scalars()
        assert NUMBER.encode() not in token
        assert telephones.whose(connection, keys, NUMBER) == [officer.id]
        assert telephones.whose(connection, keys, "+999700000009") == []
        assert not any(NUMBER[4:] in json.dumps(entry) for entry in journal.entries(connection))
    rotate(desk.registry)
    with desk.registry.acting() as connection:
        assert keys.is_newest(connection.execute(select(officer_telephones.c.number)).scalar_one())
        assert telephones.of(connection, keys, officer.id) == NUMBER
        assert telephones.forget(connection, officer, NOON)
        assert telephones.of(connection, keys, officer.id) is None


@pytest.mark.parametrize("written", ["0112345678", "12", "somebody", "+9"])
def test_what_is_no_mobile_number_is_refused_without_saying_it(written: str) -> None:
    """A landline cannot be sent an SMS; a number of the country may be written without its code."""
    with pytest.raises(RefusedError) as refused:
        telephones.understood(written, "LK")
    assert written not in str(refused.value)
    assert telephones.understood("077 123 4567", "LK") == "+94771234567"
