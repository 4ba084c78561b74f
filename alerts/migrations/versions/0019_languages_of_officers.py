"""In which language an officer is spoken to. Nobody has chosen one yet, and whoever was woken so far was woken in English."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("officers") as officers:
        officers.add_column(sa.Column("language", sa.String(20), nullable=False, server_default=""))
    with op.batch_alter_table("wake_tries") as wake_tries:
        wake_tries.add_column(sa.Column("language", sa.String(20), nullable=False, server_default="en"))
