"""Wakes who is on duty, and goes on until somebody answers: an SMS, then a call, then the next person, and from the beginning.

Each try is written down in one durable transaction before the provider is asked, and its answer in another. One without an answer, for a
dropped connection or because the process died, is looked up and never repeated: the next try of the ladder is its repetition, and comes
whatever became of it. Hours of quiet do not apply, and that the country only watches does not either: officers gave their numbers for this.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop
from sqlalchemy import Connection, select, update

from alerts import ledger
from alerts.channels.contract import Accepted, Calls, Channel, Outgoing, Refusal, Refused, Spoken
from alerts.duty_words import Duty
from alerts.marks import is_exercise
from alerts.officers import accounts
from alerts.registry import Registry
from alerts.roster import causes, telephones, wakings
from alerts.roster.causes import Cause
from alerts.roster.ladder import Way, next_rung, rungs
from alerts.roster.order import who_is_woken
from alerts.roster.wakings import INTENDED, REFUSED, SENDING, UNKNOWN
from alerts.roster.wording import Wording
from alerts.tables import wake_tries
from alerts.to_officers import Outcome, found_again, handed_over
from schemas.country_files import LoadedCountry
from schemas.warning_records import MessageState

_LOGGER = logging.getLogger(__name__)
UNANSWERED, NOBODY = "nobody_answers", "nobody_to_wake"
"""Notices: all were tried in vain, and are tried again; nobody with a telephone is on duty or on the country's ladder."""


class Waker:
    """One for each country.

    Args:
        channel: the way out; without one, or through one that cannot call, nobody is called.
        wall_clock: what the provider's own times can be compared with.

    Raises:
        ConfigurationError: a file of texts cannot be read.
    """

    def __init__(
        self,
        registry: Registry,
        country: LoadedCountry,
        channel: Channel,
        *,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._registry = registry
        self._country = country
        self._channel = channel
        self._calls = channel if isinstance(channel, Calls) and channel.can_call else None
        self._wall = wall_clock
        self._after: timedelta = country.facts.wake.after
        self._wording = Wording(country, exercise=registry.exercise)

    def turn(self, now: datetime) -> int:
        """Begin what there is to wake for, end what is over, try who is due; answers how many were tried.

        Args:
            now: the country's time.
        """
        with self._registry.reading() as connection:
            work = self._asks(connection, now)
        if work:
            with self._registry.acting() as connection:
                self._plan(connection, now)
        with self._registry.reading() as connection:
            query = select(wake_tries).where(wake_tries.c.state.in_((INTENDED, SENDING))).order_by(wake_tries.c.tried_at, wake_tries.c.id)
            waiting = connection.execute(query).all()
        if not waiting:
            return 0
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._try_all(waiting, now))

    def _asks(self, connection: Connection, now: datetime) -> bool:
        goes_on = wakings.open_ones(connection, self._country.code)
        standing = causes.standing(connection, self._country, now)
        if any(waking.due <= now for waking in goes_on) or any(not wakings.known(connection, cause.id) for cause in standing):
            return True
        return any(self._is_over(connection, waking, standing) for waking in goes_on)

    def _plan(self, connection: Connection, now: datetime) -> None:
        """What is new of a kind joins what somebody is being woken for already: twenty districts are no twenty calls."""
        standing = causes.standing(connection, self._country, now)
        for cause in standing:
            if wakings.known(connection, cause.id):
                continue
            leads = [w for w in wakings.open_ones(connection, self._country.code) if w.kind == cause.kind]
            told = [w for lead in leads for w in (lead, *wakings.joined(connection, lead.id))]
            before = next((w for w in told if w.subject == cause.subject), None)
            if before is not None and cause.kind in causes.OVER_BY_ITSELF:
                wakings.pass_on(connection, before, cause)
            elif leads:
                wakings.join(connection, leads[0], cause, now)
            else:
                wakings.begin(connection, self._country.code, cause, now)
        for waking in wakings.open_ones(connection, self._country.code):
            if self._is_over(connection, waking, standing):
                wakings.settle(connection, waking, now)
            elif waking.due <= now:
                self._try_next(connection, waking, now)

    def _is_over(self, connection: Connection, waking: wakings.Waking, standing: Sequence[Cause]) -> bool:
        """Whether nothing that somebody is woken for stands any more; a notice is over by acknowledgement alone."""
        subjects = {waking.subject, *(w.subject for w in wakings.joined(connection, waking.id))}
        of_kind = {cause.subject for cause in standing if cause.kind == waking.kind}
        return waking.kind in causes.OVER_BY_ITSELF and not subjects & of_kind

    def _try_next(self, connection: Connection, waking: wakings.Waking, now: datetime) -> None:
        of = rungs((officer.id for officer in who_is_woken(connection, self._country, waking.to_role, now)), calls=self._calls is not None)
        tried = wakings.tried(connection, waking.id)
        rung = next_rung(of, tried)
        if rung is None:
            text = f"NOBODY can be woken for: {waking.text} Nobody with a telephone is on duty or on the ladder (`polyrisk roster check`)."
            ledger.note(connection, f"{NOBODY}:{waking.id}", now, NOBODY, "", text)
            wakings.wait(connection, waking.id, now + self._after)
            return
        again = tried[rung]
        if again:
            text = f"Nobody answers, all were tried {again} times and are tried again: {waking.text}"
            ledger.note(connection, f"{UNANSWERED}:{waking.id}:{again}", now, UNANSWERED, "", text)
        officer = accounts.load(connection, rung.officer)
        language = self._wording.language_for(officer.language if officer is not None else "")
        speaks = self._calls.speaks if self._calls is not None else lambda _: False
        beside = len(wakings.joined(connection, waking.id))
        worded = self._wording.of(connection, waking, rung.way, beside, language, speaks)
        if worded.language != language:
            _LOGGER.warning("%s reads `%s` and is woken in `%s` by %s", rung.officer, language, worded.language, rung.way)
        wakings.intend(connection, waking, rung, worded.body, worded.language, now, now + self._after)

    async def _try_all(self, waiting: Sequence[Any], now: datetime) -> int:
        done = 0
        async with self._channel:
            for row in waiting:
                outcome = await self._look_up(row) if row.state == SENDING else await self._try(row)
                if outcome is None:
                    continue
                done += row.state == INTENDED
                with self._registry.begin() as connection:
                    self._record(connection, row, outcome, now)
        return done

    async def _try(self, row: Any) -> Outcome | None:
        """Try one; nothing if another process does, or nobody has the number any more."""
        with self._registry.begin() as connection:
            mine = (wake_tries.c.id == row.id) & (wake_tries.c.state == INTENDED)
            if not connection.execute(update(wake_tries).where(mine).values(state=SENDING, called_at=self._wall())).rowcount:
                return None
            number = telephones.of(connection, self._registry.keys, row.officer)
        if number is None:
            return Outcome(MessageState.REFUSED, refusal=Refusal.INVALID_NUMBER.value)
        return await handed_over(self._hand_over(row, number))

    async def _hand_over(self, row: Any, number: str) -> Accepted:
        if self._registry.exercise and not is_exercise(row.body):
            raise Refused(Refusal.NOT_MARKED)
        if row.way == Way.SMS.value:
            return await self._channel.send(self._outgoing(row, number))
        if self._calls is None:  # intended through another channel than this
            raise Refused(Refusal.NOT_ROUTABLE)
        return await self._calls.call(self._spoken(row, number))

    async def _look_up(self, row: Any) -> Outcome | None:
        """What became of one without an answer: found, or nobody knows, until its time is over."""
        with self._registry.reading() as connection:
            number = telephones.of(connection, self._registry.keys, row.officer)
            ours = set(connection.execute(select(wake_tries.c.provider_id).where(wake_tries.c.provider_id.is_not(None))).scalars())
        if number is None:
            return None
        if row.way == Way.SMS.value:
            return await found_again(self._channel.look_up(self._outgoing(row, number), row.called_at), ours)
        if self._calls is None:
            return None
        return await found_again(self._calls.look_up_call(self._spoken(row, number), row.called_at), ours)

    def _spoken(self, row: Any, number: str) -> Spoken:
        press, unpressed, elsewhere = (
            self._wording.beside_the_call(kind, row.language) for kind in (Duty.CALL_PRESS, Duty.CALL_UNPRESSED, Duty.CALL_ELSEWHERE)
        )
        return Spoken(number, row.body, row.id, row.language, press, unpressed, elsewhere)

    def _outgoing(self, row: Any, number: str) -> Outgoing:
        return Outgoing(number, row.body, int(self._after.total_seconds()) * 2, row.id)

    def _record(self, connection: Connection, row: Any, outcome: Outcome, now: datetime) -> None:
        if outcome.state is None:
            return
        values = {"state": outcome.state.value, "provider_id": outcome.provider_id, "refusal": outcome.refusal or None}
        # Somebody may have answered while it was on its way: what became of it is kept.
        over = () if outcome.state is MessageState.INTENDED else (UNKNOWN,)
        waited = wake_tries.c.state.in_((SENDING, *over))
        connection.execute(update(wake_tries).where(wake_tries.c.id == row.id, waited).values(**values))
        if outcome.state is MessageState.REFUSED:
            self._go_on_at_once(connection, row.waking, now)

    def _go_on_at_once(self, connection: Connection, waking: str, now: datetime) -> None:
        """Nobody waits for an answer to what was surely not taken; once all were refused, a round lasts as long as one try."""
        refused = connection.execute(select(wake_tries.c.id).where(wake_tries.c.waking == waking, wake_tries.c.state == REFUSED)).all()
        if len(refused) < len(wakings.tried(connection, waking)) + 1:
            wakings.wait(connection, waking, now)
