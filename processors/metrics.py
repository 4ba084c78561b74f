"""What the processors tell Prometheus. No label holds a place, a person or a number.

What feeds bring is counted here, where it arrives: each fetch is a short process of its own, which nobody could ask.
"""

from prometheus_client import Counter, Gauge

RECORDS = Counter("polyrisk_processor_records", "Input records taken in", ("shard", "kind"))
UNREADABLE = Counter("polyrisk_processor_unreadable_records", "Input records that could not be read and were left out", ("shard", "kind"))
BREACHES = Counter("polyrisk_breaches", "Changes of threshold breaches", ("shard", "threshold", "change"))
EVENTS = Counter("polyrisk_events", "Changes of compound events", ("shard", "rule", "change"))
LAG = Gauge("polyrisk_processor_lag_records", "Input records that are not yet taken in", ("shard",))
NOW = Gauge("polyrisk_processor_now_seconds", "The shard's own now, seconds since 1970", ("shard",))
FEED_SUCCESS = Gauge("polyrisk_feed_last_success_timestamp_seconds", "When the feed last answered, by the country's clock", ("feed",))
FEED_READINGS = Counter("polyrisk_feed_observations", "Readings that the feed brought", ("feed",))
FEED_QUARANTINED = Counter("polyrisk_feed_quarantined_rows", "Rows of the feed's deliveries that were kept aside", ("feed",))
