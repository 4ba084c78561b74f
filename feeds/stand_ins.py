"""A server on the loopback interface that plays the sources of a case as they stood at the clock's moment.

Each feed answers at `/{feed}{path and query of the source's own address}`, in the source's own format, with an ETag made of the
content and 304 to a request that already has it. A feed can be silenced, as sources fall silent in a storm.

    python -m feeds.stand_ins --case countries/lka/cases/ditwah-2025 --clock var/clock --port 8765
"""

import hashlib
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import click
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from feeds.cases import Case
from feeds.clock import Clock, FileClock
from feeds.contract import Answer, Request
from feeds.manifest import load_stand_in
from schemas.errors import PolyriskError
from schemas.moments import to_utc

HOST = "127.0.0.1"
START_WITHIN_S = 10.0
Respond = Callable[[Case, Request, datetime], Answer]


def application(case: Case, clock: Clock, silences: dict[str, datetime]) -> Starlette:
    """The stand-ins of the case's feeds as an ASGI application.

    Args:
        silences: feed to the moment from which it answers 503; read at each request, so it may change while serving.
    """
    responders: dict[str, Respond] = {feed: load_stand_in(feed) for feed in case.feeds}
    answers: dict[str, tuple[object, Answer]] = {}

    def answer(feed: str, request: Request, at: datetime) -> Answer:
        """A source says the same until it knows more: the last answer of each feed is kept."""
        asked = (request.path, tuple(sorted(request.query.items())), case.known_rows(feed, at))
        if answers.get(feed, (None,))[0] != asked:
            answers[feed] = (asked, responders[feed](case, request, at))
        return answers[feed][1]

    def serve(http: HttpRequest) -> Response:
        feed = http.path_params["feed"]
        if feed not in responders:
            return PlainTextResponse(f"The case `{case.name}` has no feed `{feed}`; it has {', '.join(sorted(responders))}.", 404)
        at = clock.now()
        if feed in silences and at >= silences[feed]:
            return PlainTextResponse("The source is silent.", 503)
        request = Request(path="/" + http.path_params["path"], query=dict(http.query_params))
        return _conditional(answer(feed, request, at), http.headers.get("if-none-match", ""))

    return Starlette(routes=[Route("/{feed}/{path:path}", serve, methods=["GET"])])


def _conditional(answer: Answer, if_none_match: str) -> Response:
    """The answer with its ETag, or 304 to one who already has it."""
    tag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    if answer.status == 200 and (tag in known or "*" in known):
        return Response(status_code=304, headers={"etag": tag})
    headers = {"etag": tag} if answer.status == 200 else {}
    return Response(answer.body, answer.status, headers, media_type=answer.content_type)


class StandInServer:
    """The sources of a case on an ephemeral port of the loopback interface, for as long as the `with` block lasts.

    Raises:
        PolyriskError: it does not come up within ten seconds, or the port is taken.
    """

    def __init__(self, case: Case, clock: Clock, port: int = 0) -> None:
        self.case = case
        self.clock = clock
        self._port = port
        self._silences: dict[str, datetime] = {}
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """What takes the place of the sources' hosts: `{base_url}/{feed}{path?query}`."""
        return f"http://{HOST}:{self._port}"

    def silence(self, feed: str, since: datetime) -> None:
        """Let a feed answer 503 from a moment of the case on.

        Raises:
            KeyError: the case has no such feed.
        """
        if feed not in self.case.feeds:
            raise KeyError(f"the case `{self.case.name}` has no feed `{feed}`")
        self._silences[feed] = to_utc(since)

    def __enter__(self) -> Self:
        listener = _listener(self._port)
        self._port = listener.getsockname()[1]
        app = application(self.case, self.clock, self._silences)
        self._server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, name="stand-ins", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + START_WITHIN_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise PolyriskError("The stand-in server did not start.", where=self.base_url, remedy="See the error logged above.")
            time.sleep(0.01)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()

    def wait(self) -> None:
        """Serve until the process is interrupted."""
        if self._thread is not None:
            self._thread.join()


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        with closing(listener):
            raise PolyriskError(f"Port {port} cannot be used: {error.strerror}.", where=HOST, remedy="Choose another port.") from error
    return listener


@click.command()
@click.option("--case", "folder", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path), help="The case's folder.")
@click.option("--clock", "clock_file", required=True, type=click.Path(path_type=Path), help="The file that says what time it is.")
@click.option("--port", default=0, show_default="a free one", help="The port on 127.0.0.1.")
def main(folder: Path, clock_file: Path, port: int) -> None:
    """Play the sources of a case as they stood at the clock's moment."""
    with StandInServer(Case.load(folder), FileClock(clock_file), port) as server:
        click.echo(server.base_url)
        server.wait()


if __name__ == "__main__":
    main()
