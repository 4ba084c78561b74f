"""What a message says: a pure function of its text, the country's place names and the words of all languages.

Only a whole message counts: a word that stands among others is no command. What is not surely understood is `UNSURE`, never guessed at,
and goes to a person.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alerts.listening.keywords import Meaning, ReportKind, Vocabulary, squashed, vocabulary

LONGEST = 1_600
"""Characters; what is longer is no keyword, and is not looked through."""
MOST_HOUSES = 500
"""A number above is a slip, or one of another thing."""
_EDGES = " \t\r\n.,;:!?¡¿\"'`´’‘“”()[]<>*_-–—।॥۔؟،"
_NUMBER = re.compile(r"^[:=,]?(\d{1,4})(?!\d)[,.]?|[,.]?(?<!\d)(\d{1,4})$")
_TWO_NUMBERS = re.compile(r"\d\s+\d")
_ANSWERS = {"1": Meaning.SAFE, "2": Meaning.NEED_HELP}


@dataclass(frozen=True)
class Said:
    """What a message says.

    Attributes:
        place: the code of the area it names; empty for the person's own. language: a tag.
        report, count: what is reported, and in how many houses; 1 if no number is given, 0 if it is over.
        drill: marked as an exercise, so that it never counts.
        like: of what is unsure, what it begins like, so that the answer can give the right example.
    """

    meaning: Meaning
    place: str = ""
    language: str = ""
    report: ReportKind | None = None
    count: int = 0
    drill: bool = False
    like: Meaning = Meaning.UNSURE


def understood(text: str, places: Mapping[str, str], known: Vocabulary | None = None) -> Said:
    """What a text says.

    Args:
        places: names as `squashed` leaves them, to the codes of areas (`keywords.place_words`).
        known: by default the words of all languages.
    """
    if len(text) > LONGEST:
        return Said(Meaning.UNSURE)
    known = known or vocabulary()
    word = squashed(text.strip(_EDGES)).strip(_EDGES)
    if word in _ANSWERS:
        return Said(_ANSWERS[word])
    if word in known.whole:
        return Said(known.whole[word])
    read = set(_opened(word, places, known))
    sure = [said for said in read if said.meaning is not Meaning.UNSURE]
    if len(sure) == 1 and not _TWO_NUMBERS.search(text):
        return sure[0]
    likes = {said.like if said.meaning is Meaning.UNSURE else said.meaning for said in read}
    return Said(Meaning.UNSURE, like=likes.pop() if len(likes) == 1 else Meaning.UNSURE)


def _opened(word: str, places: Mapping[str, str], known: Vocabulary) -> Iterator[Said]:
    """All that a word can be read as whose beginning is known."""
    for drill, rest in [(False, word), *((True, word.removeprefix(mark)) for mark in known.drills if word.startswith(mark))]:
        for opening, kind in known.reports.items():
            if rest.startswith(opening):
                yield _report(kind, rest.removeprefix(opening), places, drill)
    for opening, meaning in known.opening.items():
        if word.startswith(opening):
            yield _followed(meaning, word.removeprefix(opening).lstrip(":="), places, known)


def _report(kind: ReportKind, rest: str, places: Mapping[str, str], drill: bool) -> Said:
    unsure = Said(Meaning.UNSURE, like=Meaning.REPORT)
    count = 1
    if rest in places:  # a code may end in digits
        return Said(Meaning.REPORT, place=places[rest], report=kind, count=count, drill=drill)
    number = _NUMBER.search(rest)
    if number is not None:
        count = int(number[1] or number[2])
        rest = rest[: number.start()] + rest[number.end() :]
    if count > MOST_HOUSES or (rest and rest not in places):
        return unsure
    return Said(Meaning.REPORT, place=places.get(rest, ""), report=kind, count=count, drill=drill)


def _followed(meaning: Meaning, rest: str, places: Mapping[str, str], known: Vocabulary) -> Said:
    if meaning is Meaning.LANGUAGE:
        tag = known.languages.get(rest)
        return Said(meaning, language=tag) if tag is not None else Said(Meaning.UNSURE, like=meaning)
    code = places.get(rest)
    return Said(meaning, place=code) if code is not None else Said(Meaning.UNSURE, like=meaning)
