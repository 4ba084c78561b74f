"""What waits is read whole and decided on: by whom may, over exactly what was shown."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, SECOND
from sqlalchemy.exc import OperationalError
from test_pages import Outline

from alerts import ledger
from alerts.desk import DutyDesk
from alerts.officers.officer import ConsoleRole, Grant
from alerts.officers.signing_in import SigningIn
from schemas.outputs import EventChange
from schemas.topics import WARNINGS
from schemas.warning_records import WarningStatus

VIEWER = Grant(ConsoleRole.VIEWER, "LKA")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A red warning of Kandy waits for two signatures."""
    made = Kandy(tmp_path)
    made.happens(EventChange.OPENED)
    yield made
    made.close()


def page_of(desk: Kandy) -> str:
    """Where the waiting message is read."""
    return f"/waiting/{desk.waiting().id}"


def test_two_people_read_question_sign_and_it_goes_out(desk: Kandy) -> None:
    """Proposed, questioned, let go, signed by two, and each step is in the story of the warning."""
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        listed = one.reads("/waiting")
        assert "0 of 2 signatures" in Outline(listed).text
        status, held = two.presses(two.reads(page_of(desk)), "hold", why="Is the gauge right?", minutes="15")
        assert (status, "Held by Silva (director)" in Outline(held).text) == (200, True)
        assert "Sign this message" not in one.reads(page_of(desk))
        desk.passes(minutes=2)
        two.presses(two.reads(page_of(desk)), "let-go")
        status, after = one.presses(one.reads(page_of(desk)), "sign")
        assert (status, "1 of 2 signatures" in Outline(after).text) == (200, True)
        desk.passes(minutes=1)
        status, out = two.presses(two.reads(page_of(desk)), "sign")
        assert status == 200
        assert desk.service.pending() == []
        told = Outline(out).text
        for said in ("held by Silva, director: Is the gauge right?", "let go: it can be signed again", "signed by Perera, duty officer"):
            assert said in told
        assert "signed by Silva, director" in told
        assert "Alert went out" in told


def test_all_that_is_signed_stands_on_the_page(desk: Kandy) -> None:
    """Each text in each language, people, cost, sender, channel, standing, whom it does not reach; and no number of anybody."""
    desk.registry.stop("+94771000001", desk.now)
    with desk.officer("perera", FIRST) as one:
        shown = one.reads(page_of(desk))
        told = Outline(shown).text
        warning = desk.waiting()
        for text in warning.texts:
            assert text.body in html.unescape(shown)
        said = (f"{warning.cost:,.2f} LKR", "PolyriskLK, dry", "monitoring", "11 people in Kandy", "1 who had enrolled there have left")
        for part in said:
            assert part in told
        assert "are not enrolled, and get nothing by telephone" in told
        assert not re.search(r"\+?94771\d{6}", shown)


@pytest.mark.parametrize("grants", [(), (VIEWER,), (DUTY,), (Grant(ConsoleRole.APPROVER, "NPL", "duty_officer"),)])
def test_who_may_not_sign_sees_no_button_and_presses_none(desk: Kandy, grants: tuple[Grant, ...]) -> None:
    """Also not with a form made by hand; nothing is signed, and the page says why."""
    with desk.officer("perera", FIRST) as one, desk.officer("other", *grants) as other:
        form = one.reads(page_of(desk))
        own = other.client.get(page_of(desk))
        assert "Sign this message" not in own.text
        status, refused = other.presses(form, "sign")
        assert status == 403
        assert desk.waiting().signatures == ()
        assert "may not" in refused or "no role" in refused or "not one of yours" in refused


def test_an_approver_of_another_district_does_not_sign_for_this_one(desk: Kandy) -> None:
    """A grant reaches its own area and all inside it."""
    with desk.officer("galle", Grant(ConsoleRole.APPROVER, "LKA", "district_unit", "LK31")) as one:
        assert "may not sign here" in one.reads(page_of(desk))


def test_what_is_another_since_it_was_read_is_not_signed_and_shown_anew(desk: Kandy) -> None:
    """The form carries what was read; more people, and the page says so above the message as it stands now."""
    with desk.officer("perera", FIRST) as one:
        form = one.reads(page_of(desk))
        for number in range(12, 18):
            desk.enrol(number)
        status, anew = one.presses(form, "sign")
        assert status == 409
        assert "It is not what was read any more" in anew or "it is not what was read any more" in anew
        assert "18 people in Kandy" in Outline(anew).text
        assert desk.waiting().signatures == ()
        status, _ = one.presses(anew, "sign")
        assert (status, len(desk.waiting().signatures)) == (200, 1)


def test_pressing_twice_signs_once(desk: Kandy) -> None:
    """The second press is refused, and the message says who has signed."""
    with desk.officer("perera", FIRST) as one:
        form = one.reads(page_of(desk))
        one.presses(form, "sign")
        status, again = one.presses(form, "sign")
        assert (status, "signed already" in again, len(desk.waiting().signatures)) == (409, True, 1)


def test_whoever_opens_a_message_publishes_nothing_and_who_signs_sees_the_people_of_now(desk: Kandy) -> None:
    """A page that is only looked at counts nobody anew; a signature does, and under other numbers than were read it is refused."""
    with desk.officer("viewer", VIEWER) as one, desk.officer("perera", FIRST) as two:
        for number in range(500, 520):
            desk.enrol(number)
        before, said = desk.waiting(), len(desk.log.read(WARNINGS.name))
        for who in (one, two):
            form = who.reads(page_of(desk))
        with desk.registry.reading() as connection:
            assert ledger.unpublished(connection) == []
        assert (desk.waiting(), len(desk.log.read(WARNINGS.name))) == (before, said)
        status, shown = two.presses(form, "sign")
        assert (status, desk.waiting().recipients, desk.waiting().signatures) == (409, before.recipients + 20, ())
        assert two.presses(shown, "sign")[0] == 200
        assert len(desk.waiting().signatures) == 1


def test_while_the_registry_is_away_the_log_has_a_line_for_each_request(
    desk: Kandy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What broke and what to do; no traceback, and nothing of the statement."""

    def lost(*_: object) -> None:
        raise OperationalError("SELECT secret FROM sessions", {}, ConnectionError("refused"))

    with desk.officer("perera", FIRST) as one:
        for owner, name in ((SigningIn, "look"), (DutyDesk, "waiting")):
            with monkeypatch.context() as away:
                away.setattr(owner, name, lost)
                caplog.clear()
                assert one.client.get("/waiting").status_code == 503
            (line,) = [record for record in caplog.records if record.name.startswith("console.")]
            said = line.getMessage()
            assert "ConnectionError. Look whether the database runs" in said
            assert "polyrisk doctor" in said
            assert (line.exc_info, "secret" in said, "\n" in said) == (None, False, False)


def test_when_the_registry_is_lost_meanwhile_nobody_is_told_that_it_was_or_was_not_signed(
    desk: Kandy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is a page that says that it is not known, and what to do; the next look at the message knows."""
    sign = DutyDesk.sign

    def signed_and_lost(self: DutyDesk, *given: Any) -> None:
        sign(self, *given)
        lost(self)

    def lost(self: DutyDesk) -> None:
        raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    with desk.officer("perera", FIRST) as one:
        form = one.reads(page_of(desk))
        monkeypatch.setattr(DutyDesk, "sign", signed_and_lost)
        status, page = one.presses(form, "sign")
        told = Outline(page).text
        assert (status, "not known whether what you pressed was done" in told, "Load the page" in told) == (503, True, True)
        monkeypatch.undo()
        assert "Signed by Perera" in Outline(one.reads(page_of(desk))).text
        monkeypatch.setattr(DutyDesk, "waiting", lost)
        answer = one.client.get("/waiting")
        assert (answer.status_code, "pressed" in Outline(answer.text).text) == (503, False)
        monkeypatch.undo()
        assert (one.client.get("/waiting").status_code, len(desk.waiting().signatures)) == (200, 1)


def test_what_does_not_wait_any_more_says_so(desk: Kandy) -> None:
    """Reading or signing a message that was overtaken answers that nothing waits, and does nothing."""
    with desk.officer("perera", FIRST) as one:
        form, where = one.reads(page_of(desk)), page_of(desk)
        desk.passes(hours=1)
        desk.happens(EventChange.CLOSED)
        assert one.client.get(where).status_code == 404
        status, gone = one.presses(form, "sign")
        assert (status, "Nothing waits" in gone or "nothing waits" in gone) == (404, True)
        assert "Nothing waits for a signature" in one.reads("/waiting")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"why": "", "minutes": "15"}, "what they ask"),
        ({"why": "x", "minutes": "later"}, "cannot be read"),
        ({"why": "x", "minutes": "9999"}, "an hour at most"),
        ({"why": "x", "minutes": "0"}, "an hour at most"),
        ({"why": "<script>alert(1)</script>" * 400, "minutes": "10"}, "letters, which is too long"),
        ({"why": "<script>alert(1)</script>" * 20, "minutes": "10"}, "Held by"),
    ],
)
def test_a_question_is_checked_and_never_becomes_part_of_the_page(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """What is wrong is explained; what is written is text, however it looks, and no longer than a line."""
    with desk.officer("perera", FIRST) as one:
        status, shown = one.presses(one.reads(page_of(desk)), "hold", **fields)
        assert status in (200, 409)
        assert said in shown
        assert "<script" not in shown


def test_who_is_not_signed_in_reads_nothing_of_what_waits(desk: Kandy) -> None:
    """The way to signing in is shown, and a form changes nothing."""
    with desk.officer("perera", FIRST) as one:
        where = page_of(desk)
        one.client.cookies.clear()
        assert one.client.get(where, follow_redirects=False).status_code == 303
        refused = one.client.post(f"{where}/sign", data={"seen": "x"}, headers={"origin": desk.address})
        assert refused.status_code == 403
        assert desk.waiting().status is WarningStatus.PROPOSED


def test_pages_of_what_waits_are_never_kept(desk: Kandy) -> None:
    """They differ for each reader and each moment."""
    with desk.officer("perera", FIRST) as one:
        for path in ("/waiting", page_of(desk)):
            assert one.client.get(path).headers["cache-control"] == "no-store"
