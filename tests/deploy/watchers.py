"""A real Prometheus and a real Alertmanager on free ports of the loopback, with the very files of `deploy/` at a quicker pace."""

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from ruamel.yaml import YAML

from schemas.country_files import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
PATIENCE_S = 120.0
"""For two programs that start on a machine that has other work."""
LOOPBACK = "127.0.0.1"


def until(found: Callable[[], Any], what: str) -> Any:
    """Wait until something is so; answers it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := found()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {what}"
        time.sleep(0.1)
    return answer


def free_port() -> int:
    """A port that nobody has."""
    with closing(socket.socket()) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class Receiver:
    """Where alerts are handed to: what came to which address, oldest first."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, dict[str, Any]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.pages.append((self.path.strip("/"), body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing is written of it."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, alert: str, status: str, **labels: str) -> list[tuple[str, dict[str, Any]]]:
        """Pages that say this of an alert with these labels: to whom, and the alert in it."""
        return [
            (to, one)
            for to, body in list(self.pages)
            for one in body["alerts"]
            if one["labels"]["alertname"] == alert and one["status"] == status and labels.items() <= one["labels"].items()
        ]

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def running(command: Sequence[str | Path], ready: str, folder: Path) -> Iterator[None]:
    """A program until the `with` block ends, ready once an address of it answers. What it says is in the folder."""
    said = folder / f"{Path(command[0]).name}.log"
    with said.open("wb") as out, subprocess.Popen([str(word) for word in command], stdout=out, stderr=out, cwd=folder) as process:
        try:
            until(lambda: process.poll() is not None or _answers(ready), f"{command[0]} is ready")
            assert process.poll() is None, said.read_text(encoding="utf-8")
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def alertmanager(folder: Path, receiver: Receiver) -> Iterator[int]:
    """Alertmanager with our file, its receivers on the loopback and its waits cut to a second; gives its port."""
    text = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:9470", f"127.0.0.1:{receiver.port}")
    text = re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", text)
    (folder / "alertmanager.yml").write_text(text, encoding="utf-8")
    port = free_port()
    address = f"{LOOPBACK}:{port}"
    command = ["prometheus-alertmanager", "--config.file=alertmanager.yml", f"--storage.path={folder / 'alertmanager'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    with running(command, f"http://{address}/-/ready", folder):
        yield port


@contextmanager
def prometheus(folder: Path, targets: dict[str, int]) -> Iterator[str]:
    """Prometheus with our file and rules, looking each second and waiting for nothing; gives its address.

    Args:
        targets: job to port, of all jobs of the file and `alerts_to`.
    """
    config = YAML(typ="safe").load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    port = free_port()
    address = f"{LOOPBACK}:{port}"
    ports = {**targets, "prometheus": port, "alertmanager": targets["alerts_to"]}
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"{LOOPBACK}:{ports['alerts_to']}"]
    for job in config["scrape_configs"]:
        job["static_configs"] = [{"targets": [f"{LOOPBACK}:{ports[job['job_name']]}"]}]
    (folder / "rules").mkdir()
    rules = (DEPLOY / "prometheus" / "rules" / "polyrisk.yml").read_text(encoding="utf-8")
    rules = re.sub(r"^ +(for|keep_firing_for): .*\n", "", rules, flags=re.MULTILINE)
    (folder / "rules" / "polyrisk.yml").write_text(rules, encoding="utf-8")
    with (folder / "prometheus.yml").open("w", encoding="utf-8") as file:
        YAML().dump(config, file)
    command = ["prometheus", "--config.file=prometheus.yml", f"--storage.tsdb.path={folder / 'prometheus'}"]
    command += [f"--web.listen-address={address}", "--rules.alert.resend-delay=1s"]
    with running(command, f"http://{address}/-/ready", folder):
        yield f"http://{address}"
