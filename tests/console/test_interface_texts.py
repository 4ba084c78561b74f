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
from console.interface.finding import TEMPLATES, of_template, texts, untranslated
from console.interface.refusals import BY_COMMAND_ALONE, ROOT, behind_pages, refusals
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
    written = {sentence.english for sentence in behind_pages()}
    for path in (
        *CHECKOUT.glob("processors/**/*.py"),
        *CHECKOUT.glob("schemas/**/*.py"),
        *CHECKOUT.glob("alerts/**/*.py"),
        *CHECKOUT.glob("console/**/*.py"),
    ):
        if path.name not in ("recognising.py", "refusal_forms.py"):
            written |= set(strings(ast.parse(path.read_text(encoding="utf-8"))))
    assert [form for form in recognising.FORMS if re.sub(r"\{\w+\}", "{}", form) not in written] == []


def strings(tree: ast.AST) -> list[str]:
    """The texts of a module, with `{}` for each part that is put in."""
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    return found + ["".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values) for node in joined]


def test_a_refusal_that_no_page_knows_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """However it was put together in the code: by a name, by a helper, in one of two ways; with its file and line."""
    module = tmp_path / "module.py"
    module.write_text(
        "def act(name):\n"
        "    if name:\n"
        '        what = f"{name} cannot dance." if name.isupper() else "nobody " + "dances."\n'
        "        raise RefusedError(what, remedy=_remedy(name))\n"
        '    raise OwnError(f"{name}")\n'
        "def _remedy(name):\n"
        '    return f"Ask {name.lower()} to dance."\n'
        "class OwnError(RefusedError):\n"
        "    def __init__(self, what):\n"
        '        super().__init__(what, remedy="Dance.")\n',
        encoding="utf-8",
    )
    found = list(refusals(module, frozenset({"RefusedError", "OwnError"})))
    assert [(one.english, one.line) for one in found] == [
        ("{} cannot dance.", 4), ("nobody dances.", 4), ("Ask {} to dance.", 4), ("Dance.", 10),
    ]  # fmt: skip
    monkeypatch.setattr(checks, "behind_pages", lambda: found)
    unspoken = [finding for finding in findings() if finding.check == "unspoken-refusal"]
    assert [(finding.file, finding.line) for finding in unspoken] == [("module.py", 4)] * 3 + [("module.py", 10)]


def test_what_commands_alone_refuse_no_page_reaches() -> None:
    """No module of the console asks for any of it; of the registry pages only read and write what others refuse."""
    asked = set()
    for path in (ROOT / "console").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [f"{node.module}.{alias.name}" for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            asked |= {name.replace(".", "/") for name in names}
    modules = {f"{name}.py" for name in asked} | {f"{name.rpartition('/')[0]}.py" for name in asked}
    reached = {one for one in BY_COMMAND_ALONE if any(name.startswith(one) for name in modules)}
    assert reached == {"alerts/registry.py", "alerts/review_files.py"}  # the class itself, and the word by which a file is read


@pytest.mark.parametrize(
    ("english", "nepali"),
    [
        ("the role `duty_officer` may not originate.", "भूमिका `ड्युटी अधिकृत` लाई यो गर्ने अनुमति छैन: चेतावनी लेख्ने।"),
        (
            "the account n.perera is viewer in LKA and approver (director) in LKA, LK21, which may not change accounts.",
            "खाता n.perera (LKAमा दर्शक; LKA, LK21मा स्वीकृति दिने (निर्देशक)) लाई यो गर्ने अनुमति छैन: खाता बदल्ने।",
        ),
        ("Roles that may: operator, approver. An administrator grants them.", "पाउने भूमिका: सञ्चालक, स्वीकृति दिने। प्रशासकले दिन्छन्।"),
        ("Places: first, second, third.", "स्थान: पहिलो, दोस्रो, तेस्रो।"),
        ("nobody is on duty first; a.b and c.d would be woken", "पहिलो ड्युटीमा कोही छैन; a.b, c.d लाई ब्युँझाइन्थ्यो"),
        ("there is no account `4711`.", "खाता `4711` छैन।"),
        ("Wait 12 minutes. If it was not you, tell an administrator: somebody is trying your account.", "१२ मिनेट"),
        ("the role `a role of our own` may not fly.", "भूमिका `a role of our own` लाई यो गर्ने अनुमति छैन: fly।"),
    ],
)
def test_words_of_ours_inside_a_refusal_are_said_too(english: str, nepali: str) -> None:
    """Roles, grants, what somebody may do, places on duty; names and codes stay as they are, and numbers have the language's digits."""
    with speaking("ne"):
        assert nepali in recognising.recognised(english)


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


def test_what_a_sentence_from_the_right_is_given_is_set_apart() -> None:
    """So that a Latin name draws no number to itself; an address inside a tag is left alone, and so is a language from the left."""
    with speaking("ur"):
        assert _("since {moment}", moment="27 Nov") == "\u206827 Nov\u2069 سے"
        assert 'href="/x"' in in_markup('Or <a href="{address}">sign in by {service}</a>.', address="/x", service="Keycloak")
    with speaking("ne"):
        assert _("since {moment}", moment="27 Nov") == "27 Nov देखि"


def test_a_command_inside_a_sentence_from_the_right_runs_from_the_left() -> None:
    """Whole, with the name in it where it is typed; a language from the left is left alone."""
    english = "n.perera has given no telephone: `polyrisk roster phone n.perera`"
    with speaking("ur"):
        assert "\u2066`polyrisk roster phone n.perera`\u2069" in recognising.recognised(english)
    with speaking("ne"):
        assert "\u2066" not in recognising.recognised(english)


def test_what_is_said_in_the_code_stands_in_it_once_only() -> None:
    """The same English is one text, wherever it stands."""
    found = [text.english for text in texts()]
    assert len(set(found)) > 800
    assert all(text in catalogues()["ne"].texts for text in set(found))


def test_the_style_sheet_knows_no_left_and_right() -> None:
    """What stands at the beginning of a line stands there in every direction; only the telephone that is drawn has a middle."""
    rules = [rule for rule in (TEMPLATES / "style.css").read_text(encoding="utf-8").split("}") if ".case::" not in rule]
    sided = re.compile(r"(?:margin|padding|border)-(?:left|right)|text-align:(?:left|right)|float:|[;{](?:left|right):")
    assert [rule.strip() for rule in rules if sided.search(rule)] == []
