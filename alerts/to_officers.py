"""One hand-over to an officer's own telephone, a preview, a waking or a code: what the provider answered, or what a look-up finds later.

None is ever repeated. Whoever calls has written down before that it is being sent, and writes down after what became of it.
"""

from collections.abc import Awaitable, Collection
from dataclasses import dataclass

from alerts.channels.contract import LATER, Accepted, Refused, Unanswered
from schemas.warning_records import MessageState


@dataclass(frozen=True)
class Outcome:
    """What became of one.

    Attributes:
        state: `intended` if the provider has surely not taken it and another try is worth it; none if nobody knows yet.
        refusal: why it was not taken; empty if nobody refused it.
    """

    state: MessageState | None
    provider_id: str | None = None
    refusal: str = ""


async def handed_over(taking: Awaitable[Accepted]) -> Outcome:
    """What became of what the provider is being asked to take."""
    try:
        taken = await taking
    except Refused as refused:
        return Outcome(MessageState.INTENDED if refused.refusal in LATER else MessageState.REFUSED, refusal=refused.refusal.value)
    except Unanswered:
        return Outcome(None)
    return Outcome(MessageState.ACCEPTED, taken.provider_id)


async def found_again(looking: Awaitable[tuple[Accepted, ...]], known: Collection[str | None]) -> Outcome | None:
    """What became of one without an answer: the provider has it, or nobody knows.

    Args:
        known: the provider's ids of those that were answered for; they are others.
    """
    try:
        found = await looking
    except (Refused, Unanswered):
        return None
    new = [one.provider_id for one in found if one.provider_id not in known]
    return Outcome(MessageState.ACCEPTED, new[0]) if new else None
