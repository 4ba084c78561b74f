"""The service of `deploy/systemd` runs a command that there is."""

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from polyrisk.__main__ import main
from schemas.country_files import CHECKOUT

DEPLOY = CHECKOUT / "deploy"


def test_the_service_runs_a_command_that_there_is() -> None:
    """Its options are those of `polyrisk run`, and it sends nothing."""
    (line,) = re.findall(r"^ExecStart=(.*)$", (DEPLOY / "systemd" / "polyrisk-all.service").read_text(), re.MULTILINE)
    program, *words = shlex.split(line)
    assert Path(program).name == "polyrisk"
    assert "--send" not in words
    shown = CliRunner().invoke(main, [*words, "--help"])
    assert shown.exit_code == 0
    assert all(word in shown.output for word in words if word.startswith("--"))
