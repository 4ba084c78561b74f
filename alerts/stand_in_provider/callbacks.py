"""Status callbacks: signed as Twilio signs them, by its own library."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientSession, ClientTimeout
from twilio.request_validator import RequestValidator
from yarl import URL

from alerts.stand_in_provider.book import AcceptedMessage
from alerts.stand_in_provider.rules import ACCOUNT_SID, AUTH_TOKEN

Said = tuple[str, str]
"""A status, and the error code with it, empty if there is none."""
ARRIVES: Sequence[Said] = (("sent", ""), ("delivered", ""))


class Callbacks:
    """Sends what becomes of each message to the address that was given with it.

    Args:
        says: the statuses of a message, in the order in which they are sent; one may come twice, or before its time.
    """

    def __init__(self, says: Callable[[AcceptedMessage], Sequence[Said]] = lambda _: ARRIVES) -> None:
        self.says = says
        self.answers: list[int] = []
        self._waiting: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Be able to send, in the running event loop."""
        async with ClientSession(timeout=ClientTimeout(total=10)) as self._session:
            yield
            for task in self._waiting:
                task.cancel()

    def send(self, message: AcceptedMessage, address: str, note: Callable[[AcceptedMessage, str], None]) -> None:
        """Begin to send the statuses of a message.

        Args:
            note: told of each before it is sent.
        """
        task = asyncio.get_running_loop().create_task(self._send(message, address, note))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def press(self, address: str, form: dict[str, str]) -> None:
        """Begin to say which key somebody pressed in a call."""
        task = asyncio.get_running_loop().create_task(self._post(address, form))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _send(self, message: AcceptedMessage, address: str, note: Callable[[AcceptedMessage, str], None]) -> None:
        for status, code in self.says(message):
            note(message, status)
            await self._post(address, form_of(message, status, code))

    async def _post(self, address: str, form: dict[str, str]) -> None:
        headers = {"X-Twilio-Signature": signature(address, form)}
        try:
            assert self._session is not None  # noqa: S101 - opened before any message comes
            async with self._session.post(URL(address, encoded=True), data=form, headers=headers) as answer:
                self.answers.append(answer.status)
        except (ClientError, TimeoutError):
            self.answers.append(0)


def form_of(message: AcceptedMessage, status: str, code: str = "") -> dict[str, str]:
    """The fields of a status callback."""
    service = message.sender.startswith("MG")
    return {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.to,
        **({"MessagingServiceSid": message.sender} if service else {"From": message.sender}),
        **({"ErrorCode": code} if code else {}),
    }


def signature(address: str, form: dict[str, str]) -> str:
    """Twilio's signature of a callback to an address."""
    return str(RequestValidator(AUTH_TOKEN).compute_signature(address, form))
