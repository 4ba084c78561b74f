"""A process that sends what waits in a registry, made to be killed: arguments are database, keys, provider, minutes ahead."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.dispatch import Dispatcher
from alerts.people.keys import Keys
from alerts.registry import Registry
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN


def main(database: str, keys: str, base_url: str, minutes: str) -> None:
    """One round, with the wall clock set ahead."""
    ahead = timedelta(minutes=float(minutes))
    channel = TwilioSms(TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, "PolyriskLK", base_url))
    registry = Registry(database, Keys.load(Path(keys)))
    dispatcher = Dispatcher(registry, channel, wall_clock=lambda: datetime.now(UTC) + ahead, chunk=40, concurrency=4)
    print("ready", flush=True)
    dispatcher.run(datetime.fromisoformat("2025-11-27T12:00:00+00:00"))
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
