"""Segments: counted by two counters, each held against a plain reference, and the larger of them is what a budget is held against."""

import unicodedata
from itertools import pairwise

import grapheme
import pytest
import smsutil
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.segments import measure

BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic character set of 3GPP TS 23.038, 6.2.1."""
EXTENSION = set("^{}\\[~]|€\f")
"""Its extension table, 6.2.1.1: each costs two septets."""
SINGLE, PART = {"GSM-7": 160, "UCS-2": 70}, {"GSM-7": 153, "UCS-2": 67}


def encoding_of(text: str) -> str:
    """By the letters alone."""
    return "GSM-7" if set(text) <= BASIC | EXTENSION else "UCS-2"


def units_of(text: str, encoding: str) -> int:
    """Septets, or UTF-16 code units."""
    return sum((2 if c in EXTENSION else 1) if encoding == "GSM-7" else (2 if ord(c) > 0xFFFF else 1) for c in text)


def clusters_of(text: str) -> list[str]:
    """What Unicode's annex 29 never parts, in the scripts tried here: a letter with its marks and joiners, and a carriage return with its
    line feed."""
    clusters: list[str] = []
    for before, character in pairwise("\0" + text):
        joined = unicodedata.category(character) in {"Mn", "Mc", "Me"} or character in "\u200c\u200d" or before + character == "\r\n"
        if clusters and joined and before not in "\r\n\0":
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def parts(pieces: list[str], encoding: str) -> int:
    """Parts that hold the pieces in order, none of them cut unless it is longer than a part."""
    count, used = 1, 0
    for piece in pieces:
        for unit in [piece] if units_of(piece, encoding) <= PART[encoding] else list(piece):
            size = units_of(unit, encoding)
            if used + size > PART[encoding]:
                count, used = count + 1, 0
            used += size
    return count


def both(text: str) -> tuple[int, int]:
    """What the standard needs, and what is needed if no cluster is parted."""
    encoding = encoding_of(text)
    if units_of(text, encoding) <= SINGLE[encoding]:
        return 1, 1
    return parts(list(text), encoding), parts(clusters_of(text), encoding)


_LETTERS = {
    "gsm": st.sampled_from("abcXYZ 0129@£ñÑéàÇ€[]^{}~\\|\n"),
    "mixed": st.sampled_from("abc €[]^ñçĉ’₱"),
    "devanagari": st.sampled_from("नदीबाढि् खतराँं।ुो"),
    "bangla": st.sampled_from("বন্যা বিপদ়ে।ৌ"),
    "sinhala": st.sampled_from("ගංවතුර ක්ෂි\u200dො."),
    "tamil": st.sampled_from("வெள்ள அபாயம்.ோி"),
    "urdu": st.sampled_from("سیلاب کا خطرہ۔ًّ"),
    "emoji": st.sampled_from("a😀🌊é€"),
}


@pytest.mark.parametrize("script", sorted(_LETTERS))
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_the_count_is_the_larger_of_both_references(script: str, data: st.DataObject) -> None:
    """In each script, at any length: the encoding, the units, and the larger of the standard's parts and those that part no cluster."""
    text = data.draw(st.text(alphabet=_LETTERS[script], min_size=1, max_size=520))
    size = measure(text)
    assert size.encoding == encoding_of(text)
    assert size.units == units_of(text, size.encoding)
    assert size.segments == max(both(text))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("नदीबाढि् ක්ෂිவெள்ள سیلاب"), min_size=71, max_size=420))
def test_each_counter_equals_its_own_reference(text: str) -> None:
    """The library counts as the standard does, and the clusters of the other are those of the plain rule."""
    assert len(smsutil.split(text).parts) == both(text)[0]
    assert list(grapheme.graphemes(text)) == clusters_of(text)


def test_399_units_take_six_parts_by_the_standard_and_seven_if_no_syllable_is_parted() -> None:
    """The case in which a provider's estimate and the standard differ: the larger is budgeted."""
    text = "කි" * 199 + "ක"
    assert units_of(text, "UCS-2") == 399
    assert both(text) == (6, 7)
    assert measure(text).segments == 7


@pytest.mark.parametrize(
    ("letter", "encoding", "units", "segments", "spare"),
    [
        ("a", "GSM-7", 123, 1, 37),
        ("a", "GSM-7", 132, 1, 28),
        ("a", "GSM-7", 106, 1, 54),
        ("ñ", "GSM-7", 112, 1, 48),
        ("न", "UCS-2", 90, 2, 44),
        ("ব", "UCS-2", 98, 2, 36),
        ("س", "UCS-2", 96, 2, 38),
        ("ග", "UCS-2", 82, 2, 52),
        ("வ", "UCS-2", 96, 2, 38),
    ],
)
def test_what_short_drafts_of_nine_languages_take(letter: str, encoding: str, units: int, segments: int, spare: int) -> None:
    """English, Indonesian, Tok Pisin, Filipino in one segment, the five others in two; filling the spare room takes no more, one unit more
    does."""
    size = measure(letter * units)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)
    assert measure(letter * (units + spare)).segments == segments
    assert measure(letter * (units + spare + 1)).segments == segments + 1


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),
        ("ග" * 70, "UCS-2", 1),
        ("ග" * 71, "UCS-2", 2),
        ("ග" * 66 + "කි" + "ග" * 66, "UCS-2", 3),
        ("’" + "a" * 70, "UCS-2", 2),
        ("😀" * 36, "UCS-2", 2),
    ],
)
def test_segments_at_the_edges(text: str, encoding: str, segments: int) -> None:
    """Edges: one unit too many, an escaped pair or a syllable on the cut, one curly quote that triples the cost, a pair of surrogates."""
    size = measure(text)
    assert (size.encoding, size.segments) == (encoding, segments)


def test_an_empty_text_is_no_message() -> None:
    """Nothing to say takes no segment and is not sent."""
    with pytest.raises(ValueError, match="empty"):
        measure("")
