"""The other processes of the contract's tests. Each says on a line of its own what it has done, and can wait for a line.

python members.py produce URL COUNT | copy URL MEMBER SESSION COUNT | half URL | endless URL
"""

import os
import signal
import sys

from contract import output_of, record

from eventlog.log import open_log
from schemas.errors import FencedError


def produce(url: str, count: str) -> None:
    """Append records one by one."""
    log = open_log(url)
    for number in range(int(count)):
        log.append([record(number)])
    print("produced", flush=True)


def copy(url: str, member: str, session: str, count: str) -> None:
    """Take in records and publish one output for each, until `count` are done."""
    log = open_log(url)
    consumer = log.consumer("processors", member, ["input"], session_s=float(session))
    done = 0
    while done < int(count):
        stored = consumer.poll(limit=7, timeout_s=10.0)
        with log.transaction(consumer) as transaction:
            transaction.append([output_of(s.record.id) for s in stored])
            transaction.commit(stored)
        done += len(stored)
    print(f"copied {done}", flush=True)


def sleeper(url: str, member: str, session: str) -> None:
    """Poll, fall silent until told to go on, then try to commit."""
    log = open_log(url)
    consumer = log.consumer("processors", member, ["input"], session_s=float(session))
    stored = consumer.poll(timeout_s=10.0)
    print(f"polled {len(stored)}", flush=True)
    sys.stdin.readline()
    try:
        with log.transaction(consumer) as transaction:
            transaction.append([output_of(f"late:{s.record.id}") for s in stored])
            transaction.commit(stored)
    except FencedError:
        print("fenced", flush=True)
    else:
        print("committed", flush=True)


def half(url: str) -> None:
    """Be killed inside a transaction."""
    log = open_log(url)
    consumer = log.consumer("processors", "half", ["input"], session_s=0.5)
    stored = consumer.poll(timeout_s=10.0)
    with log.transaction(consumer) as transaction:
        transaction.append([output_of(s.record.id) for s in stored])
        transaction.commit(stored)
        os.kill(os.getpid(), signal.SIGKILL)


def endless(url: str) -> None:
    """One input record a transaction, for ever, so that a kill comes at any point of it."""
    log = open_log(url)
    consumer = log.consumer("processors", "endless", ["input"], session_s=0.5)
    while True:
        for stored in consumer.poll(timeout_s=1.0):
            with log.transaction(consumer) as transaction:
                transaction.append([output_of(stored.record.id)])
                transaction.commit([stored])
            print(stored.offset, flush=True)


if __name__ == "__main__":
    {"produce": produce, "copy": copy, "sleeper": sleeper, "half": half, "endless": endless}[sys.argv[1]](*sys.argv[2:])
