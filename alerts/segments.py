"""How many SMS segments a text takes.

Two counters are asked and the larger answer counts: smsutil follows 3GPP TS 23.038 and 23.040 to the letter (a part may end inside
a syllable); Twilio's own estimate never splits a grapheme cluster, so it may need a part more. A budget holds only if both keep it.
"""

from dataclasses import dataclass
from typing import Literal

import grapheme
import smsutil
from smsutil import GSM_EXT_CHARSET

_SINGLE = {"GSM-7": 160, "UCS-2": 70}
_PART = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True)
class Size:
    """What a text takes on the air.

    Attributes:
        units: septets in GSM-7 (an escaped character is 2), UTF-16 code units in UCS-2 (an astral character is 2).
        segments: at least 1.
    """

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def measure(text: str) -> Size:
    """Encoding, units and segments of a text; the larger of both counters.

    Raises:
        ValueError: the text is empty.
    """
    if not text:
        raise ValueError("an empty text is no message")
    encoding: Literal["GSM-7", "UCS-2"] = "GSM-7" if smsutil.is_valid_gsm(text) else "UCS-2"
    units = _units(text, encoding)
    if units <= _SINGLE[encoding]:
        return Size(encoding, units, 1)
    clusters = [_units(cluster, encoding) for cluster in grapheme.graphemes(text)]
    return Size(encoding, units, max(len(smsutil.split(text).parts), _packed(clusters, encoding)))


def _units(cluster: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return sum(2 if character in GSM_EXT_CHARSET else 1 for character in cluster)
    return len(cluster.encode("utf-16-be")) // 2


def _packed(clusters: list[int], encoding: str) -> int:
    """Parts needed if no cluster may be split. A cluster longer than a part is cut, as any sender must."""
    size, parts, used = _PART[encoding], 1, 0
    for units in clusters:
        used += units
        if used > size:
            parts += max(1, -(-units // size))
            used = units if units <= size else units % size or size
    return parts
