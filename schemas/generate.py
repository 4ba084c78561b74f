"""JSON Schemas and the AsyncAPI document, generated from the models, so that what is published never differs from what is checked.

`python -m schemas.generate` writes `schemas/json/*.json` and `schemas/asyncapi.yaml`; with `--check` it writes nothing and ends
with code 1, naming each file that is not current.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from schemas.asyncapi import document
from schemas.configuration import Configuration
from schemas.file_schemas import FILE_SCHEMAS
from schemas.inputs import Baseline, ConfigChange, GaugeDeclaration, Heartbeat, Observation, Tick
from schemas.outputs import CompoundEvent, DeadLetter, EngineChange, ThresholdBreach
from schemas.readings import PlainReading
from schemas.warning_records import AnswerCount, Delivery, JournalAnchor, Warning, WarningReview

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HERE = Path(__file__).parent
RECORDS: Mapping[str, type[BaseModel]] = {
    "observation": Observation,
    "reading": PlainReading,
    "heartbeat": Heartbeat,
    "tick": Tick,
    "configuration": ConfigChange,
    "baseline": Baseline,
    "declaration": GaugeDeclaration,
    "breach": ThresholdBreach,
    "event": CompoundEvent,
    "warning": Warning,
    "review": WarningReview,
    "delivery": Delivery,
    "answer": AnswerCount,
    "dead_letter": DeadLetter,
    "engine": EngineChange,
    "anchor": JournalAnchor,
}
"""Record kind to its model. `observation` is one row of an `observations` batch."""


def record_schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a record as it is written."""
    return {"$schema": DIALECT, "$id": f"{name}.json", **model.model_json_schema(mode="serialization", by_alias=True)}


def generated() -> dict[str, str]:
    """Path under `schemas/` to the text that should stand there."""
    schemas = {name: record_schema(name, model) for name, model in RECORDS.items()}
    schemas["judged_by"] = record_schema("judged_by", Configuration)
    for name, make in FILE_SCHEMAS.items():
        schemas[name] = {"$schema": DIALECT, "$id": f"{name}.json", **make()}
    texts = {f"json/{name}.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for name, schema in schemas.items()}
    return {**texts, "asyncapi.yaml": document()}


def stale(folder: Path) -> list[str]:
    """The files under `folder` that are missing, differ from what is generated, or are generated no more."""
    texts = generated()
    known = {path.relative_to(folder).as_posix() for path in folder.glob("json/*.json")}
    differs = [name for name, text in texts.items() if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text]
    return sorted({*differs, *(known - set(texts))})


def write(folder: Path) -> None:
    """Make the files under `folder` current; removes those that are generated no more."""
    texts = generated()
    (folder / "json").mkdir(parents=True, exist_ok=True)
    for path in folder.glob("json/*.json"):
        if path.relative_to(folder).as_posix() not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None, folder: Path = HERE) -> int:
    """Write the files, or with `--check` say which are not current (exit code 1)."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description="JSON Schemas and AsyncAPI from the models.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a file is not current")
    if not parser.parse_args(arguments).check:
        write(folder)
        return 0
    names = stale(folder)
    for name in names:
        print(f"schemas/{name} is not current. Run `make schemas` and commit it.", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
