"""What the page to write a warning offers to tell people: of each danger its own actions, and the country's places to go to.

A page without scripts cannot show the actions of the danger that was just chosen, so it shows those of all, by danger; what belongs to
another danger than the chosen one is refused, with the form as it was filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.editing import EditRefusedError
from alerts.slots import AS_THE_TEXT_SAYS, Choice
from alerts.texts import SLOTS, SOURCE_LANGUAGE
from console.interface.recognising import recognised
from console.interface.speaking import _, language
from console.names import Names
from schemas.errors import PolyriskError, RefusedError

BETWEEN = " "
"""Between a danger and the name of its action in what the form sends."""


@dataclass(frozen=True)
class Option:
    """Something to choose. words: in the language of the page, else in English or the country's first that has it; tag: which of them."""

    value: str
    words: str
    tag: str
    chosen: bool


@dataclass(frozen=True)
class Offered:
    """What can be chosen. actions: by the name of the danger. reasons: by slot, why what was chosen was refused; empty if it was not."""

    actions: tuple[tuple[str, tuple[Option, ...]], ...]
    shelters: tuple[Option, ...]
    reasons: Mapping[str, str]


def offered(actions: Mapping[str, tuple[Choice, ...]], names: Names, form: Mapping[str, str], error: PolyriskError | None) -> Offered:
    """All that the page offers.

    Args:
        actions: danger to what people may be told to do about it. form: as it was filled in, if that was refused.
    """
    groups = tuple(
        (names.rule(hazard), tuple(_option(f"{hazard}{BETWEEN}{one.name}", one.said, form.get("action", "")) for one in choices))
        for hazard, choices in actions.items()
        if choices
    )
    places = names.country.facts.shelters.items()
    shelters = tuple(_shelter(name, one.names, names.place(one.area), form.get("shelter", "")) for name, one in places)
    reasons = error.reasons if isinstance(error, EditRefusedError) else {}
    return Offered(groups, shelters, {slot: " ".join(map(recognised, reasons.get(slot, ()))) for slot in SLOTS})


def filled(form: Mapping[str, str]) -> dict[str, str]:
    """What a form fills the slots with; nothing where it leaves them as the text says.

    Raises:
        RefusedError: what to do is of another danger than the one that was chosen.
    """
    hazard, _between, action = form.get("action", "").partition(BETWEEN)
    if action and hazard != form.get("hazard", "").strip():
        raise RefusedError(_("what people are told to do is of another danger than the one you chose."), remedy=_("Choose one of its own."))
    chosen = {"action": action, "shelter": form.get("shelter", "")}
    return {slot: choice for slot, choice in chosen.items() if choice != AS_THE_TEXT_SAYS}


def _option(value: str, said: Mapping[str, str], chosen: str) -> Option:
    tag = next((tag for tag in (language(), SOURCE_LANGUAGE) if tag in said), next(iter(said)))
    return Option(value, said[tag], tag, value == chosen)


def _shelter(name: str, said: Mapping[str, str], place: str, chosen: str) -> Option:
    option = _option(name, said, chosen)
    return Option(name, f"{option.words} ({place})", option.tag, option.chosen)
