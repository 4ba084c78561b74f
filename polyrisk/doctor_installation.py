"""What the doctor looks at of an installation as it lies there: folder, log, configuration, keys, registry. Nothing is changed."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine, make_url, select

from alerts import migrations
from alerts.people.keys import Keys
from alerts.registry import engine_url, has_registry, open_registry, registry_url
from alerts.tables import subscribers
from eventlog.state import log_url
from polyrisk.check import check_folder
from polyrisk.config_log import SHORT, entries_of, in_force
from polyrisk.doctor_words import Found, Look, Verdict
from polyrisk.installation import Installation
from schemas.errors import ConfigurationError, LogError, PolyriskError, RefusedError
from schemas.topics import INPUT

_SHOWN = 3


def opened(state: Path) -> tuple[Installation | None, PolyriskError | None]:
    """What lies in the folder, or why it cannot be opened."""
    try:
        return Installation.open(state), None
    except PolyriskError as error:
        return None, error


def looks(state: Path, here: Installation | None, trouble: PolyriskError | None) -> list[tuple[str, Look]]:
    """Each subject with how to look at it."""
    found: list[tuple[str, Look]] = [("folder", partial(folder, state)), ("log", partial(log, state, here, trouble))]
    found += [
        ("configuration", partial(configuration, here, trouble)),
        ("keys", partial(keys, state)),
        ("registry", partial(registry, state)),
    ]
    return found


def folder(state: Path) -> Iterator[Found]:
    """It is there, ours, and nobody else's."""
    if not state.is_dir():
        yield Found("folder", Verdict.WRONG, f"{state} is not there.", "Name the folder of the installation with --state.")
        return
    if not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        remedy = "Run the doctor as the user of the service, or give the folder to that user (`chown -R`)."
        yield Found("folder", Verdict.WRONG, f"{state} cannot be read and written by this user.", remedy)
        return
    mode = stat.S_IMODE(state.stat().st_mode)
    if mode & 0o022:
        yield Found("folder", Verdict.WRONG, f"others may write into {state} ({mode:04o}).", f"Run `chmod go-w {state}`.")
        return
    yield Found("folder", Verdict.OK, f"{state} is there and can be written by its owner alone")


def log(state: Path, here: Installation | None, trouble: PolyriskError | None) -> Iterator[Found]:
    """It can be opened, is of a version that this one reads, and has something of a country."""
    if isinstance(trouble, LogError | RefusedError):
        raise trouble
    place = log_url(state)
    if here is None:
        yield Found("log", Verdict.OK, f"{place} can be opened")
        return
    here.log.read(INPUT.name, shard=here.country.shard, limit=1)
    yield Found("log", Verdict.OK, f"{place} can be read, of {here.country.name}")


def configuration(here: Installation | None, trouble: PolyriskError | None) -> Iterator[Found]:
    """The files are right, and something is in force."""
    if isinstance(trouble, ConfigurationError):
        raise trouble
    if here is None:
        yield Found("configuration", Verdict.CANNOT_TELL, "it is not known which country this is.", "Mend the log first.")
        return
    wrong = [finding for finding in check_folder(here.country.folder) if not finding.note]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        first = "; ".join(f"{one.file}:{one.line}: {one.what}" for one in wrong[:_SHOWN])
        yield Found("configuration", Verdict.WRONG, f"{first}{more}.", "`polyrisk check` lists all with what to write instead.")
    standing = in_force(entries_of(here.log, here.country.shard))
    files = here.country.configuration.hash
    if standing is None:
        yield Found("configuration", Verdict.WRONG, "nothing is in force, so nothing is judged.", "Start `polyrisk run all` once.")
    elif standing.hash != files:
        said = f"in force is {standing.hash[:SHORT]}, the files are {files[:SHORT]} and wait to be applied"
        yield Found(
            "configuration", Verdict.OK, said, "`polyrisk config diff in-force` shows what differs, `polyrisk config apply` applies it."
        )
    elif not wrong:
        yield Found("configuration", Verdict.OK, f"the files are right, and in force ({files[:SHORT]})")


def keys(state: Path) -> Iterator[Found]:
    """They are there and their owner's alone; without them nobody in the registry can be reached."""
    place = _keys_folder(state)
    if not has_registry(state) and not place.exists():
        yield Found("keys", Verdict.OK, "there is no registry yet, and so no keys")
        return
    loaded = Keys.load(place)
    several = f"{len(loaded.number_keys)} of numbers, {len(loaded.index_keys)} of the index"
    yield Found("keys", Verdict.OK, f"{place} has them, private ({several}); keep a copy elsewhere")


def _keys_folder(state: Path) -> Path:
    named = os.environ.get("POLYRISK_KEYS")
    return Path(named) if named else state / "keys"


def registry(state: Path) -> Iterator[Found]:
    """It can be reached, is of this version, and the keys are those that wrote it. It is not brought up to this version by looking."""
    if not has_registry(state):
        remedy = "It is made when the alert service starts; if there was one, restore it: people's consent is in it."
        yield Found("registry", Verdict.CANNOT_TELL, "there is none here: nobody would be warned.", remedy)
        return
    where = make_url(registry_url(state)).render_as_string(hide_password=True)
    version = registry_version(state)
    if version is None:
        yield Found("registry", Verdict.WRONG, f"{where} has no tables.", "Start `polyrisk run alerts` once, or restore a copy.")
        return
    if version != migrations.VERSION:
        newer = version > migrations.VERSION
        remedy = "Start that version." if newer else "The next start of the service brings it up; keep a copy before."
        said = f"{where} is of {'a newer' if newer else 'an older'} version ({version}, this Polyrisk knows {migrations.VERSION})."
        yield Found("registry", Verdict.WRONG, said, remedy)
        return
    with closing(open_registry(state)) as opened, opened.reading() as connection:
        token = connection.execute(select(subscribers.c.number).limit(1)).scalar()
        if token is not None:
            opened.keys.decrypt(token)
    fitting = "and the keys open it" if token is not None else "and nobody is in it"
    yield Found("registry", Verdict.OK, f"{where} is of version {version}, {fitting}")


def registry_version(state: Path) -> int | None:
    """The version of the registry's tables as they are; none if there are none. Nothing is brought up by looking."""
    engine = create_engine(engine_url(registry_url(state)), hide_parameters=True)
    try:
        return migrations.found_version(engine)
    finally:
        engine.dispose()
