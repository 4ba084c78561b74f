"""When a warning last ended and whose end speaks for it; silences; what was held for the night or sent late; who was spared a message."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ENDS = "('all_clear', 'retraction', 'cannot_tell')"
_LAST_END = f"SELECT max(number) FROM warnings WHERE warnings.warning = lives.warning AND stage = 'issued' AND kind IN {_ENDS}"  # noqa: S608


def upgrade() -> None:
    """Add the columns and tables. Of warnings that were there before, what they did not have is read from what was kept of them."""
    with op.batch_alter_table("lives") as lives:
        lives.add_column(sa.Column("held", sa.Boolean, nullable=False, server_default=sa.false()))
        lives.add_column(sa.Column("ended", sa.Integer, nullable=False, server_default="0"))
        lives.add_column(sa.Column("began", sa.DateTime()))
        lives.add_column(sa.Column("left_to", sa.String(80)))
    op.create_index("ix_lives_held", "lives", ["held"])
    op.create_index("ix_lives_left_to", "lives", ["left_to"])
    op.execute(f"UPDATE lives SET ended = coalesce(({_LAST_END}), 0)")  # noqa: S608 - no value of anybody's
    op.execute("UPDATE lives SET began = last_issued WHERE told")
    with op.batch_alter_table("warnings") as warnings:
        warnings.add_column(sa.Column("level", sa.Integer, nullable=False, server_default="0"))
        warnings.add_column(sa.Column("issued", sa.DateTime()))
        warnings.add_column(sa.Column("late_at", sa.DateTime()))
        warnings.add_column(sa.Column("wait_until", sa.DateTime()))
    _read_warnings(op.get_bind())
    with op.batch_alter_table("messages") as messages:
        messages.add_column(sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()))
    _create_tables()


def _create_tables() -> None:
    op.create_table(
        "withheld",
        sa.Column("message", sa.String(80), primary_key=True),
        sa.Column("reason", sa.String(20), primary_key=True),
        sa.Column("people", sa.Integer, nullable=False),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("role", sa.String(80), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("up_to", sa.Integer, nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("area", sa.String(40)),
        sa.Column("rule", sa.String(80)),
        sa.Column("hazard", sa.String(80)),
        sa.Column("ended_by", sa.String(80)),
        sa.Column("over", sa.Boolean, nullable=False),
    )
    op.create_index("ix_silences_over", "silences", ["over"])
    op.create_table(
        "silenced",
        sa.Column("silence", sa.String(40), primary_key=True),
        sa.Column("what", sa.String(300), primary_key=True),
        sa.Column("warning", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
    )


def _read_warnings(connection: sa.Connection) -> None:
    warnings = sa.table("warnings", sa.column("id"), sa.column("content"), sa.column("level"), sa.column("issued", sa.DateTime()))
    of_warnings = sa.select(warnings.c.id, warnings.c.content).where(warnings.c.content != "")  # an answer to one person has none
    for row in connection.execute(of_warnings).all():
        content = json.loads(row.content)
        issued = content.get("issued")
        moment = datetime.fromisoformat(issued).astimezone(UTC).replace(tzinfo=None) if issued else None
        values = {"level": int(content["level"]), "issued": moment}
        connection.execute(sa.update(warnings).where(warnings.c.id == row.id).values(**values))
