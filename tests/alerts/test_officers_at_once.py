"""Many who try at the same moment get no more than one after the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from argon2 import PasswordHasher
from officers_desk import ADMINISTRATOR, ELSEWHERE, HERE, PASSWORD, Desk

from alerts.officers import passwords
from alerts.officers.tries import FROM_HERE, TriesUsedUpError
from alerts.registry import Registry
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError

MANY = 12


@pytest.fixture
def desk(homed: Registry, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An administrator, once in each kind of database; Argon2 at its least cost."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    made = Desk(homed, country)
    made.first()
    return made


def at_once(tried: Callable[[], object]) -> list[object]:
    """What each of many gets who do the same at one moment: an answer, or the error that refused it."""
    begin = Barrier(MANY)

    def one(_: int) -> object:
        begin.wait()
        try:
            return tried()
        except RefusedError as error:
            return error

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(one, range(MANY)))


def test_tries_at_one_moment_are_counted_before_they_are_judged(desk: Desk) -> None:
    """Of many wrong passwords at once five are looked at."""
    got = at_once(lambda: desk.signing_in.give_password(ADMINISTRATOR, "not the password", HERE))
    assert len([one for one in got if isinstance(one, TriesUsedUpError)]) == MANY - FROM_HERE
    assert all(isinstance(one, RefusedError) for one in got)


def test_of_many_who_bring_the_same_code_at_once_one_is_in(desk: Desk) -> None:
    """Both steps of a thief beside the owner, with the code that was seen."""
    halves = [desk.session(desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE)) for _ in range(MANY)]
    shown = desk.telephones[ADMINISTRATOR].shows()
    got = at_once(lambda: desk.signing_in.give_code(halves.pop(), shown, ELSEWHERE))
    assert len([one for one in got if isinstance(one, str)]) == 1


def test_of_two_first_administrators_at_once_one_stays(homed: Registry, country: LoadedCountry) -> None:
    """The last one made before anybody finished; the codes of all others are void."""
    desk = Desk(homed, country)
    made = at_once(lambda: desk.administering.first(ADMINISTRATOR, "A. Fonseka").code)
    assert len(desk.administering.all()) == 1
    opened = []
    for number, code in enumerate(made):
        try:
            opened.append(desk.signing_in.use_one_time_code(str(code), PASSWORD, f"198.51.100.{number}"))
        except RefusedError:
            continue
    assert len(opened) == 1
