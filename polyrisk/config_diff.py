"""`polyrisk config diff`: what differs between two configurations, as a meeting reads it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from polyrisk.config_sources import Source
from schemas.configuration_diff import Difference, differences, of_mappings
from schemas.counting import counted

_WORD = {"added": "+", "removed": "-", "renamed": "~", "changed": "~"}


def compared(before: Source | None, after: Source) -> list[Difference]:
    """All that differs; texts and facts of the country only where both are known.

    Args:
        before: none if nothing was in force.
    """
    found = differences(before.configuration if before is not None else None, after.configuration)
    if before is None:
        return found
    if before.texts is not None and after.texts is not None:
        found += of_mappings("text", before.texts, after.texts)
    if before.facts is not None and after.facts is not None:
        code = after.configuration.shard
        found += of_mappings("country", {code: before.facts}, {code: after.facts})
    return found


def lines(found: Sequence[Difference], names: dict[str, str] | None = None) -> Iterator[str]:
    """The differences for a terminal: each thing with what it is about, then a line for each key."""
    for one in found:
        title = f"{_WORD[one.what]} {one.about} {one.name}"
        title += f", renamed from {one.was}" if one.was else f", {one.what}" if one.what != "changed" else ""
        yield f"{title}{_named(one, names or {})}"
        if one.reach:
            yield f"    {one.reach}"
        wide = max((len(line.key) for line in one.lines), default=0)
        for line in one.lines:
            yield f"    {line.key:{wide}}  " + (line.after if one.what == "added" else f"{line.before} -> {line.after}")
    yield _counted(found)


def as_json(before: Source | None, after: Source, found: Sequence[Difference]) -> dict[str, Any]:
    """For programs."""
    sides = {"before": before.configuration.hash if before is not None else None, "after": after.configuration.hash}
    return {
        **sides,
        "differences": [
            {
                "about": one.about,
                "name": one.name,
                "what": one.what,
                "was": one.was,
                "reach": one.reach,
                "lines": [{"key": line.key, "before": line.before, "after": line.after} for line in one.lines],
            }
            for one in found
        ],
    }


def _named(one: Difference, names: dict[str, str]) -> str:
    return f" ({names[one.name]})" if one.about == "area" and one.name in names else ""


def _counted(found: Sequence[Difference]) -> str:
    if not found:
        return "Nothing differs in what is judged by."
    counts = Counter(one.about for one in found)
    # Of the country there is one at most.
    return ", ".join(counted(count, about) for about, count in counts.items()) + "."
