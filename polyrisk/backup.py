"""`polyrisk backup`: a copy of a running installation, as a power cut at one moment would have left it.

What must not be newer than the log is copied before that moment (what feeds remember, states of processors), then log and registry as they
stand at the moment, then what must not be older (raw bytes, which the log names). The keys are never among it.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from alerts.people import key_copies
from alerts.people.keys import Keys
from alerts.registry import has_registry, registry_url
from alerts.registry_copies import RegistryCut, still
from eventlog import log_copies
from eventlog.log import open_log
from eventlog.sqlite_cuts import SqliteCut
from eventlog.state import ARCHIVE, log_url
from polyrisk import backup_drills
from polyrisk.backup_files import DRAFT, Objects, alone, discard, files_below, finish
from polyrisk.backup_manifest import KeptFile, Manifest, Part, Place, sha256_of
from polyrisk.progress import patient
from processors.engine import ENGINE_VERSION
from schemas.counting import counted
from schemas.country_files import countries_root
from schemas.errors import RefusedError

BEFORE = ("feeds", "quarantine", "log.db.snapshots", "feeds.txt", "clock")
"""Of the folder, what says how far something was read: newer than the log it would let something be left out."""
AFTER = ("archive", "cap")
"""Of the folder, what the log or the registry names: older than they are it would lack something."""
CONFIGURATION = "configuration"
LOG_FILE, REGISTRY_FILE, REGISTRY_DUMP = "log.db", "registry.db", "registry.dump"
_SHARES = (0.2, 0.5, 0.8)
"""Of the whole work, what is done when files of before, the log, and the registry are copied."""


@dataclass
class _Copied:
    """What has been copied so far."""

    at: datetime
    parts: dict[str, Part] = field(default_factory=dict)
    places: tuple[Place, ...] = ()
    keys: Keys | None = None
    files: list[KeptFile] = field(default_factory=list)


def back_up(state: Path, place: Path, keys_to: Path | None, keep_days: int | None, *, as_json: bool) -> Iterator[str]:
    """Write a backup into a folder of its own in `place`, and say what it holds.

    Args:
        keys_to: a new file for a copy of the keys, outside `place`; without one they are not copied.
        keep_days: older backups of the place are deleted afterwards; none keeps all.

    Raises:
        RefusedError: there is no installation, another backup is being written there, or the keys would lie beside the backup.
        LogError: a file cannot be read or is damaged.
    """
    url, registered = log_url(state), has_registry(state)
    if not registered and not (_in_file(url) and _log_file(url).exists()):
        raise RefusedError("There is no installation here.", where=str(state), remedy="Name its folder with --state.")
    if keys_to is not None and keys_to.absolute().is_relative_to(place.absolute()):
        raise RefusedError("The keys would lie beside the backup.", where=str(keys_to), remedy="Name a file in another place.")
    with alone(place), patient("backup", shown=not as_json) as progress:
        objects = Objects(place)
        files = _keep(objects, [found for name in BEFORE for found in files_below(state, name)])
        draft = place / f".{datetime.now(UTC):%Y-%m-%dT%H-%M-%SZ}{DRAFT}"
        draft.mkdir(mode=0o700)
        copied = _at_one_moment(state, draft, keys_to, progress, url, registered=registered)
        copied.files += files + _keep(objects, [*_named_by_the_log(state), *backup_drills.plain(state), *_configuration()])
        if copied.keys is not None:
            copied.files += backup_drills.sealed(state, objects, copied.keys)
        manifest = _manifest(copied, url)
        manifest.save(draft)
        folder = place / draft.name.removeprefix(".").removesuffix(DRAFT)
        finish(draft, folder)
        gone = 0 if keep_days is None else discard(place, manifest.at - timedelta(days=keep_days))
    if as_json:
        yield json.dumps({"backup": str(folder), "new_files": objects.new, "deleted": gone, **_for_programs(manifest)})
        return
    yield from _told(folder, manifest, objects.new, gone, keys_to)


def _in_file(url: str) -> bool:
    return url.startswith("sqlite:")


def _log_file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _at_one_moment(
    state: Path, draft: Path, keys_to: Path | None, progress: Callable[[float], None], url: str, *, registered: bool
) -> _Copied:
    """Log and registry as they stand at one moment, in which nobody may write into the registry (`alerts.registry_copies`)."""
    with ExitStack() as stack:
        registry: RegistryCut | None = None
        go_on: Callable[[], None] | None = None
        keys: Keys | None = None
        if registered:
            registry, go_on = stack.enter_context(still(registry_url(state)))
            keys = _keys_of_the_moment(state, keys_to)
        log: _LogCut = stack.enter_context(closing(SqliteCut(_log_file(url)) if _in_file(url) else _OtherCut(url)))
        copied = _Copied(at=datetime.now(UTC), keys=keys)
        if go_on is not None:
            go_on()
        progress(_SHARES[0])
        log.write(draft / LOG_FILE, _between(progress, 0))
        with closing(SqliteCut(draft / LOG_FILE)) as written:
            version_of_log, copied.places = int(written.ask("PRAGMA user_version")[0][0]), tuple(_places(written))
        copied.parts["log"] = _part(draft / LOG_FILE, "sqlite", version_of_log)
        if registry is not None:
            to = draft / (REGISTRY_FILE if registry.home == "sqlite" else REGISTRY_DUMP)
            registry.write(to, _between(progress, 1))
            copied.parts["registry"] = _part(to, registry.home, registry.version)
    return copied


class _LogCut(Protocol):
    """A log at one moment."""

    def write(self, to: Path, progress: Callable[[float], None]) -> None:
        """Write it into a new file, a log in SQLite whatever its home is."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class _OtherCut:
    """A log in another home: how far everything had come at the moment is known then, and the records up to there are read afterwards."""

    def __init__(self, url: str) -> None:
        self._log = open_log(url)
        self._extent = self._log.extent()

    def write(self, to: Path, progress: Callable[[float], None]) -> None:
        """See `_LogCut`."""
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(open_log(f"sqlite:///{to}")) as written:
            log_copies.copy(self._log, self._extent, written, progress)

    def close(self) -> None:
        """See `_LogCut`."""
        self._log.close()


def _keys_of_the_moment(state: Path, keys_to: Path | None) -> Keys:
    """Which keys the registry needs; they are copied while nobody can change them."""
    named = os.environ.get("POLYRISK_KEYS")
    folder = Path(named) if named else state / "keys"
    if keys_to is not None:
        key_copies.write(folder, keys_to)
    return Keys.load(folder)


def _between(progress: Callable[[float], None], step: int) -> Callable[[float], None]:
    return lambda share: progress(_SHARES[step] + share * (_SHARES[step + 1] - _SHARES[step]))


def _part(file: Path, home: str, of_tables: int) -> Part:
    sha256, length = sha256_of(file)
    return Part(home=home, version=of_tables, file=file.name, sha256=sha256, bytes=length)


def _places(log: SqliteCut) -> Iterator[Place]:
    for topic, partition, following in log.ask("SELECT topic, partition, next FROM ends ORDER BY topic, partition"):
        yield Place(group="", topic=topic, partition=partition, offset=following - 1)
    committed = "SELECT group_name, topic, partition, offset FROM committed ORDER BY group_name, topic, partition"
    for group, topic, partition, offset in log.ask(committed):
        yield Place(group=group, topic=topic, partition=partition, offset=offset)


def _keep(objects: Objects, found: list[tuple[Path, str]]) -> list[KeptFile]:
    return [kept for file, path in found if (kept := objects.keep(file, path)) is not None]


def _named_by_the_log(state: Path) -> list[tuple[Path, str]]:
    """An archive that is not in the folder is backed up by its own means."""
    names = [name for name in AFTER if name != "archive" or not os.environ.get(ARCHIVE)]
    return [found for name in names for found in files_below(state, name)]


def _configuration() -> list[tuple[Path, str]]:
    """The countries' files as they are now, to compare: what is in force stands in the log."""
    root = countries_root().absolute()
    return [(file, f"{CONFIGURATION}/{path.partition('/')[2]}") for file, path in files_below(root.parent, root.name)]


def _manifest(copied: _Copied, url: str) -> Manifest:
    return Manifest(
        at=copied.at,
        written_by=version("polyrisk"),
        engine=ENGINE_VERSION,
        log_home=url.partition(":")[0],
        log=copied.parts["log"],
        places=copied.places,
        registry=copied.parts.get("registry"),
        keys=copied.keys.index_name if copied.keys is not None else "",
        files=tuple(copied.files),
    )


def _for_programs(manifest: Manifest) -> dict[str, Any]:
    return manifest.model_dump(mode="json", exclude={"files", "places"}) | {"files": len(manifest.files)}


def _told(folder: Path, manifest: Manifest, new: int, gone: int, keys_to: Path | None) -> Iterator[str]:
    yield f"backup in {folder}, as all stood at {manifest.at:%Y-%m-%d %H:%M:%S} UTC:"
    where = "" if manifest.log_home == "sqlite" else f", read out of {manifest.log_home}"
    yield f"  log       {manifest.log.bytes / 1e6:,.1f} MB, whole{where}"
    if manifest.registry is not None:
        yield f"  registry  {manifest.registry.bytes / 1e6:,.1f} MB, {manifest.registry.home}, version {manifest.registry.version}"
        where = f"in {keys_to}" if keys_to is not None else "NOT copied (--keys FILE does)"
        yield f"  keys      {where}: those called {manifest.keys} are needed to read it; keep them apart from it"
    else:
        yield "  registry  there is none"
    if sealed := [file.path for file in manifest.files if file.sealed]:
        yield f"  drills    {counted(len(sealed), 'file')} with their lists, sealed with the same keys"
    yield f"  files     {len(manifest.files):,}, of which {new:,} were in no older backup here"
    if os.environ.get(ARCHIVE):
        yield f"  archive   NOT in it: {ARCHIVE} names a place of its own"
    if gone:
        yield f"  deleted   {counted(gone, 'older backup')}"
