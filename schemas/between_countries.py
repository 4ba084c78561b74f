"""What is wrong between the folders of countries: one that was begun as a copy of another and still says so."""

from collections.abc import Mapping
from pathlib import Path

from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.yaml_files import YamlFile


def findings(countries: Path) -> list[Finding]:
    """Codes that are not the folder's name, and shards that an earlier folder has. Files that do not read are found elsewhere."""
    found: list[Finding] = []
    of_shard: dict[str, str] = {}
    for folder in sorted(path.parent for path in countries.glob("*/country.yaml")):
        try:
            file = YamlFile(folder / "country.yaml", countries.parent)
        except ConfigurationError:
            continue
        if not isinstance(file.data, Mapping):
            continue
        code, shard = str(file.data.get("code", "")), str(file.data.get("shard", ""))
        if code and code.lower() != folder.name:
            what = f"the code is `{code}`, the folder `{folder.name}`."
            remedy = f"Write `code: {folder.name.upper()}`, or name the folder `{code.lower()}`."
            found.append(file.finding("other-code", ("code",), what, remedy=remedy))
        other = of_shard.setdefault(shard, folder.name)
        if shard and other != folder.name:
            what, why = f"shard `{shard}` is that of {other} too.", "Both would be judged as one."
            found.append(file.finding("shard-twice", ("shard",), what, why, f"Write another, such as `shard: {folder.name.upper()}`."))
    return found
