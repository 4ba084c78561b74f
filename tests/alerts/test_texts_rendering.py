"""Rendering: nine languages, three of them also in Latin letters, clocks and digits of the place, and what goes first for want of room."""

import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from alert_places import START, country_without_feeds
from event_makers import event
from golden_texts import LANGUAGES, golden, path_of
from texts_places import NINE, ROMANISED, country_of_nine_languages

from alerts.languages import in_latin_letters, languages
from alerts.people.person import Need as NeedOfPerson
from alerts.rendering import NONE, Renderer, budget_of
from alerts.texts import ANY, SERVICE, Catalogue, Kind, Need, Pattern, Service, regional
from schemas.country_files import LoadedCountry
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence, Reading


@pytest.fixture(scope="module")
def nine() -> LoadedCountry:
    """A country of nine languages."""
    return country_of_nine_languages()


@pytest.fixture(scope="module")
def renderer(nine: LoadedCountry) -> Renderer:
    """Of the shared texts alone."""
    return Renderer(nine, Catalogue((), beneath=regional()))


def _only(country: LoadedCountry, text: str, language: str = "en") -> Renderer:
    return Renderer(country, Catalogue([Pattern(language, "t", Kind.WARNING, text, reviewed=False, file="texts/t.po", line=1)]))


def _forecast(hours: float, length: float) -> CompoundEvent:
    reading = Reading(
        area="LK21",
        indicator="rain_24h",
        value=200.0,
        unit="mm",
        start=START + timedelta(hours=hours),
        end=START + timedelta(hours=hours + length),
        received=START,
        age=timedelta(0),
        feed="forecast",
        quality="modelled",
        key="k",
        delivery="d",
        record="observations:0",
    )
    evidence = Evidence(condition="rain >= red", truth=Truth.TRUE, level=Level.RED, readings=(reading,))
    return event(EventChange.OPENED, area="LK22", evidence=evidence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shared_texts_read_as_they_were_last_read(language: str) -> None:
    """Each text of each language is as in its golden file, so that a change is seen by whoever reads the language."""
    assert golden(language) == path_of(language).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shared_text_keeps_its_budget_and_is_a_draft(renderer: Renderer, nine: LoadedCountry, language: str) -> None:
    """One segment for the languages of Latin letters, two for the others, in NFC, in its own language, and nobody has reviewed it."""
    happened = event(EventChange.OPENED, area="LK21")
    rendered = [renderer.render(name, kind, happened, language) for name in ("flood", "price_shock") for kind in Kind]
    rendered += [renderer.service(service, language, area="LK21", report="x", example="x") for service in Service]
    for text in rendered:
        assert text.size.segments <= budget_of(nine, language) == languages()[language].segments
        assert (text.language, text.reviewed) == (language, False)
        assert text.body == unicodedata.normalize("NFC", text.body)
        assert (text.size.encoding == "GSM-7") == (languages()[language].script == "Latn")


def test_days_and_hours_are_on_the_clock_of_the_place_in_the_digits_of_the_language(renderer: Renderer) -> None:
    """12:00 in Greenwich is 21:00 in a place whose clocks are Dili's and 17:30 in Colombo's; Nepali and Bangla have digits of their own."""
    kandy, matale = (event(EventChange.OPENED, area=area) for area in ("LK21", "LK22"))
    said = {tag: renderer.render("flood", Kind.WARNING, kandy, tag).body for tag in ("en", "ne", "bn", "ur", "si")}
    assert "27/11 21:00" in said["en"]
    assert "२७/११ २१:००" in said["ne"]
    assert "২৭/১১ ২১:০০" in said["bn"]
    assert "27/11 21:00" in said["ur"]
    assert "27/11 21:00" in said["si"]
    assert "27/11 17:30" in renderer.render("flood", Kind.WARNING, matale, "en").body


def test_a_zone_holds_for_all_inside_the_area(nine: LoadedCountry) -> None:
    """Divisions of a district have its clock; what nobody set has the country's."""
    assert [str(nine.zone_of(code)) for code in ("LK21", "LK2103", "LK22", "LK")] == [
        "Asia/Dili",
        "Asia/Dili",
        "Asia/Colombo",
        "Asia/Colombo",
    ]


def test_a_country_may_keep_the_digits_of_its_telephones(nine: LoadedCountry) -> None:
    """What country.yaml says of digits goes before what the language commonly has."""
    messaging = nine.facts.messaging.model_copy(update={"digits": {"ne": "latn"}})
    own = replace(nine, facts=nine.facts.model_copy(update={"messaging": messaging}))
    body = Renderer(own, Catalogue((), beneath=regional())).render("flood", Kind.WARNING, event(EventChange.OPENED, area="LK21"), "ne").body
    assert "27/11 21:00" in body


@pytest.mark.parametrize(
    ("hours", "length", "language", "said"),
    [
        (3, 1, "en", "today 27/11 20:30"),
        (12, 6, "en", "tomorrow 28/11 05:30"),
        (12, 24, "en", "tomorrow 28/11"),
        (48, 6, "en", "29/11 17:30"),
        (12, 6, "ne", "भोलि २८/११ ०५:३०"),
        (12, 6, "id", "besok 28/11 05:30"),
        (-1, 6, "en", None),
    ],
)
def test_a_danger_that_lies_ahead_says_from_when(renderer: Renderer, hours: float, length: float, language: str, said: str | None) -> None:
    """Today or tomorrow, with the date for whoever reads it past midnight; no hour if the forecast is of a day; nothing once it is here."""
    body = renderer.render("flood", Kind.WARNING, _forecast(hours, length), language).body
    plain = renderer.render("flood", Kind.WARNING, event(EventChange.OPENED, area="LK22"), language).body
    assert (body == plain) if said is None else (said in body)
    assert length != 24 or "28/11 " not in body.replace(said or "", "")


@pytest.mark.parametrize("need", list(Need))
def test_what_a_person_needs_changes_the_wording(renderer: Renderer, need: Need) -> None:
    """Each need has words of its own in each language, and the action of all stands before them."""
    happened = event(EventChange.OPENED, area="LK21")
    for language in LANGUAGES:
        plain = renderer.render("flood", Kind.WARNING, happened, language)
        worded = renderer.render("flood", Kind.WARNING, happened, language, need=need)
        assert worded.body != plain.body
        assert worded.size.segments <= languages()[language].segments


def test_needs_are_those_that_a_person_can_choose() -> None:
    """The words of the texts and those of the registry are the same."""
    assert {need.value for need in Need} == set(get_args(NeedOfPerson))


def test_what_is_least_needed_goes_first(country: LoadedCountry) -> None:
    """Names, then the promise, then the words for a need; never the rest."""
    text = "{source} {place} {time} GO{promise, select, yes { PROMISE} other {}}{need, select, livestock { COWS} other {}}"
    happened = event(EventChange.OPENED, area="LK21")

    def left(filling: int) -> list[str]:
        body = _only(country, text + "x" * filling).render("t", Kind.WARNING, happened, "en", need=Need.LIVESTOCK).body
        return [word for word in ("GO", "PROMISE", "COWS") if word in body]

    assert [left(filling) for filling in (90, 115, 122, 200)] == [["GO", "PROMISE", "COWS"], ["GO", "COWS"], ["GO"], ["GO"]]


def test_a_mark_takes_room_from_what_is_least_needed(country: LoadedCountry) -> None:
    """In an exercise the message keeps its segment by leaving out the promise."""
    happened = event(EventChange.OPENED, area="LK21")
    only = _only(country, "{source} {place} {time} GO{promise, select, yes { PROMISE} other {}}" + "x" * 105)
    assert "PROMISE" in only.render("t", Kind.WARNING, happened, "en").body
    marked = only.render("t", Kind.WARNING, happened, "en", exercise=True)
    assert ("PROMISE" in marked.body, marked.size.segments) == (False, 1)


def test_who_asked_for_latin_letters_gets_them_where_they_were_written(renderer: Renderer) -> None:
    """Nepali, Bangla and Urdu have a form in Latin letters; what is not written in it comes in the language's own letters."""
    assert tuple(in_latin_letters(tag) for tag in ("ne", "bn", "ur")) == ROMANISED
    assert [in_latin_letters(tag) for tag in ("si", "en")] == ["si", "en"]
    happened = event(EventChange.OPENED, area="LK21")
    assert renderer.render("flood", Kind.WARNING, happened, "ne-Latn").size.encoding == "GSM-7"
    nepal = Renderer(country_without_feeds("npl"))
    in_rasuwa = event(EventChange.OPENED, area="NP0329")
    said = {text: nepal.render(text, Kind.WARNING, in_rasuwa, "ne-Latn") for text in ("river_flood", "joint_silence")}
    assert {text: rendered.language for text, rendered in said.items()} == {"river_flood": "ne-Latn", "joint_silence": "ne"}
    assert said["river_flood"].body.startswith("Polyrisk parikshan: Rasuwa, 27/11 17:45. BADHI")


def test_names_of_divisions_are_given_where_they_can_be_written(nine: LoadedCountry) -> None:
    """In the language's own form, in English letters where it is written in Latin ones, and not at all in a script that has none."""
    warned = _forecast(-1, 1)
    reading = warned.evidence.readings[0].model_copy(update={"area": "LK2103"})
    inside = warned.model_copy(update={"area": "LK21", "evidence": warned.evidence.model_copy(update={"readings": (reading,)})})
    text = "{source} {place} {time} {divisions}"
    named = {tag: _only(nine, text, tag).render("t", Kind.WARNING, inside, tag).body for tag in ("en", "id", "si", "ur")}
    division = nine.places.areas["LK2103"].names
    assert division["en"] in named["en"]
    assert division["en"] in named["id"]
    assert division["si"] in named["si"]
    assert named["ur"].endswith(NONE)


def test_a_country_s_own_text_is_read_instead_of_the_shared_one(nine: LoadedCountry) -> None:
    """By name and kind; the kinds it did not write it has from the shared texts, and those that no hazard has from the ones for any."""
    own = Pattern("en", "flood", Kind.WARNING, "{source} {place} {time} OURS", reviewed=False, file="texts/en.po", line=1)
    catalogue = Catalogue([own], beneath=regional())
    assert catalogue.get("en", "flood", Kind.WARNING) is own
    assert catalogue.get("en", "flood", Kind.UPDATE) == regional().get("en", "flood", Kind.UPDATE)
    assert catalogue.get("en", "flood", Kind.EXPIRED) == regional().get("en", ANY, Kind.EXPIRED)
    assert catalogue.get("en", SERVICE, Kind.EXPIRED) is None


@pytest.mark.parametrize("kind", [Kind.RETRACTION, Kind.CORRECTION, Kind.CANNOT_TELL, Kind.EXPIRED])
def test_ends_for_any_hazard_name_it(renderer: Renderer, kind: Kind) -> None:
    """Who stands under two warnings must know which of them is meant; a text without a name is told of without one."""
    happened = event(EventChange.OPENED, area="LK21")
    for language in NINE:
        name = regional().get(language, "landslide", "name")
        assert name is not None
        assert name.text in renderer.render("landslide", kind, happened, language).body
        assert NONE not in renderer.render("nobody_named_it", kind, happened, language).body.split()


def test_a_country_of_one_way_is_told_to_leave_by_its_own_words() -> None:
    """Where no answer arrives, nobody is told to send one."""
    renderer = Renderer(country_without_feeds("npl"))
    for service in (Service.ENROLLED, Service.RETURNED, Service.HELP):
        body = renderer.service(service, "ne", area="NP0328").body
        assert "वडा कार्यालयमा फोन" in body
        assert "STOP" not in body
    assert "START" not in renderer.service(Service.LEFT, "ne").body
