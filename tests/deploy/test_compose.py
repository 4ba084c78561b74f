"""The compose file and the image: held against their specifications, and each command and path of them against what there is."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose
from deployed import DEPLOY, in_the_checkout, understood, words_of
from ruamel.yaml import YAML

from polyrisk.defaults import PARTS
from polyrisk.live import METRICS_PORT

WRITTEN = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
ENVIRONMENT = {"COUNTRY": "lka", "SEND": "", "POLYRISK_CALLBACK_URL": ""}
OTHERS = ("kafka", "postgres", "prometheus")
"""Services that are not ours."""


def interpolated(written: str) -> str:
    """The file as Compose reads it, with nothing in the environment; each variable has a default, and means what is expected."""
    for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", written):
        assert ENVIRONMENT[name] == default
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", written)


COMPOSE: dict[str, Any] = YAML(typ="safe").load(interpolated(WRITTEN))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PARTS_RUN = [name for name in SERVICES if name not in OTHERS]


def parsed(written: str) -> PyCompose:
    """The file by the Compose specification.

    Raises:
        ValueError: it is against it.
    """
    return PyCompose.from_json(json.dumps(YAML(typ="safe").load(written)))  # merged (`<<`) as Compose merges


def test_it_keeps_to_the_specification() -> None:
    """No unknown key, no value of a wrong kind, no network, volume or secret that nobody declares."""
    parsed(interpolated(WRITTEN)).validate()


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("restart: unless-stopped", "restart: sometimes"),
        ("init: true", "innit: true"),
        ("secrets: [postgres_password]", "secrets: [another]"),
        ("start_period: 2m", "start_period: two"),
    ],
)
def test_what_is_against_it_would_be_seen(right: str, wrong: str) -> None:
    """The test above is worth nothing if a misspelt key passes."""
    spoilt = interpolated(WRITTEN).replace(right, wrong, 1)
    assert spoilt != interpolated(WRITTEN)
    with pytest.raises(ValueError, match=r"\w"):
        parsed(spoilt).validate()


@pytest.mark.parametrize("name", PARTS_RUN)
def test_each_part_starts_what_there_is_and_sends_nothing(name: str) -> None:
    """Its command takes these words; what it keeps is in a volume."""
    words = words_of(SERVICES[name]["command"], ENVIRONMENT)
    assert "--send" not in words
    started = understood(words)
    kept = {volume.split(":")[1] for volume in SERVICES[name]["volumes"]}
    assert str(started.params["state"]) in kept
    if "place" in started.params:
        assert str(started.params["place"]) in kept


def test_each_part_is_there_and_four_processors() -> None:
    """None is forgotten; each processor has a name and a port of its own."""
    started = {name: understood(words_of(SERVICES[name]["command"], ENVIRONMENT)).params for name in PARTS_RUN}
    assert {params["part"] for params in started.values() if "part" in params} == set(PARTS)
    processors = [params for params in started.values() if params.get("part") == "processor"]
    assert len({params["member"] for params in processors}) == len({params["metrics_port"] for params in processors}) == 4


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_reached_from_elsewhere(name: str) -> None:
    """No port is published; who listens does so on the loopback, or has no network."""
    service = SERVICES[name]
    assert "ports" not in service
    assert service["network_mode"] in ("host", "none")
    addresses = re.findall(r"(?:listen-address=|://|bootstrap-server, )\"?([^/:,\s\"']+):\d", json.dumps(service))
    assert set(addresses) <= {"127.0.0.1"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_looked_at_and_comes_back(name: str) -> None:
    """A part that hangs is shown as ill; the backup ends by itself."""
    service = SERVICES[name]
    assert service["restart"] == ("no" if name == "backup" else "unless-stopped")
    assert ("healthcheck" in service) == (name != "backup")


def test_images_are_pinned_by_version() -> None:
    """No tag that will be another image tomorrow; the server's version is that of the client in our image."""
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+[\w.-]*", service["image"]), name
    (client,) = re.findall(r"postgresql-client-(\d+)", (DEPLOY / "Containerfile").read_text(encoding="utf-8"))
    assert SERVICES["postgres"]["image"].split(":")[1].startswith(f"{client}.")
    pom = (DEPLOY / "kafka" / "pom.xml").read_text(encoding="utf-8")
    assert f"<version>{SERVICES['kafka']['image'].split(':')[1]}</version>" in pom


def test_each_path_is_in_the_checkout_and_no_secret_is() -> None:
    """Folders that are mounted and files that are built from are there; secrets are files of a folder that git does not take."""
    for service in SERVICES.values():
        for volume in service["volumes"]:
            if volume.startswith("."):
                in_the_checkout(volume.split(":")[0])
        if "build" in service:
            assert in_the_checkout(service["build"]["context"]) / service["build"]["dockerfile"] == DEPLOY / "Containerfile"
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    ignored = subprocess.run(["git", "check-ignore", "deploy/secrets/TWILIO_AUTH_TOKEN"], cwd=DEPLOY.parent, check=False)
    assert ignored.returncode == 0
    assert not re.search(r"(?i)(token|password|secret)\w*: *[^/{\s][^\s]*\w$", json.dumps(SERVICES))


def test_prometheus_asks_each_part_that_can_be_asked() -> None:
    """The ports of its targets are those that the parts were given, in Compose and in systemd's template."""
    config = in_the_checkout("prometheus/parts.yml")
    jobs = YAML(typ="safe").load(config.read_text(encoding="utf-8"))["scrape_configs"]
    asked = {int(t.rpartition(":")[2]) for job in jobs for targets in job["static_configs"] for t in targets["targets"]}
    given = set()
    for name in PARTS_RUN:
        params = understood(words_of(SERVICES[name]["command"], ENVIRONMENT)).params
        if params.get("part") == "console":
            given.add(params["port"])
        elif params.get("part") in METRICS_PORT:
            given.add(params["metrics_port"] or METRICS_PORT[params["part"]])
    assert asked == given
    template = (DEPLOY / "systemd" / "polyrisk-processor@.service").read_text(encoding="utf-8")
    assert {int(f"946{n}") for n in range(1, 5)} <= asked
    assert "--metrics-port 946%i" in template


def test_the_image_is_built_as_its_linter_wants() -> None:
    """hadolint finds nothing that is not answered in the file."""
    beside_python = Path(sys.executable).with_name("hadolint")  # the locked one, whatever PATH says
    done = subprocess.run([beside_python, str(DEPLOY / "Containerfile")], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_holds_no_secret_and_runs_as_nobody_in_particular() -> None:
    """What is copied in leaves secrets and histories out; the user is a number that owns its own folders alone."""
    written = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (.*)$", written, re.MULTILINE) == ["10001:10001"]
    for name in (".dockerignore", ".containerignore"):
        assert {".git", "var", "deploy/secrets"} <= set((DEPLOY.parent / name).read_text(encoding="utf-8").split())
