"""Every page of the console and every state of it that looks different, each with the way there in a browser.

The consoles behind them: the four days of November, read by whoever is on the machine; a busy desk, where something waits, is held, is
being sent, is halted and is silenced, where people wrote and somebody is woken; a quiet one, where nothing is; one where everything is
halted; and two of accounts, one with a planner and a sign-in service elsewhere. No way changes what another page shows.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
from agreeing import VALLEYS, agreement, with_agreements
from console_world import PATIENCE_S, World, lanka
from hand_made import NOON
from kandy_desk import Kandy
from officers_desk import ADMINISTRATOR, PASSWORD
from officers_desk import Desk as Accounts
from page_left import wait_until_left
from planner_world import RULE, done, sources, write_history
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select
from sign_in_service import CLIENT, SECRET, Service
from signing_desk import DUTY, FIRST, SECOND
from sqlalchemy import update
from test_pages import warnings_of

from alerts import stops
from alerts.approvals import code
from alerts.listening.inbound import inbound
from alerts.listening.listener import Listener
from alerts.officers import accounts
from alerts.officers.officer import ConsoleRole, Grant
from alerts.originating import Draft
from alerts.people.keys import Keys as RegistryKeys
from alerts.people.person import Consent, Enrolment
from alerts.registry import Registry
from alerts.roster import keeping, telephones, wakings
from alerts.roster.causes import Cause
from alerts.roster.ladder import Rung
from alerts.roster.ladder import Way as Woken
from alerts.silences import Silence
from alerts.tables import inbox
from console.elsewhere import SignInService
from console.interface.choosing import COOKIE
from console.pages import create_app
from console.screenshot import served
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Hold, Judgement

VIEWER = Grant(ConsoleRole.VIEWER, "LKA")
ADMINISTERS = Grant(ConsoleRole.ADMINISTRATOR, "LKA")
PLANS = Grant(ConsoleRole.PLANNER, "LKA", "planner")
WAITS, HELD, SENT, HALTED = "LK21", "LK31", "LK11", "LK32"
"""Districts of the busy desk, by what became of their warning."""
UNREVIEWED, REVIEWED, WRITTEN = "LK33", "LK92", "LK51"
"""Districts of the desk of a country that agreed on something."""
ELSEWHERE = (("LK31", 20), ("LK11", 30), ("LK32", 40))


@dataclass
class Houses:
    """The consoles behind the pages.

    Attributes:
        days, accounts_address: where the four days and the accounts are served. messages, warnings: ids by district of the busy desk.
        tokens: sessions of officers, by name.
    """

    days: str
    first_warning: str
    busy: Kandy
    quiet: Kandy
    halted: Kandy
    agreed: Kandy
    accounts: Accounts
    accounts_address: str
    nobody: str
    messages: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    service: Service = field(default_factory=Service)


@contextmanager
def houses(folder: Path, world: World, days: str) -> Iterator[Houses]:
    """All of them, in the state that the pages show."""
    with ExitStack() as stack:
        desks = []
        for name in ("busy", "quiet", "halted"):
            (folder / name).mkdir()
            desks.append(Kandy(folder / name))
            stack.callback(desks[-1].close)
        service = Service(claims={"amr": ["pwd", "mfa"]})
        service.issuer = stack.enter_context(served(service.app()))
        history = write_history(folder / "months")
        accounts, where = stack.enter_context(_accounts(folder / "accounts", world, service, history))
        _, nobody = stack.enter_context(_accounts(folder / "nobody", world))
        (folder / "agreed").mkdir()
        agreed = Kandy(folder / "agreed", with_agreements(lanka(), **{VALLEYS: agreement(areas=[])}))
        stack.callback(agreed.close)
        made = Houses(days, warnings_of(world)[0], desks[0], desks[1], desks[2], agreed, accounts, where, nobody, service=service)
        for desk, name, grants in (
            (made.busy, "perera", (FIRST, DUTY)),
            (made.busy, "admin", (ADMINISTERS,)),
            (made.busy, "viewer", (VIEWER,)),
            (made.quiet, "silva", (SECOND, DUTY)),
            (made.halted, "rajan", (FIRST,)),
            (made.agreed, "dias", (FIRST,)),
        ):
            made.tokens[name] = str(stack.enter_context(desk.officer(name, *grants)).client.cookies["polyrisk"])
        _make_busy(made)
        _make_agreed(made)
        with made.halted.registry.acting() as connection:
            stops.stop(connection, stops.ALL, "Rajan", "a wrong number stands in all of them", NOON)
        _make_duty(made)
        accounts.first()
        made.tokens["plans"] = accounts.colleague("p.silva", PLANS)
        with closing(httpx.Client(base_url=where, cookies={"polyrisk": made.tokens["plans"]}, timeout=PATIENCE_S)) as client:
            for value in ("", "&value=3.5"):
                done(client, RULE + value)
        made.tokens["colleague"] = accounts.colleague("n.perera", FIRST)
        made.tokens["leaves"] = accounts.colleague("s.rajan")
        made.tokens["changes"] = accounts.colleague("k.silva")
        yield made


def _make_busy(made: Houses) -> None:
    desk = made.busy
    for area, first in ELSEWHERE:
        for number in range(first, first + 6):
            consent = Consent(NOON - timedelta(days=9), "v1", "a volunteer")
            desk.registry.enrol(Enrolment(f"+94772{number:06d}", area, ("en", "si", "ta")[number % 3], "household", consent))
    for number in range(60, 66):
        desk.enrol(number, needs=("mobility",))
    for number, area in enumerate((WAITS, HELD, SENT, HALTED)):
        desk.happens(EventChange.OPENED, id=f"e{number}", area=area)
    for message in desk.service.pending():
        made.messages[message.area], made.warnings[message.area] = message.id, message.warning
    for area in (SENT, HALTED):
        desk.service.sign(made.messages[area], "X", "duty_officer", desk.now)
        desk.service.sign(made.messages[area], "Y", "director", desk.now)
    with desk.registry.acting() as connection:
        perera = accounts.named(connection, "perera")
        telephones.give(connection, desk.registry.keys, perera, "+999700000001", NOON)
    seen = next(code(one) for one in desk.service.pending() if one.id == made.messages[WAITS])
    desk.service.preview(made.messages[WAITS], perera, [], desk.now)
    desk.service.edit(made.messages[WAITS], "Rajan", "duty_officer", {"action": "stay"}, seen, desk.now)
    desk.service.sign(made.messages[WAITS], "Silva", "director", desk.now)
    until = desk.now + timedelta(minutes=15)
    desk.service.hold(Hold(by="Silva", role="director", why="Is the gauge right?", at=desk.now, until=until), made.messages[HELD])
    with desk.registry.acting() as connection:
        stops.stop(connection, stops.named(connection, made.warnings[HALTED]), "Perera", "the number of the shelter is wrong", NOON)
    for area, why in (("LK22", "the gauge is being repaired"), ("LK23", "a drill of the district")):
        silence = Silence("", "Perera", "duty_officer", why, Level.RED, desk.now, desk.now + timedelta(hours=6), area=area, rule=None)
        desk.service.silence(silence)
    ended = next(silence.id for silence, _ in desk.service.silences() if silence.area == "LK23")
    desk.service.end_silence(ended, "Perera", "duty_officer", desk.now)


def _make_duty(made: Houses) -> None:
    """At the busy desk: one is on duty and cannot be woken, a note was left, one waking goes on, one is over, and people wrote."""
    desk = made.busy
    with desk.registry.acting() as connection:
        for name, place, since, until in (("perera", 1, -1, 11), ("admin", 2, -1, 11), ("perera", 1, 11, 23)):
            begins, ends = desk.now + timedelta(hours=since), desk.now + timedelta(hours=until)
            keeping.add(connection, "LKA", name, begins, ends, place, "admin", desk.now)
        perera = keeping.on_the_roster(connection, "LKA", "perera")
        telephones.give(connection, desk.registry.keys, perera, "+999700000001", desk.now)
        keeping.hand_over(connection, "LKA", "perera", "Peradeniya rises; the office was asked at nine.", desk.now)
        for number, over in ((1, True), (2, False)):
            wakings.begin(connection, "LKA", Cause(f"c{number}", f"kind{number}", f"w{number}", "A flood waits for signatures."), desk.now)
            waking = wakings.open_ones(connection, "LKA")[-1]
            wakings.intend(connection, waking, Rung(perera.id, Woken.SMS), "words", "en", desk.now, desk.now + timedelta(minutes=5))
            wakings.join(connection, waking, Cause(f"j{number}", f"kind{number}", f"v{number}", "A slope waits, too."), desk.now)
            if over:
                wakings.acknowledge(connection, waking, perera, wakings.BY_SMS, desk.now)
    listener = Listener(desk.log, desk.registry, desk.country, clock=lambda: desk.now, wall_clock=lambda: desk.now)
    for serial, body in enumerate(("we are on the roof", "hello, is anybody there?")):
        message = inbound("twilio_sms", f"SM{serial:032x}", f"+9477100000{serial}", body)
        assert message is not None
        listener.receive(message)
    listener.process(desk.now)
    with desk.registry.begin() as connection:
        connection.execute(update(inbox).where(inbox.c.id.endswith("0")).values(outcome="need_help"))


def _make_agreed(made: Houses) -> None:
    """Two warnings went out by agreement, one of them was reviewed; a third was written by a person."""
    desk = made.agreed
    for area in (UNREVIEWED, REVIEWED):
        desk.happens(EventChange.OPENED, id=f"by agreement {area}", area=area)
    for _, message in desk.service.sent_by_agreement():
        made.messages[message.area], made.warnings[message.area] = message.id, message.warning
    until = desk.now + timedelta(hours=6)
    draft = Draft("flood", WRITTEN, Level.RED, until, "Silva", "director", "water over the bridge", "police post")
    waits = desk.service.originate(draft, desk.now)
    made.messages[WRITTEN], made.warnings[WRITTEN] = waits.id, waits.warning
    desk.service.review(made.messages[REVIEWED], "Silva", "director", Judgement.RIGHT, "seen from the bridge", desk.now)


@contextmanager
def _accounts(folder: Path, world: World, service: Service | None = None, history: Path | None = None) -> Iterator[tuple[Accounts, str]]:
    folder.mkdir()
    registry = Registry(f"sqlite:///{folder}/registry.sqlite", RegistryKeys.load(folder / "keys", create=True))
    accounts = Accounts(registry, world.country)
    elsewhere = SignInService(service.issuer, CLIENT, SECRET) if service is not None else None
    chosen = sources(world, history) if history is not None else ()
    given = {"registry": registry, "clock": accounts.clock, "patience_s": 60, "histories": chosen, "elsewhere": elsewhere}
    with served(create_app(world.log, world.country, **given)) as where:
        yield accounts, where
    registry.close()


class Browser:
    """Goes to pages and fills in forms. `language`: the one that was chosen; none for who chose none."""

    def __init__(self, driver: webdriver.Chrome, language: str = "") -> None:
        self.driver, self._language = driver, language

    def opens(self, address: str, token: str = "") -> None:
        """A page, as who is signed in with a session, or as nobody."""
        self.driver.delete_all_cookies()
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        if token:
            self.driver.execute_cdp_cmd("Network.setCookie", {"name": "polyrisk", "value": token, "url": address})
        if self._language:
            self.driver.execute_cdp_cmd("Network.setCookie", {"name": COOKIE, "value": self._language, "url": address})
        self.driver.get(address)

    def sends(self, action: str, **fields: str) -> None:
        """Fill in the form of the page whose address this is, or else holds it, and send it."""
        exactly, somewhere = (self.driver.find_elements(By.CSS_SELECTOR, f'form[action{way}="{action}"]') for way in ("", "*"))
        form = (exactly or somewhere)[0]
        for name, text in fields.items():
            form.find_element(By.NAME, name).clear()
            form.find_element(By.NAME, name).send_keys(text)
        form.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        wait_until_left(self.driver, form)


Way = Callable[[Houses, Browser], None]


def _of_days(path: str) -> Way:
    return lambda of, browser: browser.opens(of.days + path.format(warning=of.first_warning))


def _of_desk(desk: str, who: str, path: str, area: str = "") -> Way:
    def go(of: Houses, browser: Browser) -> None:
        where = path.format(message=of.messages.get(area, ""), warning=of.warnings.get(area, ""))
        browser.opens(getattr(of, desk).address + where, of.tokens[who])

    return go


def _then(way: Way, action: str, **fields: str) -> Way:
    def go(of: Houses, browser: Browser) -> None:
        way(of, browser)
        browser.sends(action, **fields)

    return go


def _of_accounts(path: str, who: str = "") -> Way:
    return lambda of, browser: browser.opens(of.accounts_address + path, of.tokens.get(who, ""))


def _set_up(of: Houses, browser: Browser, name: str) -> None:
    browser.opens(f"{of.accounts_address}/set-up?code={of.accounts.administering.add(name, name.title(), ADMINISTRATOR).code}")


def _authenticator(of: Houses, browser: Browser, name: str = "second") -> None:
    _set_up(of, browser, name)
    browser.sends("/set-up", password=PASSWORD, again=PASSWORD)


def _recovery(of: Houses, browser: Browser) -> None:
    _authenticator(of, browser, "third")
    secret = browser.driver.find_element(By.CSS_SELECTOR, ".secret").text.replace(" ", "")
    browser.sends("/authenticator", code=_code(of, secret))


def _code(of: Houses, secret: str) -> str:
    telephone = type(of.accounts.telephones[ADMINISTRATOR])
    return telephone(secret, of.accounts.clock).shows()


def _refused_elsewhere(of: Houses, browser: Browser) -> None:
    of.service.refuses = True
    browser.opens(of.accounts_address + "/sign-in/elsewhere")
    of.service.refuses = False


def _of_account(name: str) -> Way:
    def go(of: Houses, browser: Browser) -> None:
        with of.busy.registry.reading() as connection:
            id = accounts.named(connection, name).id
        browser.opens(f"{of.busy.address}/accounts/{id}", of.tokens["admin"])

    return go


def _review_refused(of: Houses, browser: Browser) -> None:
    _REVIEW(of, browser)
    browser.driver.find_element(By.CSS_SELECTOR, 'input[value="right"]').send_keys(Keys.SPACE)
    browser.sends("/review/", comment=" ")


def _write_refused(of: Houses, browser: Browser) -> None:
    _WRITE(of, browser)
    for name, chosen in (("hazard", "flood"), ("area", "LK21"), ("level", "red")):
        Select(browser.driver.find_element(By.NAME, name)).select_by_value(chosen)
    browser.driver.execute_script("document.querySelector('#until').value = '2025-11-27T23:00'")
    browser.sends("/originate", reason=" ", source=" ")


_WRITE = _of_desk("agreed", "dias", "/originate")
_SIGN_IN = _of_accounts("/sign-in")
_DUTY = _of_desk("busy", "perera", "/duty")
_ACCOUNTS = _of_desk("busy", "admin", "/accounts")
_ANSWERS = _of_desk("busy", "perera", "/answers")
_TO_SIGN = _of_desk("busy", "perera", "/waiting/{message}", WAITS)
_SILENCES = _of_desk("busy", "perera", "/silences")
_REVIEW = _of_desk("agreed", "dias", "/review/{message}", UNREVIEWED)
_CORRECT = _of_desk("busy", "perera", "/correct/{warning}", SENT)

PAGES: dict[str, Way] = {
    "overview": _of_days("/"),
    "overview, of an earlier moment": _of_days("/?at=2025-11-27T20:03"),
    "overview, before everything": _of_days("/?at=2025-01-01T00:00"),
    "overview, what has changed": _of_days("/?since=2025-11-27T06:00"),
    "overview, nothing has changed": _of_days("/?at=2025-11-27T20:03&since=2025-11-27T20:03"),
    "overview, of who is signed in": _of_desk("busy", "perera", "/"),
    "overview, no record yet": _of_desk("quiet", "silva", "/"),
    "warning": _of_days("/warning/{warning}"),
    "warning, when it was known": _of_days("/warning/{warning}?at=2025-11-27T06:00"),
    "warning, that waits": _of_desk("busy", "perera", "/warning/{warning}", WAITS),
    "warning, that stands": _of_desk("busy", "perera", "/warning/{warning}", SENT),
    "failed": _of_days("/warning/w0"),
    "history": _of_days("/history"),
    "history, nothing": _of_days("/history?area=LK31&level=red&at=2025-01-01T00:00"),
    "rules": _of_days("/rules"),
    "feeds": _of_days("/feeds"),
    "what waits": _of_desk("busy", "perera", "/waiting"),
    "what waits, nothing": _of_desk("quiet", "silva", "/waiting"),
    "to sign": _TO_SIGN,
    "to sign, refused": _then(_TO_SIGN, "/hold", why=" "),
    "to sign, held": _of_desk("busy", "perera", "/waiting/{message}", HELD),
    "to sign, by who may not": _of_desk("busy", "viewer", "/waiting/{message}", WAITS),
    "sending": _of_desk("busy", "perera", "/sending"),
    "sending, by who may not halt": _of_desk("busy", "viewer", "/sending"),
    "sending, nothing": _of_desk("quiet", "silva", "/sending"),
    "sending, everything halted": _of_desk("halted", "rajan", "/sending"),
    "silences": _SILENCES,
    "silences, refused": _then(_SILENCES, "/begin", comment=" "),
    "silences, none": _of_desk("quiet", "silva", "/silences"),
    "silences, by who may not": _of_desk("busy", "viewer", "/silences"),
    "overview, something went out by agreement": _of_desk("agreed", "dias", "/"),
    "what waits, something went out by agreement": _of_desk("agreed", "dias", "/waiting"),
    "warning, that went out by agreement": _of_desk("agreed", "dias", "/warning/{warning}", UNREVIEWED),
    "review": _REVIEW,
    "review, refused": _review_refused,
    "reviewed": _of_desk("agreed", "dias", "/review/{message}", REVIEWED),
    "write a warning": _WRITE,
    "write a warning, refused": _write_refused,
    "write a warning, by who may not": _of_desk("busy", "viewer", "/originate"),
    "written by a person, that waits": _of_desk("agreed", "dias", "/waiting/{message}", WRITTEN),
    "written by a person, its warning": _of_desk("agreed", "dias", "/warning/{warning}", WRITTEN),
    "written by a person, to change": _of_desk("agreed", "dias", "/originated/{warning}", WRITTEN),
    "correction": _CORRECT,
    "correction, refused": _then(_CORRECT, "/correct/", comment="x"),
    "on duty": _DUTY,
    "on duty, refused": _then(_DUTY, "/hand-over", text=" "),
    "on duty, nobody": _of_desk("quiet", "silva", "/duty"),
    "on duty, by who may not": _of_desk("busy", "viewer", "/duty"),
    "wakings": _of_desk("busy", "perera", "/wakings"),
    "wakings, none": _of_desk("quiet", "silva", "/wakings"),
    "what people wrote": _ANSWERS,
    "what people wrote, refused": _then(_ANSWERS, "/number", why=" "),
    "what people wrote, nothing": _of_desk("quiet", "silva", "/answers"),
    "what people wrote, by who may not": _of_desk("busy", "viewer", "/answers"),
    "a number": _then(_ANSWERS, "/number", why="they need help"),
    "accounts": _ACCOUNTS,
    "accounts, refused": _then(_ACCOUNTS, "/open", name="two words", display="X"),
    "accounts, one": _of_account("perera"),
    "one-time code": _then(_ACCOUNTS, "/open", name="new.colleague", display="New Colleague"),
    "planner": _of_accounts(RULE, "plans"),
    "planner, moved": _of_accounts(f"{RULE}&value=3.5", "plans"),
    "planner, by who may not hand over": _of_accounts(f"{RULE}&value=3.5", "colleague"),
    "planner, no history": lambda of, browser: browser.opens(of.nobody + "/planner"),
    "planner, a level that there is not": _of_accounts("/planner?level=x", "plans"),
    "sign in elsewhere, refused": _refused_elsewhere,
    "sign in elsewhere, not known here": _of_accounts("/sign-in/elsewhere"),
    "sign in, no account yet": lambda of, browser: browser.opens(of.nobody + "/sign-in"),
    "sign in": _SIGN_IN,
    "sign in, refused": _then(_SIGN_IN, "/sign-in", name="n.perera", password="three words only"),
    "second factor": _then(_SIGN_IN, "/sign-in", name="n.perera", password=PASSWORD),
    "set up": lambda of, browser: _set_up(of, browser, "first"),
    "authenticator": _authenticator,
    "codes for its loss": _recovery,
    "account": _of_accounts("/account", "colleague"),
    "own telephone": _of_desk("busy", "perera", "/account/telephone"),
    "own telephone, a code waits": _then(
        _of_desk("quiet", "silva", "/account/telephone"), "/account/telephone/number", number="+999700000002"
    ),
    "own telephone, refused": _then(_of_desk("halted", "rajan", "/account/telephone"), "/account/telephone/number", number="12"),
    "own telephone, of who is never woken": _of_desk("busy", "viewer", "/account/telephone"),
    "password changed": _then(
        _of_accounts("/account", "changes"),
        "/account",
        current=PASSWORD,
        password="five words that dance on",
        again="five words that dance on",
    ),
    "signed out": _then(_of_accounts("/account", "leaves"), "/sign-out"),
}
"""By what the page is called."""
