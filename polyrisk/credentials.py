"""Secrets that a service manager gives as files instead of variables, which every process of a user could read.

systemd (`LoadCredential=`) and Compose (`secrets:`) put each secret into a file of its own in one folder, which `CREDENTIALS_DIRECTORY`
names. A file that is called like a variable is that variable, unless the environment has it already.
"""

import os
import re
from collections.abc import MutableMapping
from pathlib import Path

from schemas.errors import ConfigurationError

FOLDER = "CREDENTIALS_DIRECTORY"
_VARIABLE = re.compile(r"(POLYRISK|TWILIO|KANNEL)_[A-Z0-9_]+")


def take(environment: MutableMapping[str, str] = os.environ) -> None:
    """Take secrets from files into the environment of this process.

    Raises:
        ConfigurationError: one cannot be read; nothing of it is said.
    """
    folder = environment.get(FOLDER)
    if not folder or not Path(folder).is_dir():
        return
    for file in sorted(Path(folder).iterdir()):
        if _VARIABLE.fullmatch(file.name) and file.name not in environment:
            try:
                environment[file.name] = file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                what = f"the secret {file.name} cannot be read."
                raise ConfigurationError(what, where=FOLDER, remedy="Let the user of this process read it.") from error
