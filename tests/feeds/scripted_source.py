"""A source on the loopback interface that answers as a test scripts it, and remembers what it was asked."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One answer.

    Attributes:
        missing: bytes of the body that are promised and never sent. chunks: sent one by one, without a length.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0
    chunks: Sequence[bytes] | None = None


@dataclass
class Source:
    """The server: its address, its script (the last reply is given for ever), and the requests it had."""

    base_url: str
    replies: list[Reply]
    asked: list[tuple[str, dict[str, str]]]

    def script(self, *replies: Reply) -> None:
        """What it answers from now on."""
        self.replies[:] = replies


@contextmanager
def scripted_source() -> Iterator[Source]:
    """A source for as long as the `with` block lasts."""
    replies: list[Reply] = []
    asked: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Connection", "close")
            self.close_connection = True
            if reply.chunks is not None:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for chunk in reply.chunks:
                    self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                return
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.body) + reply.missing))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are remembered, not printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Source(f"http://127.0.0.1:{server.server_port}", replies, asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
