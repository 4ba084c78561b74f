"""What can be measured of alerts. No label holds a person, a number or an id: only closed sets of words."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge

from alerts.channels.contract import Balance, Refusal
from alerts.intents import Unsent
from alerts.ledger import STAGES
from alerts.life import Reason
from schemas.warning_records import MessageState


class Metrics:
    """Gauges of the alert service, in a registry of their own unless one is given."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._messages = Gauge("polyrisk_messages", "Messages to people by state.", ["state"], registry=self.registry)
        self._warnings = Gauge("polyrisk_warning_messages", "Messages of warnings by stage.", ["stage"], registry=self.registry)
        self._balance = Gauge("polyrisk_provider_balance", "Money left on the provider's account.", registry=self.registry)
        self._closed = Gauge("polyrisk_sending_closed", "1 while the provider refuses us as a whole.", registry=self.registry)
        self._halts = Gauge("polyrisk_sending_halts", "Halts of sending that a person ordered and that stand.", registry=self.registry)
        self.observe_sending(closed=False, halts=0, balance=None)
        unsent = "People who did not get a message, by why: it was never made, dropped before it was sent, or refused."
        self._unsent = Gauge("polyrisk_messages_unsent", unsent, ["reason"], registry=self.registry)
        decided = "Changes of events that were acted on, said or not, by why."
        self._decided = Gauge("polyrisk_event_changes_decided", decided, ["reason"], registry=self.registry)
        self._silences = Gauge("polyrisk_silences", "Silences of people on duty that hold.", registry=self.registry)
        self.observe_messages({})
        self.observe_warnings({})
        self.observe_unsaid({}, {}, 0)

    def observe_sending(self, *, closed: bool, halts: int, balance: Balance | None) -> None:
        """Set the gauges of sending.

        Args:
            closed: the provider refuses us as a whole. halts: how many a person has ordered and not lifted.
            balance: what is left at the provider; the gauge is not a number while nobody knows, or it keeps no account.
        """
        self._closed.set(int(closed))
        self._halts.set(halts)
        self._balance.set(float(balance.amount) if balance is not None else float("nan"))

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
