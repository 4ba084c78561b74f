"""The clocks of the laboratory: what time it is in the world, and what time the host believes it is."""

import threading
import time
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from flood_world import World

from feeds.clock import FileClock

EVERY_S = 0.015


class Sky:
    """Lets time pass in the world, in a thread, while the `with` block lasts.

    Args:
        speed: case time for each second of ours.
    """

    def __init__(self, world: World, start: datetime, speed: timedelta) -> None:
        self._true, self._host, self._wall = FileClock(world.true_clock), FileClock(world.host_clock), world.wall_skew
        self._now, self._speed = start, speed
        self._skew = timedelta(0)
        self.furthest = timedelta(0)
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._pass, name="sky", daemon=True)
        self._write()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stand_still()

    @property
    def now(self) -> datetime:
        """What time it is in the world."""
        return self._now

    def jump(self, skew: timedelta) -> None:
        """From now on the host's clocks are wrong by this much."""
        with self._lock:
            self._skew = skew
            self.furthest = max(self.furthest, skew)
            self._write()
            self.set_wall(skew)

    def set_wall(self, skew: timedelta) -> None:
        """From now on the host's wall clock is wrong by this much; the clock by which the country lives stays."""
        draft = self._wall.with_name(f"{self._wall.name}.draft")
        draft.write_text(str(skew.total_seconds()), encoding="ascii")
        draft.replace(self._wall)

    def stand_still(self) -> None:
        """Time passes no more; both clocks show the same."""
        self._end.set()
        self._thread.join()
        self.jump(timedelta(0))

    def _pass(self) -> None:
        last = time.monotonic()
        while not self._end.wait(EVERY_S):
            now = time.monotonic()
            with self._lock:
                self._now += self._speed * (now - last)
                self._write()
            last = now

    def _write(self) -> None:
        self._true.set(self._now)
        self._host.set(self._now + self._skew)
