"""What `deploy/` names exists: the command of the service, and each metric of an alarm."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client import Counter, Gauge
from ruamel.yaml import YAML

from alerts import ledger
from alerts.metrics import Metrics
from polyrisk.__main__ import main
from processors import metrics as processors
from schemas.country_files import CHECKOUT
from schemas.warning_records import MessageState

DEPLOY = CHECKOUT / "deploy"
RULES = YAML(typ="safe").load((DEPLOY / "prometheus" / "rules.yml").read_text())["groups"][0]["rules"]


def test_the_service_runs_a_command_that_there_is() -> None:
    """Its options are those of `polyrisk run`, and it sends nothing."""
    (line,) = re.findall(r"^ExecStart=(.*)$", (DEPLOY / "systemd" / "polyrisk-all.service").read_text(), re.MULTILINE)
    program, *words = shlex.split(line)
    assert Path(program).name == "polyrisk"
    assert "--send" not in words
    shown = CliRunner().invoke(main, [*words, "--help"])
    assert shown.exit_code == 0
    assert all(word in shown.output for word in words if word.startswith("--"))


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_each_alarm_rests_on_a_metric_that_is_shown(rule: dict[str, str]) -> None:
    """A name that nobody exports would never alarm."""
    collectors = [Metrics().registry, *(one for one in vars(processors).values() if isinstance(one, Counter | Gauge))]
    shown = {sample for one in collectors for family in one.collect() for sample in (family.name, f"{family.name}_total")}
    asked = set(re.findall(r"polyrisk_\w+", rule["expr"]))
    assert asked <= shown
    for label, value in re.findall(r'(\w+)="(\w+)"', rule["expr"]):
        assert value in {"stage": {ledger.PENDING}, "state": set(MessageState), "job": {"polyrisk"}}[label]
