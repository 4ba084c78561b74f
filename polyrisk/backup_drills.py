"""What a backup holds of drills: who agreed to them, who left one, and what became of each; not the folders of drills that were held.

The lists hold numbers as people wrote them, and who left is known under keys of drills. Both are sealed with the registry's keys, which are
never beside a backup.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

from alerts.drills.folders import DRILLS
from alerts.drills.people import LEFT
from alerts.people.keys import Keys
from polyrisk.backup_files import Objects
from polyrisk.backup_manifest import KeptFile
from polyrisk.drill_command import ENDINGS, LIST, ROSTER

KEYS = "keys"
"""The folder of keys of all drills."""


def plain(state: Path) -> list[tuple[Path, str]]:
    """Files that anybody may read who has the backup: results, in which numbers are masked, and indexes of those who left."""
    found = [*sorted((state / DRILLS).glob("*.json")), state / DRILLS / LEFT]
    return [(file, str(file.relative_to(state))) for file in found if file.is_file()]


def sealed(state: Path, objects: Objects, keys: Keys) -> Iterator[KeptFile]:
    """Lists, roster and keys of drills, each sealed with the registry's keys."""
    for file in _secret(state):
        content = keys.encrypt(base64.b64encode(file.read_bytes()).decode("ascii"))
        yield objects.keep_content(content, str(file.relative_to(state))).model_copy(update={"sealed": True})


def unsealed(content: bytes, keys: Keys) -> bytes:
    """What a sealed file holds.

    Raises:
        ConfigurationError: these are not the keys that sealed it.
    """
    return base64.b64decode(keys.decrypt(content))


def _secret(state: Path) -> list[Path]:
    lists = [state / f"{LIST}{ending}" for ending in ENDINGS] + [state / ROSTER]
    return [file for file in (*lists, *sorted((state / DRILLS / KEYS).glob("*"))) if file.is_file()]
