"""What the console's own process loads; an installation with seven countries runs seven of it."""

import subprocess
import sys
from datetime import UTC, datetime

from schemas.inputs import Observation
from schemas.observations import encode, to_batch

HEAVY = ("airflow", "httpx", "matplotlib", "pandas", "pyarrow.compute", "pyarrow.dataset", "pyarrow.parquet", "scipy", "twilio")
_PROGRAM = """
import sys
import polyrisk.console_part
from processors.batch_columns import BatchColumns
from schemas.observations import decode
columns = BatchColumns(decode(sys.stdin.buffer.read()))
columns.issued, columns.observed, columns.leads, columns.members
print(*sys.modules)
"""
_WHEN = datetime(2025, 11, 27, tzinfo=UTC)
_RAIN = Observation(
    area="LK21", indicator="rain_1d", start=_WHEN, end=_WHEN, received=_WHEN, value=61.0, unit="mm", feed="rain", key="k", delivery="d"
)


def test_it_loads_nothing_that_only_other_parts_need() -> None:
    """Neither by its own modules, nor by reading what a feed delivered: each of these takes 5 to 45 MB."""
    delivered = encode(to_batch([_RAIN]))
    command = [sys.executable, "-c", _PROGRAM]
    told = subprocess.run(command, input=delivered, capture_output=True, check=True, timeout=300).stdout.decode().split()
    assert "console.pages" in told
    assert [name for name in HEAVY if name in told] == []
