"""Accounts on pages: as `polyrisk officers` does it, by an administrator alone."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST
from test_pages import Outline

from alerts import journal
from alerts.officers import accounts
from alerts.officers.officer import ConsoleRole, Grant, Officer, State

ADMINISTRATOR = Grant(ConsoleRole.ADMINISTRATOR, "LKA")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A desk at noon."""
    made = Kandy(tmp_path)
    yield made
    made.close()


def account(desk: Kandy, name: str) -> Officer:
    """An account as it stands."""
    with desk.registry.reading() as connection:
        return accounts.named(connection, name)


def steps(desk: Kandy, name: str) -> list[tuple[str, str]]:
    """Who did what with an account."""
    with desk.registry.reading() as connection:
        return [(e.actor, e.step) for e in journal.entries(connection) if e.subject == name and e.actor != "test"]


def test_an_account_is_opened_with_a_code_that_is_shown_once(desk: Kandy) -> None:
    """The code sets the password; no other page has it, none is kept, and it stands in no address."""
    with desk.officer("admin", ADMINISTRATOR) as one:
        page = one.reads("/accounts")
        where = one.client.post(
            "/accounts/open",
            data={"name": "n.perera", "display": "N. Perera", "form_token": re.findall(r'name="form_token" value="([^"]+)"', page)[0]},
            headers={"origin": desk.address.rstrip("/")},
        )
        assert (where.status_code, where.headers["cache-control"], where.url.path) == (200, "no-store", "/accounts/open")
        found = re.search(r'<code class="secret">([^<]+)</code>', where.text)
        assert found is not None
        code = found[1]
        assert code not in one.reads("/accounts") + one.reads(f"/accounts/{account(desk, 'n.perera').id}")
        assert "not set up yet" in Outline(one.reads("/accounts")).text
        with desk.registry.reading() as connection:
            assert not any(code in str(entry) for entry in journal.entries(connection))
        with desk.officer("other") as other:
            other.client.cookies.clear()
            form = other.client.get("/set-up").text
            status, _ = other.presses(form, "set-up", one_time_code=code, password="four words that dance", again="four words that dance")
            assert status == 200
        assert steps(desk, "n.perera")[:1] == [("admin", "account_made")]


def test_a_role_is_granted_for_a_place_and_taken_away(desk: Kandy) -> None:
    """With the checks of the country's files; it holds from the next click on, and each is in the journal."""
    with desk.officer("admin", ADMINISTRATOR) as one, desk.officer("silva") as two:
        here = f"/accounts/{account(desk, 'silva').id}"
        status, page = one.presses(one.reads(here), "grant", role="approver", duty_role="director", area="LK21")
        assert status == 200
        assert "approver (director) in LKA, LK21 · Kandy" in Outline(page).text
        assert account(desk, "silva").grants == (Grant(ConsoleRole.APPROVER, "LKA", "director", "LK21"),)
        assert two.client.get("/waiting").status_code == 200
        for role, duty_role, said in (
            ("approver", "planner", "acts in a role"),
            ("viewer", "director", "needs no role"),
            ("king", "", "role"),
        ):
            status, refused = one.presses(page, "grant", role=role, duty_role=duty_role, area="")
            assert (status, said in refused) == (409, True)
        status, page = one.presses(page, "revoke")
        assert (status, account(desk, "silva").grants) == (200, ())
        assert two.client.get("/waiting").status_code == 403
        assert steps(desk, "silva") == [("admin", "role_granted"), ("admin", "role_revoked")]


def test_an_account_is_unlocked_taken_out_of_use_into_it_again_and_set_anew(desk: Kandy) -> None:
    """Whoever is signed in with it is out at once; after a reset the old session is worth nothing."""
    with desk.officer("admin", ADMINISTRATOR) as one, desk.officer("silva", DUTY) as two:
        here = f"/accounts/{account(desk, 'silva').id}"
        assert one.presses(one.reads(here), "unlock")[0] == 200
        status, page = one.presses(one.reads(here), "disable")
        assert (status, account(desk, "silva").state, "out of use" in page) == (200, State.DISABLED, True)
        assert "sign-in" in two.client.get("/waiting").url.path
        assert one.presses(page, "reset")[0] == 409
        assert one.presses(page, "enable")[0] == 200
        status, shown = one.presses(one.reads(here), "reset")
        assert (status, "One-time code" in shown) == (200, True)
        made = [step for _, step in steps(desk, "silva")]
        assert made == ["account_unlocked", "account_disabled", "account_enabled", "account_reset"]


def test_the_last_administrator_stays_one(desk: Kandy) -> None:
    """Neither the role nor the account can be taken away."""
    with desk.officer("admin", ADMINISTRATOR) as one:
        page = one.reads(f"/accounts/{account(desk, 'admin').id}")
        for action in ("revoke", "disable"):
            status, refused = one.presses(page, action)
            assert (status, "nobody could change accounts" in refused) == (409, True)


def test_nobody_else_sees_or_changes_accounts(desk: Kandy) -> None:
    """Not by the page, not by a form made by hand, and no link leads there."""
    with desk.officer("admin", ADMINISTRATOR) as one, desk.officer("perera", FIRST, DUTY) as two:
        assert "/accounts" in one.reads("/waiting")
        page = two.reads("/waiting")
        assert "/accounts" not in page
        id = account(desk, "perera").id
        for path in ("/accounts", f"/accounts/{id}"):
            assert two.client.get(path).status_code == 403
        account_page = two.reads("/account")
        for path in ("/accounts/open", *(f"/accounts/{id}/{how}" for how in ("grant", "revoke", "reset", "unlock", "disable", "enable"))):
            assert two.client.get(path).status_code in (403, 405)
            fields = {"name": "x", "display": "X", "role": "administrator", "duty_role": "", "area": ""}
            assert two.sends(path, account_page, **fields)[0] == 403
        assert account(desk, "perera").grants == (FIRST, DUTY)
        assert steps(desk, "perera") == []
