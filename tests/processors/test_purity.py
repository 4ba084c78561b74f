"""The step is a function of its arguments: read from the syntax trees of all that it reaches."""

import ast
import importlib.util
from pathlib import Path

import pytest

PROCESSORS = Path(__file__).resolve().parents[2] / "processors"
BANNED_MODULES = {
    "asyncio", "glob", "io", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3", "subprocess",
    "tempfile", "threading", "time", "uuid", "urllib", "httpx", "logging", "eventlog", "feeds", "alerts",
}  # fmt: skip
BANNED_NAMES = {"open", "print", "input", "id", "hash", "breakpoint", "exec", "eval"}
BANNED_ATTRIBUTES = {"now", "utcnow", "today", "random", "urandom", "getenv", "environ", "memory_map", "OSFile"}


def reached() -> list[Path]:
    """The files that `engine.py` imports, itself included."""
    found: list[Path] = []
    waiting = ["engine"]
    while waiting:
        path = file_of(waiting.pop())
        if path is not None and path not in found:
            found.append(path)
            waiting.extend(m.removeprefix("processors.") for m in modules(path) if m.startswith("processors."))
    return sorted(found)


def file_of(module: str) -> Path | None:
    """The file of a module of the engine, or of a package; none for a name that a package defines itself."""
    name = PROCESSORS / module.replace(".", "/")
    path = name / "__init__.py" if name.is_dir() else name.with_suffix(".py")
    return path if path.is_file() else None


def modules(path: Path) -> list[str]:
    """The modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    named = [n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module]
    packages = ("processors", "processors.kinds")
    within = [f"{n.module}.{a.name}" for n in nodes if isinstance(n, ast.ImportFrom) and n.module in packages for a in n.names]
    return [*plain, *named, *within]


def breaks(source: str, name: str) -> list[str]:
    """The places in a file where it could learn of the world, as `file:line: what`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [(node.lineno, a.name) for a in names if a.name.split(".")[0] in BANNED_MODULES]
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in BANNED_MODULES:
                found.append((node.lineno, module))
            case ast.Call(func=ast.Name(id=called)) if called in BANNED_NAMES:
                found.append((node.lineno, f"{called}()"))
            case ast.Call(func=ast.Attribute(attr=called, value=ast.Name(id=owner))) if called in BANNED_ATTRIBUTES and owner != "self":
                found.append((node.lineno, f"{owner}.{called}()"))
    return [f"{name}:{line}: {what}" for line, what in found]


def test_the_engine_reaches_more_than_a_few_files() -> None:
    """The search for impure code looks at the whole engine, and not at what runs around it."""
    names = {path.stem for path in reached()}
    assert {"engine", "levels", "conditions", "events", "breaches", "roll_up", "sequences", "silence"} <= names
    assert {"fixed", "endemic_channel", "periods"} <= names
    assert not names & {"loop", "ticker", "metrics", "baselines"}


@pytest.mark.parametrize("path", reached(), ids=lambda p: p.stem)
def test_no_clock_no_input_or_output_no_chance(path: Path) -> None:
    """Nothing that the step reaches asks a clock, touches a file or network, or draws lots."""
    assert breaks(path.read_text(encoding="utf-8"), path.name) == []


def test_the_search_finds_what_it_looks_for() -> None:
    """Code that would break the rule is named with its line."""
    source = "import random\nfrom datetime import datetime\ndatetime.now()\nopen('x')\n"
    assert breaks(source, "x.py") == ["x.py:1: random", "x.py:3: datetime.now()", "x.py:4: open()"]
    assert importlib.util.find_spec("processors.engine") is not None
