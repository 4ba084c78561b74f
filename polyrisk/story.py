"""A case as a person reads it: each warning in order of time, with its texts, its reach and cost, and what happened after it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
from rich.markup import escape

from alerts.approvals import code
from eventlog.log import EventLog
from feeds.cases import Case, Must
from schemas.counting import counted
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.moments import format_span
from schemas.outputs import CompoundEvent, EventChange
from schemas.topics import EVENTS, WARNINGS
from schemas.warning_records import Warning, WarningStatus

SAID = {WarningStatus.ISSUED, WarningStatus.UPDATED, WarningStatus.CANCELLED, WarningStatus.CANNOT_TELL, WarningStatus.EXPIRED}
"""The states in which a message has gone out."""
WAITING = {WarningStatus.PROPOSED, WarningStatus.ESCALATED}
"""The states in which nobody has signed enough yet."""
_OPENED = {EventChange.OPENED, EventChange.FOUND_AFTERWARDS}
_HAPPENED = {
    "river_peak": "the river's peak",
    "river_first_major": "the major flood level",
    "persons_affected": "the first report of people affected",
    "dead": "the first report of deaths",
}
_COLOUR = {0: "green", 1: "yellow", 2: "dark_orange", 3: "red"}


def warnings_said(log: EventLog) -> list[Warning]:
    """The messages that went out, in order of time."""
    found = [w for s in log.read(WARNINGS.name) if isinstance(w := read_output(s.record), Warning) and w.status in SAID]
    return sorted(found, key=lambda w: (w.issued or w.proposed, w.area, w.id))


def waiting_messages(log: EventLog) -> list[Warning]:
    """The messages that wait for signatures, gravest first."""
    newest = {w.id: w for s in log.read(WARNINGS.name) if isinstance(w := read_output(s.record), Warning)}
    return sorted((w for w in newest.values() if w.status in WAITING), key=lambda w: (-w.level, w.proposed, w.id))


def events_said(log: EventLog) -> list[CompoundEvent]:
    """All changes of all events, in the order they were said."""
    return [e for s in log.read(EVENTS.name) if isinstance(e := read_output(s.record), CompoundEvent)]


def lines_of(warning: Warning, country: LoadedCountry, outcomes: pd.DataFrame | None, *, waits: bool = True) -> Iterator[str]:
    """One message as lines for a terminal (rich markup), with every text; an Alert with how long before what happened it went out.

    Args:
        waits: whether one that is to be signed can be; one that was only tried cannot.
    """
    zone = country.timezone
    out = (warning.issued or warning.proposed).astimezone(zone)
    name = country.places.areas[warning.area].names.get("en", warning.area)
    colour = _COLOUR[warning.level]
    yield (
        f"[bold]{out:%d %b %Y %H:%M}[/] UTC{out.isoformat()[-6:]}  "
        f"[{colour}]{warning.level.word.upper()}[/]  {warning.message_type} ({warning.status.value})  "
        f"[bold]{name}[/] {warning.area}  {warning.rule}  [dim]{warning.id}[/]"
    )
    since, known = warning.since.astimezone(zone), warning.known.astimezone(zone)
    yield f"    true since {since:%d %b %H:%M}, known {known:%d %b %H:%M}; {warning.reason}; {_signed(warning, country)}"
    if warning.originated is not None:
        person = warning.originated
        yield escape(f"    no rule found it: {person.by} ({person.role}) wrote it: {person.reason} (from {person.source})")
    order = {language: place for place, language in enumerate(country.languages)}
    for text in sorted(warning.texts, key=lambda t: (order.get(t.language.partition("-")[0], len(order)), t.language)):
        draft = "" if text.reviewed else ", draft, not reviewed"
        people = counted(text.recipients, "person", "people")
        yield f"    [cyan]{text.language}[/] ({text.encoding}, {counted(text.segments, 'segment')}, {people}{draft}): {text.body}"
        yield from (f"      [dim]for {said.need} ({counted(said.segments, 'segment')}):[/] {said.body}" for said in text.for_needs)
    yield f"    to {_whom(warning)}, {counted(warning.segments, 'segment')}, {warning.currency} {warning.cost:,.2f} (invented price)"
    if warning.hold is not None and warning.status in WAITING:
        until = warning.hold.until.astimezone(zone)
        yield f"    [bold]held[/] by {warning.hold.by} ({warning.hold.role}) until {until:%H:%M}: {warning.hold.why}"
    if waits and warning.status in WAITING:
        yield f"    to sign it as it stands here: --seen {code(warning)}"
    if warning.message_type == "Alert" and outcomes is not None:
        yield from (f"    {line}" for line in lead_times(warning, outcomes))


def _whom(warning: Warning) -> str:
    """Nought is said so that nobody reads over it: who waits for a message may wait for somebody else to be told."""
    return counted(warning.recipients, "person", "people") if warning.recipients else "[bold]NOBODY[/]: nobody there is enrolled for it"


def _signed(warning: Warning, country: LoadedCountry) -> str:
    if warning.agreed is not None:
        return f"[bold]by agreement[/] {warning.agreed.name} ({warning.agreed.document}), signed by nobody"
    if warning.signatures:
        return "signed by " + ", ".join(f"{s.by} {s.at.astimezone(country.timezone):%H:%M}" for s in warning.signatures)
    to_operators = any(r.name == warning.rule and r.audience == "operators" for r in country.configuration.rules)
    return "to the people on duty at once, unsigned" if to_operators and warning.issued else "signed by nobody"


def lead_times(warning: Warning, outcomes: pd.DataFrame) -> Iterator[str]:
    """How long before (or after) each recorded outcome of the area the warning went out."""
    issued = warning.issued or warning.proposed
    here = outcomes[(outcomes["area"] == warning.area) & (outcomes["at"] > issued - timedelta(days=3))]
    for kind, words in _HAPPENED.items():
        rows = here[here["kind"] == kind].sort_values("at")
        if rows.empty:
            continue
        row = rows.iloc[0]
        lead = row["at"].to_pydatetime() - issued
        when = f"{rounded(lead)} before" if lead > timedelta(0) else f"[red]{rounded(-lead)} after[/]"
        place = f" at {row['place']}" if row["place"] else ""
        yield f"lead: {when} {words}{place} ({row['value']:g} {row['unit']}, {row['source']})"


@dataclass(frozen=True)
class Judged:
    """One expectation of a case and whether it was met."""

    met: bool
    text: str


def judge(case: Case, events: Sequence[CompoundEvent]) -> list[Judged]:
    """Each thing that a case says must, or must not, have been warned, held against what was."""
    opened = [e for e in events if e.change in _OPENED]
    judged = []
    for must in case.expectations.must:
        found = [e for e in opened if e.rule == must.rule and e.area == must.area and must.since <= e.since < must.until]
        event = min((e for e in found if _meets(must, e, events)), key=lambda e: e.known, default=None)
        what = f"{must.rule} in {must.area}" + (f" ({must.why})" if must.why else "")
        judged.append(
            Judged(event is not None, f"must warn {what}" + (f": known {event.known:%Y-%m-%d %H:%M} UTC" if event else ": it did not"))
        )
    for must_not in case.expectations.must_not:
        wrong = [
            e for e in opened if e.rule == must_not.rule and must_not.area in (None, e.area) and must_not.since <= e.since < must_not.until
        ]
        what = f"{must_not.rule} in {must_not.area or 'any area'}" + (f" ({must_not.why})" if must_not.why else "")
        judged.append(Judged(not wrong, f"must not warn {what}" + (f": it did in {', '.join(e.area for e in wrong)}" if wrong else "")))
    return judged


def _meets(must: Must, event: CompoundEvent, events: Sequence[CompoundEvent]) -> bool:
    in_time = must.by is None or event.known <= must.by
    reached = max(e.level for e in events if e.id == event.id)
    return in_time and (must.level is None or reached >= must.level)


def rounded(span: timedelta) -> str:
    """A span for people: minutes, hours or days."""
    hours = span.total_seconds() / 3600
    return (
        f"{hours / 24:.1f} days"
        if hours >= 72
        else f"{hours:.1f} hours"
        if hours >= 1
        else format_span(timedelta(minutes=round(hours * 60)))
    )
