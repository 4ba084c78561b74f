"""The duty desk: what officers look at and ask for, each in a transaction of its own, and what came of it is published.

How each is decided is kept by subject: `signing`, `editing`, `holding`, `afterwards`, `originating`, `silencing`, `previews`. Here no event
is taken in, no time passes and nothing is sent: that is the alert service's part (`alerts.service`), which may be another process.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from alerts import afterwards, ledger, notices, originated, silences
from alerts.afterwards import Afterwards, Sent
from alerts.editing import Editing
from alerts.holding import Holding
from alerts.judgements import Judgements
from alerts.notices import Notice
from alerts.officers.officer import Officer
from alerts.officers.permissions import What, require
from alerts.originated import Kept
from alerts.originating import Change, Draft, How, Originating
from alerts.previews import asked
from alerts.previews.asked import Preview
from alerts.proposals import Proposals
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.roster import telephones
from alerts.signing import Signing, ToSign
from alerts.silences import Silence
from alerts.silencing import Silencing
from alerts.slots import Choice, Slot
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.warning_records import Hold, Judgement, Warning, WarningReview


class DutyDesk:
    """One for each country."""

    def __init__(self, log: EventLog, registry: Registry, country: LoadedCountry) -> None:
        self.log = log
        self.registry = registry
        self.country = country
        self._proposals = Proposals(country, Renderer(country, exercise=registry.exercise))
        self._judgements = Judgements(self._proposals, exercise=registry.exercise)
        self._silencing = Silencing(self._proposals, self._judgements)
        self._signing = Signing(self._proposals)
        self._holding = Holding(self._proposals)
        self._editing = Editing(self._proposals)
        self._afterwards = Afterwards(country)
        self._originating = Originating(self._proposals)

    def pending(self) -> list[Warning]:
        """Messages that wait for signatures, gravest first."""
        with self.registry.reading() as connection:
            return ledger.in_stage(connection, ledger.PENDING)

    def waiting(self) -> list[tuple[Warning, int]]:
        """Messages that wait for signatures, gravest first, each with how many it needs."""
        with self.registry.reading() as connection:
            return [(warning, ledger.waits(connection, warning.id)[2]) for warning in ledger.in_stage(connection, ledger.PENDING)]

    def to_read(self, message: str) -> ToSign:
        """A message that waits, with all that its signer must know of it.

        Raises:
            RefusedError: nothing waits under this id, or no rule of the country's files is behind it any more.
        """
        with self.registry.reading() as connection:
            return self._signing.to_read(connection, message)

    def standing(self, warning: str) -> Warning | None:
        """The newest message of a warning that people stand under; none if nobody stands under it."""
        with self.registry.reading() as connection:
            life = next((life for life, _ in ledger.standing(connection) if life.warning == warning), None)
            newest = ledger.newest_standing(connection, life) if life is not None else None
        return newest[0] if newest is not None else None

    def sign(self, warning_message_id: str, by: str, role: str, now: datetime, seen: str | None = None) -> Warning:
        """Sign a message; with the last signature it needs it goes out. Answers the message as it then stands.

        Args:
            seen: the code of what the signer read (`alerts.approvals.code`); none signs what stands unread.

        Raises:
            RefusedError: nothing waits under this id, the role may not sign, this person wrote it, this person or role has signed it
                already, or it is another than was read.
        """
        self.look_again(now, [warning_message_id])  # stays though the signature is refused: what is shown next is as it stands
        with self._attempt("sign", by, role, warning_message_id, now) as connection:
            warning = self._signing.sign(connection, warning_message_id, by, role, now, seen)
        return warning

    def preview(self, message: str, officer: Officer, languages: Sequence[str], now: datetime, need: str = "") -> list[Preview]:
        """Have a message that waits sent to the telephone of the officer who asks (`alerts.previews`). Answers what they had sent of it.

        Args:
            languages: none is each of the country's own. need: whose text it shall be; empty for the one that all others read.

        Raises:
            RefusedError: nothing waits under this id, the officer may not, gave no telephone or asked too often, or it has no such text.
        """
        self.look_again(now, [message])  # what is sent is what would be signed now
        with self._attempt("preview", officer.display, "", message, now) as connection:
            warning = ledger.waits(connection, message)[0]
            grant = require(officer, What.PREVIEW, self.country, warning.area)
            wanted = languages or [text.language for text in warning.texts if text.language in self.country.languages]
            price = self.country.facts.messaging.price
            return asked.ask(connection, self.country.code, warning, wanted, officer, grant.duty_role, price, now, need)

    def previews(self, message: str, officer: Officer) -> tuple[list[Preview], bool]:
        """What an officer had sent to themselves of a message, and whether we know a telephone of theirs."""
        with self.registry.reading() as connection:
            return asked.of_message(connection, message, officer.id), officer.id in telephones.who_has_one(connection)

    def slots(self, message: str) -> tuple[Slot, ...]:
        """What a message that waits leaves open (`alerts.slots`).

        Raises:
            RefusedError: nothing waits under this id.
        """
        with self.registry.reading() as connection:
            return self._editing.slots(connection, message)

    def edit(self, message: str, by: str, role: str, filled: Mapping[str, str], seen: str, now: datetime) -> Warning:
        """Fill what a message that waits leaves open (`alerts.editing`). Answers it as it then stands: nobody has signed it.

        Args:
            filled: slot to the name of a choice. seen: the code of what the editor read.

        Raises:
            RefusedError: as `Editing.edit` says.
        """
        self.look_again(now, [message])
        with self._attempt("edit", by, role, message, now) as connection:
            warning = self._editing.edit(connection, message, by, role, filled, seen, now)
        return warning

    def hold(self, hold: Hold, message: str) -> Warning:
        """Hold a message that waits until a question is answered (`alerts.holding`). Answers it as it then stands.

        Raises:
            RefusedError: as `Holding.hold` says.
        """
        with self._attempt("hold", hold.by, hold.role, message, hold.at) as connection:
            warning = self._holding.hold(connection, message, hold)
        return warning

    def let_go(self, message: str, by: str, role: str, now: datetime) -> Warning:
        """Let a message go that is held. Answers it as it then stands.

        Raises:
            RefusedError: as `Holding.let_go` says.
        """
        with self._attempt("let_go", by, role, message, now) as connection:
            warning = self._holding.let_go(connection, message, by, role, now)
        return warning

    def sent_by_agreement(self, *, unreviewed: bool = False) -> list[tuple[Sent, Warning]]:
        """What went out by agreement, the oldest first, each with the message.

        Args:
            unreviewed: only what nobody has reviewed.
        """
        with self.registry.reading() as connection:
            found = afterwards.unreviewed(connection) if unreviewed else afterwards.everything(connection)
            loaded = [(sent, ledger.load_message(connection, sent.message)) for sent in found]
        return [(sent, message[0]) for sent, message in loaded if message is not None]

    def review(self, message: str, by: str, role: str, judgement: Judgement, comment: str, now: datetime) -> WarningReview:
        """Say of a message that went out by agreement whether it was right (`alerts.afterwards`).

        Raises:
            RefusedError: as `Afterwards.review` says.
        """
        with self._attempt("review", by, role, message, now) as connection:
            review = self._afterwards.review(connection, message, by, role, judgement, comment, now)
        return review

    def originate(self, draft: Draft, now: datetime, *, dry: bool = False) -> Warning:
        """Propose a warning that no rule saw (`alerts.originating`). Answers the message that waits; what was written already is not
        written again.

        Args:
            dry: only say what it would be.

        Raises:
            RefusedError, ConfigurationError: as `Originating.originate` says.
        """
        with self._tried("originate", draft.by, draft.role, draft.area, now, dry=dry) as connection:
            proposed = self._originating.originate(connection, draft, now)
        return proposed

    def update_originated(self, warning: str, change: Change, now: datetime, *, dry: bool = False) -> Warning:
        """Propose that what a person wrote is of another level, or stands for longer or shorter. Answers the message that waits.

        Raises:
            RefusedError, ConfigurationError: as `Originating.update` says.
        """
        with self._tried("update", change.by, change.role, warning, now, dry=dry) as connection:
            proposed = self._originating.update(connection, warning, change, now)
        return proposed

    def end_originated(self, warning: str, change: Change, how: How, now: datetime, *, dry: bool = False) -> Warning:
        """Propose the end of what a person wrote, or take it back while nobody was told. Answers the message that waits or was taken back.

        Raises:
            RefusedError, ConfigurationError: as `Originating.end` says.
        """
        with self._tried("end", change.by, change.role, warning, now, dry=dry) as connection:
            proposed = self._originating.end(connection, warning, change, how, now)
        return proposed

    def originated(self) -> list[tuple[Kept, Warning]]:
        """What people wrote that stands or waits, the oldest first, each with its newest message."""
        with self.registry.reading() as connection:
            return [(kept, self._originating.newest(connection, id)) for id, kept in originated.open_ones(connection).items()]

    def hazards(self) -> dict[str, list[str]]:
        """The names of the texts of which a person may write a warning, each with what else people may be told to do."""
        names = [name.removeprefix(originated.PREFIX) for name in self._proposals.rules if originated.is_originated(name)]
        return {name: originated.actions(self.country, self._proposals.renderer.catalogue, name) for name in names}

    def hazard_choices(self) -> dict[str, tuple[Choice, ...]]:
        """The same, with what people may be told to do in the words of each language of the country."""
        catalogue = self._proposals.renderer.catalogue
        return {name: originated.choices(self.country, catalogue, name) for name in self.hazards()}

    def correct(
        self, warning: str, by: str, role: str, comment: str, now: datetime, *, area: str | None = None, level: Level | None = None
    ) -> Warning:
        """Propose a correction of a warning that stands: what people were told of its place or level was wrong.

        It waits for signatures as any message does, and goes to exactly those who were warned.

        Args:
            warning: its id, or that of one of its messages. area, level: what is right.

        Raises:
            RefusedError: the role may not sign, nobody stands under such a warning, something of it waits for signatures, or nothing is
                corrected.
            ConfigurationError: no language of the country has the text.
        """
        with self._attempt("correct", by, role, warning, now) as connection:
            proposed = self._signing.correct(connection, warning, by, role, comment, now, area, level)
        return proposed

    def silence(self, silence: Silence) -> Silence:
        """Let nothing new be proposed of what a silence reaches, until its end; what waits of it is taken back. The answer has its id.

        Raises:
            RefusedError: the role may not silence, it lacks a name, a reason or an end, or it names an area, a rule or a hazard that the
                country does not have.
        """
        with self._attempt("silence", silence.by, silence.role, silence.in_words(), silence.since) as connection:
            kept = self._silencing.begin(connection, silence)
        return kept

    def silences(self) -> list[tuple[Silence, int]]:
        """All silences there ever were, the oldest first, each with how much it held back."""
        with self.registry.reading() as connection:
            held = silences.held(connection)
            return [(one, held.get(one.id, 0)) for one in silences.everything(connection)]

    def end_silence(self, id: str, by: str, role: str, now: datetime) -> Silence:
        """End a silence before its time; what it held is judged again at once.

        Raises:
            RefusedError: the role may not silence, or no silence of this id holds.
        """
        with self._attempt("end_silence", by, role, id, now) as connection:
            ended = self._silencing.end(connection, id, by, role, now)
        return ended

    def look_again(self, now: datetime, waiting: Sequence[str] | None = None) -> int:
        """Hold what waits, and the signatures under it, against how it stands now (`alerts.signing`); answers how many are others.

        Args:
            waiting: only these messages.
        """
        with self.registry.acting() as connection:
            there = ledger.waiting_ids(connection)
            changed = self._signing.look_again(connection, now, there if waiting is None else [one for one in there if one in waiting])
        self._publish()
        return changed

    def notices(self) -> list[Notice]:
        """What the people on duty were told, oldest first."""
        with self.registry.reading() as connection:
            return notices.everything(connection)

    @contextmanager
    def _attempt(self, asked: str, by: str, role: str, subject: str, now: datetime) -> Iterator[Connection]:
        """What a person asks for, in a transaction; what came of it is published, and that it was refused is in the journal."""
        with self.registry.attempt(asked, by, role, subject, now) as connection:
            yield connection
        self._publish()

    @contextmanager
    def _tried(self, asked: str, by: str, role: str, subject: str, now: datetime, *, dry: bool) -> Iterator[Connection]:
        """The same; dry, all of it is taken back, and that it was refused is nobody's business."""
        if not dry:
            with self._attempt(asked, by, role, subject, now) as connection:
                yield connection
            return
        with self.registry.acting() as connection, connection.begin_nested() as trial:
            yield connection
            trial.rollback()

    def _publish(self) -> None:
        """Publish what waits. Ids make a repetition harmless.

        Not in one transaction with the events it came from: who signs publishes the same at the same time, and an id is there once only if
        all append alike.
        """
        with self.registry.reading() as connection:
            records = ledger.unpublished(connection)
        if records:
            self.log.append(records)
            with self.registry.begin() as connection:
                ledger.mark_published(connection, records)
