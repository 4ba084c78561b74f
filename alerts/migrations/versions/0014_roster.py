"""Who is on duty, their telephones, and how they are woken. It begins with this version, empty."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "officer_telephones",
        sa.Column("officer", sa.String(40), primary_key=True),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("given_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "duty_shifts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("officer", sa.String(40), nullable=False, index=True),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime, nullable=False, index=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("added_at", sa.DateTime, nullable=False),
        sa.Column("added_by", sa.String(80), nullable=False),
    )
    op.create_table(
        "handover_notes",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "wakings",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("cause", sa.String(300), nullable=False, unique=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("to_role", sa.String(40), nullable=False),
        sa.Column("code", sa.String(6), nullable=False, index=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("began_at", sa.DateTime, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("over_at", sa.DateTime, nullable=True, index=True),
        sa.Column("over_how", sa.String(40), nullable=False),
        sa.Column("over_by", sa.String(80), nullable=False),
    )
    op.create_table(
        "wake_tries",
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("waking", sa.String(40), nullable=False, index=True),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("officer", sa.String(40), nullable=False),
        sa.Column("way", sa.String(10), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("tried_at", sa.DateTime, nullable=False),
        sa.Column("called_at", sa.DateTime, nullable=True),
        sa.Column("provider_id", sa.String(80), nullable=True),
        sa.Column("refusal", sa.String(40), nullable=True),
    )
    op.create_table(
        "feed_answers",
        sa.Column("feed", sa.String(80), primary_key=True),
        sa.Column("answered_at", sa.DateTime, nullable=False),
        sa.Column("ever", sa.Boolean, nullable=False),
    )
