"""What the console logs while the registry is away: a line with what broke and what to do, and not a traceback for each request."""

from sqlalchemy.exc import DBAPIError

_DO = "Look whether the database runs and its disk has room: `polyrisk doctor` says so."


def in_one_line(error: Exception) -> str:
    """The kind of an error of the registry, and what to do. The database's own words are left out, for they hold the statement."""
    broke = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"{type(broke).__name__}. {_DO}"
