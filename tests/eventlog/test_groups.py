"""Who of a group holds which shard: each shard once, evenly, with as few moves as can be."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from eventlog.groups import share

SHARDS = {n: f"shard {n}" for n in range(7)}
NAMES = st.sets(st.sampled_from("abcdef"))


@given(st.dictionaries(st.sampled_from(sorted(SHARDS)), st.sampled_from("abcdef")), NAMES)
def test_each_shard_has_one_living_holder_and_members_are_even(holders: dict[int, str], living: set[str]) -> None:
    """With members that take any shard, all shards are held, and no member holds two more than another."""
    held = share(SHARDS, dict.fromkeys(sorted(living)), holders)
    assert set(held) == (set(SHARDS) if living else set())
    loads = [list(held.values()).count(name) for name in living]
    assert not loads or max(loads) - min(loads) <= 1


@given(st.lists(NAMES.filter(bool), min_size=2, max_size=6))
def test_nothing_moves_while_members_stay(changes: list[set[str]]) -> None:
    """Sharing again among the same members changes nothing, whatever came before."""
    held: dict[int, str] = {}
    for living in changes:
        held = share(SHARDS, dict.fromkeys(sorted(living)), held)
        assert share(SHARDS, dict.fromkeys(sorted(living)), held) == held


def test_a_member_for_one_shard_gets_no_other() -> None:
    """A shard that nobody may hold is held by nobody."""
    assert share({0: "LKA", 1: "NPL"}, {"a": "LKA"}, {}) == {0: "a"}


def test_the_holder_keeps_its_shard_when_a_second_member_for_it_comes() -> None:
    """A stand-by disturbs nobody, wherever it stands in the alphabet."""
    assert share({0: "LKA"}, {"a": "LKA", "b": "LKA"}, {0: "b"}) == {0: "b"}


def test_a_newcomer_gets_its_fair_part() -> None:
    """Of four shards with one member, two move to a second one, and two stay."""
    held = share(dict(list(SHARDS.items())[:4]), {"a": None, "b": None}, dict.fromkeys(range(4), "a"))
    assert Counter(held.values()) == {"a": 2, "b": 2}
