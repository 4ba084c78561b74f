"""Whom an office enrols is told so once: what they will get and how to leave, and what stands where they are."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alert_places import START
from small_world import Telephones, World
from sqlalchemy import func, select

from alerts import intents
from alerts.dispatch import Dispatcher
from alerts.people import enrolling, welcome
from alerts.people.enrolling import ConsentOfAll, Report, enrol_file, enrol_one
from alerts.people.enrolment_files import read
from alerts.people.person import Consent, Enrolment
from alerts.people.welcome import owed, welcome_owed
from alerts.registry import Registry
from alerts.tables import messages
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.outputs import EventChange

CONSENT = ConsentOfAll(START - timedelta(days=1), "enrolment-1", "committee of Gampola")
NOON = START.replace(hour=6)
AMA, BIM, CHI = "+94771000001", "+94771000002", "+94771000003"
FILE = f"number,area,language,romanised\n{AMA},LK21,en,\n{BIM},LK21,ta,\n{CHI},LK92,en,\n"


@pytest.fixture
def watching(country: LoadedCountry) -> LoadedCountry:
    """Sri Lanka while it only watches: nothing goes out to people."""
    return standing(country, "monitoring")


@pytest.fixture
def country(country: LoadedCountry) -> LoadedCountry:
    """Sri Lanka once it sends to people."""
    return standing(country, "warning")


def standing(country: LoadedCountry, name: str) -> LoadedCountry:
    """The country with another standing."""
    return replace(country, facts=country.facts.model_copy(update={"standing": name}))


def imported(registry: Registry, country: LoadedCountry, folder: Path, at: datetime, *, apply: bool = True) -> Report:
    """The file of three people, imported at a moment."""
    file = folder / "people.csv"
    file.write_text(FILE, encoding="utf-8")
    return enrol_file(registry, country, read(file), CONSENT, at, apply=apply)


def sent(registry: Registry, at: datetime) -> list[tuple[str, str]]:
    """What goes out when the dispatcher runs at a moment, in its order."""
    telephones = Telephones()
    Dispatcher(registry, telephones, wall_clock=lambda: at).run(at)
    return telephones.read


def test_each_new_person_is_told_once_in_their_language(homed: Registry, country: LoadedCountry, tmp_path: Path) -> None:
    """Each reads in their own language that they are on the list, of which place, and how to leave; importing again says nothing."""
    report = imported(homed, country, tmp_path, NOON)
    texts = dict(sent(homed, NOON))
    assert report.welcomed == len(texts) == 3
    assert "you are on the list for Kandy" in texts[AMA]
    assert "Kegalle" in texts[CHI]
    assert "பட்டியலில்" in texts[BIM]
    for number, language in ((AMA, "en"), (BIM, "ta"), (CHI, "en")):
        assert country.facts.messaging.opt_out[language] in texts[number]
    again = imported(homed, country, tmp_path, NOON + timedelta(days=1))
    assert (again.welcomed, sent(homed, NOON + timedelta(days=1))) == (0, [])


def test_a_dry_run_writes_to_nobody(homed: Registry, country: LoadedCountry, tmp_path: Path) -> None:
    """It says to how many a text would go, and queues none."""
    assert imported(homed, country, tmp_path, NOON, apply=False).welcomed == 3
    assert sent(homed, NOON) == []


def test_an_import_that_is_killed_and_run_again_tells_nobody_twice(
    homed: Registry, country: LoadedCountry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is queued in the transaction that adds the person, so a death between two of them loses none and doubles none."""
    monkeypatch.setattr(enrolling, "CHUNK", 1)
    steps = 0

    def die(_: float) -> None:
        nonlocal steps
        steps += 1
        if steps == 5:  # three rows understood, the first of them written
            raise KeyboardInterrupt

    (tmp_path / "people.csv").write_text(FILE, encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        enrol_file(homed, country, read(tmp_path / "people.csv"), CONSENT, NOON, apply=True, progress=die)
    with homed.reading() as connection:
        assert connection.execute(select(func.count()).select_from(messages)).scalar() in (1, 2)
    imported(homed, country, tmp_path, NOON + timedelta(minutes=1))
    assert sorted(number for number, _ in sent(homed, NOON + timedelta(minutes=1))) == [AMA, BIM, CHI]


def test_one_person_who_is_enrolled_by_hand_is_told_too(homed: Registry, country: LoadedCountry) -> None:
    """By the command for one person it is the same, and who is only brought to what is said now is not told again."""
    person = Enrolment(AMA, "LK21", "en", "household", Consent(START, "t1", "office"))
    assert enrol_one(homed, country, person, NOON) is True
    assert enrol_one(homed, country, person, NOON) is False
    assert [number for number, _ in sent(homed, NOON)] == [AMA]


def test_a_welcome_waits_for_the_morning(homed: Registry, country: LoadedCountry, tmp_path: Path) -> None:
    """Whoever is enrolled at eleven at night is not woken for it, and is not told in the morning that the text is late."""
    night = datetime.fromisoformat("2025-11-27T23:00+05:30")
    imported(homed, country, tmp_path, night)
    assert sent(homed, night) == []
    texts = dict(sent(homed, night + timedelta(hours=9)))
    assert len(texts) == 3
    assert not any(text.startswith("SENT LATE") for text in texts.values())


def test_whoever_joins_hears_the_warning_that_stands_there_and_first(
    log: EventLog, homed: Registry, country: LoadedCountry, tmp_path: Path
) -> None:
    """An imported person of a warned area gets the standing warning once, before the text that says they are enrolled."""
    world = World(log, homed, country)
    world.person("Dayan")
    world.happens(EventChange.OPENED, 0)
    world.sign()
    world.telephones.read.clear()
    imported(homed, country, tmp_path, START + timedelta(hours=14))
    world.at(14)
    world.at(15)
    to_ama = [text for number, text in world.telephones.read if number == AMA]
    assert ["danger" in text for text in to_ama] == [True, True]  # "We write when danger comes"
    assert ["LEAVE" in text for text in to_ama] == [True, False]
    assert [("on the list" in text) for number, text in world.telephones.read if number == CHI] == [True]


def owed_people(registry: Registry) -> int:
    """To how many the text is owed."""
    with registry.reading() as connection:
        return owed(connection)


def test_while_a_country_sends_to_nobody_the_text_is_owed_and_sent_once_it_sends(
    homed: Registry, country: LoadedCountry, watching: LoadedCountry, tmp_path: Path
) -> None:
    """It is not queued to be refused; the report says so; when the country sends, each is told once, and who left meanwhile is not."""
    report = imported(homed, watching, tmp_path, NOON)
    assert (report.welcomed, report.owed, owed_people(homed)) == (0, 3, 3)
    assert imported(homed, watching, tmp_path, NOON, apply=False).owed == 0  # they are there
    assert sent(homed, NOON) == []
    with homed.reading() as connection:
        assert intents.unsent(connection) == {}
    with pytest.raises(RefusedError, match="sends to nobody yet"):
        welcome_owed(homed, watching, NOON)
    homed.stop(CHI, NOON)
    later = NOON + timedelta(days=40)
    assert welcome_owed(homed, country, later) == 2
    assert sorted(number for number, _ in sent(homed, later)) == [AMA, BIM]
    assert (welcome_owed(homed, country, later), owed_people(homed), sent(homed, later)) == (0, 0, [])


def test_a_dry_run_says_to_how_many_it_will_be_owed(homed: Registry, watching: LoadedCountry, tmp_path: Path) -> None:
    """Also one person who is enrolled by hand is owed it; people with numbers of nobody are told at once, as in the demonstration."""
    dry = imported(homed, watching, tmp_path, NOON, apply=False)
    assert (dry.welcomed, dry.owed, owed_people(homed)) == (0, 3, 0)
    enrol_one(homed, watching, Enrolment(AMA, "LK21", "en", "household", Consent(START, "t1", "office")), NOON)
    enrol_one(homed, watching, Enrolment("+999000000001", "LK21", "en", "household", Consent(START, "t1", "office")), NOON)
    assert owed_people(homed) == 1
    assert [number for number, _ in sent(homed, NOON)] == ["+999000000001"]


def test_queueing_what_is_owed_may_be_killed_and_run_again(
    homed: Registry, country: LoadedCountry, watching: LoadedCountry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text is queued in the transaction that notes that it is owed no more."""
    imported(homed, watching, tmp_path, NOON)
    monkeypatch.setattr(welcome, "_CHUNK", 1)

    def die(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        welcome_owed(homed, country, NOON, die)
    assert (owed_people(homed), welcome_owed(homed, country, NOON)) == (2, 2)
    assert sorted(number for number, _ in sent(homed, NOON)) == [AMA, BIM, CHI]
