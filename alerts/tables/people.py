"""Who is warned, who must not be, and what people wrote and answered."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, false

from alerts.tables.columns import Utc, metadata

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
