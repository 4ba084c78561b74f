"""What all that people decide in files has in common."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class Decided(BaseModel):
    """Base of what stands in files: unchangeable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Document(Decided):
    """Where a threshold or rule comes from."""

    title: str
    section: str = ""
    date: date
    owner: str
    valid: str = ""
    reference: str = ""
