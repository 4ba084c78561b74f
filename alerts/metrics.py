"""What can be measured of alerts. No label holds a person, a number or an id: only closed sets of words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from alerts.channels.contract import Balance, Refusal
from alerts.intents import Unsent
from alerts.ledger import STAGES
from alerts.life import Reason
from alerts.waiting import Unsigned, Waiting
from schemas.levels import Level
from schemas.warning_records import Answer, MessageState

_NOBODY_KNOWS = float("nan")


class Metrics:
    """Gauges of the alert service, in a registry of their own unless one is given.

    What was not looked at yet, and the age of what is not there, are not a number: zero would be an answer.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._messages = Gauge("polyrisk_messages", "Messages to people by state.", ["state"], registry=self.registry)
        self._warnings = Gauge("polyrisk_warning_messages", "Messages of warnings by stage.", ["stage"], registry=self.registry)
        self._balance = Gauge("polyrisk_provider_balance", "Money left on the provider's account.", registry=self.registry)
        self._make_ages()
        self._closed = Gauge("polyrisk_sending_closed", "1 while the provider refuses us as a whole.", registry=self.registry)
        self._halts = Gauge("polyrisk_sending_halts", "Halts of sending that a person ordered and that stand.", registry=self.registry)
        self._balance_below = Gauge(
            "polyrisk_provider_balance_below", "The country wants to be told when less money than this is left.", registry=self.registry
        )
        self.observe_sending(closed=False, halts=0, balance=None)
        self.warn_below(None)
        unsent = "People who did not get a message, by why: it was never made, dropped before it was sent, or refused."
        self._unsent = Gauge("polyrisk_messages_unsent", unsent, ["reason"], registry=self.registry)
        decided = "Changes of events that were acted on, said or not, by why."
        self._decided = Gauge("polyrisk_event_changes_decided", decided, ["reason"], registry=self.registry)
        self._silences = Gauge("polyrisk_silences", "Silences of people on duty that hold.", registry=self.registry)
        good = "When the last drill ended in which all happened in time, in seconds since 1970; 0 if there was none."
        self._drill = Gauge("polyrisk_last_good_drill_timestamp_seconds", good, registry=self.registry)
        really = "The same of drills that went to people's telephones."
        self._sent_drill = Gauge("polyrisk_last_good_sent_drill_timestamp_seconds", really, registry=self.registry)
        self._drill.set(_NOBODY_KNOWS)
        self._sent_drill.set(_NOBODY_KNOWS)
        for state in MessageState:
            self._messages.labels(state.value).set(_NOBODY_KNOWS)
        self.observe_warnings({})
        self.observe_unsaid({}, {}, 0)

    def _make_ages(self) -> None:
        unsigned = "When the oldest message that waits for signatures was proposed, by level."
        self._unsigned = Gauge("polyrisk_unsigned_oldest_timestamp_seconds", unsigned, ["level"], registry=self.registry)
        due = "By when the first of the messages that wait for signatures was, or is, to be signed, by level."
        self._due = Gauge("polyrisk_unsigned_due_timestamp_seconds", due, ["level"], registry=self.registry)
        oldest = "Since when the oldest message to a person waits to be sent, or for the provider's answer."
        self._oldest = Gauge("polyrisk_messages_oldest_timestamp_seconds", oldest, ["state"], registry=self.registry)
        progress = "When a message to a person was last settled: taken by the provider, refused, found or given up."
        self._progress = Gauge("polyrisk_sending_progress_timestamp_seconds", progress, registry=self.registry)
        inbox = "When the oldest message from a person came in that was not answered yet."
        self._inbox = Gauge("polyrisk_inbox_oldest_timestamp_seconds", inbox, registry=self.registry)
        answers = "Answers that people gave to messages of warnings, by answer."
        self._answers = Gauge("polyrisk_answers", answers, ["answer"], registry=self.registry)
        unreviewed = "Messages that went out by agreement, and that nobody has reviewed."
        self._unreviewed = Gauge("polyrisk_unreviewed_messages", unreviewed, registry=self.registry)
        since = "When the oldest message went out by agreement that nobody has reviewed."
        self._unreviewed_oldest = Gauge("polyrisk_unreviewed_oldest_timestamp_seconds", since, registry=self.registry)
        self._make_people()
        self.observe_waiting(Waiting(None, None, None))
        self.observe_unsigned({})
        self.observe_unreviewed(0, None)
        self._progress.set(_NOBODY_KNOWS)
        for answer in Answer:
            self._answers.labels(answer.value).set(_NOBODY_KNOWS)

    def _make_people(self) -> None:
        """What people are woken for, wrote themselves and agreed on beforehand."""
        self._wakings = Gauge("polyrisk_wakings", "What somebody is woken for and nobody has acknowledged.", registry=self.registry)
        woken = "Since when somebody is woken for the oldest of what nobody has acknowledged."
        self._wakings_oldest = Gauge("polyrisk_wakings_oldest_timestamp_seconds", woken, registry=self.registry)
        written = "Warnings that a person wrote because no rule saw the danger, and that stand or wait."
        self._originated = Gauge("polyrisk_originated_warnings", written, registry=self.registry)
        ends = "When the first warning that a person wrote runs out unless somebody updates it."
        self._originated_end = Gauge("polyrisk_originated_end_timestamp_seconds", ends, registry=self.registry)
        agreed = "When the first of the country's agreements ends, or has ended."
        self._agreement_end = Gauge("polyrisk_agreement_end_timestamp_seconds", agreed, registry=self.registry)
        self.observe_wakings([])
        self.observe_originated([])
        self.observe_agreements([])

    def observe_wakings(self, begun: Sequence[datetime]) -> None:
        """Set the gauges of what somebody is woken for: since when each."""
        self._wakings.set(len(begun))
        self._wakings_oldest.set(_seconds(min(begun, default=None)))

    def observe_originated(self, ends: Sequence[datetime]) -> None:
        """Set the gauges of what people wrote: when each runs out."""
        self._originated.set(len(ends))
        self._originated_end.set(_seconds(min(ends, default=None)))

    def observe_agreements(self, ends: Sequence[datetime]) -> None:
        """Set the gauge of what was agreed on beforehand: when each ends."""
        self._agreement_end.set(_seconds(min(ends, default=None)))

    def warn_below(self, balance: float | None) -> None:
        """Set the gauge of how much money the country wants to see on the account; none if it does not say."""
        self._balance_below.set(_NOBODY_KNOWS if balance is None else balance)

    def observe_unsigned(self, unsigned: Mapping[Level, Unsigned]) -> None:
        """Set the gauges of what waits for signatures."""
        for level in Level:
            self._unsigned.labels(level.word).set(_seconds(unsigned[level].since if level in unsigned else None))
            self._due.labels(level.word).set(_seconds(unsigned[level].due if level in unsigned else None))

    def observe_unreviewed(self, number: int, oldest: datetime | None) -> None:
        """Set the gauges of what went out by agreement and was reviewed by nobody."""
        self._unreviewed.set(number)
        self._unreviewed_oldest.set(_seconds(oldest))

    def observe_waiting(self, waiting: Waiting) -> None:
        """Set the gauges of messages to people and from people that wait."""
        self._oldest.labels(MessageState.INTENDED.value).set(_seconds(waiting.to_send))
        self._oldest.labels(MessageState.SENDING.value).set(_seconds(waiting.being_sent))
        self._inbox.set(_seconds(waiting.to_answer))

    def observe_answers(self, counts: Mapping[str, int]) -> None:
        """Set the gauges of what people answered."""
        for answer in Answer:
            self._answers.labels(answer.value).set(counts.get(answer.value, 0))

    def settled(self, at: datetime) -> None:
        """Note that sending gets on."""
        self._progress.set(_seconds(at))

    def observe_drills(self, last: Callable[[], float], last_sent: Callable[[], float]) -> None:
        """Have it asked, each time the metrics are read, when the last good drill ended, and the last that was sent: seconds since 1970, 0
        if there was none. Without this call nobody knows."""
        self._drill.set_function(last)
        self._sent_drill.set_function(last_sent)

    def observe_sending(self, *, closed: bool, halts: int, balance: Balance | None) -> None:
        """Set the gauges of sending.

        Args:
            closed: the provider refuses us as a whole. halts: how many a person has ordered and not lifted.
            balance: what is left at the provider; the gauge is not a number while nobody knows, or it keeps no account.
        """
        self._closed.set(int(closed))
        self._halts.set(halts)
        self._balance.set(float(balance.amount) if balance is not None else _NOBODY_KNOWS)

    def observe_messages(self, counts: Mapping[tuple[str, str, str, MessageState], int]) -> None:
        """Set the gauges of messages to what the registry holds, by message, area, language and state."""
        for state in MessageState:
            self._messages.labels(state.value).set(sum(n for (_, _, _, s), n in counts.items() if s is state))

    def observe_warnings(self, stages: Mapping[str, int]) -> None:
        """Set the gauges of warnings; a stage in which nothing is any more goes back to zero."""
        for stage in STAGES:
            self._warnings.labels(stage).set(stages.get(stage, 0))

    def observe_unsaid(self, unsent: Mapping[str, int], decided: Mapping[str, int], silences: int) -> None:
        """Set the gauges of what was not sent, of what was decided about events, and of silences that hold."""
        for reason in {reason.value for reason in (*Unsent, *Refusal)}:
            self._unsent.labels(reason).set(unsent.get(reason, 0))
        for decision in Reason:
            self._decided.labels(decision.value).set(decided.get(decision.value, 0))
        self._silences.set(silences)


def _seconds(moment: datetime | None) -> float:
    return _NOBODY_KNOWS if moment is None else moment.timestamp()
