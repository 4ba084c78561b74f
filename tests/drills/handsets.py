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
                    self.statuses.append(written(self._address, message, self._words[message.to]))


class Wall:
    """The machine's clock, but minutes in which somebody lets it ring, and those in which nobody will answer any more, are over at once."""

    def __init__(self, over: Callable[[], bool], wait: timedelta) -> None:
        self._over = over
        self._wait = wait
        self._skew = timedelta()
        self._waited = False

    def __call__(self) -> datetime:
        """The moment, UTC."""
        if not self._waited and self._over():
            self._waited = True
            self._skew += self._wait
        return datetime.now(UTC) + self._skew

    def passes(self, span: timedelta) -> None:
        """So much time passes."""
        self._skew += span


class OnDuty:
    """Two officers: the first lets SMS and call go by, the second answers the SMS through the provider's signed callback, and then signs.

    Args:
        rings: what comes of the first letting it ring. signs: what the second does once awake; in a thread of ours.
        gives_up: what ends the drill if any of it fails, which is then raised at the end.
    """

    def __init__(
        self,
        provider: StandInProvider,
        listener: str,
        first: str,
        second: str,
        *,
        rings: Callable[[], None],
        signs: Callable[[], None],
        gives_up: Callable[[], None],
    ) -> None:
        self.statuses: list[int] = []
        self.failed: Exception | None = None
        self._provider, self._address = provider, f"{listener}/twilio_sms/message"
        self._first, self._second = first, second
        self._rings, self._signs, self._gives_up = rings, signs, gives_up
        self._rung = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="on duty", daemon=True)

    def __enter__(self) -> "OnDuty":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        if self.failed is not None:
            raise self.failed

    def _live(self) -> None:
        try:
            while not self._ended.wait(LOOK_S) and not self._looked():
                pass
        except Exception as error:  # noqa: BLE001 - raised again where the test is
            self.failed = error
            self._gives_up()

    def _looked(self) -> bool:
        """Whether all is done that they ever do."""
        made = [m.to for m in list(self._provider.accepted)] + [c.to for c in list(self._provider.calls.made)]
        if made.count(self._first) > self._rung:
            self._rung += 1
            self._rings()
        for message in list(self._provider.accepted):
            if message.to == self._second:
                code = message.body.split(" LKA ")[1][:4]
                self.statuses.append(written(self._address, message, code))
                self._signs()
                return True
        return False


def written(address: str, message: AcceptedMessage, body: str) -> int:
    """What the listener answers when who got a message writes back, through the provider's signed callback."""
    form = {
        "AccountSid": ACCOUNT_SID,
        "MessageSid": f"SM9{message.sid[3:]}",
        "From": message.to,
        "To": message.sender,
        "Body": body,
    }
    return httpx.post(address, data=form, headers={"X-Twilio-Signature": signature(address, form)}, timeout=30).status_code


def wait_until(happened: Callable[[], bool], within_s: float = 120.0) -> None:
    """Look until something has happened; fails loudly if it never does."""
    deadline = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(LOOK_S)


def numbers_of(accepted: Collection[AcceptedMessage]) -> set[str]:
    """To whom messages went."""
    return {message.to for message in accepted}
