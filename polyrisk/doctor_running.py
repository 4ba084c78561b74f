"""What the doctor looks at of an installation that runs: its processes, feeds, what waits, and the provider."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from alerts import afterwards, ledger, stops, waiting
from alerts.agreement_dates import findings as findings_of_agreements
from alerts.migrations import VERSION
from alerts.proposals import Proposals
from alerts.registry import has_registry, open_registry
from alerts.rendering import Renderer
from console.local_time import span_text
from polyrisk.config_apply import clock_of
from polyrisk.doctor_installation import registry_version
from polyrisk.doctor_words import Found, Look, Verdict
from polyrisk.installation import Installation
from polyrisk.letters import letters_of
from polyrisk.processes import Note, running
from polyrisk.status import FeedStatus, status_of
from processors.ticker import last_tick

PARTS = ("ticker", "processor", "alerts")
"""Without one of these nobody is warned."""
LONGEST_STILL = timedelta(minutes=10)
"""The ticker writes a record each minute."""
MOST_BEHIND = 1_000
LONGEST_QUEUE = timedelta(minutes=30)
LONGEST_UNANSWERED = timedelta(minutes=45)
LONGEST_UNREAD = timedelta(minutes=10)
_ASKED_S = 10.0
_BROKEN = "Look into its journal (`journalctl -u polyrisk`), then start it again."


def looks(state: Path, here: Installation, now: datetime) -> list[tuple[str, Look]]:
    """Each subject with how to look at it.

    Args:
        now: by the machine's clock; the installation's own is asked for where it counts.
    """
    return [
        ("processes", partial(processes, state)),
        ("feeds and judging", partial(judging, state, here)),
        ("agreements", partial(agreements, here, now)),
        ("what waits", partial(what_waits, state, here, now)),
        ("provider", partial(provider, state)),
    ]


def processes(state: Path) -> Iterator[Found]:
    """Those that noted themselves in the folder live, and say that they can do their work."""
    notes, gone = running(state)
    live = {note.part for note in notes}
    for note in gone:
        said = f"it was started at {note.since:%Y-%m-%d %H:%M} UTC and ended without saying so."
        if note.part not in live:
            yield Found(f"process {note.part}", Verdict.WRONG, said, _BROKEN)
    for note in notes:
        yield from _ready(note)
    missing = [] if "all" in live else [part for part in PARTS if part not in live | {note.part for note in gone}]
    if missing and "all" not in {note.part for note in gone}:
        said = f"none has noted itself here as {', '.join(missing)}."
        yield Found("processes", Verdict.CANNOT_TELL, said, "If it is to run: `systemctl status polyrisk`, or `polyrisk run all`.")


def _ready(note: Note) -> Iterator[Found]:
    subject = f"process {note.part}"
    if not note.url:
        yield Found(subject, Verdict.OK, f"runs since {note.since:%Y-%m-%d %H:%M} UTC")
        return
    try:
        checks: list[dict[str, Any]] = httpx.get(f"{note.url}readyz", timeout=_ASKED_S * 3, trust_env=False).json()["checks"]
    except (httpx.HTTPError, ValueError, KeyError):
        yield Found(subject, Verdict.WRONG, f"it runs, and does not answer at {note.url}.", _BROKEN)
        return
    wrong = [check for check in checks if not check["ok"]]
    for check in wrong:
        yield Found(subject, Verdict.WRONG, f"{check['name']}: {check['said']}", check["remedy"])
    if not wrong:
        yield Found(subject, Verdict.OK, f"runs since {note.since:%Y-%m-%d %H:%M} UTC and can do its work")


def judging(state: Path, here: Installation) -> Iterator[Found]:
    """Feeds, how far the processor is, whether time goes on, what could not be taken in: as `polyrisk status` says it."""
    status = status_of(here.log, here.country, state, here.feeds)
    for feed in status.feeds:
        yield _feed(feed, status.now)
    behind = {group: count for group, count in status.lag.items() if count > MOST_BEHIND}
    for group, count in behind.items():
        yield Found(
            "judging", Verdict.WRONG, f"{count:,} records wait for {group}.", "Look whether the number falls; if not, see its journal."
        )
    if not behind:
        yield Found("judging", Verdict.OK, ", ".join(f"{count:,} records wait for {group}" for group, count in status.lag.items()))
    yield _time(last_tick(here.log, here.country.shard), status.now)
    if status.judging.refused is not None:
        remedy = "`polyrisk dead-letters` says why; mend the file and apply it again."
        yield Found("configuration in force", Verdict.WRONG, "the newest configuration was refused; the one before it judges.", remedy)
    lately = [one for one in letters_of(here.log, here.country.shard) if status.now - one.at <= timedelta(days=1)]
    if lately:
        said = f"{len(lately)} records of the last day could not be taken in."
        yield Found("dead letters", Verdict.WRONG, said, "`polyrisk dead-letters` says of each why, and what to do.")
    else:
        yield Found("dead letters", Verdict.OK, "all records of the last day were taken in")


def _feed(feed: FeedStatus, now: datetime) -> Found:
    subject = f"feed {feed.feed}"
    if feed.last is None:
        remedy = "Is its schedule switched on? Airflow's page of the feed says why its runs fail."
        return Found(subject, Verdict.WRONG, "it has never answered; silence is not safety.", remedy)
    ago = span_text(now - feed.last)
    if feed.silent:
        return Found(
            subject, Verdict.WRONG, f"it last answered {ago} ago; silence is not safety.", "Telephone the source; see Airflow's page of it."
        )
    if feed.behind and feed.newest is not None:
        said = f"it answers, but its newest reading is {(now - feed.newest).days} days old."
        return Found(subject, Verdict.WRONG, said, "Ask the source whether it still measures.")
    return Found(subject, Verdict.OK, f"it answered {ago} ago")


def _time(newest: datetime | None, now: datetime) -> Found:
    if newest is None:
        return Found("time", Verdict.CANNOT_TELL, "no tick was ever written.", "Start the ticker: without it nothing falls silent.")
    if now - newest > LONGEST_STILL:
        said = f"the newest tick is {span_text(now - newest)} old: nothing falls silent and nothing runs out."
        return Found("time", Verdict.WRONG, said, "Start the ticker (`polyrisk run ticker`, or `run all`); what was missed is made up for.")
    if newest - now > LONGEST_STILL:
        said = f"the newest tick comes from the future, by {span_text(newest - now)}."
        return Found("time", Verdict.WRONG, said, "A clock was ahead: set it right, and take unknown for what it is until then.")
    return Found("time", Verdict.OK, "a tick is written each minute")


def agreements(here: Installation, now: datetime) -> Iterator[Found]:
    """None has ended, and none ends soon; what goes out by one was read by somebody."""
    found = findings_of_agreements(here.country.folder, now.astimezone(here.country.timezone).date())
    for one in found:
        yield Found("agreements", Verdict.WRONG, f"{one.file}:{one.line}: {one.what}", one.remedy)
    if not found:
        there = here.country.facts.agreements
        said = f"{', '.join(there)}: none has ended, none ends soon" if there else "none: every warning waits for signatures"
        yield Found("agreements", Verdict.OK, said)


def what_waits(state: Path, here: Installation, wall: datetime) -> Iterator[Found]:
    """Signatures, messages to people and from people, and what a person halted."""
    if not has_registry(state) or registry_version(state) != VERSION:
        yield Found("what waits", Verdict.CANNOT_TELL, "there is no registry that this version can read.", "See the registry above.")
        return
    now = clock_of(state).now()
    with closing(open_registry(state)) as registry, registry.reading() as connection:
        stopped = stops.standing_stops(connection)
        pending = ledger.in_stage(connection, ledger.PENDING)
        found = waiting.looked(connection, now, wall, stopped)
        unreviewed = afterwards.unreviewed(connection)
    proposals = Proposals(here.country, Renderer(here.country))
    unsigned = waiting.unsigned(pending, proposals.to_be_signed_within)
    late = {level: one for level, one in unsigned.items() if one.due < now}
    for level, one in sorted(late.items(), reverse=True):
        said = f"a message ({level.word}) was to be signed {span_text(now - one.due)} ago; until then nobody is warned."
        yield Found("signatures", Verdict.WRONG, said, "`polyrisk pending` shows it: sign, silence or correct it.")
    if not late:
        yield Found("signatures", Verdict.OK, f"{len(pending)} messages wait for signatures, none for too long")
    for sent in unreviewed:
        said = f"{sent.message} went out by agreement {span_text(now - sent.at)} ago, and nobody has reviewed it."
        yield Found("by agreement", Verdict.WRONG, said, "`polyrisk agreement sent` shows it: say whether it was right.")
    for stop in stopped:
        said = f"{stop.by} halted {stop.warning or stops.EVERY_WARNING} {span_text(wall - stop.at)} ago: {stop.why}"
        yield Found("sending", Verdict.WRONG, said, "`polyrisk dispatch resume` goes on; a wrong warning is corrected.")
    yield _waits("to people", found.to_send, now, LONGEST_QUEUE, "wait to be sent", "`polyrisk dispatch status`; is the provider reached?")
    remedy = "Do receipts reach POLYRISK_CALLBACK_URL? They are not sent again unless they are grave, so that nobody gets two."
    yield _waits("given to the provider", found.being_sent, wall, LONGEST_UNANSWERED, "wait for its answer", remedy)
    remedy = "Start the listener; `polyrisk inbox` lists them. One may ask for help."
    yield _waits("from people", found.to_answer, wall, LONGEST_UNREAD, "wait to be read", remedy)


def _waits(which: str, since: datetime | None, now: datetime, longest: timedelta, what: str, remedy: str) -> Found:
    subject = f"messages {which}"
    if since is None:
        return Found(subject, Verdict.OK, f"none {what}")
    if now - since > longest:
        return Found(subject, Verdict.WRONG, f"the oldest of those that {what} is {span_text(now - since)} old.", remedy)
    return Found(subject, Verdict.OK, f"some {what}, none for too long")


def provider(state: Path) -> Iterator[Found]:
    """Whether it takes messages, and what money is left: the process that sends knows."""
    url = next((note.url for note in running(state)[0] if note.part in ("alerts", "all")), "")
    try:
        text = httpx.get(f"{url}metrics", timeout=_ASKED_S, trust_env=False).text if url else ""
    except httpx.HTTPError:
        text = ""
    told = {s.name: s.value for family in text_string_to_metric_families(text) for s in family.samples if not s.labels}
    if "polyrisk_sending_closed" not in told:
        remedy = "Start it; until then `polyrisk dispatch status` says how far messages are."
        yield Found("provider", Verdict.CANNOT_TELL, "the process that sends does not run here, or does not answer.", remedy)
        return
    if told["polyrisk_sending_closed"]:
        remedy = "Account, token or money: mend it at the provider; nothing has to be started again."
        yield Found("provider", Verdict.WRONG, "it refuses us as a whole; nothing is sent, the queue is kept.", remedy)
    else:
        yield Found("provider", Verdict.OK, "it has not refused us as a whole")
    yield _money(told.get("polyrisk_provider_balance", float("nan")), told.get("polyrisk_provider_balance_below", float("nan")))


def _money(left: float, below: float) -> Found:
    if isnan(below):
        return Found("money", Verdict.OK, "the country's file does not ask to be told (`messaging.balance_below`)")
    if isnan(left):
        return Found("money", Verdict.CANNOT_TELL, "the provider has not said what is left.", "Look at the provider's own page.")
    if left < below:
        return Found("money", Verdict.WRONG, f"{left:,.2f} is left, less than {below:,.2f}.", "Put money on the account.")
    return Found("money", Verdict.OK, f"{left:,.2f} is left at the provider")
