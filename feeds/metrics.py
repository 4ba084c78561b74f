"""What Prometheus may know of the feeds. No label holds a person, a place or a number."""

from prometheus_client import Counter, Gauge

LAST_SUCCESS = Gauge("polyrisk_feed_last_success_timestamp_seconds", "When the feed last answered, by the country's clock", ["feed"])
OBSERVATIONS = Counter("polyrisk_feed_observations_total", "Readings published", ["feed"])
QUARANTINED = Counter("polyrisk_feed_quarantined_rows_total", "Rows kept aside", ["feed"])
FAILED = Counter("polyrisk_feed_failed_fetches_total", "Fetches that gave no delivery", ["feed", "reason"])
