"""Wakings and tries as they are kept, inside the caller's transaction: begun, tried, acknowledged, over."""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from alerts import journal
from alerts.journal import AS_SERVICE, SERVICE, Step
from alerts.officers import accounts
from alerts.officers.officer import Officer, State
from alerts.people.keys import Keys
from alerts.roster import telephones
from alerts.roster.causes import Cause
from alerts.roster.ladder import Rung, Way
from alerts.tables import officers, wake_tries, wakings
from schemas.errors import RefusedError

INTENDED, SENDING, ACCEPTED, REFUSED, UNKNOWN, DROPPED = "intended", "sending", "accepted", "refused", "unknown", "dropped"
ACKNOWLEDGED, SETTLED, JOINED = "acknowledged", "settled", "joined"
BY_SMS, BY_CALL, BY_COMMAND, BY_PAGE = "by SMS", "by call", "by command", "at the console"
_OURS = "wake-"


@dataclass(frozen=True)
class Waking:
    """Something that somebody is woken for.

    Attributes:
        code: four digits, by which it is acknowledged. step: how often somebody was tried.
        due: when the next is tried. over: when it was acknowledged or was over by itself; none while it goes on.
        how, by: of its end; by is the account's name, empty if it was over by itself.
    """

    id: str
    cause: str
    kind: str
    subject: str
    to_role: str
    code: str
    text: str
    began: datetime
    step: int
    due: datetime
    over: datetime | None
    how: str
    by: str


def open_ones(connection: Connection, country: str) -> list[Waking]:
    """Those that go on, the oldest first."""
    return _read(connection, wakings.c.country == country, wakings.c.over_at.is_(None))


def newest(connection: Connection, country: str, most: int = 20) -> list[Waking]:
    """The newest, whether they go on or not, the oldest of them first."""
    return _read(connection, wakings.c.country == country)[-most:]


def known(connection: Connection, cause: str) -> bool:
    """Whether somebody was or is woken for a cause."""
    return connection.execute(select(wakings.c.id).where(wakings.c.cause == cause)).first() is not None


def begin(connection: Connection, country: str, cause: Cause, now: datetime) -> None:
    """Begin to wake somebody; the first is tried at once."""
    taken = set(connection.execute(select(wakings.c.code).where(wakings.c.over_at.is_(None))).scalars())
    code = f"{secrets.randbelow(9_000) + 1_000}"
    while code in taken:
        code = f"{secrets.randbelow(9_000) + 1_000}"
    more = {"code": code, "began_at": now, "step": 0, "due_at": now, "over_how": "", "over_by": ""}
    connection.execute(insert(wakings).values(country=country, **_values(cause), **more))


def join(connection: Connection, lead: Waking, cause: Cause, now: datetime) -> None:
    """Somebody is being woken for something of the kind already: they hear of this too, and no second telephone rings for it."""
    more = {"code": "", "began_at": now, "step": lead.step, "due_at": now}
    ended = {"over_at": now, "over_how": JOINED, "over_by": lead.id}
    connection.execute(insert(wakings).values(country=_country_of(connection, lead), **_values(cause), **more, **ended))
    if cause.to_role:
        connection.execute(update(wakings).where(wakings.c.id == lead.id).values(to_role=cause.to_role))


def joined(connection: Connection, lead: str) -> list[Waking]:
    """What somebody is woken for beside the first, the oldest first."""
    return _read(connection, wakings.c.over_how == JOINED, wakings.c.over_by == lead)


def pass_on(connection: Connection, waking: Waking, cause: Cause) -> None:
    """What somebody is being woken for was passed on to a role meanwhile: from now on its people are tried too."""
    values = {"cause": cause.id, "to_role": cause.to_role, "text": cause.text}
    connection.execute(update(wakings).where(wakings.c.id == waking.id).values(**values))
    if waking.how == JOINED and cause.to_role:
        connection.execute(update(wakings).where(wakings.c.id == waking.by).values(to_role=cause.to_role))


def tried(connection: Connection, waking: str) -> Counter[Rung]:
    """How often each person was tried in each way."""
    rows = connection.execute(select(wake_tries.c.officer, wake_tries.c.way).where(wake_tries.c.waking == waking))
    return Counter(Rung(row.officer, Way(row.way)) for row in rows)


def intend(connection: Connection, waking: Waking, rung: Rung, body: str, language: str, now: datetime, due: datetime) -> None:
    """Write down that somebody is to be tried; what was tried before and never answered is not looked for any more.

    Args:
        body: what the SMS says, or what is said in the call. language: in which it is.
    """
    step = waking.step + 1
    officer = accounts.load(connection, rung.officer)
    name = officer.name if officer is not None else rung.officer
    before = (wake_tries.c.waking == waking.id) & wake_tries.c.state.in_((INTENDED, SENDING))
    connection.execute(update(wake_tries).where(before).values(state=UNKNOWN))
    values = {"id": reference(waking.id, step), "waking": waking.id, "step": step, "officer": rung.officer, "way": rung.way.value}
    connection.execute(insert(wake_tries).values(**values, body=body, language=language, state=INTENDED, tried_at=now))
    connection.execute(update(wakings).where(wakings.c.id == waking.id).values(step=step, due_at=due))
    content = {"officer": name, "way": rung.way.value, "step": step, "waking": waking.id, "language": language}
    journal.write(connection, now, SERVICE, AS_SERVICE, Step.WOKEN, waking.subject, content)


def wait(connection: Connection, waking: str, due: datetime) -> None:
    """Set when the next is tried."""
    connection.execute(update(wakings).where(wakings.c.id == waking).values(due_at=due))


def of_code(connection: Connection, country: str, code: str) -> Waking:
    """The waking that goes on with a code.

    Raises:
        RefusedError: none does.
    """
    found = [w for w in open_ones(connection, country) if w.code == code.strip() or w.id == code.strip()]
    if not found:
        what = "nobody is being woken with this code."
        raise RefusedError(what, where=code, remedy="`polyrisk wake list` shows what goes on and who has acknowledged what.")
    return found[0]


def acknowledge(connection: Connection, waking: Waking, officer: Officer, how: str, now: datetime) -> None:
    """Somebody is awake: nobody else is tried. That what they were woken for is done, it does not say.

    What joined after the last try has been told to nobody: it wakes anew.
    """
    gone_out = (wake_tries.c.waking == waking.id) & wake_tries.c.state.in_((SENDING, ACCEPTED))
    told = connection.execute(select(func.max(wake_tries.c.step)).where(gone_out)).scalar() or 0
    untold = (wakings.c.over_how == JOINED) & (wakings.c.over_by == waking.id) & (wakings.c.step >= told)
    connection.execute(delete(wakings).where(untold))
    _end(connection, waking, ACKNOWLEDGED, officer.name, now)
    journal.write(connection, now, officer.name, "on duty", Step.ACKNOWLEDGED, waking.subject, {"waking": waking.id, "how": how})


def acknowledged_how(connection: Connection, waking: str) -> str:
    """By which way a waking was acknowledged, as the journal has it; empty if it was not."""
    for entry in journal.entries(connection, journal.of_step(Step.ACKNOWLEDGED)):
        said = json.loads(entry.content)
        if said.get("waking") == waking:
            return str(said.get("how", ""))
    return ""


def settle(connection: Connection, waking: Waking, now: datetime) -> None:
    """What somebody is woken for is over by itself."""
    _end(connection, waking, SETTLED, "", now)
    journal.write(connection, now, SERVICE, AS_SERVICE, Step.WAKING_OVER, waking.subject, {"waking": waking.id})


def expected(connection: Connection, keys: Keys, country: str, number: str, body: str) -> tuple[Waking, Officer] | None:
    """The waking of which a message that came in is the answer, and the officer whose it is; none if it is something else.

    The code alone, in any digits, from a telephone of an officer in use. Whoever else writes four digits has written something else.
    """
    code = "".join(str(int(c)) if c.isdecimal() else "" if c.isspace() else c for c in body).strip(".,!\"'")
    if len(code) != 4 or not code.isdigit():
        return None
    found = [w for w in open_ones(connection, country) if w.code == code]
    ids = telephones.whose(connection, keys, number) if found else []
    tried_ids = {rung.officer for w in found for rung in tried(connection, w.id)}
    for officer in (accounts.load(connection, one) for one in sorted(ids, key=lambda one: one not in tried_ids)):
        if officer is not None and officer.state is State.ACTIVE:
            return found[0], officer
    return None


def answered(connection: Connection, keys: Keys, country: str, number: str, body: str, now: datetime) -> bool:
    """Whether a message that came in is the answer of an officer to what they are woken for; then it is acknowledged."""
    found = expected(connection, keys, country, number, body)
    if found is not None:
        acknowledge(connection, *found, BY_SMS, now)
    return found is not None


def reference(waking: str, step: int) -> str:
    """Our own reference of a try: of the message or the call."""
    return f"{waking}.{step}"


def is_reference(reference: str) -> bool:
    """Whether our reference of a message is that of a try to wake somebody."""
    return reference.startswith(_OURS)


def spoken_in(connection: Connection, reference: str) -> str:
    """The language in which a call of ours speaks, by our reference; empty if it is none of ours."""
    query = select(wake_tries.c.language).where(wake_tries.c.id == reference, wake_tries.c.way == Way.CALL.value)
    return connection.execute(query).scalar() or ""


def pressed(connection: Connection, country: str, reference: str, now: datetime) -> bool:
    """Whether a call is one of ours, in which the officer has said that they are awake; a repetition is heard as the first time."""
    row = connection.execute(select(wake_tries).where(wake_tries.c.id == reference, wake_tries.c.way == Way.CALL.value)).first()
    if row is None:
        return False
    officer = accounts.load(connection, row.officer)
    for waking in open_ones(connection, country):
        if waking.id == row.waking and officer is not None:
            acknowledge(connection, waking, officer, BY_CALL, now)
    return True


def tries(connection: Connection, waking: str) -> list[Mapping[str, Any]]:
    """Each try, in order, with the account's name and without a number."""
    query = select(wake_tries, officers.c.name).outerjoin(officers, officers.c.id == wake_tries.c.officer)
    rows = connection.execute(query.where(wake_tries.c.waking == waking).order_by(wake_tries.c.step))
    return [
        {
            "officer": row.name or row.officer,
            "way": row.way,
            "language": row.language,
            "at": row.tried_at,
            "state": row.state,
            "refusal": row.refusal,
        }
        for row in rows
    ]


def _values(cause: Cause) -> dict[str, str]:
    identity = f"{_OURS}{hashlib.sha256(cause.id.encode()).hexdigest()[:16]}"
    said = {"kind": cause.kind, "subject": cause.subject, "to_role": cause.to_role, "text": cause.text}
    return {"id": identity, "cause": cause.id, **said}


def _country_of(connection: Connection, waking: Waking) -> str:
    return str(connection.execute(select(wakings.c.country).where(wakings.c.id == waking.id)).scalar_one())


def _end(connection: Connection, waking: Waking, how: str, by: str, now: datetime) -> None:
    values = {"over_at": now, "over_how": how, "over_by": by}
    connection.execute(update(wakings).where(wakings.c.id == waking.id).values(**values))
    for state, becomes in ((INTENDED, DROPPED), (SENDING, UNKNOWN)):
        still = (wake_tries.c.waking == waking.id) & (wake_tries.c.state == state)
        connection.execute(update(wake_tries).where(still).values(state=becomes))


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Waking]:
    rows = connection.execute(select(wakings).where(*conditions).order_by(wakings.c.began_at, wakings.c.id))
    return [
        Waking(
            row.id,
            row.cause,
            row.kind,
            row.subject,
            row.to_role,
            row.code,
            row.text,
            row.began_at,
            row.step,
            row.due_at,
            row.over_at,
            row.over_how,
            row.over_by,
        )
        for row in rows
    ]
