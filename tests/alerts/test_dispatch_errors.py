"""What a provider's refusals mean: one person, one country, all of us, or only a pause; and the money on its account."""

from collections import Counter
from datetime import timedelta

import pytest
from alert_places import START
from sending import Intend, Wall, dispatcher, states, told_on_duty
from sqlalchemy import select, update

from alerts.channels._twilio_http import REFUSED
from alerts.channels.contract import LATER, STOPS_ALL, STOPS_COUNTRY, Refusal
from alerts.doors import TRY_AGAIN_AFTER, Doors, calling_code
from alerts.registry import Registry
from alerts.stand_in_provider import Limits, Mode, StandInProvider
from alerts.tables import subscribers, warnings


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (20003, Refusal.UNAUTHORISED),
        (20005, Refusal.SUSPENDED),
        (10001, Refusal.SUSPENDED),
        (20429, Refusal.SLOW_DOWN),
        (21611, Refusal.SLOW_DOWN),
        (21211, Refusal.INVALID_NUMBER),
        (21408, Refusal.COUNTRY_CLOSED),
        (21610, Refusal.STOPPED),
        (21612, Refusal.NOT_ROUTABLE),
        (21614, Refusal.NOT_MOBILE),
        (21635, Refusal.NOT_MOBILE),
        (21617, Refusal.BAD_TEXT),
    ],
)
def test_each_code_of_twilio_has_its_meaning(code: int, refusal: Refusal) -> None:
    """Three kinds of refusals come back, stop all, or stop a country; each of the others is one person's and final."""
    assert REFUSED[code] is refusal
    assert not LATER & STOPS_ALL
    assert not (LATER | STOPS_ALL) & STOPS_COUNTRY


@pytest.mark.parametrize(("mode", "token", "why"), [(Mode.OK, "wrong", "unauthorised"), (Mode.SUSPENDED, "stand-in", "suspended")])
def test_a_provider_that_refuses_us_stops_everything_and_keeps_the_queue(
    intend: Intend, registry: Registry, wall: Wall, mode: Mode, token: str, why: str
) -> None:
    """Nothing is burnt: after the first refusal nobody else is tried, people on duty are told once, and all wait."""
    number = intend(600)
    with StandInProvider(mode, clock=wall) as provider:
        sending = dispatcher(registry, provider, wall, token=token, at_once=4)
        report = sending.run(START)
        asked = provider.requests
        again = sending.run(START)
        assert provider.requests == asked <= 4
    assert (report.closed, again.closed) == (why, why)
    assert states(registry) == {"intended": number}
    (told,) = told_on_duty(registry, why)
    assert "queue is kept" in told


def test_a_closed_account_is_tried_again_by_itself(intend: Intend, registry: Registry, wall: Wall) -> None:
    """When the money is there again, nobody has to start anything."""
    number = intend(100)
    clock = [100.0]
    with StandInProvider(Mode.SUSPENDED, clock=wall) as provider:
        sending = dispatcher(registry, provider, wall, clock=lambda: clock[0])
        assert sending.run(START).closed == "suspended"
        provider.mode = Mode.OK
        assert sending.run(START).closed == "suspended"
        clock[0] += TRY_AGAIN_AFTER.total_seconds() + 1
        assert sending.run(START).accepted == number


def test_a_long_pause_is_kept_without_holding_up_the_rest(intend: Intend, registry: Registry, wall: Wall) -> None:
    """Asked to wait for a minute, the round ends at once, and nothing is asked of the provider until the minute is over."""
    number = intend(100)
    clock = [100.0]
    with StandInProvider(Mode.SLOW_DOWN, clock=wall, retry_after_s=60) as provider:
        sending = dispatcher(registry, provider, wall, at_once=1, clock=lambda: clock[0])
        sending.run(START)
        provider.mode = Mode.OK
        clock[0] += 59
        sending.run(START)
        assert (provider.requests, wall.slept) == (1, [])
        clock[0] += 2
        assert sending.run(START).accepted == number


def test_a_warning_that_runs_out_while_it_is_sent_is_not_sent_to_the_rest(intend: Intend, registry: Registry, wall: Wall) -> None:
    """A round may be long. Whoever is not called before the warning's time is over is not called."""
    number = intend(600)
    with registry.reading() as connection:
        (expires,) = connection.execute(select(warnings.c.expires)).scalars()
    seconds = iter(range(10_000_000))
    clock = lambda: float(next(seconds))  # noqa: E731 - each look at it is a second later
    with StandInProvider(clock=wall) as provider:
        sending = dispatcher(registry, provider, wall, at_once=1, clock=clock)
        sending.run(expires - timedelta(seconds=60))
        sent = len(provider.accepted)
        assert 0 < sent < number
        sending.run(expires)
        assert len(provider.accepted) == sent
    assert states(registry) == {"accepted": sent, "expired": number - sent}


def test_a_country_that_is_not_enabled_waits_and_the_others_go_out(intend: Intend, registry: Registry, wall: Wall) -> None:
    """People with numbers of another country are not burnt by what their own country's settings lack, nor the other way round."""
    number = intend(400)
    with registry.begin() as connection:
        abroad = list(connection.execute(select(subscribers.c.id).where(subscribers.c.area == "LK11").limit(10)).scalars())
        for place, one in enumerate(abroad):
            token = registry.keys.encrypt(f"+88018000000{place:02}")
            connection.execute(update(subscribers).where(subscribers.c.id == one).values(number=token))
    clock = [100.0]
    with StandInProvider(clock=wall, limits=Limits(closed=("+880",))) as provider:
        sending = dispatcher(registry, provider, wall, at_once=1, agreed=True, clock=lambda: clock[0])
        for _ in range(3):
            sending.run(START)
        assert len(provider.accepted) == number - 10
        refused = provider.requests - len(provider.accepted)
        assert refused == 1
        wall.now += TRY_AGAIN_AFTER + timedelta(seconds=1)
        clock[0] += TRY_AGAIN_AFTER.total_seconds() + 1
        sending.run(START)
        assert provider.requests - len(provider.accepted) == 2  # one asks whether it is open; the others go on waiting
    assert states(registry) == {"accepted": number - 10, "intended": 10}
    (told,) = told_on_duty(registry, "country_closed")
    assert "+880" in told
    assert "01800" not in told


def test_a_door_is_open_again_after_a_while() -> None:
    """It is tried again by itself; and one that is still closed is no news until then."""
    clock = [100.0]
    doors = Doors(lambda: clock[0])
    assert not doors.closed_to("+94771234567")
    assert (calling_code("+94771234567"), calling_code("+999123456789")) == ("94", "999")


def test_when_asked_to_wait_the_rest_of_the_chunk_is_not_called(intend: Intend, registry: Registry, wall: Wall) -> None:
    """A 429 in the middle of a hand-over: what was not called yet waits as long as the provider asked, and all arrive once."""
    number = intend(600)
    with StandInProvider(lambda n: Mode.SLOW_DOWN if n == 3 else Mode.OK, clock=wall, retry_after_s=9) as provider:
        dispatcher(registry, provider, wall, chunk=1_000, at_once=2).run(START)
        assert provider.requests <= number + 1
        assert set(Counter(m.to for m in provider.accepted).values()) == {1}
    assert wall.slept == [9.0]
    assert states(registry) == {"accepted": number}


def test_a_limit_of_calls_at_once_is_found_and_kept(intend: Intend, registry: Registry, wall: Wall) -> None:
    """Fewer calls at once until the provider bears them; nobody is lost or doubled."""
    number = intend(600)
    with StandInProvider(clock=wall, limits=Limits(at_once=8)) as provider:
        dispatcher(registry, provider, wall, chunk=100).run(START)
        assert set(Counter(m.to for m in provider.accepted).values()) == {1}
    assert states(registry) == {"accepted": number}


def test_people_on_duty_are_told_when_the_money_runs_out(intend: Intend, registry: Registry, wall: Wall) -> None:
    """Below the country's limit once a day; the amount is known, and no secret stands in what is said."""
    with StandInProvider(clock=wall, balance="4.20") as provider:
        sending = dispatcher(registry, provider, wall, balance_below=5)
        sending.run(START)
        dispatcher(registry, provider, wall, balance_below=5).run(START)
        assert sending.balance is not None
        assert (str(sending.balance.amount), sending.balance.currency) == ("4.20", "USD")
        (told,) = told_on_duty(registry, "balance_low")
        assert "4.20 USD" in told
        wall.now += timedelta(days=1)
        dispatcher(registry, provider, wall, balance_below=5).run(START)
    assert len(told_on_duty(registry, "balance_low")) == 2


def test_enough_money_is_no_news_and_a_provider_that_says_nothing_is_no_alarm(intend: Intend, registry: Registry, wall: Wall) -> None:
    """The messages go out whatever the question for the balance comes to."""
    number = intend(100)
    with StandInProvider(clock=wall, balance="not a number", check=lambda _: []) as provider:
        sending = dispatcher(registry, provider, wall, balance_below=5)
        assert sending.run(START).accepted == number
        assert sending.balance is None
        provider.balance = "5.00"
        later = dispatcher(registry, provider, wall, balance_below=5)
        later.run(START)
        assert later.balance is not None
    assert told_on_duty(registry, "balance_low") == []
