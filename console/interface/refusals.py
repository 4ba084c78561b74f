"""The sentences with which code behind the pages refuses something, or finds something wrong, as they stand there: read from the code, so
that none is forgotten among those that a page knows (`console.interface.recognising`).

A part that changes stands as `{}`. A name or a helper that stands for a sentence is followed to where it was written, as far as that is in
the same function or the same file; each of several ways is a sentence of its own.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BY_COMMAND_ALONE = (
    "alerts/by_hand.py",
    "alerts/drills/",
    "alerts/listening/inbox.py",
    "alerts/people/enrolling.py",
    "alerts/people/enrolment_files.py",
    "alerts/people/key_copies.py",
    "alerts/people/welcome.py",
    "alerts/registry.py",
    "alerts/registry_copies.py",
    "alerts/review_files.py",
)
"""What refuses nothing that a page does: it is reached by commands alone, which speak English."""
_HOMES_OF_LOGS = ROOT / "eventlog" / "homes"
"""A page says by itself that the log cannot be read; what to do about it, the log says."""
CHANGES = "{}"
"""What stands for a part that changes."""
_MOST_WAYS = 64
_DEEPEST = 6


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Attributes:
        english: with `{}` for each part that changes. file: as it was given. line: from 1.
    """

    english: str
    file: Path
    line: int


@lru_cache(maxsize=1)
def behind_pages() -> tuple[Sentence, ...]:
    """All sentences that may come to a page from the code: of the alerts, of the console itself, and what to do about a log."""
    return tuple(dict.fromkeys(_behind_pages()))


def _behind_pages() -> Iterator[Sentence]:
    paths = [path for folder in ("alerts", "console") for path in sorted((ROOT / folder).rglob("*.py"))]
    refused = classes_of_refusals(paths)
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(BY_COMMAND_ALONE):
            yield from refusals(path, refused | ({"ConfigurationError"} if name == "alerts/texts.py" else frozenset()))
    homes = sorted(_HOMES_OF_LOGS.glob("*.py"))
    lost = classes_of_refusals(homes, "LogError") | {"FencedError", "NewerVersionError"}
    for path in homes:
        yield from refusals(path, lost, ("remedy",))


def refusals(path: Path, errors: frozenset[str], parts: tuple[str, ...] = ("what", "remedy")) -> Iterator[Sentence]:
    """What a module refuses with, and what it says to do.

    Args:
        errors: names of the classes of refusals. parts: which of the two.
    """
    module = _Module(ast.parse(path.read_text(encoding="utf-8")))
    for function, call in module.calls():
        if not _is_refusal(call, errors, module.bases_of(call)):
            continue
        said = [call.args[0]] if call.args and "what" in parts else []
        said += [keyword.value for keyword in call.keywords if keyword.arg in parts]
        for expression in said:
            for english in module.sentences(expression, function):
                if english.strip(CHANGES + " "):
                    yield Sentence(english, path, call.lineno)


def classes_of_refusals(paths: list[Path], base: str = "RefusedError") -> frozenset[str]:
    """The names of a class of errors and of all that are made of it."""
    found = {base}
    classes = [node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.ClassDef)]
    for _ in range(_DEEPEST):
        found |= {one.name for one in classes if {base.id for base in one.bases if isinstance(base, ast.Name)} & found}
    return frozenset(found)


def _is_refusal(call: ast.Call, errors: frozenset[str], bases: frozenset[str]) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id in errors
    own = isinstance(call.func, ast.Attribute) and call.func.attr == "__init__" and isinstance(call.func.value, ast.Call)
    return own and bool(bases & errors)


class _Module:
    """A file, and what its names stand for."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self._constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        self._class_of: dict[int, frozenset[str]] = {}
        for one in ast.walk(tree):
            if isinstance(one, ast.ClassDef):
                bases = frozenset(base.id for base in one.bases if isinstance(base, ast.Name))
                self._class_of |= {id(node): bases for node in ast.walk(one) if isinstance(node, ast.Call)}

    def calls(self) -> Iterator[tuple[ast.AST, ast.Call]]:
        """Each call with the innermost function that it stands in."""
        yield from self._calls_in(self._tree, self._tree)

    def _calls_in(self, node: ast.AST, function: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                yield function, child
            yield from self._calls_in(child, child if isinstance(child, ast.FunctionDef) else function)

    def bases_of(self, call: ast.Call) -> frozenset[str]:
        """What the class that a call stands in is made of."""
        return self._class_of.get(id(call), frozenset())

    def sentences(self, expression: ast.expr, function: ast.AST, depth: int = 0) -> list[str]:
        """All that an expression may say."""
        if depth > _DEEPEST:
            return [CHANGES]
        match expression:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=values):
                ways = [self._part(value, function, depth + 1) for value in values]
            case ast.IfExp(body=body, orelse=other):
                return [*self.sentences(body, function, depth + 1), *self.sentences(other, function, depth + 1)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                ways = [self.sentences(side, function, depth + 1) for side in (left, right)]
            case ast.Name(id=name):
                return self._named(name, function, depth) or [CHANGES]
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                return self._answered(self._functions[name], depth) or [CHANGES]
            case _:
                return [CHANGES]
        return list(dict.fromkeys("".join(way) for way in product(*ways)))[:_MOST_WAYS]

    def _part(self, value: ast.expr, function: ast.AST, depth: int) -> list[str]:
        """What stands at one place of a text: a phrase of ours is part of the sentence, all else changes."""
        if isinstance(value, ast.FormattedValue):
            return self.sentences(value.value, function, depth)
        return self.sentences(value, function, depth)

    def _named(self, name: str, function: ast.AST, depth: int) -> list[str]:
        """What a name may stand for, if it stands for texts of ours alone."""
        given = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        ]
        given = given or [self._constants[name]] if name in self._constants or given else []
        return list(dict.fromkeys(text for value in given for text in self.sentences(value, function, depth + 1)))

    def _answered(self, function: ast.FunctionDef, depth: int) -> list[str]:
        returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
        return list(dict.fromkeys(text for value in returns for text in self.sentences(value, function, depth + 1)))
