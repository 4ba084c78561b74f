"""What several tests of the way in share: a scripted source, and a clock that does not wait."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from scripted_source import Source, scripted_source


@pytest.fixture
def source() -> Iterator[Source]:
    """A source on the loopback interface."""
    with scripted_source() as found:
        yield found


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each retry would have waited; none does."""
    found: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=found.append))
    return found
