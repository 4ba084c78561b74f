"""Messages that go out by agreement, and what people say of them afterwards. It begins with this version, empty."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "by_agreement",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("warning", sa.String(80), nullable=False, index=True),
        sa.Column("agreement", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False, index=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("cost", sa.Float, nullable=False),
        sa.Column("review_by", sa.DateTime, nullable=True, index=True),
        sa.Column("passed_on", sa.Integer, nullable=False),
        sa.Column("reviewed_at", sa.DateTime, nullable=True),
        sa.Column("reviewed_by", sa.String(80), nullable=True),
        sa.Column("reviewed_as", sa.String(80), nullable=True),
        sa.Column("judgement", sa.String(10), nullable=True),
        sa.Column("comment", sa.Text, nullable=True),
    )
