"""What a reader may change in a message that waits: its open slots, with what they can be filled with in the words of each language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.editing import EditRefusedError
from alerts.slots import AS_THE_TEXT_SAYS, Choice, Slot
from alerts.texts import SOURCE_LANGUAGE
from console.interface.recognising import recognised
from console.interface.speaking import _, language, later
from console.names import language_name
from schemas.errors import RefusedError

_LABELS = {"action": later("What people are told to do"), "shelter": later("Where they are told to go")}
_UNFILLED = {"action": later("as the text says by itself"), "shelter": later("no place is named")}


@dataclass(frozen=True)
class ChoiceView:
    """One choice. words: in the language of the page, else in English; tag: which of them. said: a language's name, its tag and the words,
    for the other languages of the message."""

    name: str
    words: str
    tag: str
    said: tuple[tuple[str, str, str], ...]
    chosen: bool


@dataclass(frozen=True)
class SlotView:
    """A slot with its choices. reason: why what was chosen was refused; empty if it was not."""

    name: str
    label: str
    choices: tuple[ChoiceView, ...]
    reason: str


def edit_view(slots: Sequence[Slot], asked: Mapping[str, str], error: RefusedError | None) -> tuple[SlotView, ...]:
    """The slots that have something to choose from.

    Args:
        asked: what the reader had chosen, if that was refused.
    """
    reasons = error.reasons if isinstance(error, EditRefusedError) else {}
    return tuple(_slot(slot, asked.get(slot.name, slot.chosen), reasons.get(slot.name, ())) for slot in slots if slot.choices)


def said_above(error: RefusedError | None, shown: Sequence[SlotView]) -> RefusedError | None:
    """What stands above the page: what is said at each choice is not said twice."""
    if isinstance(error, EditRefusedError) and set(error.reasons) <= {slot.name for slot in shown}:
        return RefusedError(_("What you chose cannot be said."), remedy=_("The reason stands at each choice; nothing was changed."))
    return error


def edit_words(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What an edit changed, by the names of the country's files."""
    changed = [slot for slot in _LABELS if before.get(slot) != after.get(slot)]
    said = later("{slot}: {now} instead of {before}.")
    return " ".join(_(said, slot=_(_LABELS[slot]), now=_name(slot, after), before=_name(slot, before)) for slot in changed)


def _name(slot: str, filled: Mapping[str, str]) -> str:
    return filled.get(slot) or _(_UNFILLED[slot])


def _slot(slot: Slot, chosen: str, reasons: Sequence[str]) -> SlotView:
    unfilled = ChoiceView(AS_THE_TEXT_SAYS, _(_UNFILLED[slot.name]), language(), (), chosen == AS_THE_TEXT_SAYS)
    choices = (unfilled, *(_choice(choice, chosen=chosen == choice.name) for choice in slot.choices))
    return SlotView(slot.name, _(_LABELS[slot.name]), choices, " ".join(recognised(reason) for reason in reasons))


def _choice(choice: Choice, *, chosen: bool) -> ChoiceView:
    tag = next(tag for tag in (language(), SOURCE_LANGUAGE, *choice.said) if tag in choice.said)
    said = tuple((language_name(other), other, words) for other, words in choice.said.items() if other != tag)
    return ChoiceView(choice.name, choice.said[tag], tag, said, chosen)
