"""`polyrisk texts`: what is wrong, how it looks, where it came from, who reviewed it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from alerts.marks import EXERCISE, LATE, is_exercise
from alerts.texts import Catalogue, Service
from console.interface.checks import findings as findings_of_interface
from polyrisk.__main__ import main
from polyrisk.status import status_of
from polyrisk.texts_preview import wrapped
from schemas.country_files import countries_root, load_country

Asked = Callable[..., Result]


@pytest.fixture
def asked() -> Asked:
    """Calls `polyrisk texts` in this process."""

    def call(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["texts", *arguments])
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def nepal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of Nepal's folder in two languages that may be changed, and the only country there is."""
    folder = tmp_path / "countries" / "npl"
    shutil.copytree(countries_root() / "npl", folder, ignore=shutil.ignore_patterns("cases", "frameworks", "shapes*"))
    (folder / "texts" / "ne-Latn.po").unlink()
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(folder.parent))
    return folder


def _changed(folder: Path, language: str, old: str, new: str) -> None:
    file = folder / "texts" / f"{language}.po"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_lint_finds_nothing_in_what_is_shipped_and_notes_the_drafts(asked: Asked) -> None:
    """Exit code 0; each folder says that nobody has reviewed it."""
    said = asked("lint").stdout
    assert said.splitlines()[-1].endswith("nothing found.")
    assert said.count("drafts, not reviewed") == len(list(countries_root().glob("*/texts"))) + 1


def test_lint_names_file_line_and_remedy(asked: Asked, nepal: Path) -> None:
    """A word of offices in an English text: the text itself, and the Nepali that is older now; exit code 1."""
    _changed(nepal, "en", "FLOOD danger, {place}", "FLOOD (exceeds threshold), {place}")
    result = asked("lint", "npl", code=1)
    lines = [line for line in result.stdout.splitlines() if "note:" not in line]
    assert any(line.startswith("countries/npl/texts/en.po:") and "jargon" not in line and "says `threshold`" in line for line in lines)
    assert any("ne.po" in line and "polyrisk texts stamp" in line for line in lines)
    assert lines[-1] == "3 findings in the texts of npl."
    found = json.loads(asked("lint", "npl", "--json", code=1).stdout)
    assert sorted(f["check"] for f in found if not f["note"]) == ["jargon", "jargon", "older-than-source"]
    assert all(f["line"] > 1 and f["why"] and f["remedy"] for f in found if not f["note"])


def test_stamp_and_review_take_findings_and_drafts_away(asked: Asked, nepal: Path) -> None:
    """Once somebody saw that the translation still fits, and somebody reviewed it, the file says both."""
    _changed(nepal, "en", "FLOOD danger, {place}", "FLOOD now, {place}")
    file = str(nepal / "texts" / "ne.po")
    every = [f"{p.name}.{p.kind}" for p in Catalogue.load(nepal).patterns if p.language == "ne"]
    some = every[: len(every) // 2]
    asked("lint", "npl", code=1)
    assert "river_flood.warning" in asked("stamp", file, "river_flood.warning").stdout
    asked("lint", "npl")
    reviewed = asked("review", file, *some, "--by", "Sita Rai", "--date", "2026-11-26").stdout
    assert f"{len(some)} texts are reviewed by Sita Rai on 2026-11-26" in reviewed
    assert f"`ne` {len(every) - len(some)} of {len(every)}" in asked("lint", "npl").stdout
    assert "reviewed" in asked("preview", "river_flood", "--country", "npl").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("preview", "no_such_rule"), "no rule of any country"),
        (("preview", "no_such_rule", "--country", "npl"), "no rule and no text"),
        (("preview", "river_flood", "--country", "npl", "--area", "XX"), "no area"),
        (("review", "FILE", "river_flood.nothing", "--by", "Sita Rai"), "no text"),
        (("review", "FILE", "--by", "Sita Rai", "--date", "yesterday"), "write a day"),
        (("review", "FILE"), "--by"),
        (("stamp", "nothing.po"), "does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(asked: Asked, nepal: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 2, with what is wrong and what to do; no traceback."""
    file = str(nepal / "texts" / "ne.po")
    result = asked(*(file if a == "FILE" else a for a in arguments), code=2)
    assert said in result.output
    assert "Traceback" not in result.output


def test_preview_shows_each_language_within_80_columns(asked: Asked) -> None:
    """Segments, encoding, units, the draft mark, and the body for the longest name, in no line wider than a terminal."""
    said = asked("preview", "river_flood", "--country", "npl").stdout
    assert "ne (Nepali) · DRAFT, not reviewed · 2 of 2 segments · UCS-2 133 units" in said
    assert "बर्दघाट" in said
    assert "Nawalparasi" in said
    assert all(cell_len(line) <= 80 for line in said.splitlines())
    assert said.splitlines()[-1].startswith("2 of 2 are drafts")


def test_preview_says_what_is_written_from_the_right(nepal: Path, asked: Asked) -> None:
    """Urdu is noted as such, so that nobody wonders at a terminal that turns it around."""
    country = (nepal / "country.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("languages: [ne, en]", "languages: [ne, en, ur]"),
        ("segments: {en: 1, ne: 2}", "segments: {en: 1, ne: 2, ur: 2}"),
        ("speaks_as: {en", "speaks_as: {ur: پولی رسک آزمائش, en"),
        ("opt_out: {en", "opt_out: {ur: چھوڑنے کو فون کریں, en"),
        ("level_words:\n", "level_words:\n  ur: {green: معمول, yellow: نظر, orange: تیار, red: خطرہ}\n"),
    ):
        assert old in country
        country = country.replace(old, new)
    (nepal / "country.yaml").write_text(country, encoding="utf-8")
    assert "ur (Urdu) · DRAFT, not reviewed · 2 of 2 segments · UCS-2" in (said := asked("preview", "flood", "--country", "npl").stdout)
    assert said.count("right to left") == 1
    shown = json.loads(asked("preview", "flood", "--country", "npl", "--json").stdout)
    assert {one["language"]: one["right_to_left"] for one in shown} == {"ne": False, "en": False, "ur": True}


def test_preview_shows_marks_needs_kinds_and_places(asked: Asked) -> None:
    """As it would go out in an exercise, late, for somebody with animals, in each kind, for a place that is named."""
    said = asked("preview", "flood", "--country", "npl", "--area", "NP0328", "--exercise", "--late", "--need", "livestock", "--kind", "all")
    shown = json.loads(
        asked("preview", "flood", "--country", "npl", "--area", "NP0328", "--exercise", "--late", "--kind", "all", "--json").stdout
    )
    assert len(shown) == 16
    assert all(one["body"].startswith(f"{EXERCISE[one['language']]}. {LATE[one['language']]}. ") for one in shown)
    assert {one["place"] for one in shown} == {"Nuwakot", "नुवाकोट"}
    assert "flood, expired" in said.stdout
    plain = json.loads(asked("preview", "flood", "--country", "npl", "--need", "livestock", "--json").stdout)
    assert "animals" in next(one["body"] for one in plain if one["language"] == "en")


def test_preview_shows_what_is_written_to_one_person(asked: Asked) -> None:
    """Every receipt and answer in every language of the country."""
    shown = json.loads(asked("preview", "service", "--country", "lka", "--json").stdout)
    assert len(shown) == len(Service) * 3
    assert all(one["segments"] <= one["budget"] for one in shown)


def test_preview_shows_what_wakes_who_is_on_duty(asked: Asked) -> None:
    """Each cause by SMS, within its budget, and by call, and the code to a telephone, in each language; an exercise says so."""
    shown = json.loads(asked("preview", "duty", "--country", "npl", "--area", "NP0104", "--exercise", "--json").stdout)
    assert {one["language"] for one in shown} == {"en", "ne", "ur"}
    sms = [one for one in shown if one["text"].endswith(", sms")]
    assert len(sms) == 12 * 3
    assert all(one["segments"] <= one["budget"] for one in sms)
    assert all(is_exercise(one["body"]) for one in shown if not one["text"].startswith("duty, call_"))
    assert next(one["place"] for one in sms if one["language"] == "ne") == "झापा"


def test_status_counts_the_drafts(nepal: Path, tmp_path: Path) -> None:
    """An operator who asks how things stand is told that texts are drafts."""
    from eventlog.log import open_log

    country = load_country(nepal)
    log = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    try:
        status = status_of(log, country, tmp_path)
    finally:
        log.close()
    assert status.texts == status.drafts > 30
    assert any("are drafts, not reviewed" in line for line in status.lines(country))
    assert status.as_json()["texts"] == {"count": status.texts, "drafts": status.drafts}


def test_a_long_word_is_not_broken_and_a_short_line_stays() -> None:
    """A word wider than the terminal stands alone in its line; nothing is lost."""
    text = "a " + "b" * 100 + " c"
    lines = list(wrapped(text, "  "))
    assert lines == ["  a", "  " + "b" * 100, "  c"]
    assert " ".join(line.strip() for line in lines) == text


def test_the_consoles_own_texts_are_looked_at_too(asked: Asked) -> None:
    """Nothing is wrong in them; that they are drafts is a note, in words and for programs; another tag is another catalogue."""
    said = asked("interface").output
    assert "The console's texts: nothing found." in said
    assert "console/interface/catalogues/ne.po:1:1: note:" in said
    found = json.loads(asked("interface", "ne", "--json").output)
    assert [(one["check"], one["note"]) for one in found] == [("draft", True)]
    assert "has no catalogue of `ta`" in asked("interface", "ta", code=2).output
    assert "`klingon9` is no language" in asked("interface", "klingon9", "--write", code=2).output


def test_a_new_language_of_the_console_is_begun(asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every text and no translation: then all that is to do is found, by file and line, and again until it is done."""
    monkeypatch.setattr("polyrisk.texts_command.FOLDER", tmp_path)
    monkeypatch.setattr("polyrisk.texts_command.findings_of_interface", lambda: findings_of_interface(tmp_path))
    said = asked("interface", "bn", "--write", code=1).output
    missing = [line for line in said.splitlines() if "has no translation" in line]
    assert len(missing) > 800
    assert missing[0].startswith("bn.po:")
    assert f"{len(missing):,} findings in the console's texts." in said
