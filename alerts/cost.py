"""What a warning costs: recipients times segments times the dated price in the country's file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.country_facts import Price
from schemas.warning_records import RenderedText


@dataclass(frozen=True)
class Cost:
    """An estimate before sending.

    Attributes:
        amount: in `currency`, rounded to its hundredth. note: the price, its date and source; says so if it is invented.
    """

    recipients: int
    segments: int
    amount: float
    currency: str
    note: str


def estimate(texts: Iterable[RenderedText], price: Price, needs: Mapping[tuple[str, str], int]) -> Cost:
    """The cost of sending each text to its recipients.

    Args:
        needs: language and needs to the number of those recipients who have any (`audience.by_need`).
    """
    counted = [(text.recipients, text.recipients * text.segments + _more(text, needs)) for text in texts]
    segments = sum(s for _, s in counted)
    return Cost(
        recipients=sum(r for r, _ in counted),
        segments=segments,
        amount=round(segments * price.per_segment, 2),
        currency=price.currency,
        note=f"{price.per_segment:g} {price.currency} a segment, {price.date.isoformat()}, {price.source}"
        + (" (INVENTED price)" if price.invented and "invent" not in price.source.lower() else ""),
    )


def _more(text: RenderedText, needs: Mapping[tuple[str, str], int]) -> int:
    """Segments more, or less, because some read what is said for their need."""
    more = 0
    for (language, told), people in needs.items():
        instead = next((said.segments for said in text.for_needs if said.need in told.split(",")), text.segments)
        more += people * (instead - text.segments) if language == text.language else 0
    return more
