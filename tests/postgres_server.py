"""A PostgreSQL server of the tests' own: Debian's, in a folder that is thrown away, reached through a socket in it and by nobody else."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
_OWNER = "postgres"


class PostgresServer:
    """Runs for as long as the `with` block lasts. It refuses to run as root, so there it runs as Debian's `postgres`.

    Power cuts are no part of the tests: it does not wait for the disk. Killed processes that use it are, and those it stands.

    Args:
        dies: the server itself is killed too: then it keeps whole pages, for a kill may come while half of one is written.
    """

    def __init__(self, *, dies: bool = False) -> None:
        assert _BINARIES, "Install Debian's postgresql: `make setup-test` does."
        self._dies = dies
        self._folder = Path(tempfile.mkdtemp(prefix="polyrisk-pg-"))
        self._made = 0

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            owner = pwd.getpwnam(_OWNER)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        self._run(
            "initdb", "-D", self._data, "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"
        )
        self.start()
        return self

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        """Start the server, anew if it was killed; it answers when this returns."""
        settings = {
            "unix_socket_directories": self._folder,
            "listen_addresses": "",
            "fsync": "off",
            "full_page_writes": "on" if self._dies else "off",
            "max_connections": "40",
            "shared_buffers": "32MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_BINARIES[-1] / "postgres", "-D", self._data, *options], stderr=log, stdout=log, **self._as_owner()
            )
        self._await()

    def kill(self) -> None:
        """Kill -9 the server and all of its processes, as a machine short of memory does. What it had committed the kernel has."""
        postmaster = self._process.pid
        os.kill(postmaster, signal.SIGSTOP)  # so that it starts no other meanwhile
        children = [int(pid) for pid in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text("ascii").split()]
        for pid in (postmaster, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        while any(_lives(pid) for pid in children):
            time.sleep(0.002)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.send_signal(3)  # at once: whoever is still connected is let go
            self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._made += 1
        name = f"home_{self._made}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{_OWNER}@/{name}?host={self._folder}"

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is still in it."""
        name = url.rpartition("?")[0].rpartition("/")[2]
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _conninfo(self, name: str) -> str:
        return f"host={self._folder} user={_OWNER} dbname={name}"

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._conninfo("postgres")).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text("utf-8")
                assert time.monotonic() < deadline, (self._folder / "log").read_text("utf-8")
                time.sleep(0.05)
            else:
                return

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [_BINARIES[-1] / program, *map(str, arguments)], check=False, capture_output=True, text=True, **self._as_owner()
        )
        assert done.returncode == 0, done.stderr

    def _as_owner(self) -> dict[str, Any]:
        if os.getuid() != 0:
            return {}
        owner = pwd.getpwnam(_OWNER)
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": [], "cwd": self._folder}


def _lives(pid: int) -> bool:
    """Whether a process runs, or could: one that only waits to be noted as dead does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
