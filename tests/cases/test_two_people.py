"""The storm as two people on duty live through it, each at a browser: nothing goes out that both have not read and signed."""

import os
from pathlib import Path

from lived_cases import Lived
from signing_desk import FIRST, SECOND, Desk
from two_people import HOUSEHOLDS, QUESTION, Seat, Story, households, whole_lives

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from console.screenshot import chromium
from polyrisk.story import events_said
from schemas.warning_records import WarningStatus

SIZE = 1200, 1500
PICTURES = "POLYRISK_STORY"
"""The folder in which pictures are kept; without it they are taken and thrown away with the test's folder."""


def test_two_people_question_sign_update_and_end_a_warning_of_ditwah(ditwah: Lived, tmp_path: Path) -> None:
    """Proposed, questioned, let go, signed by two, sent, updated and ended; each household hears each message once, in its language."""
    life = min(whole_lives(events_said(ditwah.log)), key=lambda said: said[0].known)
    with StandInProvider() as provider:
        channel = TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "POLYRISK", provider.base_url))
        desk = Desk(tmp_path, life[0].known, channel=channel)
        desk.registry.enrol_synthetic(households(life[0].area, life[0].known))
        with (
            desk.officer("perera", FIRST) as one,
            desk.officer("silva", SECOND) as two,
            chromium(1200, 1500) as left,
            chromium(1200, 1500) as right,
        ):
            seats = Seat.at(left, desk.address, one.session), Seat.at(right, desk.address, two.session)
            story = Story(desk, *seats, Path(os.environ.get(PICTURES, tmp_path / "pictures")))
            story.live(life)
            told = seats[0].reads(f"/warning/{story.out[0].warning}")
        desk.close()
    assert {w.status for w in story.out} >= {WarningStatus.ISSUED, WarningStatus.UPDATED, WarningStatus.CANCELLED}
    assert all([s.by for s in w.signatures] == ["Perera", "Silva"] for w in story.out)
    for said in (QUESTION, "signed by Perera, duty officer", "signed by Silva, director", "went out: all-clear"):
        assert said in told
    sent = [(message.to, message.body) for message in provider.accepted]
    assert len(sent) == len(set(sent)) == HOUSEHOLDS * len(story.out)
    assert len(story.taken) == 8
