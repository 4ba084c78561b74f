"""When each officer looked at the console last. It begins with this version, empty."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "officer_visits",
        sa.Column("officer", sa.String(40), primary_key=True),
        sa.Column("began_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("before_at", sa.DateTime, nullable=True),
    )
