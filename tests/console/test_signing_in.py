"""Signing in over real HTTP: who comes in, who does not, and that no form takes effect that is another site's or nobody's."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from console_world import lanka
from officers_desk import ADMINISTRATOR, PASSWORD, Clock, Desk, Telephone, approver
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from test_pages import Outline

from alerts.officers import passwords
from alerts.officers.officer import ConsoleRole, Grant
from alerts.officers.sessions import IDLE
from alerts.officers.tries import FROM_HERE
from alerts.people.keys import Keys
from alerts.registry import Registry
from console.access import What, csrf_field, form_of, officer_of, require, signed_in
from console.gate import MOST_BYTES
from console.pages import create_app
from console.screenshot import served
from eventlog.log import EventLog, open_log

NEW = "five words that dance well"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Accounts, none yet."""
    registry = Registry(f"sqlite:///{tmp_path}/registry.sqlite", Keys.load(tmp_path / "keys", create=True))
    yield Desk(registry, lanka())
    registry.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log: what stands on the pages is tried elsewhere."""
    opened = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def app(desk: Desk, log: EventLog) -> Starlette:
    """The console with one page more, on which something is decided."""
    made = create_app(log, lanka(), registry=desk.registry, clock=desk.clock, patience_s=30)
    made.router.routes += [Route("/decide", decide, methods=["POST"]), Route("/decide", ask)]
    return made


@pytest.fixture
def address(app: Starlette) -> Iterator[str]:
    """Where it is served."""
    with served(app) as where:
        yield where


@pytest.fixture
def browser(address: str) -> Iterator["Browser"]:
    """Somebody's browser."""
    with browsing(address) as made:
        yield made


@signed_in
def ask(request: Request) -> Response:
    """A form as pages of ours have it."""
    return PlainTextResponse(str(csrf_field(request)))


@signed_in
def decide(request: Request) -> Response:
    """Signs for an area, as a page of ours would."""
    officer = officer_of(request)
    grant = require(officer, What.SIGN, lanka(), form_of(request)["area"])
    return PlainTextResponse(f"signed by {officer.display if officer else ''} ({grant.duty_role})")


class Browser:
    """Keeps cookies, reads forms and sends them as a browser does."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.origin = str(client.base_url).rstrip("/")

    def get(self, path: str) -> httpx.Response:
        """Ask for a page, and go where it leads."""
        return self.client.get(path, follow_redirects=True)

    def token(self, path: str) -> str:
        """The token of the form on a page."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(path).text)
        assert found is not None, f"no form on {path}"
        return found[1]

    def send(
        self, path: str, fields: dict[str, str], *, form_on: str | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Fill in the form of a page and send it."""
        said = {"origin": self.origin, "sec-fetch-site": "same-origin"} | (headers or {})
        token = {} if "form_token" in fields else {"form_token": self.token(form_on or path)}
        return self.client.post(path, data={**token, **fields}, headers=said, follow_redirects=True)

    def sign_in(self, name: str, telephone: Telephone, password: str = PASSWORD, onward: str = "/") -> httpx.Response:
        """Both steps."""
        self.send("/sign-in", {"name": name, "password": password, "next": onward})
        return self.send("/second-factor", {"code": telephone.shows(), "next": onward}, form_on=f"/second-factor?next={quote(onward)}")


@contextmanager
def browsing(address: str) -> Iterator[Browser]:
    """A browser of its own."""
    with httpx.Client(base_url=address, timeout=60) as client:
        yield Browser(client)


def set_up(browser: Browser, code: str, clock: Clock) -> tuple[httpx.Response, Telephone]:
    """Use a one-time code to the end; the last page, and the telephone."""
    page = browser.send("/set-up", {"one_time_code": code, "password": PASSWORD, "again": PASSWORD}, form_on=f"/set-up?code={code}")
    assert page.url.path == "/authenticator", page.text
    secret = re.search(r'class="secret">([^<]+)<', page.text)
    assert secret is not None
    telephone = Telephone(secret[1].replace(" ", ""), clock)
    done = browser.send("/authenticator", {"code": telephone.shows()})
    clock.goes_on(seconds=60)
    return done, telephone


def ready(desk: Desk, *grants: Grant) -> Telephone:
    """An administrator, and if roles are named a colleague `n.perera` with them; the telephone of whom is meant."""
    desk.first()
    if not grants:
        return desk.telephones[ADMINISTRATOR]
    desk.colleague("n.perera", *grants)
    return desk.telephones["n.perera"]


def words(response: httpx.Response) -> str:
    """What a person reads."""
    return Outline(response.text).text


def test_without_an_account_pages_are_read_and_nothing_is_changed(browser: Browser, desk: Desk) -> None:
    """As ever on this machine; a form of nobody's is refused with what to do."""
    assert browser.get("/").status_code == 200
    for path in ("/account", "/sign-out", "/decide", "/"):
        refused = browser.client.post(path, data={"area": "LK21"})
        assert refused.status_code == 403
        assert "Nothing is changed by who is not signed in. Sign in and try again." in words(refused)
    assert "polyrisk officers first" in words(browser.get("/sign-in"))
    assert browser.get("/decide").url.path == "/sign-in"


def test_from_the_first_administrator_to_signing_out(browser: Browser, desk: Desk) -> None:
    """One-time code, password, authenticator, codes to write down, the console, and out."""
    done, telephone = set_up(browser, desk.administering.first(ADMINISTRATOR, "A. Fonseka").code, desk.clock)
    assert len(re.findall(r"<li><code>", done.text)) == 8
    assert "Signed in as A. Fonseka" in words(browser.get("/"))
    assert "administrator in LKA: may administer, view" in words(browser.get("/account"))
    assert "You are signed out" in words(browser.send("/sign-out", {}, form_on="/account"))
    assert browser.get("/").url.path == "/sign-in"
    assert "Signed in as A. Fonseka" in words(browser.sign_in(ADMINISTRATOR, telephone))


def test_looking_at_a_one_time_link_does_not_use_it_up(browser: Browser, desk: Desk) -> None:
    """A mail program that opens links takes nothing from anybody."""
    code = desk.administering.first(ADMINISTRATOR, "A. Fonseka").code
    for _ in range(3):
        assert code in browser.get(f"/set-up?code={code}").text
    assert set_up(browser, code, desk.clock)[0].status_code == 200


def test_once_an_administrator_has_signed_in_reading_needs_an_account(browser: Browser, desk: Desk) -> None:
    """Who asks for a page signs in and comes to that page; health answers machines, metrics those on this machine alone."""
    telephone = ready(desk)
    asked = browser.get("/?at=2025-11-27T20:00")
    assert (asked.url.path, asked.url.params["next"]) == ("/sign-in", "/?at=2025-11-27T20:00")
    assert browser.get("/warning/w1").url.path == "/sign-in"
    assert browser.get("/healthz").json()["status"] == "ok"
    assert browser.get("/metrics").text.startswith("# HELP")
    passed_on = browser.client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"})
    assert (passed_on.status_code, passed_on.headers["location"]) == (303, "/sign-in?next=/metrics")
    assert browser.sign_in(ADMINISTRATOR, telephone, onward="/?at=2025-11-27T20:00").url.query == b"at=2025-11-27T20:00"


def test_who_may_not_look_is_told_so_and_can_still_sign_out(browser: Browser, desk: Desk) -> None:
    """An account without a role, or with one for another country."""
    telephone = ready(desk, Grant(ConsoleRole.VIEWER, "LKA"))
    desk.administering.revoke("n.perera", Grant(ConsoleRole.VIEWER, "LKA"), ADMINISTRATOR)
    refused = browser.sign_in("n.perera", telephone)
    assert refused.status_code == 403
    assert "n.perera has no role in Sri Lanka; its roles are for no country." in words(refused)
    assert "Nothing is granted to this account yet" in words(browser.get("/account"))
    assert "You are signed out" in words(browser.send("/sign-out", {}, form_on="/account"))


def test_a_wrong_password_is_refused_on_the_form_and_not_shown_again(browser: Browser, desk: Desk) -> None:
    """With what to do; the name stays. After five, one is told how long to wait, as the header tells machines."""
    ready(desk)
    for _ in range(FROM_HERE):
        refused = browser.send("/sign-in", {"name": ADMINISTRATOR, "password": "not <the> password"})
        assert refused.status_code == 403
        assert "the name or the password is wrong, or the account is not in use" in words(refused)
        assert f'value="{ADMINISTRATOR}"' in refused.text
        assert "the&gt; password" not in refused.text
    locked = browser.send("/sign-in", {"name": ADMINISTRATOR, "password": PASSWORD})
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "900")
    assert "Wait 15 minutes" in words(locked)


def test_a_code_that_was_used_opens_nothing(browser: Browser, desk: Desk, address: str) -> None:
    """Two browsers with the same password and the same code: the second one is refused."""
    telephone = ready(desk)
    with browsing(address) as other:
        for one in (browser, other):
            one.send("/sign-in", {"name": ADMINISTRATOR, "password": PASSWORD})
        shown = telephone.shows()
        assert browser.send("/second-factor", {"code": shown}).url.path == "/"
        refused = other.send("/second-factor", {"code": shown})
        assert refused.status_code == 403
        assert "the code is wrong, or was used before" in words(refused)
        assert other.get("/").url.path == "/sign-in"


def test_a_session_that_somebody_planted_is_not_signed_in(browser: Browser, desk: Desk, address: str) -> None:
    """Neither a made-up value of the cookie nor the one from before a step is worth anything after it."""
    telephone = ready(desk)
    host = browser.client.base_url.host
    browser.client.cookies.set("polyrisk", "planted", domain=host)
    browser.send("/sign-in", {"name": ADMINISTRATOR, "password": PASSWORD})
    half = browser.client.cookies["polyrisk"]
    browser.send("/second-factor", {"code": telephone.shows()})
    full = browser.client.cookies["polyrisk"]
    assert len({"planted", half, full}) == 3
    for value, path in (("planted", "/sign-in"), (half, "/sign-in"), (full, "/")):
        with browsing(address) as other:
            other.client.cookies.set("polyrisk", value, domain=host)
            assert other.get("/").url.path == path


def test_half_a_sign_in_reads_and_changes_nothing(browser: Browser, desk: Desk) -> None:
    """After the password alone."""
    ready(desk)
    browser.send("/sign-in", {"name": ADMINISTRATOR, "password": PASSWORD})
    assert browser.get("/").url.path == "/sign-in"
    assert browser.get("/account").url.path == "/sign-in"
    token = browser.token("/second-factor")
    assert browser.send("/sign-out", {"form_token": token}).status_code == 403
    assert browser.send("/decide", {"form_token": token, "area": "LK21"}).status_code == 403


def test_a_forged_form_is_refused_and_changes_nothing(browser: Browser, desk: Desk, address: str) -> None:
    """Without a token, with one that was changed, with another session's, with one from before the session."""
    telephone = ready(desk)
    before = browser.token("/sign-in")
    browser.sign_in(ADMINISTRATOR, telephone)
    own = browser.token("/account")
    with browsing(address) as other:
        foreign = other.token("/sign-in")
    change = {"current": PASSWORD, "password": NEW, "again": NEW}
    for token in ("", "x", own[:-1] + ("0" if own[-1] != "0" else "1"), own.partition(".")[0] + ".", "é" + own, foreign, before):
        refused = browser.send("/account", {**change, "form_token": token})
        assert refused.status_code == 403
        assert "This form is not one of yours, or is older than your session. Nothing was changed." in words(refused)
    assert browser.get("/").url.path == "/"
    assert "The password is changed" in words(browser.send("/account", {**change, "form_token": own}))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_from_another_site_is_refused_whatever_it_brings(browser: Browser, desk: Desk, headers: dict[str, str]) -> None:
    """Also with the right token, and at the sign-in page, so that nobody is signed in as another."""
    telephone = ready(desk)
    fields = {"name": ADMINISTRATOR, "password": PASSWORD}
    assert "another site" in words(browser.send("/sign-in", fields, headers=headers))
    browser.sign_in(ADMINISTRATOR, telephone)
    refused = browser.send("/sign-out", {}, form_on="/account", headers=headers)
    assert (refused.status_code, browser.get("/").url.path) == (403, "/")


def test_a_program_that_is_no_browser_needs_the_token_too(browser: Browser, desk: Desk) -> None:
    """It says neither where a form comes from nor whose it is."""
    ready(desk)
    fields = {"name": ADMINISTRATOR, "password": PASSWORD}
    assert browser.client.post("/sign-in", data=fields).status_code == 403
    sent = browser.client.post("/sign-in", data={**fields, "form_token": browser.token("/sign-in")})
    assert (sent.status_code, sent.headers["location"]) == (303, "/second-factor")


def test_what_is_no_form_is_not_read(browser: Browser, desk: Desk) -> None:
    """Another kind of content, one that is too large, one that cannot be read: each with its own answer."""
    ready(desk)
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert browser.client.post("/sign-in", json={"name": ADMINISTRATOR}).status_code == 415
    assert browser.client.post("/sign-in", files={"name": b"x"}).status_code == 415
    assert browser.client.post("/sign-in", content=b"a=" + b"x" * MOST_BYTES, headers=form).status_code == 413
    assert browser.client.post("/sign-in", content=b"a=1&" * 300, headers=form).status_code == 400
    assert browser.client.post("/sign-in", content=b"\xff\xfe", headers=form).status_code == 400


def test_the_wrong_role_country_or_area_is_refused_and_explained(browser: Browser, desk: Desk) -> None:
    """A page that decides something asks what its officer may do there, and says what would be needed."""
    telephone = ready(desk, Grant(ConsoleRole.VIEWER, "LKA"))

    def said(area: str) -> str:
        response = browser.send("/decide", {"area": area}, form_on="/decide")
        return f"{response.status_code} {words(response) if response.status_code != 200 else response.text}"

    browser.sign_in("n.perera", telephone)
    refused = said("LK21")
    assert refused.startswith("403")
    assert "n.perera is viewer in LKA, which may not sign a message. Roles that may: approver." in refused
    desk.administering.grant("n.perera", approver("district_unit", "LK21"), ADMINISTRATOR)
    assert said("LK2103") == "200 signed by N.PERERA (district_unit)"
    assert "which does not reach Colombo (LK11). An administrator can grant it for Colombo" in said("LK11")
    assert "Sri Lanka has no area `NP01`" in said("NP01")
    desk.administering.revoke("n.perera", approver("district_unit", "LK21"), ADMINISTRATOR)
    assert said("LK21").startswith("403")


def test_an_account_out_of_use_is_out_at_the_next_click(browser: Browser, desk: Desk) -> None:
    """Its session is worth nothing any more, to read or to change."""
    telephone = ready(desk, approver())
    browser.sign_in("n.perera", telephone)
    token = browser.token("/decide")
    desk.administering.disable("n.perera", ADMINISTRATOR)
    assert browser.send("/decide", {"area": "LK21", "form_token": token}).status_code == 403
    assert browser.get("/").url.path == "/sign-in"


def test_a_session_that_is_over_is_out(browser: Browser, desk: Desk) -> None:
    """After two hours without a click: a page leads to signing in, a form is refused and changes nothing."""
    telephone = ready(desk, approver())
    browser.sign_in("n.perera", telephone)
    token = browser.token("/decide")
    desk.clock.goes_on(seconds=IDLE.total_seconds())
    refused = browser.send("/decide", {"area": "LK21", "form_token": token})
    assert (refused.status_code, "not signed in" in words(refused)) == (403, True)
    assert browser.get("/account").url.params["next"] == "/account"


def test_another_password_puts_out_whoever_else_is_signed_in(browser: Browser, desk: Desk, address: str) -> None:
    """And keeps the one who changed it in; passwords that differ or are too short are refused on the form."""
    telephone = ready(desk)
    with browsing(address) as other:
        other.sign_in(ADMINISTRATOR, telephone)
        desk.clock.goes_on(seconds=60)
        browser.sign_in(ADMINISTRATOR, telephone)
        for new, again, why in ((NEW, PASSWORD, "the two new passwords differ"), ("short", "short", "too short")):
            assert why in words(browser.send("/account", {"current": PASSWORD, "password": new, "again": again}))
        assert "The password is changed" in words(browser.send("/account", {"current": PASSWORD, "password": NEW, "again": NEW}))
        assert browser.get("/account").url.path == "/account"
        assert other.get("/account").url.path == "/sign-in"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "javascript:alert(1)", "/\tx"])
def test_signing_in_never_leads_to_another_site(browser: Browser, desk: Desk, wanted: str) -> None:
    """Whatever the address of the sign-in page asks for."""
    telephone = ready(desk)
    assert browser.sign_in(ADMINISTRATOR, telephone, onward=wanted).url.path == "/"
    assert "evil" not in browser.client.get("/sign-in", params={"next": wanted}).text


def test_no_page_of_who_is_signed_in_is_kept_by_a_browser_or_framed_by_another(browser: Browser, desk: Desk) -> None:
    """Headers of every page, also of refusals and redirections: nothing stored, framed, guessed or told to others; no script."""
    telephone = ready(desk)
    answers = [browser.client.get(path) for path in ("/", "/sign-in", "/set-up", "/second-factor", "/nothing")]
    answers.append(browser.client.post("/sign-in"))
    browser.sign_in(ADMINISTRATOR, telephone)
    answers += [browser.client.get(path) for path in ("/", "/account", "/warning/w1", "/?at=x")]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "script-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
        assert answer.headers["referrer-policy"] == "same-origin"


def test_pages_of_signing_in_are_well_formed_and_hold_nothing_from_elsewhere(browser: Browser, desk: Desk) -> None:
    """Every field has its label, no script, no style of an element, no address of another host but those in words."""
    code = desk.administering.first(ADMINISTRATOR, "A. Fonseka").code
    pages = [browser.get("/sign-in"), browser.get(f"/set-up?code={code}")]
    pages.append(browser.send("/set-up", {"one_time_code": code, "password": PASSWORD, "again": PASSWORD}))
    done, telephone = set_up(browser, code, desk.clock)
    pages += [done, browser.get("/account"), browser.send("/sign-out", {}, form_on="/account")]
    pages.append(browser.send("/sign-in", {"name": ADMINISTRATOR, "password": PASSWORD}))
    pages.append(browser.send("/second-factor", {"code": "000000"}))
    for page in pages:
        outline = Outline(page.text)
        labelled = {attributes["for"] for tag, attributes in outline.elements if tag == "label"}
        for tag, attributes in outline.elements:
            assert tag not in ("script", "iframe", "img")
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            if tag == "input" and attributes["type"] != "hidden":
                assert attributes["id"] in labelled
                assert "autocomplete" in attributes
        assert not re.search(r'(href|src|action)="(https?:|//)', page.text)
    assert telephone.secret not in pages[-1].text


def test_a_cookie_is_out_of_reach_of_scripts_and_of_other_sites(browser: Browser, desk: Desk) -> None:
    """HttpOnly and SameSite; over https also Secure and under a name that a browser takes from this very host alone."""
    ready(desk)
    fields = {"name": ADMINISTRATOR, "password": PASSWORD}
    plain = browser.client.post("/sign-in", data={**fields, "form_token": browser.token("/sign-in")}).headers["set-cookie"]
    assert re.fullmatch(r"polyrisk=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", plain)
    with browsing(browser.origin) as other:
        over_tls = {"x-forwarded-proto": "https", "origin": browser.origin.replace("http:", "https:")}
        page = other.client.get("/sign-in", headers=over_tls)
        form_key = re.fullmatch(r"(__Host-polyrisk-form=[\w-]{43}); HttpOnly; Path=/; SameSite=lax; Secure", page.headers["set-cookie"])
        token = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert form_key is not None
        assert token is not None
        sent = other.client.post("/sign-in", data={**fields, "form_token": token[1]}, headers={**over_tls, "cookie": form_key[1]})
    assert re.fullmatch(r"__Host-polyrisk=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", sent.headers["set-cookie"])


def test_no_password_is_typed_into_a_page_that_others_can_read(desk: Desk, log: EventLog) -> None:
    """Under another name than this machine's the way in is open by https alone; the refusal says so."""
    ready(desk)
    app = create_app(log, lanka(), registry=desk.registry, clock=desk.clock, hosts=("console.example",))
    with served(app) as where:
        for path in ("/sign-in", "/set-up", "/second-factor", "/authenticator"):
            refused = httpx.get(f"{where}{path}", headers={"host": "console.example"})
            assert (refused.status_code, "Ask for it by https" in words(refused)) == (403, True)
        by_tls = {"host": "console.example", "x-forwarded-proto": "https"}
        assert httpx.get(f"{where}/sign-in", headers=by_tls).status_code == 200


def test_if_it_cannot_be_known_who_asks_nothing_is_shown(browser: Browser, desk: Desk) -> None:
    """A registry that cannot be read closes the console; it does not open it."""
    ready(desk)
    with desk.registry.begin() as connection:
        connection.execute(text("ALTER TABLE officers RENAME TO gone"))
    refused = browser.get("/")
    assert refused.status_code == 503
    assert "It cannot be known who asks" in words(refused)


def test_a_console_without_a_registry_takes_no_form(log: EventLog) -> None:
    """It reads a log and has nobody who could sign in."""
    with served(create_app(log, lanka(), patience_s=30)) as where:
        assert httpx.get(where, timeout=60).status_code == 200
        assert httpx.post(f"{where}/sign-in", data={"name": "admin"}).status_code in (403, 404)
        assert httpx.post(where).status_code == 403


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id at its least cost; what it costs is tried with the accounts."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._of_nobody.cache_clear()
