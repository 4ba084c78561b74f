"""What the doctor looks at of the people on duty: whether each can be woken in the language that they are spoken to in."""

import os
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from alerts.channels import twilio_sms
from alerts.migrations import VERSION
from alerts.officers import accounts
from alerts.officers.officer import State
from alerts.registry import has_registry, open_registry
from alerts.roster.wording import Wording
from alerts.texts import SOURCE_LANGUAGE
from polyrisk.doctor_installation import registry_version
from polyrisk.doctor_words import Found, Look, Verdict
from polyrisk.installation import Installation

_SUBJECT = "languages of officers"


def looks(state: Path, here: Installation) -> list[tuple[str, Look]]:
    """Each subject with how to look at it."""
    return [(_SUBJECT, partial(languages, state, here))]


def languages(state: Path, here: Installation) -> Iterator[Found]:
    """Whoever cannot be woken in their language is woken in English; calls are in English where no voice was named."""
    if not has_registry(state) or registry_version(state) != VERSION:
        return  # which is found elsewhere
    wording = Wording(here.country)
    with closing(open_registry(state)) as registry, registry.reading() as connection:
        spoken = {o.name: wording.language_for(o.language) for o in accounts.all_of(connection) if o.state is State.ACTIVE}
    without = {name: language for name, language in spoken.items() if not wording.has(language)}
    for language in sorted(set(without.values())):
        names = ", ".join(name for name, of in without.items() if of == language)
        said = f"there are no words to wake somebody with in `{language}`: {names} would be woken in English."
        remedy = f"Write the texts `duty` into countries/texts/{language}.po, or let them choose another (`polyrisk officers language`)."
        yield Found(_SUBJECT, Verdict.WRONG, said, remedy)
    if not without:
        yield Found(_SUBJECT, Verdict.OK, f"all are woken in their own{_calls(set(spoken.values()))}")


def _calls(spoken: set[str]) -> str:
    voiceless = sorted(spoken - {SOURCE_LANGUAGE} - twilio_sms.voices_of(os.environ).keys())
    if not voiceless or not os.environ.get(twilio_sms.CALLER):
        return ""
    return f"; calls are in English instead of {', '.join(voiceless)}, for which {twilio_sms.VOICES} names no voice"
