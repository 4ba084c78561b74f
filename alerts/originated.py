"""Warnings that a person wrote because no rule saw the danger: what is kept of each, and the rules that their messages follow.

Such a warning has no readings. It has a person's reason and source, a hazard among the texts that the country can send in each of its
languages, an area, a level, and an end that the person names. All else is as of any warning; `alerts.originating` begins, updates and ends
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from alerts.duty_words import DUTY
from alerts.slots import Choice
from alerts.tables import lives, originated
from alerts.texts import ANY, NAME, SERVICE, WORDS, Catalogue, Kind
from schemas.conditions import AtLevel
from schemas.configuration import Ends, Rule, Sign
from schemas.country_files import LoadedCountry, load_country
from schemas.decided import Document
from schemas.frameworks import frameworks_of
from schemas.levels import Dimension, Level
from schemas.warning_records import Originated

PREFIX = "originated_"
"""How the rules begin that nobody wrote: `originated_flood`."""
LONGEST = timedelta(days=14)
"""How long a person may say beforehand that a danger stands."""


@dataclass(frozen=True)
class Kept:
    """What is kept of a warning that a person wrote.

    Attributes:
        hazard: the name of its texts. ends: until when its newest message stands.
    """

    warning: str
    hazard: str
    said: Originated
    ends: datetime


def is_originated(rule: str) -> bool:
    """Whether a rule's name is one of those that nobody wrote."""
    return rule.startswith(PREFIX)


def rules(country: LoadedCountry, catalogue: Catalogue) -> dict[str, Rule]:
    """The rules that messages of such warnings follow, by name: one for each hazard that the country can speak of in all its languages.

    As many sign as the country's table asks for at the level. Nothing is reminded of and nothing renewed by itself: a person says.
    """
    return {f"{PREFIX}{hazard}": _rule(country, hazard) for hazard in hazards(country, catalogue)}


def hazards(country: LoadedCountry, catalogue: Catalogue) -> list[str]:
    """Names of the texts that people are warned with, and that are there in each language of the country, whatever is to be said."""
    rules = (*country.configuration.rules, *_of_frameworks(country.folder))
    for_duty, public = ({rule.text for rule in rules if rule.audience == audience} for audience in ("operators", "public"))
    left_out = {SERVICE, WORDS, ANY, DUTY, *(for_duty - public)}
    return [name for name in sorted(catalogue.names() - left_out) if not lacking(catalogue, name, country.languages)]


@lru_cache(maxsize=32)
def _of_frameworks(folder: Path) -> tuple[Rule, ...]:
    """The rules of a country's frameworks: their texts, too, are for people on duty, also while none of them is switched on.

    Raises:
        ConfigurationError: a framework cannot be read.
    """
    return tuple(rule for framework in frameworks_of(folder) for rule in load_country(framework).configuration.rules)


def actions(country: LoadedCountry, catalogue: Catalogue, hazard: str) -> list[str]:
    """What people may be told to do besides what the texts of a hazard say of themselves, by the names that each language has."""
    of = [catalogue.actions(language, hazard) for language in country.languages]
    return [name for name in of[0] if all(name in said for said in of)]


def choices(country: LoadedCountry, catalogue: Catalogue, hazard: str) -> tuple[Choice, ...]:
    """The same, in the words of each language of the country."""
    said = {language: catalogue.actions(language, hazard) for language in country.languages}
    return tuple(Choice(name, {tag: of[name] for tag, of in said.items()}) for name in actions(country, catalogue, hazard))


def lacking(catalogue: Catalogue, hazard: str, languages: tuple[str, ...]) -> list[str]:
    """The languages in which some text of a hazard is not there."""
    return [language for language in languages if not _whole(catalogue, hazard, language)]


def _whole(catalogue: Catalogue, hazard: str, language: str) -> bool:
    found = {kind: catalogue.get(language, hazard, kind) for kind in Kind}
    warning = found[Kind.WARNING]
    own_warning = warning is not None and warning.name == hazard
    shared = any(pattern is not None and pattern.name == ANY for pattern in found.values())
    named = not shared or catalogue.get(language, hazard, NAME) is not None
    return own_warning and named and all(pattern is not None for pattern in found.values())


def _rule(country: LoadedCountry, hazard: str) -> Rule:
    alike = [rule for rule in country.configuration.rules if rule.text == hazard]
    dimensions: tuple[Dimension, ...] = tuple(dict.fromkeys(d for rule in alike for d in rule.dimensions))
    return Rule.model_validate(
        {
            "name": f"{PREFIX}{hazard}",
            "area": "adm2",
            "dimensions": dimensions,
            "when": AtLevel(threshold="a_person_says", level=Level.YELLOW),
            "level": Level.YELLOW.word,
            "text": hazard,
            "sign": Sign(people=0, within=LONGEST),  # so that the country's table alone says
            "ends": Ends(otherwise_after=LONGEST),
            "document": Document(title="A person saw or was told what no rule found", date=_NO_DATE, owner="people on duty"),
        }
    )


_NO_DATE = datetime(2026, 11, 27).date()  # noqa: DTZ001 - the day on which it was decided that people may, wherever they are


def keep(connection: Connection, kept: Kept) -> None:
    """Keep what a person wrote, and until when it stands."""
    said = {"by": kept.said.by, "role": kept.said.role, "at": kept.said.at, "reason": kept.said.reason, "source": kept.said.source}
    connection.execute(insert(originated).values(warning=kept.warning, hazard=kept.hazard, ends=kept.ends, **said))


def keep_end(connection: Connection, warning: str, ends: datetime) -> None:
    """Keep another end."""
    connection.execute(update(originated).where(originated.c.warning == warning).values(ends=ends))


def of_warning(connection: Connection, warning: str) -> Kept | None:
    """What is kept of a warning; none if no person wrote it."""
    row = connection.execute(select(originated).where(originated.c.warning == warning)).first()
    if row is None:
        return None
    said = Originated(by=row.by, role=row.role, at=row.at, reason=row.reason, source=row.source)
    return Kept(row.warning, row.hazard, said, row.ends)


def standing(connection: Connection, rule: str, area: str) -> list[str]:
    """Warnings that a person wrote about a hazard and an area, and that have not ended."""
    query = select(originated.c.warning).join(lives, lives.c.warning == originated.c.warning)
    query = query.where(lives.c.rule == rule, lives.c.area == area, lives.c.open | lives.c.told).order_by(originated.c.at)
    return list(connection.execute(query).scalars())


def open_ones(connection: Connection) -> Mapping[str, Kept]:
    """Those that stand or wait, by warning, the oldest first."""
    query = select(originated.c.warning).join(lives, lives.c.warning == originated.c.warning)
    ids = connection.execute(query.where(lives.c.open | lives.c.told).order_by(originated.c.at)).scalars().all()
    found = {id: of_warning(connection, id) for id in ids}
    return {id: kept for id, kept in found.items() if kept is not None}
