"""The pages as plain values: pure functions of what the log said until a moment, what the engine judged by then, and the country."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.colours import LEVELS, UNKNOWN, word_of
from console.district_views import DistrictView, district_views
from console.evidence_views import note_text, quiet_text
from console.feed_views import FeedView, feed_views, silence_text
from console.interface.speaking import _, fixed, later
from console.lives import WarningLife, event_behind, lives
from console.local_time import LocalTime, span_text
from console.names import Names
from console.reading import Known
from console.series_views import SeriesOf, SeriesView
from console.standing import Standing, newest_changes, standing_events
from console.time_line import MOST, TimeLine, life_text, time_line
from console.truths import Truths, Unjudged
from console.warning_views import WarningView, unreviewed, warning_view
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.warning_records import WarningStatus

UNJUDGED_AFTER = timedelta(hours=3)
"""A log that says nothing for so long, not even a tick, judges nothing: what was calm then is not known to be calm now."""
_NEVER_PALE = (Level.GREEN.word, UNKNOWN)
_JUMPS = ((later("−1 d"), -24), (later("−6 h"), -6), (later("−1 h"), -1), (later("+1 h"), 1), (later("+6 h"), 6), (later("+1 d"), 24))


@dataclass(frozen=True)
class Jump:
    """A link to another moment."""

    label: str
    at: datetime


@dataclass(frozen=True)
class Head:
    """What stands above every page.

    Attributes:
        at: the moment shown. newest: it is the newest there is. empty: the log has said nothing until then.
        silences: what is silent, one sentence each; empty only if every feed is alive.
    """

    title: str
    shard: str
    at: datetime
    newest: bool
    empty: bool
    silences: tuple[str, ...]
    jumps: tuple[Jump, ...]


@dataclass(frozen=True)
class StandingView:
    """An event that stands, in the list beside the map. `quiet`: cooled down or muted by a greater one."""

    place: str
    rule: str
    level: str
    since: datetime
    warning: str
    says: str
    operators: bool
    quiet: bool


@dataclass(frozen=True)
class WarningLine:
    """A warning in the list."""

    id: str
    place: str
    rule: str
    level: str
    issued: datetime | None
    proposed: datetime
    recipients: int
    cost: str
    says: str


@dataclass(frozen=True)
class Overview:
    """The first page.

    Attributes:
        judging: that thresholds are still being judged again, and how far that has come; empty if they are.
        counts: level word, whether by a threshold alone, and in how many districts.
        waiting: warnings that wait for signatures. unreviewed: messages that went out by agreement and that nobody has reviewed, each with
            its warning.
    """

    head: Head
    judging: str
    feeds: tuple[FeedView, ...]
    districts: tuple[DistrictView, ...]
    counts: tuple[tuple[str, bool, int], ...]
    standing: tuple[StandingView, ...]
    waiting: tuple[WarningLine, ...]
    unreviewed: tuple[tuple[str, WarningLine], ...]
    time_line: TimeLine
    warnings: tuple[WarningLine, ...]


@dataclass(frozen=True)
class WarningPage:
    """The page of one warning. `series`: none if the log no longer holds its event."""

    head: Head
    warning: WarningView
    series: SeriesView | None


def overview(known: Known, truths: Truths | Unjudged, country: LoadedCountry, *, title: str = "", newest: bool = True) -> Overview:
    """The first page as of `known.at`.

    Args:
        truths: what thresholds stood at by then; districts that are not in it are unknown, all are while it is not judged.
        title: of the case; else the country's name.
        newest: no later moment can be shown.
    """
    names, clock = Names(country), LocalTime(country.timezone)
    standing, districts = standing_events(known), districts_shown(known, truths, names, clock)
    all_lives = lives(known)
    return Overview(
        head=head(known, country, title=title, newest=newest),
        judging=_judging(truths, clock) if isinstance(truths, Unjudged) else "",
        feeds=feed_views(known, names),
        districts=districts,
        counts=_counts(districts),
        standing=tuple(_standing(s, names, clock) for s in standing),
        waiting=tuple(_line(life, names, clock) for life in all_lives.values() if life.waits()),
        unreviewed=tuple((id, _line(life, names, clock)) for life in all_lives.values() if (id := unreviewed(life, known))),
        time_line=time_line(all_lives, known, names, clock),
        warnings=tuple(_line(life, names, clock) for life in _newest_first(all_lives)),
    )


def districts_shown(known: Known, truths: Truths | Unjudged, names: Names, clock: LocalTime) -> tuple[DistrictView, ...]:
    """Each district as the map shows it."""
    judged = {} if isinstance(truths, Unjudged) or _unjudged(known) else truths
    return district_views(judged, standing_events(known), names, clock, judged=not isinstance(truths, Unjudged))


def warning_page(
    known: Known, warning: str, message: str, country: LoadedCountry, series: SeriesOf, *, title: str = "", newest: bool = True
) -> WarningPage | None:
    """The page of a warning as of `known.at`; none if nothing had been said of it by then."""
    life = lives(known).get(warning)
    if life is None:
        return None
    view = warning_view(life, message, known, Names(country), LocalTime(country.timezone))
    behind = event_behind(life.message(view.message) or life.main(), known.events)
    event = known.whole(behind) if behind is not None else None
    newest_change = newest_changes(known).get(event.id) if event is not None else None
    over = newest_change.known if newest_change is not None and newest_change.ended else None
    shown = series(event, over, known.at) if event is not None else None
    return WarningPage(head(known, country, title=title, newest=newest), view, shown)


def head(known: Known, country: LoadedCountry, *, title: str = "", newest: bool = True) -> Head:
    """What stands above every page, the silent feeds first of all."""
    names, clock = Names(country), LocalTime(country.timezone)
    silences = [silence_text(f, clock, known.at) for f in feed_views(known, names) if not f.alive] if known.first is not None else []
    if known.last is not None and _unjudged(known):
        silences.insert(
            0,
            _(
                "The log itself has said nothing since {moment}, for {span}.",
                moment=clock.text(known.last),
                span=span_text(known.at - known.last),
            ),
        )
    if known.unreadable:
        lost = later(
            "{number, plural, one {# record} other {# records}} of the log cannot be read by this version; what they said is missing here."
        )
        silences.append(_(lost, number=known.unreadable))
    jumps = tuple(Jump(_(label), known.at + timedelta(hours=hours)) for label, hours in _JUMPS if hours < 0 or not newest)
    return Head(title or names.of_country(), country.shard, known.at, newest, known.first is None, tuple(silences), jumps)


def _judging(unjudged: Unjudged, clock: LocalTime) -> str:
    if unjudged.came_to is None:
        return _(
            "What thresholds stood at is being judged again from the log: it has not begun. Until then it is unknown; load the page again."
        )
    so_far = later(
        "What thresholds stood at is being judged again from the log: so far until {moment}. Until then it is unknown; load the page again."
    )
    return _(so_far, moment=clock.text(unjudged.came_to))


def _counts(districts: Sequence[DistrictView]) -> tuple[tuple[str, bool, int], ...]:
    """How many districts stand at a level by an event, and how many by a threshold alone; gravest first, unknown last."""
    order = [*reversed([w for w in LEVELS if w != UNKNOWN]), UNKNOWN]
    found = Counter((d.level, d.level not in _NEVER_PALE and not d.event) for d in districts)
    return tuple((word, pale, found[word, pale]) for word in order for pale in (False, True) if found[word, pale])


def _unjudged(known: Known) -> bool:
    return known.last is None or known.at - known.last > UNJUDGED_AFTER


def _standing(standing: Standing, names: Names, clock: LocalTime) -> StandingView:
    event = standing.event
    silent = "; ".join(note_text(line, names, clock) for line in event.silent)
    silent = silent or _("the readings behind it fell silent")
    doubts = [_("unconfirmed: {why}", why=silent)] if event.unconfirmed else []
    doubts += [_("quiet: {why}", why=quiet_text(event.quiet, names, clock))] if event.quiet else []
    doubts += [_("no warning was made of it")] if standing.warning is None and not event.quiet else []
    doubts += [_("nobody was told yet")] if standing.warning is not None and not standing.told else []
    return StandingView(
        place=names.place(event.area),
        rule=names.rule(event.rule),
        level=word_of(event.level),
        since=event.since,
        warning=standing.warning or "",
        says="; ".join(doubts),
        operators=event.audience == "operators",
        quiet=bool(event.quiet),
    )


def _line(life: WarningLife, names: Names, clock: LocalTime) -> WarningLine:
    main = life.main()
    sent = [w for w in life.out if w.status is not WarningStatus.WITHDRAWN]
    cost = f"{fixed(sum(w.cost for w in sent), 2)} {main.currency}" if sent else ""
    return WarningLine(
        id=life.id,
        place=names.place(main.area),
        rule=names.rule(main.rule),
        level=word_of(life.gravest),
        issued=life.issued,
        proposed=life.first.proposed,
        recipients=max((w.recipients for w in sent), default=0),
        cost=cost,
        says=life_text(life, clock),
    )


def _newest_first(all_lives: Mapping[str, WarningLife]) -> Sequence[WarningLife]:
    """The newest warnings, as many as the time line may draw."""
    return sorted(list(all_lives.values())[-MOST:], key=lambda life: life.first.proposed, reverse=True)
