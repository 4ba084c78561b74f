"""Whatever a source sends, a parser gives an account of every row or says that the source has changed; it never falls over."""

import random
import zlib
from collections import Counter
from pathlib import Path

import pytest
from golden_answers import Sample, context_of, samples
from mutations import mutations_for

from feeds.ingest import examine
from feeds.quarantine import Quarantine
from schemas.errors import FetchError, SourceChanged
from schemas.observations import encode, to_batch
from schemas.readings import CLOCK_TOLERANCE, OLDEST

EACH = 2000
"""Spoilt deliveries for each sample; the seed is made of the sample's name, so a failure comes again."""
ALL = samples()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # readers of damaged grids warn of what is odd in them
@pytest.mark.parametrize("sample", ALL, ids=str)
def test_spoilt_deliveries_never_stop_a_parser(sample: Sample, tmp_path: Path) -> None:
    """Two thousand spoilt copies of each sample: every row is used or kept aside, and all that comes out can be written."""
    raw, context = sample.path.read_bytes(), context_of(sample)
    chance = random.Random(zlib.crc32(str(sample).encode()))
    ways, outcomes = mutations_for(sample.path.name), Counter[str]()
    quarantine, kept = Quarantine(tmp_path), set[tuple[int, str, str]]()
    for number in range(EACH):
        way = chance.choice(ways)
        spoilt = way(chance, raw)
        try:
            examined = examine(spoilt, context)
        except (SourceChanged, FetchError):
            outcomes["refused"] += 1
            continue
        except Exception as error:
            raise AssertionError(f"mutation {number} ({way.__name__}) of {sample}: {error!r} on {spoilt[:400]!r}") from error
        rows = [kept.row for kept in examined.kept_aside if kept.row]
        assert examined.parsed.rows == examined.parsed.rows_used + len(rows), f"mutation {number} ({way.__name__}) lost a row"
        assert len(set(rows)) == len(rows), f"mutation {number} ({way.__name__}) kept a row aside twice"
        assert len(examined.parsed.observations) == len(examined.fit) + len(examined.kept_aside) - len(rows)
        assert all(OLDEST <= o.start <= context.received + CLOCK_TOLERANCE for o in examined.fit if o.lead is None)
        outcomes["read"] += 1
        if number % 20 == 0:
            encode(to_batch(examined.fit))
            quarantine.keep(examined.kept_aside)
            kept |= {(k.row, k.reason, k.excerpt) for k in examined.kept_aside}
    assert sum(outcomes.values()) == EACH
    assert min(outcomes["refused"], outcomes["read"]) > 0, f"mutations of one kind only: {outcomes}"
    assert {(k.row, k.reason, k.excerpt) for k in quarantine.rows()} == kept


def test_mutations_have_samples() -> None:
    """A test over all samples proves nothing if it finds none."""
    assert len(ALL) >= len({sample.feed for sample in ALL}) >= 1
