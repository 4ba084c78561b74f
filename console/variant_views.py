"""The texts of a message for those who told us of a need, as a page shows them beside the one that all others read."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.segments import measure
from alerts.variants import FEWEST, Variant, for_a_need
from console.interface.speaking import _


@dataclass(frozen=True)
class VariantView:
    """One text for a need. people: to how many it goes, in words. read: somebody would get it now."""

    language: str
    need: str
    body: str
    segments: int
    characters: int
    encoding: str
    people: str
    read: bool


def variant_views(variants: Sequence[Variant], language: str) -> tuple[VariantView, ...]:
    """Those in a language, first those that somebody would get."""
    shown = [_view(one) for one in for_a_need(variants, language)]
    return tuple(sorted(shown, key=lambda one: not one.read))


def unsaid_needs(variants: Sequence[Variant], language: str) -> tuple[str, ...]:
    """The needs for which the message says more in another language and nothing more in this one: there is no room, or no words."""
    here = {one.need for one in for_a_need(variants, language)}
    return tuple(dict.fromkeys(one.need for one in variants if one.need and one.need not in here))


def people_words(variant: Variant) -> str:
    """To how many a text goes; of a few with one need no number is said."""
    if variant.few:
        return _("fewer than {number, number} people", number=FEWEST)
    if not variant.people:
        return _("nobody reads it now; it is signed for who joins later")
    return _("{number, plural, one {# person} other {# people}}", number=variant.people)


def _view(one: Variant) -> VariantView:
    size = measure(one.body)
    people = people_words(one)
    return VariantView(one.language, one.need, one.body, one.segments, len(one.body), size.encoding, people, one.people > 0)
