"""Whoever is woken is woken in the language that they chose: the SMS, the call, and what is said after a key was pressed."""

import asyncio
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alert_places import START
from argon2 import PasswordHasher
from golden_wakings import FLOOD, LANGUAGES, WAKING, golden, path_of
from provider_client import provider_client
from small_world import World
from test_waking import OUTSIDE, Night, listener

from alerts import journal
from alerts.channels.contract import Spoken
from alerts.channels.twilio_sms import TwilioSms, said_to, voices_of
from alerts.checks import missing_duty_texts
from alerts.drills.duty import of_installation, read
from alerts.duty_words import DUTY, Duty
from alerts.listening.webhooks import Doors, create_app
from alerts.marks import EXERCISE, is_exercise
from alerts.officers import accounts, passwords
from alerts.registry import Registry
from alerts.roster import wakings
from alerts.roster.ladder import Way
from alerts.roster.waking import Waker
from alerts.roster.wording import Wording
from alerts.segments import measure
from alerts.stand_in_provider import AUTH_TOKEN, StandInProvider
from alerts.stand_in_provider.callbacks import signature
from alerts.texts import Catalogue, Pattern, regional
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError
from schemas.outputs import EventChange

VOICES = {"ne": "a Nepali voice", "ur": "an Urdu voice"}
"""Made up: which voices there are, the account says."""


@pytest.fixture
def night(log: EventLog, homed: Registry, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    """A red warning waits for signatures in Kandy, and no telephone is picked up; in each kind of database."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    world = World(log, homed, country)
    world.person("Amara")
    world.happens(EventChange.OPENED, 0)
    with StandInProvider() as provider:
        yield Night(world, provider)


def chooses(night: Night, name: str, language: str) -> None:
    """An officer chooses a language."""
    with night.registry.acting() as connection:
        accounts.choose_language(connection, night.desk.officer(name), language, START)


def bodies(night: Night, turns: int = 1) -> list[str]:
    """The words of the SMS so far, the code as 0000."""
    night.passes(turns)
    (waking,) = night.open()
    return [sms.body.replace(waking.code, "0000") for sms in night.provider.accepted]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_wakes_reads_as_it_was_last_read(language: str) -> None:
    """Each waking of each language is as in its golden file, so that a change is seen by whoever reads the language."""
    assert golden(language) == path_of(language).read_text(encoding="utf-8")


def test_each_officer_is_woken_in_their_own_language(night: Night) -> None:
    """Nepali for one, Urdu for the next, English for who chose nothing; the journal has in which."""
    chooses(night, "first", "ne")
    chooses(night, "second", "ur")
    nepali, urdu, english = bodies(night, 5)
    assert nepali == "POLYRISK LKA 0000: Kandy: river and landslide (रातो) हस्ताक्षर पर्खिरहेको छ। ब्युँझिएपछि 0000 पठाउनुहोस्।"
    assert urdu == "پولی رِسک LKA 0000: Kandy: river and landslide (سرخ) دستخط کا منتظر ہے۔ جاگ گئے ہوں تو 0000 بھیجیں۔"
    assert english.startswith("POLYRISK LKA 0000: ")
    assert english.endswith(" waits for signatures. Answer 0000 if you are awake.")
    with night.registry.reading() as connection:
        said = [json.loads(entry.content)["language"] for entry in journal.entries(connection) if entry.step == "woken"]
        assert [one["language"] for one in wakings.tries(connection, night.open()[0].id)] == said
    assert said == ["ne", "en", "ur", "en", "en"]  # no voice was named, so calls are in English


def test_who_is_woken_in_another_language_than_their_own_stands_in_the_log(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    """By the account's id, for each try: the words are missing, or whoever calls has no voice."""
    chooses(night, "first", "si")
    chooses(night, "second", "ne")
    night.passes(4)
    told = [record.getMessage() for record in caplog.records if record.name == "alerts.roster.waking"]
    first, second = (night.desk.officer(name).id for name in ("first", "second"))
    assert told == [
        f"{first} reads `si` and is woken in `en` by sms",
        f"{first} reads `si` and is woken in `en` by call",
        f"{second} reads `ne` and is woken in `en` by call",
    ]


def test_who_chose_nothing_is_woken_as_the_country_speaks(night: Night) -> None:
    """As on the console's pages: the country's interface language, and English where the words are missing."""
    country = night.world.country
    for language, said in (("ne", "ब्युँझिएपछि"), ("si", "if you are awake")):
        facts = country.facts.model_copy(update={"console_language": language})
        night.waker = Waker(night.registry, replace(country, facts=facts), night.channel, wall_clock=night.wall)
        assert said in bodies(night, 1 if language == "ne" else 2)[-1]


def test_a_call_speaks_the_language_that_a_voice_was_named_for(night: Night) -> None:
    """All of it, in that voice; and so is what is said to who pressed a key, that counts or not."""
    chooses(night, "first", "ur")
    account = replace(night.channel._account, voices=VOICES)
    night.waker = Waker(night.registry, night.world.country, TwilioSms(account), wall_clock=night.wall)
    pressing = ["2"]
    night.provider.calls._presses = lambda _: pressing[0]
    night.passes(2)
    (call,) = night.provider.calls.made
    assert call.twiml.count('voice="an Urdu voice"') == 3
    assert "en-GB" not in call.twiml
    assert call.twiml.count("دستخط کا منتظر ہے۔ جاگ گئے ہوں تو 1 دبائیں۔") == 2
    assert "آپ نے کچھ نہیں دبایا۔" in call.twiml

    async def press(key: str) -> str:
        pressing[0] = key
        pressed = night.provider.calls.pressed(call)
        assert pressed is not None
        address, form = pressed
        async with provider_client(create_app(Doors(OUTSIDE, AUTH_TOKEN, voices=VOICES), listener(night)), OUTSIDE) as client:
            return (await client.post(address, data=form, headers={"X-Twilio-Signature": signature(address, form)})).text

    assert '<Say voice="an Urdu voice">اسے جواب نہیں مانا گیا۔</Say>' in asyncio.run(press("2"))
    assert len(night.open()) == 1
    assert '<Say voice="an Urdu voice">شکریہ۔ نوٹ کر لیا گیا کہ آپ جاگ گئے ہیں۔</Say>' in asyncio.run(press("1"))
    assert night.open() == []


def test_without_a_voice_a_call_is_in_english_and_the_sms_is_not(night: Night) -> None:
    """Twilio says nothing at all in a language that it has no voice for."""
    chooses(night, "first", "ne")
    assert "ब्युँझिएपछि" in bodies(night, 2)[0]
    (call,) = night.provider.calls.made
    assert "You are on duty." in call.twiml
    assert call.twiml.count('language="en-GB"') == 3


def test_voices_are_named_by_the_environment() -> None:
    """Language and voice; what cannot be read is refused with how it is written, before anybody is woken."""
    assert voices_of({}) == {}
    assert voices_of({"TWILIO_VOICES": "ur=Google.ur-IN-Standard-A  ne=Own.voice=2"}) == {
        "ur": "Google.ur-IN-Standard-A", "ne": "Own.voice=2",
    }  # fmt: skip
    for wrong in ("ur", "ur=", "=voice"):
        with pytest.raises(ConfigurationError, match=r"TWILIO_VOICES.*language=voice"):
            voices_of({"TWILIO_VOICES": wrong})
    english = Spoken("+999700000001", "words", "r", "en", "Press 1.", "nothing", "elsewhere")
    assert 'voice="mine"' in said_to(english, None, {"en": "mine"})
    assert '<Say language="en-GB">words words elsewhere</Say>' in said_to(english, None)


@pytest.mark.parametrize("language", ["ne", "ur"])
@pytest.mark.parametrize("way", list(Way))
def test_an_exercise_says_so_first_and_last_in_every_language(language: str, way: Way) -> None:
    """However long it is: what is cut is the middle, and neither the mark nor the code."""
    country = load_country(countries_root() / "npl")
    long = replace(FLOOD, rule="a rule with a name " * 20)
    said = Wording(country, exercise=True).said(long, WAKING, way, 12, language)
    assert said.language == language
    assert is_exercise(said.body)
    assert said.body.startswith(EXERCISE[language])
    assert said.body == unicodedata.normalize("NFC", said.body)
    if way is Way.SMS:
        assert measure(said.body).segments == 2
        assert said.body.count("4711") == 2


def test_the_officers_of_a_drill_are_woken_in_it_as_in_earnest(night: Night, tmp_path: Path) -> None:
    """Those of the roster with the language of their account; those of a file with what stands there, or as the country speaks."""
    chooses(night, "second", "ur")
    with_telephones = {one.name: one.language for one in of_installation(night.registry, night.world.country, night.now)}
    assert with_telephones == {"first": "", "second": "ur", "director": ""}
    file = tmp_path / "drill-roster.csv"
    row = "n.perera,+999700000001,duty_officer,first"
    file.write_text(f"name,number,role,place,language\n{row},ne\n{row.replace('first', 'second')},\n", encoding="utf-8")
    assert [one.language for one in read(file, night.world.country)] == ["ne", ""]
    file.write_text(f"name,number,role,place\n{row}\n", encoding="utf-8")
    assert [one.language for one in read(file, night.world.country)] == [""]


def test_a_spoilt_text_lets_nobody_sleep(country: LoadedCountry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of the country's own that cannot be rendered: English instead; if that is spoilt too, the code and what was kept."""

    def catalogue(*languages: str) -> Any:
        spoilt = [Pattern(tag, DUTY, Duty.SMS, "{code} {what} {nobody_gives}", reviewed=False, file="texts", line=1) for tag in languages]
        return lambda _: Catalogue(spoilt, beneath=regional())

    monkeypatch.setattr(Catalogue, "load", catalogue("ne"))
    assert Wording(country).said(FLOOD, WAKING, Way.SMS, 0, "ne").language == "en"
    monkeypatch.setattr(Catalogue, "load", catalogue("ne", "en"))
    said = Wording(country, exercise=True).said(FLOOD, WAKING, Way.SMS, 0, "ne")
    assert said.body == "EXERCISE. POLYRISK LKA 4711: river_flood red in Jhapa waits. EXERCISE"


def test_a_language_without_words_is_found_before_anybody_is_woken(country: LoadedCountry) -> None:
    """By `polyrisk check` for those that the console speaks and a country names, by the doctor for those that officers chose."""
    assert missing_duty_texts(("en", "ne", "ur")) == []
    (found,) = missing_duty_texts(("en", "si"))
    assert (found.file, found.note) == ("countries/texts/si.po", False)
    assert "woken in English" in found.why
    half = Catalogue([Pattern("si", DUTY, kind, "x", reviewed=False, file="t", line=1) for kind in Duty if kind is not Duty.CALL])
    (found,) = missing_duty_texts(["si"], half)
    assert found.what == "texts duty.call are missing in `si`."
    assert [tag for tag in ("en", "ne", "si", "xx") if not Wording(country).has(tag)] == ["si", "xx"]
