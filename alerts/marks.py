"""The words put around a text that is an exercise or an officer's preview, or before one that goes out late, and those that say in whose
name it speaks.

They stand here and not in the PO files: a mark that could be edited away with a text, or that a text, a name or an argument could hide,
would be none. They are put around a text that is finished and approved, so at sending time neither pattern nor country is needed.
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
    "tpi": "PRAKTIS",
    "si": "පෙරහුරුවකි",
    "ta": "ஒத்திகை மட்டும்",
    "fil": "PAGSASANAY LANG",
}
PREVIEW: Mapping[str, str] = {
    "en": "TEST FOR THE OFFICER, NO WARNING",
    "ne": "अधिकृतका लागि परीक्षण, चेतावनी होइन",
    "ne-Latn": "ADHIKRITKA LAGI PARIKSHAN, CHETAWANI HOINA",
    "bn": "কর্মকর্তার জন্য পরীক্ষা, সতর্কবার্তা নয়",
    "bn-Latn": "KORMOKORTAR JONNO PORIKKHA, SOTORKOBARTA NOY",
    "ur": "افسر کے لیے آزمائش، انتباہ نہیں",
    "ur-Latn": "AFSAR KE LIYE AZMAISH, INTIBAH NAHIN",
    "id": "UJI UNTUK PETUGAS, BUKAN PERINGATAN",
    "tpi": "TRAIM BILONG OFISA, I NO WONING",
    "si": "නිලධාරියාට පරීක්ෂණයකි, අනතුරු ඇඟවීමක් නොවේ",
    "ta": "அதிகாரிக்கான சோதனை, எச்சரிக்கை அல்ல",
    "fil": "PAGSUBOK PARA SA OPISYAL, HINDI BABALA",
}
"""Around what an officer has sent to their own telephone before they sign it: whoever sees it there must not act on it."""
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
STANDING: Mapping[str, Mapping[str, str]] = {
    "monitoring": {
        "en": "test",
        "ne": "परीक्षण",
        "ne-Latn": "parikshan",
        "bn": "পরীক্ষা",
        "bn-Latn": "porikkha",
        "ur": "آزمائش",
        "ur-Latn": "azmaish",
        "id": "uji coba",
        "tpi": "traim tasol",
        "si": "අත්හදා",
        "ta": "சோதனை",
        "fil": "pagsubok",
    },
    "advisory": {
        "en": "advice",
        "ne": "सल्लाह",
        "ne-Latn": "sallah",
        "bn": "পরামর্শ",
        "bn-Latn": "poramorsho",
        "ur": "مشورہ",
        "ur-Latn": "mashwara",
        "id": "saran",
        "tpi": "tok save",
        "si": "උපදෙස්",
        "ta": "ஆலோசனை",
        "fil": "payo",
    },
    "official": {
        "en": "official",
        "ne": "आधिकारिक",
        "ne-Latn": "adhikarik",
        "bn": "সরকারি",
        "bn-Latn": "sorkari",
        "ur": "سرکاری",
        "ur-Latn": "sarkari",
        "id": "resmi",
        "tpi": "bilong gavman",
        "si": "නිල",
        "ta": "அதிகாரபூர்வ",
        "fil": "opisyal",
    },
}
"""In whose name a text speaks, beside the name: those who only watch, those who advise, or the authority that may warn by law."""


_ENDS = (".", "!", "?", "।", "۔")
"""What ends a sentence in the languages that we write."""


def in_whose_name(name: str, standing: str, language: str) -> str:
    """A name with the word for its standing beside it, unless it says it itself, in its language or in English, as `Polyrisk test`."""
    words = STANDING[standing]
    word = _word(words, language)
    says = any(own.casefold() in name.casefold() for own in (word, words["en"]))
    return name if says else f"{name} ({word})"


def marked(body: str, language: str, *, exercise: bool = False, late: bool = False) -> str:
    """A finished text with the marks it needs, each in the text's language; EXERCISE stands first and last, also when what is an exercise
    already goes out late.

    A language without words of its own gets those of the language it is written form of, else the English ones: never none.
    """
    word = _mark_of(body)
    if late and word and not exercise:
        return f"{word}. {_word(LATE, language)}. {body.removeprefix(f'{word}. ')}"
    said = f"{_word(LATE, language)}. {body}" if late else body
    if not exercise:
        return said
    return _around(said, _word(EXERCISE, language))


def previewed(body: str, language: str) -> str:
    """A finished text as an officer has it sent to their own telephone: that it is a test and no warning stands first and last, so also on
    the last of several parts, and around EXERCISE if it is one."""
    return _around(body, _word(PREVIEW, language))


def is_preview(body: str) -> bool:
    """Whether a text says first and last that it is a test for an officer, in one language and with words between."""
    return any(_stands_around(body, word) for word in PREVIEW.values())


def is_exercise(body: str) -> bool:
    """Whether a text says first and last that it is an exercise, in one language and with words between."""
    return bool(_mark_of(body))


def _mark_of(body: str) -> str:
    """The word with which a text begins and ends as an exercise; empty if it is none."""
    return next((word for word in EXERCISE.values() if _stands_around(body, word)), "")


def _around(body: str, word: str) -> str:
    return f"{word}. {body}{' ' if body.rstrip().endswith(_ENDS) else '. '}{word}"


def _stands_around(body: str, word: str) -> bool:
    return body.startswith(f"{word}. ") and body.endswith(f" {word}") and len(body) > 2 * len(word) + 2


def _word(words: Mapping[str, str], language: str) -> str:
    return words.get(language) or words.get(language.partition("-")[0]) or words["en"]
