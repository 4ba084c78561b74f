"""Every form, page and interface is asked for all manner of things, right and wrong, as schemathesis makes them from its description."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import schemathesis
from agreeing import VALLEYS, agreement, with_agreements
from console_world import PATIENCE_S, World
from described_forms import Site
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from kandy_desk import Kandy
from lxml import html
from officers_desk import PASSWORD
from planner_world import done, sources, write_history
from postgres_server import PostgresServer
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from signing_desk import DUTY, FIRST

from alerts import chain, journal, stops
from alerts.listening.inbound import inbound
from alerts.listening.listener import Listener
from alerts.officers import accounts, sessions
from alerts.officers.administering import Administering
from alerts.officers.officer import ConsoleRole, Grant
from alerts.officers.sessions import Stage
from alerts.originating import Draft
from alerts.roster import keeping, telephone_codes, telephones, wakings
from alerts.roster.causes import Cause
from alerts.silences import Silence
from console.access import TOKEN_FIELD, form_token
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Hold

EXAMPLES = 30
"""Of each kind, for each operation."""
EVERYTHING = (DUTY, FIRST, Grant(ConsoleRole.PLANNER, "LKA"), Grant(ConsoleRole.ADMINISTRATOR, "LKA"))
CONFORM = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


PRESSED = "perera"


_SETTINGS = settings(max_examples=EXAMPLES, database=None, deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))


def tried(test: Callable[[], None]) -> None:
    """With the same examples each time."""
    seed(7)(_SETTINGS(test))()


class Fuzzed:
    """A console with something of each kind, and an officer who may do everything and sends what no page would."""

    def __init__(self, folder: Path, world: World, registry_url: str) -> None:
        history = write_history(folder / "history")
        country = with_agreements(world.country, **{VALLEYS: agreement(areas=["LK92"])})
        self.desk = Kandy(folder, country, registry_url=registry_url, histories=sources(world, history))
        for number, area in enumerate(("LK21", "LK31", "LK11")):
            self.desk.happens(EventChange.OPENED, id=f"e{number}", area=area)
        self.desk.happens(EventChange.OPENED, id="by agreement", area="LK92")
        until = self.desk.now + timedelta(hours=6)
        draft = Draft("flood", "LK51", Level.YELLOW, until, "Z", "director", "water over the bridge", "police post")
        self.desk.service.originate(draft, self.desk.now)
        first = self.desk.service.pending()[0]
        self.desk.service.sign(first.id, "X", "duty_officer", self.desk.now)
        self.desk.service.sign(first.id, "Y", "director", self.desk.now)
        self.waits = [message.id for message in self.desk.service.pending()]
        until = self.desk.now + timedelta(minutes=30)
        self.desk.service.hold(Hold(by="Z", role="director", why="Is it so?", at=self.desk.now, until=until), self.waits[0])
        silence = Silence("", "Z", "duty_officer", "a drill", Level.RED, self.desk.now, until, area="LK22", rule=None)
        self.desk.service.silence(silence)
        with self.desk.registry.acting() as connection:
            stops.stop(connection, stops.named(connection, first.warning), "Z", "wrong", self.desk.now)
        self.sent = len(self.desk.said())
        with self.desk.registry.acting() as connection:
            officer = accounts.add(connection, PRESSED, PRESSED.title(), "test", self.desk.now)
            for grant in EVERYTHING:
                officer = accounts.grant(connection, officer, grant, "test", self.desk.now)
            accounts.keep_password(connection, officer.id, "a hash")
            accounts.note_set_up(connection, officer.id, self.desk.now)
            telephones.give(connection, self.desk.registry.keys, officer, "+999700000001", self.desk.now)
            telephone_codes.ask(connection, self.desk.registry.keys, "LKA", officer, "+999700000002", self.desk.now)
        self.officer = officer.id
        self._make_duty()
        self.site = self._site()
        self.wrongly = Counter[str]()

    def _make_duty(self) -> None:
        """The officer is on duty and being woken, and somebody wrote what nobody understands."""
        desk = self.desk
        with desk.registry.acting() as connection:
            keeping.add(connection, "LKA", PRESSED, desk.now, desk.now + timedelta(hours=12), 1, PRESSED, desk.now)
            wakings.begin(connection, "LKA", Cause("c", "proposal", "w", "A flood waits for signatures."), desk.now)
        message = inbound("twilio_sms", "SM1", "+94771000000", "hello, is anybody there?")
        assert message is not None
        listener = Listener(desk.log, desk.registry, desk.country, clock=lambda: desk.now, wall_clock=lambda: desk.now)
        listener.receive(message)
        listener.process(desk.now)

    def session(self, stage: Stage = Stage.FULL) -> str:
        """A new session of the officer's: what was sent before may have ended the last."""
        with self.desk.registry.acting() as connection:
            return sessions.begin(connection, self.officer, stage, self.desk.now)

    def client(self, token: str = "") -> httpx.Client:
        """A browser without scripts."""
        cookies = {"polyrisk": token} if token else {}
        return httpx.Client(base_url=self.desk.address, cookies=cookies, timeout=PATIENCE_S, follow_redirects=True)

    def _site(self) -> Site:
        """All addresses, with each form that the pages show to an officer, to a stranger, and on the way in."""
        made = Site.of(self.desk.app)
        with self.client(self.session()) as officer:
            done(officer, "/planner")
            made.walk(officer, "/", "/planner", "/account", *(f"/waiting/{message}" for message in self.waits))
        code = Administering(self.desk.registry, self.desk.country, lambda: self.desk.now).add("n.silva", "N. Silva", PRESSED).code
        with self.client() as stranger:
            made.walk(stranger, "/sign-in", f"/set-up?code={code}")
            (form,) = html.fromstring(stranger.get("/set-up", params={"code": code}).text).forms
            shown = stranger.post("/set-up", data={**form.fields, "password": PASSWORD, "again": PASSWORD})
            made.read(shown.text)
        with self.client(self.session(Stage.SECOND)) as half:
            made.read(half.get("/second-factor").text)
        return made

    def sends(self, case: schemathesis.Case) -> None:
        """Send it as the officer; what comes back is a page, whatever was sent, and a refusal says what to do."""
        token = self.session()
        if isinstance(case.body, dict) and len(str(case.body)) % 4:
            case.body = {**case.body, TOKEN_FIELD: form_token(token)}
        answer = case.call(base_url=self.desk.address, cookies={"polyrisk": token}, allow_redirects=False, timeout=PATIENCE_S)
        case.validate_response(answer, checks=[not_a_server_error])
        if answer.status_code >= 400:
            said = answer.content.decode()
            assert "problem+json" in str(answer.headers["content-type"]) or "<h1" in said, (case.method, case.formatted_path, said[:300])

    def sends_wrong(self, case: schemathesis.Case) -> None:
        """Send what the description does not allow."""
        self.sends(case)
        self.wrongly[case.operation.path] += 1


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def fuzzed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Fuzzed]:
    """The console over each kind of database."""
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("fuzzed")
        server = stack.enter_context(PostgresServer()) if request.param == "postgresql" else None
        made = Fuzzed(folder, world, server.database() if server is not None else "")
        stack.callback(made.desk.close)
        yield made


def test_each_form_is_described(fuzzed: Fuzzed) -> None:
    """No address takes a form that no page shows; each field of each stands in the description."""
    assert fuzzed.site.unread() == set()
    assert {"why", "minutes", TOKEN_FIELD} <= set(fuzzed.site.fields["/waiting/{message}/hold"])
    assert {"since", "until", "area", "level"} <= fuzzed.site.queries["/history"]


def test_whatever_is_sent_is_answered_with_a_page_that_says_what_to_do(fuzzed: Fuzzed) -> None:
    """No 500, no page that breaks off; the journal holds, nothing went out, and nobody signed for another."""
    described = schemathesis.openapi.from_dict(fuzzed.site.description())
    for operation in (found.ok() for found in described.get_all_operations()):
        tried(given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))(fuzzed.sends))
        with suppress(Unsatisfiable):  # what has no field and no part of its path cannot be asked for wrongly
            tried(given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))(fuzzed.sends_wrong))
    assert {route.path for route in fuzzed.site.routes if "POST" in (route.methods or ())} <= set(fuzzed.wrongly)
    with fuzzed.desk.registry.reading() as connection:
        verified = chain.verify(journal.entries(connection), [])
    assert verified.findings == ()
    assert len(fuzzed.desk.said()) == fuzzed.sent
    signed = {signature.by for message in fuzzed.desk.service.pending() for signature in message.signatures}
    assert signed <= {PRESSED.title()}
    with fuzzed.client(fuzzed.session()) as officer:
        assert all(officer.get(path).status_code == 200 for path in ("/", "/waiting", "/history", "/silences"))


def test_the_interface_keeps_to_its_own_description(fuzzed: Fuzzed) -> None:
    """Each answer has a status, a kind and a shape that `/api/openapi.json` names."""
    token = fuzzed.session()
    described = schemathesis.openapi.from_dict(httpx.get(f"{fuzzed.desk.address}/api/openapi.json", cookies={"polyrisk": token}).json())

    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=fuzzed.desk.address, cookies={"polyrisk": token}, checks=CONFORM, timeout=PATIENCE_S)

    for operation in (found.ok() for found in described.get_all_operations()):
        tried(given(case=operation.as_strategy())(ask))
