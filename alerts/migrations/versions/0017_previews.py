"""Messages that wait, as officers have them sent to their own telephones first. It begins with this version, empty."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "previews",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("message", sa.String(80), nullable=False, index=True),
        sa.Column("officer", sa.String(40), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False, index=True),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("called_at", sa.DateTime, nullable=True),
        sa.Column("answered_at", sa.DateTime, nullable=True),
        sa.Column("provider_id", sa.String(64), nullable=True),
        sa.Column("refusal", sa.String(40), nullable=False),
    )
