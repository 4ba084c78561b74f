"""A country whose people also read Urdu, which is written from the right. None of the checkout's has it yet: this one is Sri Lanka's files
with `ur` among its languages, and its warning of rivers and slopes in the region's shared words for a flood, which Urdu has."""

import csv
import shutil
from pathlib import Path

from schemas.country_files import LoadedCountry, countries_root, load_country

SPEAKS_AS, KANDY = "پولی رسک آزمائش", "کینڈی"
_COUNTRY = (
    ("languages: [si, ta, en]", "languages: [si, ta, en, ur]"),
    ("segments: {en: 1, si: 2, ta: 2}", "segments: {en: 1, si: 2, ta: 2, ur: 2}"),
    ("speaks_as: {en", f"speaks_as: {{ur: {SPEAKS_AS}, en"),
    ("opt_out: {en", "opt_out: {ur: چھوڑنے کو اپنے افسر سے کہیں, en"),
    ("names: {en: Test hall,", "names: {ur: آزمائشی ہال, en: Test hall,"),
    ("level_words:\n", "level_words:\n  ur: {green: معمول, yellow: نظر, orange: تیار, red: نکلیں}\n"),
)


def with_urdu(folder: Path) -> LoadedCountry:
    """The country, made in a folder of its own."""
    made = folder / "countries" / "lka"
    shutil.copytree(countries_root() / "lka", made, ignore=shutil.ignore_patterns("cases", "tests"))
    _replace(made / "country.yaml", *_COUNTRY)
    _replace(made / "rules.yaml", ("  text: river_and_landslide\n", "  text: flood\n"))
    with (made / "areas.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), [*(reader.fieldnames or ()), "name_ur"]
    with (made / "areas.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "name_ur": KANDY if row["code"] == "LK21" else ""} for row in rows)
    return load_country(made)


def _replace(path: Path, *pairs: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
