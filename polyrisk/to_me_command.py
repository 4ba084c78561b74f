"""What `polyrisk to-me` does: a message that waits goes to the telephone of who asks, marked as a test. No number is shown."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from alerts.channels.dry import PREFIX
from alerts.previews.asked import Preview
from alerts.roster import keeping
from polyrisk.commands.options import opened
from polyrisk.duty import on_duty, waiting_id
from polyrisk.local_time import clock
from schemas.country_files import LoadedCountry


def to_me(state: Path, warning: str, by: str, languages: Sequence[str], need: str, *, show: bool, as_json: bool) -> Iterator[str]:
    """Ask for it, or only look; answers a line for each text."""
    with opened(state) as here, on_duty(state, here) as duty:
        with duty.service.registry.reading() as connection:
            officer = keeping.on_the_roster(connection, here.country.code, by)
        message = waiting_id(duty, warning)
        if not show:
            duty.service.preview(message, officer, languages, duty.now, need)
        found, has_telephone = duty.service.previews(message, officer)
        if as_json:
            yield from (json.dumps(_plain(one), ensure_ascii=False) for one in found)
            return
        for one in found:
            yield _line(one, here.country)
        if not found:
            known = "" if has_telephone else f" `polyrisk roster phone {officer.name}` asks for your number."
            yield f"Nothing of {message} was sent to {officer.name}.{known}"


def _plain(one: Preview) -> dict[str, object]:
    moments = {"asked": one.asked.isoformat(), "answered": one.answered.isoformat() if one.answered else None}
    said = {"message": one.message, "language": one.language, "need": one.need, "body": one.body, "segments": one.segments}
    return {"id": one.id, **said, "state": one.state.value, "refusal": one.refusal, **moments, "dry": _is_dry(one)}


def _line(one: Preview, country: LoadedCountry) -> str:
    why = f" ({one.refusal})" if one.refusal else ""
    dry = ", written into a file and not sent" if _is_dry(one) else ""
    whose = f", for {one.need}" if one.need else ""
    text = f"{one.language:8} {one.segments} segments with the mark{whose}"
    return f"{clock(one.asked, country.timezone)}  {text}: {one.state.value}{why}{dry}"


def _is_dry(one: Preview) -> bool:
    return (one.provider_id or "").startswith(PREFIX)
