"""`polyrisk restore`: is a backup whole, and an installation made of it in which nothing is sent until a person has looked."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from alerts import ledger, restores
from alerts.people import key_copies
from alerts.people.keys import Keys
from alerts.registry import REGISTRY, Registry, open_registry
from alerts.registry_copies import check_empty, check_version, put_back
from alerts.tables import lives, messages, subscribers
from eventlog import log_copies
from eventlog.homes.sqlite import check_readable
from eventlog.log import open_log
from eventlog.state import LOG
from polyrisk import backup_drills
from polyrisk.backup_manifest import OBJECTS, Manifest, Part, load_manifest, object_path, sha256_of
from polyrisk.progress import patient
from schemas.counting import counted
from schemas.errors import ConfigurationError, RefusedError
from schemas.warning_records import MessageState

KEYS = "POLYRISK_KEYS"
_UNDER_WAY = ".restoring"
"""In the new folder, while it is made: nothing of it has its name yet."""
_SHOWN = 10


@dataclass(frozen=True)
class InDoubt:
    """What a restored registry does not know for certain, in numbers.

    Attributes:
        sending: messages that were with the provider at the moment of the backup. waiting: messages that waited to be sent, and may have
            been sent since. unsigned: warnings' messages that waited for signatures, and may have been signed since. standing: warnings
            that people stand under, which may have been ended since.
    """

    sending: int
    waiting: int
    unsigned: int
    standing: int


def restore(folder: Path, state: Path, keys: Path | None, *, apply: bool, as_json: bool) -> tuple[bool, list[str]]:
    """Check a backup, and make an installation of it if that is wanted; answers whether it is whole, and what to tell.

    Args:
        state: the new folder, empty or not there. keys: the copy of the keys; none takes those that the environment names.

    Raises:
        RefusedError: this is no backup, or the place for it is not empty. NewerVersionError: a newer version wrote it.
        ConfigurationError: the keys are missing or others.
    """
    manifest = load_manifest(folder)
    _check_versions(manifest)
    _check_place(manifest, state)
    _check_keys(manifest, keys)
    with patient("looks at hashes", shown=not as_json) as progress:
        wrong = _wrong(manifest, folder, progress)
    doubt = None
    if apply and not wrong:
        with patient("restores", shown=not as_json) as progress:
            doubt = _make(manifest, folder, state, keys, progress)
    if as_json:
        said = {"at": manifest.at.isoformat(), "wrong": wrong, "restored": doubt is not None, "in_doubt": doubt and asdict(doubt)}
        return not wrong, [json.dumps(said, ensure_ascii=False)]
    return not wrong, [*_told(manifest, wrong), *(_told_after(manifest, state, doubt) if doubt is not None else _told_before(wrong))]


def _check_versions(manifest: Manifest) -> None:
    check_readable(manifest.log.version)
    if manifest.registry is not None:
        check_version(manifest.registry.version)


def _check_place(manifest: Manifest, state: Path) -> None:
    """That nothing is there, and that the environment names no other place for what is restored."""
    if state.exists() and (not state.is_dir() or any(state.iterdir())):
        raise RefusedError("This folder is not empty.", where=str(state), remedy="Name a new one; nothing is ever restored over another.")
    if os.environ.get(LOG, "").startswith("sqlite:"):
        raise RefusedError(f"{LOG} names another log.", where=LOG, remedy="Unset it: the restored log is a file in the folder.")
    url = os.environ.get(REGISTRY, "")
    home = manifest.registry.home if manifest.registry is not None else ""
    if home == "sqlite" and url:
        raise RefusedError(f"{REGISTRY} names another registry.", where=REGISTRY, remedy="Unset it: the restored one is a file.")
    if home == "postgresql" and not url.startswith("postgresql"):
        raise RefusedError(
            "The registry is a dump of PostgreSQL.", where=REGISTRY, remedy=f"Make an empty database and name it in {REGISTRY}."
        )
    if home == "postgresql":
        check_empty(url)


def _check_keys(manifest: Manifest, copy: Path | None) -> None:
    """That the registry can be read with the keys there are: an installation without would make new ones, and lose everybody."""
    if manifest.registry is None:
        return
    folder = os.environ.get(KEYS)
    if copy is None and not folder:
        what = "The keys are not in a backup."
        raise ConfigurationError(what, where="--keys", remedy=f"Name the copy of those called {manifest.keys}, or set {KEYS}.")
    found = _keys_of(copy)
    if found.index_name != manifest.keys:
        what = f"These keys are called {found.index_name}; the registry was written with those called {manifest.keys}."
        raise ConfigurationError(what, where=str(copy or folder), remedy="Find the copy that was made with this backup.")


def _keys_of(copy: Path | None) -> Keys:
    return key_copies.read(copy) if copy is not None else Keys.load(Path(os.environ[KEYS]))


def _wrong(manifest: Manifest, folder: Path, progress: Callable[[float], None]) -> list[str]:
    """What is missing or no longer what it was."""
    wanted = [(folder / part.file, part.sha256, part.file) for part in (manifest.log, manifest.registry) if part is not None]
    wanted += [(object_path(folder.parent / OBJECTS, file.sha256), file.sha256, file.path) for file in manifest.files]
    found = []
    for number, (path, sha256, name) in enumerate(wanted):
        progress(number / len(wanted))
        if not path.is_file():
            found.append(f"{name} is missing")
        elif sha256_of(path)[0] != sha256:
            found.append(f"{name} is no longer what it was")
    return found


def _make(manifest: Manifest, folder: Path, state: Path, keys: Path | None, progress: Callable[[float], None]) -> InDoubt:
    """Make all of it under another name, the registry halted, and then give each part its own; the registry last.

    If it cannot be made, the folder is left as empty as it was; a database or a log elsewhere may have been begun.
    """
    made = not state.exists()
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = state / _UNDER_WAY
    draft.mkdir(mode=0o700)
    try:
        _fill(manifest, folder, draft, keys, progress)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        if made:
            state.rmdir()
        raise
    for path in sorted(draft.iterdir(), key=lambda path: path.name.startswith("registry")):
        path.rename(state / path.name)
    draft.rmdir()
    return _in_doubt(state) if manifest.registry is not None else InDoubt(0, 0, 0, 0)


def _fill(manifest: Manifest, folder: Path, draft: Path, keys: Path | None, progress: Callable[[float], None]) -> None:
    opens = _keys_of(keys) if any(file.sealed for file in manifest.files) else None
    for number, file in enumerate(manifest.files):
        _copy(object_path(folder.parent / OBJECTS, file.sha256), draft / file.path)
        if file.sealed and opens is not None:
            (draft / file.path).write_bytes(backup_drills.unsealed((draft / file.path).read_bytes(), opens))
        progress(number / len(manifest.files) / 2)
    _copy(folder / manifest.log.file, draft / manifest.log.file)
    if os.environ.get(LOG):
        _into_another_home(draft / manifest.log.file, os.environ[LOG], lambda share: progress(0.5 + share * 0.2))
    if keys is not None:
        key_copies.put_back(keys, draft / "keys")
    progress(0.7)
    if manifest.registry is not None:
        _halted(manifest.registry, manifest.at, folder, draft, keys)
    progress(0.9)


def _into_another_home(file: Path, url: str, progress: Callable[[float], None]) -> None:
    """Move a restored log from its file to where the environment says that it is.

    Raises:
        RefusedError: there is one already.
    """
    with closing(open_log(f"sqlite:///{file}")) as source, closing(open_log(url)) as target:
        log_copies.check_empty(target, url)
        log_copies.copy(source, source.extent(), target, progress)
    file.unlink()


def _halted(part: Part, at: datetime, folder: Path, draft: Path, keys: Path | None) -> None:
    """Put the registry back, halted from the first moment in which anybody could send from it.

    Raises:
        ConfigurationError: the keys do not read it.
    """
    url = os.environ.get(REGISTRY) or f"sqlite:///{draft / part.file}"
    if part.home == "sqlite":
        _copy(folder / part.file, draft / part.file)
    else:
        put_back(folder / part.file, url)
    folder_of_keys = draft / "keys" if keys is not None else Path(os.environ[KEYS])
    with closing(Registry(url, Keys.load(folder_of_keys))) as registry, registry.acting() as connection:
        restores.begin(connection, at, datetime.now(UTC))
        token = connection.execute(select(subscribers.c.number).limit(1)).scalar()
        if token is not None:
            registry.keys.decrypt(token)


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(file, to)
    to.chmod(0o600)


def _in_doubt(state: Path) -> InDoubt:
    with closing(open_registry(state, create=True)) as registry, registry.reading() as connection:  # so that the folder names it

        def number(of: MessageState) -> int:
            return int(connection.execute(select(func.count()).where(messages.c.state == of.value)).scalar_one())

        standing = int(connection.execute(select(func.count()).select_from(lives).where(lives.c.told)).scalar_one())
        unsigned = len(ledger.in_stage(connection, ledger.PENDING))
        return InDoubt(number(MessageState.SENDING), number(MessageState.INTENDED), unsigned, standing)


def _told(manifest: Manifest, wrong: list[str]) -> Iterator[str]:
    yield f"backup of {manifest.at:%Y-%m-%d %H:%M:%S} UTC, written by Polyrisk {manifest.written_by}, engine {manifest.engine}"
    for name, part in (("log", manifest.log), ("registry", manifest.registry)):
        if part is not None:
            yield f"  {name:9} {part.bytes / 1e6:,.1f} MB, {part.home}, version {part.version}"
    yield f"  files     {len(manifest.files):,}"
    for one in wrong[:_SHOWN]:
        yield f"  WRONG     {one}"
    if len(wrong) > _SHOWN:
        yield f"  WRONG     and {len(wrong) - _SHOWN:,} more"
    yield "all hashes are right" if not wrong else "this backup is not whole: nothing is restored from it"


def _told_before(wrong: list[str]) -> Iterator[str]:
    if not wrong:
        yield "nothing was written; --apply restores it"


def _told_after(manifest: Manifest, state: Path, doubt: InDoubt) -> Iterator[str]:
    yield f"restored into {state}"
    if manifest.registry is None:
        return
    yield "Sending is HALTED. What happened after the backup is not known here:"
    yield f"  {counted(doubt.sending, 'message')} may be with the provider, {doubt.waiting:,} waited and may have been sent since"
    yield f"  {counted(doubt.unsigned, 'proposal')} waited for signatures, and may have been signed and sent since"
    yield f"  {counted(doubt.standing, 'warning')} stood, and may have been ended since"
    yield "  who enrolled, wrote STOP or was erased since is not known"
    yield "Start the parts, look at the provider's list of what was sent, then `polyrisk dispatch resume --by ... --why ...`:"
    yield "each message is looked up at the provider before it is sent. docs/installing.md says what to look at."
