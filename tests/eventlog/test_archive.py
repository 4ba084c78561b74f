"""The archive gives back what was fetched and what was read from it, exactly and once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlog.archive import Archive
from schemas.errors import LogError
from schemas.inputs import Observation
from schemas.observations import SCHEMA, to_batch

FETCHED = datetime(2025, 12, 1, 6, tzinfo=UTC)


def reading(
    start: datetime, *, indicator: str = "river_level", value: float | None = 1.5, fetch: int = 0, feed: str = "rivers"
) -> Observation:
    """A river level of one gauge, read in the fetch of that number, an hour apart."""
    return Observation(
        area="LK-PERA",
        indicator=indicator,
        start=start,
        end=start,
        received=FETCHED + timedelta(hours=fetch),
        value=value,
        unit="m",
        feed=feed,
        key=start.isoformat(),
        delivery=f"{fetch:064x}",
    )


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An empty archive in a folder."""
    return Archive(str(tmp_path / "archive"))


def test_bytes_are_kept_once_by_their_content(archive: Archive, tmp_path: Path) -> None:
    """The same bytes are one file, and are given back by their SHA-256."""
    names = {archive.keep(b"a,b\n1,2\n"), archive.keep(b"a,b\n1,2\n")}
    assert len(names) == 1
    assert archive.raw(names.pop()) == b"a,b\n1,2\n"
    assert len([p for p in (tmp_path / "archive").rglob("*") if p.is_file()]) == 1


def test_bytes_that_are_missing_or_changed_are_not_given_back(archive: Archive, tmp_path: Path) -> None:
    """A delivery that was never kept, and one whose file was altered, are errors that name the file."""
    with pytest.raises(LogError, match="holds no delivery"):
        archive.raw("0" * 64)
    sha256 = archive.keep(b"10.56")
    (tmp_path / "archive" / "raw" / sha256[:2] / sha256).write_bytes(b"10.65")
    with pytest.raises(LogError, match="no longer those that were fetched"):
        archive.raw(sha256)


def test_bytes_whose_end_a_disk_lost_are_kept_anew(archive: Archive, tmp_path: Path) -> None:
    """A file that is there but cut off does not count as kept."""
    sha256 = archive.keep(b"a,b\n1,2\n")
    (file,) = (p for p in (tmp_path / "archive").rglob("*") if p.is_file())
    file.write_bytes(b"a,b\n")
    assert archive.keep(b"a,b\n1,2\n") == sha256
    assert archive.raw(sha256) == b"a,b\n1,2\n"


def test_observations_come_back_as_they_went_in(archive: Archive) -> None:
    """Columns, types and values are those of the batch, nulls included."""
    batch = to_batch([reading(FETCHED, value=None), reading(FETCHED - timedelta(days=40)), reading(FETCHED - timedelta(days=1))])
    archive.store(batch)
    table = archive.observations()
    assert table.schema == SCHEMA
    assert sorted(table.to_pylist(), key=repr) == sorted(batch.to_pylist(), key=repr)


def test_a_delivery_stored_again_is_there_once(archive: Archive) -> None:
    """A retry of the same fetch replaces itself."""
    for _ in range(2):
        archive.store(to_batch([reading(FETCHED)]))
    assert archive.observations().num_rows == 1


def test_what_was_revised_is_there_as_often_as_it_was_delivered(archive: Archive) -> None:
    """Two deliveries of the same period are both kept, in order of fetch."""
    for fetch, value in ((1, 2.0), (0, 1.0), (2, 1.0)):
        archive.store(to_batch([reading(FETCHED, fetch=fetch, value=value)]))
    assert archive.observations()["value"].to_pylist() == [1.0, 2.0, 1.0]


def test_observations_are_found_by_feed_indicator_and_start(archive: Archive) -> None:
    """Each condition alone and all together; the span is half-open, across months."""
    edge = datetime(2025, 12, 1, tzinfo=UTC)
    archive.store(to_batch([reading(edge + timedelta(days=n)) for n in (-31, -1, 0, 1, 31)]))
    archive.store(to_batch([reading(edge, indicator="river_level.red", feed="other")]))
    assert archive.observations(feed="other")["indicator"].to_pylist() == ["river_level.red"]
    assert archive.observations(indicator="river_level").num_rows == 5
    found = archive.observations("rivers", "river_level", edge - timedelta(days=1), edge + timedelta(days=1))
    assert [row["start"] for row in found.to_pylist()] == [edge - timedelta(days=1), edge]
    assert archive.observations(feed="nobody").num_rows == 0
    assert archive.observations(start=edge + timedelta(days=90)).schema == SCHEMA


def test_an_empty_archive_answers_with_no_rows(archive: Archive) -> None:
    """Nothing stored is an empty table of the same columns, and an empty batch leaves it so."""
    archive.store(to_batch([]))
    assert archive.observations().num_rows == 0
    assert archive.observations().schema == SCHEMA


def test_a_batch_of_two_deliveries_is_refused(archive: Archive) -> None:
    """One batch is one delivery, for its file is named by it."""
    with pytest.raises(LogError, match="2 values of `delivery`"):
        archive.store(to_batch([reading(FETCHED), reading(FETCHED, fetch=1)]))


def test_half_a_file_is_never_read(archive: Archive, tmp_path: Path) -> None:
    """What a killed writer left behind is passed over."""
    archive.store(to_batch([reading(FETCHED)]))
    folder = next((tmp_path / "archive" / "observations").rglob("month=*"))
    (folder / ".0123.draft").write_bytes(b"PAR1")
    assert archive.observations().num_rows == 1


def test_an_archive_may_be_anywhere_that_fsspec_reaches() -> None:
    """The same archive at a URL: here in memory."""
    archive = Archive("fsspec+memory:///polyrisk-archive")
    sha256 = archive.keep(b"raw")
    archive.store(to_batch([reading(FETCHED)]))
    assert archive.raw(sha256) == b"raw"
    assert archive.observations(feed="rivers").num_rows == 1
