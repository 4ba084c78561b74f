"""The log in Apache Kafka, as the fault laboratory starts and harms it: a broker of its own for each round."""

import importlib.util
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

_MODULE = Path(__file__).resolve().parents[3] / "deploy" / "kafka" / "broker.py"
BROKER = "broker"
BACK_WITHIN_S = 60.0
NOTICED_AFTER_S = 5.0
"""A process may notice that the broker was away this long after it is back."""


class Home:
    """A broker with its data in the run's folder, that is killed and held still."""

    killable: Mapping[str, float] = {BROKER: 0.5}
    pace = 2.5

    def __init__(self, folder: Path) -> None:
        self.broker = _broker().Broker(folder / "broker", heap_mb=384)
        self.url = f"kafka://{self.broker.url}/faults"

    @property
    def faults(self) -> Mapping[str, Callable[[Any, Random], str]]:
        """What can happen to this home alone: name to what does it."""
        return {"broker held still": self.hold_still}

    def start(self) -> None:
        """Start the broker."""
        self.broker.start()

    def stop(self) -> None:
        """Leave nothing behind."""
        self.broker.kill()

    def kill(self, laboratory: Any, down_s: float) -> None:
        """Kill -9 the broker, and bring it back on its data."""
        with self._away(laboratory):
            self.broker.kill()
            laboratory.processes.kills[BROKER] += 1
            laboratory.run_for(down_s)
            self._bring_back(laboratory)

    def hold_still(self, laboratory: Any, chance: Random) -> str:
        """Connections stay open and nobody answers, for longer than a processor's session or not."""
        lasting = chance.choice([chance.uniform(0.1, 0.8), chance.uniform(1.5, 4.0)])
        with self._away(laboratory):
            self.broker.pause()
            laboratory.run_for(lasting)
            self.broker.resume()
        return f"for {lasting:.2f} s"

    def tear(self, laboratory: Any, chance: Random) -> str:
        """The broker's machine stops too: half of a batch at the end of some of its files."""
        self.broker.kill()
        laboratory.processes.kills[BROKER] += 1
        files = sorted(path for path in (self.broker.folder / "data").glob("faults.*/*.log") if path.stat().st_size)
        torn = chance.sample(files, min(3, len(files)))
        for path in torn:
            first = path.read_bytes()[: _batch_size(path)]
            with path.open("ab") as file:
                file.write(first[: chance.randrange(1, len(first))])
        self.broker.start()
        return f"half a batch after {', '.join(path.parent.name for path in torn)}"

    def _away(self, laboratory: Any) -> AbstractContextManager[None]:
        away: AbstractContextManager[None] = laboratory.processes.excused(NOTICED_AFTER_S)
        return away

    def _bring_back(self, laboratory: Any) -> None:
        """Start it while all others go on."""
        starting = threading.Thread(target=self.broker.start, name="broker's start")
        starting.start()
        if not laboratory.run_until(lambda: not starting.is_alive(), BACK_WITHIN_S):
            raise TimeoutError("the broker did not come back")


def _batch_size(path: Path) -> int:
    """Bytes of the first batch of a file: its offset and its length stand before the rest."""
    with path.open("rb") as file:
        return 12 + int.from_bytes(file.read(12)[8:])


def _broker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("broker_of_the_laboratory", _MODULE)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(_MODULE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
