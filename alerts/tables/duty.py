"""Who is on duty, by what they are reached, and what they were woken for."""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table, Text

from alerts.tables.columns import Utc, metadata

officer_telephones = Table(
    "officer_telephones",
    metadata,
    Column("officer", String(40), primary_key=True),
    Column("number", LargeBinary, nullable=False),
    Column("given_at", Utc, nullable=False),
)
"""The number by which an officer is woken, encrypted. It is no subscriber's: who is woken need not be enrolled."""

telephone_codes = Table(
    "telephone_codes",
    metadata,
    Column("officer", String(40), primary_key=True),
    Column("id", String(40), nullable=False, index=True),
    Column("country", String(3), nullable=False),
    Column("number", LargeBinary, nullable=False),
    Column("code", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("asked_at", Utc, nullable=False, info={"kept_days": 1}),
    Column("called_at", Utc),
    Column("provider_id", String(64)),
    Column("refusal", String(40), nullable=False),
)
"""A number that an officer gave at the console, encrypted as is the code that was sent to it, until the code is typed or its quarter of an
hour is over. `id`: what receipts bring back. `wrong`: how often another code was typed."""

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
    Column("language", String(20), nullable=False, server_default="en"),
    Column("state", String(20), nullable=False, index=True),
    Column("tried_at", Utc, nullable=False, info={"kept_days": 365}),
    Column("called_at", Utc, nullable=True),
    Column("provider_id", String(80), nullable=True),
    Column("refusal", String(40), nullable=True),
)
"""Each SMS and each call by which somebody was woken, and in which language, written down before the provider is asked."""

previews = Table(
    "previews",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("country", String(3), nullable=False),
    Column("message", String(80), nullable=False, index=True),
    Column("officer", String(40), nullable=False),
    Column("language", String(20), nullable=False),
    Column("need", String(12), nullable=False, server_default=""),
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
by a number. `need`: as of `bodies`. `times`: how often it was asked for, which what it costs is limited by."""

feed_answers = Table(
    "feed_answers",
    metadata,
    Column("feed", String(80), primary_key=True),
    Column("answered_at", Utc, nullable=False),
    Column("ever", Boolean, nullable=False),
)
"""When each feed answered last, for who watches over its silence; of one that never did, since when it is waited for."""
