"""Every sample of every feed gives its golden answer. Feeds and samples are found by folder, so a new feed is covered by being there."""

import json

import pytest
from golden_answers import Sample, answer, context_of, samples

from feeds.ingest import examine
from feeds.manifest import findings, load_manifests, load_parser, load_stand_in
from schemas.indicators import CATALOGUE

ALL = samples()
FEEDS = sorted({sample.feed for sample in ALL})


def test_samples_are_found() -> None:
    """A test over all samples proves nothing if it finds none: each feed with a manifest has at least one."""
    manifests = load_manifests()
    assert manifests
    assert [manifest.feed for manifest in manifests] == FEEDS


def test_every_feed_has_its_parts() -> None:
    """Manifest, parser, stand-in, notes and samples; `polyrisk check` would name what is missing."""
    assert findings() == []


@pytest.mark.parametrize("feed", FEEDS)
def test_parser_and_stand_in_are_loaded_by_name(feed: str) -> None:
    """A feed is wired by its folder's name alone."""
    assert callable(load_parser(feed))
    assert callable(load_stand_in(feed))


@pytest.mark.parametrize("sample", ALL, ids=str)
def test_sample_gives_its_golden_answer(sample: Sample) -> None:
    """Rows, readings, what was ignored and what was kept aside are as written down beside the sample."""
    expected = json.loads(sample.answer_path.read_text(encoding="utf-8"))
    assert answer(examine(sample.path.read_bytes(), context_of(sample))) == expected


@pytest.mark.parametrize("sample", ALL, ids=str)
def test_no_row_is_lost(sample: Sample) -> None:
    """Rows in are rows used and rows kept aside, each of them once; readings in are readings fit and readings kept aside."""
    examined = examine(sample.path.read_bytes(), context_of(sample))
    rows = [kept.row for kept in examined.kept_aside if kept.row]
    assert examined.parsed.rows == examined.parsed.rows_used + len(rows)
    assert len(set(rows)) == len(rows)
    assert all(1 <= row <= examined.parsed.rows for row in rows)
    assert len(examined.parsed.observations) == len(examined.fit) + len(examined.kept_aside) - len(rows)


@pytest.mark.parametrize("sample", ALL, ids=str)
def test_readings_are_what_the_manifest_promises(sample: Sample) -> None:
    """Indicator, unit and kind of place of each reading are among those the manifest gives, and its place is one of the country's."""
    context = context_of(sample)
    promised = {(gives.indicator, gives.unit, gives.at) for gives in context.manifest.gives}
    for o in examine(sample.path.read_bytes(), context).fit:
        kind = "station" if o.area in context.places.stations else context.places.areas[o.area].level
        assert (o.indicator, o.unit, kind) in promised
        assert o.unit == CATALOGUE[o.indicator].unit
        assert (o.feed, o.delivery, o.received) == (sample.feed, context.delivery, context.received)


@pytest.mark.parametrize("sample", ALL, ids=str)
def test_every_row_kept_aside_says_what_to_do(sample: Sample) -> None:
    """A person finds the reason, a remedy and the row itself, cut to a readable length."""
    for kept in examine(sample.path.read_bytes(), context_of(sample)).kept_aside:
        assert kept.reason
        assert kept.remedy
        assert kept.excerpt
        assert len(kept.excerpt) <= 300


@pytest.mark.parametrize("feed", FEEDS)
def test_one_sample_has_rows_kept_aside(feed: str) -> None:
    """The samples show the source's faults too, not its good days only."""
    answers = [json.loads(sample.answer_path.read_text(encoding="utf-8")) for sample in ALL if sample.feed == feed]
    assert any(found["observations"] for found in answers)
    assert any(found["quarantined"] for found in answers)
