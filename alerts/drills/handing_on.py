"""While a drill runs, what providers call the installation with is handed on to the drill if it is the drill's.

A receipt is the drill's if it names a message of the drill. What a person writes is the drill's if they are on its list and have not been
sent anything in earnest since it began: a cry for help after a real warning is never taken for practice. A leave and a return hold for
both. That an officer is awake is the drill's only if nobody is woken with that code in earnest.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from alerts import intents
from alerts.channels.contract import Receipt
from alerts.drills import folders
from alerts.listening.inbound import Inbound, Pressed
from alerts.listening.keywords import Meaning
from alerts.listening.listener import Listener
from alerts.people import subscribers as people
from alerts.registry import Registry, open_registry
from alerts.roster import wakings
from alerts.tables import messages
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry

_FOR_BOTH = (Meaning.STOP, Meaning.START)


@dataclass(frozen=True)
class _Drill:
    """The drill that runs. listener: takes in for it; the drill answers itself."""

    folder: Path
    registry: Registry
    listener: Listener


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
        self._turn = threading.Lock()
        self._drill: _Drill | None = None

    def receive(self, message: Inbound) -> None:
        """A message from a person."""
        with self._running() as drill:
            if drill is not None and self._of_the_drill(drill, message):
                return
        self._listener.receive(message)

    def receipt(self, receipt: Receipt) -> None:
        """What a provider says of a message."""
        with self._running() as drill:
            if drill is not None and self._receipt_of_the_drill(drill, receipt):
                return
        self._listener.receipt(receipt)

    def woken(self, reference: str, *, awake: bool) -> Pressed:
        """An officer who was called pressed a key: in earnest first, else in the drill."""
        pressed = self._listener.woken(reference, awake=awake)
        if pressed.ours:
            return pressed
        with self._running() as drill:
            return drill.listener.woken(reference, awake=awake) if drill is not None else pressed

    @contextmanager
    def _running(self) -> Iterator[_Drill | None]:
        """The drill that runs now, opened once for as long as it does; one caller at a time."""
        with self._turn:
            folder = folders.running(self._state)
            if self._drill is not None and self._drill.folder != folder:
                self._drill.registry.close()
                self._drill = None
            if folder is not None and self._drill is None:
                registry = open_registry(folder)
                listener = Listener(self._log, registry, self._country, clock=self._clock_of(folder))
                self._drill = _Drill(folder, registry, listener)
            yield self._drill

    def _of_the_drill(self, drill: _Drill, message: Inbound) -> bool:
        """Whether it was handed on to the drill and is not ours too."""
        if self._is_answer_of_officer(drill, message):
            drill.listener.receive(message)
            return True
        with drill.registry.reading() as connection:
            listed = people.find(connection, drill.registry.keys.indexes(message.number)) is not None
        if not listed:
            return False
        both = drill.listener.means(message) in _FOR_BOTH or bool(message.opt_out)
        if not both and self._warned_since(drill.folder, message.number):
            return False
        drill.listener.receive(message)
        return not both

    def _is_answer_of_officer(self, drill: _Drill, message: Inbound) -> bool:
        """Whether an officer says that they are awake for the drill; a code that may be meant in earnest is taken so."""

        def expected(registry: Registry) -> bool:
            with registry.reading() as connection:
                found = wakings.expected(connection, registry.keys, self._country.code, message.number, message.body)
            return found is not None

        return expected(drill.registry) and not expected(self._registry)

    def _warned_since(self, folder: Path, number: str) -> bool:
        """Whether a person was sent anything in earnest since the drill began."""
        with self._registry.reading() as connection:
            person = people.find(connection, self._registry.keys.indexes(number))
            if person is None:
                return False
            sent = select(messages.c.message).where(messages.c.subscriber == person.id, messages.c.attempted_at >= folders.began(folder))
            return connection.execute(sent.limit(1)).first() is not None

    def _receipt_of_the_drill(self, drill: _Drill, receipt: Receipt) -> bool:
        message, subscriber = intents.referred_to(receipt.reference)
        sent = select(messages.c.message).where(messages.c.message == message, messages.c.subscriber == subscriber)
        with drill.registry.reading() as connection:
            if connection.execute(sent).first() is None:
                return False
        drill.listener.receipt(receipt)
        return True
