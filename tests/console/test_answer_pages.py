"""What people wrote, and a number that is shown: to who may call back, with a reason that the journal has first, and kept nowhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST
from sqlalchemy import update
from test_pages import Outline

from alerts import journal
from alerts.journal import Step
from alerts.listening.inbound import inbound
from alerts.listening.listener import Listener
from alerts.officers.officer import ConsoleRole, Grant
from alerts.tables import inbox

VIEWER = Grant(ConsoleRole.VIEWER, "LKA")
THERE, ELSEWHERE = (Grant(ConsoleRole.OPERATOR, "LKA", "duty_officer", area) for area in ("LK21", "LK11"))
NUMBER, MASKED = "+94771000004", "...04"
"""Of a household of Kandy (`signing_desk`)."""
STRANGER = "+94771999999"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """Somebody in Kandy answered a warning that they need help; another wrote what nobody understands, and so did a stranger."""
    made = Kandy(tmp_path)
    listener = Listener(made.log, made.registry, made.country, clock=lambda: made.now, wall_clock=lambda: made.now)
    for serial, (number, body) in enumerate(((NUMBER, "the roof, call 077 555 1234"), (STRANGER, "hello"), (NUMBER, "HELP"))):
        message = inbound("twilio_sms", f"SM{serial:032x}", number, body)
        assert message is not None
        listener.receive(message)
        listener.process(made.now)
    yield made
    made.close()


def shown_steps(desk: Kandy) -> list[tuple[str, str, str]]:
    """Who saw a number in which role and why, as the journal has it."""
    with desk.registry.reading() as connection:
        found = list(journal.entries(connection, journal.of_step(Step.NUMBER_SHOWN)))
    return [(e.actor, e.role, json.loads(e.content)["why"]) for e in found]


def path_of(page: str, number: int = 0) -> str:
    """The address of a form that shows a number."""
    return [one.partition('"')[0] for one in page.split('action="') if one.startswith("/answers/")][number]


def test_what_people_wrote_is_listed_with_numbers_masked(desk: Kandy) -> None:
    """Where, when and what it was taken for; the words, in which numbers are covered, are for operators."""
    with desk.officer("perera", DUTY) as one, desk.officer("viewer", VIEWER) as two:
        told = Outline(one.reads("/answers")).text
        for said in ("Kandy", "not understood", "from nobody who is enrolled", "the roof, call", f"number {MASKED}"):
            assert said in told
        assert "555 1234" not in told
        assert NUMBER[3:] not in told
        other = two.reads("/answers")
        assert ("the roof" in other, "/number" in other, MASKED in other) == (False, False, True)
        assert "shown to operators alone" in other


@pytest.mark.shows_numbers("that a number is shown on one page is what is tried")
def test_a_number_is_shown_with_a_reason_that_stands_in_the_journal_first(desk: Kandy) -> None:
    """In the answer to a form, kept nowhere, in no address; the journal says who, in which role and why, and no number."""
    with desk.officer("perera", THERE) as one:
        page = one.reads("/answers")
        path = path_of(page)
        assert one.client.get(path).status_code == 405
        answer = one.client.post(
            path,
            data={"why": "they need help", "form_token": page.partition('name="form_token" value="')[2].partition('"')[0]},
            headers={"origin": desk.address.rstrip("/")},
        )
        assert answer.status_code == 200
        assert NUMBER in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert NUMBER[1:] not in str(answer.url)
        assert answer.history == []
        assert shown_steps(desk) == [("Perera", "duty_officer", "they need help")]
        with desk.registry.reading() as connection:
            assert not any(NUMBER[3:] in str(entry) for entry in journal.entries(connection))
        assert NUMBER not in one.reads("/answers")


@pytest.mark.shows_numbers("that a number is shown on one page is what is tried")
def test_each_time_is_a_step_of_its_own(desk: Kandy) -> None:
    """Loaded again, it is asked again, and the journal has both."""
    with desk.officer("perera", DUTY) as one:
        page = one.reads("/answers")
        for why in ("they need help", "nobody answered"):
            assert one.sends(path_of(page), page, why=why)[0] == 200
        assert [why for _, _, why in shown_steps(desk)] == ["they need help", "nobody answered"]


def test_without_a_reason_or_the_role_no_number_is_shown_and_that_is_journalled(desk: Kandy) -> None:
    """A viewer, an approver, an operator of another district, of a stranger an operator of one district, and whoever gives no reason."""
    with (
        desk.officer("perera", DUTY) as may,
        desk.officer("viewer", VIEWER) as viewer,
        desk.officer("silva", FIRST) as approver,
        desk.officer("rajan", ELSEWHERE) as elsewhere,
        desk.officer("kandy", THERE) as there,
    ):
        page = may.reads("/answers")
        known, stranger = path_of(page), path_of(page, 1)
        if "SM" + f"{1:032x}" not in stranger:
            known, stranger = stranger, known
        tries = [(viewer, known, "x"), (approver, known, "x"), (elsewhere, known, "x"), (there, stranger, "x"), (may, known, " ")]
        for who, path, why in tries:
            status, told = who.sends(path, who.reads("/account"), why=why)
            assert status == 403
            assert NUMBER[3:] not in told
        assert shown_steps(desk) == []
        with desk.registry.reading() as connection:
            refused = [e.actor for e in journal.entries(connection, journal.of_step(Step.REFUSED))]
        assert refused == ["Viewer", "Silva", "Rajan", "Kandy", "Perera"]
        assert may.sends("/answers/twilio_sms:none/number", page, why="x")[0] == 404


def test_what_the_journal_cannot_have_is_not_shown(desk: Kandy, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the step cannot be written there is no number on the page."""

    def full(*_: object) -> None:
        raise OSError("no room on the disk")

    with desk.officer("perera", DUTY) as one:
        page = one.reads("/answers")
        monkeypatch.setattr("alerts.listening.revealing.journal.write", full)
        status, told = one.sends(path_of(page), page, why="they need help")
        assert (status, NUMBER[3:] in told) == (500, False)


def test_who_needs_help_stands_first(desk: Kandy) -> None:
    """Apart from what only has to be read."""
    with desk.registry.begin() as connection:
        connection.execute(update(inbox).where(inbox.c.id == f"twilio_sms:SM{0:032x}").values(outcome="need_help"))
    with desk.officer("perera", DUTY) as one:
        told = Outline(one.reads("/answers")).text
        assert told.index("Who needs help") < told.index("the roof") < told.index("What a person must read") < told.index("hello")
        assert "Nobody has answered lately that they need help" not in told
