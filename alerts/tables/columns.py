"""What all tables share: the metadata that they stand in, and moments."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator

from schemas.moments import to_utc

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """An aware moment, kept as UTC without a zone, because SQLite knows none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Into the database."""
        return None if value is None else to_utc(value).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Out of it."""
        return None if value is None else value.replace(tzinfo=UTC)
