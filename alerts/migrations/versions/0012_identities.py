"""Officers who show who they are to a sign-in service of their organisation."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the table; nobody is linked yet."""
    op.create_table(
        "officer_identities",
        sa.Column("identity", sa.String(64), primary_key=True),
        sa.Column("officer", sa.String(40), nullable=False, index=True),
        sa.Column("linked_at", sa.DateTime, nullable=False),
        sa.Column("linked_by", sa.String(80), nullable=False),
    )
