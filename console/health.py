"""Whether a process answers (`/healthz`) and whether it can do its work (`/readyz`): one way for every server that we run.

What it cannot do is said in plain words with what to do; a part that does not answer in time is not waited for.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alerts.registry import Registry
from alerts.tables import version
from eventlog.log import EventLog
from schemas.errors import PolyriskError
from schemas.topics import INPUT

_REGISTRY_REMEDY = "Look whether its database is there and lets this user in (POLYRISK_REGISTRY)."
WITHIN_S = 5.0
"""Seconds that one look may take; who asks waits no longer, however long a database does."""


@dataclass(frozen=True)
class Check:
    """What one look found. remedy: what to do; empty if all is well."""

    name: str
    ok: bool
    said: str
    remedy: str = ""


@dataclass(frozen=True)
class Probe:
    """A look at one thing that a process needs.

    Attributes:
        look: answers in plain words what it found; raises if that is wrong, a `PolyriskError` with what to do.
        remedy: what to do if the error says nothing of it.
    """

    name: str
    look: Callable[[], str]
    remedy: str

    def check(self) -> Check:
        """Look, whatever comes of it."""
        try:
            return Check(self.name, True, self.look())
        except PolyriskError as error:
            return Check(self.name, False, error.what, error.remedy or self.remedy)
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the answer is that it does not work; its text may name a host
            return Check(self.name, False, f"it does not work: {type(error).__name__}.", self.remedy)


class Health:
    """The two addresses of one process.

    Args:
        probes: what it needs; more may be added while it runs.
        within_s: seconds that one look may take.
    """

    def __init__(self, probes: Sequence[Probe], *, within_s: float = WITHIN_S) -> None:
        self._probes, self._within_s = probes, within_s
        self._under_way: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    @property
    def routes(self) -> list[Route]:
        """To be put into an application."""
        return [Route("/healthz", self.alive), Route("/readyz", self.ready)]

    def alive(self, _request: Request) -> Response:
        """`/healthz`: it answers, so it lives."""
        return JSONResponse({"status": "ok"})

    def ready(self, _request: Request) -> Response:
        """`/readyz`: 200 if it can do its work, else 503; each check with what to do."""
        checks = [self._checked(probe) for probe in tuple(self._probes)]
        ready = all(check.ok for check in checks)
        body = {"status": "ready" if ready else "not ready", "checks": [asdict(check) for check in checks]}
        return JSONResponse(body, status_code=200 if ready else 503)

    def _checked(self, probe: Probe) -> Check:
        """Look in a thread of its own. One that never comes back stays the only one of its kind."""
        late = Check(probe.name, False, f"no answer within {self._within_s:g} s.", probe.remedy)
        found: list[Check] = []
        with self._lock:
            before = self._under_way.get(probe.name)
            if before is not None and before.is_alive():
                return late
            thread = threading.Thread(target=lambda: found.append(probe.check()), name=f"look-{probe.name}", daemon=True)
            self._under_way[probe.name] = thread
            thread.start()
        thread.join(self._within_s)
        return found[0] if found else late


def log_readable(log: EventLog, shard: str) -> Probe:
    """The log can be read."""

    def look() -> str:
        log.read(INPUT.name, shard=shard, limit=1)
        return "the log can be read"

    return Probe("log", look, "Look whether its disk, or its broker, is there and has room.")


def keeps_up(log: EventLog, group: str, topic: str, most: int) -> Probe:
    """A group of the log has no more to do than its next step takes.

    Args:
        most: records that one step takes.
    """

    def look() -> str:
        behind = log.lag(group).get(topic, 0)
        if behind > most:
            raise PolyriskError(f"{behind:,} records are not taken in yet.", remedy="Wait; if the number grows, look into its log.")
        return f"{behind:,} records wait"

    return Probe(f"{group}_keep_up", look, "Look whether the log's disk, or its broker, is there.")


def registry_reachable(opened: Callable[[], Registry]) -> Probe:
    """The registry can be opened with its keys, and read.

    Args:
        opened: opens it anew, because a connection that is open survives what a restart would not.
    """

    def look() -> str:
        with closing(opened()) as registry:
            return _read(registry)

    return Probe("registry", look, _REGISTRY_REMEDY)


def registry_readable(registry: Registry) -> Probe:
    """The registry that is open can be read."""
    return Probe("registry", lambda: _read(registry), _REGISTRY_REMEDY)


def _read(registry: Registry) -> str:
    with registry.reading() as connection:
        connection.execute(select(func.count()).select_from(version)).scalar_one()
    return "the registry can be read"
