"""Sentences that were put into words further back, by the engine or by the alerts, in English: known here by their form, so that a page
says them in its own language. What is not known stands as it was written.

Each form stands as it is written there, its parts that change in braces; a test finds every one of them there.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from console.interface.catalogues import SOURCE
from console.interface.refusal_forms import PHRASES, REFUSED
from console.interface.speaking import Given, _, language, later

FORMS = (
    *REFUSED,
    # notes and steps of the engine (processors)
    later("no reading yet"),
    later("no reading since {moment}"),
    later("declared dead"),
    later("no bound known"),
    later("not yet confirmed"),
    later("no series here"),
    later("{silent} of {all} places silent"),
    later("true in {true} of {all}, unknown in {unknown}; {needed} needed"),
    later("cooled until {moment}"),
    later("muted by {rule}"),
    later("merged into {event}"),
    later("{rule} holds"),
    # who signed, in the history (console.history)
    later("agreement {name}"),
    # signing in and accounts (alerts.officers)
    later("the name or the password is wrong, or the account is not in use."),
    later("Try again; after five failures it takes a quarter of an hour. An administrator can set the account anew."),
    later("this account has no second factor yet."),
    later("Use your one-time code to finish it, or ask an administrator for a new one."),
    later("the password was changed meanwhile."),
    later("Sign in with the new one."),
    later("the code is wrong, or was used before."),
    later("Wait for the next one; is the telephone's clock right? After five failures it takes a quarter of an hour."),
    later("this one-time code is not known, was used, or is too old."),
    later("Ask whoever gave it to you for a new one."),
    later("this step is not the one you are at."),
    later("Begin at the sign-in page."),
    later("the current password is wrong."),
    later("Try again."),
    later("the password is too short: it has fewer than {least} characters."),
    later("the password is longer than {most} characters."),
    later("the password repeats the same few characters."),
    later("the password has the account's name in it."),
    later("Take {least} characters or more, such as four or five words that do not belong together."),
    later("the account {name} is out of use."),
    later("An administrator can enable it."),
    later("the account {name} has no role in {country}; its roles are for {countries}."),
    later("An administrator of {country} can grant one."),
    later("An administrator can grant it for {where}."),
    # decisions on messages and silences (alerts.signing, alerts.holding, alerts.silences and those beside them) are refused so
    later("nothing waits for a signature under this id."),
    later("Look at the list of what waits."),
    later("who wrote a message does not sign it."),
    later("Another person must."),
    later("{name} holds it: {why}"),
    later("Answer, and let it go; or wait for its end."),
    later("it is not what was read any more."),
    later("Read it as it stands now, and sign that."),
    later("this person or this role has signed already."),
    later("Another person in another role must."),
    later("a correction says who, why, and what is right."),
    later("Give a name, a comment, area or level."),
    later("nobody stands under this warning."),
    later("another message of it waits for signatures."),
    later("Sign that one first."),
    later("it is held already."),
    later("Wait for its end, or let it go first."),
    later("who holds says who they are and what they ask."),
    later("Give a name and a reason."),
    later("a message is held for an hour at most."),
    later("Name an end within the hour."),
    later("it is not held."),
    later("it is halted already."),
    later("it is not halted."),
    later("no warning is called so."),
    later("no silence of this id holds."),
    later("a silence without a name or a reason."),
    later("Say who sets it and why."),
    later("a silence that ends before it begins."),
    later("Say until when it holds."),
    later("a silence that holds nothing back."),
    later("Say yellow, orange or red."),
    later("Those that may: {those}."),
    # editing what a message leaves open, and having it sent to oneself (alerts.editing, alerts.previews)
    later("it is not what was read any more: people, cost or what it rests on have moved."),
    later("Read it as it stands now, and edit that."),
    later("it says that already, in every language."),
    later("Choose something else, or sign it."),
    later("there is no `{choice}` in every language of the message. There are: {known}."),
    later("Choose otherwise; nothing was changed."),
    later("in `{language}` it would take {segments} segments, and {budget} is the most."),
    later("in `{language}` it would not say {part}."),
    later("{name} has given no telephone."),
    later("Read it on the page, or ask for one language alone."),
    # an officer's own telephone (alerts.roster.own_telephone)
    later("this number is known already."),
    later("Give another, or go on: you are woken there."),
    later("a code was sent {number} times in an hour; each is paid for, and goes to somebody's telephone."),
    later("a code was sent {number} times in a day; each is paid for, and goes to somebody's telephone."),
    later("Wait, or on the machine: `polyrisk roster phone {name}`."),
    later("no code was sent."),
    later("Give your number first."),
    later("this is not the code that was sent."),
    later("Look again; after {number} it is void."),
    later("too many wrong codes were typed."),
    later("Give your number again, and another is sent."),
    later("the code was good for {number} minutes."),
    later("no telephone of yours is known."),
    later("nobody wakes this account, and it has nothing sent to itself: it is neither operator, approver nor administrator here."),
    later("An administrator can grant it."),
    later("the number is not valid."),
    later("the number is not a mobile one."),
    later("Ask for a mobile number."),
)
_ARGUMENT = re.compile(r"\{(\w+)\}")
_LIKE = {"level": "green|yellow|orange|red", **dict.fromkeys(("number", "all", "silent", "true", "unknown", "needed"), r"\d+")}
"""What a part that changes looks like, if it cannot be anything."""
_NAMES = frozenset({"name", "account", "code", "warning", "why"})
"""Parts that stay as they are, though they be digits."""
_ROLES = frozenset({"duty_officer", "director", "district_unit", "planner", "viewer", "operator", "approver", "administrator"})
_GRANT = re.compile(r"(?P<role>\w+)(?: \((?P<duty>\w+)\))? in (?P<where>[A-Z]{3}(?:, \w+)?)")
Forms = tuple[tuple[str, str], ...]
"""How something is written further back, and how a page says it: the same names in braces in both."""


def as_in_code(form: str) -> str:
    """A form as the code that says it is read: each part that changes without its name."""
    return _ARGUMENT.sub("{}", form)


def recognised(text: str) -> str:
    """A sentence in the language of the page, if its form is known; what changes in it stands as it was given, numbers as the language
    writes them."""
    if language() == SOURCE or not text:
        return text
    return reworded(text, _SAME) or text


def reworded(text: str, forms: Forms) -> str:
    """What is written in one of the forms, as a page says it; empty if it is written in none of them."""
    for pattern, said in _patterns(forms):
        found = pattern.fullmatch(text)
        if found is not None:
            return _(said, **{name: _given(name, part) for name, part in found.groupdict().items()})
    return ""


def _given(name: str, part: str) -> Given:
    """A part as it is put in: a number as one, the name of a level in the language of the page."""
    if name == "level":
        return _(part)
    made = _MADE.get(name)
    if made is not None:
        return made(part)
    return int(part) if part.isascii() and part.isdecimal() and name not in _NAMES else part


def _phrase(part: str) -> str:
    return _(PHRASES[part]) if part in PHRASES else part


def _phrases(part: str) -> str:
    """Several of them, as `hold or sign` or `first, second`."""
    return ", ".join(map(_phrase, re.split(r", | or ", part)))


def _roles(part: str) -> str:
    """Roles of the console or of the country, as `duty_officer, director`; the names of a country's own stand as they are."""
    return ", ".join(_(role.replace("_", " ")) if role in _ROLES else _phrase(role) for role in part.split(", "))


def _people(part: str) -> str:
    return ", ".join(part.split(" and "))


def _grants(part: str) -> str:
    """What is granted to an account, as `approver (director) in LKA, LK21`."""
    return "; ".join(_grant(one) for one in re.split(r"; | and ", part))


def _grant(part: str) -> str:
    found = _GRANT.fullmatch(part)
    if found is None:
        return _phrase(part)
    role, duty, where = _roles(found["role"]), found["duty"], found["where"]
    if duty:
        return _("{role} ({duty}) in {where}", role=role, duty=_roles(duty), where=where)
    return _("{role} in {where}", role=role, where=where)


@lru_cache(maxsize=8)
def _patterns(forms: Forms) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The forms as they are looked for: those in which less changes first, of them those with more words of their own."""
    ordered = sorted(forms, key=lambda form: (len(_ARGUMENT.findall(form[0])), -len(_ARGUMENT.sub("", form[0]))))
    return tuple((_pattern(written), said) for written, said in ordered)


def _pattern(form: str) -> re.Pattern[str]:
    parts = _ARGUMENT.split(form)
    return re.compile("".join(re.escape(p) if n % 2 == 0 else f"(?P<{p}>{_LIKE.get(p, '.+?')})" for n, p in enumerate(parts)), re.DOTALL)


_SAME: Forms = tuple((form, form) for form in FORMS)

_MADE: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("doing", "judgement", "thing", "span", "place", "countries"), _phrase),
    **dict.fromkeys(("doings", "places"), _phrases),
    **dict.fromkeys(("role", "roles", "duty", "those"), _roles),
    **dict.fromkeys(("grant", "grants"), _grants),
    "names": _people,
}
"""What is made of a part that is words of ours itself, by its name."""
