"""Telephones of volunteers: who reads a message answers it, through the provider's signed callback to the real listener."""

import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

import httpx

from alerts.stand_in_provider import ACCOUNT_SID, AcceptedMessage, StandInProvider
from alerts.stand_in_provider.callbacks import signature

LOOK_S = 0.1


class Handsets:
    """Answers the first message to each number, but for those who do not; runs in a thread while the context lasts.

    Args:
        listener: the address that providers call. words: number to what is answered; who is not in it says nothing.
    """

    def __init__(self, provider: StandInProvider, listener: str, words: dict[str, str]) -> None:
        self.statuses: list[int] = []
        self._provider = provider
        self._address = f"{listener}/twilio_sms/message"
        self._words = words
        self._answered: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="handsets", daemon=True)

    def __enter__(self) -> "Handsets":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def all_answered(self) -> bool:
        """Whether everybody who ever answers has, and was answered in turn."""
        answered = [to for to in self._answered if sum(m.to == to for m in list(self._provider.accepted)) > 1]
        return len(answered) == len(self._words)

    def _live(self) -> None:
        while not self._ended.wait(LOOK_S):
            for message in list(self._provider.accepted):
                if message.to in self._words and message.to not in self._answered:
                    self._answered.add(message.to)
                    self.statuses.append(self._write(message))

    def _write(self, message: AcceptedMessage) -> int:
        form = {
            "AccountSid": ACCOUNT_SID,
            "MessageSid": f"SM9{message.sid[3:]}",
            "From": message.to,
            "To": message.sender,
            "Body": self._words[message.to],
        }
        headers = {"X-Twilio-Signature": signature(self._address, form)}
        return httpx.post(self._address, data=form, headers=headers, timeout=30).status_code


class Wall:
    """The machine's clock, but once nobody will answer any more the time to wait is over at once."""

    def __init__(self, over: Callable[[], bool], wait: timedelta) -> None:
        self._over = over
        self._wait = wait
        self._skew = timedelta()

    def __call__(self) -> datetime:
        """The moment, UTC."""
        if not self._skew and self._over():
            self._skew = self._wait
        return datetime.now(UTC) + self._skew


def wait_until(happened: Callable[[], bool], within_s: float = 120.0) -> None:
    """Look until something has happened; fails loudly if it never does."""
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(LOOK_S)


def numbers_of(accepted: Collection[AcceptedMessage]) -> set[str]:
    """To whom messages went."""
    return {message.to for message in accepted}
