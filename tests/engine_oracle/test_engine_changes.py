"""Open events keep the rule they opened with: the engine's answer equals the oracle's over random changes of the configuration."""

from changing_worlds import ChangingWorld, changing_worlds
from comparing import apart, final, run
from configurations import SHARD
from hypothesis import given
from oracle_changes import come

from processors.engine import advance, initial, to_bytes


@given(changing_worlds())
def test_events_over_changes_equal_the_oracles(world: ChangingWorld) -> None:
    """Each event, open at a change or opened after it, comes to what the configuration it opened under makes of all readings."""
    _, said = run(world.records)
    assert not apart(come(world.records), final(said))


@given(changing_worlds(records=12))
def test_neither_many_at_once_nor_restarts_change_what_is_said_over_changes(world: ChangingWorld) -> None:
    """One record after the other, all at once, or with a snapshot before each: the same words, and the same bytes in the end."""
    state, said = run(world.records)
    restarted, said_again = run(world.records, snapshot_each=True)
    assert said_again == said
    assert to_bytes(restarted) == to_bytes(state)
    at_once, said_at_once = advance(initial(SHARD), world.records)
    assert [one for of_record in said_at_once for one in of_record] == said
    assert to_bytes(at_once) == to_bytes(state)
