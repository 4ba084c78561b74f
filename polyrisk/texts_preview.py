"""`polyrisk texts preview`: a message as a telephone shows it, in each language, with what it takes and whether anybody reviewed it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rich.cells import cell_len

from alerts.languages import languages
from alerts.rendering import Rendered, Renderer, budget_of, place_name
from alerts.segments import measure
from alerts.text_lengths import EXAMPLE, REPORT
from alerts.texts import SERVICE, Kind, Need, Service
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence
from schemas.warning_records import Warning

WIDTH = 80
_MOMENT = datetime(2026, 12, 28, 20, 58, tzinfo=UTC)
"""A moment whose day and hour take as much room as they can."""
_INDENT = "    "
_UNBROKEN = "\u00a0"


@dataclass(frozen=True)
class Asked:
    """How a text is to be shown.

    Attributes:
        kinds: of a warning's text. area: a code; by default the area of the rule whose name is the longest in the language.
    """

    kinds: Sequence[Kind] = (Kind.WARNING,)
    area: str = ""
    level: Level = Level.RED
    need: Need | None = None
    exercise: bool = False
    late: bool = False


@dataclass(frozen=True)
class Shown:
    """One text in one language.

    Attributes:
        what: its name and kind. place: the one it is shown for. budget: in segments; none for what went out already.
        people: how many it is for; none if nobody has counted.
    """

    what: str
    language: str
    body: str
    encoding: str
    units: int
    segments: int
    budget: int | None
    reviewed: bool
    place: str
    people: int | None = None

    @property
    def right_to_left(self) -> bool:
        """Whether it is written from the right."""
        known = languages().get(self.language)
        return known is not None and known.right_to_left

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        said = {"text": self.what, "language": self.language, "body": self.body, "encoding": self.encoding, "units": self.units}
        said |= {"segments": self.segments, "budget": self.budget, "reviewed": self.reviewed, "place": self.place}
        return said | {"people": self.people, "right_to_left": self.right_to_left}

    def lines(self) -> Iterator[str]:
        """For a terminal of 80 columns."""
        known = languages().get(self.language)
        of = f" of {self.budget}" if self.budget is not None else ""
        facts = [
            f"{self.language} ({known.name})" if known is not None else self.language,
            "reviewed" if self.reviewed else "DRAFT, not reviewed",
            f"{self.segments}{of} segment{'s' if (self.budget or self.segments) > 1 else ''}",
            f"{self.encoding} {self.units} units",
        ]
        if self.people is not None:
            facts.append(f"{self.people:,} people")
        facts += ["right to left"] * self.right_to_left
        if self.budget is not None and self.segments > self.budget:
            facts.append("OVER BUDGET")
        whole = wrapped(" · ".join(fact.replace(" ", _UNBROKEN) for fact in facts), "  ")
        yield from (line.replace(_UNBROKEN, " ") for line in whole)
        yield from wrapped(self.body, _INDENT)


def of_rule(country: LoadedCountry, name: str, asked: Asked) -> list[Shown]:
    """A rule's text, a text by its name, or the texts to one person (`service`), in each of the country's languages.

    Raises:
        RefusedError: the country has no such rule, and nobody wrote such a text; or no such area.
        ConfigurationError: a text cannot be rendered.
    """
    if asked.area and asked.area not in country.places.areas:
        raise RefusedError(f"no area `{asked.area}` in {country.name}.", remedy="Codes stand in areas.csv.")
    renderer = Renderer(country)
    if name == SERVICE:
        return [_of_service(country, renderer, kind, language, asked) for kind in Service for language in country.languages]
    rule = next((rule for rule in country.configuration.rules if rule.name == name), None)
    text = rule.text if rule is not None else name
    if rule is None and not any(renderer.catalogue.get(tag, text, Kind.WARNING) for tag in country.languages):
        known = ", ".join([*(r.name for r in country.configuration.rules), SERVICE])
        raise RefusedError(f"{country.name} has no rule and no text `{name}`.", remedy=f"Known are {known}, and the names in texts/.")
    rules = [r for r in country.configuration.rules if r.text == text]
    return [_of_kind(country, renderer, text, kind, language, rules, asked) for kind in asked.kinds for language in country.languages]


def of_warning(country: LoadedCountry, warning: Warning) -> list[Shown]:
    """A message as it stands in the log, with its people, and what those of them read instead who have a need."""
    shown = []
    for text in warning.texts:
        size = measure(text.body)
        plain = Shown(
            what=f"{warning.rule}, {warning.id}",
            language=text.language,
            body=text.body,
            encoding=text.encoding,
            units=size.units,
            segments=text.segments,
            budget=budget_of(country, text.language),
            reviewed=text.reviewed,
            place=place_name(country, text.area, text.language),
            people=text.recipients,
        )
        shown.append(plain)
        for said in text.for_needs:
            size = measure(said.body)
            instead = replace(plain, body=said.body, encoding=size.encoding, units=size.units, segments=said.segments)
            shown.append(replace(instead, what=f"{plain.what}, for {said.need}", people=None))
    return shown


def lines_of(shown: Sequence[Shown]) -> Iterator[str]:
    """All of them, each text's name once before its languages."""
    before = ""
    for one in shown:
        if one.what != before:
            yield f"{one.what}" if not before else f"\n{one.what}"
        before = one.what
        yield from one.lines()
    drafts = sum(not one.reviewed for one in shown)
    if drafts:
        yield ""
        yield f"{drafts} of {len(shown)} are drafts that nobody has reviewed (docs/translators.md)."


def wrapped(text: str, indent: str) -> Iterator[str]:
    """A text broken between words for the terminal's width, by the cells that its letters take."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_len(indent + longer) > WIDTH:
            yield indent + line
            longer = word
        line = longer
    yield indent + line


def _of_kind(
    country: LoadedCountry, renderer: Renderer, text: str, kind: Kind, language: str, rules: Sequence[Rule], asked: Asked
) -> Shown:
    area = asked.area or longest_place(country, language, rules)
    event = _event(country, rules[0].name if rules else text, area, asked.level)
    rendered = renderer.render(text, kind, event, language, need=asked.need, exercise=asked.exercise, late=asked.late)
    return _shown(country, f"{text}, {kind.value}", rendered, area)


def _of_service(country: LoadedCountry, renderer: Renderer, kind: Service, language: str, asked: Asked) -> Shown:
    area = asked.area or longest_place(country, language, ())
    rendered = renderer.service(kind, language, area=area, report=REPORT, example=EXAMPLE, exercise=asked.exercise)
    return _shown(country, f"{SERVICE}, {kind.value}", rendered, area)


def _shown(country: LoadedCountry, what: str, rendered: Rendered, area: str) -> Shown:
    size = rendered.size
    return Shown(
        what=what,
        language=rendered.language,
        body=rendered.body,
        encoding=size.encoding,
        units=size.units,
        segments=size.segments,
        budget=budget_of(country, rendered.language),
        reviewed=rendered.reviewed,
        place=place_name(country, area, rendered.language),
    )


def longest_place(country: LoadedCountry, language: str, rules: Sequence[Rule]) -> str:
    """The area with the longest name of those that the rules are judged for; without rules, of the districts."""
    only = [code for rule in rules for code in rule.only]
    levels = {rule.area for rule in rules} or {"adm2"}
    areas = only or [area.code for area in country.places.areas.values() if area.level in levels]
    return max(areas, key=lambda code: measure(place_name(country, code, language)).units)


def _event(country: LoadedCountry, rule: str, area: str, level: Level) -> CompoundEvent:
    return CompoundEvent(
        id=f"{country.shard}:{rule}:{area}:preview",
        shard=country.shard,
        rule=rule,
        rule_version="",
        area=area,
        area_version="",
        change=EventChange.OPENED,
        level=level,
        steps=(),
        dimensions=(),
        since=_MOMENT,
        at=_MOMENT,
        known=_MOMENT,
        truth=Truth.TRUE,
        evidence=Evidence(condition="preview", truth=Truth.TRUE),
        record="",
        configuration=country.configuration.hash,
        engine="",
    )
