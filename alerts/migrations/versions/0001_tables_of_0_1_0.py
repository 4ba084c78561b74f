"""The tables as 0.1.0 made them. It named no version; a database that has them is taken for this one."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them."""
    _people()
    _warnings()
    _messages()
    _journal()


def _people() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("number_index", sa.String(64), nullable=False, unique=True),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("group", sa.String(20), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("consent_at", sa.DateTime(), nullable=False),
        sa.Column("consent_text", sa.String(40), nullable=False),
        sa.Column("consent_by", sa.String(80), nullable=False),
    )
    op.create_index("subscribers_by_area", "subscribers", ["area", "group", "status"])
    op.create_table(
        "suppressions",
        sa.Column("number_index", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
    )


def _warnings() -> None:
    op.create_table(
        "lives",
        sa.Column("warning", sa.String(80), primary_key=True),
        sa.Column("event", sa.String(250), nullable=False, unique=True),
        sa.Column("rule", sa.String(80), nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("unconfirmed", sa.Boolean, nullable=False),
        sa.Column("quiet", sa.Boolean, nullable=False),
        sa.Column("last_issued", sa.DateTime()),
        sa.Column("expires", sa.DateTime()),
        sa.Column("latest", sa.Text, nullable=False),
    )
    op.create_index("ix_lives_area", "lives", ["area"])
    op.create_index("ix_lives_told", "lives", ["told"])
    op.create_table(
        "warnings",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("warning", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("audience", sa.String(20), nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("escalate_at", sa.DateTime()),
        sa.Column("escalations", sa.Integer, nullable=False),
    )
    op.create_index("ix_warnings_warning", "warnings", ["warning"])
    op.create_index("ix_warnings_stage", "warnings", ["stage"])
    op.create_table(
        "signatures",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("by", sa.String(80), primary_key=True),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.UniqueConstraint("message", "role", name="one_signature_a_role"),
    )


def _messages() -> None:
    op.create_table(
        "bodies",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("language", sa.String(20), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
    )
    op.create_table(
        "messages",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("subscriber", sa.String(40), primary_key=True),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("attempted_at", sa.DateTime()),
        sa.Column("answered_at", sa.DateTime()),
        sa.Column("provider_id", sa.String(64), unique=True),
        sa.Column("refusal", sa.String(40), nullable=False),
        sa.Column("possibly_doubled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "delivery_counts",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("area", sa.String(40), primary_key=True),
        sa.Column("language", sa.String(20), primary_key=True),
        sa.Column("state", sa.String(12), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )


def _journal() -> None:
    op.create_table(
        "processed",
        sa.Column("record", sa.String(250), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("decision", sa.String(40), nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("record", sa.String(250), nullable=False, unique=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("published", sa.Boolean, nullable=False),
    )
    op.create_index("ix_outbox_published", "outbox", ["published"])
    op.create_table(
        "notices",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(250), nullable=False, unique=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("warning", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
