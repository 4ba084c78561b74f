"""What the service has taken in and says, and the journal of what was done."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from alerts.tables.columns import Utc, metadata

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
