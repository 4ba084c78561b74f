"""What was fetched, kept for replay and backtests: raw bytes by their content, parsed observations as Parquet by feed and month.

```
<root>/raw/3f/3fa4...                                        the bytes of a delivery, named by their SHA-256
<root>/observations/feed=<feed>/month=2025-11/<fetched>-<delivery>.parquet
```
"""

import functools
import hashlib
import operator
import os
import re
import uuid
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from schemas.errors import LogError
from schemas.moments import to_utc
from schemas.observations import SCHEMA, check
from schemas.records import received_of

if TYPE_CHECKING:
    import pyarrow.dataset as ds

_FILE = re.compile(r"/month=(?P<month>\d{4}-\d{2})/(?P<name>[^./][^/]*\.parquet)$")


class Archive:
    """An archive below `root`: a folder, or the URL of any place that pyarrow or fsspec reaches (`s3://...`, `fsspec+sftp://...`)."""

    def __init__(self, root: str) -> None:
        import pyarrow.fs as pafs  # with S3 and the like: a process that has no archive need not hold them

        if "://" in root:
            self._files, self._root = pafs.FileSystem.from_uri(root)
        else:
            self._files, self._root = pafs.LocalFileSystem(), str(Path(root).absolute())
        self._local = isinstance(self._files, pafs.LocalFileSystem)

    def keep(self, raw: bytes) -> str:
        """Keep the bytes of a delivery, once, and answer their SHA-256 in hexadecimal."""
        sha256 = hashlib.sha256(raw).hexdigest()
        path = self._raw_path(sha256)
        if self._files.get_file_info(path).size != len(raw):  # none, or one that a disk lost the end of
            self._write(path, raw)
        return sha256

    def raw(self, sha256: str) -> bytes:
        """The bytes of a delivery.

        Raises:
            LogError: they are not in the archive, or no longer what they were.
        """
        path = self._raw_path(sha256)
        try:
            with self._files.open_input_stream(path) as stream:
                raw: bytes = stream.read()
        except FileNotFoundError as error:
            raise LogError(f"The archive holds no delivery {sha256}.", where=path, remedy="Fetch it from the source again.") from error
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise LogError("The bytes in the archive are no longer those that were fetched.", where=path, remedy="Restore the file.")
        return raw

    def store(self, batch: pa.RecordBatch) -> None:
        """Keep the observations of one delivery; those of the same delivery and fetch replace themselves.

        Raises:
            PolyriskError: the batch has not `schemas.observations.SCHEMA`.
            LogError: it holds more than one delivery.
        """
        import pyarrow.compute as pc  # here: most processes open an archive and never write or read one, and it is 40 MB
        import pyarrow.parquet as pq

        check(batch)
        if batch.num_rows == 0:
            return
        table = pa.Table.from_batches([batch])
        feed, delivery, received = (_only(table, name) for name in ("feed", "delivery", "received"))
        name = f"{received_of(received)}-{delivery[:16]}.parquet"
        months = pc.strftime(table["start"], format="%Y-%m")
        for month in sorted(months.unique().to_pylist()):
            sink = pa.BufferOutputStream()
            pq.write_table(table.filter(pc.equal(months, month)), sink, compression="zstd")
            self._write(f"{self._root}/observations/feed={feed}/month={month}/{name}", sink.getvalue())

    def observations(
        self, feed: str | None = None, indicator: str | None = None, start: datetime | None = None, end: datetime | None = None
    ) -> pa.Table:
        """Observations whose period starts in [start, end), in order of fetch, with `schemas.observations.SCHEMA`.

        A revised reading is there as often as it was delivered; who wants the last word takes the greatest `issued`, then `received`.
        """
        import pyarrow.dataset as ds

        files = self._parquet_files(feed, start, end)
        if not files:
            return SCHEMA.empty_table()
        parts = [_equals("indicator", indicator), _at_least("start", start), _before("start", end)]
        conditions = [part for part in parts if part is not None]
        condition = functools.reduce(operator.and_, conditions) if conditions else None
        table = ds.dataset(files, schema=SCHEMA, format="parquet", filesystem=self._files).to_table(filter=condition)
        return table.sort_by([("received", "ascending")])

    def _parquet_files(self, feed: str | None, start: datetime | None, end: datetime | None) -> list[str]:
        """The files that may hold what is asked for, by feed and month, in order of fetch."""
        import pyarrow.fs as pafs

        folder = f"{self._root}/observations" + (f"/feed={feed}" if feed else "")
        selector = pafs.FileSelector(folder, recursive=True, allow_not_found=True)
        matches = [match for match in (_FILE.search(info.path) for info in self._files.get_file_info(selector)) if match]
        first = to_utc(start).strftime("%Y-%m") if start else ""
        last = to_utc(end).strftime("%Y-%m") if end else "9999-99"
        wanted = [match for match in matches if first <= match["month"] <= last]
        return [match.string for match in sorted(wanted, key=lambda match: (match["name"], match.string))]

    def _raw_path(self, sha256: str) -> str:
        return f"{self._root}/raw/{sha256[:2]}/{sha256}"

    def _write(self, path: str, content: bytes | pa.Buffer) -> None:
        """Write and then rename, so that no reader ever finds half a file, nor a power cut leaves one under the name."""
        folder, _, name = path.rpartition("/")
        self._files.create_dir(folder, recursive=True)
        draft = f"{folder}/.{uuid.uuid4().hex}.draft"
        with self._files.open_output_stream(draft) as stream:
            stream.write(content)
        if self._local:
            _make_durable(draft)
        self._files.move(draft, f"{folder}/{name}")


def _make_durable(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _only(table: pa.Table, column: str) -> Any:
    """The one value of a column.

    Raises:
        LogError: there are several.
    """
    values = table[column].unique().to_pylist()
    if len(values) != 1:
        raise LogError(f"A batch to be archived holds {len(values)} values of `{column}`.", remedy="Store each delivery by itself.")
    return values[0]


def _equals(column: str, value: str | None) -> "ds.Expression | None":
    import pyarrow.dataset as ds

    return None if value is None else ds.field(column) == value


def _at_least(column: str, moment: datetime | None) -> "ds.Expression | None":
    import pyarrow.dataset as ds

    return None if moment is None else ds.field(column) >= to_utc(moment)


def _before(column: str, moment: datetime | None) -> "ds.Expression | None":
    import pyarrow.dataset as ds

    return None if moment is None else ds.field(column) < to_utc(moment)
