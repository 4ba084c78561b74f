"""`polyrisk drill`: holds one, and shows those that were held. No number of a person is shown but its last two digits."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from alerts.channels import dry
from alerts.channels.contract import Channel, Settings, known_channels, open_channel
from alerts.drills import duty, folders, results
from alerts.drills.duty import DrillOfficer
from alerts.drills.people import take_who_left
from alerts.drills.results import DrillResult, WakeTry
from alerts.drills.stages import IN_WORDS, StageTime
from alerts.people import enrolling
from alerts.people.enrolment_files import FileRow, read
from alerts.registry import Registry, open_registry
from polyrisk.config_apply import clock_of
from polyrisk.drill_orders import Orders, Told, may_order
from polyrisk.drill_run import DrillRun
from polyrisk.loading import load
from schemas.country_files import LoadedCountry
from schemas.errors import PolyriskError, RefusedError

LIST = "drill-list"
ROSTER = "drill-roster.csv"
_ON_DUTY = timedelta(days=60)
"""The officers of a drill are on duty from so long before its case until so long after."""
ENDINGS = (".csv", ".xlsx")
CHANNEL = "POLYRISK_CHANNEL"
_WIDTH = 40


@dataclass(frozen=True)
class Roster:
    """Who is woken in a drill.

    Attributes:
        file: of those who agreed to it; by default the installation's own, and nobody if it has none.
        real: those who would be woken now in earnest, by the installation's own roster. They are told that it is an exercise.
    """

    file: Path | None = None
    real: bool = False

    def officers(self, state: Path, country: LoadedCountry) -> list[DrillOfficer]:
        """Them.

        Raises:
            ConfigurationError: the file cannot be taken. RefusedError: nobody is on duty in earnest, or both were asked for.
        """
        if self.real and self.file is not None:
            raise RefusedError("either the drill's own roster is woken, or the real one.", remedy="Leave --roster or --real-roster out.")
        if self.real:
            with closing(open_registry(state)) as registry:
                return duty.of_installation(registry, country, clock_of(state).now())
        own = state / ROSTER
        file = self.file or (own if own.exists() else None)
        return duty.read(file, country) if file is not None else []


def hold(
    state: Path,
    name: str,
    source: Path | None,
    orders: Orders,
    told: Told,
    channel: Channel | None = None,
    roster: Roster = Roster(),
    wall: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> DrillResult:
    """Hold a drill in an installation and keep its result.

    Args:
        state: the installation's folder. name: of the case, `country/case`. source: the list; by default the installation's own.
        roster: who is woken.
        channel: the way out; by default the country's if it is sent, else a file. wall: the machine's clock.

    Raises:
        RefusedError: there is no list, a row of it is refused, nobody may order it, no channel is named, or a drill is running.
    """
    case, country = load(name)
    if orders.send:
        may_order(country, orders.by, orders.role)
    rows = read(source or list_of(state))
    officers = roster.officers(state, country)
    folder = folders.make(state, case.name, wall())
    with ExitStack() as stack:
        registry = stack.enter_context(closing(open_registry(folder, create=True)))
        try:
            take_who_left(state, registry)
            _enrol(registry, country, rows)
            duty.put_on_duty(registry, country, officers, case.start - _ON_DUTY, case.end + _ON_DUTY)
            way_out = channel or _channel(country, folder, send=orders.send)
        except PolyriskError:
            stack.close()
            folders.drop(folder)  # what was refused was no drill
            raise
        result = DrillRun(case, country, folder, registry, way_out, orders, told, officers=officers, wall=wall).run()
    results.keep(state, result)
    return result


def has_list(state: Path) -> bool:
    """Whether an installation has a list of its own."""
    return bool(_lists(state))


def _lists(state: Path) -> list[Path]:
    return [state / f"{LIST}{ending}" for ending in ENDINGS if (state / f"{LIST}{ending}").exists()]


def list_of(state: Path) -> Path:
    """The installation's list.

    Raises:
        RefusedError: it has none.
    """
    found = _lists(state)
    if not found:
        what = "there is no list of those who agreed to drills."
        remedy = f"Write it as {state / LIST}.csv, with the columns of `polyrisk people import`, or name a file with --list."
        raise RefusedError(what, where=str(state), remedy=remedy)
    return found[0]


def _enrol(registry: Registry, country: LoadedCountry, rows: Sequence[FileRow]) -> None:
    """Enrol the list: first as a trial, and then, if nothing of it is refused."""
    now = datetime.now(UTC)
    trial = enrolling.enrol_file(registry, country, rows, enrolling.ConsentOfAll(), now, apply=False)
    if trial.refused:
        lines = "; ".join(f"line {refusal.line}: {refusal.reason}" for refusal in trial.refused)
        raise RefusedError(f"the drill's list is not taken. {lines}", remedy="Correct these lines; nobody was written to.")
    enrolling.enrol_file(registry, country, rows, enrolling.ConsentOfAll(), now, apply=True)


def _channel(country: LoadedCountry, folder: Path, *, send: bool) -> Channel:
    messaging = country.facts.messaging
    name = os.environ.get(CHANNEL) or messaging.channel
    settings = Settings(messaging.sender, os.environ, folder)
    if not send:
        return open_channel("dry", settings)
    if name == "dry":
        remedy = f"Write `channel` under `messaging` in country.yaml, or set {CHANNEL}; known: {', '.join(known_channels())}."
        raise RefusedError("no channel is named that sends.", remedy=remedy)
    return open_channel(name, settings)


def shown(result: DrillResult, state: Path) -> Iterator[str]:
    """A drill for a person: its table of minutes, who did not answer, and what was wrong."""
    went = "sent" if result.sent else f"dry: what would go is in {state / folders.DRILLS / result.name / dry.FILE}"
    yield f"EXERCISE {result.name} ({result.case}), {went}"
    if result.message:
        languages = ", ".join(f"{language} {number}" for language, number in result.languages.items())
        yield f"{result.rule}, {result.area}, {result.level}: {result.message}, to {result.people} on the list ({languages})"
    yield f"{'stage':{_WIDTH}} {'happened':>9} {'p50 min':>9} {'slowest':>9} {'first at':>9} {'last at':>9}"
    for line in result.stages:
        yield _line(line)
    for one in result.woken:
        yield _tried(one)
    if result.awake:
        yield f"awake: {result.awake}"
    if result.not_awake:
        yield f"did not answer when woken: {', '.join(result.not_awake)}"
    if result.signed_by:
        nobody = " NOBODY WAS ASKED: signed by the drill itself." if result.unattended else ""
        yield f"signed by {'; '.join(result.signed_by)}.{nobody}"
    for who in result.not_handed:
        yield f"not handed over to {who}"
    if result.no_answer:
        yield f"no answer from {', '.join(result.no_answer)}"
    for fault in result.faults:
        yield f"FAULT {fault}"
    yield "The drill was good." if result.good else "The drill was NOT good."


def _line(line: StageTime) -> str:
    if not line.of:
        return f"{IN_WORDS[line.stage]:{_WIDTH}} {'not asked':>9}"
    minutes = " ".join(f"{'-' if value is None else f'{value:.2f}':>9}" for value in (line.p50, line.slowest, line.first, line.minute))
    return f"{IN_WORDS[line.stage]:{_WIDTH}} {f'{line.happened}/{line.of}':>9} {minutes}"


def _tried(one: WakeTry) -> str:
    at = "never" if one.minute is None else f"minute {one.minute:.2f}"
    became = "answered" if one.answered else "not answered" if one.state == "accepted" else one.state
    return f"  woken    {one.officer} by {one.way} at {at}: {became}"


def as_json(result: DrillResult) -> str:
    """A drill for programs."""
    return json.dumps({**json.loads(result.model_dump_json()), "good": result.good}, ensure_ascii=False)


def listed(state: Path, *, for_programs: bool) -> Iterator[str]:
    """All drills that were held, the oldest first."""
    found = results.kept(state)
    for result in found:
        if for_programs:
            yield as_json(result)
            continue
        went = "sent" if result.sent else "dry"
        yield f"{result.name}  {went:4}  {'good' if result.good else '; '.join(result.faults)}"
    if not found and not for_programs:
        yield "No drill was ever held here."


def named(state: Path, name: str) -> DrillResult:
    """A drill by its name or the beginning of it; the last one without.

    Raises:
        RefusedError: there is none, or there are several.
    """
    found = results.kept(state)[-1:] if not name else [one for one in results.kept(state) if one.name.startswith(name)]
    if len(found) != 1:
        raise RefusedError(f"{len(found)} drills are called so.", where=name, remedy="`polyrisk drill list` shows them.")
    return found[0]


def sign_as(texts: Sequence[str]) -> dict[str, str]:
    """Role to name, of what was written as `role=name`."""
    pairs = [text.partition("=") for text in texts]
    if any(not role or not name for role, _, name in pairs):
        raise click.UsageError('Write --sign-as ROLE=NAME, such as --sign-as "duty_officer=Weekly drill".')
    return {role: name for role, _, name in pairs}
