"""The pages of rules and of feeds: everything from the files, with what stands and what is silent from the log."""

from datetime import timedelta

import httpx
import pytest
from console_world import PATIENCE_S, World
from hand_made import NOON, heartbeat, known
from test_pages import Outline

from console.feeds_pages import silenced
from console.local_time import LocalTime
from console.names import Names


@pytest.fixture(scope="module")
def rules(address: str) -> str:
    """The page of rules."""
    return httpx.get(f"{address}/rules", timeout=PATIENCE_S).text


@pytest.fixture(scope="module")
def feeds(address: str) -> str:
    """The page of feeds."""
    return httpx.get(f"{address}/feeds", timeout=PATIENCE_S).text


def test_every_rule_and_threshold_is_there_with_its_document(rules: str, world: World) -> None:
    """Named, in words, with the paper that it comes from."""
    text = Outline(rules).text
    for one in (*world.country.configuration.rules, *world.country.configuration.thresholds):
        assert one.name in text
        assert one.document.title in text
        assert one.document.owner in text
    assert "landslide_warning at orange or more" in text
    assert "mean + 2 sd" in text
    assert "2 people within" in text
    assert "Nobody is warned by these rules" in text


def test_the_events_that_stand_are_at_their_rule(rules: str) -> None:
    """Kandy is red by the rule on rivers and slopes, and the warning is a link away."""
    part = rules[rules.index('id="rule-river_and_landslide"') : rules.index('id="rule-flood_then_dengue"')]
    assert "Kandy" in part
    assert 'href="/warning/' in part


def test_at_an_earlier_moment_nothing_stood(address: str) -> None:
    """The page is of the moment asked for, as all pages of the log are."""
    early = httpx.get(f"{address}/rules?at=2025-11-26T06:00", timeout=PATIENCE_S).text
    assert "Kandy</a>" not in early
    assert "no event stands that is known" in early


def test_every_feed_says_what_it_is_and_how_it_is(feeds: str, world: World) -> None:
    """Licence, source and schedule of its manifest; alive or silent; rows kept aside; the thresholds that wait for it."""
    text = Outline(feeds).text
    for manifest in world.country.manifests.values():
        assert manifest.title in text
        assert " ".join(manifest.licence.split()) in text
        assert " ".join(manifest.source.split()) in text
    assert "SILENT since" in text
    assert "were kept aside" in text
    assert 'href="/rules#threshold-dengue_channel"' in feeds
    assert "A week is its" in text  # the notes beside the feed


def test_what_a_feeds_silence_holds_is_named(feeds: str) -> None:
    """The gauge that fell silent at its peak is held, and stands under its own feed."""
    part = feeds[feeds.index('id="feed-lka_irrigation_river"') : feeds.index('id="feed-lka_nbro_landslide"')]
    assert "Rests on its silence" in part
    assert "Peradeniya: held since" in part


def test_a_feed_of_which_nothing_is_known_holds_nothing(names: Names, clock: LocalTime) -> None:
    """No event, no breach: nothing rests on it."""
    manifest = names.country.manifests["lka_irrigation_river"]
    later = NOON + manifest.allowed_silence + timedelta(hours=1)
    assert silenced(manifest, known(later, heartbeats={manifest.feed: heartbeat(manifest.feed, NOON)}), names, clock) == ()


@pytest.mark.parametrize("path", ["/", "/rules", "/feeds"])
def test_every_page_leads_to_the_others(address: str, path: str) -> None:
    """The navigation is on each page and says where one is; nothing is asked of elsewhere."""
    page = httpx.get(f"{address}{path}", timeout=PATIENCE_S).text
    outline = Outline(page)
    links = [a["href"] for tag, a in outline.elements if tag == "a"]
    assert {"/", "/rules", "/feeds", "/planner"} <= set(links)
    assert [a["href"] for tag, a in outline.elements if a.get("aria-current") == "page"] == [path]
    assert not [link for link in links if link.startswith(("http", "//"))]
    ids = [a["id"] for _, a in outline.elements if "id" in a]
    assert len(ids) == len(set(ids))
    targets = [link.partition("#")[2] for link in links if link.startswith("#")]
    assert set(targets) <= set(ids)
