"""A PostgreSQL server of the tests' own: Debian's, in a folder that is thrown away, reached through a socket in it and by nobody else."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
_OWNER = "postgres"


class PostgresServer:
    """Runs for as long as the `with` block lasts. It refuses to run as root, so there it runs as Debian's `postgres`.

    Power cuts are no part of the tests: it does not wait for the disk. Killed processes that use it are, and those it stands.
    """

    def __init__(self) -> None:
        assert _BINARIES, "Install Debian's postgresql: `make setup-test` does."
        self._folder = Path(tempfile.mkdtemp(prefix="polyrisk-pg-"))
        self._made = 0

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            owner = pwd.getpwnam(_OWNER)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        data = self._folder / "data"
        self._run("initdb", "-D", data, "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        settings = {
            "unix_socket_directories": self._folder,
            "listen_addresses": "",
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "40",
            "shared_buffers": "32MB",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen([_BINARIES[-1] / "postgres", "-D", data, *options], stderr=log, stdout=log, **self._as_owner())
        self._await()
        return self

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
