"""The alarms: right by the tools of Prometheus and Alertmanager themselves, on metrics that exist, each with what to do in words."""

import re
import subprocess
from pathlib import Path

import pytest
from exposed import BY_PROMETHEUS, FOREIGN, asked, grouped_by, shown
from ruamel.yaml import YAML

from alerts.ledger import STAGES
from polyrisk.defaults import PARTS
from schemas.country_files import CHECKOUT
from schemas.levels import Level
from schemas.warning_records import MessageState

DEPLOY = CHECKOUT / "deploy"
RULES = DEPLOY / "prometheus" / "rules" / "polyrisk.yml"
CASES = sorted((DEPLOY / "prometheus" / "tests").glob("*.yml"))
ALERTS = [rule for group in YAML(typ="safe").load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
NAMES = sorted({rule["alert"] for rule in ALERTS})
OPERATORS = (CHECKOUT / "docs" / "operators.md").read_text(encoding="utf-8")
CLOSED = {
    "level": {level.word for level in Level},
    "state": {state.value for state in MessageState},
    "stage": set(STAGES),
    "part": set(PARTS),
}
"""Labels whose values are words of a closed set."""


def said(*command: str | Path) -> str:
    """What a tool says; it must find nothing wrong."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_prometheus_takes_its_configuration() -> None:
    """With the rule files that it names, which are all that there are."""
    assert "1 rule files found" in said("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    assert list(RULES.parent.iterdir()) == [RULES]


def test_the_rules_are_rules_and_none_is_there_twice() -> None:
    """By Prometheus' own linter, as strict as it can be."""
    assert f"{len(ALERTS)} rules found" in said("promtool", "check", "rules", "--lint=all", "--lint-fatal", RULES)


@pytest.mark.parametrize("cases", CASES, ids=[path.stem for path in CASES])
def test_what_must_fire_fires_and_what_must_not_does_not(cases: Path) -> None:
    """Each file is a specification of alarms over time; `promtool test rules` plays it."""
    assert "SUCCESS" in said("promtool", "test", "rules", cases)


def test_a_case_that_is_wrong_is_found(tmp_path: Path) -> None:
    """The tool does compare: the same cases with a feed that is let be silent for ever fail."""
    text = (DEPLOY / "prometheus" / "tests" / "feeds.yml").read_text(encoding="utf-8")
    (tmp_path / "feeds.yml").write_text(text.replace("../rules/polyrisk.yml", str(RULES)).replace("9000x600", "9000000x600"))
    done = subprocess.run(["promtool", "test", "rules", str(tmp_path / "feeds.yml")], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "FeedSilent" in done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_each_alarm_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(name: str) -> None:
    """An alarm that nobody saw fire may never, and one that nobody saw silent may be heard by nobody."""
    fires, quiet = set(), set()
    for path in CASES:
        for case in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["tests"]:
            for question in case["promql_expr_test"]:
                expected = " ".join(sample["labels"] for sample in question.get("exp_samples", ()))
                found = set(re.findall(r'alertname="(\w+)"', expected))
                asked_of = {n for n in NAMES if _asks_of(question["expr"], n)}
                fires |= found
                quiet |= asked_of - found
    assert name in fires
    assert name in quiet or name == "Watchdog"


def _asks_of(expr: str, name: str) -> bool:
    """Whether a question over ALERTS would have this one in its answer if it fired."""
    said_of = re.search(r'alertname(=~|!~|=)"([^"]+)"', expr)
    if said_of is None:
        return True
    matches = re.fullmatch(said_of[2], name) is not None
    return not matches if said_of[1] == "!~" else matches


@pytest.mark.parametrize("rule", ALERTS, ids=[f"{rule['alert']}-{rule['labels']['severity']}" for rule in ALERTS])
def test_each_alarm_rests_on_metrics_that_are_shown(rule: dict[str, str], tmp_path: Path) -> None:
    """A name, a label or a value that nobody shows would never alarm."""
    metrics = shown(tmp_path)
    for name, labels in asked(rule["expr"]).items():
        assert name in metrics or name in FOREIGN, name
        assert labels <= metrics.get(name, labels) | BY_PROMETHEUS
    known = frozenset().union(*metrics.values()) | BY_PROMETHEUS
    assert grouped_by(rule["expr"]) <= known
    assert set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) <= known
    for label, value in re.findall(r'(\w+)="(\w+)"', rule["expr"]):
        assert label == "job" or value in CLOSED[label]


@pytest.mark.parametrize("rule", ALERTS, ids=[f"{rule['alert']}-{rule['labels']['severity']}" for rule in ALERTS])
def test_each_alarm_says_how_grave_it_is_and_where_stands_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    """A sentence for the telephone, one for the desk, and a section that there is."""
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook"}
    assert rule["annotations"]["summary"].endswith(".")
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert file == "docs/operators.md"
    assert anchor == str(rule["alert"]).lower()
    assert re.search(rf"^### {rule['alert']}$", OPERATORS, re.MULTILINE)


def test_no_section_is_left_of_an_alarm_that_is_gone() -> None:
    """The page lists the alarms there are, each once."""
    section = OPERATORS.split("## When an alert comes")[1].split("\n## ")[0]
    assert sorted(re.findall(r"^### (\w+)$", section, re.MULTILINE)) == NAMES


def test_alertmanager_takes_its_configuration_and_each_alarm_has_its_way() -> None:
    """Critical ones wake somebody, warnings wait, the sign of life goes where its absence is noticed."""
    file = DEPLOY / "alertmanager" / "alertmanager.yml"
    assert "SUCCESS" in said("amtool", "check-config", file)
    ways = {"critical": "pager", "warning": "desk", "none": "sign_of_life"}
    for rule in ALERTS:
        labels = [f"alertname={rule['alert']}", f"severity={rule['labels']['severity']}"]
        routed = said("amtool", "config", "routes", "test", f"--config.file={file}", *labels)
        assert routed.split()[0] == ways[rule["labels"]["severity"]]


def test_what_follows_from_something_graver_is_named_rightly() -> None:
    """A name that is misspelt in a rule of inhibition would silence nothing, or everything."""
    text = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    named = {name for group in re.findall(r'alertname=~?"([\w|]+)"', text) for name in group.split("|")}
    assert named <= set(NAMES)
