"""Silences: for a time, and with a name and a reason, people on duty let nothing new be proposed of a rule, a hazard or an area.

A silence says up to which level it holds; what is graver passes, and so does every end. What it held is judged again when it is over.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from alerts.tables import silenced, silences
from schemas.configuration import Rule
from schemas.errors import RefusedError
from schemas.levels import Level


@dataclass(frozen=True)
class Silence:
    """One silence.

    Attributes:
        by, role, comment: who set it, in which role, and why.
        area: it reaches this area and all inside it; none reaches all of the country. rule: none reaches every rule.
        hazard: the name of the texts of several rules, such as `river_flood`; none reaches every hazard.
        up_to: the gravest level it holds back. since, until: when it holds.
        ended_by: who ended it before its time; `until` is then that moment.
        over: what it held has been judged again.
    """

    id: str
    by: str
    role: str
    comment: str
    up_to: Level
    since: datetime
    until: datetime
    area: str | None = None
    rule: str | None = None
    hazard: str | None = None
    ended_by: str | None = None
    over: bool = False

    def holds(self, now: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.since <= now < self.until

    def reaches(self, rule: Rule, around: Collection[str], level: Level) -> bool:
        """Whether it would hold back a rule's warning at a level.

        Args:
            around: the area that is warned, and all that it lies in.
        """
        named = self.rule in (None, rule.name) and self.hazard in (None, rule.text) and (self.area is None or self.area in around)
        return named and level <= self.up_to

    def in_words(self) -> str:
        """What it reaches."""
        what = self.rule or self.hazard or "everything"
        return f"{what} in {self.area or 'the whole country'}, up to {self.up_to.word}"


def check(silence: Silence) -> None:
    """Hold a new silence against what each must have.

    Raises:
        RefusedError: it has no name, no reason or no end, or would hold nothing back.
    """
    if not silence.by.strip() or not silence.comment.strip():
        raise RefusedError("a silence without a name or a reason.", where="silence", remedy="Say who sets it and why.")
    if silence.until <= silence.since:
        raise RefusedError("a silence that ends before it begins.", where="silence", remedy="Say until when it holds.")
    if silence.up_to is Level.GREEN:
        raise RefusedError("a silence that holds nothing back.", where="silence", remedy="Say yellow, orange or red.")


def add(connection: Connection, silence: Silence) -> Silence:
    """Keep a new silence; the answer has its id."""
    number = connection.execute(select(func.count()).select_from(silences)).scalar_one() + 1
    kept = replace(silence, id=f"silence-{number}")
    connection.execute(insert(silences).values(**{**vars(kept), "up_to": int(kept.up_to)}))
    return kept


def everything(connection: Connection) -> list[Silence]:
    """All that there ever were, the oldest first."""
    rows = connection.execute(select(silences).order_by(silences.c.since, silences.c.id)).mappings()
    return [Silence(**{**row, "up_to": Level(row["up_to"])}) for row in rows]


def not_over(connection: Connection) -> list[Silence]:
    """Those that hold, or whose end nobody has looked at yet."""
    return [silence for silence in everything(connection) if not silence.over]


def end(connection: Connection, silence: Silence, by: str, now: datetime) -> Silence:
    """End a silence before its time."""
    ended = replace(silence, until=now, ended_by=by)
    connection.execute(update(silences).where(silences.c.id == silence.id).values(until=now, ended_by=by))
    return ended


def close(connection: Connection, silence: Silence) -> None:
    """Note that what it held was judged again."""
    connection.execute(update(silences).where(silences.c.id == silence.id).values(over=True))


def keep_held(connection: Connection, silence: Silence, what: str, warning: str, at: datetime) -> None:
    """Count something that a silence held back, once.

    Args:
        what: an identity of what would have been said.
    """
    known = select(silenced.c.what).where(silenced.c.silence == silence.id, silenced.c.what == what)
    if connection.execute(known).first() is None:
        connection.execute(insert(silenced).values(silence=silence.id, what=what, warning=warning, at=at))


def held(connection: Connection) -> dict[str, int]:
    """Silence to how much it has held back."""
    return dict(connection.execute(select(silenced.c.silence, func.count()).group_by(silenced.c.silence)).all())
