"""Messages to people on their way, and what holds them up."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, false

from alerts.tables.columns import Utc, metadata

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
