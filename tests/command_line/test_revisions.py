"""A country's folder at a revision: `polyrisk config diff REVISION:FOLDER` and `polyrisk backtest --against REVISION:FOLDER`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from written_country import written_country

from polyrisk.__main__ import main

HISTORY = "area,indicator,start,end,received,value,unit\n" + "".join(
    f"{division},landslide_warning,2024-05-{day:02}T10:30:00Z,,,{3 if division == 'LK2103' and day == 12 else 0},level\n"
    for day in range(1, 28)
    for division in ("LK2103", "LK2106")
)
LANDSLIDE = """
landslide:
  area: adm2
  dimensions: [environmental]
  when: landslide_warning >= red
  level: orange
  text: river_flood
  ends: {otherwise_after: 14 d}
  document: {title: t, date: 2025-01-01, owner: o}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose country has three revisions: `before`, `broken`, and `now`, in which a level is another one."""
    top = tmp_path_factory.mktemp("checkout")
    folder = written_country(top / "countries/lka", "")
    shutil.rmtree(folder / "tests")
    rules, thresholds = folder / "rules.yaml", folder / "thresholds.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + LANDSLIDE, encoding="utf-8")
    good = thresholds.read_text(encoding="utf-8")
    _git(top, "init", "-q")
    thresholds.write_text(good.replace("red: 3 level", "red: 3.5 level"), encoding="utf-8")
    _committed(top, "before")
    thresholds.write_text(good.replace("stale_after: 48 h", "stale_aftre: 48 h"), encoding="utf-8")
    _committed(top, "broken")
    thresholds.write_text(good, encoding="utf-8")
    _committed(top, "now")
    (top / "history").mkdir()
    (top / "history/warnings.csv").write_text(HISTORY, encoding="utf-8")
    return top


def _git(top: Path, *words: str) -> None:
    git = shutil.which("git")
    assert git is not None
    who = ["-c", "user.name=a planner", "-c", "user.email=planner@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run([git, "-C", str(top), *who, *words], check=True, capture_output=True)


def _committed(top: Path, name: str) -> None:
    _git(top, "add", "countries")
    _git(top, "commit", "-q", "-m", name)
    _git(top, "tag", name)


@pytest.fixture(autouse=True)
def countries(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The countries are those of the repository; a repository that the tests run in is not in the way."""
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(checkout / "countries"))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)


def run(*words: str | Path) -> tuple[str, int]:
    """What a command prints, on either stream, and its exit code."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output, result.exit_code


def test_two_revisions_are_held_against_each_other() -> None:
    """By what they mean, whatever stands in the folder now."""
    output, code = run("config", "diff", "before:countries/lka", "now:countries/lka")
    assert code == 0
    assert output.splitlines()[2:] == [
        "~ threshold landslide_warning",
        "    339 adm3 areas; read by landslide",
        "    red  3.5 level -> 3 level",
        "1 threshold.",
    ]


def test_a_revision_is_held_against_the_folder(checkout: Path) -> None:
    """A country's code stands for its folder, a tag, a branch or a hash for the revision."""
    output, code = run("config", "diff", "HEAD~2:countries/lka/", "lka")
    assert (code, output.splitlines()[-1]) == (0, "1 threshold.")
    output, code = run("config", "diff", "HEAD:countries/lka", checkout / "countries/lka")
    assert (code, output.splitlines()[-1]) == (0, "Nothing differs in what is judged by.")


def test_a_backtest_against_a_revision_shows_what_is_gained(checkout: Path) -> None:
    """At the revision the level was never reached; now it is, once."""
    words = ("backtest", "lka", "--history", checkout / "history", "--against", "before:countries/lka", "--json")
    output, code = run(*words)
    assert code == 0
    found = json.loads(output)
    assert [(c["kind"], c["after"]["rule"], c["after"]["area"]) for c in found["changes"]] == [("gained", "landslide", "LK21")]


BAD = {
    "nowhere:countries/lka": "nowhere",
    "before:countries/lkx": "pathspec 'countries/lkx' did not match",
    "before:countries": "before has no country in `countries`",
    "before:../elsewhere": "outside repository",
    "before:": "Write a revision and a folder, such as HEAD~1:countries/lka.",
    ":countries/lka": "`:countries/lka` is no revision and a folder",
    "--output=x:countries/lka": "is no revision and a folder",
    "broken:countries/lka": "at broken: ",
}


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_be_had_is_said_in_one_line(checkout: Path, name: str) -> None:
    """With the exit code of a usage error and what to write instead; of broken files, which revision they are of."""
    for words in (("config", "diff", "--", name, "lka"), ("backtest", "lka", "--history", checkout / "history", f"--against={name}")):
        output, code = run(*words)
        assert code == 2, output
        assert BAD[name] in output
        assert output.startswith("polyrisk: ")
        assert "Traceback" not in output


def test_an_absolute_folder_is_refused(checkout: Path) -> None:
    """It would be the folder as it is now, and not as it was."""
    output, code = run("config", "diff", f"before:{checkout}/countries/lka", "lka")
    assert code == 2
    assert "is no revision and a folder from the top of the checkout" in output


def test_outside_of_a_repository_git_says_so(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Countries may lie anywhere; a revision of them needs a repository around them."""
    shutil.copytree(checkout / "countries", tmp_path / "countries")
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(tmp_path / "countries"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    output, code = run("config", "diff", "HEAD:countries/lka", "lka")
    assert code == 2
    assert "not a git repository" in output
