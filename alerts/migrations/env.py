"""What Alembic runs: the revisions that are missing, in the transaction that `alerts.migrations` has opened."""

from alembic import context

from alerts.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
