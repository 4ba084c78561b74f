"""What the doctor looks at on the machine: Python and its packages, time zones, clock, disk. What only tests need is not asked for."""

import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from feeds import source_clocks
from polyrisk.doctor_words import Found, Look, Verdict
from schemas.country_files import CHECKOUT

LOCK = CHECKOUT / "requirements.lock"
LEAST_FREE = 2 * 1024**3
"""Bytes: a storm's deliveries, a snapshot and its draft, and a copy of the registry before an upgrade."""
LEAST_SHARE = 0.05
_GIB = 1024**3
_SHOWN = 5


def looks(state: Path, now: datetime) -> list[tuple[str, Look]]:
    """Each subject with how to look at it."""
    return [
        ("Python", python),
        ("packages", packages),
        ("time zones", time_zones),
        ("clock", partial(clock, state, now)),
        ("disk", partial(disk, state)),
    ]


def python() -> Iterator[Found]:
    """A version that Polyrisk is made for, and which version of Polyrisk this is."""
    about = metadata.metadata("polyrisk")
    here = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    said = f"Polyrisk {about['Version']} on Python {here}"
    if here in SpecifierSet(about["Requires-Python"]):
        yield Found("Python", Verdict.OK, said)
        return
    remedy = "Make the environment anew with such a version: PYTHON=python3.11 make setup."
    yield Found("Python", Verdict.WRONG, f"{said}; it is made for {about['Requires-Python']}.", remedy)


def packages(lock: Path = LOCK) -> Iterator[Found]:
    """What is installed is what was tried together."""
    wrong = [said for wanted in _locked(lock) if (said := _differs(wanted))]
    if not wrong:
        yield Found("packages", Verdict.OK, f"all are as {lock.name} says")
        return
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    said = f"{len(wrong)} are not as {lock.name} says: {', '.join(wrong[:_SHOWN])}{more}."
    yield Found("packages", Verdict.WRONG, said, "Run `make setup` in the checkout, then start the service again.")


def _locked(lock: Path) -> Iterator[Requirement]:
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            try:
                wanted = Requirement(line.rstrip("\\ "))
            except InvalidRequirement:
                continue
            if wanted.marker is None or wanted.marker.evaluate({"extra": "dev"}):
                yield wanted


def _differs(wanted: Requirement) -> str:
    try:
        here = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return f"{wanted.name} is missing"
    return "" if wanted.specifier.contains(here, prereleases=True) else f"{wanted.name} is {here}"


def time_zones() -> Iterator[Found]:
    """The zones of the countries are known: without them no text could say an hour."""
    try:
        for name in ("Asia/Colombo", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Karachi", "Asia/Jakarta", "Pacific/Port_Moresby", "Asia/Manila"):
            ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        yield Found("time zones", Verdict.WRONG, f"the machine does not know {error.args[0]}.", "Install Debian's package tzdata.")
        return
    yield Found("time zones", Verdict.OK, "those of the seven countries are known")


def clock(state: Path, now: datetime) -> Iterator[Found]:
    """This machine's clock beside those of the sources, as they said when they answered last."""
    said = source_clocks.lately(source_clocks.said(state / source_clocks.FOLDER), now)
    off = source_clocks.is_off(said.values())
    if off is None:
        what = "no source has said its time in the last two days."
        yield Found("clock", Verdict.CANNOT_TELL, what, "Look by hand: `timedatectl` must say that the clock is synchronised.")
        return
    worst = max((one.ahead_s for one in said.values()), key=abs)
    apart = f"{abs(worst):,.0f} s {'ahead of' if worst > 0 else 'behind'}"
    if not off:
        yield Found("clock", Verdict.OK, f"most of {len(said)} sources agree with it; it is at most {apart} one of them")
        return
    remedy = "Set it: `systemctl restart systemd-timesyncd`, or chrony; the next answers show whether it is right."
    yield Found("clock", Verdict.WRONG, f"more than half of {len(said)} sources say another time; it is up to {apart} them.", remedy)


def disk(state: Path) -> Iterator[Found]:
    """Room where the installation's folder is."""
    there = next(path for path in (state, *state.absolute().parents) if path.exists())
    usage = shutil.disk_usage(there)
    said = f"{usage.free / _GIB:,.1f} GiB of {usage.total / _GIB:,.0f} are free"
    if usage.free >= LEAST_FREE and usage.free / usage.total >= LEAST_SHARE:
        yield Found("disk", Verdict.OK, said)
        return
    remedy = f"Make room below {there}, or move the folder: what cannot be written down is not judged and not sent."
    yield Found("disk", Verdict.WRONG, f"only {said}.", remedy)
