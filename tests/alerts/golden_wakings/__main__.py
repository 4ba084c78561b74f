"""Writes the files anew."""

from golden_wakings import LANGUAGES, golden, path_of

for language in LANGUAGES:
    path_of(language).write_text(golden(language), encoding="utf-8")
