"""The console's own texts: all stand in the catalogues, whole and as the English has them; what is wrong is found by file and line."""

import ast
import re
from datetime import date
from pathlib import Path

import polib
import pytest

from alerts.review_files import review
from console.interface import checks, recognising
from console.interface.catalogues import FOLDER, Catalogue, catalogues
from console.interface.checks import findings, update
from console.interface.finding import of_template, texts, untranslated
from console.interface.speaking import _, fixed, in_markup, in_own_digits, number, speaking
from schemas.country_files import CHECKOUT

PEOPLE = "{number, plural, one {# person} other {# people}}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The catalogues, to be spoilt."""
    for path in FOLDER.glob("*.po"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def spoil(folder: Path, english: str, translation: str, *flags: str) -> set[str]:
    """The checks that find something after one Nepali text was changed."""
    path = folder / "ne.po"
    po = polib.pofile(str(path))
    entry = po.find(english)
    entry.msgstr, entry.flags = translation, list(flags)
    po.save()
    return {finding.check for finding in findings(folder) if not finding.note}


def test_the_catalogues_are_whole() -> None:
    """Every text of templates and code stands in Nepali and in Urdu, with the same arguments and tags; nothing is left over."""
    assert [str(finding) for finding in findings() if not finding.note] == []
    assert {"ne", "ur"} <= catalogues().keys()


def test_drafts_are_said_to_be_drafts() -> None:
    """Nobody has reviewed them yet: that is a note, and every page in the language says it."""
    notes = [finding for finding in findings() if finding.note]
    assert {finding.file.rpartition("/")[2] for finding in notes} == {"ne.po", "ur.po"}
    assert catalogues()["ne"].drafts == len(catalogues()["ne"].texts)
    assert catalogues()["en"].drafts == 0


def test_a_text_that_somebody_reviewed_is_no_draft(folder: Path) -> None:
    """`polyrisk texts review` writes down who did; from then on only the others are drafts. A changed translation is a draft again."""
    before = Catalogue.read(folder / "ne.po").drafts
    assert review(folder / "ne.po", ["Rules"], "Sita Rai", date(2026, 11, 27)) == ["Rules"]
    assert Catalogue.read(folder / "ne.po").drafts == before - 1
    assert spoil(folder, "Rules", "नियमावली") == set()
    assert Catalogue.read(folder / "ne.po").drafts == before


@pytest.mark.parametrize(
    ("english", "translation", "check"),
    [
        ("Rules", "", "untranslated-text"),
        ("since {moment}", "{time} देखि", "arguments-differ"),
        (PEOPLE, "{number, plural, one {# जना} other {# जना}", "unparsable-pattern"),
        ("as of <b>{moment}</b>", "<i>{moment}</i> को अवस्था", "tags-differ"),
        ("Rules", "निय\u202eम", "invisible-character"),
        ("Rules", "नि\u00adयम", "invisible-character"),
        ("Rules", "re\u0301gles", "not-normalised"),
        ("Rules", " नियम", "spaces-differ"),
    ],
)
def test_a_spoilt_translation_is_found(folder: Path, english: str, translation: str, check: str) -> None:
    """Each under its own name, so that whoever translates knows what to do."""
    assert spoil(folder, english, translation) == {check}


def test_a_doubtful_translation_is_found_and_not_shown(folder: Path) -> None:
    """One that is marked fuzzy is no translation: the page has the English."""
    assert spoil(folder, "Rules", "नियम", "fuzzy") == {"fuzzy-text"}
    assert "Rules" not in Catalogue.read(folder / "ne.po").texts


def test_a_source_that_changed_is_found_at_both_ends(folder: Path) -> None:
    """Its English is the key: the new one is missing, the old one is used nowhere."""
    path = folder / "ne.po"
    po = polib.pofile(str(path))
    po.find("Rules").msgid = "Laws"
    po.save()
    assert {finding.check for finding in findings(folder) if not finding.note} == {"missing-text", "unused-text"}
    assert update(path) == (1, 1)
    assert {finding.check for finding in findings(folder) if not finding.note} == {"untranslated-text"}


def test_words_outside_of_the_catalogues_are_found(tmp_path: Path) -> None:
    """In a template: between tags and in what is read aloud; commands, names and what is asked for by `_` are left alone."""
    template = tmp_path / "page.html"
    template.write_text(
        '<p title="Point here">Plain {{ name }} words</p>\n<p>{{ _("Rules") }} · Polyrisk <code>polyrisk check</code></p>\n'
        '{% if asked %}\n<a href="/rules" aria-label="{{ _("Rules") }}">more</a>\n{% endif %}\n',
        encoding="utf-8",
    )
    assert [(one.words, one.line) for one in untranslated(template)] == [
        ("Point here", 1), ("Plain", 1), ("words", 1), ("more", 4),
    ]  # fmt: skip
    assert [(text.english, text.line) for text in of_template(template)] == [("Rules", 2), ("Rules", 4)]


def test_arguments_are_those_that_the_code_gives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A text that asks for what nobody gives it is found where it stands, before a page fails."""
    (tmp_path / "page.html").write_text('<p>{{ _("since {moment}", when=1) }}</p>', encoding="utf-8")
    monkeypatch.setattr(checks, "texts", lambda: list(of_template(tmp_path / "page.html")))
    assert [(f.check, f.file, f.line) for f in findings(tmp_path)] == [("arguments-differ", "page.html", 1)]


def test_sentences_of_the_engine_are_known_by_the_form_they_have_there() -> None:
    """Each form that a page translates stands so in the code that writes it; one that changes there is missed here."""
    written = set()
    for path in (
        *CHECKOUT.glob("processors/**/*.py"),
        *CHECKOUT.glob("schemas/**/*.py"),
        *CHECKOUT.glob("alerts/**/*.py"),
        *CHECKOUT.glob("console/**/*.py"),
    ):
        if path.name != "recognising.py":
            written |= set(strings(ast.parse(path.read_text(encoding="utf-8"))))
    assert [form for form in recognising.FORMS if re.sub(r"\{\w+\}", "{}", form) not in written] == []


def strings(tree: ast.AST) -> list[str]:
    """The texts of a module, with `{}` for each part that is put in."""
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    return found + ["".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values) for node in joined]


def test_a_sentence_of_the_engine_is_said_in_the_language_of_the_page() -> None:
    """With its numbers as the language writes them; one that is not known stands as it was written."""
    with speaking("ne"):
        assert recognising.recognised("2 of 12 places silent") == "१२ मध्ये २ ठाउँ मौन"
        assert recognising.recognised("no reading since 27 Nov") == "27 Nov देखि मापन आएको छैन"
        assert recognising.recognised("something new") == "something new"
    assert recognising.recognised("2 of 12 places silent") == "2 of 12 places silent"


def test_numbers_are_written_as_the_language_does() -> None:
    """Nepali has digits of its own and groups them in its own way; English and Urdu have the Latin ones."""
    with speaking("ne"):
        assert (_(PEOPLE, number=1_234_567), number(1234.5), fixed(2.5, 2)) == ("१२,३४,५६७ जना", "१,२३४.५", "२.५०")
        assert in_own_digits("20:03") == "२०:०३"
    assert (_(PEOPLE, number=1), _(PEOPLE, number=1234), fixed(1234.5, 2)) == ("1 person", "1,234 people", "1,234.50")
    with speaking("ur"):
        assert in_own_digits("20:03") == "20:03"
    with speaking("xx"):
        assert _("Rules") == "Rules"


def test_what_a_text_is_given_is_never_markup() -> None:
    """Tags of the text are tags; those in a name that somebody typed are letters."""
    with speaking("ne"):
        said = in_markup("Signed in as <b>{name}</b>", name="<script>")
    assert str(said) == "<b>&lt;script&gt;</b> का रूपमा साइन इन"


def test_what_is_said_in_the_code_stands_in_it_once_only() -> None:
    """The same English is one text, wherever it stands."""
    found = [text.english for text in texts()]
    assert len(set(found)) > 800
    assert all(text in catalogues()["ne"].texts for text in set(found))
