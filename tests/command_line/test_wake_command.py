"""`polyrisk wake`: who is woken for what, and that somebody is awake, from the command line."""

import json
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner, Result
from officers_desk import ADMINISTRATOR, Desk

from alerts.registry import open_registry
from alerts.roster import wakings
from alerts.roster.causes import FEED, Cause
from alerts.roster.ladder import Rung, Way
from polyrisk.__main__ import main
from schemas.country_files import countries_root, load_country


def run(state: Path, *arguments: str) -> Result:
    """A command of Sri Lanka's."""
    result = CliRunner().invoke(main, ["wake", *arguments, "--state", str(state), "--country", "lka"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_what_goes_on_is_shown_with_who_was_tried_and_acknowledged_once(tmp_path: Path) -> None:
    """By the code of the SMS, by an account of the country; a second time, or by nobody who is known, it is refused with exit code 2."""
    registry = open_registry(tmp_path, create=True)
    desk = Desk(registry, load_country(countries_root() / "lka"))
    desk.first()
    assert run(tmp_path, "list").stdout == "Nobody is being woken.\n"
    now = datetime.now(UTC)
    with registry.acting() as connection:
        wakings.begin(connection, "LKA", Cause("feed:rivers", FEED, "rivers", "the feed rivers is silent."), now)
        (waking,) = wakings.open_ones(connection, "LKA")
        wakings.join(connection, waking, Cause("feed:rain", FEED, "rain", "the feed rain is silent."), now)
        wakings.intend(connection, waking, Rung(desk.officer(ADMINISTRATOR).id, Way.SMS), "words", "en", now, now)
    registry.close()
    shown = run(tmp_path, "list").stdout
    assert f"{waking.code}  " in shown
    assert "and the feed rain is silent." in shown
    assert f"sms  to {ADMINISTRATOR}: intended" in shown
    (row,) = [json.loads(line) for line in run(tmp_path, "list", "--json").stdout.splitlines()]
    assert (row["code"], row["over"], [one["officer"] for one in row["tries"]]) == (waking.code, None, [ADMINISTRATOR])
    assert run(tmp_path, "ack", waking.code, "--by", "nobody").exit_code == 2
    assert "is awake" in run(tmp_path, "ack", waking.code, "--by", ADMINISTRATOR).stdout
    again = run(tmp_path, "ack", waking.code, "--by", ADMINISTRATOR)
    assert (again.exit_code, "nobody is being woken with this code" in again.stderr) == (2, True)
    assert f"(acknowledged by {ADMINISTRATOR})" in run(tmp_path, "list", "--all").stdout
