"""The index of the queue, which the first installations of 0.1.0 lacked, and a version of our own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make what is missing."""
    op.create_index(
        "messages_in_turn", "messages", ["state", sa.text("priority DESC"), "area", "message", "subscriber"], if_not_exists=True
    )
    table = op.create_table("registry_version", sa.Column("version", sa.Integer, primary_key=True))
    op.bulk_insert(table, [{"version": 2}])
