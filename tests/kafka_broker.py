"""One broker of Apache Kafka for all tests of a run: started by the first that needs it, ended with the last.

A process that ends hard (kill -9, `os._exit`) says nothing: whoever begins or ends a run ends the brokers that nobody alive uses.
"""

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
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

_ROOT = Path(__file__).resolve().parent.parent
_FOLDERS = "polyrisk-broker-"
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
    folder = Path(tempfile.gettempdir()) / f"{_FOLDERS}{run}"
    with _state(folder) as state:
        if not state.found.get("ready"):
            _end(state.found)  # whoever began to start one did not come to its end
            broker = load().Broker(folder / "broker", heap_mb=384).start(wait=False)
            _STARTED.append(broker)
            state.keep({"broker": process(broker.pid), "url": broker.url, "users": [], "ready": False})
            broker.await_ready()
            state.found["ready"] = True
        own = process(os.getpid())
        if own not in state.found["users"]:
            state.found["users"].append(own)
            atexit.register(_done, folder)
        url: str = state.found["url"]
        return url


def end_unused() -> None:
    """End every broker of ours on this machine whose users are all gone, and take away what they left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDERS}*"):
        if folder.stat().st_uid != os.getuid():
            continue
        with suppress(BlockingIOError), _state(folder, wait=False) as state:  # if somebody is at it, it is in use
            _end_if_unused(state)


class _state:
    """What the processes of a run know in common, read and written by one of them at a time."""

    def __init__(self, folder: Path, *, wait: bool = True) -> None:
        self.folder = folder
        self._how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
        self._path = folder / "state.json"
        self.found: dict[str, Any] = {}

    def __enter__(self) -> "_state":
        while True:
            with suppress(FileNotFoundError):  # the last user may take it away while we open it, or wait for it
                self.folder.mkdir(exist_ok=True)
                self._file = self._path.open("a+")
                try:
                    fcntl.flock(self._file, self._how)
                except BlockingIOError:
                    self._file.close()
                    raise
                if self._is_there():
                    self._file.seek(0)
                    self.found = json.loads(self._file.read() or "{}")
                    return self
                self._file.close()

    def __exit__(self, *_: object) -> None:
        if self._is_there():
            self.keep(self.found)
        self._file.close()

    def keep(self, found: dict[str, Any]) -> None:
        """Write it down now, for those who come after us however we end."""
        self.found = found
        self._file.truncate(0)
        self._file.write(json.dumps(found))
        self._file.flush()

    def _is_there(self) -> bool:
        with suppress(FileNotFoundError):
            return self._path.stat().st_ino == os.fstat(self._file.fileno()).st_ino
        return False


def _done(folder: Path) -> None:
    """This process needs the broker no longer; the last one ends it."""
    with _state(folder) as state:
        state.found["users"] = [user for user in state.found.get("users", ()) if user != process(os.getpid())]
        _end_if_unused(state)


def _end_if_unused(state: _state) -> None:
    state.found["users"] = [user for user in state.found.get("users", ()) if lives(user)]
    if not state.found["users"]:
        _end(state.found)
        shutil.rmtree(state.folder, ignore_errors=True)


def _end(found: dict[str, Any]) -> None:
    """End the broker, and wait for its end: while it dies it still writes into its folder."""
    broker = found.get("broker")
    if broker is None:
        return
    for own in _STARTED:
        if own.pid == broker["pid"]:
            own.kill()
            _STARTED.remove(own)
            return
    if lives(broker):
        os.kill(broker["pid"], signal.SIGKILL)
    while lives(broker):
        time.sleep(0.02)


def process(pid: int) -> dict[str, int]:
    """A process as it is known again: its number may be given to another one, but not with the same start, in ticks since the boot.

    Raises:
        OSError: it is not there.
    """
    return {"pid": pid, "started": int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])}


def lives(one: dict[str, int]) -> bool:
    """Whether a process is there and has not ended yet."""
    try:
        state = Path(f"/proc/{one['pid']}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z" and process(one["pid"]) == one
    except OSError:
        return False
