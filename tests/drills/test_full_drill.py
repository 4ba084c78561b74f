"""A full drill: a recorded storm from its feeds to telephones and back, through real HTTP on both ends, beside a real installation."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from handsets import Handsets, OnDuty, Wall, numbers_of, wait_until
from sqlalchemy import func, select

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.drills import duty, folders, results
from alerts.drills.duty import DrillOfficer
from alerts.drills.results import DrillResult, last_good
from alerts.drills.schedule import SEND, arguments
from alerts.drills.stages import Stage, StageTime, Timed, faults, line
from alerts.marks import EXERCISE, is_exercise
from alerts.officers import accounts
from alerts.officers.officer import ConsoleRole, Grant
from alerts.people.person import Consent, Enrolment
from alerts.registry import open_registry
from alerts.roster import keeping, telephones
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, AcceptedMessage, StandInProvider
from alerts.stand_in_provider.calls import MadeCall
from alerts.tables import inbox, messages, wake_tries, wakings, warnings
from eventlog.log import open_log
from eventlog.state import log_url
from feeds.clock import WallClock
from polyrisk import drill_command
from polyrisk.__main__ import main
from polyrisk.drill_command import shown
from polyrisk.drill_orders import Orders, Told
from polyrisk.listener_command import Listening
from schemas.country_facts import Drill
from schemas.country_files import countries_root, load_country
from schemas.moments import to_utc

CASE = "lka/ditwah-2025"
WAIT = timedelta(hours=6)
SINHALA, TAMIL, ENGLISH, SILENT = (f"+9477120000{n}" for n in range(1, 5))
FIRST, SECOND, DIRECTOR = (f"+9477120020{n}" for n in range(1, 4))
"""Officers of the drill: the first does not answer, the second does."""
REAL_OFFICER = "+94771200301"
CALLER = "+15005550006"
ROSTER = f"""name,number,role,place
sleeps,{FIRST},duty_officer,first
wakes,{SECOND},duty_officer,second
director,{DIRECTOR},director,
"""
REAL = [f"+9477120010{n}" for n in range(1, 5)]
LIST = f"""number,area,language,group,consent_at,consent_text,consent_by
{SINHALA},LK11,si,household,2026-01-01,drills-1,committee of Badulla
{TAMIL},LK21,ta,household,2026-01-01,drills-1,committee of Badulla
{ENGLISH},LK31,en,household,2026-01-01,drills-1,committee of Badulla
{SILENT},LK81,en,household,2026-01-01,drills-1,committee of Badulla
"""


@dataclass(frozen=True)
class Held:
    """A drill that was held, what the provider took, how its callbacks were answered, and what the real registry then holds."""

    state: Path
    result: DrillResult
    accepted: list[AcceptedMessage]
    calls: list[MadeCall]
    callbacks: list[int]
    real_rows: dict[str, int]


def real_audience(state: Path) -> None:
    """People of each district that the storm strikes, as an installation has them; one is on the drill's list too."""
    state.mkdir()
    with closing(open_registry(state, create=True)) as registry:
        consent = Consent(to_utc(WallClock().now() - timedelta(days=9)), "v1", "ward office")
        for number, area in zip([*REAL, SILENT], ("LK81", "LK21", "LK11", "LK92", "LK81"), strict=True):
            registry.enrol(Enrolment(number, area, "en", "household", consent))
        country = load_country(countries_root() / "lka")
        officer = DrillOfficer("real", REAL_OFFICER, ("duty_officer",), 1)
        now = WallClock().now()
        with registry.acting() as connection:
            made = accounts.add(connection, "real", "Real", "test", now)
            made = accounts.grant(connection, made, Grant(ConsoleRole.APPROVER, "LKA", "duty_officer"), "test", now)
            telephones.give(connection, registry.keys, made, officer.number, now)
            keeping.add(connection, "LKA", "real", now - timedelta(days=1), now + timedelta(days=1), 1, "real", now)
        assert duty.of_installation(registry, country, now) == [officer]  # whom it would wake if that were asked for


def signs(state: Path) -> None:
    """Who is awake reads what waits in the drill's folder and signs it, and so does the director, each by the command."""
    drill = folders.running(state)
    assert drill is not None

    def polyrisk(*words: str) -> str:
        command = [sys.executable, "-m", "polyrisk", *words, "--state", str(drill)]
        ended = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def acknowledged() -> list[dict[str, str]]:
        found = [json.loads(line) for line in polyrisk("wake", "list", "--all", "--json").splitlines()]
        return [one for one in found if one["by"] == "wakes"]

    wait_until(lambda: bool(acknowledged()), within_s=60)
    message = acknowledged()[0]["subject"]
    for name, role in (("wakes", "duty_officer"), ("director", "director")):
        pending = [json.loads(line) for line in polyrisk("pending", "--json").splitlines()]
        (seen,) = [one["seen"] for one in pending if one["id"] == message]
        polyrisk("sign", message, "--by", name, "--role", role, "--seen", seen)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """The surroundings name the real installation's log, registry and keys all the while, as a service's do."""
    state = tmp_path_factory.mktemp("full") / "live"
    real_audience(state)
    (state / "drill-list.csv").write_text(LIST, encoding="utf-8")
    (state / "drill-roster.csv").write_text(ROSTER, encoding="utf-8")
    country = load_country(countries_root() / "lka")
    with ExitStack() as stack:
        surroundings = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in {
            "POLYRISK_STATE": str(state),
            "POLYRISK_LOG": f"sqlite:///{state / 'log.db'}",
            "POLYRISK_REGISTRY": f"sqlite:///{state / 'registry.db'}",
            "POLYRISK_KEYS": str(state / "keys"),
            "POLYRISK_ARCHIVE": str(state / "archive"),
        }.items():
            surroundings.setenv(name, value)
        log = stack.enter_context(closing(open_log(log_url(state))))
        listening = Listening(stack, log, country, state, WallClock(), 0, played=True)
        provider = stack.enter_context(StandInProvider())
        words = {SINHALA: "1", TAMIL: "2", ENGLISH: "1"}
        handsets = stack.enter_context(Handsets(provider, listening.url, words))
        account = TwilioAccount(
            *(ACCOUNT_SID, AUTH_TOKEN, country.facts.messaging.sender, provider.base_url, f"{listening.url}/twilio_sms/receipt"),
            *(CALLER, f"{listening.url}/twilio_sms/woken"),
        )
        wall = Wall(handsets.all_answered, WAIT)
        step = country.facts.wake.after
        on_duty = OnDuty(
            *(provider, listening.url, FIRST, SECOND),
            rings=lambda: wall.passes(step),
            signs=lambda: signs(state),
            gives_up=lambda: wall.passes(2 * WAIT),
        )
        stack.enter_context(on_duty)
        orders = Orders(True, WAIT, "A. Fonseka", "duty_officer")
        result = drill_command.hold(state, CASE, None, orders, Told(), TwilioSms(account), wall=wall)
        listening.turn()
        with closing(open_registry(state)) as registry, registry.reading() as connection:
            tables = (messages, warnings, inbox, wakings, wake_tries)
            rows = {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}
        callbacks = [*provider.callbacks.answers, *handsets.statuses, *on_duty.statuses]
        yield Held(state, result, list(provider.accepted), list(provider.calls.made), callbacks, rows)


def test_a_drill_reaches_its_list_and_nobody_of_the_real_audience(held: Held) -> None:
    """Whatever the surroundings name: four on the list get it, two officers of the drill are woken; no household is called, nor who
    is on duty in earnest, and the real registry is as it was."""
    assert numbers_of(held.accepted) == {SINHALA, TAMIL, ENGLISH, SILENT, FIRST, SECOND}
    assert [call.to for call in held.calls] == [FIRST]
    assert held.real_rows == {"messages": 0, "warnings": 0, "inbox": 0, "wakings": 0, "wake_tries": 0}


def test_each_text_that_left_says_first_and_last_that_it_is_an_exercise(held: Held) -> None:
    """Warnings in three languages, and what those who answered were answered."""
    assert all(is_exercise(message.body) for message in held.accepted)
    first = {message.to: message.body for message in reversed(held.accepted)}
    for number, language in ((SINHALA, "si"), (TAMIL, "ta"), (ENGLISH, "en"), (SILENT, "en")):
        assert first[number].startswith(f"{EXERCISE[language]}. ")
    assert len(held.accepted) == 9
    said = [element.text or "" for call in held.calls for element in ElementTree.fromstring(call.twiml).iter("Say")]
    assert [text for text in said if "waits for signatures" in text and not is_exercise(text.partition(" Press 1")[0])] == []
    assert len(said) == 3


def test_an_officer_lets_it_ring_and_the_next_one_answers_and_signs(held: Held) -> None:
    """SMS, then a call after the ladder's step, then the next by SMS; who answered, who did not, and who signed stand in the result."""
    assert [(one.officer, one.way, one.answered) for one in held.result.woken] == [
        ("sleeps", "sms", False),
        ("sleeps", "call", False),
        ("wakes", "sms", True),
    ]
    assert (held.result.awake, held.result.not_awake) == ("wakes, by SMS", ("sleeps",))
    assert held.result.signed_by == ("wakes, duty_officer", "director, director")
    step = load_country(countries_root() / "lka").facts.wake.after.total_seconds() / 60
    minutes = [one.minute or 0 for one in held.result.woken]
    a_moment = 1  # each try is handed over a moment after it falls due, which may be longer for one than for the next
    assert all(later - earlier > step - a_moment for earlier, later in itertools.pairwise(minutes))
    assert held.result.stage(Stage.AWAKE).p50 > 2 * step - a_moment
    assert max(len(message.body) for message in held.accepted if message.to in (FIRST, SECOND)) <= 160
    lines = list(shown(held.result, held.state))
    assert "did not answer when woken: sleeps" in lines
    assert "awake: wakes, by SMS" in lines


def test_the_table_has_each_stage_with_its_minutes(held: Held) -> None:
    """From the source to the answer, in order; shown here as an operator sees it, and no number but its last two digits."""
    lines = list(shown(held.result, held.state))
    print("\n".join(lines))
    assert [one.stage for one in held.result.stages] == list(Stage)
    counts = {one.stage: (one.happened, one.of) for one in held.result.stages}
    fetched = counts.pop(Stage.READ)
    assert fetched[0] == fetched[1] > 0
    assert counts == {
        Stage.JUDGED: (1, 1),
        Stage.PROPOSED: (1, 1),
        Stage.WOKEN: (2, 2),
        Stage.AWAKE: (1, 1),
        Stage.SIGNED: (2, 2),
        Stage.HANDED_OVER: (4, 4),
        Stage.RECEIPT: (4, 4),
        Stage.ANSWER: (3, 4),
    }
    last = [one.minute for one in held.result.stages[:7]]
    assert all(minute is not None for minute in last)
    assert last == sorted(last, key=lambda minute: minute or 0)
    assert all(one.p50 is not None and one.slowest is not None and 0 <= one.p50 <= one.slowest for one in held.result.stages)
    shape = [" ".join(word if not word[0].isdigit() else "n" for word in text.split()) for text in lines[2:12]]
    assert shape == [
        "stage happened p50 min slowest first at last at",
        "source asked, its readings in the log n n n n n",
        "event in the log n n n n n",
        "message proposed n n n n n",
        "officer on duty woken n n n n n",
        "officer on duty answered n n n n n",
        "signed n n n n n",
        "handed to the provider n n n n n",
        "handset receipt n n n n n",
        "human answer n n n n n",
    ]
    assert f"no answer from ...{SILENT[-2:]}" in lines


def test_answers_and_receipts_came_through_the_real_listener(held: Held) -> None:
    """Each callback was signed, let in, and belonged to the drill though it came to the installation."""
    assert set(held.callbacks) <= {200, 204}
    assert len(held.callbacks) >= 4 * 2 + 3


def test_it_says_who_ordered_it_and_that_people_signed(held: Held) -> None:
    """A drill that people signed never looks like one that signed itself."""
    assert (held.result.by, held.result.role, held.result.unattended) == ("A. Fonseka", "duty_officer", False)
    assert not any("NOBODY WAS ASKED" in text for text in shown(held.result, held.state))


def test_a_drill_at_an_hour_that_nobody_chose_signs_itself_once_nobody_has_answered(tmp_path: Path) -> None:
    """Officers who agreed are woken; if none answers in time the drill signs in names that say so, and that nobody answered is a fault."""
    (tmp_path / "drill-list.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "drill-roster.csv").write_text(ROSTER, encoding="utf-8")
    facts = load_country(countries_root() / "lka").facts
    with StandInProvider() as provider:
        wall = Wall(lambda: bool(provider.accepted), facts.drill.awake_within)
        account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, facts.messaging.sender, provider.base_url)
        orders = Orders(True, timedelta(), "A. Fonseka", "duty_officer", {"duty_officer": "Weekly drill", "director": "Weekly drill too"})
        result = drill_command.hold(tmp_path, CASE, None, orders, Told(), TwilioSms(account), wall=wall)
    assert result.signed_by == ("Weekly drill (unattended drill), duty_officer", "Weekly drill too (unattended drill), director")
    assert any("NOBODY WAS ASKED" in text for text in shown(result, tmp_path))
    assert "officer on duty answered: it did not happen" in result.faults
    assert (result.awake, result.not_awake[0]) == ("", "sleeps")
    assert numbers_of(provider.accepted) >= {FIRST, SINHALA, TAMIL, ENGLISH, SILENT}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"a.b,{FIRST},duty_officer,fourth\n", "no such place"),
        (f"a.b,{FIRST},planner,first\n", "acts in a role"),
        ("a.b,0112345678,duty_officer,first\n", "not a mobile one"),
        (f"a.b,{FIRST},duty_officer,\n", "nobody in it is on duty first"),
        (f"a.b,{FIRST},duty_officer,first,si\n", "no words to wake somebody with in `si`"),
    ],
)
def test_a_roster_that_cannot_be_one_is_refused_before_anything_is_made(tmp_path: Path, row: str, said: str) -> None:
    """By its line and what to write instead; no number is said."""
    (tmp_path / "drill-list.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "drill-roster.csv").write_text(f"name,number,role,place{',language' * (row.count(',') > 3)}\n{row}", encoding="utf-8")
    ended = CliRunner().invoke(main, ["drill", CASE, "--state", str(tmp_path)])
    assert ended.exit_code == 2, ended.output
    assert said in ended.output
    assert FIRST[4:] not in ended.output
    assert not (tmp_path / "drills").exists()


def test_the_result_is_kept_and_shown_again(held: Held) -> None:
    """`drill list` and `drill show`, for people and programs; the metric of the last good drill reads the same files."""
    assert results.kept(held.state) == [held.result]
    told = CliRunner().invoke(main, ["drill", "show", "--state", str(held.state), "--json"])
    assert json.loads(told.output)["name"] == held.result.name
    assert told.exit_code == (0 if held.result.good else 1)
    listed = CliRunner().invoke(main, ["drill", "list", "--state", str(held.state)])
    assert listed.output.startswith(held.result.name)
    ended = held.result.ended.timestamp() if held.result.good else 0
    assert last_good(held.state, sent=True) == last_good(held.state, sent=False) == ended


def test_a_drills_folder_runs_nothing_and_sends_nothing_more(held: Held) -> None:
    """Whoever names it as an installation is refused."""
    folder = held.state / "drills" / held.result.name
    ended = CliRunner().invoke(main, ["run", "alerts", "--state", str(folder), "--send", "--metrics-port", "0"])
    assert ended.exit_code == 2
    assert "this is the folder of a drill" in ended.output


def test_a_drill_without_a_list_or_an_order_or_with_a_bad_row_writes_to_nobody(tmp_path: Path) -> None:
    """Exit code 2 and what to do, before anything is made."""

    def drill(*more: str) -> str:
        ended = CliRunner().invoke(main, ["drill", CASE, "--state", str(tmp_path), *more])
        assert ended.exit_code == 2, ended.output
        return ended.output

    assert "drill-list.csv" in drill()
    assert "duty_officer" in drill("--send")
    assert "ordered by name" in drill("--send", "--by", "A. Fonseka", "--role", "director")
    (tmp_path / "drill-list.csv").write_text(LIST + "0112345678,LK11,si,household,2026-01-01,d,c\n", encoding="utf-8")
    assert "line 6: the number is not a mobile one" in drill()
    assert "no channel is named that sends" in drill(
        "--send", "--by", "A. Fonseka", "--role", "duty_officer", "--list", str(_good(tmp_path))
    )
    assert not (tmp_path / "log.db").exists()


def _good(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text(LIST, encoding="utf-8")
    return tmp_path / "good.csv"


def test_the_weekly_drill_is_dry_unless_the_installation_says_to_send() -> None:
    """It signs as all who may, and with the word to send it names who ordered it."""
    dry = arguments(CASE, {}, Path())
    assert "--send" not in dry
    signs = [dry[n + 1] for n, word in enumerate(dry) if word == "--sign-as"]
    may = [name for name, role in load_country(countries_root() / "lka").facts.roles.items() if "sign" in role.may]
    assert signs == [f"{role}=Weekly drill {role}" for role in may]
    assert len(signs) >= 2
    sent = arguments(CASE, {SEND: "1", "POLYRISK_DRILL_BY": "A. Fonseka", "POLYRISK_DRILL_ROLE": "duty_officer"}, Path())
    assert sent[-5:] == ["--send", "--by", "A. Fonseka", "--role", "duty_officer"]


MINUTE = timedelta(minutes=1)
BEGUN = to_utc(WallClock().now())


@pytest.mark.parametrize(
    ("stage", "took", "of", "fault"),
    [
        (Stage.SIGNED, [2, 29], 2, ""),
        (Stage.SIGNED, [2, 31], 2, "signed: it took longer than 30 min"),
        (Stage.SIGNED, [2], 2, "signed: 1 of 2"),
        (Stage.HANDED_OVER, [], 4, "handed to the provider: it did not happen"),
        (Stage.ANSWER, [1, 29, 300], 4, ""),
        (Stage.ANSWER, [1, 31, 31], 4, "human answer: not from half of 4 within 30 min"),
        (Stage.ANSWER, [1], 4, "human answer: not from half of 4 within 30 min"),
        (Stage.RECEIPT, [], 0, ""),
    ],
)
def test_what_is_missing_or_too_late_is_a_fault(stage: Stage, took: list[int], of: int, fault: str) -> None:
    """Machines and officers must all be in time, of people and networks the half."""
    seen = Timed(stage, [minutes * MINUTE for minutes in took], BEGUN, of)
    assert faults([seen], Drill()) == ((fault,) if fault else ())


def test_a_line_says_p50_and_the_slowest() -> None:
    """Of four people the second is the half."""
    seen = Timed(Stage.ANSWER, [n * MINUTE for n in (9, 1, 5, 2)], BEGUN + 12 * MINUTE, 6)
    assert line(seen, BEGUN, BEGUN + 4 * MINUTE) == StageTime(
        stage=Stage.ANSWER, happened=4, of=6, p50=2.0, slowest=9.0, first=4.0, minute=12.0
    )
