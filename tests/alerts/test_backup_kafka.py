"""A log in Kafka is in the backup too, as a file, and comes back as a file or into an empty log of any home."""

import sys
from contextlib import closing
from pathlib import Path

import pytest
from alert_places import CHECKOUT, START
from installations import installation, polyrisk

from alerts.service import AlertService
from eventlog.log import EventLog, open_log
from eventlog.state import LOG, log_url
from polyrisk.backup_manifest import load_manifest
from schemas.country_files import LoadedCountry
from schemas.records import Record
from schemas.topics import TOPICS

sys.path.append(str(CHECKOUT / "tests" / "eventlog"))
from contract import fresh_url


def held(log: EventLog) -> dict[str, list[Record]]:
    """All records by topic, in their order."""
    return {topic: [stored.record for stored in log.read(topic)] for topic in TOPICS}


def test_it_comes_back_as_a_file_and_into_an_empty_log_alone(
    tmp_path: Path, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same records in the same order; the alert service goes on where it was and proposes nothing a second time."""
    first = fresh_url("kafka", tmp_path / "first")
    monkeypatch.setenv(LOG, first)
    keys, place = tmp_path / "keys.json", tmp_path / "backups"
    with installation(tmp_path / "state", country, households=50) as made:
        made.warn("LK11", signed=False)
        said = held(made.log)
        assert "read out of kafka" in polyrisk("backup", "--state", made.state, "--out", place, "--keys", keys)
    (backup,) = place.glob("2*")
    assert (load_manifest(backup).log_home, load_manifest(backup).log.home) == ("kafka", "sqlite")
    restore = ("restore", backup, "--keys", keys, "--apply", "--state")
    assert "not empty" in polyrisk(*restore, tmp_path / "over", code=2)
    assert not (tmp_path / "over").exists()
    for number, url in enumerate(("", fresh_url("kafka", tmp_path / "second"))):
        monkeypatch.setenv(LOG, url)
        new = tmp_path / f"new-{number}"
        polyrisk(*restore, new)
        assert (new / "log.db").exists() == (url == "")
        with closing(open_log(log_url(new))) as log:
            assert held(log) == said
        with installation(new, country) as after, closing(AlertService(after.log, after.registry, country)) as service:
            service.take_in(START)
            assert len(service.pending()) == 1
            assert after.log.lag("alerts") == {"events": 0}
