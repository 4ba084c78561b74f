"""What is kept for a time only is gone afterwards, and nothing that is still needed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_places import START
from sqlalchemy import Column, MetaData, String, Table, insert, select, update

from alerts import retention
from alerts.intents import GOODBYE, SERVICE
from alerts.people.person import Consent, Enrolment
from alerts.registry import Registry, open_registry
from alerts.retention import DELIVERIES, LEFT, forget
from alerts.tables import Utc, bodies, delivery_counts, lives, messages, recounts, subscribers, suppressions, warnings
from schemas.warning_records import MessageState

CONSENT = Consent(START, "enrolment-1", "committee of Gampola")
OLD = START + DELIVERIES


def said(
    registry: Registry,
    warning: str,
    *,
    told: bool = False,
    state: MessageState = MessageState.DELIVERED,
    counted: bool = True,
    stage: str = "issued",
) -> None:
    """A warning that ran out at START, with one message to one person."""
    with registry.begin() as connection:
        life = {"event": f"e:{warning}", "rule": "r", "area": "LK21", "told": told, "level": 3, "messages": 1, "open": told}
        connection.execute(insert(lives).values(warning=warning, **life, unconfirmed=False, quiet=False, latest="{}"))
        message = {"id": f"{warning}.1", "warning": warning, "number": 1, "kind": "warning", "audience": "public", "area": "LK21"}
        connection.execute(insert(warnings).values(**message, stage=stage, content="{}", expires=START, people=2, escalations=0))
        connection.execute(insert(bodies).values(message=f"{warning}.1", language="si", body="text", segments=1))
        row = {"message": f"{warning}.1", "subscriber": "s1", "language": "si", "area": "LK21", "priority": 3, "state": state.value}
        connection.execute(insert(messages).values(**row, attempts=1, refusal="", possibly_doubled=False))
        if counted:
            count = {"message": f"{warning}.1", "area": "LK21", "language": "si", "state": state.value, "count": 1, "revision": 1}
            connection.execute(insert(delivery_counts).values(**count))


def kept(registry: Registry) -> set[str]:
    """Messages of which it is still known who got them, and in which words."""
    with registry.reading() as connection:
        found = set(connection.execute(select(messages.c.message)).scalars())
        assert set(connection.execute(select(bodies.c.message)).scalars()) == found
    return found


def test_deliveries_become_counts(homed: Registry) -> None:
    """After ninety days nobody can tell who got a text or what it said; how many did stays."""
    said(homed, "w1")
    assert forget(homed, OLD - timedelta(seconds=1)) == {}
    assert kept(homed) == {"w1.1"}
    assert forget(homed, OLD) == {"bodies": 1, "messages": 1}
    assert kept(homed) == set()
    with homed.reading() as connection:
        assert connection.execute(select(delivery_counts.c["count"])).scalars().all() == [1]
    assert forget(homed, OLD) == {}


def test_what_is_still_needed_is_kept_however_old(homed: Registry) -> None:
    """Who stands under a warning must hear its end; what is not settled or not counted yet would be lost."""
    said(homed, "stands", told=True)
    said(homed, "moving", state=MessageState.SENDING)
    said(homed, "uncounted", counted=False)
    said(homed, "received")
    said(homed, "left")
    with homed.begin() as connection:
        connection.execute(update(lives).where(lives.c.warning == "left").values(left_to="stands"))
        connection.execute(insert(recounts).values(message="received.1"))
    assert forget(homed, OLD + timedelta(days=1000)) == {}
    assert kept(homed) == {"stands.1", "moving.1", "uncounted.1", "received.1", "left.1"}


def test_answers_to_one_person_are_kept_no_longer(homed: Registry) -> None:
    """They are counted nowhere, and need not be."""
    said(homed, "answer", stage=SERVICE, counted=False)
    said(homed, "goodbye", stage=GOODBYE, counted=False)
    forget(homed, OLD)
    assert kept(homed) == set()


def test_who_left_long_ago_is_a_mark_alone(homed: Registry) -> None:
    """For a year START brings them back to where they were; then the number goes, and no import brings it back."""
    for number, days in (("+94771234567", 0), ("+94771234568", 1)):
        homed.enrol(Enrolment(number, "LK21", "si", "household", CONSENT))
        homed.stop(number, START + timedelta(days=days))
    homed.enrol(Enrolment("+94771234569", "LK21", "si", "household", CONSENT))
    assert forget(homed, START + LEFT) == {"subscribers": 1}
    with homed.reading() as connection:
        assert len(connection.execute(select(subscribers.c.id)).all()) == 2
        assert len(connection.execute(select(suppressions)).all()) == 2
    assert not homed.start("+94771234567", START)
    assert homed.start("+94771234568", START)


def test_a_table_says_itself_how_long_its_rows_are_kept(homed: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of moments marked with days is all that another table needs."""
    others = MetaData()
    payloads = Table("payloads", others, Column("id", String(8), primary_key=True), Column("at", Utc, info={"kept_days": 30}))
    others.create_all(homed.engine)
    monkeypatch.setattr(retention, "metadata", others)
    with homed.begin() as connection:
        connection.execute(insert(payloads), [{"id": "old", "at": START}, {"id": "new", "at": START + timedelta(days=1)}])
    assert forget(homed, START + timedelta(days=30)) == {"payloads": 1}
    with homed.reading() as connection:
        assert connection.execute(select(payloads.c.id)).scalars().all() == ["new"]


def test_copies_of_older_versions_do_not_outlive_who_is_in_them(registry: Registry, tmp_path: Path) -> None:
    """The copy that an upgrade left is deleted after thirty days; other files beside the database are nobody's business."""
    now = datetime.now(UTC)
    for name in ("registry.sqlite.version-1.backup", "registry.sqlite.version-2.backup", "registry.sqlite.mine"):
        (tmp_path / name).touch()
    old = (now - timedelta(days=31)).timestamp()
    for name in ("registry.sqlite.version-1.backup", "registry.sqlite.mine"):
        os.utime(tmp_path / name, (old, old))
    assert forget(registry, now) == {"copies of older versions": 1}
    assert {path.name for path in tmp_path.glob("registry.sqlite.*")} == {"registry.sqlite.version-2.backup", "registry.sqlite.mine"}


def test_a_schedule_forgets_for_the_installation_it_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It finds the registry by the environment; where there is none yet, nothing is made and nothing fails."""
    monkeypatch.setenv("POLYRISK_STATE", str(tmp_path))
    retention.run_retention(OLD)
    assert list(tmp_path.iterdir()) == []
    registry = open_registry(tmp_path, create=True)
    said(registry, "w1")
    retention.run_retention(OLD)
    assert kept(registry) == set()
    registry.close()
