"""Warnings that a person wrote because no rule saw the danger. It begins with this version, empty."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "originated",
        sa.Column("warning", sa.String(80), primary_key=True),
        sa.Column("hazard", sa.String(80), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("ends", sa.DateTime, nullable=False),
    )
