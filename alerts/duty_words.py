"""The texts to who is on duty: what each is for, and what may stand in it. They stand in `countries/texts` as all texts do, under the name
`duty`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

DUTY = "duty"
"""The name of all texts to who is on duty."""


class Duty(StrEnum):
    """What a text to who is on duty is for.

    `sms` and `call` are what an SMS says and what is said in a call, around one of the sentences that say what somebody is woken for. Those
    that begin with `call_` are said in a call beside: what to press, that nothing was pressed, where else to answer, and what is said to
    whoever pressed. `telephone_code` is an SMS by itself: the code by which a telephone is one's own. All others say what somebody is woken
    for.
    """

    SMS = "sms"
    CALL = "call"
    CALL_PRESS = "call_press"
    CALL_UNPRESSED = "call_unpressed"
    CALL_ELSEWHERE = "call_elsewhere"
    CALL_NOTED = "call_noted"
    CALL_NOT_TAKEN = "call_not_taken"
    TELEPHONE_CODE = "telephone_code"
    PROPOSAL = "proposal"
    BY_AGREEMENT = "by_agreement"
    FEED = "feed"
    EXPIRED = "expired"
    UNCONFIRMED = "unconfirmed"
    NOT_SAID = "not_said"
    NOT_AS_SIGNED = "not_as_signed"
    ENDS_SOON = "ends_soon"
    RAN_OUT = "ran_out"
    UNAUTHORISED = "unauthorised"
    SUSPENDED = "suspended"


_WARNING = frozenset({"rule", "place"})
_NOTHING: frozenset[str] = frozenset()
ARGUMENTS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        Duty.SMS: (frozenset({"code", "what"}), frozenset({"country", "more"})),
        Duty.CALL: (frozenset({"what"}), frozenset({"country", "more"})),
        Duty.TELEPHONE_CODE: (frozenset({"code", "minutes"}), frozenset({"country"})),
        Duty.PROPOSAL: (_WARNING | {"level"}, frozenset({"to"})),
        Duty.BY_AGREEMENT: (_WARNING | {"level"}, frozenset({"to"})),
        Duty.FEED: (frozenset({"feed", "since"}), frozenset({"ever"})),
        **dict.fromkeys((Duty.EXPIRED, Duty.UNCONFIRMED, Duty.NOT_SAID, Duty.NOT_AS_SIGNED), (_WARNING, frozenset({"level"}))),
        **dict.fromkeys((Duty.ENDS_SOON, Duty.RAN_OUT), (_WARNING, frozenset({"level"}))),
    }
)
"""Which arguments a text must ask for, and which it may. `what` is the sentence that says what somebody is woken for, `more` how many more
things of the kind there are, `to` the role it was passed on to; these two may be `none`. `ever` is `no` of a feed that never answered."""


def required(kind: str) -> frozenset[str]:
    """The arguments that a text to who is on duty must ask for."""
    return ARGUMENTS.get(kind, (_NOTHING, _NOTHING))[0]


def known(kind: str) -> frozenset[str]:
    """The arguments that it may ask for."""
    needed, more = ARGUMENTS.get(kind, (_NOTHING, _NOTHING))
    return needed | more
