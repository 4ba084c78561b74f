"""SMS through a Kannel of our own, which speaks SMPP with an operator. For a country that has an agreement with its operators.

A message is given to Kannel's `smsbox` over HTTP; "accepted" means that Kannel has it in its store, from which nothing is lost. Kannel has
no list of what it took that could be asked, so after a crash only a receipt, which carries our reference, proves that it took a message.

Number, words and password travel in headers and body, never in the address, which servers write into their logs.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from math import ceil
from typing import ClassVar, Self
from urllib.parse import quote

import smsutil
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, ConnectionTimeoutError, DummyCookieJar, TCPConnector

from alerts.channels.contract import (
    Accepted,
    Balance,
    Cause,
    Outgoing,
    Receipt,
    ReceiptState,
    Refusal,
    Refused,
    Settings,
    Unanswered,
    referred,
)
from alerts.people.numbers import is_synthetic

SEND = "/cgi-bin/sendsms"
STANDS_IN = "KANNEL_STANDS_IN"
GSM_7, UCS_2 = "0", "2"
"""Kannel's names of the two codings."""
STATES = {
    "1": (ReceiptState.DELIVERED, Cause.NONE),
    "2": (ReceiptState.UNDELIVERED, Cause.UNEXPLAINED),
    "4": (ReceiptState.QUEUED, Cause.NONE),
    "8": (ReceiptState.SENT, Cause.NONE),
    "16": (ReceiptState.FAILED, Cause.NONE),
    "32": (ReceiptState.SENT, Cause.NONE),
}
"""Kannel's types of receipts: the handset has it, it did not get there, Kannel keeps it, the operator took it, the operator refused it, it
is on its way."""
_ALL_RECEIPTS = "31"
_KEY_CHARACTERS = 32


@dataclass(frozen=True)
class KannelAccount:
    """Who sends, and where to.

    Attributes:
        url: of the smsbox, such as `http://127.0.0.1:13013`. user, password: of a `sendsms-user` group in Kannel's configuration.
        receipts_url: where receipts are to come; none means that none come.
        stands_in: a simulator is behind it, so numbers that belong to nobody may be called.
    """

    url: str
    user: str
    password: str = field(repr=False)
    sender: str
    receipts_url: str | None = None
    stands_in: bool = False


class KannelSmpp:
    """A channel (`alerts.channels.contract.Channel`); open it with `async with`."""

    reaches_people: ClassVar[bool] = True

    def __init__(self, account: KannelAccount, *, connections: int = 32, timeout_s: float = 10.0) -> None:
        self._account = account
        self._connections = connections
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Self:
        self._session = ClientSession(
            connector=TCPConnector(limit=self._connections),
            timeout=ClientTimeout(total=self._timeout_s, connect=self._timeout_s / 2),
            cookie_jar=DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(self, message: Outgoing) -> Accepted:
        """See `Channel.send`. Kannel names no id of what it took: ours stands for it."""
        if is_synthetic(message.to) and not self._account.stands_in:
            raise Refused(Refusal.NOBODYS_NUMBER)
        if not message.body:
            raise Refused(Refusal.BAD_TEXT)  # Kannel would take it, and a household would get an empty SMS
        try:
            async with self._session.post(
                self._account.url.rstrip("/") + SEND,
                data=message.body.encode(),
                headers=self._headers(message),
                allow_redirects=False,
            ) as answer:
                _judge(answer.status, await answer.text("utf-8"))
        except (ClientConnectorError, ConnectionTimeoutError):
            raise Refused(Refusal.NOT_CONNECTED) from None
        except (TimeoutError, ClientError, UnicodeDecodeError) as error:
            raise Unanswered(type(error).__name__) from None
        return Accepted(_id(message.reference))

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:  # noqa: ARG002 - there is nobody to ask
        """See `Channel.look_up`. Nothing ever: Kannel keeps no list that can be asked. Receipts alone prove that it took a message."""
        return ()

    async def balance(self) -> Balance | None:
        """None: Kannel keeps no account."""
        return None

    def _headers(self, message: Outgoing) -> dict[str, str]:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "X-Kannel-Username": self._account.user,
            "X-Kannel-Password": self._account.password,
            "X-Kannel-From": self._account.sender,
            "X-Kannel-To": message.to,
            "X-Kannel-Coding": GSM_7 if smsutil.is_valid_gsm(message.body) else UCS_2,
            "X-Kannel-Validity": str(max(1, ceil(message.valid_for_s / 60))),
        }
        if self._account.receipts_url is not None:
            headers["X-Kannel-DLR-Mask"] = _ALL_RECEIPTS
            headers["X-Kannel-DLR-URL"] = self._receipt_url(self._account.receipts_url, message.reference)
        return headers

    def _receipt_url(self, receipts: str, reference: str) -> str:
        """The address of one message's receipts; Kannel puts the type for `%d` and the operator's words for `%A`."""
        key = quote(_key(self._account.password, reference), safe="")
        return f"{referred(receipts, reference)}&key={key}".replace("%", "%%") + "&type=%d&answer=%A"


def open_channel(settings: Settings) -> KannelSmpp:
    """The channel of the environment's Kannel (`KANNEL_URL`, `KANNEL_USER`, `KANNEL_PASSWORD`; `KANNEL_STANDS_IN=yes` before a simulator).

    Raises:
        ConfigurationError: one of the first three is missing.
    """
    url, user, password = settings.needed("KANNEL_URL", "KANNEL_USER", "KANNEL_PASSWORD")
    stands_in = settings.environment.get(STANDS_IN) == "yes"
    return KannelSmpp(KannelAccount(url, user, password, settings.sender, settings.receipts_url("kannel_smpp"), stands_in))


def receipt_of(query: Mapping[str, str], password: str) -> Receipt | None:
    """What a receipt says; nothing if it was not asked for by us, or is of no type that we know.

    Args:
        query: of the address that it came to. password: of the account, by which the key in the address was made.
    """
    reference = query.get("ref", "")
    if not hmac.compare_digest(query.get("key", "").encode(), _key(password, reference).encode()):
        return None
    state, cause = STATES.get(query.get("type", ""), (None, Cause.NONE))
    return None if state is None else Receipt(reference, _id(reference), state, _code(query.get("answer", "")), cause)


def _judge(status: int, text: str) -> None:
    """Whether Kannel has it in its store, by the answers that its smsbox gives."""
    match status:
        case 202:
            return
        case 403 if text.startswith("Authorization"):
            raise Refused(Refusal.UNAUTHORISED, code="403")
        case 403:
            raise Refused(Refusal.NOT_ROUTABLE, code="403")
        case 400 if "receiver" in text or "denied" in text:
            raise Refused(Refusal.INVALID_NUMBER, code="400")
        case 400:
            raise Refused(Refusal.OTHER, code="400")
        case 503 if text.startswith("Temporal failure"):
            raise Refused(Refusal.SLOW_DOWN, code="503")
        case _:
            raise Unanswered(f"HTTP {status}")


def _id(reference: str) -> str:
    return f"kannel-{sha256(reference.encode()).hexdigest()[:32]}"


def _key(password: str, reference: str) -> str:
    """Shows that we asked for a receipt: Kannel signs none."""
    return hmac.new(password.encode(), reference.encode(), sha256).hexdigest()[:_KEY_CHARACTERS]


def _code(answer: str) -> str:
    """The operator's error in its own words (`NACK/0x0000000b/...`, or `err:034` of a receipt), without the text of the message."""
    for word in answer.replace("/", " ").split():
        if word.startswith("0x") or word.startswith("err:"):
            return word.removeprefix("err:")[:12]
    return ""
