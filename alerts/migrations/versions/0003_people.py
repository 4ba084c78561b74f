"""What people may ask for beside a language: a channel, romanised letters, what they need; since when they belong to an area's audience,
and when they last said something about themselves; which key made the
index of who left. Versions before Alembic refuse the database from here on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns. Who was there before joined when they agreed."""
    op.drop_index("subscribers_by_area", "subscribers")
    with op.batch_alter_table("subscribers") as people:
        people.add_column(sa.Column("channel", sa.String(20), nullable=False, server_default="sms"))
        people.add_column(sa.Column("needs", sa.String(60), nullable=False, server_default=""))
        people.add_column(sa.Column("romanised", sa.Boolean, nullable=False, server_default=sa.false()))
        people.add_column(sa.Column("joined_at", sa.DateTime()))
        people.add_column(sa.Column("said_at", sa.DateTime()))
    op.execute("UPDATE subscribers SET joined_at = consent_at")
    with op.batch_alter_table("subscribers") as people:
        people.alter_column("joined_at", existing_type=sa.DateTime(), nullable=False)
    op.create_index("subscribers_by_area", "subscribers", ["area", "group", "status", "language"])
    op.create_index("subscribers_by_joining", "subscribers", ["joined_at"])
    with op.batch_alter_table("suppressions") as left:
        left.add_column(sa.Column("index_key", sa.String(8), nullable=False, server_default=""))
    op.execute("UPDATE registry_version SET version = 3")
