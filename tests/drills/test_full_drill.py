"""A full drill: a recorded storm from its feeds to telephones and back, through real HTTP on both ends, beside a real installation."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from handsets import Handsets, Wall, numbers_of
from sqlalchemy import func, select

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.drills import results
from alerts.drills.results import DrillResult, last_good
from alerts.drills.schedule import SEND, arguments
from alerts.drills.stages import Stage, StageTime, Timed, faults, line
from alerts.marks import EXERCISE, is_exercise
from alerts.people.person import Consent, Enrolment
from alerts.registry import open_registry
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, AcceptedMessage, StandInProvider
from alerts.tables import inbox, messages, warnings
from eventlog.log import open_log
from eventlog.state import log_url
from feeds.clock import WallClock
from polyrisk import drill_command
from polyrisk.__main__ import main
from polyrisk.drill_command import shown
from polyrisk.drill_run import Orders, Told
from polyrisk.listener_command import Listening
from schemas.country_facts import Drill
from schemas.country_files import countries_root, load_country
from schemas.moments import to_utc

CASE = "lka/ditwah-2025"
WAIT = timedelta(hours=6)
SINHALA, TAMIL, ENGLISH, SILENT = (f"+9477120000{n}" for n in range(1, 5))
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
    callbacks: list[int]
    real_rows: dict[str, int]


def real_audience(state: Path) -> None:
    """People of each district that the storm strikes, as an installation has them; one is on the drill's list too."""
    state.mkdir()
    with closing(open_registry(state, create=True)) as registry:
        consent = Consent(to_utc(WallClock().now() - timedelta(days=9)), "v1", "ward office")
        for number, area in zip([*REAL, SILENT], ("LK81", "LK21", "LK11", "LK92", "LK81"), strict=True):
            registry.enrol(Enrolment(number, area, "en", "household", consent))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """The surroundings name the real installation's log, registry and keys all the while, as a service's do."""
    state = tmp_path_factory.mktemp("full") / "live"
    real_audience(state)
    (state / "drill-list.csv").write_text(LIST, encoding="utf-8")
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
            ACCOUNT_SID, AUTH_TOKEN, country.facts.messaging.sender, provider.base_url, f"{listening.url}/twilio_sms/receipt"
        )
        orders = Orders(True, WAIT, "A. Fonseka", "duty_officer", {"duty_officer": "Weekly drill", "director": "Weekly drill too"})
        wall = Wall(handsets.all_answered, WAIT)
        result = drill_command.hold(state, CASE, None, orders, Told(), TwilioSms(account), wall)
        listening.turn()
        with closing(open_registry(state)) as registry, registry.reading() as connection:
            rows = {t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (messages, warnings, inbox)}
        yield Held(state, result, list(provider.accepted), [*provider.callbacks.answers, *handsets.statuses], rows)


def test_a_drill_reaches_its_list_and_nobody_of_the_real_audience(held: Held) -> None:
    """Whatever the surroundings name: four on the list get it, nobody else gets anything, and the real registry is as it was."""
    assert numbers_of(held.accepted) == {SINHALA, TAMIL, ENGLISH, SILENT}
    assert held.real_rows == {"messages": 0, "warnings": 0, "inbox": 0}


def test_each_text_that_left_says_first_and_last_that_it_is_an_exercise(held: Held) -> None:
    """Warnings in three languages, and what those who answered were answered."""
    assert all(is_exercise(message.body) for message in held.accepted)
    first = {message.to: message.body for message in reversed(held.accepted)}
    for number, language in ((SINHALA, "si"), (TAMIL, "ta"), (ENGLISH, "en"), (SILENT, "en")):
        assert first[number].startswith(f"{EXERCISE[language]}. ")
    assert len(held.accepted) == 7


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
        Stage.SIGNED: (2, 2),
        Stage.HANDED_OVER: (4, 4),
        Stage.RECEIPT: (4, 4),
        Stage.ANSWER: (3, 4),
    }
    last = [one.minute for one in held.result.stages[:5]]
    assert all(minute is not None for minute in last)
    assert last == sorted(last, key=lambda minute: minute or 0)
    assert all(one.p50 is not None and one.slowest is not None and 0 <= one.p50 <= one.slowest for one in held.result.stages)
    shape = [" ".join(word if not word[0].isdigit() else "n" for word in text.split()) for text in lines[2:10]]
    assert shape == [
        "stage happened p50 min slowest first at last at",
        "source asked, its readings in the log n n n n n",
        "event in the log n n n n n",
        "message proposed n n n n n",
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


def test_it_says_who_ordered_it_and_that_nobody_was_asked_to_sign(held: Held) -> None:
    """A drill that signs itself never looks like one that people signed."""
    assert (held.result.by, held.result.role, held.result.unattended) == ("A. Fonseka", "duty_officer", True)
    assert held.result.signed_by == ("Weekly drill (unattended drill), duty_officer", "Weekly drill too (unattended drill), director")
    assert any("NOBODY WAS ASKED" in text for text in shown(held.result, held.state))


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
