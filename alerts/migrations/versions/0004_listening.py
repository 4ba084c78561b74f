"""What people answer: their messages, their answers to warnings, and the voices at which their reports are readings."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    _inbox()
    _answers()
    op.create_table(
        "voices",
        sa.Column("area", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("subscriber", sa.String(40), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_voices_subscriber", "voices", ["subscriber"])


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(120), nullable=False, unique=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("handled_at", sa.DateTime()),
        sa.Column("outcome", sa.String(40), nullable=False),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "inbox_payloads",
        sa.Column("id", sa.String(120), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("number_index", sa.String(64), nullable=False),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("opt_out", sa.String(10), nullable=False),
    )
    op.create_index("ix_inbox_payloads_number_index", "inbox_payloads", ["number_index"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("subscriber", sa.String(40), primary_key=True),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("answer", sa.String(12), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_answers_subscriber", "answers", ["subscriber"])
    op.create_table(
        "answer_counts",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("area", sa.String(40), primary_key=True),
        sa.Column("language", sa.String(20), primary_key=True),
        sa.Column("answer", sa.String(12), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
