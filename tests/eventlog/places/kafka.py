"""Where a test's log in Kafka is: under a name of its own on the run's broker."""

import hashlib
from pathlib import Path

from kafka_broker import shared_url


def fresh_url(folder: Path) -> str:
    """The URL of a log that is not there yet."""
    return f"kafka://{shared_url()}/{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
