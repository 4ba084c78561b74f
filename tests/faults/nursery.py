"""Starts real processes in milliseconds: it has imported what they need, and forks each role when it is told to.

It holds no log, no database and no thread, so that a process which it forks begins as one that was started anew. Orders come as lines of
JSON on standard input; when that closes, it ends, and the kernel kills all that it has started.
"""

import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

_DIE_WITH_PARENT = 1
"""`PR_SET_PDEATHSIG` of prctl(2)."""


class Nursery:
    """The side of the one who gives the orders.

    Args:
        errors: the file for what the nursery itself says. roles: the module beside this one whose `ROLES` it can start.
    """

    def __init__(self, errors: Path, roles: str = "fault_roles") -> None:
        with errors.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, __file__, roles],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def start(self, role: str, environment: Mapping[str, str], settings: Mapping[str, Any], output: Path) -> int:
        """Start a role; the answer is its process id. It stays the process's until `ended` has told its end."""
        order = {"role": role, "environment": dict(environment), "settings": dict(settings), "output": str(output)}
        return int(self._ask(order)["pid"])

    def ended(self, pid: int) -> int | None:
        """The exit code of a process that has ended (negative: the signal); none while it runs."""
        code = self._ask({"pid": pid})["code"]
        return None if code is None else int(code)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise BrokenPipeError("the nursery has no pipes")
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise BrokenPipeError("the nursery has ended; its own file of errors says why")
        answer: dict[str, Any] = json.loads(line)
        return answer


def serve(roles: str) -> None:
    """Carry out orders until standard input closes."""
    known = importlib.import_module(roles).ROLES
    gc.collect()
    gc.freeze()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    for line in sys.stdin.buffer:
        order = json.loads(line)
        if "pid" in order:
            pid, status = os.waitpid(order["pid"], os.WNOHANG)
            answer = {"code": os.waitstatus_to_exitcode(status) if pid else None}
        else:
            answer = {"pid": _forked(order, known)}
        answers.write(json.dumps(answer).encode() + b"\n")


def _forked(order: dict[str, Any], roles: Mapping[str, Any]) -> int:
    nursery = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != nursery:
            os._exit(0)  # the nursery ended before the kernel knew that we end with it
        _settle_in(Path(order["output"]))
        os.environ.update(order["environment"])
        roles[order["role"]](**order["settings"])
        code = 0
    except BaseException:  # noqa: BLE001 - printed whole; the exit code tells the laboratory
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(code)


def _settle_in(output: Path) -> None:
    """Standard streams of its own, and an end by SIGTERM as `polyrisk run` takes it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for descriptor, path, flags in ((0, Path(os.devnull), os.O_RDONLY), (1, output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)):
        opened = os.open(path, flags, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.dup2(1, 2)


if __name__ == "__main__":
    serve(sys.argv[1])
