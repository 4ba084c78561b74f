"""What the provider has closed to us: the whole account, or a country. It is tried again after a while, and people on duty are told."""

import time
from collections.abc import Callable
from datetime import timedelta

import phonenumbers

from alerts.channels.contract import STOPS_ALL, STOPS_COUNTRY, Refused

TRY_AGAIN_AFTER = timedelta(minutes=5)
"""A closed door is tried again then with the first message of the queue, so that nobody has to start anything when it is open again."""
_REMEDY = {
    "unauthorised": "Check the account's id and token",
    "suspended": "Call the provider: the account is not active, or its money is spent",
    "country_closed": "Enable the country in the provider's settings",
}


class Doors:
    """What is closed, over the rounds of one process.

    Args:
        clock: seconds, never set back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._account_until = 0.0
        self._account = ""
        self._countries: dict[str, float] = {}

    @property
    def closed(self) -> str:
        """Why the whole account is closed now; empty if it is not."""
        return self._account if self._clock() < self._account_until else ""

    def note(self, refused: Refused, to: str) -> str | None:
        """Close what a refusal closes; answers what people on duty must know, if this is news.

        Args:
            to: whose message was refused.
        """
        until = self._clock() + TRY_AGAIN_AFTER.total_seconds()
        why = f"{refused.refusal.value} ({refused.code or 'no code'})"
        remedy = f"{_REMEDY.get(refused.refusal.value, 'Ask the provider')}; it is tried again in {TRY_AGAIN_AFTER.seconds // 60} minutes."
        if refused.refusal in STOPS_ALL:
            news = not self.closed
            self._account, self._account_until = refused.refusal.value, until
            return f"The provider refuses us: {why}. Nothing is sent, the queue is kept. {remedy}" if news else None
        if refused.refusal in STOPS_COUNTRY:
            country = calling_code(to)
            news = country not in self._countries
            self._countries[country] = until
            return f"The provider does not let us reach numbers of +{country}: {why}. They wait, others go on. {remedy}" if news else None
        return None

    def closed_to(self, to: str) -> bool:
        """Whether this number's country is closed now."""
        return bool(self._countries) and self._clock() < self._countries.get(calling_code(to), 0.0)


def calling_code(number: str) -> str:
    """The country's code of a number in E.164; its first three digits if no country has them."""
    try:
        return str(phonenumbers.parse(number).country_code)
    except phonenumbers.NumberParseException:
        return number[1:4]
