"""One file for each version of the registry's tables, oldest first. A file never changes once it has landed.

To change the tables:
1. Change `alerts/tables`.
2. Copy the newest file here to the next number, `NNNN_what_it_brings.py`; set `revision = "NNNN"` and `down_revision` to the number
   before it. If another change took your number while you worked, take the next: there is one line of revisions, never two heads.
3. Write `upgrade()` with `alembic.op` alone, naming tables and types (`sa.DateTime()` for `Utc`) as they are in this version: what is
   imported from `alerts.tables` would change under it. Columns are added or changed inside `op.batch_alter_table(...)`, since SQLite can
   do little else; a new column that must not be null has the same `server_default` here and in `alerts/tables`, or is filled first.
4. `tests/alerts/test_registry_versions.py` holds the result against `alerts/tables`, on SQLite and on PostgreSQL.

There is no way back down: the copy beside the database, or the administrator's dump, is the way back.
"""
