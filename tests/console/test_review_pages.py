"""What went out by agreement stands on top until a person has said, on its page, whether it was right."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from agreeing import VALLEYS, agreement, with_agreements
from console_world import lanka
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, SECOND
from test_pages import Outline

from alerts.officers.officer import ConsoleRole, Grant
from schemas.country_files import LoadedCountry
from schemas.outputs import EventChange
from schemas.warning_records import WarningStatus

VIEWER = Grant(ConsoleRole.VIEWER, "LKA")


def agreed() -> LoadedCountry:
    """Sri Lanka, had it agreed on Kandy's rule."""
    return with_agreements(lanka(), **{VALLEYS: agreement()})


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A red warning of Kandy went out by agreement."""
    made = Kandy(tmp_path, agreed())
    made.happens(EventChange.OPENED)
    yield made
    made.close()


def page_of(desk: Kandy) -> str:
    """Where it is reviewed."""
    ((sent, _),) = desk.service.sent_by_agreement()
    return f"/review/{sent.message}"


def test_it_stands_on_top_of_what_stands_and_of_what_waits_until_it_is_reviewed(desk: Kandy) -> None:
    """With its place, how many people were told, and a link to its page; then nowhere but in the story of its warning."""
    with desk.officer("perera", FIRST) as one:
        for path in ("/", "/waiting"):
            shown = one.reads(path)
            told = Outline(shown).text
            assert "nobody has reviewed it (1)" in told
            assert "12 people were told" in told
            assert shown.index("nobody has reviewed it") < shown.index("Kandy")
            assert f'href="{page_of(desk)}"' in shown
        status, after = one.presses(one.reads(page_of(desk)), page_of(desk).removeprefix("/review/"), judgement="right", comment="seen")
        assert (status, "Perera (duty officer) judged it right: seen" in Outline(after).text) == (200, True)
        for path in ("/", "/waiting"):
            assert "nobody has reviewed it" not in one.reads(path)
        ((_, warning),) = desk.service.sent_by_agreement()
        told = Outline(one.reads(f"/warning/{warning.warning}")).text
        assert "went out by agreement valleys, signed by nobody" in told
        assert "reviewed afterwards by Perera, duty officer, and judged right: seen" in told
        assert "agreement valleys" in one.client.get("/api/warnings").text


def test_its_page_says_by_whom_it_was_agreed_and_what_people_read(desk: Kandy) -> None:
    """The paper, its last day, each text; and no number of anybody."""
    with desk.officer("perera", FIRST) as one:
        shown = one.reads(page_of(desk))
        told = Outline(shown).text
        ((_, warning),) = desk.service.sent_by_agreement()
        for said in ("A. Fonseka (director), N. Perera (district unit)", "DMC/2025/14, until 2026-05-31", "nobody signed it"):
            assert said in told
        for text in warning.texts:
            assert text.body in told
        assert not re.search(r"\+?94771\d{6}", shown)


def test_judged_wrong_the_page_leads_on_to_the_correction(desk: Kandy) -> None:
    """Which waits for two signatures, of others than its author, and goes to who was warned."""
    where = page_of(desk)
    with desk.officer("perera", FIRST) as one:
        _, shown = one.presses(one.reads(where), where.removeprefix("/review/"), judgement="wrong", comment="the gauge is stuck")
        assert "Something in it was wrong" not in shown
        assert "/correct/" in shown
        warning = page_of(desk).removeprefix("/review/").partition(".")[0]
        status, _ = one.presses(shown, warning, area="", level="green", comment="the gauge is stuck")
        assert status == 200
    assert desk.waiting().reason == "corrected"
    assert desk.waiting().status is WarningStatus.PROPOSED


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"judgement": "right", "comment": " "}, "what was seen"), ({"judgement": "", "comment": "x"}, "Choose one of the two")],
)
def test_what_is_missing_is_explained_and_nothing_is_kept(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """Above the page as it stands."""
    where = page_of(desk)
    with desk.officer("perera", FIRST) as one:
        status, shown = one.presses(one.reads(where), where.removeprefix("/review/"), **fields)
        assert (status, said in shown) == (409, True)
    assert len(desk.service.sent_by_agreement(unreviewed=True)) == 1


def test_reviewed_twice_the_second_is_told_who_was_first(desk: Kandy) -> None:
    """Both had the page open; one judgement is kept."""
    where = page_of(desk)
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        first, second = one.reads(where), two.reads(where)
        one.presses(first, where.removeprefix("/review/"), judgement="right", comment="seen")
        status, shown = two.presses(second, where.removeprefix("/review/"), judgement="wrong", comment="not seen")
        assert (status, "Perera has reviewed it already" in Outline(shown).text) == (409, True)


@pytest.mark.parametrize("grants", [(VIEWER,), (DUTY,), (Grant(ConsoleRole.APPROVER, "LKA", "district_unit", "LK31"),)])
def test_who_may_not_sign_here_reviews_nothing(desk: Kandy, grants: tuple[Grant, ...]) -> None:
    """They read the page, and see no form; one made by hand is refused."""
    where = page_of(desk)
    with desk.officer("other", *grants) as other:
        shown = other.reads(where)
        assert "may not review here" in shown
        status, _ = other.sends(where, other.reads("/account") if "form_token" not in shown else shown, judgement="right", comment="x")
        assert status == 403
    assert len(desk.service.sent_by_agreement(unreviewed=True)) == 1


def test_what_did_not_go_out_by_agreement_has_no_such_page(desk: Kandy) -> None:
    """And says where those are that did."""
    with desk.officer("perera", FIRST) as one:
        answer = one.client.get("/review/w0.1")
        assert (answer.status_code, "did not go out by agreement" in answer.text) == (404, True)
