"""What an attacker or a mistaken program sends to the console: refused, kept in the journal under the officer's name, and explained."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hand_made import evidence, reading
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, Officer
from test_pages import Outline

from alerts import journal
from alerts.journal import Step
from alerts.officers.officer import ConsoleRole, Grant
from schemas.outputs import EventChange

SCRIPT = "<script>alert(1)</script>"
ELSEWHERE = Grant(ConsoleRole.APPROVER, "LKA", "duty_officer", "LK31")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A red warning of Kandy waits for two signatures."""
    made = Kandy(tmp_path)
    made.happens(EventChange.OPENED)
    yield made
    made.close()


def refusals(desk: Kandy) -> list[tuple[str, str, dict[str, Any]]]:
    """Who was refused what, as the journal has it."""
    with desk.registry.reading() as connection:
        steps = [entry for entry in journal.entries(connection) if entry.step == Step.REFUSED]
    return [(entry.actor, entry.subject, json.loads(entry.content)) for entry in steps]


def sign_page(desk: Kandy) -> str:
    """Where the message waits."""
    return f"/waiting/{desk.waiting().id}"


def sends(officer: Officer, path: str, body: bytes, **headers: str) -> tuple[int, str]:
    """Bytes as no page of ours sends them."""
    given = {"content-type": "application/x-www-form-urlencoded", "origin": str(officer.client.base_url).rstrip("/"), **headers}
    answer = officer.client.post(path, content=body, headers=given)
    return answer.status_code, Outline(answer.text).text


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"why=x", {}, 403, "not one of yours"),
        (b"why=x&form_token=0.0", {}, 403, "not one of yours"),
        (b"why=x", {"origin": "http://evil.example"}, 403, "sent from another site"),
        (b"{}", {"content-type": "application/json"}, 415, "Only forms are taken here"),
        (b"why=" + b"x" * 10_000_000, {}, 413, "The form is too large"),
        (b"why=%00", {}, 400, "a character that no text has"),
        (b"why=\xff", {}, 400, "cannot be read"),
        (b"&".join(b"a=1" for _ in range(300)), {}, 400, "cannot be read"),
    ],
)
def test_a_form_that_no_page_sent_is_refused_and_kept(desk: Kandy, body: bytes, headers: dict[str, str], status: int, said: str) -> None:
    """Forged, from elsewhere, of another kind, of ten megabytes, of no letters."""
    with desk.officer("perera", DUTY) as officer:
        got, page = sends(officer, f"{sign_page(desk)}/hold", body, **headers)
        assert (got, said in page) == (status, True)
        ((who, what, content),) = refusals(desk)
        assert (who, what, content["asked"]) == ("Perera", f"{sign_page(desk)}/hold", "POST")
        assert content["why"] in page
    assert not desk.waiting().hold


def test_no_stranger_fills_the_journal(desk: Kandy) -> None:
    """Nobody is signed in, so nobody can be named; a million tries leave the journal as long as it was."""
    with desk.officer("perera") as officer:
        officer.client.cookies.clear()
        for _ in range(3):
            assert sends(officer, "/silences/begin", b"comment=x")[0] == 403
    assert refusals(desk) == []


def test_a_letter_that_no_text_has_is_refused_wherever_it_stands(desk: Kandy) -> None:
    """A database would take the page down with it."""
    with desk.officer("perera", DUTY) as officer:
        page = officer.reads("/silences")
        status, said = officer.sends("/silences/begin", page, comment="a\0b", up_to="red", span="6 h")
        assert (status, "a character that no text has" in said) == (400, True)
        for path in ("/waiting/%00", "/warning/a%00b", "/history?area=%00", "/?at=%00"):
            answer = officer.client.get(path)
            assert (answer.status_code, "The address cannot be read" in answer.text) == (400, True)


@pytest.mark.parametrize("grant", [Grant(ConsoleRole.VIEWER, "LKA"), ELSEWHERE], ids=["wrong role", "wrong district"])
def test_what_is_not_granted_is_refused_and_kept(desk: Kandy, grant: Grant) -> None:
    """The page says whom to ask; the journal says who tried."""
    with desk.officer("perera", grant) as officer:
        page = officer.reads("/account")
        status, said = officer.sends(f"{sign_page(desk)}/sign", page, seen="0")
        assert status == 403
        ((who, what, content),) = refusals(desk)
        assert (who, what) == ("Perera", f"{sign_page(desk)}/sign")
        assert content["why"] in Outline(said).text
    assert not desk.waiting().signatures


def test_another_country_reads_nothing_and_that_it_tried_is_kept(desk: Kandy) -> None:
    """An approver of Nepal at the desk of Sri Lanka."""
    with desk.officer("perera", Grant(ConsoleRole.APPROVER, "NPL", "duty_officer")) as officer:
        assert officer.client.get("/waiting").status_code == 403
    assert [(who, what) for who, what, _ in refusals(desk)] == [("Perera", "/waiting")]


def test_a_stale_signature_is_refused_and_kept(desk: Kandy) -> None:
    """What was read is another by now."""
    with desk.officer("perera", FIRST) as officer:
        page = officer.reads(sign_page(desk))
        for number in range(500, 540):
            desk.enrol(number)
        status, said = officer.presses(page, "sign")
        assert (status, "signed" in Outline(said).text) == (409, True)
        ((who, what, content),) = refusals(desk)
        assert (who, what, content["asked"]) == ("Perera", desk.waiting().id, "sign")
    assert not desk.waiting().signatures


@pytest.mark.parametrize(
    ("page", "action", "fields"),
    [
        ("/waiting/{message}", "hold", {"why": "x" * 501, "minutes": "15"}),
        ("/silences", "begin", {"comment": "x" * 501, "up_to": "red", "span": "6 h"}),
        ("/sending", "halt", {"why": "x" * 501}),
    ],
)
def test_a_reason_is_never_cut_short(desk: Kandy, page: str, action: str, fields: dict[str, str]) -> None:
    """Half a sentence may say the opposite; who wrote it is told how long it may be."""
    with desk.officer("perera", DUTY, FIRST) as officer:
        where = page.format(message=desk.waiting().id)
        status, said = officer.presses(officer.reads(where), action, **fields)
        assert (status, "501 letters" in said, "at most 500 letters" in said) == (409, True, True)


def test_a_script_in_the_name_of_a_station_or_in_a_comment_stays_text(tmp_path: Path) -> None:
    """What a source or an officer wrote is shown as it is written, and no browser runs it."""
    desk = Kandy(tmp_path)
    told = evidence(readings=(reading(key=SCRIPT, area=SCRIPT),), note=SCRIPT)
    desk.happens(EventChange.OPENED, evidence=told)
    with desk.officer("perera", DUTY, FIRST) as officer:
        officer.presses(officer.reads(sign_page(desk)), "hold", why=SCRIPT, minutes="15")
        officer.presses(officer.reads("/silences"), "begin", comment=SCRIPT, up_to="red", span="6 h", area="LK31")
        officer.presses(officer.reads("/sending"), "halt", why=SCRIPT)
        shown = [
            officer.client.get(path)
            for path in (f"/warning/{desk.waiting().warning}", sign_page(desk), "/waiting", "/silences", "/sending")
        ]
    desk.close()
    for answer in shown:
        assert "<script" not in answer.text
        assert "script-src 'none'" in answer.headers["content-security-policy"]
    assert sum("&lt;script&gt;" in answer.text for answer in shown) >= 4


def test_an_address_that_there_is_not_says_where_to_go(desk: Kandy) -> None:
    """A page as any other, with the officer's way back."""
    with desk.officer("perera", DUTY) as officer:
        for path, status in (("/no/such/page", 404), ("/waiting/a/b/c", 404), ("/silences/begin", 405)):
            answer = officer.client.get(path)
            assert (answer.status_code, "Go to the overview" in answer.text) == (status, True)
