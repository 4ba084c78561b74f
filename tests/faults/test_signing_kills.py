"""A short seeded share of the kills in the middle of signing, on each kind of database; `make faults-signing KILLS=200` does many."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from signing_check import Evidence, Sent, differences
from signing_laboratory import HOMES, counted, drawn, run_round
from signing_officers import Answer, Press, Verb

from alerts import journal
from alerts.journal import Step
from alerts.people.keys import Keys
from alerts.registry import Registry
from schemas.inputs import Signature
from schemas.levels import Level
from schemas.warning_records import JournalAnchor, Warning, WarningStatus

SEED = 7
KILLS = {"sqlite": 4, "postgresql": 4}
AT = datetime(2025, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize("home", HOMES)
def test_no_signature_is_lost_and_none_counted_twice_whatever_is_killed(home: str, tmp_path: Path) -> None:
    """Console, alert service and database are killed while officers wait for an answer: what was answered as taken is there once,
    what was not answered is there once or not; each message goes out once, with exactly the signatures it needs, to each person once."""
    outcome = run_round(home, KILLS[home], SEED, tmp_path / "round")
    assert outcome.differences == [], outcome
    assert outcome.kills.total() == KILLS[home]
    assert outcome.counts["signatures"] == outcome.counts["sign: taken"] + outcome.counts["sign: no answer, and taken"]
    assert min(outcome.counts[what] for what in ("signatures", "messages issued", "sent to people", "kills in the middle of a press")) > 0


@pytest.mark.parametrize("home", HOMES)
def test_the_seed_draws_what_is_killed_and_all_is(home: str) -> None:
    """The same seed gives the same schedule, another gives another, and two hundred kills meet each of the three."""
    schedule = drawn(200, f"{SEED}/{home}")
    assert schedule == drawn(200, f"{SEED}/{home}")
    assert schedule != drawn(200, f"{SEED + 1}/{home}")
    assert min(Counter(kill.what for kill in schedule)[what] for what in ("console", "alerts", "database")) > 20


@pytest.fixture
def good(tmp_path: Path) -> Evidence:
    """One message that two people signed, one of them after a press without an answer that was taken; it was held and let go before."""
    registry = Registry(f"sqlite:///{tmp_path}/registry.sqlite", Keys.load(tmp_path / "keys", create=True))
    with registry.acting() as connection:

        def step(minutes: int, actor: str, role: str, step: Step, content: dict[str, str]) -> None:
            journal.write(connection, AT + timedelta(minutes=minutes), actor, role, step, "w.1", content)

        step(0, "Silva", "director", Step.HELD, {"why": "Question 0 of Silva", "until": (AT + timedelta(minutes=15)).isoformat()})
        step(1, "Silva", "director", Step.LET_GO, {})
        step(2, "Perera", "duty_officer", Step.SIGNED, {})
        step(3, "Perera", "duty_officer", Step.REFUSED, {"asked": "sign", "why": "signed already"})
        step(4, "Silva", "director", Step.SIGNED, {})
        step(4, "polyrisk", "service", Step.ISSUED, {})
    with registry.reading() as connection:
        steps = list(journal.entries(connection))
    registry.close()
    presses = [
        Press("Silva", "director", Verb.HOLD, "w.1", Answer.TAKEN, "Question 0 of Silva"),
        Press("Silva", "director", Verb.LET_GO, "w.1", Answer.TAKEN),
        Press("Perera", "duty_officer", Verb.SIGN, "w.1", Answer.NONE),
        Press("Perera", "duty_officer", Verb.SIGN, "w.1", Answer.REFUSED, "this person or this role has signed already."),
        Press("Silva", "director", Verb.SIGN, "w.1", Answer.TAKEN),
    ]
    marks = [("w.1", "Perera", "duty_officer"), ("w.1", "Silva", "director")]
    signed = tuple(Signature(by=by, role=role, at=AT, digest="d") for _, by, role in marks)
    anchors = [JournalAnchor(shard="LKA", place=steps[-1].place, hash=steps[-1].hash, at=AT)]
    sent = [Sent("w.1", "a", "accepted", "", "dry-a", False), Sent("w.1", "b", "accepted", "", "dry-b", False)]
    out = _warning(signed)
    return Evidence(presses, {"w.1": "issued"}, {"w.1": 2}, marks, steps, anchors, [out], sent, ["dry-a", "dry-b"])


def _warning(signatures: tuple[Signature, ...]) -> Warning:
    """The record of a message that went out to two people."""
    return Warning(
        id="w.1",
        warning="w",
        event="LKA:river_and_landslide:LK21:1",
        rule="river_and_landslide",
        shard="LKA",
        area="LK21",
        message_type="Alert",
        status=WarningStatus.ISSUED,
        level=Level.RED,
        reason="opened",
        since=AT,
        known=AT,
        proposed=AT,
        issued=AT,
        expires=AT + timedelta(days=14),
        texts=(),
        signatures=signatures,
        recipients=2,
        segments=2,
        cost=1.0,
        currency="LKR",
        configuration="c" * 64,
        audience="public",
    )


def _without(found: Evidence, step: Step, actor: str) -> Evidence:
    return replace(found, steps=[entry for entry in found.steps if (entry.step, entry.actor) != (step.value, actor)])


def _moved(found: Evidence, step: Step, actor: str, to: int) -> Evidence:
    """A step of the journal at another place."""
    moving = next(entry for entry in found.steps if (entry.step, entry.actor) == (step.value, actor))
    rest = [entry for entry in found.steps if entry is not moving]
    return replace(found, steps=[*rest[:to], moving, *rest[to:]])


def _twice_in_the_table(found: Evidence) -> Evidence:
    return replace(found, marks=[*found.marks, ("w.1", "Fernando", "duty_officer")])


def _other_signatures_in_the_log(found: Evidence) -> Evidence:
    return replace(found, published=[_warning(found.published[0].signatures[:1])])


HARMED: list[tuple[Callable[[Evidence], Evidence], str]] = [
    (lambda found: _without(found, Step.SIGNED, "Silva"), "answered as taken the journal has 0: lost"),
    (lambda found: replace(found, marks=found.marks[:1]), "the table has 0"),
    (lambda found: replace(found, steps=[*found.steps, found.steps[4]]), "counted twice"),
    (lambda found: replace(found, presses=[press for press in found.presses if press.officer == "Silva"]), "who pressed 0 times"),
    (lambda found: _without(found, Step.SIGNED, "Perera"), "nobody in the role duty_officer has"),
    (_twice_in_the_table, "2 signatures of the role duty_officer"),
    (lambda found: replace(found, needed={"w.1": 3}), "went out with 2 of 3"),
    (lambda found: replace(found, stages={"w.1": "pending"}), "is pending with 2 of 2"),
    (lambda found: replace(found, steps=[*found.steps, found.steps[5]]), "the journal says 2 times that it went out"),
    (lambda found: _moved(found, Step.SIGNED, "Perera", 1), "was signed by Perera while it was held"),
    (lambda found: _moved(found, Step.SIGNED, "Silva", 5), "was signed by Silva after it went out"),
    (lambda found: _without(found, Step.HELD, "Silva"), "is held for 0 times"),
    (lambda found: _without(found, Step.LET_GO, "Silva"), "0 times by the journal"),
    (lambda found: _without(found, Step.REFUSED, "Perera"), "was refused to sign 1 times"),
    (lambda found: replace(found, published=[]), "the log says 0 times"),
    (lambda found: replace(found, published=found.published * 2), "the log says 2 times"),
    (_other_signatures_in_the_log, "went out with other signatures by the log"),
    (lambda found: replace(found, channel=["dry-a", "dry-a", "dry-b"]), "the channel took it 2 times"),
    (lambda found: replace(found, channel=["dry-a"]), "the channel took it 0 times"),
    (lambda found: replace(found, sent=found.sent[:1]), "is for 2 people, and 1 are to have it"),
    (lambda found: replace(found, sent=[replace(found.sent[0], state="sending"), found.sent[1]]), "is sending"),
    (lambda found: replace(found, steps=[found.steps[0]._replace(actor="x"), *found.steps[1:]]), "edited"),
    (lambda found: replace(found, anchors=[]), "has anchored 0 of 6"),
]


@pytest.mark.parametrize(("harm", "difference"), HARMED, ids=[said for _, said in HARMED])
def test_the_check_is_not_blind(good: Evidence, harm: Callable[[Evidence], Evidence], difference: str) -> None:
    """Each thing that must not be is seen by it, and what is as it must be is not."""
    assert list(differences(good)) == []
    assert counted(good)["sign: no answer, and taken"] == 1
    assert any(difference in said for said in differences(harm(good))), list(differences(harm(good)))
