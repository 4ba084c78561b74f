"""Telephone numbers: how they are written, which of them can be warned, and which belong to nobody."""

import re
import unicodedata

import phonenumbers

from schemas.errors import RefusedError

SYNTHETIC_PREFIX = "+999"
"""ITU-T E.164 has never assigned this country code, so no operator can deliver to it."""


def is_synthetic(number: str) -> bool:
    """Whether the number belongs to nobody, as all numbers of the demonstration do."""
    return number.startswith(SYNTHETIC_PREFIX)


def mobile(number: str, region: str | None = None) -> str:
    """A number that a person gave, in E.164. Native digits and the invisible marks that spreadsheets leave are understood.

    Args:
        region: ISO 3166-1 alpha-2, for numbers written without their country's code.

    Raises:
        RefusedError: it is no mobile number; the number itself is never said.
    """
    written = "".join(c for c in number if unicodedata.category(c) != "Cf")
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        parsed = None
    # Of an unknown type is what lies in no range: it is not valid.
    if parsed is None or (kind := phonenumbers.number_type(parsed)) == phonenumbers.PhoneNumberType.UNKNOWN:
        raise RefusedError(
            "the number is not valid.", remedy="Ask again; a new range may be missing from the metadata: update phonenumbers."
        )
    if kind not in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE):
        raise RefusedError("the number is not a mobile one.", remedy="Ask for a mobile number.")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def mobile_of(number: str, calling_code: str) -> str:
    """A mobile number of one country, in E.164; it may be written without the country's code.

    Args:
        calling_code: of the country, without `+`.

    Raises:
        RefusedError: it is none, or another country's; the number itself is never said.
    """
    found = mobile(number, phonenumbers.region_code_for_country_code(int(calling_code)))
    if not found.startswith(f"+{calling_code}"):
        raise RefusedError(f"the number is of another country (not +{calling_code}).", remedy="Enrol the person there.")
    return found


_DAY = r"\b\d{4}-\d\d-\d\d(?!\d)"
_TIME = r"(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?"
_PERHAPS = re.compile(rf"(?P<day>{_DAY}{_TIME})|(?<![^\W_])\+?\d[\d ().-]{{6,}}\d(?![^\W_])")
"""What may be a number in a text that people wrote: at least eight digits and what stands between them, but for a day or a moment."""


def hidden(text: str) -> str:
    """A text in which whatever may be a number is masked, for what is kept for good."""
    return _PERHAPS.sub(lambda found: found[0] if found["day"] else masked(found[0]), text)


def masked(number: str) -> str:
    """What may be shown of a number: its last two digits, by which two people can agree that they mean the same one."""
    return f"...{number[-2:]}"
