"""What a message says: whole messages alone, however telephones mangle them, in nine languages; what is unsure is never guessed."""

import unicodedata
from pathlib import Path

import pytest

from alerts.listening.keywords import Meaning, ReportKind, joined, place_words, read, squashed, vocabulary
from alerts.listening.understanding import MOST_HOUSES, Said, understood
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError

LANGUAGES = ("bn", "en", "fil", "id", "ne", "si", "ta", "tpi", "ur")
WATER = ReportKind.WATER_IN_HOUSES


@pytest.fixture(scope="module")
def places(country: LoadedCountry) -> dict[str, str]:
    """The names of Sri Lanka's districts and divisions."""
    return place_words(country.places)


def test_all_nine_languages_have_all_words_and_all_are_drafts() -> None:
    """Nobody has reviewed them yet, and none is presented as reviewed."""
    assert tuple(sorted(vocabulary().by_language)) == LANGUAGES
    assert vocabulary().drafts == frozenset(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_of_each_language_is_understood_as_what_it_is_for(language: str, places: dict[str, str]) -> None:
    """Alone where it stands alone, and with a place, a language or a number where something follows."""
    words = vocabulary().by_language[language]
    meant = {Meaning.STOP: words.stop, Meaning.START: words.start, Meaning.HELP: words.help}
    assert {(understood(w, places).meaning, m) for m, group in meant.items() for w in group} == {(m, m) for m in meant}
    for word in words.area:
        assert understood(f"{word} Kandy", places) == Said(Meaning.AREA, place="LK21")
    for word in words.join:
        assert understood(f"{word} කෑගල්ල", places) == Said(Meaning.JOIN, place="LK92")
    for word in words.change_language:
        assert understood(f"{word} தமிழ்", places) == Said(Meaning.LANGUAGE, language="ta")
    for word in words.reports[WATER]:
        assert understood(f"{word} 3", places) == Said(Meaning.REPORT, report=WATER, count=3)
        assert understood(f"{words.drill[0]} {word} 3", places) == Said(Meaning.REPORT, report=WATER, count=3, drill=True)


@pytest.mark.parametrize(
    "written",
    [
        "STOP",
        "stop",
        " Stop ",
        "STOP.",
        "St op",
        "«STOP»".strip("«»"),
        "STOP\u200b",
        "\ufeffSTOP",
        "ＳＴＯＰ",
        "stop!!",
        "STOP\r\n",
        "\u202dSTOP\u202c",
    ],
)
def test_a_stop_is_a_stop_however_it_is_typed(written: str, places: dict[str, str]) -> None:
    """Case, spaces, marks around it, invisible characters and wide letters do not matter."""
    assert understood(written, places) == Said(Meaning.STOP)


@pytest.mark.parametrize("written", ["please stop", "stop the rain", "STOP 1", "don't STOP", "stopp", "STOP START", "", "   ", "?"])
def test_a_word_among_others_is_no_command(written: str, places: dict[str, str]) -> None:
    """Only a whole message counts; anything else goes to a person."""
    assert understood(written, places).meaning is Meaning.UNSURE


def test_composed_and_decomposed_letters_are_the_same_word(places: dict[str, str]) -> None:
    """Telephones send either form; words with a joiner are understood without it."""
    for language in LANGUAGES:
        for word in vocabulary().by_language[language].stop:
            for form in ("NFC", "NFD"):
                assert understood(unicodedata.normalize(form, word), places) == Said(Meaning.STOP)
    assert understood("ප්රදේශය Kandy", places) == Said(Meaning.AREA, place="LK21")


@pytest.mark.parametrize(
    ("written", "meaning"), [("1", Meaning.SAFE), ("2", Meaning.NEED_HELP), ("१", Meaning.SAFE), ("২", Meaning.NEED_HELP)]
)
def test_one_and_two_are_answers_in_any_digits(written: str, meaning: Meaning, places: dict[str, str]) -> None:
    """Native digits, a full stop and an emoji's digit are the same answers; twelve is none."""
    assert understood(written, places) == Said(meaning)
    assert understood(f" {written}. ", places) == Said(meaning)
    assert understood("2\ufe0f\u20e3", places) == Said(Meaning.NEED_HELP)
    assert understood("1 2", places).meaning is Meaning.UNSURE


@pytest.mark.parametrize(
    ("written", "count", "place"),
    [
        ("WATER 2", 2, ""),
        ("WATER2", 2, ""),
        ("wa ter  2", 2, ""),
        ("water: 12", 12, ""),
        ("पानी ५", 5, ""),
        ("পানি ৩", 3, ""),
        ("වතුර 4", 4, ""),
        ("WATER", 1, ""),
        ("WATER 0", 0, ""),
        ("WATER 2 Kandy", 2, "LK21"),
        ("WATER Kandy 2", 2, "LK21"),
        ("water kandy", 1, "LK21"),
        ("WATER 2, pasbagekorale", 2, "LK2157"),
        ("WATER LK2157", 1, "LK2157"),
        ("WATER 7 LK2157", 7, "LK2157"),
    ],
)
def test_a_report_is_a_word_a_number_and_perhaps_a_place(written: str, count: int, place: str, places: dict[str, str]) -> None:
    """A stray space, native digits and either order are understood; without a number it is one house, with 0 it is over."""
    assert understood(written, places) == Said(Meaning.REPORT, place=place, report=WATER, count=count)


@pytest.mark.parametrize(
    "written", ["WATER 2 3", "WATER 2.5", "WATER -2", "WATER 99999", f"WATER {MOST_HOUSES + 1}", "WATER 2 Atlantis", "water every where"]
)
def test_a_report_that_is_unsure_is_known_to_be_like_one(written: str, places: dict[str, str]) -> None:
    """So that the answer can show how a report is written."""
    assert understood(written, places) == Said(Meaning.UNSURE, like=Meaning.REPORT)


def test_a_name_means_the_wider_of_a_district_and_its_town(places: dict[str, str], country: LoadedCountry) -> None:
    """Colombo is a district and a division in it; every district and division can be named."""
    assert understood("AREA Colombo", places).place == "LK11"
    named = {squashed(a.names["en"]) for a in country.places.areas.values() if a.level in ("adm2", "adm3")}
    assert named <= set(places)


def test_a_word_with_two_meanings_is_refused(tmp_path: Path) -> None:
    """Whoever adds a word that another language uses for something else is told."""
    text = (Path(__file__).parents[2] / "alerts/listening/words/en.yaml").read_text(encoding="utf-8")
    (tmp_path / "xx.yaml").write_text(text.replace("help: [HELP, INFO]", "help: [HELP, STOP]"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="`stop` means help and stop"):
        joined([read(tmp_path / "xx.yaml")])
