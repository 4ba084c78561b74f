"""One broker of Apache Kafka for all tests of a run: started by the first that needs it, ended with the last."""

import atexit
import fcntl
import importlib.util
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent.parent
_STARTED: list[Any] = []
"""Kept, so that the broker is not taken for forgotten."""


def load() -> ModuleType:
    """The module that starts brokers, `deploy/kafka/broker.py`."""
    name = "polyrisk_kafka_broker"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, _ROOT / "deploy" / "kafka" / "broker.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def shared_url() -> str:
    """host:port of the run's broker, for all processes of pytest."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"polyrisk-kafka-{run}"
    folder.mkdir(exist_ok=True)
    with _state(folder) as state:
        if not state.found:
            broker = load().Broker(folder / "broker", heap_mb=384).start()
            _STARTED.append(broker)
            state.found = {"pid": broker.pid, "url": broker.url, "users": []}
        if os.getpid() not in state.found["users"]:
            state.found["users"].append(os.getpid())
            atexit.register(_done, folder)
        url: str = state.found["url"]
        return url


class _state:
    """What the processes of a run know in common, read and written by one of them at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.json"
        self.found: dict[str, Any] = {}

    def __enter__(self) -> "_state":
        self._file = self._path.open("a+")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._file.seek(0)
        self.found = json.loads(self._file.read() or "{}")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.truncate(0)
        self._file.write(json.dumps(self.found))
        self._file.close()


def _done(folder: Path) -> None:
    """This process needs the broker no longer; the last one ends it."""
    with _state(folder) as state:
        state.found["users"] = [user for user in state.found["users"] if user != os.getpid() and Path(f"/proc/{user}").exists()]
        if state.found["users"]:
            return
        if _STARTED:
            _STARTED[0].kill()
        else:
            os.kill(state.found["pid"], signal.SIGKILL)
            # It is another process's child: while it dies it still writes into its folder.
            while _runs(state.found["pid"]):
                time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    """Whether a process is there and has not ended yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
