"""While a drill runs, what providers call the installation with is handed on to the drill if it is the drill's.

A receipt is the drill's if it names a message of the drill. What a person writes is the drill's if they are on its list and have not been
sent anything in earnest since it began: a cry for help after a real warning is never taken for practice. A leave and a return hold for
both.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from alerts import intents
from alerts.channels.contract import Receipt
from alerts.drills import folders
from alerts.listening.inbound import Inbound
from alerts.listening.keywords import Meaning
from alerts.listening.listener import Listener
from alerts.people import subscribers as people
from alerts.registry import Registry, open_registry
from alerts.tables import messages
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry

_FOR_BOTH = (Meaning.STOP, Meaning.START)


class HandsOn:
    """Takes what comes in for an installation (`alerts.listening.webhooks.Takes`), and for its drill while one runs.

    Args:
        listener: the installation's. state: its folder. clock_of: the time in the folder of a drill.
    """

    def __init__(
        self,
        listener: Listener,
        registry: Registry,
        log: EventLog,
        country: LoadedCountry,
        state: Path,
        clock_of: Callable[[Path], Callable[[], datetime]],
    ) -> None:
        self._listener = listener
        self._registry = registry
        self._log = log
        self._country = country
        self._state = state
        self._clock_of = clock_of

    def receive(self, message: Inbound) -> None:
        """A message from a person."""
        folder = folders.running(self._state)
        if folder is not None and self._of_the_drill(folder, message):
            return
        self._listener.receive(message)

    def receipt(self, receipt: Receipt) -> None:
        """What a provider says of a message."""
        folder = folders.running(self._state)
        if folder is None or not self._receipt_of_the_drill(folder, receipt):
            self._listener.receipt(receipt)

    def woken(self, reference: str) -> bool:
        """An officer who was called is awake. A drill wakes nobody: its roster is empty."""
        return self._listener.woken(reference)

    def _of_the_drill(self, folder: Path, message: Inbound) -> bool:
        """Whether it was handed on to the drill and is not ours too."""
        registry = open_registry(folder)
        try:
            with registry.reading() as connection:
                listed = people.find(connection, registry.keys.indexes(message.number)) is not None
            if not listed:
                return False
            listener = self._listener_of(folder, registry)
            both = listener.means(message) in _FOR_BOTH or bool(message.opt_out)
            if not both and self._warned_since(folder, message.number):
                return False
            listener.receive(message)
            return not both
        finally:
            registry.close()

    def _listener_of(self, folder: Path, registry: Registry) -> Listener:
        """Takes in for the drill, which answers itself."""
        return Listener(self._log, registry, self._country, clock=self._clock_of(folder))

    def _warned_since(self, folder: Path, number: str) -> bool:
        """Whether a person was sent anything in earnest since the drill began."""
        with self._registry.reading() as connection:
            person = people.find(connection, self._registry.keys.indexes(number))
            if person is None:
                return False
            sent = select(messages.c.message).where(messages.c.subscriber == person.id, messages.c.attempted_at >= folders.began(folder))
            return connection.execute(sent.limit(1)).first() is not None

    def _receipt_of_the_drill(self, folder: Path, receipt: Receipt) -> bool:
        message, subscriber = intents.referred_to(receipt.reference)
        sent = select(messages.c.message).where(messages.c.message == message, messages.c.subscriber == subscriber)
        registry = open_registry(folder)
        try:
            with registry.reading() as connection:
                if connection.execute(sent).first() is None:
                    return False
            self._listener_of(folder, registry).receipt(receipt)
            return True
        finally:
            registry.close()
