"""A processor as a process of its own, for the tests that kill it.

python judging_process.py URL SHARD|all MEMBER BATCH SNAPSHOT_EVERY SESSION_S
"""

import signal
import sys
from contextlib import closing

from eventlog.log import open_log
from processors.loop import HOLD_S, Processor


def main(url: str, shard: str, member: str, batch: str, snapshot_every: str, session_s: str) -> None:
    """Judge until SIGTERM; each line says how many records a turn took in."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    only = None if shard == "all" else shard
    with closing(open_log(url)) as log:
        processor = Processor(
            log, only, member=member, batch=int(batch), snapshot_every=int(snapshot_every), session_s=float(session_s), hold_s=HOLD_S
        )
        print("judging", flush=True)
        while not ended:
            if taken := processor.run_once(timeout_s=0.2):
                print(taken, flush=True)
        processor.close()
        print("closed", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
