"""What a signature is bound to, and what was let out by it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add it; what was signed before was bound to nothing."""
    with op.batch_alter_table("signatures") as signatures:
        signatures.add_column(sa.Column("digest", sa.String(64), nullable=False, server_default=""))
        signatures.add_column(sa.Column("recipients", sa.Integer))
        signatures.add_column(sa.Column("cost", sa.Float))
    with op.batch_alter_table("warnings") as warnings:
        warnings.add_column(sa.Column("approved", sa.String(64), nullable=False, server_default=""))
