"""Manifests are found by folder, and each mistake in one is named by file, line and remedy."""

from pathlib import Path

import pytest

from feeds.manifest import findings, load_manifest, load_manifests
from schemas.errors import ConfigurationError

GOOD = """\
feed: lka_gauge
title: Gauges
country: LKA
url: https://example.org/gauges?f=json
every: 1 h
timezone: Asia/Colombo
gives:
  - {indicator: river_level, unit: m, at: station}
licence: none stated
source: a department
"""


def folder(root: Path, text: str = GOOD, name: str = "lka_gauge") -> Path:
    """A folder of feeds with one feed in it, all its parts there."""
    feed = root / "feeds" / name
    (feed / "samples").mkdir(parents=True)
    for part in ("parse.py", "stand_in.py", "NOTES.md"):
        (feed / part).write_text("", encoding="utf-8")
    (feed / "feed.yaml").write_text(text, encoding="utf-8")
    return root / "feeds"


def test_a_feed_is_there_by_its_folder(tmp_path: Path) -> None:
    """No list names it."""
    root = folder(tmp_path)
    assert [manifest.feed for manifest in load_manifests(root)] == ["lka_gauge"]
    assert load_manifest("lka_gauge", root).country == "LKA"
    assert findings(root) == []


@pytest.mark.parametrize(
    ("wrong", "line", "says", "remedy"),
    [
        (GOOD.replace("feed: lka_gauge", "feed: lka_guage"), 1, "its folder `lka_gauge`", "Write `feed: lka_gauge`."),
        (GOOD.replace("https://example.org", "example.org"), 4, "no address", "https://"),
        (GOOD.replace("https://example.org", "https://["), 4, "no address", "https://"),
        (GOOD.replace("Asia/Colombo", "Asia/Columbo"), 6, "no time zone", "Asia/Colombo"),
        (GOOD.replace("1 h", "1 hour"), 5, "not a span", ""),
        (GOOD.replace("title:", "titel:"), 2, "unknown key `titel`", "Nearest is `title`."),
        (GOOD.replace("river_level", "river_hight"), 8, "no indicator `river_hight`", ""),
        (GOOD.replace("unit: m", "unit: ft"), 8, "kept in m", "Write `unit: m`."),
        (GOOD + "lists: active\n", 11, "belong together", "both or none"),
        (GOOD + "scope: [LK11]\n", 11, "belong together", "both or none"),
        (GOOD + "calm_every: 30 min\n", 11, "faster", "Exchange"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_remedy(tmp_path: Path, wrong: str, line: int, says: str, remedy: str) -> None:
    """One mistake, the line it stands on, what is wrong and what to write instead."""
    found = [f for f in findings(folder(tmp_path, wrong)) if says in f.what]
    assert [(f.file, f.line) for f in found] == [("feeds/lka_gauge/feed.yaml", line)]
    assert remedy in found[0].remedy


@pytest.mark.parametrize("part", ["parse.py", "stand_in.py", "NOTES.md", "samples"])
def test_a_part_that_is_missing_is_named(tmp_path: Path, part: str) -> None:
    """Every feed has the same parts."""
    root = folder(tmp_path)
    (root / "lka_gauge" / part).rename(tmp_path / "elsewhere")
    assert [f.what for f in findings(root)] == [f"the folder has no `{part}`."]


@pytest.mark.parametrize("text", ["feed: [", "- a\n- list\n", ""])
def test_what_is_no_manifest_is_a_finding_too(tmp_path: Path, text: str) -> None:
    """A broken file stops nothing but its own feed."""
    root = folder(tmp_path, text)
    folder(tmp_path, GOOD.replace("lka_gauge", "lka_other"), "lka_other")
    assert findings(root)
    assert load_manifest("lka_other", root).feed == "lka_other"
    with pytest.raises(ConfigurationError, match="lka_gauge"):
        load_manifests(root)


def test_an_unknown_feed_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    """A slip of the pen on the command line is easily mended."""
    with pytest.raises(ConfigurationError, match="Known are lka_gauge"):
        load_manifest("lka_guage", folder(tmp_path))
