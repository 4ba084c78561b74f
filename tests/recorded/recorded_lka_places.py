"""Sri Lanka's areas, gauges and outlines from the recorded files."""

import csv
import json
from collections.abc import Iterator

from recorded_tables import RECORDED, csv_text, geojson, neighbours, number, polygons

GEO = RECORDED / "geo/lk"
RIVER_FEED = "lka_irrigation_river"
ATTRIBUTION = "OCHA COD-AB Sri Lanka v03 (valid 2022-08-16), from nuuuwan/lk_admin_regions, MIT"

# Shares of people who read each language: from general knowledge of the census majority, to be checked against the census.
LANGUAGES = {
    **{"LK11": (75, 20), "LK12": (90, 8), "LK13": (86, 12), "LK21": (74, 24), "LK22": (81, 18), "LK23": (40, 58)},
    **{"LK31": (94, 5), "LK32": (94, 5), "LK33": (97, 2)},
    **{"LK41": (1, 97), "LK42": (2, 96), "LK43": (10, 88), "LK44": (10, 88), "LK45": (1, 97)},
    **{"LK51": (1, 97), "LK52": (38, 60), "LK53": (27, 71)},
    **{"LK61": (91, 8), "LK62": (74, 24), "LK71": (91, 8), "LK72": (90, 8), "LK81": (73, 25), "LK82": (94, 4)},
    **{"LK91": (87, 11), "LK92": (85, 13)},
}
# Spellings met in the recorded sources; the name itself and the code with a hyphen are added for each area.
SPELLINGS = {
    "LK13": ("Kaluthara", "NIHS"),
    "LK11": ("CMC",),
    "LK23": ("NuwaraEliya", "N Eliya", "Nuwara-Eliya"),
    "LK32": ("Mathara",),
    "LK33": ("Hambanthota", "Hambantotta"),
    "LK44": ("Mullattivu", "Mullativu", "Mulativu"),
    "LK45": ("Killinochchi",),
    "LK51": ("Batticola", "Baticaloa"),
    "LK52": ("Ampara district", "Kalmune", "Kalmunai"),
    "LK53": ("Trinco",),
    "LK61": ("Kurunagala",),
    "LK62": ("Puttlam", "Puttlama"),
    "LK72": ("Polonnaruva",),
    "LK82": ("Moneragala", "Monaragale"),
    "LK91": ("Rathnapura",),
    "LK92": ("Kegalla",),
}
# The recorded names are cut off after some 17 bytes and end in the word for district; two are misspelt there.
CORRECTED = {"LK13": {"si": "කළුතර"}, "LK91": {"ta": "இரத்தினபுரி"}}


def code(hyphened: str) -> str:
    """`LK-11` as `LK11`."""
    return hyphened.replace("-", "")


def areas_csv() -> str:
    """The country, 9 provinces, 25 districts and 339 divisional secretariats."""
    around = {
        **neighbours(polygons(GEO / "districts.geojson", "adm2_pcode")),
        **neighbours(polygons(GEO / "dsds.geojson", "adm3_pcode")),
    }
    people = {row["ADM2_PCODE"]: row["T_TL"] for row in _rows("lka_admpop_adm2_2023.csv", ",")}
    total = sum(int(n) for n in people.values())
    rows = [("LK", "adm0", "", "Sri Lanka", "ශ්‍රී ලංකා", "இலங்கை", total, 2023, "", "LKA", "")]
    for level, file in (("adm1", "provinces.tsv"), ("adm2", "districts.tsv"), ("adm3", "dsds.tsv")):
        for row in sorted(_rows(file, "\t"), key=lambda r: r["id"]):
            area = code(row["id"])
            parent = {"adm1": "LK", "adm2": area[:3], "adm3": area[:4]}[level]
            names = _names(level, area, row)
            population = people.get(area, "")
            year = 2023 if population else ""
            rows.append(
                (area, level, parent, *names, population, year, ";".join(around.get(area, ())), _aliases(level, row), _languages(area))
            )
    header = ("code", "level", "parent", "name_en", "name_si", "name_ta", "population", "population_year")
    return csv_text((*header, "neighbours", "aliases", "languages"), rows)


def _rows(file: str, delimiter: str) -> Iterator[dict[str, str]]:
    with (GEO / file).open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines, delimiter=delimiter)


def _names(level: str, area: str, row: dict[str, str]) -> tuple[str, str, str]:
    """English, Sinhala, Tamil; without the word for district or province, which the texts add themselves."""
    si, ta = row["name_si"].strip(), row["name_ta"].strip()
    if level == "adm2":
        si, ta = si.split(" ")[0], ta.split(" ")[0]
    if level == "adm1":
        si, ta = si.removesuffix(" පළාත"), ta.removesuffix(" மாகாணம்")
    corrected = CORRECTED.get(area, {})
    return row["name"].strip(), corrected.get("si", si), corrected.get("ta", ta)


def _aliases(level: str, row: dict[str, str]) -> str:
    if level == "adm1":
        return f"{row['id']};{row['name']} Province"
    if level == "adm3":
        return row["id"]
    return ";".join((row["id"], row["name"].strip(), *SPELLINGS.get(code(row["id"]), ())))


def _languages(area: str) -> str:
    if area not in LANGUAGES:
        return ""
    si, ta = LANGUAGES[area]
    return f"si:{number(si / 100, 2)};ta:{number(ta / 100, 2)};en:{number((100 - si - ta) / 100, 2)}"


def gauges() -> list[dict[str, object]]:
    """The recorded gauges with our codes; Ampara is joined to Ampara (the record says Trincomalee)."""
    listed = json.loads((RECORDED / "lk_river_levels/static/stations.json").read_text(encoding="utf-8"))
    found: list[dict[str, object]] = []
    for gauge in sorted(listed, key=lambda g: str(g["name"])):
        districts = "LK-52" if gauge["name"] == "Ampara" else gauge["district_id"]
        slug = gauge["name"].split("(")[0].strip().lower().replace(" ", "-")
        found.append({**gauge, "code": f"lk-{slug}", "areas": [code(d) for d in districts.split(";")]})
    return found


def stations_csv() -> str:
    """The 40 gauges. The unit is that of the source's own table; Nagalagam Street alone is in feet there."""
    rows = []
    for gauge in gauges():
        name = str(gauge["name"])
        keys = ";".join(dict.fromkeys((name, *_KEYS.get(name, ()))))
        lat, lon = gauge["lat_lng"]  # type: ignore[misc]
        unit = "ft" if name == "Nagalagam Street" else "m"
        areas = ";".join(gauge["areas"])  # type: ignore[arg-type]
        rows.append((gauge["code"], name, RIVER_FEED, keys, areas, number(lat, 5), number(lon, 5), unit, gauge["river_name"]))
    return csv_text(("code", "name", "feed", "keys", "areas", "latitude", "longitude", "unit", "river"), rows)


_KEYS = {
    "Nagalagam Street": ("N'Street", "Nagalagam St"),
    "Kalawellawa (Millakanda)": ("Kalawellawa", "Millakanda"),
    "Kithulgala": ("Kitulgala",),
    "Rathnapura": ("Ratnapura",),
    "Horowpothana": ("Horowpatana",),
    "Weraganthota": ("Weraganthota", "Wraganthota"),
    "Thanthirimale": ("Thantirimale", "Tanthirimale"),
    "Katharagama": ("Kataragama",),
    "Thanamalwila": ("Thanamalvila",),
}


def shapes() -> dict[str, str]:
    """File name to GeoJSON of districts and divisional secretariats."""
    return {
        "shapes_adm2.geojson": geojson(polygons(GEO / "districts.geojson", "adm2_pcode"), 4, ATTRIBUTION),
        "shapes_adm3.geojson": geojson(polygons(GEO / "dsds.geojson", "adm3_pcode"), 4, ATTRIBUTION),
    }
