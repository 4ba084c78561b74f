"""A real broker of Apache Kafka on this machine's loopback: one node in KRaft mode, broker and controller in one process.

For trying the log's Kafka home out, and for tests and measurements. A production cluster is another matter: `README.md` beside this file.

    python deploy/kafka/broker.py --port 9092 --folder var/kafka/data

What it is made of is fetched once with Maven into `var/kafka/lib`. Java and Maven must be there (`make setup-test` installs both).
"""

import argparse
import base64
import contextlib
import fcntl
import filecmp
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

HERE = Path(__file__).resolve().parent
VAR = HERE.parent.parent / "var" / "kafka"
LOOPBACK = "127.0.0.1"
START_S = 60.0
"""How long a broker may take until it answers."""
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    # After kill -9 the new process must wait until the controller has given the old one up.
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "250",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "100",
    # What a group has committed is kept for ten years: a shard may rest for long, and judging all again is not what it wants then.
    "offsets.retention.minutes": "5256000",
    "log.retention.ms": "-1",
    "log.cleaner.dedupe.buffer.size": "8388608",
    "log.index.size.max.bytes": "1048576",
    "transaction.max.timeout.ms": "900000",
}
"""What the broker is told unless the caller says otherwise. The sizes are for many small logs on one machine."""


class BrokerError(Exception):
    """The broker cannot be had or does not start; says why and what to do."""


class Broker:
    """One broker with its data in `folder`. Usable as a `with` block, at whose end it is stopped.

    Args:
        folder: its settings, data and log (`broker.log`); made when missing. The same folder gives the same broker again.
        port: where clients connect; a free one if none is given. It stays the same over restarts.
        heap_mb: the most memory of its heap, in megabytes.
        settings: broker settings beside `SETTINGS`, which they override.
        environment: variables beside those of this process.
    """

    def __init__(
        self,
        folder: Path | str,
        port: int | None = None,
        heap_mb: int = 512,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = Path(folder).resolve()
        self.port = port or free_port()
        self.controller_port = free_port()
        self.heap_mb = heap_mb
        self.settings = dict(settings or {})
        self.environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """host:port, for clients."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """The process of the running broker.

        Raises:
            BrokerError: it does not run.
        """
        if self._process is None:
            raise BrokerError(f"The broker in {self.folder} does not run.")
        return self._process.pid

    def start(self, wait: bool = True) -> Self:
        """Start it, and wait until it answers.

        Raises:
            BrokerError: Java or Maven are missing, or it does not come up; with the end of its log.
        """
        if self._process is not None and self._process.poll() is None:
            return self
        libraries = fetch_libraries()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(libraries)
        with (self.folder / "broker.log").open("ab") as log:
            command = [*_java(libraries, self.heap_mb), "kafka.Kafka", str(self.folder / "server.properties")]
            # A session of its own, so that Ctrl-C at a terminal ends what uses the broker before the broker.
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, env=self._environment()
            )
        if wait:
            self.await_ready()
        return self

    def await_ready(self, timeout_s: float = START_S) -> None:
        """Wait until the broker answers requests.

        Raises:
            BrokerError: it ended, or does not answer in time.
        """
        deadline = time.monotonic() + timeout_s
        while not _answers(self.port):
            if self._process is None or self._process.poll() is not None:
                raise BrokerError(f"The broker ended while it started.\n{self._last_words()}")
            if time.monotonic() > deadline:
                raise BrokerError(f"The broker does not answer at {self.url} after {timeout_s:.0f} s.\n{self._last_words()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it in order (SIGTERM), and wait for its end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a chance to tidy up (kill -9)."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Hold it still (SIGSTOP): connections stay open and nobody answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def restart(self, wait: bool = True) -> Self:
        """End it in order if it runs, and start it again with the same data and ports."""
        self.stop()
        return self.start(wait)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.send_signal(signal.SIGCONT)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _write_settings(self) -> None:
        listeners = f"PLAINTEXT://{LOOPBACK}:{self.port}"
        settings = {
            **SETTINGS,
            "controller.quorum.voters": f"1@{LOOPBACK}:{self.controller_port}",
            "listeners": f"{listeners},CONTROLLER://{LOOPBACK}:{self.controller_port}",
            "advertised.listeners": listeners,
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": str(self.folder / "data"),
            **self.settings,
        }
        (self.folder / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def _format(self, libraries: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        settings = str(self.folder / "server.properties")
        command = [*_java(libraries, 128), "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", settings]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment(), check=False)  # noqa: S603
        if done.returncode:
            raise BrokerError(f"The storage in {self.folder} cannot be formatted: {done.stdout}{done.stderr}")

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def _last_words(self) -> str:
        log = self.folder / "broker.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else ""


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def fetch_libraries() -> Path:
    """The folder with what a broker is made of; fetched with Maven when it is missing or `pom.xml` has changed.

    Raises:
        BrokerError: Java or Maven are missing, or Maven cannot fetch.
    """
    libraries, pom = VAR / "lib", HERE / "pom.xml"
    if shutil.which("java") is None:
        raise BrokerError("Java is missing. `make setup-test` installs it (Debian's default-jre-headless).")
    with _alone(VAR):
        if (libraries / pom.name).exists() and filecmp.cmp(libraries / pom.name, pom, shallow=False):
            return libraries
        if shutil.which("mvn") is None:
            raise BrokerError("Maven is missing. `make setup-test` installs it (Debian's maven).")
        print(f"Fetching Apache Kafka with Maven into {libraries} (once, about 45 MB)", file=sys.stderr, flush=True)
        draft = VAR / "lib.draft"
        shutil.rmtree(draft, ignore_errors=True)
        command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={draft}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
        if done.returncode:
            raise BrokerError(f"Maven cannot fetch Apache Kafka:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        shutil.copy(pom, draft / pom.name)
        shutil.rmtree(libraries, ignore_errors=True)
        draft.rename(libraries)
    return libraries


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _java(libraries: Path, heap_mb: int) -> list[str]:
    return ["java", f"-Xmx{heap_mb}m", "-Xms64m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{libraries}/*"]


def _answers(port: int) -> bool:
    """Whether a broker answers the request for its API's versions, which needs no right."""
    # Length, key 18, version 0, correlation 1, client without a name.
    request = b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x01\xff\xff"
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.settimeout(2)
            connection.sendall(request)
            return len(connection.recv(8)) == 8
    except OSError:
        return False


def main() -> None:
    """Run a broker until it is told to end."""
    parser = argparse.ArgumentParser(description="A broker of Apache Kafka on this machine, for trying out.")
    parser.add_argument("--port", type=int, default=9092, help="where clients connect (default 9092)")
    parser.add_argument("--folder", type=Path, default=VAR / "broker", help="its data (default var/kafka/broker)")
    parser.add_argument("--heap-mb", type=int, default=512, help="the most memory of its heap (default 512)")
    parser.add_argument("--fetch", action="store_true", help="only fetch what it is made of")
    chosen = parser.parse_args()
    broker = Broker(chosen.folder, chosen.port, chosen.heap_mb)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: sys.exit(0))
    try:
        if chosen.fetch:
            fetch_libraries()
            return
        broker.start()
        print(f"Apache Kafka answers at {broker.url}; data in {broker.folder}. Ctrl-C ends it.", flush=True)
        signal.pause()
    except BrokerError as error:
        sys.exit(str(error))
    finally:
        broker.stop()


if __name__ == "__main__":
    main()
