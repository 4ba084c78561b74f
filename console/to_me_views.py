"""What a reader had sent to their own telephone of a message that waits, and what they can have sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.channels.contract import Refusal
from alerts.channels.dry import PREFIX
from alerts.marks import previewed
from alerts.previews.asked import Preview
from alerts.previews.handing_over import GONE, NO_TELEPHONE, OUT_OF_TIME
from alerts.segments import measure
from alerts.signing import ToSign
from alerts.variants import Variant
from console.interface.speaking import _, fixed, later
from console.names import Names, language_name
from schemas.warning_records import MessageState

BETWEEN = " "
"""Between language and need in what a form asks for."""
_SAID = {
    MessageState.INTENDED: later("waits to be handed over"),
    MessageState.SENDING: later("handed over, no answer yet"),
    MessageState.ACCEPTED: later("taken by the provider"),
    MessageState.SENT: later("sent by the provider"),
    MessageState.DELIVERED: later("received by your telephone"),
    MessageState.UNDELIVERED: later("NOT received"),
    MessageState.FAILED: later("NOT received"),
    MessageState.REFUSED: later("NOT sent"),
    MessageState.UNKNOWN: later("nobody knows whether it went; look at your telephone"),
    MessageState.EXPIRED: later("NOT sent"),
}
_WHY = {
    GONE: later("the message does not wait any more as it was"),
    NO_TELEPHONE: later("no telephone is known any more"),
    OUT_OF_TIME: later("its quarter of an hour was over"),
    Refusal.STOPPED.value: later("this telephone has left at the provider: send START to its number"),
}


@dataclass(frozen=True)
class ToMeLine:
    """One text that was asked for. says: what became of it, `at` a moment. current: the message still says so."""

    language: str
    need: str
    segments: int
    says: str
    at: datetime
    current: bool


@dataclass(frozen=True)
class ToMeChoice:
    """A text that can be had. value: of the form. need: whose it is; empty if all others read it. segments: with the mark; households:
    without."""

    value: str
    name: str
    need: str
    segments: int
    households: int


@dataclass(frozen=True)
class ToMeView:
    """What stands beside the buttons that decide. account: by which a telephone is given. moving: something is still on its way."""

    account: str
    has_telephone: bool
    choices: tuple[ToMeChoice, ...]
    lines: tuple[ToMeLine, ...]
    segments: int
    cost: str
    moving: bool


def to_me_view(found: ToSign, sent: Sequence[Preview], names: Names, account: str, *, has_telephone: bool) -> ToMeView:
    """What there is to choose from (of the texts for a need those that somebody would get), and what was asked for, the newest first."""
    own = names.country.languages
    read = [text for text in found.variants if not text.need or text.people]
    choices = tuple(_choice(text) for text in sorted(read, key=lambda text: text.language not in own))
    price = names.country.facts.messaging.price
    together = sum(one.segments for one in choices if one.value in own)
    bodies = {previewed(text.body, text.language) for text in found.variants}
    lines = tuple(_line(one, current=one.body in bodies) for one in reversed(sent))
    moving = any(one.state in (MessageState.INTENDED, MessageState.SENDING) for one in sent)
    cost = f"{fixed(together * price.per_segment, 2)} {price.currency}"
    return ToMeView(account, has_telephone, choices, lines, together, cost, moving)


def _choice(text: Variant) -> ToMeChoice:
    marked = measure(previewed(text.body, text.language)).segments
    value = f"{text.language}{BETWEEN}{text.need}" if text.need else text.language
    return ToMeChoice(value, language_name(text.language), text.need, marked, text.segments)


def _line(one: Preview, *, current: bool) -> ToMeLine:
    dry = (one.provider_id or "").startswith(PREFIX)
    says = _("written into a file: nothing is sent from here") if dry else _(_SAID[one.state])
    why = f" ({_(_WHY[one.refusal]) if one.refusal in _WHY else one.refusal.replace('_', ' ')})" if one.refusal else ""
    return ToMeLine(language_name(one.language), one.need, one.segments, says + why, one.answered or one.asked, current)
