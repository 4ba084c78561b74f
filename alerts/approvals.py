"""What a signature under a message is bound to, and until when it holds.

Who signs, signs one message: its level and kind, each text in each language to the letter, to whom it goes, in whose name, as which sender
and through which channel, and how many people and how much money they saw. All but the two numbers is one digest. When any of it is
another, a number has moved by more than a twentieth, or the signature is too old, it holds no more, and somebody signs again. A reading
that leaves the message as it is changes none of this.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from alerts.life import ENDINGS
from alerts.texts import Kind
from schemas.country_facts import Messaging
from schemas.inputs import Signature
from schemas.warning_records import Bound, RenderedText, Warning

MAY_MOVE = 0.05
"""By which share people and cost may differ from what was seen."""

Text = tuple[str, str, str]
"""Language, need (empty for what all others read), words."""


def whom(kind: Kind) -> Literal["concerned", "warned"]:
    """To whom a message of this kind goes: to all whom it concerns, or to exactly those who were warned."""
    return "warned" if kind in ENDINGS or kind is Kind.CORRECTION else "concerned"


def bind(warning: Warning, kind: Kind, group: str, areas: Iterable[str], messaging: Messaging) -> Warning:
    """A message with what signatures under it are bound to, as everything stands now.

    Args:
        group, areas: of those whom it concerns.
    """
    told = whom(kind) == "warned"
    codes = "" if told else hashlib.sha256("\n".join(sorted(areas)).encode()).hexdigest()
    unsigned = Bound(whom=whom(kind), group=group, areas=codes, sender=messaging.sender, channel=messaging.channel, digest="")
    return warning.model_copy(
        update={"bound": unsigned.model_copy(update={"digest": digest(warning, kind, unsigned, texts(warning.texts))})}
    )


def texts(rendered: Sequence[RenderedText]) -> list[Text]:
    """All that people would read of a message."""
    return [(text.language, need, body) for text in rendered for need, body in ways(text)]


def ways(text: RenderedText) -> list[tuple[str, str]]:
    """In which ways one text is said: need (empty for what all others read) and words."""
    return [("", text.body), *((said.need, said.body) for said in text.for_needs)]


def digest(warning: Warning, kind: Kind, bound: Bound, read: Iterable[Text]) -> str:
    """SHA-256, in hexadecimal, of all that is signed, written as canonical JSON.

    Args:
        read: what people would read; given beside the message, so that what lies ready to be sent can be held against what was signed.
    """
    signed = {
        "message": warning.id,
        "type": warning.message_type,
        "kind": kind.value,
        "level": int(warning.level),
        "area": warning.area,
        "standing": warning.standing,
        "whom": bound.whom,
        "group": bound.group,
        "areas": bound.areas,
        "sender": bound.sender,
        "channel": bound.channel,
        "texts": sorted(read),
    }
    return hashlib.sha256(json.dumps(signed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def code(message: Warning) -> str:
    """Twelve characters that stand for a message as a person reads it before signing: its digest, the people and the cost."""
    digest = message.bound.digest if message.bound is not None else ""
    return hashlib.sha256(f"{digest} {message.recipients} {message.cost}".encode()).hexdigest()[:12]


def signature(message: Warning, by: str, role: str, at: datetime) -> Signature:
    """A signature under a message as it stands."""
    digest = message.bound.digest if message.bound is not None else ""
    return Signature(by=by, role=role, at=at, digest=digest, recipients=message.recipients, cost=message.cost)


def void(signature: Signature, message: Warning, holds: timedelta, now: datetime) -> str:
    """Why a signature holds no more over a message as it stands now, in words; empty if it holds.

    Args:
        message: bound, with the people and the cost of now. holds: how long a signature does.
    """
    if message.bound is None or signature.digest != message.bound.digest:
        return "what it says, to whom it goes or how is another"
    if signature.at + holds <= now:
        return f"it is older than {int(holds.total_seconds() // 60)} minutes"
    if _moved(signature.recipients, message.recipients):
        return f"it was for {signature.recipients:,} people and is for {message.recipients:,}"
    if _moved(signature.cost, message.cost):
        return f"it was for {signature.cost:,.2f} {message.currency} and is for {message.cost:,.2f}"
    return ""


def _moved(seen: float | None, now: float) -> bool:
    return seen is None or abs(now - seen) > MAY_MOVE * seen
