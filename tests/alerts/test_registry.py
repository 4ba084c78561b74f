"""People: their numbers are kept from everyone, their leave is final, and made-up ones can be nobody."""

import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alert_places import START
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from alerts.channels.contract import Refusal
from alerts.intents import Unsent
from alerts.ledger import STAGES
from alerts.life import Reason
from alerts.metrics import Metrics
from alerts.people import subscribers as people_of
from alerts.people.keys import Keys
from alerts.people.person import GROUPS
from alerts.people.synthetic import fill, people
from alerts.registry import Consent, Enrolment, Registry
from alerts.tables import metadata, subscribers
from schemas.country_facts import COLOURS
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError, RefusedError
from schemas.warning_records import Answer, MessageState

NUMBER = "+94771234567"
CONSENT = Consent(START, "enrolment-1", "committee of Gampola")


@pytest.fixture
def registry(homed: Registry) -> Registry:
    """All of this holds on SQLite and on PostgreSQL."""
    return homed


def person(number: str = NUMBER, area: str = "LK21", language: str = "si") -> Enrolment:
    """Somebody in Kandy."""
    return Enrolment(number, area, language, "household", CONSENT)


def test_a_number_is_nowhere_in_the_database_as_it_is(registry: Registry, tmp_path: Path) -> None:
    """Who steals the database without the keys has neither the number nor anything that can be tried for all numbers."""
    registry.enrol(person())
    registry.stop(NUMBER, START)
    with registry.reading() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    content = repr(rows).encode() + b"".join(path.read_bytes() for path in tmp_path.glob("registry.sqlite*"))
    assert NUMBER[1:].encode() not in content
    assert Keys.load(tmp_path / "keys").index(NUMBER).encode() in content
    assert Keys.load(tmp_path / "other", create=True).index(NUMBER).encode() not in content


def test_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    """Keys are made so, made once, and refused if others could read them or if they are gone."""
    first = Keys.load(tmp_path / "keys", create=True).index(NUMBER)
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").iterdir()} == {0o600}
    assert Keys.load(tmp_path / "keys", create=True).index(NUMBER) == first
    (tmp_path / "keys" / "index.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        Keys.load(tmp_path / "keys")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Keys.load(tmp_path / "missing")


def test_the_file_is_its_owners_alone(tmp_path: Path, keys: Keys) -> None:
    """Areas and needs stand in it as they are, so nobody else may read it, nor what SQLite puts beside it."""
    opened = Registry(f"sqlite:///{tmp_path}/own.sqlite", keys)
    opened.enrol(person())
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("own.sqlite*")} == {0o600}
    assert len(list(tmp_path.glob("own.sqlite*"))) == 3
    opened.close()


def test_the_same_person_is_there_once(registry: Registry) -> None:
    """However the number is written, in native digits too, a second enrolment moves the person and adds nobody."""
    first = registry.enrol(person())
    again = registry.enrol(person("077 123 4567", area="LK92", language="ta"), region="LK")
    assert again == first
    assert (registry.counts(["LK21"], "household"), registry.counts(["LK92"], "household")) == ({}, {"ta": 1})


@pytest.mark.parametrize("number", ["+94112345678", "+9477", "+999123456789", "hello"])
def test_only_mobile_numbers_are_enrolled_and_the_error_does_not_say_them(registry: Registry, number: str) -> None:
    """A landline, half a number or nobody's number is refused in words that can be logged."""
    with pytest.raises(RefusedError) as refused:
        registry.enrol(person(number))
    assert number not in str(refused.value)


def test_who_left_stays_away_until_they_come_back_themselves(registry: Registry) -> None:
    """After STOP no import brings a person back; after erasure nothing but the index is left; START does bring them back."""
    registry.enrol(person())
    registry.stop(NUMBER, START)
    with pytest.raises(RefusedError, match="left"):
        registry.enrol(person())
    assert registry.counts(["LK21"], "household") == {}
    assert registry.start(NUMBER, START)
    assert registry.counts(["LK21"], "household") == {"si": 1}
    registry.erase(NUMBER, START)
    with pytest.raises(RefusedError, match="left"):
        registry.enrol(person())
    with registry.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM subscribers").scalar_one() == 0


def test_a_person_says_where_they_are_and_how_they_read(registry: Registry) -> None:
    """Each change is one call; who came to another area joined it then; who is not known, or left, is told so."""
    later = START + timedelta(days=1)
    registry.enrol(person(), at=START)
    assert registry.change_language(NUMBER, "ta", later)
    assert registry.romanised(NUMBER, True, later)
    held = registry.export(NUMBER)["person"]
    assert (held["language"], held["romanised"], held["joined_at"], held["said_at"]) == ("ta", True, START.isoformat(), later.isoformat())
    assert registry.move(NUMBER, "LK92", later)
    assert registry.export(NUMBER)["person"]["joined_at"] == later.isoformat()
    assert registry.counts(["LK92"], "household") == {"ta": 1}
    assert not registry.move("+94771234568", "LK92", later)
    registry.stop(NUMBER, later)
    assert not registry.move(NUMBER, "LK21", later)


def test_who_comes_back_joins_anew(registry: Registry) -> None:
    """START brings a person back to the area's audience at that moment; one who was never known, or was erased, is asked where they are."""
    registry.enrol(person(), at=START)
    registry.stop(NUMBER, START + timedelta(days=1))
    assert registry.start(NUMBER, START + timedelta(days=2))
    assert registry.export(NUMBER)["person"]["joined_at"] == (START + timedelta(days=2)).isoformat()
    registry.erase(NUMBER, START + timedelta(days=3))
    assert not registry.start(NUMBER, START + timedelta(days=4))
    assert registry.enrol(person(), at=START + timedelta(days=4))


def test_who_lives_among_households_is_warned_with_them(registry: Registry) -> None:
    """A message to households reaches volunteers, committees and officials of the area; one to those on duty reaches them alone."""
    for last, group in enumerate(GROUPS):
        registry.enrol(replace(person(f"+9477123456{last}"), group=group))
    assert registry.counts(["LK21"], "household") == {"si": 4}
    assert registry.counts(["LK21"], "operator") == {"si": 1}
    assert registry.counts(["LK21"], "volunteer") == {"si": 1}


def test_errors_of_the_database_say_nothing_of_a_person(registry: Registry) -> None:
    """What a statement was given is not part of its error, which may reach a log."""
    registry.enrol(person())
    with pytest.raises(IntegrityError) as broken, registry.begin() as connection:
        connection.execute(insert(subscribers), [people_of.row("s1", registry.keys, person(), START)])
    assert registry.keys.index(NUMBER) not in str(broken.value).partition("DETAIL")[0]
    assert NUMBER[-9:] not in str(broken.value)


def test_made_up_people_are_the_same_for_the_same_seed(country: LoadedCountry) -> None:
    """Everything about them comes from country and seed; another seed makes others."""
    assert list(people(country, 500, 7)) == list(people(country, 500, 7))
    assert list(people(country, 500, 7)) != list(people(country, 500, 8))


def test_made_up_people_live_where_people_live_and_read_what_is_read_there(country: LoadedCountry) -> None:
    """Districts by population, exact to one; languages by the area's shares; all numbers nobody's and all different."""
    made = [p for _, p in people(country, 20_000, 1) if p.group == "household"]
    population = {a.code: a.population or 0 for a in country.places.areas.values() if a.level == "adm2"}
    lived = Counter(p.area for p in made)
    assert len(made) == 20_000
    for code, number in population.items():
        assert abs(lived[code] - 20_000 * number / sum(population.values())) < 1
    jaffna = Counter(p.language for p in made if p.area == "LK41")
    assert jaffna["ta"] > 0.9 * sum(jaffna.values())
    numbers = {p.number for p in made}
    assert len(numbers) == 20_000
    assert {n[:4] for n in numbers} == {"+999"}


def test_filling_twice_adds_nobody_and_refuses_what_could_be_somebody(registry: Registry, country: LoadedCountry) -> None:
    """A drill can be started again; a made-up person with a possible number is refused."""
    assert fill(registry, country, households=300) == 300 + 50
    assert fill(registry, country, households=300) == 0
    with pytest.raises(RefusedError, match="made-up"):
        registry.enrol_synthetic([("x", person())])


def test_metrics_hold_no_person() -> None:
    """Labels are words of closed sets: no number, no id, no area of few people."""
    metrics = Metrics()
    metrics.observe_messages({("w1.1", "LK21", "si", MessageState.ACCEPTED): 5, ("w1.1", "LK92", "ta", MessageState.ACCEPTED): 2})
    samples = [s for family in metrics.registry.collect() for s in family.samples]
    assert {name for s in samples for name in s.labels} == {"state", "stage", "reason", "level", "answer"}
    words = {*MessageState, *STAGES, *Unsent, *Refusal, *Reason, *Answer, *COLOURS}
    assert {value for s in samples for value in s.labels.values()} <= words
    assert metrics.registry.get_sample_value("polyrisk_messages", {"state": "accepted"}) == 7


def test_who_is_enrolled_by_many_at_once_is_one(registry: Registry) -> None:
    """Offices, imports and the person's own STOP may come at the same moment: one person stays one, and nobody gets an error."""
    with ThreadPoolExecutor(8) as offices:
        enrolled = list(offices.map(lambda area: registry.enrol(person(area=area)), ["LK21", "LK92"] * 8))
        list(offices.map(lambda _: registry.stop(NUMBER, START), range(8)))
    assert len(set(enrolled)) == 1
    with registry.reading() as connection:
        assert len(connection.execute(select(subscribers.c.id)).all()) == 1
    assert [row["reason"] for row in registry.export(NUMBER)["suppressions"]] == ["stop"]
