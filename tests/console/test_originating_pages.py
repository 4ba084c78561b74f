"""A warning that no rule saw is written, read, signed, updated and ended on pages, each by whom may."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, SECOND
from test_pages import Outline

from alerts.officers.officer import ConsoleRole, Grant

VIEWER = Grant(ConsoleRole.VIEWER, "LKA")
THIRD = Grant(ConsoleRole.APPROVER, "LKA", "district_unit")
WRITTEN = {
    "hazard": "river_flood",
    "area": "LK21",
    "level": "red",
    "since": "",
    "until": "2025-11-27T23:00",
    "reason": "water over the bridge",
    "source": "police post",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """Households of Kandy, and nothing that any rule saw."""
    made = Kandy(tmp_path)
    yield made
    made.close()


def test_written_by_one_signed_by_two_updated_and_ended(desk: Kandy) -> None:
    """The form leads to the message as it waits; why it is given is the person's reason; its author has no signature under it."""
    with desk.officer("perera", DUTY, FIRST) as one, desk.officer("silva", SECOND) as two, desk.officer("dias", THIRD) as three:
        status, waits = one.presses(one.reads("/originate"), "originate", **WRITTEN)
        told = Outline(waits).text
        assert status == 200
        for said in ("No rule found it: a person wrote it.", "water over the bridge", "Source: police post", "12 people in Kandy"):
            assert said in told
        where = f"/waiting/{desk.waiting().id}"
        assert f'action="{where}/sign"' not in one.reads(where)
        two.presses(two.reads(where), "sign")
        status, out = three.presses(three.reads(where), "sign")
        told = Outline(out).text
        assert "No rule found it: a person wrote it." in told
        assert "The log no longer holds" not in told
        ((kept, _),) = desk.service.originated()
        changed = one.reads(f"/originated/{kept.warning}")
        status, waits = one.presses(changed, "update", level="orange", until="", comment="the water falls")
        assert (status, "Update" in Outline(waits).text) == (200, True)
        status, waits = two.presses(two.reads(f"/originated/{kept.warning}"), "end", how="all_clear", comment="the water has gone")
        assert (status, "Cancel" in Outline(waits).text) == (200, True)
        assert desk.waiting().author == "Silva"


def test_it_stands_on_the_first_page_though_no_event_is_behind_it(desk: Kandy) -> None:
    """A district under a warning is not shown as calm or unknown."""
    with desk.officer("perera", DUTY) as one:
        one.presses(one.reads("/originate"), "originate", **WRITTEN)
        assert "nobody was told yet" in one.reads("/")
        for by, role in (("X", "duty_officer"), ("Y", "director")):
            desk.service.sign(desk.waiting().id, by, role, desk.now)
        shown = one.reads("/")
        assert "Events that stand (1)" in shown
        assert "event: River flood, written by a person" in Outline(shown).text


def test_a_form_that_is_sent_twice_writes_one_warning(desk: Kandy) -> None:
    """A slow line and a second press lead to the same message; a page loaded anew writes of the same danger and is told of the first."""
    with desk.officer("perera", DUTY) as one:
        form = one.reads("/originate")
        first = one.presses(form, "originate", **WRITTEN)
        again = one.presses(form, "originate", **WRITTEN)
        assert (first[0], again[0]) == (200, 200)
        waiting = desk.waiting().id
        assert f"/waiting/{waiting}/" in again[1]
        status, refused = one.presses(one.reads("/originate"), "originate", **{**WRITTEN, "reason": "another bridge"})
        assert (status, desk.waiting().warning in refused) == (409, True)
        assert desk.waiting().id == waiting


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": " "}, "what was seen"),
        ({"source": ""}, "who told them"),
        ({"level": "purple"}, "level cannot be read"),
        ({"until": "tomorrow"}, "moment cannot be read"),
        ({"until": "2025-11-27T00:00"}, "cannot end then"),
        ({"since": "2025-11-26T00:00"}, "cannot begin then"),
        ({"hazard": "meteorite"}, "no text"),
        ({"reason": "<script>alert(1)</script>", "source": ""}, "who told them"),
    ],
)
def test_what_cannot_be_is_explained_and_what_was_written_stays(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """Nothing waits; the form holds what was typed, as text."""
    with desk.officer("perera", DUTY) as one:
        status, shown = one.presses(one.reads("/originate"), "originate", **{**WRITTEN, **fields})
        assert (status, said in Outline(shown).text) == (409, True)
        assert "<script" not in shown
        assert f'value="{({**WRITTEN, **fields})["source"]}"' in shown
        assert desk.service.pending() == []


@pytest.mark.parametrize(
    "grants",
    [(VIEWER,), (THIRD,), (Grant(ConsoleRole.OPERATOR, "LKA", "duty_officer", "LK31"),)],
    ids=["viewer", "role", "elsewhere"],
)
def test_who_may_not_writes_none_here(desk: Kandy, grants: tuple[Grant, ...]) -> None:
    """Also not with a form made by hand: the account, its role in country.yaml and its area must all let them."""
    with desk.officer("other", *grants) as other:
        page = other.reads("/silences") if "form_token" not in other.reads("/originate") else other.reads("/originate")
        token = page if "form_token" in page else other.reads("/account")
        status, _ = other.sends("/originate", token, **WRITTEN)
        assert status == 403
        assert desk.service.pending() == []


def test_what_nobody_was_told_is_taken_back_on_its_page(desk: Kandy) -> None:
    """Its page says that nobody was told, and the warning's that it never went out; then there is no such page."""
    with desk.officer("perera", DUTY) as one:
        one.presses(one.reads("/originate"), "originate", **WRITTEN)
        ((kept, _),) = desk.service.originated()
        page = one.reads(f"/originated/{kept.warning}")
        assert "Nobody was told anything yet" in page
        status, shown = one.presses(page, "end", how="mistaken", comment="it was another bridge")
        assert (status, "Never went out" in Outline(shown).text) == (200, True)
        assert one.client.get(f"/originated/{kept.warning}").status_code == 404
        assert not re.search(r"\+?94771\d{6}", shown)
