"""EXERCISE and SENT LATE: in every language, before everything else, EXERCISE last too, and beyond the reach of whoever edits a text."""

import contextlib
import unicodedata

import pytest
from alert_places import country_without_feeds
from event_makers import event
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.languages import languages
from alerts.marks import EXERCISE, LATE, is_exercise, marked
from alerts.rendering import Renderer
from alerts.segments import measure
from alerts.texts import REQUIRED, Catalogue, Kind, Pattern, Service
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.outputs import EventChange

NINE = ("en", "ne", "bn", "ur", "id", "tpi", "si", "ta", "fil")
_BRACES = st.text(alphabet=st.sampled_from("abc {}'#,|.:\n\t\u200f\u202e\u2066\b\x00é।"), max_size=40)


def _pattern(text: str, language: str = "en") -> Pattern:
    return Pattern(language, "river_flood", Kind.WARNING, text, reviewed=False, file="texts/en.po", line=1)


def _rendered(country: LoadedCountry, text: str, *, exercise: bool, late: bool = False) -> str:
    catalogue = Catalogue([_pattern(text)])
    warned = event(EventChange.OPENED, area="LK21")
    return Renderer(country, catalogue).render("river_flood", Kind.WARNING, warned, "en", exercise=exercise, late=late).body


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_has_both_marks_in_its_own_letters(language: str) -> None:
    """No language that the project writes in is left with English words, and the two marks are not the same."""
    for words in (EXERCISE, LATE):
        assert words[language] == unicodedata.normalize("NFC", words[language])
        assert all(unicodedata.category(c) not in {"Cc", "Co"} for c in words[language])
    assert EXERCISE[language] != LATE[language]
    if languages()[language].script == "Latn":
        assert measure(EXERCISE[language] + LATE[language]).encoding == "GSM-7"


def test_an_unknown_language_is_marked_in_english_and_a_romanised_one_in_its_own() -> None:
    """A mark is never missing for want of a word."""
    assert marked("x", "mai", exercise=True) == "EXERCISE. x. EXERCISE"
    assert marked("x", "ne-Cyrl", exercise=True) == f"{EXERCISE['ne']}. x. {EXERCISE['ne']}"
    assert marked("x", "en", exercise=True, late=True) == "EXERCISE. SENT LATE. x. EXERCISE"
    assert marked("x.", "en", exercise=True) == "EXERCISE. x. EXERCISE"
    assert marked("EXERCISE. x. EXERCISE", "en", late=True) == "EXERCISE. SENT LATE. x. EXERCISE"
    assert marked("x", "en") == "x"


@settings(max_examples=150, deadline=None)
@given(middle=_BRACES)
def test_no_text_takes_the_mark_of_an_exercise_away(country: LoadedCountry, middle: str) -> None:
    """Whatever stands in a pattern: what cannot be rendered is never sent, and the rest begins and ends with EXERCISE."""
    with contextlib.suppress(ConfigurationError):
        assert is_exercise(_rendered(country, f"{{source}} {{place}} {{time}} {middle}", exercise=True))


@pytest.mark.parametrize("said", ["", " ", "\u202e", "{", "EXERCISE", "\b" * 20])
def test_no_argument_takes_the_mark_away(country: LoadedCountry, said: str) -> None:
    """Neither a name, nor a report, nor an example that a person wrote can stand before it."""
    renderer = Renderer(country)
    rendered = renderer.service(Service.REPORT_UNDERSTOOD, "si", area="LK21", report=said, example=said, exercise=True)
    assert rendered.body.startswith(f"{EXERCISE['si']}. ")
    assert is_exercise(rendered.body)


@pytest.mark.parametrize("code", ["lka", "npl"])
def test_every_text_of_a_country_is_marked_in_its_language(code: str) -> None:
    """In an exercise each kind of each text begins and ends with the word of the language that it is written in."""
    country = country_without_feeds(code)
    renderer = Renderer(country)
    area = next(a.code for a in country.places.areas.values() if a.level == "adm2")
    for rule in country.configuration.rules:
        for kind in Kind:
            for language in country.languages:
                warned = event(EventChange.OPENED, area=area, rule=rule.name)
                rendered = renderer.render(rule.text, kind, warned, language, exercise=True, late=True)
                assert rendered.body.startswith(f"{EXERCISE[rendered.language]}. {LATE[rendered.language]}. ")
                assert is_exercise(rendered.body)


def test_what_is_late_when_it_leaves_can_still_say_so(country: LoadedCountry) -> None:
    """A finished, approved text is marked without its pattern: the words that were approved follow unchanged."""
    renderer = Renderer(country)
    warned = event(EventChange.OPENED, area="LK21")
    approved = renderer.render("river_flood", Kind.WARNING, warned, "ta")
    late = approved.marked(late=True)
    assert late.body == f"{LATE['ta']}. {approved.body}"
    assert late.size == measure(late.body)


def test_a_required_argument_is_no_way_around(country: LoadedCountry) -> None:
    """A text that only asks for what it must begins with the mark too, as does one that begins with it already."""
    for text in (" ".join(f"{{{name}}}" for name in sorted(REQUIRED)), "EXERCISE. {source} {place} {time}"):
        assert _rendered(country, text, exercise=True).startswith("EXERCISE. ")
