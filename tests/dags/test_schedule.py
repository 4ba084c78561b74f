"""Which feeds are scheduled: those of the manifests, and a broken manifest takes no other feed with it."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from feeds.schedule import BROKEN_EVERY, FEEDS_ROOT, planned_feeds
from processors.baseline_job import feeds_of_baselines

FEEDS = ("lka_wfp_prices", "npl_bipad_river")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two feeds of their own."""
    for feed in FEEDS:
        (tmp_path / "feeds" / feed).mkdir(parents=True)
        for name in ("feed.yaml", "NOTES.md"):
            shutil.copy(FEEDS_ROOT / feed / name, tmp_path / "feeds" / feed / name)
    return tmp_path / "feeds"


def test_a_feed_is_planned_as_its_manifest_says(root: Path) -> None:
    """Name, title, country, interval, indicators and notes come from the feed's folder."""
    river = planned_feeds(root)[1]
    assert (river.feed, river.country, river.every) == ("npl_bipad_river", "NPL", timedelta(minutes=10))
    assert river.indicators == ("river_level", "river_level.yellow", "river_level.red")
    assert river.notes == (root / "npl_bipad_river" / "NOTES.md").read_text(encoding="utf-8")
    assert not river.broken


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (": :", "is not YAML"),
        ("feed: npl_bipad_river\n", "title"),
        ("every: 10 minutes\n", "is not a span"),
        ("", "Mapping|mapping|dict|valid"),
    ],
)
def test_a_broken_manifest_takes_only_its_own_feed(root: Path, wrong: str, word: str) -> None:
    """The feed stays in sight under its folder's name and says what is wrong, file and all; the other is as before."""
    path = root / "npl_bipad_river" / "feed.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("every: 10 min\n", wrong) if wrong.startswith("every") else wrong, encoding="utf-8")
    prices, river = planned_feeds(root)
    assert not prices.broken
    assert (river.feed, river.every) == ("npl_bipad_river", BROKEN_EVERY)
    assert "npl_bipad_river/feed.yaml" in river.broken
    assert river.notes.startswith(f"**{river.broken}**")


def test_a_feed_under_another_name_is_broken(root: Path) -> None:
    """The folder's name is the feed's id everywhere, so one that says otherwise is not fetched."""
    (root / "npl_bipad_river").rename(root / "npl_rivers")
    assert "called `npl_bipad_river`, its folder `npl_rivers`" in planned_feeds(root)[1].broken


def test_a_changed_manifest_is_read_again(root: Path) -> None:
    """What was planned before is not remembered once the file is another."""
    assert planned_feeds(root)[1].every == timedelta(minutes=10)
    path = root / "npl_bipad_river" / "feed.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("every: 10 min", "every: 20 min"), encoding="utf-8")
    assert planned_feeds(root)[1].every == timedelta(minutes=20)


def test_only_the_feeds_asked_for_are_planned(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case is given its own feeds alone."""
    monkeypatch.setenv("POLYRISK_FEEDS", "npl_bipad_river, ")
    assert [planned.feed for planned in planned_feeds(root)] == ["npl_bipad_river"]


def test_baselines_wait_for_all_feeds_if_thresholds_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job then runs where people see it fail; with thresholds to read, only the feeds that matter are waited for."""
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(tmp_path))
    indicators = {"prices": ("price_rice_white",), "rivers": ("river_level",)}
    assert feeds_of_baselines("LKA", indicators) == ("prices", "rivers")
    (tmp_path / "lka").mkdir()
    (tmp_path / "lka" / "thresholds.yaml").write_text(
        "rice: {indicator: price_rice_white, kind: alps}\nriver: {indicator: river_level, kind: fixed}\n"
    )
    assert feeds_of_baselines("LKA", indicators) == ("prices",)
