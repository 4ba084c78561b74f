"""A processor as a process of its own, for the tests that kill it.

python judging_process.py URL SHARD|all MEMBER BATCH SNAPSHOT_EVERY SESSION_S
"""

import os
import signal
import sys
from contextlib import closing

from eventlog.log import open_log
from processors.loop import HOLD_S, Processor
from schemas.errors import FencedError


def main(url: str, shard: str, member: str, batch: str, snapshot_every: str, session_s: str) -> None:
    """Judge until SIGTERM; each line says how many records a turn took in, or which shards are held from now on.

    On a busy machine a process may get no time for so long that its group takes it for gone. It ends then, and whoever supervises it
    starts it again; here it does so itself.
    """
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    try:
        judge(url, shard, member, int(batch), int(snapshot_every), float(session_s), ended)
    except FencedError:
        if not ended:
            os.execv(sys.executable, [sys.executable, *sys.argv])
    print("closed", flush=True)


def judge(url: str, shard: str, member: str, batch: int, snapshot_every: int, session_s: float, ended: list[int]) -> None:
    """Judge until a signal has come, or the member has been replaced."""
    only = None if shard == "all" else shard
    with closing(open_log(url)) as log:
        processor = Processor(log, only, member=member, batch=batch, snapshot_every=snapshot_every, session_s=session_s, hold_s=HOLD_S)
        print("judging", flush=True)
        held: tuple[str, ...] = ()
        while not ended:
            if taken := processor.run_once(timeout_s=0.2):
                print(taken, flush=True)
            if only is None and tuple(sorted(processor.tasks)) != held:
                held = tuple(sorted(processor.tasks))
                print("holds", *held, flush=True)
        processor.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
