"""Who is warned first under one level, what is tried again later and what it had been taken as, what receipts have moved, and halts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add columns and tables. What waits already is in no order but the old one."""
    op.drop_index("messages_in_turn", "messages")
    with op.batch_alter_table("messages") as messages:
        messages.add_column(sa.Column("risk", sa.Integer, nullable=False, server_default="0"))
        messages.add_column(sa.Column("not_before", sa.DateTime()))
    op.create_index(
        "messages_in_turn", "messages", ["state", sa.text("priority DESC"), sa.text("risk DESC"), "area", "message", "subscriber"]
    )
    op.create_table(
        "earlier_attempts",
        sa.Column("provider_id", sa.String(64), primary_key=True),
        sa.Column("message", sa.String(80), nullable=False),
        sa.Column("subscriber", sa.String(40), nullable=False, index=True),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    op.create_table(
        "recounts",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("message", sa.String(80), nullable=False),
    )
    op.create_table(
        "stops",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("warning", sa.String(80), nullable=False),
        sa.Column("up_to", sa.Integer, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), index=True),
        sa.Column("ended_by", sa.String(80)),
        sa.Column("ended_why", sa.Text),
    )
