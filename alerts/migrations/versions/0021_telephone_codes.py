"""The codes by which officers confirm their own telephones at the console. It begins with this version, empty."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "telephone_codes",
        sa.Column("officer", sa.String(40), primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, index=True),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("code", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("wrong", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("called_at", sa.DateTime, nullable=True),
        sa.Column("provider_id", sa.String(64), nullable=True),
        sa.Column("refusal", sa.String(40), nullable=False),
    )
