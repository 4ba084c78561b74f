"""From a reading to an event: the shortest way through the engine."""

from engine_tables import configuration, play

FIXED = {"name": "river", "levels": {"yellow": "5 m", "orange": "7.0 m"}}
RULE = {"name": "flood", "when": "river >= orange"}


def test_a_fixed_threshold_opens_and_closes_an_event() -> None:
    """A reading at the bound opens breach and event, one under it closes both."""
    play(
        configuration([FIXED], [RULE]),
        """
        00:00 A 4.0  |
        01:00 A 7.0  | A opened orange; flood A opened orange
        02:00 A 8.0  |
        03:00 A 4.9  | A closed orange; flood A closed orange
        """,
    )
