"""A warning's life under random events, signatures, silences and time: what people hear, checked against what they may hear.

The machine plays the service and the people: it acts on each decision as the service does, and remembers who was told what.
"""

from datetime import datetime, timedelta
from typing import Any

from alert_places import START
from event_makers import event
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.life import ENDINGS, STANDING, Decision, Life, Pending, Reason, decide, due, silenced
from alerts.texts import Kind
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange

LEVELS = st.sampled_from([Level.YELLOW, Level.ORANGE, Level.RED])
STANDS = timedelta(days=14)
AHEAD = timedelta(hours=2)
REMIND = timedelta(days=3)


class Story(RuleBasedStateMachine):
    """One warning."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = START
        self.life = Life("w1", "e1")
        self.event: CompoundEvent | None = None
        self.silence: Level | None = None
        self.heard: list[tuple[Kind, Level, datetime]] = []
        self.unsaid: list[Reason] = []
        self.waits_until: datetime | None = None

    def _act(self, decision: Decision, changed: CompoundEvent) -> None:
        waited = self.life.pending
        self.life = self.life.after(decision, changed)
        if decision.withdraw:
            assert waited is not None
        if decision.say is None:
            self.unsaid.append(decision.reason)
        else:
            self._propose(decision.say, changed.level)

    def _propose(self, kind: Kind, level: Level) -> None:
        assert self.life.pending is None, "two messages wait at once"
        self.life = self.life.proposed(Pending(f"w1.{self.life.messages + 1}", kind, level))

    def _happens(self, change: EventChange, level: Level, truth: Truth | None = None, **more: Any) -> None:
        known = {} if truth is None else {"truth": truth}
        changed = event(change, level, hours=(self.now - START) / timedelta(hours=1), **known, **more)
        reached = self.silence is not None and level <= self.silence
        before = self.life
        decision = decide(before, changed, silenced=reached)
        if truth is Truth.UNKNOWN or changed.unconfirmed:
            assert decision.say is not Kind.ALL_CLEAR
        if reached:
            assert decision.say is None or decision.say in ENDINGS
        elif self.silence is not None and level > self.silence:
            assert decision.reason is not Reason.SILENCED
        if decision.say in ENDINGS:
            assert before.told
        self._act(decision, changed)
        self.event = changed

    @rule(level=LEVELS)
    def opens(self, level: Level) -> None:
        """The event opens, or stands again."""
        self._happens(EventChange.OPENED, level)

    @precondition(lambda self: self.event is not None)
    @rule(level=LEVELS, change=st.sampled_from([EventChange.ESCALATED, EventChange.EASED, EventChange.CONFIRMED, EventChange.UPDATED]))
    def changes(self, level: Level, change: EventChange) -> None:
        """It changes while it stands."""
        self._happens(change, level)

    @precondition(lambda self: self.event is not None)
    @rule(level=LEVELS)
    def falls_silent(self, level: Level) -> None:
        """Nobody can confirm it."""
        self._happens(EventChange.UNCONFIRMED, level, unconfirmed=True)

    @precondition(lambda self: self.event is not None)
    @rule(
        level=LEVELS,
        change=st.sampled_from([EventChange.CLOSED, EventChange.CANNOT_TELL, EventChange.RETRACTED]),
        truth=st.sampled_from([Truth.FALSE, Truth.UNKNOWN]),
    )
    def ends(self, level: Level, change: EventChange, truth: Truth) -> None:
        """It ends, known or not."""
        self._happens(change, level, truth)

    @precondition(lambda self: self.life.pending is not None)
    @rule()
    def is_signed(self) -> None:
        """Enough people sign what waits."""
        waits = self.life.pending
        assert waits is not None
        self._goes_out(waits.kind, waits.level)

    def _goes_out(self, kind: Kind, level: Level) -> None:
        told = self.life.told
        if kind in ENDINGS:
            assert told, "an end for people who were not warned, or were told one already"
        self.life = self.life.issued(kind, level, self.now, self.now + STANDS)
        self.heard.append((kind, level, self.now))

    @rule(up_to=LEVELS)
    def is_silenced(self, up_to: Level) -> None:
        """Somebody on duty silences it up to a level."""
        self.silence = up_to
        decision = silenced(self.life)
        if decision is not None and self.life.pending is not None and self.life.pending.level <= up_to and self.event is not None:
            self._act(decision, self.event)

    @precondition(lambda self: self.silence is not None)
    @rule()
    def silence_ends(self) -> None:
        """What it held is judged again."""
        self.silence = None
        if self.life.held and self.event is not None:
            self.life = Life(**{**vars(self.life), "held": False})
            self._act(decide(self.life, self.event), self.event)

    @rule(hours=st.sampled_from([1, 13, 71, 24 * 7, 24 * 14]))
    def time_passes(self, hours: int) -> None:
        """As the service does at each look, until nothing more is due."""
        self.now += timedelta(hours=hours)
        reached = self.silence is not None and self.life.level <= self.silence
        for _ in range(3):
            decision = due(self.life, self.now, remind_every=REMIND, ahead=AHEAD, silenced=reached)
            if decision is None:
                break
            if decision.reason is Reason.EXPIRED:
                self.life = Life(**{**vars(self.life), "pending": None})
                self._propose(Kind.EXPIRED, self.life.level)
                self._goes_out(Kind.EXPIRED, self.life.level)
                if self.life.open and not self.life.quiet:
                    self._propose(Kind.WARNING, self.life.level)
            elif decision.say is None:
                self.unsaid.append(decision.reason)
                self.life = Life(**{**vars(self.life), "held": True})
            else:
                self._propose(decision.say, self.life.level)
        assert due(self.life, self.now, remind_every=REMIND, ahead=AHEAD, silenced=reached) is None, "never done"

    @invariant()
    def each_beginning_has_at_most_one_end_and_each_end_a_beginning(self) -> None:
        """People hear a warning, then what is new of it, then one end, and only then may hear of it anew."""
        stands = False
        for kind, _, _ in self.heard:
            assert stands == (kind is not Kind.WARNING), self.heard
            stands = kind in STANDING
        assert stands == self.life.told

    @invariant()
    def nobody_stands_under_a_message_whose_time_has_passed(self) -> None:
        """What people were told last is in force, or has been ended."""
        if self.life.told and self.heard:
            assert self.now < self.heard[-1][2] + STANDS + timedelta(hours=24 * 14)
            assert self.life.expires == self.heard[-1][2] + STANDS

    @invariant()
    def who_was_warned_is_owed_an_end(self) -> None:
        """Of an event that is over, an end waits for signatures; of one that stands, time itself will ask for a word."""
        if self.life.told and not self.life.open:
            assert self.life.pending is not None
            assert self.life.pending.kind in ENDINGS
        if self.life.told:
            assert self.life.expires is not None

    @invariant()
    def what_stands_unsaid_waits_or_has_a_reason(self) -> None:
        """An event that stands and of which nobody was warned waits for signatures, or is held, or was left unsaid for a reason."""
        if self.event is not None and self.life.open and not self.life.told and self.life.messages:
            assert self.life.pending is not None or self.life.held or self.unsaid


Story.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestStory = Story.TestCase
