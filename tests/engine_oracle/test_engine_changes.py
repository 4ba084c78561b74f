"""Open events keep the rule they opened with: the engine's answer equals the oracle's over random changes of the configuration."""

from changing_worlds import ChangingWorld, changing_worlds
from comparing import apart, final, run
from hypothesis import given
from oracle_changes import come


@given(changing_worlds())
def test_events_over_changes_equal_the_oracles(world: ChangingWorld) -> None:
    """Each event, open at a change or opened after it, comes to what the configuration it opened under makes of all readings."""
    _, said = run(world.records)
    assert not apart(come(world.records), final(said))
