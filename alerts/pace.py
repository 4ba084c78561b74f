"""How fast messages are handed over: never more at once than the provider bears, and never more ahead than a minute's work.

A provider sends in the order in which it was given, so whatever it holds stands before a graver warning that comes later. What waits with
us is ordered anew each time.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

AHEAD_S = 45.0
"""How many seconds of its sender's work the provider is given."""


class Backlog:
    """What the provider still has to send of what it was given, by its sender's speed.

    Args:
        segments_per_second: of the sender; none if nobody limits it. clock: seconds, never set back.
    """

    def __init__(self, segments_per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._speed = segments_per_second
        self._clock = clock
        self._done_at = -math.inf

    def room(self) -> float:
        """Segments that may be handed over now."""
        if self._speed is None:
            return math.inf
        return max(0.0, AHEAD_S - max(0.0, self._done_at - self._clock())) * self._speed

    def hand_over(self, segments: int) -> None:
        """Note what the provider has taken."""
        if self._speed is not None:
            self._done_at = max(self._done_at, self._clock()) + segments / self._speed


@dataclass
class Pace:
    """How many calls at once, and how often the provider asked us to slow down without taking anything in between.

    Attributes:
        asked_to_wait: it did so in the chunk that is on its way; the rest of that is not called.
    """

    most: int
    now: int = field(init=False)
    fruitless: int = 0
    asked_to_wait: bool = False

    def __post_init__(self) -> None:
        self.now = self.most
