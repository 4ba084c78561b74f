"""Whether the feeds are alive, or silent since when. Silence is not safety, so it is said first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.interface.speaking import _
from console.local_time import LocalTime, span_text
from console.names import Names
from console.reading import Known
from schemas.manifests import FeedManifest


@dataclass(frozen=True)
class FeedView:
    """One feed at a moment.

    Attributes:
        alive: it answered within twice its slowest interval. since: its last answer; none if it never answered.
        answered: that in words. newest: the end of the newest period that it gave a value for.
        behind: it answers, yet its newest value is so old that a threshold on it is unknown.
        quarantined: rows of its last delivery that were kept aside.
    """

    feed: str
    title: str
    alive: bool
    since: datetime | None
    answered: str
    newest: datetime | None
    newest_age: str
    behind: bool
    quarantined: int


def feed_views(known: Known, names: Names) -> tuple[FeedView, ...]:
    """All feeds of the country, in the order of its file."""
    return tuple(_feed(manifest, known, names) for manifest in names.country.manifests.values())


def _feed(manifest: FeedManifest, known: Known, names: Names) -> FeedView:
    heartbeat = known.heartbeats.get(manifest.feed)
    newest = known.newest.get(manifest.feed)
    if heartbeat is None:
        return FeedView(manifest.feed, names.feed(manifest.feed), False, None, _("has never answered"), newest, "", False, 0)
    age = known.at - heartbeat.received
    known_for = _known_for(manifest, names)
    alive = age <= manifest.allowed_silence
    newest_age = max(known.at - newest, timedelta(0)) if newest is not None else None
    return FeedView(
        feed=manifest.feed,
        title=names.feed(manifest.feed),
        alive=alive,
        since=heartbeat.received,
        answered=_("answered {span} ago", span=span_text(age)) if age >= timedelta(minutes=1) else _("answered just now"),
        newest=newest,
        newest_age=span_text(newest_age) if newest_age is not None else "",
        behind=alive and newest_age is not None and known_for is not None and newest_age > known_for,
        quarantined=heartbeat.quarantined,
    )


def _known_for(manifest: FeedManifest, names: Names) -> timedelta | None:
    """How old a feed's newest value may be before the first threshold on it is unknown.

    None if no threshold looks at it, or if it lists only what is active: then a delivery without any value says that all is green.
    """
    if manifest.lists == "active":
        return None
    given = {gives.indicator for gives in manifest.gives}
    stale = [t.stale_after for t in names.country.configuration.thresholds if t.indicator in given]
    return min(stale) + manifest.delay if stale else None


def silence_text(view: FeedView, clock: LocalTime, at: datetime) -> str:
    """A silent feed in one sentence."""
    if view.since is None:
        return _("{title} ({feed}) has never answered.", title=view.title, feed=view.feed)
    return _(
        "{title} ({feed}) has been silent since {moment}, for {span}.",
        title=view.title,
        feed=view.feed,
        moment=clock.text(view.since),
        span=span_text(at - view.since),
    )
