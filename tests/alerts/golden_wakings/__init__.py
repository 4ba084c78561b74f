"""What wakes an officer, as their telephone shows it or says it, by language.

`python -m golden_wakings` in `tests/alerts` writes the files anew; read the difference, or have it read, before it is committed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from alerts.duty_words import Duty
from alerts.roster.ladder import Way
from alerts.roster.wakings import Waking
from alerts.roster.wording import About, Worded, Wording
from alerts.segments import measure
from schemas.country_files import countries_root, load_country

FOLDER = Path(__file__).resolve().parent
LANGUAGES = ("en", "ne", "ur")
MOMENT = datetime(2026, 11, 27, 16, 5, tzinfo=UTC)
WAKING = Waking("wake-1", "c", "proposal", "s", "", "4711", "river_flood red in Jhapa waits.", MOMENT, 0, MOMENT, None, "", "")
FLOOD = About(Duty.PROPOSAL, "river_flood", "flood", "red", "NP0104")
LANDSLIDE = replace(FLOOD, rule="rain_landslide", hazard="landslide", level="orange", area="NP0105")
WRITTEN = replace(FLOOD, rule="originated_flood", level="yellow")
_BESIDE = (Duty.CALL_PRESS, Duty.CALL_UNPRESSED, Duty.CALL_ELSEWHERE, Duty.CALL_NOTED, Duty.CALL_NOT_TAKEN)
_FEED = About(Duty.FEED, feed="npl_bipad_river", since=MOMENT)


def path_of(language: str) -> Path:
    """Where a language's texts stand."""
    return FOLDER / f"{language}.txt"


def golden(language: str) -> str:
    """All that wakes in a language: an SMS with what it takes, or what is said in a call."""
    return "".join(f"{title}{_takes(title, said)}\n{said}\n\n" for title, said in _all(language))


def _takes(title: str, said: str) -> str:
    size = measure(said)
    return f" [{size.segments} {size.encoding} {size.units}]" if title.startswith("SMS") else ""


def _all(language: str) -> Iterator[tuple[str, str]]:
    country = load_country(countries_root() / "npl")
    earnest, exercise = Wording(country), Wording(country, exercise=True)

    def worded(of: About | None, way: Way = Way.SMS, beside: int = 0, to: str = "", by: Wording = earnest) -> str:
        said: Worded = by.said(of, replace(WAKING, to_role=to), way, beside, language)
        assert said.language == language
        return said.body

    for kind in Duty:
        if not kind.startswith("call") and kind not in (Duty.SMS, Duty.FEED, Duty.TELEPHONE_CODE):
            yield f"SMS {kind}", worded(replace(FLOOD, kind=kind))
    for title, of in (("a rule without a name in the language", LANDSLIDE), ("written by a person", WRITTEN)):
        yield f"SMS proposal {title}", worded(of)
    yield "SMS proposal, passed on, with more", worded(FLOOD, beside=12, to="director")
    yield "SMS by_agreement, passed on", worded(replace(FLOOD, kind=Duty.BY_AGREEMENT), to="director")
    yield "SMS feed", worded(_FEED)
    yield "SMS feed that never answered", worded(replace(_FEED, ever=False))
    yield "SMS of what is not known any more", worded(None)
    yield "SMS proposal in an exercise", worded(FLOOD, by=exercise)
    yield "SMS expired in an exercise, with more", worded(replace(FLOOD, kind=Duty.EXPIRED), beside=3, by=exercise)
    yield "SMS telephone_code", earnest.telephone_code("012345", 15, language)
    yield "SMS telephone_code in an exercise", exercise.telephone_code("012345", 15, language)
    yield "call proposal, with more", worded(FLOOD, Way.CALL, 2)
    yield "call feed in an exercise", worded(_FEED, Way.CALL, by=exercise)
    for kind in _BESIDE:
        yield f"call {kind}", earnest.beside_the_call(kind, language)
