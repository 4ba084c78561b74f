"""Consumer groups in Kafka: a member's place in its group, kept by a thread of its own, so that it lives while its process does.

The group's brokers know who is alive; who holds which shard is decided by `eventlog.groups.share`, in the member that Kafka elects.
Kafka's word is the last: a transaction carries the member's generation, and a broker refuses it when the group has moved on.
"""

import json
import re
import threading
import time
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import ConsumerRebalanceListener, TopicPartition
from kafka import errors as kafka_errors
from kafka.admin import MemberToRemove
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription

from eventlog.groups import share
from eventlog.homes._kafka_client import Clients, log_error
from eventlog.homes._kafka_registry import Registry
from schemas.errors import FencedError, LogError

SHORTEST_S = 0.5
"""A shorter session is taken for this one: what is busy for a moment is not dead."""
JOIN_S = 5.0
"""How long opening a consumer waits for its shards. A group waits longer for a dead member, until its session is over."""
_HEARTBEAT_S = 0.25
_TICK_S = 0.05
_REGISTRY_S = 1.0
"""Between two looks for shards that other processes have added."""
_LIVING: "weakref.WeakValueDictionary[tuple[str, str], Membership]" = weakref.WeakValueDictionary()
"""The members of this process, by group and name: one that is replaced here need not wait for a broker to tell it."""


@dataclass(frozen=True)
class Grant:
    """What a member holds in one generation of its group.

    Attributes:
        identity: what a transaction shows to the group's broker.
        held: partition to the generation since which it is held without a break.
        shards: how many shards were given out.
    """

    identity: Any
    held: Mapping[int, int]
    shards: int


class Sharing(AbstractPartitionAssignor):  # type: ignore[misc]
    """Tells the group who a member is, and gives out the shards if this member is the one to do it."""

    name = "polyrisk"
    version = 0

    def __init__(self, membership: "Membership", topics: Sequence[str]) -> None:
        self._membership, self._topics = membership, tuple(topics)
        self.shards = 0

    def metadata(self, topics: Iterable[str]) -> Any:
        """What this member says of itself."""
        return ConsumerProtocolSubscription(self.version, sorted(topics), json.dumps(self._membership.says()).encode())

    def assign(self, cluster: Any, members: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002 - the client's interface
        """Member to the partitions it holds from now on. Each gets them of the topics that it reads."""
        told = {member.member_id: json.loads(member.metadata.user_data) for member in members}
        topics = {member.member_id: member.metadata.topics for member in members}
        shards: list[str] = max((says["shards"] for says in told.values()), key=len)
        held = give_out(shards, told)
        count = json.dumps(len(shards)).encode()
        return {
            member: ConsumerProtocolAssignment(
                self.version, [(topic, sorted(p for p, holder in held.items() if holder == member)) for topic in topics[member]], count
            )
            for member in told
        }

    def on_assignment(self, assignment: Any, generation: int) -> None:  # noqa: ARG002
        """Remember for how many shards this assignment was made."""
        self.shards = json.loads(assignment.user_data) if assignment.user_data else 0


def give_out(shards: Sequence[str], told: Mapping[str, Mapping[str, Any]]) -> dict[int, str]:
    """Partition to the member that holds it, from what the members say of themselves.

    A member that has not polled for its session keeps only what nobody else may hold.
    """
    partitions = dict(enumerate(shards))
    holders: dict[int, str] = {}
    since: dict[int, int] = {}
    for member, says in sorted(told.items()):
        for partition, generation in says["held"]:
            if generation > since.get(partition, -1):
                holders[partition], since[partition] = member, generation
    awake = {member: says["shard"] for member, says in sorted(told.items()) if not says["silent"]}
    silent = {member: says["shard"] for member, says in sorted(told.items()) if says["silent"]}
    held = share(partitions, awake, holders)
    return held | share({p: s for p, s in partitions.items() if p not in held}, silent, holders)


class Membership(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member's place in a group.

    A thread of its own answers the group; `poll` and `commit` of the consumer only look at what was granted.

    Attributes:
        grant: what is held now, and as whom.
    """

    def __init__(
        self, clients: Clients, registry: Registry, group: str, member: str, topics: Sequence[str], shard: str | None, session_s: float
    ) -> None:
        self._clients, self._registry = clients, registry
        self.group, self.member, self.shard = group, member, shard
        self._session_s = max(session_s, SHORTEST_S)
        self._kafka_group = f"{clients.place.name}.{group}"
        self._instance = re.sub(r"[^A-Za-z0-9.-]", lambda found: f"_{ord(found[0]):x}_", member)
        self._changed = threading.Condition()
        self.grant = Grant(None, {}, 0)
        self._lost: set[int] = set()
        self._fenced = False
        self._trouble: LogError | None = None
        self._closing = False
        self._polled = time.monotonic()
        self._silent = self._overslept = False
        self._sharing = Sharing(self, topics)
        self._consumer = clients.reader(
            self._kafka_group,
            group_instance_id=self._instance,
            partition_assignment_strategy=(self._sharing,),
            session_timeout_ms=int(self._session_s * 1000),
            heartbeat_interval_ms=int(min(_HEARTBEAT_S, self._session_s / 4) * 1000),
            max_poll_interval_ms=int(max(10.0, 2 * self._session_s) * 1000),
            retry_backoff_ms=20,
        )
        self._consumer.subscribe(list(topics), listener=self)
        key = (str(clients.place), f"{self._kafka_group}/{self._instance}")
        if (before := _LIVING.get(key)) is not None:
            before.replace()
        _LIVING[key] = self
        self._thread = threading.Thread(target=self._live, name=f"member {member} of {group}", daemon=True)
        self._thread.start()

    def committed(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The next offset to read of each place, as the group has committed it; those without are left out."""
        try:
            found = {place: self._consumer.committed(place, timeout_ms=30_000) for place in places}
        except kafka_errors.KafkaError as error:
            raise log_error(error, self._clients.place) from error
        return {place: offset for place, offset in found.items() if offset is not None}

    def says(self) -> dict[str, Any]:
        """What the member tells the one that gives out the shards."""
        shards = [shard for _, shard in sorted(self._registry.names().items())]
        return {"shard": self.shard, "held": sorted(self.grant.held.items()), "silent": self._silent, "shards": shards}

    def polled(self) -> None:
        """The consumer polls: the member is at work.

        Raises:
            FencedError: the member was replaced, or lost all it held while it was silent.
        """
        now = time.monotonic()
        # After a sleep of the whole process it may poll before its thread hears from the group that it was given up.
        self._overslept |= now - self._polled > self._session_s
        self._polled = now
        self.check()

    def check(self) -> None:
        """Raises FencedError if the member was replaced, LogError if it cannot live in its group."""
        if self._fenced:
            raise self.fenced("was replaced")
        if self._trouble is not None:
            raise self._trouble

    def settled(self) -> bool:
        """Whether the group has given out all shards there are, and this member knows what it holds."""
        if self._fenced or self._trouble is not None:
            return True
        return self.grant.identity is not None and self.grant.shards >= len(self._registry.shards) and not self._rejoining()

    def settle(self, timeout_s: float) -> Grant:
        """What is held, once the group has given out all shards there are or the time is over."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not self.settled() and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
        self.check()
        return self.grant

    def holds(self, since: Mapping[int, int | None]) -> Grant:
        """The grant under which these partitions may be committed.

        Args:
            since: partition to the generation since which it was held at the last poll.

        Raises:
            FencedError: one of them is not held, or was held by another since the last poll.
        """
        self.check()
        with self._changed:
            grant = self.grant
            if any(grant.held.get(partition) is None or grant.held[partition] != before for partition, before in since.items()):
                raise self.fenced("no longer holds the shard it commits")
            self._overslept = False
        return grant

    def doubtful(self, partitions: Iterable[int]) -> set[int]:
        """Those that another may have held for a time, because the group had given this member up."""
        return self._lost & set(partitions)

    def decide(self, partition: int, *, broken: bool) -> None:
        """Whether a doubtful partition was held without a break, which is so if nobody has committed anything of it meanwhile."""
        with self._changed:
            self._lost.discard(partition)
            if broken and partition in self.grant.held:
                held = {**self.grant.held, partition: self.grant.identity.generation_id}
                self.grant = Grant(self.grant.identity, held, self.grant.shards)

    def outdated_if_moved(self, grant: Grant) -> None:
        """A transaction under this grant failed: if the group is sharing anew, wait for what comes of it."""
        deadline = time.monotonic() + JOIN_S
        with self._changed:
            while self.grant is grant and self._rejoining() and not self._fenced and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)

    def fenced(self, what: str) -> FencedError:
        """The error for a member that must stop."""
        return FencedError(
            f"The member `{self.member}` of the group `{self.group}` {what}.",
            remedy="It has committed nothing since; open a new consumer to go on.",
        )

    def replace(self) -> None:
        """Another has this member's name now."""
        with self._changed:
            self._fenced = True
            self._changed.notify_all()

    def leave(self, admin: Any) -> None:
        """Stop, and give up what is held, unless the member was replaced already."""
        self.stop()
        identity = self.grant.identity
        if self._fenced or identity is None:
            return
        # With the id that Kafka gave it, so that one who has its name by now is not thrown out.
        gone = MemberToRemove(member_id=identity.member_id, group_instance_id=self._instance)
        try:
            admin.remove_group_members(self._kafka_group, [gone])
        except kafka_errors.KafkaError as error:
            raise log_error(error, self._clients.place) from error
        for other in list(_LIVING.values()):
            if other._kafka_group == self._kafka_group and other is not self:
                other._share_anew()

    def _share_anew(self) -> None:
        """A member of this process has left the group: no need to wait until a broker says so."""
        if self.grant.identity is not None:
            self._consumer._coordinator.request_rejoin()

    def stop(self) -> None:
        """End the thread without leaving: the group waits for this member until its session is over, or it comes back."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        self._consumer.close()

    def on_partitions_revoked(self, revoked: Any) -> None:
        """The group shares anew. What is held stays held until the others are told otherwise."""

    def on_partitions_lost(self, lost: Any) -> None:  # noqa: ARG002
        """The group gave this member up: another may have held its shards by the time it is back."""
        with self._changed:
            self._lost |= self.grant.held.keys()

    def on_partitions_assigned(self, assigned: Any) -> None:
        """The group has shared. Called by the client's own thread."""
        self._consumer.pause(*assigned)
        for place in assigned:
            # Nothing is ever read by this client; a position saves it the question where to begin.
            self._consumer.seek(place, 0)
        identity = self._consumer.group_metadata()
        with self._changed:
            before, known = self.grant.held, self.grant.identity
            if known is not None and identity.generation_id > known.generation_id + 1:
                # A sharing passed that this member has not heard of: another may have held its shards in it, and left again.
                self._lost |= before.keys()
            held = {place.partition: before.get(place.partition, identity.generation_id) for place in assigned}
            if (self._silent or self._overslept) and not held.keys() >= before.keys():
                # Silent for its session, and others have taken what it held: it must stop, and not take part as if nothing had been.
                self._fenced = True
            self._overslept = False
            self.grant = Grant(identity, held, self._sharing.shards)
            self._changed.notify_all()

    def _rejoining(self) -> bool:
        """Whether the group shares anew and this member does not yet know what comes of it."""
        now = self._consumer.group_metadata().generation_id
        return self._consumer._coordinator.need_rejoin() or self.grant.identity is None or self.grant.identity.generation_id != now

    def _live(self) -> None:
        looked = time.monotonic()
        while not self._closing and not self._fenced:
            try:
                self._consumer.poll(timeout_ms=int(_TICK_S * 1000))
                if time.monotonic() - looked > _REGISTRY_S:
                    self._registry.refresh_if_free()
                    looked = time.monotonic()
                self._rejoin_if_changed()
                self._trouble = None
            except kafka_errors.FencedInstanceIdError:
                self.replace()
            except kafka_errors.RetriableError:
                # The client finds its brokers again by itself; what waits for them is told by whoever waits.
                self._pause()
            except (kafka_errors.KafkaError, LogError) as error:
                self._trouble = error if isinstance(error, LogError) else log_error(error, self._clients.place)
                self._pause()
            with self._changed:
                self._changed.notify_all()
        if self._fenced:
            # No heartbeat more: what it may hold still is free after its session.
            self._consumer.close()

    def _pause(self) -> None:
        with self._changed:
            if not self._closing:
                self._changed.wait(_TICK_S)

    def _rejoin_if_changed(self) -> None:
        """Ask the group to share anew when a shard has come, or this member has fallen silent or woken up."""
        coordinator = self._consumer._coordinator
        if self.grant.identity is None or coordinator.need_rejoin():
            return
        silent = time.monotonic() - self._polled > self._session_s
        changed = silent != self._silent or self.grant.shards < len(self._registry.shards)
        self._silent = silent
        # The client stops its heartbeats in silence when it is told that another has its name; asking to join brings that to light.
        if changed or not coordinator._heartbeat_enabled:
            coordinator.request_rejoin()
