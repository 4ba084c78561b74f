"""Whether a feed is alive, and what its silence is called."""

from datetime import timedelta

from hand_made import NOON, heartbeat, hours, known

from console.feed_views import feed_views
from console.local_time import LocalTime
from console.names import Names
from console.view import UNJUDGED_AFTER, head

RIVER = "lka_irrigation_river"


def test_a_feed_is_silent_once_two_calls_in_a_row_were_missed(names: Names) -> None:
    """By its slowest schedule: a feed that is asked six-hourly in calm times may be silent for twice that, not longer."""
    limit = names.country.manifests[RIVER].allowed_silence
    beats = {RIVER: heartbeat(RIVER, NOON)}
    alive = {f.feed: f.alive for f in feed_views(known(NOON + limit, heartbeats=beats), names)}
    later = {f.feed: f.alive for f in feed_views(known(NOON + limit + timedelta(seconds=1), heartbeats=beats), names)}
    assert (alive[RIVER], later[RIVER]) == (True, False)


def test_a_feed_that_never_answered_is_silent_not_unknown(names: Names, clock: LocalTime) -> None:
    """It is named in the notice on top."""
    assert not any(f.alive for f in feed_views(known(NOON), names))
    assert len(head(known(NOON), names.country).silences) == len(names.country.manifests)
    assert "has never answered" in head(known(NOON), names.country).silences[0]


def test_a_silent_feed_is_named_with_since_when(names: Names) -> None:
    """The notice says which feed, since when on the local clock, and for how long."""
    beats = {feed: heartbeat(feed, NOON if feed == RIVER else hours(30)) for feed in names.country.manifests}
    silences = head(known(hours(30), heartbeats=beats), names.country).silences
    assert silences == (
        f"River levels of the Irrigation Department's hydrometric stations ({RIVER}) has been silent since 27 Nov 2025 17:30, for 30 h.",
    )


def test_a_feed_that_answers_but_brings_nothing_new_is_marked(names: Names) -> None:
    """Alive and behind are two things: a value past what its threshold calls stale is behind."""
    beats = {"lka_wfp_prices": heartbeat("lka_wfp_prices", NOON)}
    old = known(NOON, heartbeats=beats, newest={"lka_wfp_prices": NOON - timedelta(days=51)})
    usual = known(NOON, heartbeats=beats, newest={"lka_wfp_prices": NOON - timedelta(days=49)})
    behind = [next(f for f in feed_views(k, names) if f.feed == "lka_wfp_prices") for k in (old, usual)]
    assert [(f.alive, f.behind) for f in behind] == [(True, True), (True, False)]


def test_a_list_of_what_is_active_is_not_behind_when_nothing_is(names: Names) -> None:
    """Landslide bulletins that name nobody for a month say that nobody is warned."""
    beats = {"lka_nbro_landslide": heartbeat("lka_nbro_landslide", NOON)}
    quiet = known(NOON, heartbeats=beats, newest={"lka_nbro_landslide": NOON - timedelta(days=30)})
    assert not next(f for f in feed_views(quiet, names) if f.feed == "lka_nbro_landslide").behind


def test_a_log_that_says_nothing_at_all_is_the_first_silence(names: Names) -> None:
    """If not even time is told any more, that is said before any feed."""
    late = known(NOON + UNJUDGED_AFTER + timedelta(minutes=1), last=NOON)
    assert head(late, names.country).silences[0].startswith("The log itself has said nothing since 27 Nov 2025 17:30")
