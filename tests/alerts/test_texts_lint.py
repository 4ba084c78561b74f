"""The checks of texts: each finding provoked, and none in what is shipped."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alert_places import CHECKOUT, country_without_feeds
from texts_places import country_of_nine_languages

from alerts import checks, texts
from alerts import languages as described
from alerts.checks import findings_of, notes, sendable, shared_findings
from alerts.duty_words import DUTY
from alerts.languages import languages
from alerts.marks import EXERCISE, LATE
from alerts.rendering import budget_of
from alerts.reviews import Review, Stamps, fingerprint
from alerts.text_checks import UNREADABLE, findings_of_text
from alerts.text_lengths import SOURCE, Setting, findings_of_length, longest
from alerts.texts import NAME, REGIONAL, WORDS, Catalogue, Kind, Need, Pattern, Service, read, regional
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError

WARNING = "{source} {time}: FLOOD danger, {place}. LEAVE the river bank now."


def _text(text: str, language: str = "en", kind: str = Kind.WARNING, name: str = "flood", source: str = "", older: bool = False) -> Pattern:
    stamps = Stamps(source=source or WARNING)
    return Pattern(language, name, kind, text, False, "countries/texts/x.po", 7, (f'msgstr "{text}"',), stamps, older)


def _found(pattern: Pattern, english: Pattern | None = None) -> list[str]:
    return [f.check for f in findings_of_text(pattern, english, languages().get(pattern.language))]


def test_nothing_is_found_in_the_shared_texts() -> None:
    """All twelve languages say all parts of each warning in plain words, with the same arguments, within their segments."""
    assert [str(f) for f in shared_findings()] == []


def test_every_language_has_every_shared_text() -> None:
    """Whoever reads any of them is answered in it. What wakes officers is there in the languages of the console (`polyrisk check`)."""
    public = [p for p in regional().patterns if p.name != DUTY]
    by_language = {tag: {(p.name, p.kind) for p in public if p.language == tag} for tag in languages()}
    assert len(by_language) == 12
    assert all(texts == by_language["en"] for texts in by_language.values())
    assert {("service", kind.value) for kind in Service} <= by_language["en"]


@pytest.mark.parametrize(
    ("text", "check", "said"),
    [
        ("{source} {time}: FLOOD danger. LEAVE the river bank now.", "missing-argument", "place"),
        ("{place} {time}: FLOOD danger. LEAVE the river bank now.", "missing-argument", "source"),
        ("{source}: FLOOD danger, {place}. LEAVE the river bank now.", "missing-argument", "time"),
        ("{source} {time}: {place}. LEAVE the river bank now.", "no-hazard", "what threatens"),
        ("{source} {time}: FLOOD danger, {place}.", "no-action", "what to do"),
        (WARNING.replace("LEAVE", "EVACUATE"), "jargon", "evacuate"),
        (WARNING + " The threshold is exceeded.", "jargon", "threshold"),
        ("{source} {time}: FLOOD DANGER, {place}. LEAVE THE RIVER BANK NOW.", "all-capitals", "capitals"),
        (WARNING + "\u200b", "invisible-character", "U+200B"),
        (WARNING + "\u202e", "invisible-character", "U+202E"),
        (WARNING + "\u2067", "invisible-character", "U+2067"),
        (WARNING + " cafe\u0301", "not-nfc", "composed"),
        (WARNING + " \u2013", "leaves-gsm7", "U+2013"),
        (WARNING + " {levle}", "unknown-argument", "levle"),
        (WARNING + " {level, select, red {x", "unparsable-pattern", "closed"),
        (WARNING + " {level, select, red {x}}", "unparsable-pattern", "ICU"),
        (WARNING + " {level, plural, one {x} other {y}}", "unformattable-pattern", "ICU"),
        (WARNING.replace("{time}", "{time, date, short}"), "unformattable-pattern", "ICU"),
    ],
)
def test_each_fault_of_a_text_is_found(text: str, check: str, said: str) -> None:
    """By its name, with where it stands, why it matters and what to do."""
    found = [f for f in findings_of_text(_text(text), None, languages()["en"]) if f.check == check]
    assert found
    assert said in found[0].what
    assert (found[0].file, found[0].line) == ("countries/texts/x.po", 7)
    assert found[0].remedy
    assert found[0].why


def test_thousands_of_slips_in_texts_end_in_findings() -> None:
    """Whatever is cut, doubled or broken in a text: it is found, or it can be rendered; nothing else comes of it."""
    chance, found = random.Random(7), 0
    slips = ["{", "}", "'", "{level}", "{time, date}", "{level, plural, one {x} other {#}}", "#", "\u202e", "\0", "|", "{n, spellout}", ""]
    for _ in range(1_500):
        pattern = chance.choice(regional().patterns)
        text = pattern.text
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(slips) + text[at + chance.choice((0, 0, 1, 3)) :]
        slipped = replace(pattern, text=text)
        of_text = findings_of_text(slipped, pattern, languages()[pattern.language])
        found += bool(of_text)
        if not any(f.check in UNREADABLE for f in of_text):
            assert longest(slipped, Setting(SOURCE, ("Kandy",), budget=1)) is not None
    assert found > 1_000


def test_a_faultless_text_has_no_findings() -> None:
    """The text that the faulty ones above are made of passes every check."""
    assert _found(_text(WARNING)) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ne", "{source} {time}: {place}: बाढीको खतरा। नदी किनार।"),
        ("bn", "{source} {time}: {place}: বন্যার বিপদ। নদীর তীর।"),
        ("ur", "{source} {time}: {place}: سیلاب کا خطرہ۔ دریا کا کنارہ۔"),
        ("si", "{source} {time}: {place}: ගංවතුර අනතුර. ගං ඉවුරු."),
        ("ta", "{source} {time}: {place}: வெள்ள அபாயம். ஆற்றங்கரை."),
        ("id", "{source} {time}: Bahaya BANJIR, {place}. Tepi sungai."),
        ("tpi", "{source} {time}: TAIT WARA, {place}. Arere bilong wara."),
        ("fil", "{source} {time}: Panganib ng BAHA, {place}. Pampang ng ilog."),
    ],
)
def test_a_missing_action_is_found_in_every_language(language: str, text: str) -> None:
    """What a reader of English would miss is missed in the others too."""
    assert _found(_text(text, language), _text(WARNING)) == ["no-action"]


def test_an_action_missing_in_one_branch_alone_is_found() -> None:
    """Each way in which the text can be given is read, not its whole source."""
    text = "{source} {time}: FLOOD danger, {place}. {level, select, red {LEAVE now} other {Be careful}}."
    assert _found(_text(text)) == ["no-action"]


def test_parts_are_asked_of_warnings_and_updates_alone() -> None:
    """An all-clear threatens nobody, and a receipt asks for nothing."""
    bare = "{source} {time} {place}: well, that is that."
    assert _found(_text(bare, kind=Kind.ALL_CLEAR)) == []
    assert sorted(_found(_text(bare, kind=Kind.UPDATE))) == ["no-action", "no-hazard"]
    assert _found(_text("{source}: well, that is that.", kind=Service.LEFT, name="service")) == []


def test_what_is_found_stands_where_it_is_written() -> None:
    """Line and column of the very word, also in a file that an editor has broken into lines."""
    pattern = replace(
        _text(WARNING + " Now evacuate."), written=('msgstr ""', '"{source} {time}: FLOOD danger, "', '"{place}. LEAVE. Now evacuate."')
    )
    found = [f for f in findings_of_text(pattern, None, languages()["en"]) if f.check == "jargon"]
    assert [(f.line, f.column) for f in found] == [(9, 22)]


def test_other_arguments_than_the_english_are_found() -> None:
    """A language that does not tell the levels apart, or asks for what the English does not, says something else."""
    english = _text("{source} {time}: FLOOD danger, {place}. {level, select, red {LEAVE} other {Keep away}}.")
    plain = _text("{source} {time}: {place}: बाढीको खतरा। जानुहोस्।", "ne")
    assert _found(plain, english) == ["other-arguments"]
    worded = _text("{source} {time}: {place}: बाढीको खतरा। {need, select, livestock {पशु} other {}} जानुहोस्।", "ne")
    assert _found(worded, english) == ["other-arguments", "other-arguments"]


def test_names_that_cannot_be_written_in_a_script_may_be_left_out() -> None:
    """Rivers have Latin names alone: another script does not ask for them."""
    english = _text("{source} {time}: FLOOD danger, {place}{rivers, select, none {} other { ({rivers})}}. LEAVE now.")
    assert _found(_text("{source} {time}: {place}: बाढीको खतरा। जानुहोस्।", "ne"), english) == []


def test_a_translation_older_than_its_source_is_found(tmp_path: Path) -> None:
    """When the English changes, each translation of it is found until somebody has looked at it again."""
    folder = tmp_path / "countries" / "xxx" / "texts"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Language: {}\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    body = '#. English: {}\nmsgctxt "t"\nmsgid "warning"\nmsgstr "{}"\n'
    nepali = "{source} {time}: {place}: बाढीको खतरा। जानुहोस्।"
    (folder / "ne.po").write_text(head.format("ne") + body.format(WARNING, nepali))
    found = {}
    for english in (WARNING, WARNING + " Now!"):
        (folder / "en.po").write_text(head.format("en") + body.format(english, english))
        catalogue = Catalogue.load(folder.parent)
        pattern = catalogue.get("ne", "t", Kind.WARNING)
        assert pattern is not None
        found[english] = _found(pattern, catalogue.get("en", "t", Kind.WARNING))
    assert found == {WARNING: [], WARNING + " Now!": ["older-than-source"]}


def test_a_translation_that_does_not_say_what_it_was_made_from_is_found() -> None:
    """Else nobody would ever know that it is old."""
    unsaid = replace(_text("{source} {time}: {place}: बाढीको खतरा। जानुहोस्।", "ne"), stamps=Stamps())
    assert _found(unsaid, _text(WARNING)) == ["unknown-source"]


def test_a_joiner_that_spells_a_conjunct_is_no_invisible_character() -> None:
    """Sinhala writes its conjuncts with one; anywhere else it is found."""
    text = "{source} {time}: {place}: ගංවතුර අනතුර. ශ්\u200dරී යන්න."
    assert _found(_text(text, "si"), _text(WARNING)) == []
    assert _found(_text(text.replace("\u200d", "") + "ක\u200d", "si"), _text(WARNING)) == ["invisible-character"]


@pytest.mark.parametrize(("places", "checks"), [(("Kandy",), []), (("Kandy", "K" * 90), ["too-long"]), (("Kandy", "Kandы"), ["too-long"])])
def test_the_longest_place_counts_and_the_one_that_leaves_gsm7(places: tuple[str, ...], checks: list[str]) -> None:
    """A budget holds for every name: the longest, and the one whose letter makes the whole text dearer."""
    setting = Setting(SOURCE, places, budget=1)
    assert [f.check for f in findings_of_length(_text(WARNING + " Take water, food and papers."), setting)] == checks


def test_what_can_be_left_out_does_not_count_for_the_length() -> None:
    """The promise, the words for a need and names of rivers go first, so a text must fit without them; the mark of silence must not."""
    left_out = "{promise, select, yes {%s} other {}}{need, select, livestock {%s} other {}}{rivers, select, none {} other {%s}}" % (
        ("x" * 160,) * 3
    )
    setting = Setting(SOURCE, ("Kandy",), budget=1)
    assert list(findings_of_length(_text(WARNING + left_out), setting)) == []
    silent = "{confirmed, select, no {%s} other {}}" % ("x" * 160)
    assert [f.check for f in findings_of_length(_text(WARNING + silent), setting)] == ["too-long"]


def test_where_networks_join_no_parts_even_a_mark_must_fit() -> None:
    """In Papua New Guinea a second part never arrives, so an exercise must fit into the one segment too."""
    text = "{source} {time}: TAIT WARA, {place}. LUSIM ples daun." + "x" * 90
    setting = Setting(SOURCE, ("Lae",), budget=1)
    assert list(findings_of_length(_text(text, "tpi"), setting)) == []
    assert [f.check for f in findings_of_length(_text(text, "tpi"), replace(setting, joins=False))] == ["too-long-marked"]
    assert not languages()["tpi"].joins


def test_the_longest_is_what_it_says() -> None:
    """The body that is judged has the longest name, in the branch that is longest."""
    found = longest(_text("{source} {time} {place} {level, select, red {aa} orange {bbbb} other {c}}"), Setting(SOURCE, ("Ku", "Kandy"), 1))
    assert found is not None
    assert found.body.endswith("Kandy bbbb")
    assert longest(_text(WARNING), Setting(SOURCE, (), 1)) is None


def test_a_country_that_reads_nine_languages_has_no_findings_in_the_shared_texts() -> None:
    """Rules that name shared texts have all they need in all of them, whatever the country's places."""
    nine = country_of_nine_languages()
    rule = nine.configuration.rules[0].model_copy(update={"name": "f", "text": "flood", "only": (), "area": "adm2"})
    country = replace(
        nine,
        folder=CHECKOUT / "countries" / "bgd",
        configuration=nine.configuration.model_copy(update={"rules": (rule,)}),
        area_languages={"LK": dict.fromkeys(nine.languages, 1 / 9)},
    )
    assert [str(f) for f in findings_of(country)] == []
    assert {p.language for p in sendable(country)} == set(nine.languages)


def test_who_speaks_in_urdu_begins_in_urdu() -> None:
    """A telephone lays a message out by its first letter: a Latin name at its beginning would turn all of it around."""
    nine = country_of_nine_languages()
    messaging = nine.facts.messaging.model_copy(update={"speaks_as": {**nine.facts.messaging.speaks_as, "ur": "NDMA"}})
    turned = replace(nine, facts=nine.facts.model_copy(update={"messaging": messaging}))
    assert "turned-around" not in {f.check for f in findings_of(nine)}
    assert [f.what for f in findings_of(turned) if f.check == "turned-around"] == [
        "messaging.speaks_as.ur `NDMA` does not begin with a letter of the language."
    ]


def test_names_that_would_turn_a_message_around_are_found(country: LoadedCountry) -> None:
    """A mark that nobody sees may come with a name from a table as well as with a text."""
    kandy = country.places.areas["LK21"]
    areas = {**country.places.areas, "LK21": kandy.model_copy(update={"names": {**kandy.names, "en": "Kan\u202edy"}})}
    found = findings_of(replace(country, places=replace(country.places, areas=areas)))
    assert [(f.check, f.file) for f in found if f.check == "invisible-character"] == [("invisible-character", "countries/lka/areas.csv")]


def test_a_text_whose_ends_are_shared_must_say_what_its_danger_is_called(country: LoadedCountry, tmp_path: Path) -> None:
    """Else "our warning has run out" leaves open which; a text with all ends of its own need not."""
    folder = tmp_path / "countries" / "lka"
    (folder / "texts").mkdir(parents=True)
    for path in (country.folder / "texts").glob("*.po"):
        (folder / "texts" / path.name).write_text(path.read_text(encoding="utf-8").replace('"name"', '"nickname"'), encoding="utf-8")
    missing = {f.what for f in findings_of(replace(country, folder=folder)) if f.check == "missing-text"}
    assert "text river_flood.name is missing in `ta`." in missing
    assert not any("joint_silence" in what for what in missing)


def test_a_text_that_no_rule_names_is_measured_too(country: LoadedCountry, tmp_path: Path) -> None:
    """A framework's text stands in the country's folder: with the longest name of a district."""
    folder = tmp_path / "countries" / "lka"
    (folder / "texts").mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Language: en\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    long = WARNING + " " + "x" * 90
    (folder / "texts" / "en.po").write_text(f'{head}msgctxt "cash"\nmsgid "warning"\nmsgstr "{long}"\n', encoding="utf-8")
    found = findings_of(replace(country, folder=folder))
    assert [(f.check, "Anuradhapura" in f.remedy) for f in found if f.check == "too-long"] == [("too-long", True)]


def test_drafts_are_noted_and_are_no_findings(country: LoadedCountry) -> None:
    """Each folder says how many of its texts nobody has reviewed; nothing must be changed for it."""
    for folder in (country.folder, REGIONAL):
        said = notes(folder)
        assert [(f.check, f.note) for f in said] == [("draft", True)]
        assert "not reviewed" in said[0].what


def test_a_review_that_is_over_is_noted(tmp_path: Path) -> None:
    """Who changes a reviewed text is told whose review ended with it."""
    folder = tmp_path / "countries" / "xxx" / "texts"
    folder.mkdir(parents=True)
    review = Review("A. Reader", "2026-11-24", fingerprint(WARNING, WARNING))
    head = 'msgid ""\nmsgstr ""\n"Language: en\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "en.po").write_text(f'{head}#. {review}\nmsgctxt "t"\nmsgid "warning"\nmsgstr "{WARNING} Changed."\n')
    assert [f.check for f in notes(folder.parent)] == ["draft", "review-over"]
    assert "A. Reader" in str(notes(folder.parent)[1])


def test_a_file_that_is_no_po_file_is_named(tmp_path: Path, country: LoadedCountry) -> None:
    """By its name, as a finding; nothing else is said of the folder."""
    folder = tmp_path / "countries" / "xxx"
    (folder / "texts").mkdir(parents=True)
    (folder / "texts" / "en.po").write_text("this is no PO file\n")
    assert [(f.check, f.file) for f in findings_of(replace(country, folder=folder)) if f.check != "unknown-channel"] == [
        ("unreadable-file", "countries/xxx/texts/en.po")
    ]
    assert notes(folder) == []
    with pytest.raises(ConfigurationError):
        read(folder / "texts" / "en.po")


@pytest.mark.parametrize("text", ['msgstr "Leave now', 'msgstr "Leave \\"', 'msgstr ""\n"Leave now'])
def test_a_text_without_its_last_quote_is_refused(tmp_path: Path, text: str) -> None:
    """With its line: the parser would take the last letter for the quote, and nobody would see that it is missing."""
    file = tmp_path / "en.po"
    file.write_text(f'msgctxt "t"\nmsgid "warning"\n{text}\n')
    with pytest.raises(ConfigurationError, match="not closed by a quote") as refused:
        read(file)
    assert str(refused.value.where).endswith(f":{3 + text.count(chr(10))}")


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the place of the shared texts, and nothing remembered of the real ones."""
    caches = (described.languages, texts.regional, checks.shared_findings)
    for module in (described, texts, checks):
        monkeypatch.setattr(module, "REGIONAL", tmp_path)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(
    ("file", "content", "where"),
    [
        ("languages.yaml", "en:\n  name: English\n  scrip: Latn\n", "languages.yaml:3"),
        ("languages.yaml", "en: [", "languages.yaml"),
        ("xx.po", "this is no PO file\n", "xx.po"),
    ],
)
def test_a_shared_file_that_cannot_be_read_is_a_finding(shared: Path, file: str, content: str, where: str) -> None:
    """By its line where it has one; the checks of everything else go on."""
    (shared / "languages.yaml").write_text("{}\n", encoding="utf-8")
    (shared / file).write_text(content, encoding="utf-8")
    found = shared_findings()
    assert [f.check for f in found] == ["unreadable-file"]
    assert {f.check for f in findings_of(country_without_feeds("lka"))} == {"unreadable-file"}
    assert where in f"{found[0].file}:{found[0].line}"


def test_a_language_that_nobody_described_is_found(shared: Path) -> None:
    """Its words cannot be checked, and an exercise in it would be marked in English."""
    (shared / "languages.yaml").write_text("{}\n", encoding="utf-8")
    head = 'msgid ""\nmsgstr ""\n"Language: mai\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (shared / "mai.po").write_text(f'{head}msgctxt "t"\nmsgid "all_clear"\nmsgstr "{{source}} {{place}} {{time}}"\n', encoding="utf-8")
    assert [(f.check, f.what.split("`")[1]) for f in shared_findings()] == [("unknown-language", "mai")]


def test_a_text_that_stands_twice_in_a_file_is_found(country: LoadedCountry, tmp_path: Path) -> None:
    """Else the second would be read, and the first be corrected."""
    folder = tmp_path / "countries" / "lka"
    (folder / "texts").mkdir(parents=True)
    head = 'msgid ""\nmsgstr ""\n"Language: en\\n"\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    twice = 2 * f'msgctxt "cash"\nmsgid "warning"\nmsgstr "{WARNING}"\n\n'
    (folder / "texts" / "en.po").write_text(head + twice, encoding="utf-8")
    found = findings_of(replace(country, folder=folder))
    assert [(f.check, f.line) for f in found if "texts/en.po" in f.file] == [("unreadable-file", 12)]
    assert "stands on line 8 already" in str(found)


def test_every_language_of_the_texts_is_described() -> None:
    """Its segments, digits, words and marks are known, and its reviewable parts are of its own script."""
    assert {p.language for p in regional().patterns} == set(languages()) == set(EXERCISE) == set(LATE)
    assert {need.value for need in Need} == {"mobility", "hearing", "pregnancy", "livestock"}
    assert {p.kind for p in regional().patterns if p.name == WORDS} == {"today", "tomorrow"}
    assert all(p.text for p in regional().patterns if p.kind == NAME)


def test_a_country_s_budget_goes_before_the_language_s(country: LoadedCountry) -> None:
    """What country.yaml says counts; a language that it does not name has what it commonly needs."""
    assert [budget_of(country, tag) for tag in ("en", "si", "ne", "ne-Latn", "xx")] == [1, 2, 2, 1, 1]
