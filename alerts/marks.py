"""The words put before a text that is an exercise, or that goes out late.

They stand here and not in the PO files: a mark that could be edited away with a text, or that a text, a name or an argument could hide,
would be none. They are put before a text that is finished and approved, so at sending time neither pattern nor country is needed.
"""

from collections.abc import Mapping

EXERCISE: Mapping[str, str] = {
    "en": "EXERCISE",
    "ne": "अभ्यास मात्र",
    "ne-Latn": "ABHYAS MATRA",
    "bn": "শুধু মহড়া",
    "bn-Latn": "SHUDHU MOHORA",
    "ur": "صرف مشق",
    "ur-Latn": "SIRF MASHQ",
    "id": "LATIHAN",
    "tpi": "PRAKTIS TASOL",
    "si": "පෙරහුරුවකි",
    "ta": "ஒத்திகை மட்டும்",
    "fil": "PAGSASANAY LANG",
}
LATE: Mapping[str, str] = {
    "en": "SENT LATE",
    "ne": "ढिलो पठाइएको",
    "ne-Latn": "DHILO PATHAIEKO",
    "bn": "দেরিতে পাঠানো",
    "bn-Latn": "DERITE PATHANO",
    "ur": "دیر سے بھیجا گیا",
    "ur-Latn": "DER SE BHEJA GAYA",
    "id": "TERLAMBAT",
    "tpi": "I KAM LEIT",
    "si": "ප්‍රමාද වූ පණිවුඩයකි",
    "ta": "தாமதமான செய்தி",
    "fil": "NAHULI NG DATING",
}


def marked(body: str, language: str, *, exercise: bool = False, late: bool = False) -> str:
    """A finished text with the marks it needs before it, each in the text's language; EXERCISE stands first.

    A language without words of its own gets those of the language it is written form of, else the English ones: never none.
    """
    marks = [_word(words, language) for asked, words in ((exercise, EXERCISE), (late, LATE)) if asked]
    return ". ".join([*marks, body])


def _word(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words.get(language.partition("-")[0]) or words["en"]
