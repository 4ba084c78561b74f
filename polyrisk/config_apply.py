"""`polyrisk config apply`, `config rollback`: what is judged by changes by a record of the log, after checks, by more than one person."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from eventlog.log import EventLog
from feeds.clock import Clock, FileClock, WallClock
from polyrisk.check import check_folder
from polyrisk.config_kept import alike
from polyrisk.config_log import SHORT, before_that, configuration_of, entries_of, in_force, still_ahead
from polyrisk.config_sources import Source, from_country
from polyrisk.rule_tests import run_tests
from polyrisk.story import events_said
from processors.plan import Plan
from schemas.configuration import Configuration
from schemas.counting import counted
from schemas.country_facts import CountryFacts
from schemas.country_files import load_country
from schemas.envelopes import input_record
from schemas.errors import ConfigurationError, RefusedError
from schemas.inputs import BacktestReport, ConfigChange, Signature
from schemas.outputs import CompoundEvent
from schemas.rule_test_files import read_tests
from schemas.yaml_files import YamlFile, plain

_SHOWN = 10


@dataclass(frozen=True)
class Person:
    """Somebody, in a role of country.yaml."""

    name: str
    role: str


@dataclass(frozen=True)
class Proposal:
    """A change that may be made.

    Attributes:
        before: what is in force; none if nothing is.
    """

    change: ConfigChange
    shard: str
    before: Source | None
    after: Source

    def make(self, log: EventLog) -> None:
        """Append it: from here on it is in force."""
        log.append([input_record(self.shard, self.change)])


@dataclass(frozen=True)
class Terms:
    """How a change comes into force.

    Attributes:
        holds_from: from when on; at once if it is none. moves: whether the events that are open then are judged on by it.
    """

    holds_from: datetime | None = None
    moves: bool = False


def proposal(
    log: EventLog,
    shard: str,
    folder: Path,
    at: datetime,
    people: Sequence[Person],
    reason: str,
    backtest: Path | None,
    terms: Terms,
) -> Proposal:
    """The change that a country's folder asks for, once it was checked and tested, and enough people stand behind it.

    Args:
        people: the author, then those who sign.

    Raises:
        ConfigurationError: the folder has findings, or a rule test fails.
        RefusedError: it is another shard's, it is in force already, from when on it holds is past, or the people are too few or may not.
    """
    if terms.holds_from is not None and terms.holds_from <= at:
        what = f"{terms.holds_from.isoformat(timespec='minutes')} is past: what was judged and said since then would not be true any more."
        raise RefusedError(what, where="--from", remedy="Name a moment to come, or leave it out: it is in force at once.")
    _check(folder)
    country = load_country(folder)
    if country.shard != shard:
        raise RefusedError(f"{folder} is of shard {country.shard}, the log of {shard}.", remedy="Name the country's own installation.")
    entries = entries_of(log, shard)
    now = in_force(entries)
    if now is not None and now.hash == country.configuration.hash and still_ahead(entries) is None:
        raise RefusedError(f"{now.hash[:SHORT]} is in force already.", where=str(folder), remedy="Change a threshold or a rule first.")
    signed = _signed(country.facts, people, at, country.facts.configure.people)
    change = _change(country.configuration, at, people[0], reason, signed, now, _report(backtest), terms)
    return Proposal(change, shard, _source(now), from_country(country, str(folder)))


def rollback(log: EventLog, shard: str, folder: Path, at: datetime, person: Person, reason: str, terms: Terms) -> Proposal:
    """The change that brings back what was in force before; it was signed once, so one person who may configure is enough.

    While another one is still to come into force, it is this one that is taken back: what is in force stays.

    Raises:
        RefusedError: there was nothing before, or the person may not.
    """
    entries = entries_of(log, shard)
    now, before = in_force(entries), before_that(entries)
    if (ahead := still_ahead(entries)) is not None:
        now, before = ahead, now
    if now is None or before is None:
        raise RefusedError("There is nothing to go back to.", remedy="`polyrisk config log` lists what was in force.")
    signed = _signed(_facts(folder), [person], at, 1)
    configuration = configuration_of(before)
    change = _change(configuration, at, person, f"rollback: {reason}", signed, now, None, terms)
    return Proposal(change, shard, _source(now), Source(f"in force before, {before.hash[:SHORT]}", configuration))


def clock_of(state: Path) -> Clock:
    """The installation's own clock: a case's, if one is being played there."""
    return FileClock(state / "clock") if (state / "clock").exists() else WallClock()


def standing(log: EventLog, made: Proposal) -> list[CompoundEvent]:
    """The events that stand now and whose rule is judged otherwise by the new configuration in their areas, or is no more."""
    if made.before is None:
        return []
    one, other = (Plan(source.configuration, "") for source in (made.before, made.after))
    newest = {event.id: event for event in events_said(log) if event.shard == made.shard}
    return [event for event in newest.values() if not event.ended and not alike(one, other, event.rule, event.area)]


def _check(folder: Path) -> None:
    """Refuse what `polyrisk check` or `polyrisk test` finds.

    Raises:
        ConfigurationError: says what, with the first findings or failures.
    """
    findings = check_folder(folder)
    if findings:
        raise ConfigurationError(f"`polyrisk check` finds {len(findings)}:\n{_listed([str(f) for f in findings])}", where=str(folder))
    country = load_country(folder)
    tests, wrong = read_tests(country)
    if wrong:
        raise ConfigurationError(f"{counted(len(wrong), 'finding')} in the tests:\n{_listed([str(f) for f in wrong])}", where=str(folder))
    failures = [failure for outcome in run_tests(tests, country) for failure in outcome.failures]
    if failures:
        told = [f"{f.file}:{f.line}:{f.column}: {f.what}: expected {f.expected}, was {f.was}" for f in failures]
        raise ConfigurationError(f"`polyrisk test` fails, {len(failures)} expectations are not met:\n{_listed(told)}", where=str(folder))


def _listed(told: Sequence[str]) -> str:
    more = [f"  and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return "\n".join([*(f"  {line}" for line in told[:_SHOWN]), *more])


def _signed(facts: CountryFacts, people: Sequence[Person], at: datetime, needed: int) -> tuple[Signature, ...]:
    """The signatures of the author and of those beside them.

    Raises:
        RefusedError: a role does not exist or may not configure, one person signs twice, or they are too few.
    """
    may = [name for name, role in facts.roles.items() if "configure" in role.may]
    for person in people:
        if person.role not in may:
            what = f"{person.name} may not change what is in force as `{person.role}`."
            raise RefusedError(what, where="country.yaml, roles", remedy=f"These roles may: {', '.join(may) or 'none'}.")
    names = [" ".join(person.name.casefold().split()) for person in people]
    if len(set(names)) < len(names) or not all(names):
        raise RefusedError("One person signs once.", remedy="Somebody else must read it and sign.")
    if len(people) < needed:
        what = f"{needed} people must stand behind it, {len(people)} {'does' if len(people) == 1 else 'do'}."
        raise RefusedError(what, where="country.yaml, configure", remedy="Add --signed-by NAME ROLE for each further person.")
    return tuple(Signature(by=person.name, role=person.role, at=at) for person in people)


def _change(
    configuration: Configuration,
    at: datetime,
    author: Person,
    reason: str,
    signatures: tuple[Signature, ...],
    now: ConfigChange | None,
    backtest: BacktestReport | None,
    terms: Terms,
) -> ConfigChange:
    if not reason.strip():
        raise RefusedError("A change without a reason cannot be understood later.", remedy="Say why with --reason.")
    return ConfigChange(
        at=at,
        hash=configuration.hash,
        configuration=configuration.canonical(),
        author=author.name,
        reason=reason,
        decided=at,
        replaces=now.hash if now is not None else None,
        holds_from=terms.holds_from,
        open_events="move" if terms.moves else None,
        signatures=signatures,
        backtest=backtest,
    )


def _report(file: Path | None) -> BacktestReport | None:
    if file is None:
        return None
    try:
        return BacktestReport(name=file.name, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    except OSError as error:
        raise RefusedError(
            f"The report cannot be read: {error.strerror}.", where=str(file), remedy="Name the file that was written."
        ) from error


def _source(change: ConfigChange | None) -> Source | None:
    return Source(f"in force, {change.hash[:SHORT]}", configuration_of(change)) if change is not None else None


def _facts(folder: Path) -> CountryFacts:
    """country.yaml alone, so that findings in other files do not keep anybody from going back."""
    try:
        return CountryFacts.model_validate(plain(YamlFile(folder / "country.yaml").data))
    except ValidationError as error:
        raise ConfigurationError("country.yaml has findings.", where=str(folder), remedy="See `polyrisk check`.") from error
