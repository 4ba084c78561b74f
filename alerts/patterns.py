"""The arguments of an ICU MessageFormat pattern. ICU leaves a missing argument standing in the text, so we must know them beforehand."""

import re

from icu4py.messageformat import MessageFormat

_BRANCHING = {"plural", "select", "selectordinal"}
_HEAD = re.compile(r"\s*(\w+)\s*(?:,\s*(\w+)\s*)?")


def check(pattern: str, language: str) -> None:
    """Raises ValueError if ICU cannot parse the pattern."""
    MessageFormat(pattern, language)


def arguments(pattern: str) -> frozenset[str]:
    """Names of all arguments, those inside branches included.

    Raises:
        ValueError: the braces do not match.
    """
    names: set[str] = set()
    _message(pattern, 0, names, nested=False)
    return frozenset(names)


def _message(pattern: str, at: int, names: set[str], *, nested: bool) -> int:
    """Reads a message from `at`; the place after it."""
    while at < len(pattern):
        if pattern[at] == "'":
            at = _quoted(pattern, at)
        elif pattern[at] == "{":
            at = _argument(pattern, at + 1, names)
        elif pattern[at] == "}" and nested:
            return at + 1
        else:
            at += 1
    if nested:
        raise ValueError("a brace is not closed")
    return at


def _quoted(pattern: str, at: int) -> int:
    """An apostrophe quotes only if a brace follows it; twice it is itself."""
    if pattern[at + 1 : at + 2] not in ("{", "}"):
        return at + (2 if pattern[at + 1 : at + 2] == "'" else 1)
    end = pattern.find("'", at + 1)
    return len(pattern) if end < 0 else end + 1


def _argument(pattern: str, at: int, names: set[str]) -> int:
    head = _HEAD.match(pattern, at)
    if head is None:
        raise ValueError(f"no argument's name at character {at + 1}")
    names.add(head[1])
    at = head.end()
    if head[2] not in _BRANCHING:
        end = pattern.find("}", at)
        if end < 0:
            raise ValueError(f"`{{{head[1]}` is not closed")
        return end + 1
    while at < len(pattern) and pattern[at] != "}":
        at = _message(pattern, at + 1, names, nested=True) if pattern[at] == "{" else at + 1
    if at >= len(pattern):
        raise ValueError(f"`{{{head[1]}` is not closed")
    return at + 1
