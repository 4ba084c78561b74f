"""Which countries hold a weekly drill, and how a schedule holds one. A drill that does not come is an alarm of its own (DrillOverdue).

Weekly drills are dry unless the environment of the installation says otherwise: `POLYRISK_DRILL_SEND=1`, with who orders it in
`POLYRISK_DRILL_BY` (a name) and `POLYRISK_DRILL_ROLE` (a role of country.yaml that may drill). Nobody is asked to sign at an hour that no
person has chosen: the drill signs itself, as all roles that may, and says so.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from schemas.country_facts import CountryFacts
from schemas.country_files import countries_root
from schemas.errors import ConfigurationError, PolyriskError
from schemas.yaml_files import YamlFile, plain

SEND, BY, ROLE = "POLYRISK_DRILL_SEND", "POLYRISK_DRILL_BY", "POLYRISK_DRILL_ROLE"
PLAYED = "POLYRISK_SOURCES"
"""Where it is set, stand-ins play the sources of the whole installation: nothing of it is in earnest, and no drill is planned."""
_SIGNS = "Weekly drill"


@dataclass(frozen=True)
class PlannedDrill:
    """A weekly drill. country: ISO 3166-1 alpha-3. case: `country/name`."""

    country: str
    case: str


def planned_drills() -> tuple[PlannedDrill, ...]:
    """The weekly drills, in order of country. A country whose file cannot be read has none: its feeds say so where people look."""
    if os.environ.get(PLAYED):
        return ()
    found = []
    for folder in sorted(path.parent for path in countries_root().glob("*/country.yaml")):
        try:
            facts = _facts(folder.name)
        except (ConfigurationError, ValidationError):
            continue
        if facts.drill.case:
            found.append(PlannedDrill(facts.code, f"{folder.name}/{facts.drill.case}"))
    return tuple(found)


def hold_weekly(case: str) -> None:
    """Hold a drill as a schedule does.

    Raises:
        PolyriskError: it was not good, or could not be held; says what the drill said.
    """
    from eventlog.state import state_folder  # heavy, and drawing a DAG needs none of it

    command = [sys.executable, "-m", "polyrisk", "drill", *arguments(case, os.environ, state_folder())]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - constants, and words of the country's file
    if ended.returncode:
        said = (ended.stdout + ended.stderr).strip()
        raise PolyriskError(f"the drill {case} was not good.", where=str(state_folder() / "drills"), remedy=said)


def arguments(case: str, environment: Mapping[str, str], state: Path) -> list[str]:
    """What a weekly drill of the installation in a folder is called with."""
    roles = [name for name, role in _facts(case.partition("/")[0]).roles.items() if "sign" in role.may]
    signs = [word for role in roles for word in ("--sign-as", f"{role}={_SIGNS} {role}")]
    send = ["--send", "--by", environment.get(BY, ""), "--role", environment.get(ROLE, "")] if environment.get(SEND) == "1" else []
    return [case, "--state", str(state.absolute()), *signs, *send]


def _facts(folder: str) -> CountryFacts:
    return CountryFacts.model_validate(plain(YamlFile(countries_root() / folder / "country.yaml").data))
