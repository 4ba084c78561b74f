"""Two hundred people at their browsers, in a process of their own: each looks, thinks some seconds, and looks at something else.

They keep their connection and their cookie, and ask again with `If-None-Match` where an answer lets itself be kept, as a browser does.
`python -m benchmarks.region.people` reads a plan as JSON from standard input and writes what came of it as JSON lines.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import aiohttp

THINK_S = 2.0, 8.0
"""Seconds between two pages of one person."""
_MIX = (
    ("now", 34), ("warning", 18), ("waiting", 14), ("message", 6), ("history", 8), ("feeds", 8), ("rules", 4), ("sending", 3), ("api", 3),
    ("earlier", 2),
)  # fmt: skip
"""What of a hundred looks is at which page."""
_WARNING = re.compile(r'href="/warning/([^"?]+)')
_MESSAGE = re.compile(r'href="/waiting/([^"?]+)')
_DURATION = re.compile(r"total;dur=([\d.]+)")


@dataclass(frozen=True)
class Plan:
    """Who looks at what, for how long.

    Attributes:
        people: address of a console and cookie of a session, for each person. earlier: moments that are asked for by `at`.
        warm_s: seconds before what is measured begins. measured_s: how long that is.
    """

    people: Sequence[tuple[str, str]]
    earlier: Sequence[str]
    warm_s: float
    measured_s: float
    seed: int = 1


@dataclass(frozen=True)
class Look:
    """One page that one person asked for.

    Attributes:
        at: seconds from the beginning. status: 0 if nothing came. here_ms: from asking to the last byte.
        server_ms: as the console says it took; none if it does not say.
    """

    page: str
    at: float
    status: int
    here_ms: float
    server_ms: float | None
    bytes: int


@dataclass
class _Person:
    address: str
    cookie: str
    chance: random.Random
    earlier: Sequence[str]
    tags: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def next(self) -> tuple[str, str]:
        """The kind of page and its path."""
        kinds, shares = zip(*_MIX, strict=True)
        (kind,) = self.chance.choices(kinds, shares)
        known = {"now": "/", "waiting": "/waiting", "history": "/history", "feeds": "/feeds", "rules": "/rules", "sending": "/sending"}
        if kind == "warning":
            return (kind, f"/warning/{self.chance.choice(self.warnings)}") if self.warnings else ("now", "/")
        if kind == "message":
            return (kind, f"/waiting/{self.chance.choice(self.messages)}") if self.messages else ("waiting", "/waiting")
        if kind == "api":
            return kind, "/api/warnings?level=red"
        if kind == "earlier":
            return kind, f"/?at={self.chance.choice(self.earlier)}"
        return kind, known[kind]

    def read(self, kind: str, body: str) -> None:
        """What can be clicked on next."""
        if kind == "now":
            self.warnings = list(dict.fromkeys(_WARNING.findall(body)))[:60]
        if kind == "waiting":
            self.messages = list(dict.fromkeys(_MESSAGE.findall(body)))[:60]


async def _looks(session: aiohttp.ClientSession, person: _Person, begun: float, until: float) -> list[Look]:
    found = []
    await asyncio.sleep(person.chance.uniform(0, THINK_S[1]))
    while time.monotonic() < until:
        kind, path = person.next()
        found.append(await _look(session, person, kind, path, begun))
        await asyncio.sleep(person.chance.uniform(*THINK_S))
    return found


async def _look(session: aiohttp.ClientSession, person: _Person, kind: str, path: str, begun: float) -> Look:
    headers = {"cookie": f"polyrisk={person.cookie}", "accept-encoding": "gzip"}
    if path in person.tags:
        headers["if-none-match"] = person.tags[path]
    asked = time.perf_counter()
    try:
        async with session.get(person.address + path, headers=headers, allow_redirects=False) as answer:
            body = await answer.read()
            took = 1000 * (time.perf_counter() - asked)
            told = _DURATION.search(answer.headers.get("server-timing", ""))
            if "no-store" not in answer.headers.get("cache-control", "") and (tag := answer.headers.get("etag")):
                person.tags[path] = tag
            if answer.status == 200 and kind in ("now", "waiting"):
                person.read(kind, body.decode())
            return Look(kind, asked - begun, answer.status, took, float(told[1]) if told else None, len(body))
    except (aiohttp.ClientError, TimeoutError):
        return Look(kind, asked - begun, 0, 1000 * (time.perf_counter() - asked), None, 0)


async def looked(plan: Plan) -> list[Look]:
    """All that they looked at after the beginning, which is not measured."""
    begun, now = time.perf_counter(), time.monotonic()
    people = [_Person(a.rstrip("/"), c, random.Random(f"{plan.seed}{n}"), plan.earlier) for n, (a, c) in enumerate(plan.people)]
    connector = aiohttp.TCPConnector(limit=0, force_close=False, keepalive_timeout=60)
    async with aiohttp.ClientSession(
        connector=connector, timeout=aiohttp.ClientTimeout(total=30), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        until = now + plan.warm_s + plan.measured_s
        everything = await asyncio.gather(*(_looks(session, person, begun, until) for person in people))
    return [look for looks in everything for look in looks if look.at >= plan.warm_s]


def lines(looks: Sequence[Look]) -> Iterator[str]:
    """Each as a line of JSON."""
    return (json.dumps(asdict(look)) for look in looks)


if __name__ == "__main__":
    for line in lines(asyncio.run(looked(Plan(**json.load(sys.stdin))))):
        print(line)
