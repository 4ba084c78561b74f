"""Which log and archive an installation has, as the environment says."""

from pathlib import Path

import pytest

from eventlog.state import log_url, opened_log


def test_the_log_is_a_file_in_the_folder_of_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without another word it lies in `POLYRISK_STATE`, or in the folder that is asked about."""
    monkeypatch.delenv("POLYRISK_LOG", raising=False)
    monkeypatch.setenv("POLYRISK_STATE", str(tmp_path))
    assert log_url() == f"sqlite:///{tmp_path}/log.db"
    assert log_url(tmp_path / "other") == f"sqlite:///{tmp_path}/other/log.db"


def test_the_log_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`POLYRISK_LOG` names it for every part of the installation, whatever folder the part was given."""
    monkeypatch.setenv("POLYRISK_LOG", f"sqlite:///{tmp_path}/elsewhere.db")
    assert log_url(tmp_path / "state") == f"sqlite:///{tmp_path}/elsewhere.db"
    with opened_log() as log:
        assert log.read("input") == []
    assert (tmp_path / "elsewhere.db").exists()
