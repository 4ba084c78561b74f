"""The units for systemd: its own linters find nothing, each is shut in, and each starts a part that there is."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployed import DEPLOY, understood, words_of

from polyrisk.defaults import PARTS

SYSTEMD = DEPLOY / "systemd"
UNITS = sorted(path.name for path in SYSTEMD.glob("polyrisk*.*") if path.suffix in (".service", ".target", ".timer"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
ENVIRONMENT = {"COUNTRY": "lka", "SEND": ""}
SPEAK = ("polyrisk-alerts.service", "polyrisk-all.service", "polyrisk-listener.service")
"""Services that speak with a provider."""
MOST_EXPOSED = 20
"""Tenths of systemd's own measure of how exposed a service is, where 100 is not at all shut in."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A machine's tree with systemd's units, ours, and a program where ours is."""
    made = tmp_path_factory.mktemp("root")
    (made / "usr/lib/systemd").mkdir(parents=True)
    shutil.copytree("/usr/lib/systemd/system", made / "usr/lib/systemd/system", symlinks=True)
    (made / "lib").symlink_to("usr/lib")
    shutil.copytree(SYSTEMD, made / "etc/systemd/system", symlinks=True)
    program = made / "opt/polyrisk/.venv/bin/polyrisk"
    program.parent.mkdir(parents=True)
    shutil.copy("/bin/true", program)
    yield made
    shutil.rmtree(made)


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says."""
    return subprocess.run(["systemd-analyze", *words], check=False, capture_output=True, text=True, cwd="/")


def settings(unit: str, key: str) -> list[str]:
    """The values of a setting in a unit's own file, in their order."""
    return re.findall(rf"^{key}=(.*)$", (SYSTEMD / unit).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_finds_nothing_wrong(root: Path, unit: str) -> None:
    """No unknown setting, no missing program, no unit that is not there: not even a remark."""
    name = unit.replace("@.", "@1.")
    done = analyze("verify", f"--root={root}", "--man=no", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_it_finds_wrong_would_be_seen(root: Path) -> None:
    """The test above is worth nothing if a misspelt setting passes."""
    spoilt = root / "etc/systemd/system/polyrisk-spoilt.service"
    spoilt.write_text("[Service]\nExecStart=/opt/polyrisk/.venv/bin/polyrisk run ticker\nRestartt=always\n", encoding="utf-8")
    done = analyze("verify", f"--root={root}", "--man=no", spoilt.name)
    spoilt.unlink()
    assert "Restartt" in done.stderr


@pytest.mark.parametrize("unit", SERVICES)
def test_each_service_is_shut_in(root: Path, unit: str) -> None:
    """By systemd's own measure, which reads the settings that all share, too."""
    done = analyze("security", "--offline=true", f"--root={root}", f"--threshold={MOST_EXPOSED}", unit)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("unit", SERVICES)
def test_each_service_starts_what_there_is_and_sends_nothing(unit: str) -> None:
    """Its command takes these words; that messages leave the machine, somebody must write into the environment."""
    (line,) = settings(unit, "ExecStart")
    assert "--send" not in line
    program, *words = words_of(line.replace("%i", "1"), ENVIRONMENT)
    assert program == "/opt/polyrisk/.venv/bin/polyrisk"
    started = understood(words)
    assert started.params["state"] == Path("/var/lib/polyrisk")


def test_each_part_has_its_service_and_comes_back() -> None:
    """None is forgotten in the target, and whatever ends it, it is started again; a port for each, so that all can be watched."""
    parts = {}
    for unit in SERVICES:
        (line,) = settings(unit, "ExecStart")
        words = words_of(line, ENVIRONMENT)
        if words[1] == "run":
            parts[words[2]] = unit
            assert settings(unit, "Restart") == ["always"]
    assert set(parts) == {*PARTS, "all"}
    wanted = " ".join(settings("polyrisk.target", "Wants")).split()
    assert {re.sub(r"@\d", "@", name) for name in wanted} == {parts[part] for part in PARTS} | {"polyrisk-backup.timer"}
    assert sum(name.startswith("polyrisk-processor@") for name in wanted) == 4


def test_secrets_come_as_files_and_stand_in_no_unit() -> None:
    """Each part is given only what it needs: who neither sends nor listens knows nothing of the provider."""
    for unit in SERVICES:
        given = {value.partition(":")[0] for value in settings(unit, "LoadCredential")}
        assert given == ({"TWILIO", "KANNEL"} if unit in SPEAK else set())
    for path in SYSTEMD.rglob("*"):
        if path.is_file():
            assert not re.search(r"(?i)(token|password|secret)=", path.read_text(encoding="utf-8")), path


def test_folders_that_units_name_are_made() -> None:
    """What must be there before the first start is made by one file each for systemd-tmpfiles and systemd-sysusers."""
    made = {line.split()[1] for line in (SYSTEMD / "polyrisk.tmpfiles").read_text().splitlines() if line.startswith("d ")}
    needed = {value.partition(":")[2] for unit in SERVICES for value in settings(unit, "LoadCredential")}
    needed |= {value.partition(":")[2] for value in settings("polyrisk-.service.d/kept.conf", "LoadCredential")}
    needed |= {value for unit in SERVICES for value in settings(unit, "ReadWritePaths")}
    assert needed <= made
    assert (SYSTEMD / "polyrisk.sysusers").read_text().splitlines()[-1].startswith("u polyrisk ")
