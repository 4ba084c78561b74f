"""The words of a page in the language of whoever reads it.

    from console.interface.speaking import _, later

    _("Held by {who}, {role}", who=hold.by, role=role)
    _("{number, plural, one {# person} other {# people}}", number=count)

The first argument is the English as an ICU MessageFormat pattern, always a whole message and written out where it is used, so that it can
be found (`console.interface.finding`); what changes in it has a name. Numbers are given as numbers: ICU writes them as the language does,
`1,234` or `१,२३४`. A table that stands outside a function marks its words by `later`, and `_` puts them into words when they are shown.

The language is that of the request which is being answered (`console.interface.choosing`); outside of one it is English.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from icu4py.messageformat import MessageFormat
from markupsafe import Markup, escape

from console.interface.catalogues import SOURCE, Catalogue, catalogues

Given = str | int | float
"""What a text may be given: words, or a number."""
_TAG, _NAMED, _COMMAND = re.compile(r"<[^>]+>"), re.compile(r"\{(\w+)"), re.compile(r"`[^`]*`")
_LANGUAGE: ContextVar[str] = ContextVar("language", default=SOURCE)


def language() -> str:
    """The language that is spoken now, a BCP 47 tag."""
    return _LANGUAGE.get()


def catalogue() -> Catalogue:
    """Its catalogue."""
    return catalogues()[language()]


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Speak a language meanwhile; one that is not offered becomes English."""
    before = _LANGUAGE.set(tag if tag in catalogues() else SOURCE)
    try:
        yield
    finally:
        _LANGUAGE.reset(before)


def _(text: str, /, **given: Given) -> str:
    """A text in the language that is spoken now, with what it is given; in English if it has no translation.

    Raises:
        ValueError: ICU cannot parse the text.
    """
    spoken = catalogue()
    found = spoken.texts.get(text)
    if spoken.right_to_left and found is not None:
        given = {
            name: value if isinstance(value, int | float) or name in _kept_together(found) else _set_apart(value)
            for name, value in given.items()
        }
        found = _with_commands_apart(found)
    return _compiled(found or text, spoken.language if found is not None else SOURCE).format(dict(given))


def _set_apart(words: str) -> str:
    """Words inside a sentence from the right: a name in Latin letters must not draw the number behind it to itself."""
    return f"\u2068{words}\u2069" if words else words


@lru_cache(maxsize=4096)
def _kept_together(text: str) -> frozenset[str]:
    """The arguments that stand inside a tag, as the address of a link, where nothing may be added, or inside a command."""
    return frozenset(name for part in (*_TAG.findall(text), *_COMMAND.findall(text)) for name in _NAMED.findall(part))


@lru_cache(maxsize=4096)
def _with_commands_apart(text: str) -> str:
    """Commands inside a sentence from the right run from the left, as they are typed, whatever is put into them."""
    return _COMMAND.sub(lambda found: f"\u2066{found[0]}\u2069", text)


def later(text: str) -> str:
    """Marks a text of a table to be translated when it is shown, by `_`."""
    return text


def in_markup(text: str, /, **given: Given) -> Markup:
    """`_` for templates: tags that stand in the text are tags, what it is given is not unless it is markup itself."""
    said = {name: value if isinstance(value, int | float) else str(escape(value)) for name, value in given.items()}
    return Markup(_(text, **said))  # noqa: S704 - the text is ours, and what is given was escaped


def number(value: float, most_places: int = 2) -> str:
    """A number as the language writes it, without zeros at its end: `1,234.5`."""
    skeleton = "." + "#" * most_places if most_places else "precision-integer"
    return _compiled(f"{{value, number, ::{skeleton}}}", language()).format({"value": value})


def fixed(value: float, places: int) -> str:
    """A number with exactly so many places: `0.50`."""
    skeleton = "." + "0" * places if places else "precision-integer"
    return _compiled(f"{{value, number, ::{skeleton}}}", language()).format({"value": value})


def in_own_digits(text: str) -> str:
    """The text with its digits as the language writes them: `20:03` as `२०:०३`."""
    zero = _zero(language())
    return text if zero == "0" else text.translate({ord("0") + n: chr(ord(zero) + n) for n in range(10)})


@lru_cache(maxsize=64)
def _zero(tag: str) -> str:
    return str(MessageFormat("{value}", tag).format({"value": 0}))


@lru_cache(maxsize=4096)
def _compiled(text: str, tag: str) -> MessageFormat:
    return MessageFormat(text, tag)
