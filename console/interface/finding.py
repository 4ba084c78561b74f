"""Every text of the console's own, where it stands: in the templates, in the code, and in the catalogue of indicators."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, nodes

from schemas.indicators import CATALOGUE

CONSOLE = Path(__file__).parent.parent
TEMPLATES = CONSOLE / "templates"
ROOT = CONSOLE.parent
_SAYS, _MARKS = "_", "later"


@dataclass(frozen=True)
class Text:
    """One text.

    Attributes:
        english: as it stands. file: from the checkout's folder on. line: from 1.
        given: the arguments it is given there; none if that is seen only when it is shown.
    """

    english: str
    file: str
    line: int
    given: frozenset[str] | None


def texts() -> list[Text]:
    """All of them, by where they stand."""
    found = [text for path in sorted(TEMPLATES.glob("*.html")) for text in of_template(path)]
    found += [text for path in sorted(CONSOLE.rglob("*.py")) for text in of_code(path)]
    return [*found, *(Text(one.title, "schemas/indicators.py", 1, frozenset()) for one in CATALOGUE.values())]


def of_template(path: Path) -> Iterator[Text]:
    """The texts that a template asks for."""
    tree = Environment().parse(path.read_text(encoding="utf-8"))  # noqa: S701 - nothing is rendered
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == _SAYS and call.args and isinstance(call.args[0], nodes.Const):
            given = frozenset(keyword.key for keyword in call.kwargs)
            yield Text(str(call.args[0].value), _shown(path), call.lineno, given)


def of_code(path: Path) -> Iterator[Text]:
    """The texts that a module asks for, or marks for later."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or not call.args:
            continue
        first = call.args[0]
        if call.func.id in (_SAYS, _MARKS) and isinstance(first, ast.Constant) and isinstance(first.value, str):
            open_ended = call.func.id == _MARKS or any(keyword.arg is None for keyword in call.keywords)
            given = None if open_ended else frozenset(str(keyword.arg) for keyword in call.keywords)
            yield Text(first.value, _shown(path), call.lineno, given)


@dataclass(frozen=True)
class Untranslated:
    """Words that stand in a template as they are."""

    words: str
    file: str
    line: int


_ALWAYS = frozenset({"Polyrisk", "CSV", "GeoJSON", "JSON", "POD", "FAR", "CSI", "Markdown"})
"""Names and abbreviations that are the same in every language."""
_SHOWN = re.compile(r"""\s(?:aria-label|title|alt|placeholder|data-of|data-label)="([^"]*)\"""")
_LEFT_AS_IS = re.compile(r"<(code|style|pre)\b.*?</\1>|<!--.*?-->|<!doctype[^>]*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")
_PLACE_HOLDER = "\x01"


def untranslated(path: Path) -> Iterator[Untranslated]:
    """The words that people would read of a template in English whatever their language; commands (`<code>`) are the same in all."""
    written = "".join(
        value if kind == "data" else _PLACE_HOLDER + "\n" * value.count("\n")
        for _, kind, value in Environment().lex(path.read_text(encoding="utf-8"))  # noqa: S701 - nothing is rendered
    )
    blank = _LEFT_AS_IS.sub(lambda found: "\n" * found[0].count("\n"), written)
    pieces = [(found.start(1), found[1]) for found in _SHOWN.finditer(blank)]
    outside = _TAG.sub(lambda found: "".join("\n" if c == "\n" else _PLACE_HOLDER for c in found[0]), blank)
    pieces += [(found.start(), found[0]) for found in re.finditer(rf"[^{_PLACE_HOLDER}\n]+", outside)]
    for at, piece in sorted(pieces):
        words = [word for word in _WORD.findall(re.sub(r"&\w+;", " ", piece)) if word not in _ALWAYS]
        if words:
            yield Untranslated(" ".join(piece.split()), _shown(path), blank.count("\n", 0, at) + 1)


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
