"""What is held about a number is given out whole to its owner, and erased down to the mark that they left."""

from datetime import timedelta
from pathlib import Path

import pytest
from alert_places import START
from sqlalchemy import LargeBinary, insert, select

from alerts.people.person import Consent, Enrolment
from alerts.registry import Registry
from alerts.tables import bodies, inbox_payloads, messages, metadata, subscribers, suppressions, voices
from schemas.warning_records import MessageState

NUMBER, OTHER = "+94771234567", "+94771234568"
CONSENT = Consent(START, "enrolment-1", "committee of Gampola")


@pytest.fixture
def registry(homed: Registry) -> Registry:
    """Two people, each of whom has a message that was sent, one that waits, and one that is being sent."""
    for number in (NUMBER, OTHER):
        person = homed.enrol(Enrolment(number, "LK21", "si", "household", CONSENT, needs=("hearing",)))
        with homed.begin() as connection:
            for place, state in enumerate((MessageState.ACCEPTED, MessageState.INTENDED, MessageState.SENDING)):
                row = {"message": f"w1.{place}", "subscriber": person, "language": "si", "area": "LK21", "priority": 3}
                row |= {"state": state.value, "attempts": 1, "refusal": "", "possibly_doubled": False}
                connection.execute(insert(messages).values(**row, provider_id=f"{person}{place}"))
            row = {"id": number[-4:], "at": START, "number_index": homed.keys.index(number), "opt_out": ""}
            tokens = {"number": homed.keys.encrypt(number), "body": homed.keys.encrypt("WATER Gampola")}
            connection.execute(insert(inbox_payloads).values(**row, **tokens))
            connection.execute(insert(voices).values(area="LK21", number=int(number[-1]), subscriber=person, last_at=START))
    with homed.begin() as connection:
        connection.execute(insert(bodies).values(message="w1.0", language="si", body="ගංවතුර", segments=1))
    return homed


def everything(registry: Registry) -> str:
    """All rows of all tables."""
    with registry.reading() as connection:
        return repr([row for table in metadata.sorted_tables for row in connection.execute(select(table))])


def test_all_that_is_held_is_given_out(registry: Registry) -> None:
    """The person, their consent and needs, each message with its text, what they wrote; nothing of anybody else, and no secret of ours."""
    held = registry.export(NUMBER)
    assert held["number"] == NUMBER
    assert (held["person"]["consent_text"], held["person"]["needs"], held["person"]["area"]) == ("enrolment-1", "hearing", "LK21")
    assert [row["state"] for row in held["messages"]] == ["accepted", "intended", "sending"]
    assert [row["text"] for row in held["messages"]] == ["ගංවතුර", None, None]
    assert [row["body"] for row in held["inbox_payloads"]] == ["WATER Gampola"]
    assert registry.keys.index(NUMBER) not in repr(held)
    registry.stop(NUMBER, START)
    assert registry.export(NUMBER)["suppressions"] == [{"at": START.isoformat(), "reason": "stop"}]


def test_nothing_is_held_of_who_was_never_there(registry: Registry) -> None:
    """Then the answer holds the number that was asked for alone."""
    assert registry.export("+94771234569") == {"number": "+94771234569"}


def test_erasure_leaves_the_mark_alone(registry: Registry) -> None:
    """Neither the id nor the token of the person is anywhere; the index is there once, on the list; the other person is untouched."""
    with registry.reading() as connection:
        person = connection.execute(select(subscribers).where(subscribers.c.number_index == registry.keys.index(NUMBER))).one()
    before = registry.export(OTHER)
    registry.erase(NUMBER, START)
    left = everything(registry)
    assert person.id not in left
    assert repr(person.number) not in left
    assert left.count(registry.keys.index(NUMBER)) == 1
    assert registry.export(NUMBER) == {"number": NUMBER, "suppressions": [{"at": START.isoformat(), "reason": "erased"}]}
    assert registry.export(OTHER) == before


def test_what_is_erased_is_not_in_the_file_either(registry: Registry, tmp_path: Path) -> None:
    """SQLite would leave deleted rows where they were until the place is needed."""
    with registry.reading() as connection:
        token = connection.execute(
            select(subscribers.c.number).where(subscribers.c.number_index == registry.keys.index(NUMBER))
        ).scalar_one()
    registry.erase(NUMBER, START)
    registry.close()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("registry.sqlite*"))
    assert bytes(token) not in content


def test_what_is_encrypted_can_be_found_by_its_number() -> None:
    """A table that holds a token holds the index of the number it is of, so that it is given out and erased with it. What is kept of people
    on duty is found by their account."""
    of_people = [table for table in metadata.sorted_tables if "officer" not in table.c]
    encrypted = [table for table in of_people if any(isinstance(column.type, LargeBinary) for column in table.c)]
    assert {table.name for table in encrypted} >= {"subscribers", "inbox_payloads"}
    assert all({"number", "number_index"} <= set(table.c.keys()) for table in encrypted)


def test_what_was_sent_to_somebody_erased_stays_counted(registry: Registry) -> None:
    """Each of their messages is somebody's of whom nothing else is known: what waited is not sent, what was under way is unknown."""
    registry.erase(NUMBER, START)
    with registry.reading() as connection:
        rows = connection.execute(select(messages).where(messages.c.subscriber.startswith("erased-")).order_by(messages.c.message)).all()
    assert [(row.message, row.state) for row in rows] == [("w1.0", "accepted"), ("w1.1", "refused"), ("w1.2", "unknown")]
    assert len({row.subscriber for row in rows}) == 3
    assert {row.provider_id for row in rows} == {None}


def test_who_is_erased_twice_or_was_never_there_is_on_the_list_once(registry: Registry) -> None:
    """Erasure can be asked for again; since when they left stays as it was first."""
    for number in (NUMBER, NUMBER, "+94771234569"):
        registry.erase(number, START)
        registry.erase(number, START + timedelta(days=1))
    with registry.reading() as connection:
        assert [row.at for row in connection.execute(select(suppressions))] == [START, START]
