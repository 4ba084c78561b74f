"""What the processors tell Prometheus. No label holds a place, a person or a number.

What feeds bring is counted here, where it arrives: each fetch is a short process of its own, which nobody could ask.
"""

from prometheus_client import Counter, Gauge

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
FEED_READINGS = Counter("polyrisk_feed_observations", "Readings that the feed brought", ("feed",))
FEED_QUARANTINED = Counter("polyrisk_feed_quarantined_rows", "Rows of the feed's deliveries that were kept aside", ("feed",))
