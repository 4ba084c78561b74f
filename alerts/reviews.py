"""Whether a translation is as new as its source, and whether somebody who reads the language has reviewed it as it stands.

Both are written into the PO file as extracted comments (`#.`), which Poedit shows beside the text and keeps: `English: <text>` is what the
translation was made from, so that who reviews it sees it, and `reviewed: <name>, <date>, <fingerprint>` is of the English and the
translation that were read together. So a change of either ends a review, and a change of the English makes its translations older than
their source, without anybody's memory.
"""

import hashlib
import re
from dataclasses import dataclass

_REVIEWED = re.compile(r"^reviewed:\s+((?:(?!^reviewed:)[\s\S])+?),\s+(\d{4}-\d{2}-\d{2}),\s+([0-9a-f]{8})$\n?", re.MULTILINE)
_SOURCE = re.compile(r"^English:\s+([\s\S]+?)\s*(?=^reviewed:|\Z)", re.MULTILINE)
"""An editor may break a long line in two."""


@dataclass(frozen=True)
class Review:
    """Who reviewed a text, on which day (ISO 8601), and the fingerprint of what they read."""

    by: str
    date: str
    of: str

    def __str__(self) -> str:
        return f"reviewed: {self.by}, {self.date}, {self.of}"


@dataclass(frozen=True)
class Stamps:
    """What a text's comments say: the English it was made from (empty if nobody said so), and its review."""

    source: str = ""
    review: Review | None = None


NO_STAMPS = Stamps()


def in_one_line(text: str) -> str:
    """The text without the line breaks that an editor gave it."""
    return " ".join(text.split())


def fingerprint(*texts: str) -> str:
    """Eight hexadecimal digits that change when a text does; how its lines are broken does not count."""
    return hashlib.sha256("\n".join(in_one_line(text) for text in texts).encode()).hexdigest()[:8]


def stamps_of(comment: str) -> Stamps:
    """The stamps among an entry's extracted comments."""
    source, reviewed = _SOURCE.search(comment), _REVIEWED.search(comment)
    review = Review(in_one_line(reviewed[1]), reviewed[2], reviewed[3]) if reviewed is not None else None
    return Stamps(in_one_line(source[1]) if source is not None else "", review)


def stamped(comment: str, stamps: Stamps) -> str:
    """The comments with these stamps instead of those they had."""
    kept = _SOURCE.sub("", _REVIEWED.sub("", comment)).rstrip("\n")
    source = [f"English: {in_one_line(stamps.source)}"] if stamps.source else []
    return "\n".join([*([kept] if kept else []), *source, *([str(stamps.review)] if stamps.review else [])])


def is_older(stamps: Stamps, source: str) -> bool:
    """Whether the translation was made from another English than this."""
    return bool(stamps.source) and stamps.source != in_one_line(source)


def is_reviewed(stamps: Stamps, source: str, text: str) -> bool:
    """Whether the review is of this English and this translation."""
    return stamps.review is not None and stamps.review.of == fingerprint(source, text)
