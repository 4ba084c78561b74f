"""Writes the golden texts anew."""

from golden_texts import LANGUAGES, golden, path_of

for language in LANGUAGES:
    path_of(language).write_text(golden(language), encoding="utf-8")
