"""A real Kannel on loopback, with an operator behind it that is played in Python over real SMPP: what arrives is what a handset would get.

Kannel is configured from the template that `deploy/kannel` ships, so that what is tried here is what a country installs.
"""

import asyncio
import socket
import string
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import smpp34
import smsutil
from aiohttp import web

from schemas.country_files import CHECKOUT

TEMPLATE = CHECKOUT / "deploy" / "kannel" / "kannel.conf"
USER, PASSWORD = "polyrisk", "of the tests"
PATIENCE_S = 30.0
DELIVERED, UNDELIVERED = "DELIVRD", "UNDELIV"
_GSM_7, _UCS_2 = 0, 8
_HAS_UDH = 0x40


def free_port() -> int:
    """One that nobody listens at now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def wait_until(true: Callable[[], Any], what: str) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come to be.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Whether somebody answers at a port of the loopback."""
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class Pdu:
    """One `submit_sm` as it came over the wire."""

    sender: str
    to: str
    coding: int
    header: bytes
    content: bytes


@dataclass
class _Whole:
    """A message whose parts are being put together."""

    total: int
    parts: dict[int, bytes] = field(default_factory=dict)


class Operator:
    """An operator's SMPP server in a thread of its own.

    Args:
        port: where it listens.
        verdict: for the number of a `submit_sm`, from 0: the state that its receipt gives, or an SMPP error by which it is refused.
    """

    def __init__(self, port: int, verdict: Callable[[int], str | int] = lambda _: DELIVERED) -> None:
        self.pdus: list[Pdu] = []
        self.submitted = 0
        self.port = port
        self._verdict = verdict
        self._bound: smpp34.Esme | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="operator", daemon=True)
        self._listening = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._serving.cancel)
        self._thread.join()

    def texts(self) -> list[tuple[str, str, str]]:
        """Sender, recipient and text of what arrived whole, put together by the headers of its parts, in the order of the last part."""
        found, open_ones = [], dict[tuple[str, int], _Whole]()
        for pdu in list(self.pdus):
            if not pdu.header:
                found.append((pdu.sender, pdu.to, _decoded(pdu.coding, pdu.content)))
                continue
            reference, total, place = pdu.header[3:6]
            whole = open_ones.setdefault((pdu.to, reference), _Whole(total))
            whole.parts[place] = pdu.content
            if len(whole.parts) == whole.total:
                content = b"".join(whole.parts[n] for n in sorted(whole.parts))
                found.append((pdu.sender, pdu.to, _decoded(pdu.coding, content)))
                del open_ones[pdu.to, reference]
        return found

    def writes(self, number: str, text: str, to: str = "1234") -> None:
        """A person writes: in GSM-7 if it can be, else in UCS-2, in parts with a header that joins them if it is long."""
        wait_until(lambda: self._bound is not None, "Kannel is not bound")
        wide = not smsutil.is_valid_gsm(text)
        whole = text.encode("utf-16-be") if wide else bytes(smsutil.encode(text))
        size = 134 if len(whole) > 140 else 140
        parts = [whole[place : place + size] for place in range(0, len(whole), size)]
        for place, part in enumerate(parts, start=1):
            header = bytes([5, 0, 3, 7, len(parts), place]) if len(parts) > 1 else b""
            asyncio.run_coroutine_threadsafe(self._hand_over(number, to, header + part, wide=wide, joined=bool(header)), self._loop).result(
                PATIENCE_S
            )

    async def _hand_over(self, number: str, to: str, content: bytes, *, wide: bool, joined: bool) -> None:
        assert self._bound is not None
        coding, features = _UCS_2 if wide else _GSM_7, _HAS_UDH if joined else 0
        sender = number.removeprefix("+")
        await self._bound.deliver_sm(
            to, content, source_addr=sender, source_addr_ton=1, source_addr_npi=1, data_coding=coding, esm_class=features
        )

    def _run(self) -> None:
        self._serving = self._loop.create_task(self._serve())
        try:
            self._loop.run_until_complete(self._serving)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = smpp34.Server("127.0.0.1", self.port)
        await server.start()
        self._listening.set()
        try:
            while True:
                happened = await server.next()
                if isinstance(happened, smpp34.Esme):
                    self._bound = happened
                elif isinstance(happened, smpp34.SubmitSmEvent) and self._bound is not None:
                    await self._take(happened, self._bound)
        finally:
            await server.stop()

    async def _take(self, submitted: smpp34.SubmitSmEvent, bound: smpp34.Esme) -> None:
        verdict = self._verdict(self.submitted)
        self.submitted += 1
        if isinstance(verdict, int):
            submitted.reject(verdict)
            return
        content = submitted.short_message
        header = content[: content[0] + 1] if submitted.esm_class & _HAS_UDH else b""
        name = str(self.submitted)
        self.pdus.append(
            Pdu(submitted.source_addr, submitted.destination_addr, submitted.data_coding, header, bytes(content[len(header) :]))
        )
        submitted.accept(name)
        if submitted.registered_delivery & 1:
            await asyncio.sleep(0.05)  # Kannel must have noted our id of the message before its receipt comes
            arrived = "001" if verdict == DELIVERED else "000"
            times = "submit date:2611240900 done date:2611240901"
            said = f"id:{name} sub:001 dlvrd:{arrived} {times} stat:{verdict} err:{0 if verdict == DELIVERED else 34:03} text:"
            await bound.deliver_sm(submitted.source_addr, said.encode(), source_addr=submitted.destination_addr, esm_class=4)


def _decoded(coding: int, content: bytes) -> str:
    if coding == _UCS_2:
        return content.decode("utf-16-be")
    assert coding == _GSM_7
    return str(smsutil.decode(content))


class Receipts:
    """Where Kannel's receipts come: keeps the query of each."""

    def __init__(self) -> None:
        self.queries: list[dict[str, str]] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)
        self._listening = threading.Event()
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        runner = self._loop.run_until_complete(self._listen())
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _listen(self) -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(self._take, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/kannel_smpp/receipt"
        self._listening.set()
        return runner

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        self.queries.append(dict(request.query))
        return web.Response(text="taken")


class Kannel:
    """A bearerbox and a smsbox, in a folder and on ports of their own.

    Args:
        folder: an empty one. smpp_port: the operator's. inbound_url: where what people write is handed over, with the secret.
    """

    def __init__(self, folder: Path, smpp_port: int, inbound_url: str = "http://127.0.0.1:1/?secret=none") -> None:
        self._ports = {"admin_port": free_port(), "smsbox_port": free_port(), "sendsms_port": free_port()}
        for kept in ("store", "receipts"):
            (folder / kept).mkdir(parents=True)
        settings = {
            "folder": folder,
            "admin_password": "unused",
            "smpp_host": "127.0.0.1",
            "smpp_port": smpp_port,
            "smpp_user": "polyrisk",
            "smpp_password": "operator",
            "segments_per_second": 200,
            "resend_s": 1,
            "reconnect_s": 1,
            "user": USER,
            "password": PASSWORD,
            "inbound_url": inbound_url,
            **self._ports,
        }
        self.folder = folder
        self._configuration = folder / "kannel.conf"
        self._configuration.write_text(string.Template(TEMPLATE.read_text(encoding="utf-8")).substitute(settings), encoding="utf-8")
        self._boxes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """Of the smsbox."""
        return f"http://127.0.0.1:{self._ports['sendsms_port']}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        for box in self._boxes.values():
            box.kill()
            box.wait()

    def start(self) -> None:
        """Start both boxes and wait until they listen."""
        for name, port in (("bearerbox", "smsbox_port"), ("smsbox", "sendsms_port")):
            command = [f"/usr/sbin/{name}", str(self._configuration)]
            self._boxes[name] = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(lambda port=port: listens(self._ports[port]), f"{name} does not listen")

    def kill(self) -> None:
        """Kill -9: the bearerbox, which has the queue, and the smsbox, which is nothing without it."""
        for box in self._boxes.values():
            box.kill()
            box.wait()
