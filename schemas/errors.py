"""The one hierarchy of errors. Each says what is wrong, where, and what to do about it."""


class PolyriskError(Exception):
    """Base of all errors that a person must act on.

    Args:
        what: what is wrong, in one sentence.
        where: file:line, feed and row, or topic and offset; empty if it has no place.
        remedy: what to do now.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(self.__str__())

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        between = "\n" if "\n" in self.what else " "
        return f"{place}{self.what}" + (f"{between}{self.remedy}" if self.remedy else "")


class ConfigurationError(PolyriskError):
    """A file that people wrote cannot be used; nothing of it takes effect."""


class FetchError(PolyriskError):
    """A source gave no delivery: no bytes, a cut-off body, an HTML page, an error status or a time-out."""


class SourceChanged(PolyriskError):
    """A source's format is no longer the one its parser knows; says what was expected."""


class LogError(PolyriskError):
    """The event log cannot be read or written."""


class FencedError(LogError):
    """A member of a consumer group was replaced by another; it must stop and commit nothing."""


class NewerVersionError(LogError):
    """What is kept was written by a newer version of Polyrisk; nothing of it is read, because it might be misread."""


class RefusedError(PolyriskError):
    """The product refuses to do what was asked, because it would break a promise to people."""
