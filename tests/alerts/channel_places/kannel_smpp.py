"""A real Kannel with an operator behind it that is played over SMPP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from channel_contract import Place
from kannel_gateway import PASSWORD, USER, Kannel, Operator, free_port

from alerts.channels.kannel_smpp import KannelAccount, KannelSmpp

ENVIRONMENT = {"KANNEL_URL": "http://127.0.0.1:1", "KANNEL_USER": USER, "KANNEL_PASSWORD": "a very secret token"}


@contextmanager
def open_place(folder: Path) -> Iterator[Place]:
    """Both boxes and the operator while the context lasts."""

    def at(url: str) -> KannelSmpp:
        return KannelSmpp(KannelAccount(url, USER, PASSWORD, "Polyrisk", stands_in=True))

    port = free_port()
    with Operator(port) as operator, Kannel(folder, port) as kannel:
        yield Place(
            channel=lambda: at(kannel.url),
            at=at,
            taken=lambda: [(f"+{to}", sender, body) for sender, to, body in operator.texts()],
            shows=False,
        )
