"""Which text a person gets where one says something more to those who have a need."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the need to texts and messages; what was there before was the same for all."""
    op.create_table(
        "bodies_by_need",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("language", sa.String(20), primary_key=True),
        sa.Column("need", sa.String(12), primary_key=True, server_default=""),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
    )
    op.execute("INSERT INTO bodies_by_need (message, language, body, segments) SELECT message, language, body, segments FROM bodies")
    op.drop_table("bodies")
    op.rename_table("bodies_by_need", "bodies")
    with op.batch_alter_table("messages") as messages:
        messages.add_column(sa.Column("need", sa.String(12), nullable=False, server_default=""))
