"""What is published about the records is generated, current, valid, and true of real records and real files."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML
from schema_examples import OUTPUTS, RECORDS

from schemas import generate
from schemas.topics import TOPICS
from schemas.yaml_files import plain

ROOT = Path(__file__).parents[2]
JSON_FILES = sorted((ROOT / "schemas" / "json").glob("*.json"))


def _schema(name: str) -> dict[str, Any]:
    loaded = json.loads((ROOT / "schemas" / "json" / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _written(path: Path) -> Any:
    """A file that people wrote, as JSON values: dates as texts."""
    return json.loads(json.dumps(plain(YAML(typ="safe").load(path.read_text(encoding="utf-8"))), default=str))


def test_committed_files_are_current() -> None:
    """What stands in the repository is exactly what the models generate."""
    assert generate.stale(ROOT / "schemas") == []
    assert generate.main(["--check"]) == 0


def test_check_names_each_stale_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed, a missing and a left-over file are each named, the exit code is 1, and writing makes all current."""
    shutil.copytree(ROOT / "schemas" / "json", tmp_path / "json")
    (tmp_path / "json" / "tick.json").write_text("{}", encoding="utf-8")
    (tmp_path / "json" / "event.json").unlink()
    (tmp_path / "json" / "left_over.json").write_text("{}", encoding="utf-8")
    assert generate.main(["--check"], tmp_path) == 1
    said = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in said] == [
        f"schemas/{n}" for n in ("asyncapi.yaml", "json/event.json", "json/left_over.json", "json/tick.json")
    ]
    assert generate.main([], tmp_path) == 0
    assert generate.main(["--check"], tmp_path) == 0


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda p: p.stem)
def test_each_is_a_valid_json_schema(path: Path) -> None:
    """Every generated file is itself valid JSON Schema 2020-12, and refers to nothing that it does not hold."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == generate.DIALECT
    assert schema["$id"] == path.name
    Draft202012Validator.check_schema(schema)
    for reference in _references(schema):
        assert reference.startswith("#/$defs/")
        assert reference.removeprefix("#/$defs/") in schema["$defs"]


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [r for part in node for r in _references(part)]
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [r for value in node.values() for r in _references(value)]
    return []


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_records_are_as_their_schema_says(name: str) -> None:
    """A record as it is written is valid by its schema, and one with an unknown key is not."""
    written = json.loads(RECORDS[name].model_dump_json())
    validator = Draft202012Validator(_schema(name))
    validator.validate(written)
    with pytest.raises(ValidationError, match="telephone"):
        validator.validate({**written, "telephone": "1"})


def test_every_kind_of_every_topic_has_a_schema() -> None:
    """No record kind travels without a schema, and an output's CloudEvents attribute names the file that exists."""
    kinds = {kind for topic in TOPICS.values() for kind in topic.kinds} - {"observations"}
    assert kinds <= {path.stem for path in JSON_FILES}
    assert set(OUTPUTS) == {kind for name in TOPICS for kind in TOPICS[name].kinds if name != "input"}


WRITTEN = [
    (path, name)
    for pattern, name in (
        ("countries/*/thresholds.yaml", "thresholds_file"),
        ("countries/*/rules.yaml", "rules_file"),
        ("countries/*/country.yaml", "country_file"),
        ("feeds/*/feed.yaml", "feed_file"),
        ("countries/*/tests/*.yaml", "rule_tests_file"),
        ("countries/*/frameworks/*/framework.yaml", "framework_file"),
        ("countries/*/frameworks/*/thresholds.yaml", "thresholds_file"),
        ("countries/*/frameworks/*/rules.yaml", "rules_file"),
        ("countries/*/frameworks/*/tests/*.yaml", "rule_tests_file"),
    )
    for path in sorted(ROOT.glob(pattern))
]


@pytest.mark.parametrize(("path", "name"), WRITTEN, ids=[str(p.relative_to(ROOT)) for p, _ in WRITTEN])
def test_files_that_people_wrote_are_valid_for_editors(path: Path, name: str) -> None:
    """An editor with our schemas marks nothing in the files that the product itself accepts."""
    assert [e.message for e in Draft202012Validator(_schema(name)).iter_errors(_written(path))] == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("thresholds_file", {"stale_after": "3 hours"}),
        ("thresholds_file", {"for": "twice"}),
        ("thresholds_file", {"stales_after": "3 h"}),
        ("rules_file", {"when": "river_station > orange"}),
        ("rules_file", {"when": {"all": ["river_station >= violet"]}}),
        ("rules_file", {"level": "violet"}),
    ],
)
def test_an_editor_marks_what_is_wrong(name: str, wrong: dict[str, Any]) -> None:
    """A span without a known unit, an unknown key, level or condition is marked."""
    kept = _written(ROOT / "countries" / "lka" / f"{name.removesuffix('_file')}.yaml")
    first = next(iter(kept))
    validator = Draft202012Validator(_schema(name))
    assert not list(validator.iter_errors({first: kept[first]}))
    assert list(validator.iter_errors({first: {**kept[first], **wrong}}))
