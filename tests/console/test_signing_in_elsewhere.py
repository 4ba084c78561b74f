"""Signing in by a service elsewhere (OpenID Connect): who comes in by it, and what of it is not believed."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from console_world import lanka
from joserfc.jwk import ECKey, OctKey
from officers_desk import ADMINISTRATOR, Desk
from sign_in_service import CLIENT, SECRET, Service
from test_signing_in import Browser, browsing, words

from alerts.officers.identities import Identity
from alerts.people.keys import Keys
from alerts.registry import Registry
from console.elsewhere import SignInService
from console.pages import create_app
from console.screenshot import served
from eventlog.log import open_log
from schemas.errors import ConfigurationError, RefusedError

MFA = {"amr": ["pwd", "mfa"]}
NOT_BELIEVED = "what the sign-in service said is not to be believed"


@pytest.fixture
def service() -> Iterator[Service]:
    """The sign-in service, up."""
    made = Service()
    with served(made.app()) as address:
        made.issuer = address
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An administrator and a colleague without a password."""
    registry = Registry(f"sqlite:///{tmp_path}/registry.sqlite", Keys.load(tmp_path / "keys", create=True))
    made = Desk(registry, lanka())
    made.first()
    made.administering.add("n.perera", "N. Perera", ADMINISTRATOR)
    yield made
    registry.close()


@pytest.fixture
def browser(desk: Desk, service: Service, tmp_path: Path) -> Iterator[Browser]:
    """Somebody's browser at a console that may ask the service."""
    log = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    elsewhere = SignInService(service.issuer, CLIENT, SECRET)
    app = create_app(log, lanka(), registry=desk.registry, clock=desk.clock, patience_s=30, elsewhere=elsewhere)
    with served(app) as where, browsing(where) as made:
        yield made
    log.close()


def link(desk: Desk, service: Service, name: str = "n.perera") -> None:
    """The administrator says that this person is that account."""
    desk.administering.link(name, Identity(service.issuer, service.subject), ADMINISTRATOR)


def test_who_showed_a_second_factor_there_is_in_and_comes_to_what_was_asked(browser: Browser, desk: Desk, service: Service) -> None:
    """From the sign-in page by one link, there and back; no password is set here."""
    link(desk, service)
    service.claims = MFA
    page = browser.get("/account?x=1.2")
    assert 'href="/sign-in/elsewhere?next=/account%3Fx%3D1.2"' in page.text
    came = browser.get("/sign-in/elsewhere?next=/account%3Fx%3D1.2")
    assert (came.url.path, came.url.query) == ("/account", b"x=1.2")
    assert "Account n.perera , signed in until" in words(came)
    assert "polyrisk-asked" not in browser.client.cookies


def test_without_a_second_factor_there_ours_is_asked_for(browser: Browser, desk: Desk, service: Service) -> None:
    """The service stands for the password alone; who has set none here is told what to do."""
    link(desk, service, ADMINISTRATOR)
    asked = browser.get("/sign-in/elsewhere")
    assert asked.url.path == "/second-factor"
    assert browser.send("/second-factor", {"code": desk.telephones[ADMINISTRATOR].shows()}).url.path == "/"
    service.subject = "another"
    link(desk, service)
    refused = browser.get("/sign-in/elsewhere")
    assert "did not ask you for a second factor, and you have set none here" in words(refused)


def test_who_is_not_linked_has_no_account(browser: Browser, desk: Desk, service: Service) -> None:
    """Whatever name or address the service has for them; nor has who was reset, or is out of use."""
    service.claims = {**MFA, "preferred_username": "n.perera", "email": "n.perera@example.org", "name": "n.perera"}
    assert "no account in use here is linked to you" in words(browser.get("/sign-in/elsewhere"))
    link(desk, service)
    desk.administering.reset("n.perera", ADMINISTRATOR)
    assert "no account in use here is linked to you" in words(browser.get("/sign-in/elsewhere"))
    link(desk, service)
    desk.administering.disable("n.perera", ADMINISTRATOR)
    assert "no account in use here is linked to you" in words(browser.get("/sign-in/elsewhere"))
    assert browser.get("/").url.path == "/sign-in"


def test_a_person_has_one_account(desk: Desk, service: Service) -> None:
    """Linked to one, they are not linked to another."""
    link(desk, service)
    with pytest.raises(RefusedError, match="has an account already"):
        link(desk, service, ADMINISTRATOR)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://another.example"},
        {"aud": "another client"},
        {"aud": None},
        {"aud": [CLIENT, "another client"]},
        {"azp": "another client"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": ""},
        {"sub": None},
    ],
)
def test_a_token_for_others_of_another_time_or_of_another_sign_in_is_not_believed(
    browser: Browser, desk: Desk, service: Service, claims: dict[str, Any]
) -> None:
    """Each claim is held against what was asked."""
    link(desk, service)
    service.claims = {**MFA, **claims}
    refused = browser.get("/sign-in/elsewhere")
    assert refused.status_code == 403
    assert "what the sign-in service said" in words(refused)
    assert browser.get("/").url.path == "/sign-in"


def test_a_token_that_others_signed_is_not_believed(browser: Browser, desk: Desk, service: Service) -> None:
    """By another key under the same name; by our secret or the public key, as if that were a secret."""
    link(desk, service)
    service.claims = MFA
    public = OctKey.import_key(json.dumps(service.key.as_dict(private=False)))
    for key, algorithm in (
        (ECKey.generate_key("P-256"), "ES256"),
        (OctKey.import_key(SECRET), "HS256"),
        (public, "HS256"),
    ):
        service.signed_by, service.algorithm = key, algorithm
        assert NOT_BELIEVED in words(browser.get("/sign-in/elsewhere"))
    assert browser.get("/").url.path == "/sign-in"


def test_an_answer_to_what_this_browser_did_not_ask_is_refused(browser: Browser, desk: Desk, service: Service, tmp_path: Path) -> None:
    """So that nobody is signed in as another by a link: without what was kept, with another state, and twice."""
    link(desk, service)
    service.claims = MFA
    sent = browser.client.get("/sign-in/elsewhere")
    back = httpx.get(sent.headers["location"]).headers["location"]
    with browsing(browser.origin) as other:
        assert "nothing was asked from this browser" in words(other.get(back))
        other.client.get("/sign-in/elsewhere")
        assert "no answer to what was asked from here" in words(other.get(back))
    kept = browser.client.cookies["polyrisk-asked"]
    assert browser.get(back).url.path == "/"
    with browsing(browser.origin) as other:
        other.client.cookies.set("polyrisk-asked", kept, domain=other.client.base_url.host)
        assert "does not answer as it should" in words(other.get(back))
        assert other.get("/").url.path == "/sign-in"


def test_a_service_that_refuses_or_describes_itself_as_another_is_said_so(browser: Browser, desk: Desk, service: Service) -> None:
    """With the way that is left: name and password."""
    service.describes = {"issuer": "https://another.example"}
    assert "describes itself as another" in words(browser.get("/sign-in/elsewhere"))
    service.describes = {"token_endpoint": "http://192.0.2.1/token"}
    assert "describes itself as another. Sign in with name and password" in words(browser.get("/sign-in/elsewhere"))
    service.describes = {}
    service.refuses = True
    assert "did not let you in" in words(browser.get("/sign-in/elsewhere"))


def test_a_service_that_is_down_leaves_the_password(desk: Desk, tmp_path: Path) -> None:
    """The refusal says so, and the form is there."""
    log = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    elsewhere = SignInService("http://127.0.0.1:9", CLIENT, SECRET)
    with (
        served(create_app(log, lanka(), registry=desk.registry, clock=desk.clock, elsewhere=elsewhere)) as where,
        browsing(where) as browser,
    ):
        assert "does not answer as it should. Sign in with name and password" in words(browser.get("/sign-in/elsewhere"))
        assert browser.token("/sign-in")
    log.close()


def test_without_a_service_there_is_no_way_to_one(desk: Desk, tmp_path: Path) -> None:
    """Neither a link nor an address."""
    log = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    with served(create_app(log, lanka(), registry=desk.registry, clock=desk.clock)) as where, browsing(where) as browser:
        assert "elsewhere" not in browser.get("/sign-in").text
        assert browser.get("/sign-in/elsewhere").status_code == 404
    log.close()


def test_settings_are_whole_private_and_name_a_file_for_the_secret(tmp_path: Path) -> None:
    """Half a service, one without https, a secret that cannot be read: each is named."""
    file = tmp_path / "secret"
    whole = {"POLYRISK_OIDC_ISSUER": "https://id.example", "POLYRISK_OIDC_CLIENT": "c", "POLYRISK_OIDC_SECRET_FILE": str(file)}
    assert SignInService.of_settings({}) is None
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SignInService.of_settings(whole)
    file.write_text("s\n", encoding="utf-8")
    assert SignInService.of_settings(whole) is not None
    for name in whole:
        with pytest.raises(ConfigurationError, match=name):
            SignInService.of_settings({**whole, name: ""})
    with pytest.raises(ConfigurationError, match="not asked by https"):
        SignInService.of_settings({**whole, "POLYRISK_OIDC_ISSUER": "http://id.example"})
