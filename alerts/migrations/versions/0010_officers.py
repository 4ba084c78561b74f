"""People on duty: their accounts, what they may do and where, how they sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the tables; there is no account yet, and none with a password that somebody could know."""
    _accounts()
    _ways_in()


def _accounts() -> None:
    op.create_table(
        "officers",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("name_key", sa.String(80), nullable=False, unique=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("display", sa.String(120), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("set_up_at", sa.DateTime),
    )
    op.create_table(
        "officer_grants",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("officer", sa.String(40), nullable=False, index=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("duty_role", sa.String(40), nullable=False),
        sa.Column("country", sa.String(3), nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("granted_at", sa.DateTime, nullable=False),
        sa.Column("granted_by", sa.String(80), nullable=False),
        sa.UniqueConstraint("officer", "role", "duty_role", "country", "area"),
    )


def _ways_in() -> None:
    op.create_table(
        "officer_second_factors",
        sa.Column("officer", sa.String(40), primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "officer_recovery_codes",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("officer", sa.String(40), nullable=False, index=True),
    )
    op.create_table(
        "officer_sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("officer", sa.String(40), nullable=False, index=True),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "officer_links",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("officer", sa.String(40), nullable=False, index=True),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "officer_tries",
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String(64), nullable=False, index=True),
        sa.Column("address", sa.String(64), nullable=False, index=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )
