"""Why an event may stay quiet: it comes too soon after the last, a bigger one in the same area speaks for it, or its rule is in shadow.

The engine only marks; whether anything is sent belongs to the alerts.
"""

from collections.abc import Sequence
from dataclasses import replace

from processors.state import Judged
from processors.stretches import Change, Word
from processors.timelines import BEGINNING, micros, moment
from schemas.configuration import Rule, Shadow
from schemas.outputs import SHADOW

_SAID_TO_PEOPLE = (Word.OPENED, Word.ESCALATED)


def marked(
    changes: Sequence[Change], judged: Judged, rule: Rule, muted_by: Sequence[str], now: int, record: str
) -> tuple[list[Change], Judged]:
    """The changes with the reason why each is quiet, and a change for each event whose reason came or went.

    Args:
        muted_by: the rules that mute this one and have an event in the area now.
    """
    if rule.shadow is not None:
        return _in_shadow(changes, judged, rule.shadow, now, record)
    if not muted_by and rule.cool_down is None and not any(s.quiet for s in judged.said):
        return _loud(changes, judged, now)
    cool_down = micros(rule.cool_down) if rule.cool_down is not None else 0
    issued, issued_level = judged.issued, judged.issued_level
    before = {s.id: s.quiet for s in judged.said}
    quiet = dict(before)
    marked_changes: list[Change] = []
    for change in changes:
        said = change.said
        if change.word == Word.OPENED:
            quiet[said.id] = _reason(muted_by, issued, issued_level, cool_down, said.level, now)
        elif change.word == Word.ESCALATED and quiet.get(said.id, "").startswith("cooled") and said.level > issued_level:
            quiet[said.id] = ""
        if change.word in _SAID_TO_PEOPLE and not quiet.get(said.id, ""):
            issued, issued_level = now, said.level
        marked_changes.append(change._replace(said=said._replace(quiet=quiet.get(said.id, said.quiet))))
    told = {c.said.id for c in changes if c.word in (Word.OPENED, Word.ENDED)}
    for said in judged.said:
        if said.until is not None or said.id in told:
            continue
        reason = _standing(quiet[said.id], muted_by, issued, issued_level, cool_down, said.level, now)
        if reason != quiet[said.id]:
            quiet[said.id] = reason
            if not reason:
                issued, issued_level = now, said.level
            marked_changes.append(Change(Word.UPDATED, now, said._replace(quiet=reason, records=_with(said.records, record))))
    said_now = tuple(s._replace(quiet=quiet[s.id]) for s in judged.said)
    deadline = judged.deadline
    if any(s.quiet.startswith("cooled") and s.until is None for s in said_now):
        deadline = min(deadline, issued + cool_down)
    return marked_changes, replace(judged, said=said_now, issued=issued, issued_level=issued_level, deadline=deadline)


def _in_shadow(changes: Sequence[Change], judged: Judged, shadow: Shadow, now: int, record: str) -> tuple[list[Change], Judged]:
    """All is quiet as long as the rule is only tried; what it would have said cools nothing."""
    quiet = f"{SHADOW} of {shadow.instead_of}" if shadow.instead_of is not None else f"{SHADOW}: nobody is warned by this rule"
    told = {c.said.id for c in changes}
    since_now = [s for s in judged.said if s.until is None and s.quiet != quiet and s.id not in told]
    made = [change._replace(said=change.said._replace(quiet=quiet)) for change in changes]
    made += [Change(Word.UPDATED, now, s._replace(quiet=quiet, records=_with(s.records, record))) for s in since_now]
    return made, replace(judged, said=tuple(s._replace(quiet=quiet) for s in judged.said))


def _loud(changes: Sequence[Change], judged: Judged, now: int) -> tuple[list[Change], Judged]:
    """The same where nothing is quiet, and nothing can make it so."""
    said_to_people = [change for change in changes if change.word in _SAID_TO_PEOPLE]
    if said_to_people:
        judged = replace(judged, issued=now, issued_level=said_to_people[-1].said.level)
    return list(changes), judged


def _reason(muted_by: Sequence[str], issued: int, issued_level: int, cool_down: int, level: int, now: int) -> str:
    if muted_by:
        return f"muted by {', '.join(muted_by)}"
    if issued != BEGINNING and now < issued + cool_down and level <= issued_level:
        return f"cooled until {moment(issued + cool_down).isoformat(timespec='minutes')}"
    return ""


def _standing(reason: str, muted_by: Sequence[str], issued: int, issued_level: int, cool_down: int, level: int, now: int) -> str:
    """The reason of an event that goes on: muting comes and goes, cooling only goes."""
    if muted_by:
        return f"muted by {', '.join(muted_by)}"
    return _reason((), issued, issued_level, cool_down, level, now) if reason else ""


def _with(records: tuple[str, ...], record: str) -> tuple[str, ...]:
    return records if record in records else (*records, record)
