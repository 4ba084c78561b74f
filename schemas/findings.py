"""A finding about a configuration: a datum, not an exception, so that all are collected and none stops the rest."""

from pydantic import BaseModel, ConfigDict


class Finding(BaseModel):
    """One thing that a person should change.

    Attributes:
        check: the name of the check that found it, such as `unknown-indicator`.
        file: path relative to the root of the checkout.
        line, column: counted from 1; 0 if it concerns the whole file.
        what: what is wrong.
        why: what would happen otherwise; may be empty.
        remedy: what to write instead.
        note: nothing must be changed; it is said so that nobody forgets it.
    """

    model_config = ConfigDict(frozen=True)
    check: str
    file: str
    line: int
    column: int
    what: str
    why: str = ""
    remedy: str = ""
    note: bool = False

    def __str__(self) -> str:
        said = " ".join(p for p in ("note:" * self.note, self.what, self.why, self.remedy) if p)
        return f"{self.file}:{self.line}:{self.column}: {said}"
