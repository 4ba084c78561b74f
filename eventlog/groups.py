"""Who of a consumer group holds which partition. Pure, so that every home can decide the same."""

from collections.abc import Mapping, Sequence


def share(partitions: Mapping[int, str], members: Mapping[str, str | None], holders: Mapping[int, str]) -> dict[int, str]:
    """Partition to the member that holds it from now on; a partition that no member may hold is left out.

    A holder keeps what it has as long as it has no more than its fair part, so a newcomer disturbs as few as can be.

    Args:
        partitions: partition to its shard.
        members: living member to the one shard it is for; none for a member that takes any.
        holders: partition to its member up to now.
    """
    fair, spare = divmod(len(partitions), max(1, len(members)))
    load = dict.fromkeys(members, 0)
    held: dict[int, str] = {}
    for partition, shard in sorted(partitions.items()):
        holder = holders.get(partition)
        if holder is None or holder not in members or members[holder] not in (None, shard):
            continue
        if members[holder] is None:
            if load[holder] >= fair + (spare > 0):
                continue
            # Only as many members as there are partitions to spare may keep one more than the fair part.
            spare -= load[holder] == fair
        held[partition] = holder
        load[holder] += 1
    for partition, shard in sorted(partitions.items()):
        able = _able(members, shard)
        if partition not in held and able:
            least = min(able, key=lambda member: (load[member], member))
            held[partition] = least
            load[least] += 1
    return held


def _able(members: Mapping[str, str | None], shard: str) -> Sequence[str]:
    return [member for member, only in members.items() if only in (None, shard)]
