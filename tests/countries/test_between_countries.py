"""A country that was begun as a copy of another one: what still says that it is the other is found."""

import shutil
from pathlib import Path

import pytest

from schemas.between_countries import findings

SMALL = Path(__file__).parent / "small" / "countries" / "xya"


@pytest.fixture
def countries(tmp_path: Path) -> Path:
    """One country, and a folder that was copied from it."""
    for name in ("xya", "xyb"):
        shutil.copytree(SMALL, tmp_path / "countries" / name)
    return tmp_path / "countries"


def written(countries: Path, old: str, new: str) -> None:
    """Change the copy's file."""
    file = countries / "xyb" / "country.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_copy_that_still_has_the_others_code_and_shard_is_named(countries: Path) -> None:
    """Two that are judged as one would warn people of one country of what is measured in the other."""
    code, shard = findings(countries)
    assert (code.file, code.check) == ("countries/xyb/country.yaml", "other-code")
    assert str(code).endswith("the code is `XYA`, the folder `xyb`. Write `code: XYB`, or name the folder `xya`.")
    assert (shard.file, shard.check) == ("countries/xyb/country.yaml", "shard-twice")
    assert "shard `XYA` is that of xya too. Both would be judged as one." in str(shard)


def test_a_country_of_its_own_has_no_finding(countries: Path) -> None:
    """Its code is its folder's name in capitals, its shard nobody else's."""
    written(countries, "code: XYA", "code: XYB")
    written(countries, "shard: XYA", "shard: XYB")
    assert findings(countries) == []


def test_a_file_that_cannot_be_read_is_left_to_those_who_read_it_whole(countries: Path) -> None:
    """It has its own finding."""
    (countries / "xyb" / "country.yaml").write_text("code: [", encoding="utf-8")
    assert findings(countries) == []
