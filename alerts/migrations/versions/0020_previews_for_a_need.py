"""Which text of a message an officer has sent to themselves: the one that all read, as all of before, or the one for a need."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the column."""
    op.add_column("previews", sa.Column("need", sa.String(12), nullable=False, server_default=""))
