"""Whatever an officer is refused on a page is said in their language: the main acts, each done wrongly, in Nepali and in Urdu."""

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST, SECOND, Officer

from alerts.approvals import code
from alerts.listening.inbound import inbound
from alerts.listening.listener import Listener
from alerts.officers import accounts
from alerts.officers.officer import ConsoleRole, Grant
from alerts.roster import keeping, wakings
from alerts.roster.causes import Cause
from alerts.roster.ladder import Rung, Way
from console.local_time import LocalTime
from schemas.outputs import EventChange

ADMINISTRATOR, VIEWER = Grant(ConsoleRole.ADMINISTRATOR, "LKA"), Grant(ConsoleRole.VIEWER, "LKA")
SCRIPTS = {"ne": r"[\u0900-\u097f]", "ur": r"[\u0600-\u06ff]"}
_SAID = re.compile(r'<div class="refused".*?</div>|<section class="card"><h1 dir="auto">.*?</p>', re.DOTALL)
_AS_IT_IS = re.compile(r"Sri Lanka|`[^`]*`|<code>.*?</code>|\([^()]*phonenumbers[^()]*\)")
_ENGLISH = re.compile(r"[A-Za-z']{2,}(?: [a-z']{2,})+")


class Walk:
    """Officers who read a language and do what is refused. `said`: the sentences that they were refused with."""

    def __init__(self, desk: Kandy, stack: ExitStack, language: str) -> None:
        self.desk, self.language = desk, language
        self.said: dict[str, str] = {}
        grants = {
            "admin": (ADMINISTRATOR,), "perera": (FIRST, DUTY), "silva": (SECOND,), "viewer": (VIEWER,), "nobody": (),
        }  # fmt: skip
        self.officers = {name: stack.enter_context(desk.officer(name, *of)) for name, of in grants.items()}
        for one in self.officers.values():
            one.client.get("/?lang=" + language, headers={"sec-fetch-site": "same-origin"})

    def refused(self, name: str, path: str, status: int = 409, /, **fields: str) -> str:
        """Somebody sends a form; answers what it was refused with."""
        one = self.officers[name]
        token = one.client.get("/account").text
        return self._kept(f"{name} {path} {fields}", status, *one.sends(path, token, **fields))

    def asked(self, name: str, path: str, status: int) -> str:
        """Somebody asks for a page."""
        answer = self.officers[name].client.get(path)
        return self._kept(f"{name} {path}", status, answer.status_code, answer.text)

    def _kept(self, what: str, expected: int, status: int, page: str) -> str:
        assert status == expected, (what, status, page)
        assert f'<html lang="{self.language}"' in page, what
        (said,) = _SAID.findall(page)
        self.said[what] = html.unescape(said)
        return self.said[what]

    def english(self) -> dict[str, list[str]]:
        """What is left in English, by what was done; what is quoted as a command is the same in all languages."""
        found = {}
        for what, said in self.said.items():
            words = re.sub(r"<[^>]+>", "\n", _AS_IT_IS.sub(" ", said))
            runs = _ENGLISH.findall(words)
            if runs or not re.search(SCRIPTS[self.language], words):
                found[what] = runs or [words]
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A desk at noon, where a red warning waits."""
    made = Kandy(tmp_path)
    made.happens(EventChange.OPENED)
    yield made
    made.close()


@pytest.fixture(params=["ne", "ur"])
def walk(request: pytest.FixtureRequest, desk: Kandy) -> Iterator[Walk]:
    """Officers at it, in a language."""
    with ExitStack() as stack:
        yield Walk(desk, stack, request.param)


def at(desk: Kandy, hours: float) -> str:
    """A moment some hours from now, as a browser sends it."""
    return LocalTime(desk.country.timezone).field(desk.now + timedelta(hours=hours))


def test_deciding_on_a_message(walk: Walk) -> None:
    """Signing, holding, letting go, editing, sending it to oneself, correcting: without the right, without a word, too late, twice."""
    waits = walk.desk.waiting()
    here, seen = f"/waiting/{waits.id}", code(waits)
    walk.refused("viewer", f"{here}/sign", 403, seen=seen)
    walk.refused("nobody", f"{here}/sign", 403, seen=seen)
    walk.refused("perera", f"{here}/sign", seen="another")
    walk.refused("perera", f"{here}/hold", why=" ", minutes="15")
    walk.refused("perera", f"{here}/hold", why="x" * 501, minutes="15")
    walk.refused("perera", f"{here}/let-go")
    walk.refused("viewer", f"{here}/hold", 403, why="why", minutes="15")
    walk.refused("perera", f"{here}/edit", seen=seen, action="nothing so")
    walk.refused("perera", f"{here}/edit", seen=seen)
    walk.refused("perera", f"{here}/to-me", language="")
    walk.refused("viewer", f"{here}/to-me", 403)
    officer = walk.officers["perera"]
    assert officer.sends(f"{here}/sign", officer.reads("/account"), seen=seen)[0] == 200
    walk.refused("perera", f"{here}/sign", seen=seen)
    walk.desk.service.sign(waits.id, "Silva", "director", walk.desk.now)
    walk.asked("perera", "/waiting/w0.9", 404)
    walk.refused("perera", f"/correct/{waits.warning}", comment=" ")
    walk.refused("perera", f"/correct/{waits.warning}", comment="wrong place", area="XX99")
    walk.refused("viewer", f"/correct/{waits.warning}", 403, comment="x")
    walk.asked("perera", "/warning/none", 404)
    assert walk.english() == {}


def test_silencing_halting_and_writing(walk: Walk) -> None:
    """A silence without a reason or an end, a halt twice, a warning of one's own that nobody can sign."""
    walk.refused("perera", "/silences/begin", rule="", area="LK22", up_to="red", span="2 h", comment=" ")
    walk.refused("perera", "/silences/begin", rule="no_such", area="LK22", up_to="red", span="2 h", comment="why")
    walk.refused("perera", "/silences/begin", rule="", area="LK22", up_to="green", span="2 h", comment="why")
    walk.refused("perera", "/silences/begin", rule="", area="LK22", up_to="red", span="soon", comment="why")
    walk.refused("viewer", "/silences/begin", 403, rule="", area="LK22", up_to="red", span="2 h", comment="why")
    walk.refused("perera", "/silences/s0/end", 404)
    walk.refused("viewer", "/sending/halt", 403, warning="", why="why")
    walk.refused("perera", "/sending/halt", warning="", why=" ")
    walk.refused("perera", "/sending/go-on", warning="", why="why")
    wrote = {"hazard": "flood", "area": "LK21", "level": "red", "until": at(walk.desk, 6), "reason": "seen", "source": "the office"}
    walk.refused("perera", "/originate", **{**wrote, "reason": " "})
    walk.refused("perera", "/originate", **{**wrote, "until": at(walk.desk, -1)})
    walk.refused("perera", "/originate", **{**wrote, "level": "green"})
    walk.refused("perera", "/originate", **{**wrote, "hazard": "dragon"})
    walk.refused("viewer", "/originate", 403, **wrote)
    assert walk.english() == {}


def test_accounts(walk: Walk) -> None:
    """A name that cannot be, one that is taken, a role that there is not, the last administrator; and who may not."""
    with walk.desk.registry.reading() as connection:
        ids = {one.name: one.id for one in accounts.all_of(connection)}
    walk.refused("admin", "/accounts/open", name="two words", display="X")
    walk.refused("admin", "/accounts/open", name="perera", display="X")
    walk.refused("admin", "/accounts/open", name="new", display=" ")
    silva, admin = f"/accounts/{ids['silva']}", f"/accounts/{ids['admin']}"
    for role, duty in (("approver", "planner"), ("viewer", "director"), ("king", ""), ("approver", ""), ("operator", "planner")):
        walk.refused("admin", f"{silva}/grant", role=role, duty_role=duty, area="")
    walk.refused("admin", f"{silva}/grant", role="approver", duty_role="director", area="XX")
    walk.refused("admin", f"{silva}/grant", role="administrator", duty_role="", area="LK21")
    walk.refused("admin", f"{silva}/revoke", role="viewer", duty_role="", area="")
    walk.refused("admin", f"{admin}/disable")
    walk.refused("admin", f"{admin}/revoke", role="administrator", duty_role="", area="")
    walk.asked("admin", "/accounts/nobody", 404)
    walk.refused("admin", f"{silva}/dance", 404)
    walk.refused("perera", "/accounts/open", 403, name="new", display="X")
    walk.asked("nobody", "/accounts", 403)
    walk.refused("perera", "/account", 403, current="wrong", password="five words that dance on", again="five words that dance on")
    walk.refused("perera", "/account", 403, current="wrong", password="a", again="b")
    assert walk.english() == {}


def test_who_is_on_duty_and_what_people_wrote(walk: Walk) -> None:
    """Shifts that cannot be, an empty note, what was acknowledged meanwhile, a number without a reason."""
    desk = walk.desk
    shift = {"name": "perera", "since": at(desk, 0), "until": at(desk, 12), "place": "first"}
    with desk.registry.acting() as connection:
        keeping.add(connection, "LKA", "perera", desk.now, desk.now + timedelta(hours=8), 1, "perera", desk.now)
    walk.refused("perera", "/duty/add", **shift)
    for fields in ({"until": "2020-01-01T00:00"}, {"name": "none"}, {"name": "viewer"}, {"since": "soon"}, {"place": "fourth"}):
        walk.refused("perera", "/duty/add", **{**shift, **fields})
    walk.refused("viewer", "/duty/add", **shift)
    walk.refused("perera", "/duty/none/remove")
    walk.refused("perera", "/duty/hand-over", text=" ")
    walk.refused("perera", "/wakings/none/awake")
    Listener(desk.log, desk.registry, desk.country, clock=lambda: desk.now).receive(
        inbound("twilio_sms", "SM1", "+94771000001", "help us") or pytest.fail("no message")
    )
    walk.refused("perera", "/answers/twilio_sms:SM1/number", 403, why=" ")
    walk.refused("perera", "/answers/twilio_sms:SM2/number", 404, why="they need help")
    walk.refused("viewer", "/answers/twilio_sms:SM1/number", 403, why="they need help")
    assert walk.english() == {}


def test_forms_that_are_nobodys_and_pages_that_there_are_not(walk: Walk) -> None:
    """What stands before the pages speaks the account's language too."""
    one = walk.officers["perera"]
    bad = one.client.post("/duty/hand-over", data={"text": "x"}, headers={"origin": walk.desk.address.rstrip("/")})
    walk._kept("without a token", 403, bad.status_code, bad.text)
    bad = one.client.post("/duty/hand-over", data={"text": "x"}, headers={"origin": "https://elsewhere.example"})
    walk._kept("from elsewhere", 403, bad.status_code, bad.text)
    walk.asked("perera", "/nothing-here", 404)
    walk.asked("perera", "/?at=yesterday", 400)
    walk.asked("nobody", "/", 403)
    assert walk.english() == {}


@pytest.mark.parametrize("language", ["ne", "ur"])
def test_what_is_wrong_with_the_roster_and_what_wakes_is_said_too(desk: Kandy, language: str) -> None:
    """The page of who is on duty, with its gaps, and the page of wakings, with who was tried in which language."""
    with ExitStack() as stack:
        walk = Walk(desk, stack, language)
        officer: Officer = walk.officers["perera"]
        waits = desk.waiting()
        with desk.registry.acting() as connection:
            for name, since, until, place in (("perera", -1, 4, 1), ("silva", 2, 6, 1), ("silva", 8, 12, 2)):
                begins, ends = desk.now + timedelta(hours=since), desk.now + timedelta(hours=until)
                keeping.add(connection, "LKA", name, begins, ends, place, "perera", desk.now)
            cause = Cause("proposal:w:0", "proposal", waits.id, "river and landslide red in Kandy waits for signatures.")
            wakings.begin(connection, "LKA", cause, desk.now)
            (waking,) = wakings.open_ones(connection, "LKA")
            rung = Rung(accounts.named(connection, "perera").id, Way.SMS)
            wakings.intend(connection, waking, rung, "words", language, desk.now, desk.now + timedelta(minutes=5))
        for path in ("/duty", "/wakings"):
            page = html.unescape(officer.reads(path).partition("<body>")[2])
            page = _AS_IT_IS.sub(" ", page)
            page = re.sub(rf'<[^>]*lang="(?!{language})[a-zA-Z-]+"[^>]*>[^<]*', " ", page)
            english = _ENGLISH.findall(re.sub(r"<[^>]+>", "\n", page))
            assert [run for run in english if "river and landslide" not in run] == [], path
