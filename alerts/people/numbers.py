"""Telephone numbers: how they are written, which of them can be warned, and which belong to nobody."""

import phonenumbers

from schemas.errors import RefusedError

SYNTHETIC_PREFIX = "+999"
"""ITU-T E.164 has never assigned this country code, so no operator can deliver to it."""


def is_synthetic(number: str) -> bool:
    """Whether the number belongs to nobody, as all numbers of the demonstration do."""
    return number.startswith(SYNTHETIC_PREFIX)


def mobile(number: str, region: str | None = None) -> str:
    """A number that a person gave, in E.164. Native digits are understood.

    Args:
        region: ISO 3166-1 alpha-2, for numbers written without their country's code.

    Raises:
        RefusedError: it is no mobile number; the number itself is never said.
    """
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        parsed = None
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        raise RefusedError(
            "the number is not valid.", remedy="Ask again; a new range may be missing from the metadata: update phonenumbers."
        )
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if phonenumbers.number_type(parsed) not in kinds:
        raise RefusedError("the number is not a mobile one.", remedy="Ask for a mobile number.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
