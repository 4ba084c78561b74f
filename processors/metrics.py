"""What the processors tell Prometheus. No label holds a place, a person or a number.

What feeds bring is counted here, where it arrives: each fetch is a short process of its own, which nobody could ask.
"""

from prometheus_client import Counter, Gauge

from processors.intake import lasting
from processors.plan import Plan
from processors.state import State
from processors.timelines import BEGINNING

RECORDS = Counter("polyrisk_processor_records", "Input records taken in", ("shard", "kind"))
DEAD_LETTERS = Counter(
    "polyrisk_processor_dead_letters", "Input records that could not be taken in and went to the dead letters", ("shard", "kind")
)
CONFIGURATION_REFUSED = Gauge(
    "polyrisk_processor_configuration_refused", "1 while the newest configuration is refused and the one before it in force", ("shard",)
)
REPLAYED = Counter("polyrisk_processor_replayed_records", "Input records taken in again, mute, to make a state anew", ("shard",))
SHARDS = Gauge("polyrisk_processor_shards", "Shards that this processor holds")
BREACHES = Counter("polyrisk_breaches", "Changes of threshold breaches", ("shard", "threshold", "change"))
EVENTS = Counter("polyrisk_events", "Changes of compound events", ("shard", "rule", "change"))
LAG = Gauge("polyrisk_processor_lag_records", "Input records of all shards that the group has not yet taken in", ("group",))
NOW = Gauge("polyrisk_processor_now_seconds", "The shard's own now, seconds since 1970", ("shard",))
FEED_SUCCESS = Gauge("polyrisk_feed_last_success_timestamp_seconds", "When the feed last answered, by the country's clock", ("feed",))
FEED_ALLOWED = Gauge(
    "polyrisk_feed_silence_allowed_seconds", "How long the feed may be silent, as its manifest was put in force", ("feed",)
)
FEED_READINGS = Counter("polyrisk_feed_observations", "Readings that the feed brought", ("feed",))
FEED_QUARANTINED = Counter("polyrisk_feed_quarantined_rows", "Rows of the feed's deliveries that were kept aside", ("feed",))

_plans: dict[str, Plan | None] = {}
"""Shard to the configuration whose feeds are told."""
_feeds: dict[str, set[str]] = {}
"""Shard to the feeds that are told with it."""
_MICROSECONDS = 1_000_000


def held(shard: str, state: State) -> None:
    """Tell how a shard stands that this processor has come to hold, so that a restart does not make a silent feed one nobody knows of.

    When a feed answered last is taken from how long it counts as delivering; after a change of how often it speaks that is an estimate
    until it answers again.
    """
    judged(shard, state)
    for feed, spans in state.alive.items():
        if spans:
            heard(shard, feed, (spans[-1][1] - lasting(state.plan, feed)) / _MICROSECONDS)


def judged(shard: str, state: State) -> None:
    """Tell up to when a shard is judged, and which feeds are expected; a feed that is no longer configured is not told of."""
    if state.now != BEGINNING:
        NOW.labels(shard).set(state.now / _MICROSECONDS)
    if _plans.get(shard) is state.plan or state.plan is None:
        return
    _plans[shard] = state.plan
    expected = {feed.feed: feed.silence_allowed.total_seconds() for feed in state.plan.configuration.feeds}
    _forget_feeds(_feeds.get(shard, set()) - expected.keys())
    _feeds[shard] = set(expected)
    for feed, allowed in expected.items():
        FEED_ALLOWED.labels(feed).set(allowed)


def heard(shard: str, feed: str, at: float) -> None:
    """A feed answered, seconds since 1970."""
    _feeds.setdefault(shard, set()).add(feed)
    FEED_SUCCESS.labels(feed).set(at)


def let_go(shard: str) -> None:
    """Say no more of a shard that another processor holds now: what was last known here would look like silence."""
    _plans.pop(shard, None)
    _forget_feeds(_feeds.pop(shard, set()))
    NOW.remove(shard)
    CONFIGURATION_REFUSED.remove(shard)


def _forget_feeds(feeds: set[str]) -> None:
    for feed in feeds:
        FEED_SUCCESS.remove(feed)
        FEED_ALLOWED.remove(feed)
