"""What the processors tell Prometheus. No label holds a place, a person or a number."""

from prometheus_client import Counter, Gauge

RECORDS = Counter("polyrisk_processor_records", "Input records taken in", ("shard", "kind"))
UNREADABLE = Counter("polyrisk_processor_unreadable_records", "Input records that could not be read and were left out", ("shard", "kind"))
BREACHES = Counter("polyrisk_breaches", "Changes of threshold breaches", ("shard", "threshold", "change"))
EVENTS = Counter("polyrisk_events", "Changes of compound events", ("shard", "rule", "change"))
LAG = Gauge("polyrisk_processor_lag_records", "Input records that are not yet taken in", ("shard",))
NOW = Gauge("polyrisk_processor_now_seconds", "The shard's own now, seconds since 1970", ("shard",))
