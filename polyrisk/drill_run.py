"""A drill: a case played from its feeds to the telephones of the drill's own list, in an installation of its own, and each stage timed.

Nothing of the real installation is opened: log, registry, keys and archive lie in the drill's folder. Stand-ins play the sources; rules,
texts, sender, signatures and the way out are the real ones.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts import ledger
from alerts.channels.contract import Channel
from alerts.drills import folders
from alerts.drills.duty import DrillOfficer
from alerts.drills.only_listed import OnlyListed
from alerts.drills.people import Reached, bring_to, keep_who_left, listed, reached
from alerts.drills.results import DrillResult
from alerts.listening.listener import Listener
from alerts.registry import Registry
from alerts.service import AlertService
from eventlog.log import open_log
from eventlog.state import environment
from feeds.cases import Case
from feeds.clock import FileClock
from feeds.stand_ins import StandInServer
from polyrisk.case_run import DirectFetch, Fetch, Parts, Tally
from polyrisk.drill_account import Account, Seen
from polyrisk.drill_duty import DrillDuty
from polyrisk.drill_orders import Orders, Told
from processors.loop import Processor
from schemas.country_files import LoadedCountry
from schemas.warning_records import Warning

CLOCK = "clock"
BEFORE = timedelta(days=1)
"""The case is begun so long before the first warning that it must have given; what lies before is its history."""
LOOK_S = 0.5
ARCHIVE, LOG = "archive", "log.db"


class _TimedFetch:
    """Notes how long each feed's fetch took: from asking its source until its readings stand in the log."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        self.took: dict[str, tuple[datetime, datetime]] = {}
        self._wall = wall
        self._fetch: Fetch = DirectFetch()

    def run(self, feed: str, at: datetime) -> None:
        """See `Fetch`."""
        begun = self._wall()
        self._fetch.run(feed, at)
        self.took[feed] = begun, self._wall()


class DrillRun:
    """One drill in a folder that was made for it, whose registry holds the list.

    Args:
        state: the drill's own folder. registry: of that folder. channel: the way out; nothing passes it but exercises to the list.
        officers: who is woken, as `alerts.drills.duty.put_on_duty` has put them on duty; nobody is woken without.
        wall: the machine's clock. pause: between two looks; replaced in tests.
    """

    def __init__(
        self,
        case: Case,
        country: LoadedCountry,
        state: Path,
        registry: Registry,
        channel: Channel,
        orders: Orders,
        told: Told,
        *,
        officers: Sequence[DrillOfficer] = (),
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[], None] = lambda: time.sleep(LOOK_S),
    ) -> None:
        self.case = case
        self.country = country
        self.state = state
        self.step = timedelta(hours=1)
        self.tally = Tally()
        self._registry = registry
        self._orders = orders
        self._told = told
        self._wall = wall
        self._pause = pause
        self._people = listed(registry)
        self._out = OnlyListed(channel, [person.number for person in self._people], wall, [one.number for one in officers])
        self._duty = DrillDuty(registry, country, officers, self._out, wall)
        self._account = Account(self._people, self._out, self._duty, orders)
        self._fetch = _TimedFetch(wall)
        self._signs_itself = bool(orders.sign_as)

    def run(self) -> DrillResult:
        """Hold the drill, to its end or until the time to wait is over."""
        begun = self._wall()
        with self._parts() as (parts, clock):
            seen = self._until_proposed(parts)
            if seen.message is not None:
                self._to_people(parts, clock, seen)
        case = f"{self.country.folder.name}/{self.case.name}"
        return self._account.result(self.state.name, case, begun, self._wall(), seen, self.country.facts.drill)

    @contextmanager
    def _parts(self) -> Iterator[tuple[Parts, FileClock]]:
        start = self._start()
        settings = {
            "POLYRISK_STATE": str(self.state),
            "POLYRISK_LOG": f"sqlite:///{self.state / LOG}",
            "POLYRISK_ARCHIVE": str(self.state / ARCHIVE),
            "POLYRISK_CLOCK": str(self.state / CLOCK),
            "POLYRISK_FEEDS": ",".join(self.case.feeds),
        }
        self.case.facts = self.case.facts.model_copy(update={"start": start})
        with ExitStack() as stack:
            stack.enter_context(folders.alone(self.state))
            clock = FileClock(self.state / CLOCK)
            clock.set(start)
            sources = stack.enter_context(StandInServer(self.case, clock))
            stack.enter_context(environment({**settings, "POLYRISK_SOURCES": sources.base_url}))
            (self.state / "feeds.txt").write_text("\n".join(self.case.feeds), encoding="utf-8")
            log = stack.enter_context(closing(open_log(f"sqlite:///{self.state / LOG}")))
            service = stack.enter_context(closing(AlertService(log, self._registry, self.country, self._out, wall_clock=self._wall)))
            processor = stack.enter_context(closing(Processor(log, self.country.shard)))
            yield Parts(self, clock, log, processor, service, self._fetch), clock

    def _start(self) -> datetime:
        must = [one.by or one.until for one in self.case.facts.expectations.must]
        return max(self.case.start, min(must) - BEFORE) if must else self.case.start

    def _until_proposed(self, parts: Parts) -> Seen:
        """Live through the case until there is a message for somebody on the list."""
        now: datetime | None = self.case.start
        seen = Seen(self._wall())
        while now is not None:
            self._told.say(f"the case is at {now.astimezone(self.country.timezone):%d %B %Y, %H:%M}")
            seen = Seen(self._wall())
            self._fetch.took.clear()
            parts.ask(now)
            parts.wait_for_answers()
            seen.fetched = dict(self._fetch.took)
            parts.judge(now)
            seen.judged = self._wall()
            parts.service.take_in(now)
            seen.message = self._for_the_list(parts.service)
            seen.proposed = self._wall()
            if seen.message is not None:
                return seen
            now = parts.following(now)
        return seen

    def _for_the_list(self, service: AlertService) -> Warning | None:
        """The gravest message that waits for households; for a list of people on duty alone, one to them, which nobody signs."""
        if any(person.group == "household" for person in self._people):
            return next((warning for warning in service.pending() if warning.audience == "public"), None)
        with self._registry.reading() as connection:
            return next((w for w in ledger.in_stage(connection, ledger.ISSUED) if w.audience == "operators"), None)

    def _to_people(self, parts: Parts, clock: FileClock, seen: Seen) -> None:
        """Have it signed and sent, and wait for what people answer. The case's clock goes on with the machine's."""
        message = seen.message
        assert message is not None  # noqa: S101 - asked by the caller
        offset = clock.now() + timedelta(seconds=1) - self._wall()
        with self._registry.people() as connection:
            bring_to(connection, message.area, clock.now() + timedelta(seconds=1))
        with self._registry.reading() as connection:
            seen.needed = 0 if message.audience == "operators" else ledger.waits(connection, message.id)[2]
        listener = Listener(parts.log, self._registry, self.country, clock=clock.now, wall_clock=self._wall)
        clock.set(self._wall() + offset)
        parts.service.look_again(clock.now())
        if seen.needed and not self._orders.sign_as:
            self._told.say(f"waits for {seen.needed} signatures: polyrisk pending --state {self.state}")
        until = self._wall() + self.country.facts.drill.signed_within + self._orders.wait
        while self._wall() < until:
            now = self._wall() + offset
            clock.set(now)
            parts.service.take_in(now)
            if listener.process(now):
                keep_who_left(self.state.parent.parent, self._registry)
            if seen.issued is None:
                self._wake(parts.service, message, seen, now, offset)
            if seen.issued is None and self._issued(seen, offset):
                until = self._wall() + self._orders.wait
                self._told.say(f"handed over, and waits for answers until {until:%H:%M:%S} UTC")
            if seen.issued is not None:
                self._look(seen)  # before anything is sent, which takes its time
            parts.service.dispatch(now)
            if seen.issued is not None and self._all_there(seen):
                break
            self._pause()
        listener.process(self._wall() + offset)
        parts.service.dispatch(self._wall() + offset)  # what was still to be answered
        self._look(seen)
        self._duty.look(offset)
        keep_who_left(self.state.parent.parent, self._registry)

    def _wake(self, service: AlertService, message: Warning, seen: Seen, now: datetime, offset: timedelta) -> None:
        """Wake who is on duty; once somebody has answered, or nobody did in time, the drill signs if nobody is asked to."""
        awake, tried = self._duty.awake, len(self._duty.tried)
        self._duty.turn(now, offset)
        for one in self._duty.tried[tried:]:
            self._told.say(f"{one.officer} is woken by {one.way}")
        if awake is None and self._duty.awake is not None:
            self._told.say(f"{self._duty.awake.by} has answered {self._duty.awake.how}")
        waited = self._wall() - (seen.proposed or self._wall()) >= self.country.facts.drill.awake_within
        if self._duty.awake is not None or not (self._duty.asked and self._orders.send) or waited:
            self._sign(service, message, now)

    def _sign(self, service: AlertService, message: Warning, now: datetime) -> None:
        """Once, if nobody is asked to."""
        if not self._signs_itself:
            return
        self._signs_itself = False
        for role, name in self._orders.sign_as.items():
            if message.id in {waiting.id for waiting in service.pending()}:
                service.sign(message.id, f"{name} (unattended drill)", role, now)

    def _issued(self, seen: Seen, offset: timedelta) -> bool:
        """Whether it went out; notes who signed and when."""
        assert seen.message is not None  # noqa: S101 - asked by the caller
        with self._registry.reading() as connection:
            issued = next((w for w in ledger.in_stage(connection, ledger.ISSUED) if w.id == seen.message.id), None)
        if issued is None:
            return False
        seen.message = issued
        seen.signatures = tuple((one, one.at - offset) for one in issued.signatures)
        seen.issued = max([at for _, at in seen.signatures] or [self._wall()])
        return True

    def _look(self, seen: Seen) -> Reached:
        """Note when receipts and answers were first seen."""
        assert seen.message is not None  # noqa: S101 - asked by the caller
        with self._registry.reading() as connection:
            found = reached(connection, seen.message.id)
        now = self._wall()
        for known, ids in ((seen.receipts, found.receipts), (seen.answers, found.answered)):
            known.update({one: now for one in ids if one not in known})
        seen.refused = found.refused
        return found

    def _all_there(self, seen: Seen) -> bool:
        """Whether nothing more is to be waited for."""
        self._look(seen)
        handed = {person.id for person in self._account.concerned(seen) if self._account.handed(seen, person) is not None}
        over = handed | set(seen.refused)
        if len(over) < len(self._account.concerned(seen)):
            return False
        return not self._orders.send or (handed <= set(seen.receipts) and handed <= set(seen.answers))
