"""The button that sends a message that waits to the reader's own telephone: what it shows, whom it reaches, and what it never does."""

import html
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Self

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, SECOND
from test_pages import Outline

from alerts.channels.contract import Accepted, Balance, Outgoing, Receipt, ReceiptState
from alerts.channels.dry import Dry
from alerts.marks import previewed
from alerts.officers import accounts
from alerts.officers.officer import ConsoleRole, Grant
from alerts.previews.asked import received
from alerts.previews.handing_over import PreviewSender
from alerts.roster import telephones
from alerts.segments import measure
from schemas.outputs import EventChange

OWN, OTHERS = "+999700000001", "+999700000002"


class Telephones:
    """A way out in which each message arrives at once."""

    reaches_people: ClassVar[bool] = True

    def __init__(self) -> None:
        self.read: list[tuple[str, str]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def send(self, message: Outgoing) -> Accepted:
        self.read.append((message.to, message.body))
        return Accepted(f"taken-{len(self.read)}")

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        return ()

    async def balance(self) -> Balance | None:
        return None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A red warning of Kandy waits for two signatures."""
    made = Kandy(tmp_path)
    made.happens(EventChange.OPENED)
    yield made
    made.close()


def has_telephone(desk: Kandy, name: str, number: str = OWN) -> None:
    """Somebody gave their number on the machine."""
    with desk.registry.acting() as connection:
        telephones.give(connection, desk.registry.keys, accounts.named(connection, name), number, desk.now)


def page_of(desk: Kandy) -> str:
    """Where the waiting message is read."""
    return f"/waiting/{desk.waiting().id}"


def test_it_is_asked_for_handed_over_and_received_and_the_page_says_so(desk: Kandy) -> None:
    """In one language; the page shows its segments with the mark and without, no number, and signs nothing."""
    air = Telephones()
    with desk.officer("perera", FIRST) as one:
        has_telephone(desk, "perera")
        page = one.reads(page_of(desk))
        (text,) = [text for text in desk.waiting().texts if text.language == "si"]
        marked = measure(previewed(text.body, "si")).segments
        assert marked > text.segments
        assert f"Sinhala: {marked} segments with the mark, {text.segments} without" in Outline(page).text
        status, asked = one.presses(page, "to-me", text="si")
        assert (status, "waits to be handed over" in Outline(asked).text) == (200, True)
        one.presses(page, "to-me", text="si")
        PreviewSender(desk.registry, desk.country, air).turn(desk.now)
        assert air.read == [(OWN, previewed(text.body, "si"))]
        assert "taken by the provider" in Outline(one.reads(page_of(desk))).text
        with desk.registry.begin() as connection:
            assert received(connection, Receipt("", "taken-1", ReceiptState.DELIVERED), desk.now)
        last = one.reads(page_of(desk))
        assert "received by your telephone" in Outline(last).text
        assert OWN[4:] not in last
        assert "Sign this message" in last
    assert desk.waiting().signatures == ()


def test_each_text_that_somebody_would_get_is_shown_and_can_be_had(desk: Kandy) -> None:
    """For a need, too, with how many get it and its segments; what comes to the telephone is the text that is shown, to the letter."""
    air = Telephones()
    for number in range(100, 106):
        desk.enrol(number, needs=("mobility",))
    desk.enrol(120, needs=("livestock",))
    desk.passes(minutes=2)
    with desk.officer("perera", FIRST) as one:
        has_telephone(desk, "perera")
        page = one.reads(page_of(desk))
        (text,) = [text for text in desk.waiting().texts if text.language == "en"]
        said = {need.need: need for need in text.for_needs}
        assert "Of them, who told us of the need mobility, read instead (fewer than 5 people):" in Outline(page).text
        assert said["mobility"].body in Outline(page).text
        assert "Of them, who told us of the need livestock, read instead (fewer than 5 people):" in Outline(page).text
        assert "the need hearing, read instead" not in Outline(page).text
        assert said["hearing"].body in Outline(page).text
        assert "who told us of one reads what all read: mobility, hearing" in " ".join(Outline(page).text.split())
        assert '<option value="en mobility">' in page
        assert '<option value="en hearing">' not in page
        one.presses(page, "to-me", text="en mobility")
        PreviewSender(desk.registry, desk.country, air).turn(desk.now)
        assert air.read == [(OWN, previewed(said["mobility"].body, "en"))]
        assert "For the need mobility: English" in Outline(one.reads(page_of(desk))).text
        status, refused = one.presses(page, "to-me", text="en swimming")
        assert (status, "no text for `swimming` in `en`" in Outline(refused).text) == (409, True)


def test_how_many_have_a_need_is_in_nothing_that_is_published(desk: Kandy) -> None:
    """It stands on the page to sign alone; what is published knows of texts."""
    for number in range(100, 115):
        desk.enrol(number, needs=("pregnancy",))
    desk.passes(minutes=2)
    with desk.officer("perera", FIRST) as one:
        assert "the need pregnancy, read instead (5 people)" in Outline(one.reads(page_of(desk))).text
    (text,) = [text for text in desk.waiting().texts if text.language == "en"]
    assert all(set(said.model_dump()) == {"need", "body", "segments"} for said in text.for_needs)


def test_all_languages_of_the_country_at_once_and_each_reader_sees_their_own(desk: Kandy) -> None:
    """The choice that stands first; another officer's page says nothing of it."""
    air = Telephones()
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        has_telephone(desk, "perera")
        has_telephone(desk, "silva", OTHERS)
        one.presses(one.reads(page_of(desk)), "to-me", text="")
        PreviewSender(desk.registry, desk.country, air).turn(desk.now)
        assert [to for to, _ in air.read] == [OWN] * 3
        assert "taken by the provider" not in Outline(two.reads(page_of(desk))).text


@pytest.mark.parametrize("field", ["to", "number", "officer", "account", "by", "telephone"])
def test_no_field_of_the_form_sends_it_to_somebody_else(desk: Kandy, field: str) -> None:
    """Whose telephone it is, the session says alone."""
    air = Telephones()
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND):
        has_telephone(desk, "perera")
        has_telephone(desk, "silva", OTHERS)
        with desk.registry.reading() as connection:
            other = accounts.named(connection, "silva")
        for value in (OTHERS, other.id, other.name, other.display):
            one.sends(f"{page_of(desk)}/to-me", one.reads(page_of(desk)), text="en", **{field: value})
        PreviewSender(desk.registry, desk.country, air).turn(desk.now)
    assert [to for to, _ in air.read] == [OWN]


def test_an_operator_who_signs_nothing_may_have_it_too_and_a_viewer_may_not(desk: Kandy) -> None:
    """Whoever may not sees no button, and a form made by hand is refused."""
    with desk.officer("perera", DUTY) as one, desk.officer("viewer", Grant(ConsoleRole.VIEWER, "LKA")) as viewer:
        has_telephone(desk, "perera")
        has_telephone(desk, "viewer", OTHERS)
        status, page = one.presses(one.reads(page_of(desk)), "to-me", text="en")
        assert (status, "Your account may not sign here" in page) == (200, True)
        own = viewer.client.get(page_of(desk)).text
        assert "Send it to my telephone" not in own
        token = viewer.client.get("/account").text
        status, refused = viewer.sends(f"{page_of(desk)}/to-me", token, text="en")
        assert (status, "may not have a message sent to themselves" in html.unescape(refused)) == (403, True)


def test_whoever_gave_no_telephone_is_told_how_to_and_what_is_refused_is_explained(desk: Kandy) -> None:
    """The page says the command; a form made by hand is answered above the message."""
    with desk.officer("perera", FIRST) as one:
        page = one.reads(page_of(desk))
        assert "polyrisk roster phone perera" in Outline(page).text
        status, refused = one.sends(f"{page_of(desk)}/to-me", page, text="en")
        assert (status, "has given no telephone" in Outline(refused).text) == (409, True)
        has_telephone(desk, "perera")
        status, refused = one.sends(f"{page_of(desk)}/to-me", page, text="<b>")
        assert (status, "no text in `<b>`" in Outline(refused).text) == (409, True)


def test_where_nothing_is_sent_the_page_says_so(desk: Kandy, tmp_path: Path) -> None:
    """Dry, it is written into a file; nobody waits for their telephone."""
    with desk.officer("perera", FIRST) as one:
        has_telephone(desk, "perera")
        one.presses(one.reads(page_of(desk)), "to-me", text="en")
        PreviewSender(desk.registry, desk.country, Dry(tmp_path / "dry.jsonl")).turn(desk.now)
        assert "written into a file: nothing is sent from here" in Outline(one.reads(page_of(desk))).text
