"""Accounts of people on duty: how the first comes about, how colleagues come and go, and who signs in."""

import logging
import re
from datetime import timedelta
from itertools import chain
from typing import Literal

import pytest
from argon2 import PasswordHasher
from officers_desk import ADMINISTRATOR, ELSEWHERE, HERE, PASSWORD, Desk, approver
from sqlalchemy import select

from alerts import journal, retention
from alerts.officers import accounts, passwords
from alerts.officers.officer import ConsoleRole, Grant
from alerts.officers.sessions import IDLE, LASTS, Stage
from alerts.officers.tries import FROM_ANYWHERE, FROM_HERE, OF_ADDRESS, WINDOW, TriesUsedUpError
from alerts.people.rotation import rotate
from alerts.registry import Registry
from alerts.tables import metadata, officer_tries, officers
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError

WRONG = "the name or the password is wrong, or the account is not in use"


@pytest.fixture
def desk(homed: Registry, country: LoadedCountry) -> Desk:
    """No account yet, once in each kind of database."""
    return Desk(homed, country)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> PasswordHasher:
    """Argon2id at its least cost, so that what is tried is what is done with it; answers the product's own."""
    own = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._of_nobody.cache_clear()
    return own


def test_nobody_is_there_at_first_and_no_password_opens_anything(desk: Desk) -> None:
    """There is no default account; what others ship as one is refused."""
    assert desk.administering.all() == []
    assert not desk.signing_in.is_closed()
    for name, password in (("admin", "admin"), ("admin", ""), ("polyrisk", "polyrisk"), ("", "")):
        with pytest.raises(RefusedError, match=WRONG):
            desk.signing_in.give_password(name, password, HERE)


def test_the_first_administrator_is_made_once(desk: Desk) -> None:
    """Until one has finished it may be made again, which voids the code before; afterwards never, whatever is reset."""
    lost = desk.administering.first("somebody", "Somebody").code
    desk.first()
    assert [officer.name for officer in desk.administering.all()] == [ADMINISTRATOR]
    assert desk.signing_in.is_closed()
    with pytest.raises(RefusedError, match="not known, was used, or is too old"):
        desk.signing_in.use_one_time_code(lost, PASSWORD, HERE)
    desk.administering.reset(ADMINISTRATOR, ADMINISTRATOR)
    assert desk.signing_in.is_closed()
    with pytest.raises(RefusedError, match="there is an administrator already"):
        desk.administering.first("mallory", "M. Allory")


def test_who_has_not_finished_administers_nothing(desk: Desk) -> None:
    """An account that was made and never set up makes no others."""
    desk.administering.first(ADMINISTRATOR, "A. Fonseka")
    with pytest.raises(RefusedError, match="has not signed in yet"):
        desk.administering.add("colleague", "C. Olleague", ADMINISTRATOR)


def test_a_one_time_code_holds_for_its_time_and_is_used_once(desk: Desk) -> None:
    """An hour for the first, a day for a colleague; once the authenticator is set it is worth nothing."""
    code = desk.administering.first(ADMINISTRATOR, "A. Fonseka").code
    desk.clock.goes_on(hours=1)
    with pytest.raises(RefusedError, match="too old"):
        desk.signing_in.use_one_time_code(code, PASSWORD, HERE)
    code = desk.administering.first(ADMINISTRATOR, "A. Fonseka").code
    desk.finish(ADMINISTRATOR, code.upper().replace("-", " "))
    with pytest.raises(RefusedError, match="was used"):
        desk.signing_in.use_one_time_code(code, "another password of mine", HERE)
    assert desk.sign_in(ADMINISTRATOR)


def test_a_password_alone_opens_nothing(desk: Desk) -> None:
    """Who set the password and not the authenticator is not in; the one-time code still holds, and they begin again with it."""
    desk.first()
    code = desk.administering.add("colleague", "C. Olleague", ADMINISTRATOR).code
    half = desk.session(desk.signing_in.use_one_time_code(code, PASSWORD, HERE))
    assert half.stage is Stage.SET_UP
    with pytest.raises(RefusedError, match="no second factor yet"):
        desk.signing_in.give_password("colleague", PASSWORD, HERE)
    assert desk.session(desk.finish("colleague", code)).stage is Stage.FULL
    assert desk.signing_in.look(half.token) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elevenchars", "too short"),
        ("aaaaaaaaaaaaaaaa", "repeats the same few"),
        ("the A.FONSEKA of 1990", "the account's name"),
        ("x" * 200 + "abcd" * 300, "longer than"),
    ],
)
def test_a_poor_password_is_not_taken_and_not_repeated(desk: Desk, password: str, why: str) -> None:
    """The error says what is wrong with it and not what it was; the one-time code is not used up."""
    code = desk.administering.first(ADMINISTRATOR, "A. Fonseka").code
    with pytest.raises(RefusedError, match=why) as refused:
        desk.signing_in.use_one_time_code(code, password, HERE)
    assert password not in str(refused.value)
    assert desk.finish(ADMINISTRATOR, code)


def test_signing_in_takes_both_steps_and_each_gives_a_new_session(desk: Desk) -> None:
    """The value that the browser had before a step is worth nothing after it, so that one which somebody planted opens nothing."""
    before = desk.first()
    half = desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE, before)
    assert desk.signing_in.look(before) is None
    assert desk.session(half).stage is Stage.SECOND
    full = desk.signing_in.give_code(desk.session(half), desk.telephones[ADMINISTRATOR].shows(), HERE)
    assert desk.signing_in.look(half) is None
    assert desk.session(full).stage is Stage.FULL
    assert len({before, half, full}) == 3


def test_names_are_found_whatever_their_case(desk: Desk) -> None:
    """`A.FONSEKA` signs in as `a.fonseka`, and nobody else can be named so."""
    desk.first()
    assert desk.signing_in.give_password(f" {ADMINISTRATOR.upper()} ", PASSWORD, HERE)
    with pytest.raises(RefusedError, match="there is an account"):
        desk.administering.add("A.Fonseka", "Another", ADMINISTRATOR)
    for name in ("", "two words", "un\u200bseen", "x" * 81):
        with pytest.raises(RefusedError, match="one word that can be seen"):
            desk.administering.add(name, "Somebody", ADMINISTRATOR)


def test_an_unknown_account_is_refused_by_the_same_work_and_words(
    desk: Desk, cheap: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No account, a wrong password, one that was never set, one out of use: each costs one Argon2 of full cost and reads the same."""
    monkeypatch.setattr(passwords, "_hasher", cheap)
    passwords._of_nobody.cache_clear()
    desk.first()
    desk.administering.add("waiting", "W. Aiting", ADMINISTRATOR)
    desk.colleague("gone")
    desk.administering.disable("gone", ADMINISTRATOR)
    watched = Counting()
    monkeypatch.setattr(passwords, "_hasher", watched)
    said = set()
    for name, password in ((ADMINISTRATOR, "not the password"), ("nobody", PASSWORD), ("waiting", PASSWORD), ("gone", PASSWORD)):
        with pytest.raises(RefusedError) as refused:
            desk.signing_in.give_password(name, password, HERE)
        said.add(str(refused.value))
    assert len(said) == 1
    assert len(watched.tried) == 4
    assert all(kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$") for kept in watched.tried)


class Counting(PasswordHasher):
    """Argon2 that notes which hashes it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[str | bytes] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        """As the library does."""
        self.tried.append(hash)
        return super().verify(hash, password)


def test_a_hash_of_older_parameters_is_made_anew(desk: Desk, cheap: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the library asks for more than it did, the next sign-in pays it."""
    desk.first()
    monkeypatch.setattr(passwords, "_hasher", cheap)
    desk.sign_in(ADMINISTRATOR)
    with desk.registry.reading() as connection:
        assert accounts.password_of(connection, desk.officer(ADMINISTRATOR).id).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_code_is_taken_once(desk: Desk) -> None:
    """Whoever has seen it typed cannot use it again, nor an earlier one."""
    desk.first()
    desk.sign_in(ADMINISTRATOR)
    shown = desk.telephones[ADMINISTRATOR].shows()
    half = desk.session(desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE))
    desk.signing_in.give_code(half, shown, HERE)
    again = desk.session(desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE))
    for code in (shown, desk.telephones[ADMINISTRATOR].shows(-1)):
        with pytest.raises(RefusedError, match="wrong, or was used before"):
            desk.signing_in.give_code(again, code, HERE)
    assert desk.signing_in.give_code(again, desk.telephones[ADMINISTRATOR].shows(1), HERE)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephone_may_be_off_by_one_step(desk: Desk, steps: int, taken: bool) -> None:
    """Half a minute either way."""
    desk.first()
    desk.clock.goes_on(minutes=5)
    half = desk.session(desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE))
    if taken:
        assert desk.signing_in.give_code(half, desk.telephones[ADMINISTRATOR].shows(steps), HERE)
        return
    with pytest.raises(RefusedError, match="the code is wrong"):
        desk.signing_in.give_code(half, desk.telephones[ADMINISTRATOR].shows(steps), HERE)


def test_a_lost_telephone_is_stood_in_for_by_codes_that_were_written_down(desk: Desk) -> None:
    """Each once; another account's are worth nothing here."""
    desk.first()
    desk.colleague("colleague")
    code, *others = desk.recovery[ADMINISTRATOR]
    half = desk.session(desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE))
    with pytest.raises(RefusedError, match="the code is wrong"):
        desk.signing_in.give_code(half, desk.recovery["colleague"][0], HERE)
    token = desk.signing_in.give_code(half, code.upper(), HERE)
    assert desk.signing_in.recovery_left(desk.session(token)) == len(others) == 7
    half = desk.session(desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE))
    with pytest.raises(RefusedError, match="was used before"):
        desk.signing_in.give_code(half, code, HERE)


def test_a_reset_takes_password_telephone_and_sessions_at_once(desk: Desk) -> None:
    """Whoever found the telephone is out before the owner is in again."""
    desk.first()
    found = desk.colleague("colleague")
    code = desk.administering.reset("colleague", ADMINISTRATOR).code
    assert desk.signing_in.look(found) is None
    with pytest.raises(RefusedError, match=WRONG):
        desk.signing_in.give_password("colleague", PASSWORD, HERE)
    old = desk.telephones["colleague"]
    desk.finish("colleague", code)
    half = desk.session(desk.signing_in.give_password("colleague", PASSWORD, HERE))
    with pytest.raises(RefusedError, match="the code is wrong"):
        desk.signing_in.give_code(half, old.shows(), HERE)
    assert desk.signing_in.give_code(half, desk.telephones["colleague"].shows(), HERE)


def test_after_five_failures_nothing_is_looked_at_for_a_quarter_of_an_hour(desk: Desk) -> None:
    """Not even the right password, and not by a console that was started anew; elsewhere the person still gets in."""
    desk.first()
    for _ in range(FROM_HERE):
        with pytest.raises(RefusedError, match=WRONG):
            desk.signing_in.give_password(ADMINISTRATOR, "not the password", HERE)
    desk.clock.goes_on(minutes=5)
    restarted = type(desk.signing_in)(desk.registry, desk.clock)
    with pytest.raises(TriesUsedUpError, match="Wait 10 minutes") as refused:
        restarted.give_password(ADMINISTRATOR, PASSWORD, HERE)
    assert refused.value.wait_s == 600
    assert desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, ELSEWHERE)
    desk.clock.goes_on(minutes=10)
    assert desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE)


def test_failures_at_a_name_that_is_not_there_count_the_same(desk: Desk) -> None:
    """So that being refused tells nobody which names exist."""
    for _ in range(FROM_HERE):
        with pytest.raises(RefusedError, match=WRONG):
            desk.signing_in.give_password("nobody", PASSWORD, HERE)
    with pytest.raises(TriesUsedUpError):
        desk.signing_in.give_password("NOBODY", PASSWORD, HERE)


def test_many_addresses_get_no_more_tries_at_one_account_and_one_address_none_at_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty failures at an account from anywhere, fifty from an address at anything; an administrator lets an account be tried anew."""
    desk.first()
    monkeypatch.setattr(passwords, "verify", lambda password, kept: password == PASSWORD and bool(kept))  # what it costs is not tried here
    for number in range(FROM_ANYWHERE):
        with pytest.raises(RefusedError, match=WRONG):
            desk.signing_in.give_password(ADMINISTRATOR, "not the password", f"198.51.100.{number}")
    with pytest.raises(TriesUsedUpError):
        desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, ELSEWHERE)
    desk.administering.unlock(ADMINISTRATOR, ADMINISTRATOR)
    assert desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, ELSEWHERE)
    for number in range(OF_ADDRESS):
        with pytest.raises(RefusedError, match=WRONG):
            desk.signing_in.give_password(f"name{number}", PASSWORD, HERE)
    with pytest.raises(TriesUsedUpError):
        desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE)


def test_codes_are_tried_no_more_often_than_passwords(desk: Desk) -> None:
    """Five wrong codes, and the right one is not looked at either; the same for one-time codes."""
    desk.first()
    half = desk.session(desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE))
    for _ in range(FROM_HERE):
        with pytest.raises(RefusedError, match="the code is wrong"):
            desk.signing_in.give_code(half, "000 000", HERE)
        with pytest.raises(RefusedError, match="one-time code is not known"):
            desk.signing_in.use_one_time_code("aaaaa-aaaaa-aaaaa-aaaaa", PASSWORD, HERE)
    with pytest.raises(TriesUsedUpError):
        desk.signing_in.give_code(half, desk.telephones[ADMINISTRATOR].shows(), HERE)
    with pytest.raises(TriesUsedUpError):
        desk.signing_in.use_one_time_code("aaaaa-aaaaa-aaaaa-aaaaa", PASSWORD, HERE)


def test_what_succeeds_is_no_failure(desk: Desk) -> None:
    """Who signs in often is never told to wait."""
    desk.first()
    for _ in range(FROM_HERE + 2):
        desk.sign_in(ADMINISTRATOR)


@pytest.mark.parametrize("waits", [IDLE, LASTS[Stage.FULL]])
def test_a_session_ends_when_nobody_uses_it_and_at_the_end_of_a_shift(desk: Desk, waits: timedelta) -> None:
    """Two hours without a page, twelve in all however busy it was."""
    token = desk.first()
    if waits > IDLE:
        for _ in range(int(waits / timedelta(hours=1)) - 1):
            desk.clock.goes_on(hours=1)
            assert desk.signing_in.look(token) is not None
        desk.clock.goes_on(hours=1)
    else:
        desk.clock.goes_on(seconds=waits.total_seconds())
    assert desk.signing_in.look(token) is None


def test_an_account_out_of_use_is_out_at_once(desk: Desk) -> None:
    """Also whoever is signed in with it; in use again, they sign in anew."""
    desk.first()
    live = desk.colleague("colleague", approver())
    assert desk.session(live).officer.grants == (approver(),)
    desk.administering.disable("colleague", ADMINISTRATOR)
    assert desk.signing_in.look(live) is None
    desk.administering.enable("colleague", ADMINISTRATOR)
    assert desk.signing_in.look(live) is None
    assert desk.sign_in("colleague")


def test_what_is_revoked_is_gone_at_the_next_request(desk: Desk) -> None:
    """A session that is open keeps nothing of it."""
    desk.first()
    live = desk.colleague("colleague", approver(), approver(area="LK21"))
    desk.administering.revoke("colleague", approver(), ADMINISTRATOR)
    assert desk.session(live).officer.grants == (approver(area="LK21"),)
    with pytest.raises(RefusedError, match=r"is not approver \(director\) in LKA\."):
        desk.administering.revoke("colleague", approver(), ADMINISTRATOR)


def test_somebody_always_administers(desk: Desk) -> None:
    """The last one can neither be taken out of use nor lose the role; a colleague who never signed in does not count."""
    desk.first()
    administers = Grant(ConsoleRole.ADMINISTRATOR, "LKA")
    code = desk.administering.add("second", "S. Econd", ADMINISTRATOR).code
    desk.administering.grant("second", administers, ADMINISTRATOR)
    for refused in (desk.administering.disable, lambda name, by: desk.administering.revoke(name, administers, by)):
        with pytest.raises(RefusedError, match="nobody could change accounts any more"):
            refused(ADMINISTRATOR, ADMINISTRATOR)
    assert desk.sign_in(ADMINISTRATOR)
    desk.finish("second", code)
    desk.administering.revoke(ADMINISTRATOR, administers, "second")
    with pytest.raises(RefusedError, match="does not administer Sri Lanka"):
        desk.administering.add("third", "T. Hird", ADMINISTRATOR)


def test_another_password_ends_all_sessions_but_the_one_that_goes_on(desk: Desk) -> None:
    """The current one is asked for; the value of the cookie is new."""
    other, here = desk.first(), desk.sign_in(ADMINISTRATOR)
    with pytest.raises(RefusedError, match="current password is wrong"):
        desk.signing_in.change_password(desk.session(here), "not the password", "five words that dance well", HERE)
    new = desk.signing_in.change_password(desk.session(here), PASSWORD, "five words that dance well", HERE)
    assert desk.signing_in.look(other) is desk.signing_in.look(here) is None
    assert desk.session(new).stage is Stage.FULL
    with pytest.raises(RefusedError, match=WRONG):
        desk.signing_in.give_password(ADMINISTRATOR, PASSWORD, HERE)


def test_signing_out_ends_the_session_on_our_side(desk: Desk) -> None:
    """A cookie that somebody copied is worth nothing afterwards."""
    token = desk.first()
    desk.signing_in.sign_out(desk.session(token))
    assert desk.signing_in.look(token) is None


def test_the_second_factor_goes_along_when_the_keys_are_changed(desk: Desk) -> None:
    """Its secret is written anew under the new keys, and the telephone still opens."""
    desk.first()
    assert rotate(desk.registry).written == 1
    assert desk.sign_in(ADMINISTRATOR)


def test_no_secret_stands_in_the_database_in_the_logs_or_in_an_error(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Password, authenticator's key, one-time code, cookie and codes for its loss: none is found in any row, nor in what was said."""
    caplog.set_level(logging.DEBUG)
    code = desk.administering.first(ADMINISTRATOR, "A. Fonseka").code
    token = desk.finish(ADMINISTRATOR, code)
    colleague = desk.administering.add("colleague", "C. Olleague", ADMINISTRATOR)
    typed = "typed into the wrong field"
    errors = []
    for name, password in ((typed, PASSWORD), (ADMINISTRATOR, typed)):
        with pytest.raises(RefusedError) as refused:
            desk.signing_in.give_password(name, password, HERE)
        errors.append(str(refused.value))
    secrets = [PASSWORD, code, colleague.code, token, typed, HERE, desk.telephones[ADMINISTRATOR].secret, *desk.recovery[ADMINISTRATOR]]
    said = [*errors, caplog.text, repr(desk.session(token)), repr(colleague), repr(desk.signing_in)]
    with desk.registry.reading() as connection:
        kept = [repr(value) for table in metadata.sorted_tables for row in connection.execute(select(table)) for value in row]
    assert any("$argon2id$" in value for value in kept)
    for secret in secrets:
        written = {secret, re.sub(r"[^A-Za-z0-9]", "", secret)} if secret != HERE else {secret}
        assert not [value for value in chain(kept, said) if any(one in value for one in written)]
    assert "account a.fonseka: sign_in_refused, password" in caplog.text


def test_what_is_over_is_forgotten(desk: Desk) -> None:
    """Sessions, one-time codes and failures a day after their time; accounts stay, for what they did names them."""
    desk.first()
    desk.administering.add("colleague", "C. Olleague", ADMINISTRATOR)
    with pytest.raises(RefusedError):
        desk.signing_in.give_password("nobody", PASSWORD, HERE)
    done = retention.forget(desk.registry, desk.clock() + timedelta(days=3))
    assert {name: done[name] for name in ("officer_sessions", "officer_links", "officer_tries")} == {
        "officer_sessions": 1,
        "officer_links": 1,
        "officer_tries": 1,
    }
    with desk.registry.reading() as connection:
        assert len(connection.execute(select(officers)).all()) == 2


def test_failures_older_than_the_window_leave_by_themselves(desk: Desk) -> None:
    """Each try takes away what no longer counts."""
    for _ in range(3):
        with pytest.raises(RefusedError):
            desk.signing_in.give_password("nobody", PASSWORD, HERE)
    desk.clock.goes_on(seconds=WINDOW.total_seconds())
    with pytest.raises(RefusedError):
        desk.signing_in.give_password("nobody", PASSWORD, HERE)
    with desk.registry.reading() as connection:
        assert len(connection.execute(select(officer_tries)).all()) == 1


def test_every_step_of_an_account_stands_in_the_journal(desk: Desk) -> None:
    """Who did what to whom, in its order; of a name that no account has nothing, for it may be a password in the wrong field."""
    desk.first()
    token = desk.colleague("colleague", approver())
    for name in ("colleague", "typed into the wrong field"):
        with pytest.raises(RefusedError):
            desk.signing_in.give_password(name, "not the password", HERE)
    desk.signing_in.sign_out(desk.session(token))
    desk.administering.revoke("colleague", approver(), ADMINISTRATOR)
    desk.administering.disable("colleague", ADMINISTRATOR)
    with desk.registry.reading() as connection:
        kept = [(entry.actor, entry.role, entry.step, entry.subject, entry.content) for entry in journal.entries(connection)]
    granted, nothing = '{"account":"approver (director) in LKA"}', "{}"
    assert kept[4:] == [
        (ADMINISTRATOR, "administrator", "account_made", "colleague", '{"account":"COLLEAGUE"}'),
        ("colleague", "account", "password_set", "colleague", '{"account":"with a one-time code"}'),
        ("colleague", "account", "account_set_up", "colleague", nothing),
        (ADMINISTRATOR, "administrator", "role_granted", "colleague", granted),
        ("somebody", "account", "sign_in_refused", "colleague", '{"account":"password"}'),
        ("colleague", "account", "signed_out", "colleague", nothing),
        (ADMINISTRATOR, "administrator", "role_revoked", "colleague", granted),
        (ADMINISTRATOR, "administrator", "account_disabled", "colleague", nothing),
    ]
    assert [row[2] for row in kept[:4]] == ["account_made", "role_granted", "password_set", "account_set_up"]
