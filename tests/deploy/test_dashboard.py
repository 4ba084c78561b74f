"""The dashboard: Grafana's own model of it, questions that Prometheus understands, and metrics that there are."""

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from exposed import BY_PROMETHEUS, FOREIGN, asked, grouped_by, shown
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard, RowPanel
from ruamel.yaml import YAML

from alerts.metrics import Metrics
from schemas.country_files import CHECKOUT

FILE = CHECKOUT / "deploy" / "grafana" / "polyrisk.json"
BOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
QUESTIONS = [(panel["title"], target) for panel in PANELS for target in panel["targets"]]
COLUMNS = 24
"""Of Grafana's grid."""
BY_RULES = frozenset({"alertname", "alertstate", "severity"})
"""Labels that Prometheus gives to ALERTS."""


def lost(one: Any, other: Any, where: str = "") -> list[str]:
    """What of one document is not in another."""
    if isinstance(one, dict) and isinstance(other, dict):
        gone = [f"{where}/{key}" for key in one if key not in other]
        return gone + [found for key in one if key in other for found in lost(one[key], other[key], f"{where}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [found for n, pair in enumerate(zip(one, other, strict=True)) for found in lost(*pair, f"{where}/{n}")]
    return [] if one == other else [where]


def read_and_written(document: dict[str, Any]) -> dict[str, Any]:
    """A dashboard as Grafana's model takes it in and gives it out."""
    register_default_plugins()
    written: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True, indent=1).encode(Dashboard.from_json(document)))
    return written


def test_grafana_knows_every_word_of_it() -> None:
    """Its own model, made for code, reads the file and loses nothing; each panel is of a kind that has a model of its options."""
    assert lost(BOARD, read_and_written(BOARD)) == []
    panels = Dashboard.from_json(BOARD).panels or []
    assert [panel.title for panel in panels if not isinstance(panel, RowPanel) and isinstance(panel.options, dict)] == []


def test_a_word_that_grafana_does_not_know_is_found() -> None:
    """The comparison does compare."""
    spoilt = json.loads(FILE.read_text(encoding="utf-8"))
    spoilt["panels"][1]["options"]["colourMode"] = "value"
    spoilt["pannels"] = []
    assert lost(spoilt, read_and_written(spoilt)) == ["/pannels", "/panels/1/options/colourMode"]


def test_it_is_of_a_version_that_todays_grafana_reads() -> None:
    """36 is that of Grafana 9; newer ones bring older ones to theirs."""
    assert BOARD["schemaVersion"] >= 36
    assert BOARD["uid"] == "polyrisk"
    assert "id" not in BOARD  # each Grafana gives its own


def test_panels_have_names_of_their_own_and_no_two_lie_on_each_other() -> None:
    """Within the columns of the grid, each with words that say what is seen."""
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    titles = [panel["title"] for panel in PANELS]
    assert len(titles) == len(set(titles))
    assert all(panel["description"].endswith(".") for panel in PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] >= 0
        assert at["x"] + at["w"] <= COLUMNS
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    rows = [panel["gridPos"]["y"] for panel in BOARD["panels"] if panel["type"] == "row"]
    assert all(one < other for one, other in pairwise(rows))


def test_every_panel_asks_the_prometheus_that_whoever_looks_has_chosen() -> None:
    """No name of a server stands in the file; the variable is one of datasources of Prometheus."""
    (variable,) = BOARD["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert all(panel["datasource"] == chosen for panel in PANELS)
    assert all(target["datasource"] == chosen for _, target in QUESTIONS)
    assert all(annotation["datasource"] == chosen for annotation in BOARD["annotations"]["list"])


def test_what_nobody_knows_is_not_shown_as_zero() -> None:
    """Each panel says in words what no value means."""
    assert all(panel["fieldConfig"]["defaults"]["noValue"] in {"nobody knows", "none", "none waits"} for panel in PANELS)


def test_prometheus_understands_every_question(tmp_path: Path) -> None:
    """Each is put into a rule, and `promtool` parses it."""
    rules = [{"record": f"question:{n}", "expr": target["expr"]} for n, (_, target) in enumerate(QUESTIONS)]
    with (tmp_path / "questions.yml").open("w", encoding="utf-8") as file:
        YAML().dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
    command = ["promtool", "check", "rules", "--lint=none", str(tmp_path / "questions.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"{len(QUESTIONS)} rules found" in done.stdout


@pytest.mark.parametrize(("title", "target"), QUESTIONS, ids=[f"{title} {target['refId']}" for title, target in QUESTIONS])
def test_each_question_is_about_metrics_that_are_shown(title: str, target: dict[str, str], tmp_path: Path) -> None:
    """Names and labels, those of the legend included."""
    metrics = shown(tmp_path)
    names = asked(target["expr"])
    assert names
    for name, labels in names.items():
        assert name in metrics or name in FOREIGN, name
        assert labels <= metrics.get(name, labels) | BY_PROMETHEUS
    of_all = frozenset().union(*(metrics.get(name, BY_RULES) for name in names)) | BY_PROMETHEUS
    assert grouped_by(target["expr"]) <= of_all
    assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= of_all


def test_what_people_must_see_is_on_it() -> None:
    """Ages of feeds, lag, messages by state, what is unsigned, unsent by reason, answers, balance; what went out by agreement and nobody
    has reviewed, what people wrote and are woken for, when drills were good."""
    on_it = {name for _, target in QUESTIONS for name in asked(target["expr"])}
    assert on_it >= {
        "polyrisk_feed_last_success_timestamp_seconds",
        "polyrisk_processor_lag_records",
        "polyrisk_messages",
        "polyrisk_unsigned_oldest_timestamp_seconds",
        "polyrisk_messages_unsent",
        "polyrisk_answers",
        "polyrisk_provider_balance",
        "polyrisk_unreviewed_messages",
        "polyrisk_unreviewed_oldest_timestamp_seconds",
        "polyrisk_wakings",
        "polyrisk_wakings_oldest_timestamp_seconds",
        "polyrisk_originated_warnings",
        "polyrisk_originated_end_timestamp_seconds",
        "polyrisk_agreement_end_timestamp_seconds",
        "polyrisk_last_good_drill_timestamp_seconds",
        "polyrisk_last_good_sent_drill_timestamp_seconds",
    }


def test_whatever_the_alert_service_tells_has_a_panel() -> None:
    """A new metric of alerts that nobody would see is found here."""
    on_it = {name for _, target in QUESTIONS for name in asked(target["expr"])}
    assert {family.name for family in Metrics().registry.collect()} <= on_it
