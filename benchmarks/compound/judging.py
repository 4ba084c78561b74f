"""One processor as a process of its own: the product's loop on a log, for all shards that its group gives it, until SIGTERM.

    python -m benchmarks.compound.judging URL MEMBER READY

It is `polyrisk run processor` without a country's folder: the configuration is in the log already. READY is a file that gets the time at
which the loop begins, and the CPU in seconds that the process has taken until then.
"""

import argparse
import signal
import time
from contextlib import closing
from pathlib import Path

from eventlog.log import SESSION_S, open_log
from processors.garbage import look_less_often
from processors.loop import BATCH, HOLD_S, Processor

GROUP = "processors"
_WAIT_S = 0.05
"""How long one look waits for the next record; a record that comes ends it."""


def main() -> None:
    """Judge until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("member")
    parser.add_argument("ready", type=Path)
    parser.add_argument("--session", type=float, default=SESSION_S, help="seconds of silence after which another may take over")
    parser.add_argument("--batch", type=int, default=BATCH, help="records in one transaction at most")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    look_less_often()
    with closing(open_log(asked.url)) as log:
        processor = Processor(log, None, GROUP, asked.member, batch=asked.batch, session_s=asked.session, hold_s=HOLD_S)
        asked.ready.write_text(f"{time.time()} {time.process_time()}", "utf-8")
        try:
            while True:
                processor.run_once(_WAIT_S)
        except KeyboardInterrupt:
            processor.close()


if __name__ == "__main__":
    main()
