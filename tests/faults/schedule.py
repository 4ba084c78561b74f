"""What happens in a round, drawn by its seed: which processes are killed, what else goes wrong, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

BETWEEN_OTHERS = 5
"""Kills for each other fault."""


@dataclass(frozen=True)
class Fault:
    """One thing that happens.

    Attributes:
        after_s: time since the one before. victims: what is killed, if anything; the name says what else happens.
        down_s: how long what was killed stays down. seed: of what the fault itself draws.
    """

    name: str
    after_s: float
    victims: tuple[str, ...] = ()
    down_s: float = 0.0
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.name} {' '.join(self.victims)}".strip()


def drawn(chance: Random, kills: int, victims: Mapping[str, float], others: Sequence[str], pace: float) -> list[Fault]:
    """A schedule with exactly so many kills.

    Args:
        victims: what can be killed, with its weight. others: the other faults, each of which comes before any comes again.
        pace: how long things take here; waits are so many times as long.
    """
    schedule: list[Fault] = []
    left, waiting = kills, list[str]()
    while left:
        killed = _victims(chance, victims)[:left]
        left -= len(killed)
        schedule.append(_fault(chance, "kill", pace, killed))
        if len(schedule) % BETWEEN_OTHERS == 0 and others:
            if not waiting:
                waiting = chance.sample(others, len(others))
            schedule.append(_fault(chance, waiting.pop(), pace))
    return schedule


def _victims(chance: Random, victims: Mapping[str, float]) -> tuple[str, ...]:
    """Mostly one, sometimes two at once, now and then all."""
    names = list(victims)
    lot = chance.random()
    if lot < 0.05:
        return tuple(names)
    many = 2 if lot < 0.2 else 1
    return tuple(dict.fromkeys(chance.choices(names, list(victims.values()), k=many)))


def _fault(chance: Random, name: str, pace: float, victims: tuple[str, ...] = ()) -> Fault:
    after = chance.choice([chance.uniform(0.0, 0.1), chance.uniform(0.05, 0.5)]) * pace
    return Fault(name, after, victims, chance.choice([0.0, chance.uniform(0.0, 0.4)]), chance.randrange(10**9))
