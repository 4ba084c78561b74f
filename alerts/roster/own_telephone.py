"""What an officer does about their own telephone at the console; on the machine, `polyrisk roster phone` does it without a code."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import phonenumbers

from alerts.officers.officer import Officer
from alerts.people.numbers import masked
from alerts.registry import Registry
from alerts.roster import keeping, telephone_codes, telephones
from alerts.roster.telephone_codes import HOLDS, MOST_WRONG, Answer, Waiting
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError

_MAY_NOT = "nobody wakes this account, and it has nothing sent to itself: it is neither operator, approver nor administrator here."


@dataclass(frozen=True)
class Known:
    """What there is. number: the one that is used, masked; empty if there is none. waiting: a code that can still be typed."""

    number: str
    waiting: Waiting | None


class OwnTelephone:
    """One for each country.

    Args:
        now: the country's time.
    """

    def __init__(self, registry: Registry, country: LoadedCountry, now: Callable[[], datetime]) -> None:
        self._registry, self._country, self._now = registry, country, now

    def may(self, officer: Officer) -> bool:
        """Whether anything is ever sent to this account's telephone."""
        return keeping.may_stand(officer, self._country.code)

    def look(self, officer: Officer) -> Known:
        """What is known of an officer's telephone."""
        keys = self._registry.keys
        with self._registry.reading() as connection:
            number = telephones.of(connection, keys, officer.id)
            return Known(masked(number) if number else "", telephone_codes.of(connection, keys, officer.id, self._now()))

    def ask(self, officer: Officer, number: str) -> None:
        """Have a code sent to a number.

        Raises:
            RefusedError: nothing is sent to this account, it is no mobile number (which is never said), it is known already, or a code was
                asked for too often.
        """
        if not self.may(officer):
            raise RefusedError(_MAY_NOT, remedy="An administrator can grant it.")
        region = phonenumbers.region_code_for_country_code(int(self._country.facts.calling_code))
        understood = telephones.understood(number.strip(), region)
        with self._registry.attempt("telephone", officer.name, "", officer.name, self._now()) as connection:
            self._registry.keys.refresh()
            telephone_codes.ask(connection, self._registry.keys, self._country.code, officer, understood, self._now())

    def confirm(self, officer: Officer, code: str) -> None:
        """Take the code that came; from then on the number is used.

        Raises:
            RefusedError: it is not the code, or is not worth anything any more.
        """
        with self._registry.acting() as connection:
            self._registry.keys.refresh()
            answer = telephone_codes.confirm(connection, self._registry.keys, officer, code, self._now())
        match answer:
            case Answer.WRONG:
                raise RefusedError("this is not the code that was sent.", remedy=f"Look again; after {MOST_WRONG} it is void.")
            case Answer.TOO_OFTEN:
                raise RefusedError("too many wrong codes were typed.", remedy="Give your number again, and another is sent.")
            case Answer.TOO_LATE:
                minutes = int(HOLDS.total_seconds() // 60)
                raise RefusedError(f"the code was good for {minutes} minutes.", remedy="Give your number again, and another is sent.")

    def forget(self, officer: Officer) -> None:
        """Delete the number that is used; nobody is woken at it any more.

        Raises:
            RefusedError: there is none.
        """
        with self._registry.acting() as connection:
            if not telephones.forget(connection, officer, self._now()):
                raise RefusedError("no telephone of yours is known.", remedy="Give your number first.")
