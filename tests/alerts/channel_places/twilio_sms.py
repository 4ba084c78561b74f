"""Twilio's stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from channel_contract import Place

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider

ENVIRONMENT = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": "a very secret token"}


@contextmanager
def open_place(folder: Path) -> Iterator[Place]:
    """A stand-in while the context lasts."""

    def at(url: str) -> TwilioSms:
        return TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "Polyrisk", url))

    with StandInProvider() as provider:
        yield Place(
            channel=lambda: at(provider.base_url),
            at=at,
            taken=lambda: [(m.to, m.sender, m.body) for m in provider.accepted],
            shows=True,
        )
