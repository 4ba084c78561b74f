"""Texts: every kind in every language of the areas it can reach, within budget, understandable by ICU, and marked as drafts."""

import unicodedata
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from alert_places import CHECKOUT, country_without_feeds

from alerts import patterns
from alerts.checks import findings_of
from alerts.rendering import NONE
from alerts.reviews import fingerprint
from alerts.segments import measure
from alerts.texts import Catalogue, Kind
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError

HEADER = 'msgid ""\nmsgstr ""\n"Language: {}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n"X-Reviewed-By: {}\\n"\n\n'
ENTRY = 'msgctxt "{}"\nmsgid "{}"\nmsgstr "{}"\n\n'


def _names(country: LoadedCountry, language: str) -> list[str]:
    return [a.names.get(language) or a.names["en"] for a in country.places.areas.values() if a.level == "adm2"]


@pytest.mark.parametrize("code", ["lka", "npl"])
def test_no_country_has_findings(code: str) -> None:
    """Each rule's text exists in all kinds and languages of the areas it reaches, and keeps the budget for the longest name."""
    if (CHECKOUT / "countries" / code / "rules.yaml").exists():
        assert [str(f) for f in findings_of(country_without_feeds(code))] == []


def test_every_text_keeps_its_budget_for_every_district_and_level(country: LoadedCountry) -> None:
    """One segment in English, two in Sinhala and Tamil, whatever the place, as long as names and what is added may be left out."""
    budgets = {"en": 1, "si": 2, "ta": 2}
    checked = 0
    for pattern in (p for p in Catalogue.load(country.folder).patterns if not p.is_part):
        for place, level, confirmed in product(_names(country, pattern.language), ("orange", "red"), ("yes", "no")):
            choices = {"level": level, "confirmed": confirmed, "rivers": NONE, "divisions": NONE, "stations": NONE}
            choices |= {"promise": "no", "need": NONE, "action": NONE, "shelter": NONE}
            source = country.facts.messaging.speaks_as[pattern.language]
            text = pattern.render({"source": source, "place": place, "time": "27/11 20:30", **choices})
            size = measure(text)
            assert size.segments <= budgets[pattern.language], (size.units, text)
            assert size.encoding == ("GSM-7" if pattern.language == "en" else "UCS-2"), text
            assert place in text
            assert text == unicodedata.normalize("NFC", text)
            checked += 1
    assert checked > 3_000


@pytest.mark.parametrize("code", ["lka", "npl"])
def test_what_still_stands_is_said_differently_when_gauges_are_silent(code: str) -> None:
    """Each text to households says so, in each language; that to people on duty is about silence itself."""
    for pattern in Catalogue.load(CHECKOUT / "countries" / code).patterns:
        if pattern.kind == Kind.STILL:
            fixed = {"source": "s", "place": "p", "time": "t", "level": "red", "rivers": NONE, "divisions": NONE, "stations": NONE}
            fixed |= {"promise": "no", "need": NONE, "when": NONE, "hazard": NONE, "action": NONE, "shelter": NONE}
            told = {pattern.render({**fixed, "confirmed": confirmed}) for confirmed in ("yes", "no")}
            assert len(told) == (1 if pattern.name == "joint_silence" else 2), told


def test_the_longest_of_all_choices_is_held_against_the_budget(country: LoadedCountry, tmp_path: Path) -> None:
    """A text that is too long only when gauges are silent is found before they are."""
    text = "{source} {place} {time} {confirmed, select, no {" + "x" * 160 + "} other {}}"
    folder = _copy_with(country, tmp_path, ("river_flood", "still", text))
    found = findings_of(replace(country, folder=folder))
    assert [(f.file, f.check) for f in found if f.check == "too-long"] == [("countries/lka/texts/en.po", "too-long")]


def test_every_text_is_marked_as_a_draft(country: LoadedCountry) -> None:
    """Nobody who reads the languages has approved them yet, so none may pass as reviewed."""
    assert {p.reviewed for p in Catalogue.load(country.folder).patterns} == {False}


def test_a_demonstration_never_speaks_as_an_authority(country: LoadedCountry) -> None:
    """The authority's name or letters stand in no text, nor in what the demonstration calls itself."""
    said = [p.text for p in Catalogue.load(country.folder).patterns] + list(country.facts.messaging.speaks_as.values())
    names = [country.facts.authority.short, *country.facts.authority.names.values()]
    assert not [(name, text) for name, text in product(names, said) if name in text]


def test_a_review_holds_for_what_was_reviewed(tmp_path: Path) -> None:
    """A text counts as reviewed while it and its English stand as they were read, and not if its entry is marked fuzzy."""
    (tmp_path / "texts").mkdir()
    text = "{source} {place} {time}"
    review = f"#. reviewed: A. Reader, 2026-11-24, {fingerprint(text, text)}\n"
    entries = [
        review + ENTRY.format("a", "warning", text),
        review + "#, fuzzy\n" + ENTRY.format("b", "warning", text),
        review + ENTRY.format("c", "warning", text + " changed"),
        ENTRY.format("d", "warning", text),
    ]
    (tmp_path / "texts" / "en.po").write_text(HEADER.format("en", "A. Reader 2026-11-24") + "".join(entries))
    assert [p.reviewed for p in Catalogue.load(tmp_path).patterns] == [True, False, False, False]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{a} and {b}", {"a", "b"}),
        ("{n, plural, one {# flood in {place}} other {# floods}}", {"n", "place"}),
        ("{level, select, red {GO} other {{stay, select, x {y} other {z}}}}", {"level", "stay"}),
        ("'{a}' {b}", {"b"}),
        ("it's {a}", {"a"}),
        ("{when, time, short}", {"when"}),
    ],
)
def test_arguments_inside_branches_are_found(pattern: str, expected: set[str]) -> None:
    """ICU leaves a missing argument standing in the text, so all must be known beforehand; a branch's own words are none."""
    assert patterns.arguments(pattern) == expected


def test_a_missing_argument_is_refused_not_sent() -> None:
    """A text with a bare {divisions} in it must never reach a person."""
    pattern = Catalogue.load(CHECKOUT / "countries" / "lka").get("en", "river_and_landslide", Kind.WARNING)
    assert pattern is not None
    with pytest.raises(ConfigurationError, match=r"en\.po:\d+: text river_and_landslide\.warning asks for divisions, need"):
        pattern.render({"source": "s", "place": "p", "time": "t", "level": "red", "action": "none", "shelter": "none"})


@pytest.mark.parametrize(
    ("entry", "check", "said"),
    [
        ("{source} {place} {time} {levle}", "unknown-argument", "levle"),
        ("{source} {place}", "missing-argument", "time"),
        ("{source} {place} {time", "unparsable-pattern", "closed"),
        ("{source} {place} {time} " + "x" * 160, "too-long", "2 segments"),
        ("{source} {place}\u200b {time}", "invisible-character", "U+200B"),
        ("{source} {place} {time} cafe\u0301", "not-nfc", "NFC"),
        ("{source} {place} {time} \u201cgo\u201d", "leaves-gsm7", "U+201C"),
    ],
)
def test_each_fault_is_found_with_its_line(country: LoadedCountry, tmp_path: Path, entry: str, check: str, said: str) -> None:
    """A faulty text is named by file and line, with what is wrong."""
    folder = _copy_with(country, tmp_path, ("river_flood", "warning", entry))
    found = [f for f in findings_of(replace(country, folder=folder)) if f.check == check]
    assert len(found) == 1
    assert found[0].file.endswith("texts/en.po")
    assert found[0].line > 1
    assert said in found[0].what + found[0].remedy


def test_a_missing_language_is_found(country: LoadedCountry, tmp_path: Path) -> None:
    """A text that a rule names must exist in every language of the areas the rule reaches."""
    folder = _copy_with(country, tmp_path, ("river_flood", "warning", ""))
    found = findings_of(replace(country, folder=folder))
    assert [(f.check, f.what) for f in found] == [("missing-text", "text river_flood.warning is missing in `en`.")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("river_flood", "action.stay"), ("landslide", "meanwhile.stay"), ("river_flood", "afterwards.boil_water"), ("landslide", "name")],
)
def test_a_language_that_misses_what_may_stand_in_a_slot_is_found(country: LoadedCountry, tmp_path: Path, name: str, kind: str) -> None:
    """What one language alone lacks nobody could choose; it is named with its file. What all countries share fills in."""
    found = findings_of(replace(country, folder=_copy_with(country, tmp_path, (name, kind, ""))))
    missing = [(f.check, f.file, f.what) for f in found]
    shared = name == "landslide"  # English for it is there for all countries
    assert missing == ([] if shared else [("missing-text", "countries/lka/texts/en.po", f"text {name}.{kind} is missing in `en`.")])


def test_a_language_that_does_not_ask_for_a_slot_is_found(country: LoadedCountry, tmp_path: Path) -> None:
    """A text that says one thing whatever is chosen is held against the English, where it stands."""
    folder = _copy_with(country, tmp_path, ("river_flood", "all_clear", ""))
    path = folder / "texts" / "si.po"
    path.write_text(path.read_text().replace("{action, select, none {නිලධාරියා කී පසු පමණක් ගෙදර යන්න} other {{action}}}", "යන්න"))
    (folder / "texts" / "en.po").write_text((country.folder / "texts" / "en.po").read_text())
    found = [(f.check, f.file, f.what) for f in findings_of(replace(country, folder=folder)) if f.check == "other-arguments"]
    assert found
    assert {(check, file) for check, file, _ in found} == {("other-arguments", "countries/lka/texts/si.po")}
    assert "does not ask for {action}, the English does." in found[0][2]


def _copy_with(country: LoadedCountry, tmp_path: Path, change: tuple[str, str, str]) -> Path:
    name, kind, text = change
    folder = tmp_path / "countries" / "lka"
    (folder / "texts").mkdir(parents=True)
    for path in (country.folder / "texts").glob("*.po"):
        content = path.read_text()
        if path.stem == "en":
            before, _, after = content.partition(f'msgctxt "{name}"\nmsgid "{kind}"\nmsgstr "')
            content = f'{before}msgctxt "{name}"\nmsgid "{kind}"\nmsgstr "{text}"{after.partition(chr(34))[2]}'
        (folder / "texts" / path.name).write_text(content)
    return folder
