"""Files that people write: read with the place of every key, so that a finding names its line."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from schemas.errors import ConfigurationError
from schemas.findings import Finding


class YamlFile:
    """One file: its values, and where each of them stands.

    Raises:
        ConfigurationError: the file cannot be read or is not YAML; names line and column.
    """

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path
        self.name = str(path.relative_to(root)) if root and path.is_relative_to(root) else str(path)
        try:
            self.data: Any = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}.", where=self.name) from error
        except MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name
            raise ConfigurationError(f"is not YAML: {error.problem}.", where=where) from error

    def place(self, location: Sequence[str | int]) -> tuple[int, int]:
        """Line and column (from 1) of the value at `location`, or of the nearest enclosing one."""
        node, line, column = self.data, 1, 1
        for step in location:
            if isinstance(node, CommentedMap) and step in node:
                line, column = (n + 1 for n in node.lc.key(step))
                if not isinstance(node[step], CommentedMap | CommentedSeq):
                    continue  # a model's choice among forms is named by a key too, and what lies beside it is meant
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line, column = (n + 1 for n in node.lc.item(step))
            else:
                continue
            node = node[step]
        return line, column

    def finding(self, check: str, location: Sequence[str | int], what: str, why: str = "", remedy: str = "") -> Finding:
        """A finding at the place of `location`."""
        line, column = self.place(location)
        return Finding(check=check, file=self.name, line=line, column=column, what=what, why=why, remedy=remedy)

    def findings_of(self, error: ValidationError, prefix: Sequence[str | int] = (), model: type[BaseModel] | None = None) -> list[Finding]:
        """The findings that a model's refusal stands for; an unknown key is answered with the nearest one."""
        found = []
        for detail in error.errors():
            location = (*prefix, *detail["loc"])
            remedy = ""
            if detail["type"] == "extra_forbidden" and model is not None:
                names = [f.alias or n for n, f in _model_at(model, detail["loc"][:-1]).model_fields.items()]
                near = difflib.get_close_matches(str(detail["loc"][-1]), names, 1)
                remedy = f"Nearest is `{near[0]}`." if near else f"Known are {', '.join(names)}."
                what = f"unknown key `{detail['loc'][-1]}`."
            else:
                what = f"{'.'.join(str(p) for p in location)}: {detail['msg'].removeprefix('Value error, ')}."
            found.append(self.finding(detail["type"].replace("_", "-"), location, what, remedy=remedy))
        return found


def _model_at(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel]:
    """The model of what stands at a location inside a model; the nearest around it if that is none."""
    for step in location:
        field = next((f for n, f in model.model_fields.items() if step in (n, f.alias)), None)
        inner = next(_models_in(field.annotation), None) if field is not None else None
        model = inner or model
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type is made of, in the order written."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def plain(value: Any) -> Any:
    """The same values as plain dicts, lists and scalars."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(v) for v in value]
    return value
