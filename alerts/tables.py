"""The tables of the registry: people, consent, warnings and their life, signatures, messages. Never in the log.

Written once for SQLite and PostgreSQL; a change of a table is a revision in `alerts/migrations/versions`. The number of a person stands in
`subscribers.number` alone, encrypted. A table that says something of a person names them by the registry's id in a column `subscriber`,
or by `number_index`: what is held about a number is found, given out and erased by these columns (`alerts.people.own_data`). A column of
moments with `info={"kept_days": n}` says how long its rows are kept (`alerts.retention`).
"""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

from schemas.moments import to_utc

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """An aware moment, kept as UTC without a zone, because SQLite knows none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Into the database."""
        return None if value is None else to_utc(value).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Out of it."""
        return None if value is None else value.replace(tzinfo=UTC)


subscribers = Table(
    "subscribers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number_index", String(64), nullable=False, unique=True),
    Column("number", LargeBinary, nullable=False),
    Column("area", String(40), nullable=False),
    Column("language", String(20), nullable=False),
    Column("group", String(20), nullable=False),
    Column("status", String(10), nullable=False),
    Column("consent_at", Utc, nullable=False),
    Column("consent_text", String(40), nullable=False),
    Column("consent_by", String(80), nullable=False),
    Column("channel", String(20), nullable=False, server_default="sms"),
    Column("needs", String(60), nullable=False, server_default=""),
    Column("romanised", Boolean, nullable=False, server_default=false()),
    Column("joined_at", Utc, nullable=False),
    Column("said_at", Utc),
    Column("owed_welcome", Boolean, nullable=False, server_default=false()),
    Index("subscribers_by_area", "area", "group", "status", "language"),
    Index("subscribers_by_joining", "joined_at"),
)
"""`needs` are words of `NEEDS` with commas between them. `joined_at`: when the person came into the audience of the area, by enrolment,
move or return. `said_at`: when they last said themselves where they are or how they read; no older file overrules it.
`owed_welcome`: they came while the country sent to nobody, and were not told that they are enrolled."""

suppressions = Table(
    "suppressions",
    metadata,
    Column("number_index", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("index_key", String(8), nullable=False, server_default=""),
)
"""`index_key`: which key made the index (`alerts.people.keys.name_of`); empty before 0.2.0, which had one."""

lives = Table(
    "lives",
    metadata,
    Column("warning", String(80), primary_key=True),
    Column("event", String(250), nullable=False, unique=True),
    Column("rule", String(80), nullable=False),
    Column("area", String(40), nullable=False, index=True),
    Column("told", Boolean, nullable=False, index=True),
    Column("level", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("unconfirmed", Boolean, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("last_issued", Utc),
    Column("expires", Utc),
    Column("latest", Text, nullable=False),
    Column("held", Boolean, nullable=False, server_default=false(), index=True),
    Column("ended", Integer, nullable=False, server_default="0"),
    Column("began", Utc),
    Column("left_to", String(80), index=True),
)

warnings = Table(
    "warnings",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("warning", String(80), nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("audience", String(20), nullable=False),
    Column("area", String(40), nullable=False),
    Column("stage", String(20), nullable=False, index=True),
    Column("content", Text, nullable=False),
    Column("expires", Utc, nullable=False),
    Column("people", Integer, nullable=False),
    Column("escalate_at", Utc),
    Column("escalations", Integer, nullable=False),
    Column("level", Integer, nullable=False, server_default="0"),
    Column("issued", Utc),
    Column("late_at", Utc),
    Column("wait_until", Utc),
    Column("approved", String(64), nullable=False, server_default=""),
)
"""`level` is the one that quiet hours and damping go by: of an end, the one that people were told last. `late_at`: from when on a message
says that it is late. `wait_until`: the end of the quiet hours that hold it. `approved`: the digest of what was let out
(`alerts.approvals`); empty of what went out before there was one."""

signatures = Table(
    "signatures",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("by", String(80), primary_key=True),
    Column("role", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("digest", String(64), nullable=False, server_default=""),
    Column("recipients", Integer),
    Column("cost", Float),
    UniqueConstraint("message", "role", name="one_signature_a_role"),
)
"""Signatures that hold; one that is void is taken away, and the journal keeps it."""

by_agreement = Table(
    "by_agreement",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("warning", String(80), nullable=False, index=True),
    Column("agreement", String(60), nullable=False),
    Column("at", Utc, nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("cost", Float, nullable=False),
    Column("review_by", Utc, index=True),
    Column("passed_on", Integer, nullable=False),
    Column("reviewed_at", Utc),
    Column("reviewed_by", String(80)),
    Column("reviewed_as", String(80)),
    Column("judgement", String(10)),
    Column("comment", Text),
)
"""Messages that went out by agreement instead of signatures, with what that was bound to (`alerts.agreed`), and what a person said of each
afterwards. `review_by`: when one that nobody has reviewed is passed on; none once somebody has."""

originated = Table(
    "originated",
    metadata,
    Column("warning", String(80), primary_key=True),
    Column("hazard", String(80), nullable=False),
    Column("by", String(80), nullable=False),
    Column("role", String(80), nullable=False),
    Column("at", Utc, nullable=False),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("ends", Utc, nullable=False),
)
"""Warnings that a person wrote because no rule saw the danger (`alerts.originated`); what may be a number was masked before. `ends`: until
when the newest message of it stands."""

bodies = Table(
    "bodies",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("language", String(20), primary_key=True),
    Column("need", String(12), primary_key=True, server_default=""),
    Column("body", Text, nullable=False),
    Column("segments", Integer, nullable=False),
)
"""`need`: one of `NEEDS` where a text says something more to those who have it; empty for the text that all others read."""

messages = Table(
    "messages",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("subscriber", String(40), primary_key=True),
    Column("language", String(20), nullable=False),
    Column("area", String(40), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempted_at", Utc),
    Column("answered_at", Utc),
    Column("provider_id", String(64), unique=True),
    Column("refusal", String(40), nullable=False),
    Column("possibly_doubled", Boolean, nullable=False),
    Column("risk", Integer, nullable=False, server_default="0"),
    Column("not_before", Utc),
    Column("late", Boolean, nullable=False, server_default=false()),
    Column("need", String(12), nullable=False, server_default=""),
)
"""`priority` is the warning's level; `risk` orders people under one level, the most at risk first (`alerts.ordering`). `not_before`: by the
wall clock, of a message that is to be tried again later. `need`: that of the text which the person gets (`bodies`)."""

# In the very order in which messages go out, so that the next chunk is read from the front and the rest of the queue is not sorted.
Index(
    "messages_in_turn",
    messages.c.state,
    messages.c.priority.desc(),
    messages.c.risk.desc(),
    messages.c.area,
    messages.c.message,
    messages.c.subscriber,
)

earlier_attempts = Table(
    "earlier_attempts",
    metadata,
    Column("provider_id", String(64), primary_key=True),
    Column("message", String(80), nullable=False),
    Column("subscriber", String(40), nullable=False, index=True),
    Column("at", Utc, nullable=False),
)
"""What a message that was sent again had been taken as before."""

recounts = Table(
    "recounts",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("message", String(80), nullable=False),
)
"""Messages of warnings of which a receipt has moved somebody's since counts were last published."""

stops = Table(
    "stops",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("warning", String(80), nullable=False),
    Column("up_to", Integer, nullable=False),
    Column("by", String(80), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("ended_at", Utc, index=True),
    Column("ended_by", String(80)),
    Column("ended_why", Text),
)
"""Halts of what is being sent, of a warning or of all (`alerts.stops`)."""

restores = Table(
    "restores",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("taken_at", Utc, nullable=False),
    Column("at", Utc, nullable=False),
)
"""By the wall clock: up to when the backup knew what was sent, and when it was put back (`alerts.restores`)."""

delivery_counts = Table(
    "delivery_counts",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("area", String(40), primary_key=True),
    Column("language", String(20), primary_key=True),
    Column("state", String(12), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
)

withheld = Table(
    "withheld",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("reason", String(20), primary_key=True),
    Column("people", Integer, nullable=False),
)
"""People of a message's audience for whom none was made, by why."""

silences = Table(
    "silences",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("role", String(80), nullable=False),
    Column("comment", Text, nullable=False),
    Column("up_to", Integer, nullable=False),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Column("area", String(40)),
    Column("rule", String(80)),
    Column("hazard", String(80)),
    Column("ended_by", String(80)),
    Column("over", Boolean, nullable=False, index=True),
)

silenced = Table(
    "silenced",
    metadata,
    Column("silence", String(40), primary_key=True),
    Column("what", String(300), primary_key=True),
    Column("warning", String(80), nullable=False),
    Column("at", Utc, nullable=False),
)
"""What silences held back, each once."""

processed = Table(
    "processed",
    metadata,
    Column("record", String(250), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("decision", String(40), nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("record", String(250), nullable=False, unique=True),
    Column("content", Text, nullable=False),
    Column("published", Boolean, nullable=False, index=True),
)

notices = Table(
    "notices",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("id", String(250), nullable=False, unique=True),
    Column("at", Utc, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("warning", String(80), nullable=False),
    Column("text", Text, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("id", String(120), nullable=False, unique=True),
    Column("at", Utc, nullable=False, info={"kept_days": 730}),
    Column("handled_at", Utc, index=True),
    Column("outcome", String(40), nullable=False),
)
"""Messages from people, once each: that one came stays known for long after its words are gone, so that a repetition has no effect."""

inbox_payloads = Table(
    "inbox_payloads",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("at", Utc, nullable=False, info={"kept_days": 30}),
    Column("number_index", String(64), nullable=False, index=True),
    Column("number", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("opt_out", String(10), nullable=False),
)
"""Who wrote what, both encrypted."""

answers = Table(
    "answers",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("subscriber", String(40), primary_key=True, index=True),
    Column("area", String(40), nullable=False),
    Column("language", String(20), nullable=False),
    Column("answer", String(12), nullable=False),
    Column("at", Utc, nullable=False, info={"kept_days": 90}),
)
"""What a person answered to a message of a warning: the last word counts."""

answer_counts = Table(
    "answer_counts",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("area", String(40), primary_key=True),
    Column("language", String(20), primary_key=True),
    Column("answer", String(12), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
)
"""How many answered what, as it was last published."""

voices = Table(
    "voices",
    metadata,
    Column("area", String(40), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("subscriber", String(40), nullable=False, index=True),
    Column("last_at", Utc, nullable=False, info={"kept_days": 30}),
)
"""Which voice of an area a person's reports are readings at (`schemas.community_reports`)."""

officers = Table(
    "officers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name_key", String(80), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("display", String(120), nullable=False),
    Column("password", String(200), nullable=False),
    Column("state", String(10), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("set_up_at", Utc),
)
"""Accounts of people on duty. The password is a hash of Argon2id; it is empty until its owner has set one. `set_up_at` is when they first
had set it and a second factor."""

officer_grants = Table(
    "officer_grants",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("duty_role", String(40), nullable=False),
    Column("country", String(3), nullable=False),
    Column("area", String(40), nullable=False),
    Column("granted_at", Utc, nullable=False),
    Column("granted_by", String(80), nullable=False),
    UniqueConstraint("officer", "role", "duty_role", "country", "area"),
)
"""Who may act as what, and where: the area is empty for the whole country, the role of `country.yaml` where none is needed."""

officer_second_factors = Table(
    "officer_second_factors",
    metadata,
    Column("officer", String(40), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("since", Utc, nullable=False),
)
"""The secret of an account's authenticator, encrypted, and the half minute of the last code that was taken."""

officer_recovery_codes = Table(
    "officer_recovery_codes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
)
"""Codes for who has lost the authenticator, as SHA-256; one that was used is deleted."""

officer_sessions = Table(
    "officer_sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("stage", String(20), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, info={"kept_days": 1}),
)
"""Who is signed in, and who has only given the password; of the cookie's value the SHA-256 alone."""

officer_links = Table(
    "officer_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("created_by", String(80), nullable=False),
    Column("expires_at", Utc, nullable=False, info={"kept_days": 1}),
)
"""One-time codes with which a password and an authenticator are set, as SHA-256."""

officer_identities = Table(
    "officer_identities",
    metadata,
    Column("identity", String(64), primary_key=True),
    Column("officer", String(40), nullable=False, index=True),
    Column("linked_at", Utc, nullable=False),
    Column("linked_by", String(80), nullable=False),
)
"""Who signs in by a service elsewhere, as SHA-256 of its address and of what it calls the person."""

officer_tries = Table(
    "officer_tries",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("account", String(64), nullable=False, index=True),
    Column("address", String(64), nullable=False, index=True),
    Column("at", Utc, nullable=False, info={"kept_days": 1}),
)
"""Tries to sign in that failed or are being judged, by HMACs of what and from where: a password may be typed as a name."""

officer_telephones = Table(
    "officer_telephones",
    metadata,
    Column("officer", String(40), primary_key=True),
    Column("number", LargeBinary, nullable=False),
    Column("given_at", Utc, nullable=False),
)
"""The number by which an officer is woken, encrypted. It is no subscriber's: who is woken need not be enrolled."""

duty_shifts = Table(
    "duty_shifts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("country", String(3), nullable=False),
    Column("officer", String(40), nullable=False, index=True),
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("added_by", String(80), nullable=False),
)
"""Who is on duty from when to when, and in which place they are woken: 1 first."""

handover_notes = Table(
    "handover_notes",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=True),
    Column("country", String(3), nullable=False),
    Column("at", Utc, nullable=False, info={"kept_days": 365}),
    Column("by", String(80), nullable=False),
    Column("text", Text, nullable=False),
)
"""What one shift told the next; what may be a number in it was masked before."""

wakings = Table(
    "wakings",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("country", String(3), nullable=False),
    Column("cause", String(300), nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("to_role", String(40), nullable=False),
    Column("code", String(6), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("began_at", Utc, nullable=False, info={"kept_days": 365}),
    Column("step", Integer, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("over_at", Utc, nullable=True, index=True),
    Column("over_how", String(40), nullable=False),
    Column("over_by", String(80), nullable=False),
)
"""What somebody on duty is woken for, until a person acknowledges it or it is over by itself: at which step, and when the next is due."""

wake_tries = Table(
    "wake_tries",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("waking", String(40), nullable=False, index=True),
    Column("step", Integer, nullable=False),
    Column("officer", String(40), nullable=False),
    Column("way", String(10), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("tried_at", Utc, nullable=False, info={"kept_days": 365}),
    Column("called_at", Utc, nullable=True),
    Column("provider_id", String(80), nullable=True),
    Column("refusal", String(40), nullable=True),
)
"""Each SMS and each call by which somebody was woken, written down before the provider is asked."""

previews = Table(
    "previews",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("country", String(3), nullable=False),
    Column("message", String(80), nullable=False, index=True),
    Column("officer", String(40), nullable=False),
    Column("language", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    Column("state", String(12), nullable=False, index=True),
    Column("asked_at", Utc, nullable=False, info={"kept_days": 90}),
    Column("called_at", Utc),
    Column("answered_at", Utc),
    Column("provider_id", String(64)),
    Column("refusal", String(40), nullable=False),
)
"""Messages that wait, as officers have them sent to their own telephones first, with the mark that they are a test; by the account, never
by a number. `times`: how often it was asked for, which what it costs is limited by."""

feed_answers = Table(
    "feed_answers",
    metadata,
    Column("feed", String(80), primary_key=True),
    Column("answered_at", Utc, nullable=False),
    Column("ever", Boolean, nullable=False),
)
"""When each feed answered last, for who watches over its silence; of one that never did, since when it is waited for."""

journal = Table(
    "journal",
    metadata,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("step", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""What people, and the service for them, did: rows are added and never changed (`alerts.journal`). `at` is text, because the hash covers
each byte as it stands, and a moment can be written in several ways that read alike."""

version = Table("registry_version", metadata, Column("version", Integer, primary_key=True))
"""One row, by which versions before Alembic know that these tables are not theirs (`alerts.migrations`)."""
