"""Who came while the country sent to nobody, and is to be told later that they are enrolled."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add it; owed to those to whom a text of ours about themselves was refused because the country did not send."""
    with op.batch_alter_table("subscribers") as subscribers:
        subscribers.add_column(sa.Column("owed_welcome", sa.Boolean, nullable=False, server_default=sa.false()))
    people = sa.table("subscribers", sa.column("id"), sa.column("owed_welcome", sa.Boolean))
    messages = sa.table("messages", sa.column("message"), sa.column("subscriber"), sa.column("refusal"))
    warnings = sa.table("warnings", sa.column("id"), sa.column("stage"))
    of_ours = sa.select(warnings.c.id).where(warnings.c.stage == "service")
    refused = sa.select(messages.c.subscriber).where(messages.c.refusal == "not_agreed", messages.c.message.in_(of_ours))
    op.execute(people.update().where(people.c.id.in_(refused)).values(owed_welcome=sa.true()))
