"""What a record touched, handed from taking in to saying."""

from dataclasses import dataclass

from processors.plan import Place
from processors.state import State


@dataclass(frozen=True)
class Touched:
    """What must be looked at because of a record.

    Attributes:
        changed: (threshold, place) of which something else is said now. spoken: those that had a reading.
        answered: whether a feed answered. replanned: whether the configuration is another one.
        withdrawn: events that are to be judged by a rule which is no more, each with the state of those it was judged among.
    """

    changed: frozenset[Place] = frozenset()
    spoken: frozenset[Place] = frozenset()
    answered: bool = False
    replanned: bool = False
    withdrawn: tuple[State, ...] = ()
