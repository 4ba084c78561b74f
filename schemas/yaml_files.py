"""Files that people write: read with the place of every key, so that a finding names its line."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Tag, ValidationError
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from schemas.errors import ConfigurationError
from schemas.findings import Finding

Written = Callable[[tuple[str | int, ...]], tuple[str | int, ...]]
"""Where a part of a model is written in its file."""
SIZE_LIMIT = 1_000_000
"""Bytes of one file."""
MOST_VALUES = 200_000
"""Of one file, anchors followed: a few lines of them could stand for more than fits into any machine."""

MOST_DEPTH = 100
"""Brackets open at once."""
_BRACKETS = re.compile(r"[\[\]{}]")
_ASKED = re.compile(r"^[ \t]*\?[ \t]", re.MULTILINE)
"""Where YAML lets a whole list or mapping be a key."""


class YamlFile:
    """One file: its values, and where each of them stands.

    Raises:
        ConfigurationError: the file cannot be read, is not UTF-8 or not YAML, or far too large; names line and column.
    """

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path
        self.name = str(path.relative_to(root)) if root and path.is_relative_to(root) else str(path)
        text = self._text()
        deep = _too_deep(text)
        if deep is not None:
            line, column = _line_of(text[:deep])
            raise ConfigurationError(f"is nested deeper than {MOST_DEPTH} brackets.", where=f"{self.name}:{line}:{column}")
        try:
            self.data: Any = YAML(typ="rt").load(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else self.name
            raise ConfigurationError(f"is not YAML: {error.problem}.", where=where) from error
        except ReaderError as error:
            line, column = _line_of(text[: error.position])
            what = f"has a character that no text has (code {ord(text[error.position])})."
            raise ConfigurationError(what, where=f"{self.name}:{line}:{column}", remedy="Delete it.") from error
        except TypeError as error:  # ruamel.yaml asks for the hash of a key that has none
            asked = _ASKED.search(text)
            where = f"{self.name}:{_line_of(text[: asked.end()])[0]}" if asked else self.name
            what = "has a list or a mapping where a key belongs."
            raise ConfigurationError(what, where=where, remedy="Write a word before the colon, and no `?`.") from error
        except LookupError as error:  # of its version table
            raise ConfigurationError(
                f"is YAML of a version that is not known: {error}.", where=self.name, remedy="Leave `%YAML` out."
            ) from error
        except (YAMLError, ValueError, ArithmeticError, RecursionError, AttributeError, AssertionError, NotImplementedError) as error:
            what = "is nested too deeply." if isinstance(error, RecursionError) else f"is not YAML that can be read: {error}."
            raise ConfigurationError(what, where=self.name) from error
        if _size(self.data, {}) > MOST_VALUES:
            what = f"stands for more than {MOST_VALUES} values."
            raise ConfigurationError(what, where=self.name, remedy="Write out what `*` repeats, or split the file.")

    def _text(self) -> str:
        """What stands in the file.

        Raises:
            ConfigurationError: it cannot be read, is far too long, or is not UTF-8.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}.", where=self.name) from error
        if len(content) > SIZE_LIMIT:
            what = f"has {len(content)} bytes; no file that people write here has more than {SIZE_LIMIT}."
            raise ConfigurationError(what, where=self.name, remedy="Figures belong into a CSV file.")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line, column = _line_of(content[: error.start].decode("utf-8", errors="replace"))
            what = f"is not UTF-8: it has the byte {content[error.start]:#04x} here."
            raise ConfigurationError(what, where=f"{self.name}:{line}:{column}", remedy="Save it as UTF-8 in the editor.") from error

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

    def findings_of(
        self,
        error: ValidationError,
        prefix: Sequence[str | int] = (),
        model: type[BaseModel] | None = None,
        written: "Written | None" = None,
    ) -> list[Finding]:
        """The findings that a model's refusal stands for; an unknown key is answered with the nearest one.

        Args:
            prefix: where the model stands in the file. written: where a part of it stands, if the file writes it otherwise.
        """
        found = []
        details = error.errors()
        for detail in details:
            if detail["type"] == "too_short" and any(_lies_in(other["loc"], detail["loc"]) for other in details):
                continue  # it is too short because what stands in it does not read
            location = (*prefix, *(written(detail["loc"]) if written is not None else detail["loc"]))
            remedy = ""
            if detail["type"] == "extra_forbidden" and model is not None:
                names = [f.alias or n for n, f in _model_at(model, detail["loc"][:-1]).model_fields.items()]
                near = difflib.get_close_matches(str(detail["loc"][-1]), names, 1)
                remedy = f"Nearest is `{near[0]}`." if near else f"Known are {', '.join(names)}."
                what = f"unknown key `{detail['loc'][-1]}`."
            elif detail["type"] == "string_type" and isinstance(detail["input"], int | float) and not isinstance(detail["input"], bool):
                what = f"{'.'.join(str(p) for p in location)}: `{detail['input']}` is a number to YAML, and a text is asked for."
                remedy = "Write it in quotes, with the zeros it begins with."
            else:
                what = f"{'.'.join(str(p) for p in location)}: {detail['msg'].removeprefix('Value error, ')}."
            found.append(self.finding(detail["type"].replace("_", "-"), location, what, remedy=remedy))
        return found


def _model_at(model: type[BaseModel], location: Sequence[str | int]) -> type[BaseModel]:
    """The model of what stands at a location inside a model; the nearest around it if that is none."""
    choices: dict[str, type[BaseModel]] = {}
    for step in location:
        if step in choices:  # which of several forms is meant
            model, choices = choices[str(step)], {}
            continue
        field = _field(model, step)
        if field is not None:
            found = list(_models_in(field.annotation))
            choices = {tag: one for tag, one in found if tag}
            model = found[0][1] if found else model
    return model


def _field(model: type[BaseModel], key: str | int) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)


def _lies_in(location: Sequence[str | int], outer: Sequence[str | int]) -> bool:
    return len(location) > len(outer) and list(location[: len(outer)]) == list(outer)


def _models_in(annotation: Any, tag: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """The models that a type is made of, in the order written, each with the tag that tells it from the others."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield tag, annotation
    parts = get_args(annotation)
    tag = next((part.tag for part in getattr(annotation, "__metadata__", ()) if isinstance(part, Tag)), "")
    for part in parts:
        yield from _models_in(part, tag)


def _line_of(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows a text."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _too_deep(text: str) -> int | None:
    """Where more brackets are open than anybody means; none if nowhere. Reading such a text would take very long."""
    depth = 0
    for match in _BRACKETS.finditer(text):
        depth = max(0, depth + (1 if match[0] in "[{" else -1))
        if depth > MOST_DEPTH:
            return match.start()
    return None


def _size(value: Any, known: dict[int, int]) -> int:
    """How many values a value stands for, each that `*` repeats counted every time."""
    if not isinstance(value, Mapping | list):
        return 1
    if id(value) not in known:
        known[id(value)] = 1 + sum(_size(part, known) for part in (value.values() if isinstance(value, Mapping) else value))
    return known[id(value)]


def plain(value: Any) -> Any:
    """The same values as plain dicts, lists and scalars."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(v) for v in value]
    return value
