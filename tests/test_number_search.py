"""The search for telephone numbers finds one wherever it leaves: it is tried with tests that let one out."""

import subprocess
import sys
from pathlib import Path

import pytest
from number_search import NumberSearch

TESTS = Path(__file__).parent
NUMBER = "+999555000111"
PROGRAM = f"""
import logging
from urllib.parse import quote
import pytest
from prometheus_client import Counter
from starlette.responses import Response
from alerts.people.keys import Keys
from schemas.errors import PolyriskError
NUMBER = {NUMBER!r}

def test_log(): logging.getLogger("polyrisk").info("to %s", NUMBER)
def test_output(): print("sent to", NUMBER)
def test_error(): str(PolyriskError(f"cannot send to {{NUMBER}}"))
def test_page(): Response(f"<p>{{NUMBER}}</p>")
def test_file(tmp_path): (tmp_path / "log.db").write_bytes(b"0" + NUMBER.encode() + b"0")
def test_address(): print("GET /message?from=" + quote(NUMBER))
def test_digits(tmp_path):
    Keys.load(tmp_path / "keys", create=True).encrypt(NUMBER)
    print(NUMBER[1:])

def test_fine_inside(tmp_path): Keys.load(tmp_path / "keys", create=True).encrypt(NUMBER)
def test_fine_handed_in(tmp_path): (tmp_path / "people.csv").write_text(NUMBER)
@pytest.mark.shows_numbers("on purpose")
def test_fine_on_purpose(): print(NUMBER)
"""
METRIC = "def test_metric(): Counter('leak', 'x', ['to']).labels(NUMBER).inc()\n"
SHARED = "def test_shared(tmp_path_factory): (tmp_path_factory.mktemp('shared') / 'topic.log').write_text(NUMBER)\n"


def tried(folder: Path, program: str) -> str:
    """What a suite with the search of ours says of a program."""
    for name in ("conftest.py", "kafka_broker.py", "number_search.py"):
        (folder / name).write_text((TESTS / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_it.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(folder / "base"), str(folder)]
    return subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False).stdout


@pytest.mark.shows_numbers("leaks one on purpose")
def test_a_number_that_leaves_fails_its_test(tmp_path: Path) -> None:
    """By each way out; what stays inside, what is handed in, and what is shown on purpose does not."""
    said = tried(tmp_path, PROGRAM)
    failed = {line.split("::")[1].split(" ")[0] for line in said.splitlines() if line.startswith("ERROR ")}
    assert failed == {f"test_{way}" for way in ("log", "output", "error", "page", "file", "address", "digits")}
    assert said.count("telephone numbers left the process") >= len(failed)
    assert "...11 at" in said


@pytest.mark.shows_numbers("leaks one on purpose")
def test_a_number_in_a_metric_or_a_shared_file_fails_the_suite(tmp_path: Path) -> None:
    """What belongs to no single test is searched at the end."""
    said = tried(tmp_path, PROGRAM.partition("def ")[0] + METRIC + SHARED)
    assert "2 passed, 1 error" in said
    assert "'metrics: ...11 at" in said
    assert "topic.log: ...11 at 0" in said


def test_digits_of_other_things_are_no_numbers() -> None:
    """Twelve digits after 999 in a time or an offset are nobody's number unless the registry had it."""
    search = NumberSearch()
    search.look_at_text("log", "offset 999123456789 at 1699999123456789, 0.999123456789, id 9991234567891234")
    assert search.taken() == []
    search.known.add(b"999123456789")
    search.look_at_text("log", "offset 999123456789")
    assert search.taken() == ["log: ...89 at 7"]
