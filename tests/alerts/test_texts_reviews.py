"""Reviews: who read a text, when, and as what it stood; and what a translation was made from. Kept in the PO file, where an editor keeps
them too."""

from datetime import date
from pathlib import Path

import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.review_files import review, stamp
from alerts.reviews import Review, Stamps, fingerprint, is_older, stamped, stamps_of
from alerts.texts import REGIONAL, Catalogue, Kind, read
from schemas.errors import ConfigurationError, RefusedError

DAY = date(2026, 11, 26)
HEAD = (
    '# A comment that stays.\nmsgid ""\nmsgstr ""\n"Language: {}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"X-Reviewed-By: \\n"\n'
)
ENTRY = '\n#. What it is for.\nmsgctxt "{}"\nmsgid "warning"\nmsgstr "{}"\n'
ENGLISH, NEPALI = "{source} {place} {time} flood", "{source} {place} {time} बाढी"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A country's folder with two texts in two languages."""
    texts = tmp_path / "countries" / "xxx" / "texts"
    texts.mkdir(parents=True)
    for tag, text in (("en", ENGLISH), ("ne", NEPALI)):
        (texts / f"{tag}.po").write_text(HEAD.format(tag) + ENTRY.format("a", text) + ENTRY.format("b", text), encoding="utf-8")
    return texts.parent


def _standing(folder: Path) -> dict[str, tuple[bool, bool]]:
    return {p.name: (p.reviewed, p.older) for p in Catalogue.load(folder).patterns if p.language == "ne"}


def test_a_review_is_of_named_texts_and_leaves_the_rest_alone(folder: Path) -> None:
    """One text becomes reviewed; the file differs in its comment and in the header's list of names."""
    file = folder / "texts" / "ne.po"
    before = file.read_text(encoding="utf-8").splitlines()
    assert review(file, ["a.warning"], "Sita Rai", DAY) == ["a.warning"]
    after = file.read_text(encoding="utf-8").splitlines()
    assert _standing(folder) == {"a": (True, False), "b": (False, False)}
    added = f"#. reviewed: Sita Rai, 2026-11-26, {fingerprint(ENGLISH, NEPALI)}"
    assert [line for line in after if line not in before] == ['"X-Reviewed-By: Sita Rai\\n"', added]


@pytest.mark.parametrize("changed", ["en", "ne"])
def test_a_change_of_either_ends_the_review(folder: Path, changed: str) -> None:
    """Nobody has to remember to take a review back."""
    review(folder / "texts" / "ne.po", [], "Sita Rai", DAY)
    assert _standing(folder) == {"a": (True, False), "b": (True, False)}
    file = folder / "texts" / f"{changed}.po"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(ENGLISH if changed == "en" else NEPALI, "{source} {place} {time} !", 1), encoding="utf-8")
    assert _standing(folder) == {"a": (False, False), "b": (True, False)}


def test_a_doubtful_text_is_never_reviewed(folder: Path) -> None:
    """What an editor marks fuzzy cannot be signed, and a mark set later takes the review away."""
    file = folder / "texts" / "ne.po"
    review(file, [], "Sita Rai", DAY)
    po = polib.pofile(str(file))
    po[0].flags.append("fuzzy")
    po.save()
    assert _standing(folder)["a"] == (False, False)
    with pytest.raises(RefusedError, match="doubtful"):
        review(file, ["a.warning"], "Sita Rai", DAY)


def test_a_translation_older_than_its_english_must_be_looked_at_before_it_is_reviewed(folder: Path) -> None:
    """Stamped, the English changed: it is older, cannot be signed, and can again once somebody says that it fits."""
    file = folder / "texts" / "ne.po"
    assert stamp(file) == ["a.warning", "b.warning"]
    assert stamp(file) == []
    english = folder / "texts" / "en.po"
    english.write_text(english.read_text(encoding="utf-8").replace(ENGLISH, ENGLISH + "s", 1), encoding="utf-8")
    assert _standing(folder) == {"a": (False, True), "b": (False, False)}
    with pytest.raises(RefusedError, match="older than its English"):
        review(file, [], "Sita Rai", DAY)
    assert stamp(file, ["a.warning"]) == ["a.warning"]
    assert _standing(folder)["a"] == (False, False)
    assert review(file, [], "Sita Rai", DAY) == ["a.warning", "b.warning"]


def test_several_reviewers_are_named_once_each(folder: Path) -> None:
    """The header is for people; what counts stands at each text."""
    file = folder / "texts" / "ne.po"
    for by in ("Sita Rai", "Ram Thapa", "Sita Rai"):
        review(file, ["b.warning"], by, DAY)
    assert polib.pofile(str(file)).metadata["X-Reviewed-By"] == "Sita Rai, Ram Thapa"
    assert [p.stamps.review for p in read(file) if p.name == "b"] == [Review("Sita Rai", "2026-11-26", fingerprint(ENGLISH, NEPALI))]


def test_what_cannot_be_recorded_is_refused_with_a_remedy(folder: Path) -> None:
    """A text that is not there, a reviewer without a name, a file that is none: nothing is written."""
    file = folder / "texts" / "ne.po"
    before = file.read_bytes()
    for name, by in (("c.warning", "Sita Rai"), ("a.warning", " "), ("a.warning", "Sita\nRai")):
        with pytest.raises(RefusedError):
            review(file, [name], by, DAY)
    assert file.read_bytes() == before
    with pytest.raises(ConfigurationError):
        stamp(folder / "nothing.po")


def test_a_file_that_an_editor_wrapped_keeps_its_reviews(folder: Path) -> None:
    """Lines broken by Poedit change neither a text nor what was recorded of it."""
    file = folder / "texts" / "ne.po"
    stamp(file)
    review(file, [], "Sita Rai", DAY)
    for width in (30, 78):
        polib.pofile(str(file), wrapwidth=width).save()
    assert _standing(folder) == {"a": (True, False), "b": (True, False)}


@given(
    comment=st.lists(st.sampled_from(["What it is for.", "reviewed: x", "In English it is short.", ""]), max_size=3).map("\n".join),
    source=st.sampled_from(["", "{source}: GO, {place}"]),
    by=st.sampled_from([None, "Sita Rai", "Rai, S. (Kathmandu)"]),
)
def test_stamps_are_read_as_they_were_written(comment: str, source: str, by: str | None) -> None:
    """Written among the comments and read back, twice, they are the same, and what else stands there stays."""
    stamps = Stamps(source, Review(by, "2026-11-26", "89abcdef") if by else None)
    once = stamped(comment, stamps)
    assert stamps_of(once) == stamps
    assert stamped(once, stamps) == once
    written = [line for line in once.splitlines() if line]
    assert [line for line in comment.splitlines() if line] == written[: len(written) - len(_lines(stamps))]


def _lines(stamps: Stamps) -> list[str]:
    return [*([stamps.source] if stamps.source else []), *([stamps.review.by] if stamps.review else [])]


def test_a_fingerprint_does_not_see_how_lines_are_broken() -> None:
    """It sees every other change."""
    assert fingerprint("a  b\nc") == fingerprint("a b c")
    assert fingerprint("a", "b c") != fingerprint("a b", "c")
    assert not is_older(Stamps(), "x")
    assert is_older(Stamps("y"), "x")
    assert not is_older(Stamps("x y"), "x\n y")


def test_shared_texts_are_made_from_the_english_beside_them() -> None:
    """Every shared translation says which English it was made from, and is as new as it."""
    for path in REGIONAL.glob("*.po"):
        assert all(p.stamps.source for p in read(path)) == (path.stem != "en")


def test_a_country_s_translation_may_be_made_from_the_shared_english(tmp_path: Path) -> None:
    """Where a country writes a text in its language alone, its source is the shared one."""
    texts = tmp_path / "countries" / "xxx" / "texts"
    texts.mkdir(parents=True)
    (texts / "ne.po").write_text(HEAD.format("ne") + ENTRY.format("flood", NEPALI), encoding="utf-8")
    stamp(texts / "ne.po")
    shared = Catalogue.load(tmp_path / "countries" / "yyy").get("en", "flood", Kind.WARNING)
    assert shared is not None
    assert read(texts / "ne.po")[0].stamps.source == shared.text
