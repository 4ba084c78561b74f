"""The check of the whole after signing under kills: what was pressed, and what registry, journal, log and channel have of it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from signing_officers import Answer, Press, Verb
from sqlalchemy import select

from alerts import journal, ledger
from alerts.chain import Entry, verify
from alerts.intents import Unsent
from alerts.journal import Step
from alerts.registry import Registry
from alerts.tables import messages, signatures, warnings
from eventlog.log import EventLog
from schemas.envelopes import read_output
from schemas.topics import JOURNAL, WARNINGS
from schemas.warning_records import JournalAnchor, MessageState, Warning

_ASKED = {Verb.SIGN: "sign", Verb.HOLD: "hold", Verb.LET_GO: "let_go"}
_STEP = {Verb.SIGN: Step.SIGNED, Verb.HOLD: Step.HELD, Verb.LET_GO: Step.LET_GO}

Mark = tuple[str, str, str]
"""A signature: message, person, role."""


@dataclass(frozen=True)
class Sent:
    """What the registry says of a message to one person."""

    message: str
    subscriber: str
    state: str
    refusal: str
    provider_id: str | None
    possibly_doubled: bool


@dataclass
class Evidence:
    """All that is left when everything has come to rest.

    Attributes:
        stages, needed: of each message that was ever proposed. marks: the table of signatures. steps: the journal. channel: the ids of all
            that the channel took, in its own record. published: every record of a warning in the log.
    """

    presses: list[Press]
    stages: dict[str, str]
    needed: dict[str, int]
    marks: list[Mark]
    steps: list[Entry]
    anchors: list[JournalAnchor]
    published: list[Warning]
    sent: list[Sent]
    channel: list[str]

    @classmethod
    def gathered(cls, presses: list[Press], registry: Registry, log: EventLog, channel: Path) -> "Evidence":
        """Read it from where the product keeps it."""
        anchors = [one for one in (read_output(stored.record) for stored in log.read(JOURNAL.name)) if isinstance(one, JournalAnchor)]
        published = [one for one in (read_output(stored.record) for stored in log.read(WARNINGS.name)) if isinstance(one, Warning)]
        with registry.reading() as connection:
            rows = connection.execute(select(warnings.c.id, warnings.c.stage, warnings.c.people)).all()
            marks = [(row.message, row.by, row.role) for row in connection.execute(select(signatures))]
            steps = list(journal.entries(connection))
            of_people = connection.execute(select(messages)).all()
        sent = [Sent(r.message, r.subscriber, r.state, r.refusal, r.provider_id, r.possibly_doubled) for r in of_people]
        lines = channel.read_text("utf-8").splitlines() if channel.exists() else []
        stages, needed = {row.id: row.stage for row in rows}, {row.id: row.people for row in rows}
        return cls(presses, stages, needed, marks, steps, anchors, published, sent, [json.loads(line)["id"] for line in lines])

    def of(self, step: Step) -> list[Entry]:
        """The steps of a kind, in their order."""
        return [entry for entry in self.steps if entry.step == step.value]

    @property
    def signed(self) -> Counter[tuple[str, str]]:
        """How often the journal says that a message was signed by a person."""
        return Counter((entry.subject, entry.actor) for entry in self.of(Step.SIGNED))

    @property
    def voided(self) -> Counter[tuple[str, str]]:
        """How often a signature was taken away, because it held no more."""
        return Counter((entry.subject, json.loads(entry.content)["by"]) for entry in self.of(Step.VOID))

    def found_taken(self) -> int:
        """How many presses to sign that had no answer were taken all the same."""
        answered = Counter((p.message, p.officer) for p in self.presses if p.verb is Verb.SIGN and p.answer is Answer.TAKEN)
        return sum((self.signed - answered).values())


def differences(evidence: Evidence) -> Iterator[str]:
    """All that must not be, in words; nothing if the whole is as it must be."""
    yield from _presses(evidence)
    yield from _refusals(evidence)
    yield from _questions(evidence)
    yield from _table(evidence)
    yield from _story(evidence)
    yield from _published(evidence)
    yield from _people(evidence)
    yield from _chain(evidence)


def _presses(evidence: Evidence) -> Iterator[str]:
    """Each press to sign that was answered as taken is a step once; without an answer it is one once or not; no other is there."""
    taken, unanswered = _counted(evidence, Verb.SIGN, Answer.TAKEN), _counted(evidence, Verb.SIGN, Answer.NONE)
    signed, voided = evidence.signed, evidence.voided
    for key in sorted({*taken, *unanswered, *signed}):
        message, by = key
        if signed[key] < taken[key]:
            yield f"{message}: of {taken[key]} signatures of {by} that were answered as taken the journal has {signed[key]}: lost"
        elif signed[key] > taken[key] + unanswered[key]:
            yield f"{message}: the journal has {signed[key]} signatures of {by}, who pressed {taken[key] + unanswered[key]} times"
        if signed[key] - voided[key] > 1:
            yield f"{message}: the journal has {signed[key]} signatures of {by}, of which {voided[key]} were void: counted twice"
    roles = {(entry.subject, entry.role) for entry in evidence.of(Step.SIGNED)}
    for press in evidence.presses:
        already = press.answer is Answer.REFUSED and "signed already" in press.said
        if already and (press.message, press.role) not in roles:
            yield f"{press.message}: {press.officer} was told that it is signed already, and nobody in the role {press.role} has"


def _refusals(evidence: Evidence) -> Iterator[str]:
    """Each attempt that was answered as refused is a step, and so are others only of who had no answer or found nothing any more."""
    refused = Counter((e.subject, e.actor, json.loads(e.content)["asked"]) for e in evidence.of(Step.REFUSED))
    for verb, asked in _ASKED.items():
        answered, unsure = _counted(evidence, verb, Answer.REFUSED), _counted(evidence, verb, Answer.NONE, Answer.GONE)
        steps = Counter({(message, by): number for (message, by, what), number in refused.items() if what == asked})
        for key in sorted({*answered, *steps}):
            if not answered[key] <= steps[key] <= answered[key] + unsure[key]:
                yield f"{key[0]}: {key[1]} was refused to {asked} {answered[key]} times, and the journal says {steps[key]}"


def _questions(evidence: Evidence) -> Iterator[str]:
    """Each question is held for once, if it was answered as taken, and at most once if nobody knows; the same of letting go."""
    held = Counter((e.subject, e.actor, json.loads(e.content)["why"]) for e in evidence.of(Step.HELD))
    asked = {(p.message, p.officer, p.said): p.answer for p in evidence.presses if p.verb is Verb.HOLD}
    for question in sorted({*held, *asked}):
        answer, number = asked.get(question), held[question]
        lost = number == 0 and answer is Answer.TAKEN
        from_nobody = number == 1 and answer not in (Answer.TAKEN, Answer.NONE)
        if number > 1 or lost or from_nobody:
            yield f"{question[0]}: {question[2]} was answered as {answer}, and is held for {number} times"
    let_go = Counter((e.subject, e.actor) for e in evidence.of(Step.LET_GO))
    taken, unanswered = _counted(evidence, Verb.LET_GO, Answer.TAKEN), _counted(evidence, Verb.LET_GO, Answer.NONE)
    for key in sorted({*let_go, *taken}):
        if not taken[key] <= let_go[key] <= taken[key] + unanswered[key]:
            yield f"{key[0]}: {key[1]} let it go {taken[key]} times by the answers, {let_go[key]} times by the journal"


def _table(evidence: Evidence) -> Iterator[str]:
    """The table has what the journal says and no more; nobody and no role stands twice under a message."""
    hold = evidence.signed - evidence.voided
    there = Counter((message, by) for message, by, _ in evidence.marks)
    for key in sorted({*hold, *there}):
        if hold[key] != there[key]:
            yield f"{key[0]}: by the journal {hold[key]} signatures of {key[1]} hold, the table has {there[key]}"
    for (message, role), number in Counter((message, role) for message, _, role in evidence.marks).items():
        if number > 1:
            yield f"{message}: {number} signatures of the role {role}"
    for message, stage in sorted(evidence.stages.items()):
        number, needed = sum(mark[0] == message for mark in evidence.marks), evidence.needed[message]
        if (number >= needed) != (stage == ledger.ISSUED) or number > needed:
            yield f"{message} is {stage} with {number} of {needed} signatures"


def _story(evidence: Evidence) -> Iterator[str]:
    """Along the journal: signed only while it waits and nobody holds it, and out with the last signature it needs, once."""
    hold: dict[str, set[str]] = defaultdict(set)
    until: dict[str, datetime] = {}
    issued: Counter[str] = Counter()
    for entry in evidence.steps:
        content, message = json.loads(entry.content), entry.subject
        if entry.step == Step.HELD:
            until[message] = datetime.fromisoformat(content["until"])
        elif entry.step == Step.LET_GO:
            until.pop(message, None)
        elif entry.step == Step.VOID:
            hold[message].discard(content["by"])
        elif entry.step == Step.SIGNED:
            if message in until and datetime.fromisoformat(entry.at) < until[message]:
                yield f"{message} was signed by {entry.actor} while it was held"
            if issued[message]:
                yield f"{message} was signed by {entry.actor} after it went out"
            hold[message].add(entry.actor)
        elif entry.step == Step.ISSUED:
            issued[message] += 1
            if len(hold[message]) != evidence.needed.get(message):
                yield f"{message} went out with {len(hold[message])} of {evidence.needed.get(message)} signatures"
    for message, stage in sorted(evidence.stages.items()):
        if issued[message] != (stage == ledger.ISSUED):
            yield f"{message} is {stage}, and the journal says {issued[message]} times that it went out"


def _published(evidence: Evidence) -> Iterator[str]:
    """The log says of each message that went out so once, with exactly its signatures; and names none that is no step."""
    out: dict[str, list[Warning]] = defaultdict(list)
    signed = evidence.signed
    for warning in evidence.published:
        if warning.issued is not None:
            out[warning.id].append(warning)
        for signature in warning.signatures:
            if not signed[warning.id, signature.by]:
                yield f"{warning.id}: the log names a signature of {signature.by}, which the journal does not have"
    for message, stage in sorted(evidence.stages.items()):
        records = out.pop(message, [])
        if len(records) != (stage == ledger.ISSUED):
            yield f"{message} is {stage}, and the log says {len(records)} times that it went out"
        named = {(message, s.by, s.role) for record in records for s in record.signatures}
        if records and named != {mark for mark in evidence.marks if mark[0] == message}:
            yield f"{message} went out with other signatures by the log than by the registry"
    yield from (f"{message} went out by the log, and the registry does not know it" for message in sorted(out))


def _people(evidence: Evidence) -> Iterator[str]:
    """What went out came to each of its people once; what did not, to nobody."""
    meant = Counter(one.message for one in evidence.sent)
    recipients = {warning.id: warning.recipients for warning in evidence.published if warning.issued is not None}
    for message in sorted({*meant, *recipients}):
        if meant[message] != recipients.get(message, 0):
            yield f"{message} is for {recipients.get(message, 0)} people, and {meant[message]} are to have it"
    for one in evidence.sent:
        overtaken = one.state == MessageState.EXPIRED.value and one.refusal == Unsent.OVERTAKEN.value
        taken = one.state == MessageState.ACCEPTED.value and one.provider_id is not None
        if not (overtaken or taken) or one.possibly_doubled:
            yield f"{one.message} to {one.subscriber} is {one.state}{', possibly doubled' if one.possibly_doubled else ''}"
    in_channel = Counter(evidence.channel)
    known = Counter(one.provider_id for one in evidence.sent if one.provider_id is not None)
    for id in sorted({*in_channel, *known}):
        if in_channel[id] != 1 or known[id] != 1:
            yield f"{id}: the channel took it {in_channel[id]} times, the registry knows it {known[id]} times"


def _chain(evidence: Evidence) -> Iterator[str]:
    """The journal is a whole chain, and the log agrees with it up to its end."""
    verified = verify(evidence.steps, evidence.anchors)
    yield from (f"journal: {finding}" for finding in verified.findings)
    if verified.anchored != len(evidence.steps):
        yield f"journal: the log has anchored {verified.anchored} of {len(evidence.steps)} steps"


def _counted(evidence: Evidence, verb: Verb, *answers: Answer) -> Counter[tuple[str, str]]:
    return Counter((p.message, p.officer) for p in evidence.presses if p.verb is verb and p.answer in answers)
