"""An HTTP client that plays a provider: it calls an application of ours in this process, and keeps its addresses to itself."""

import logging

import httpx
from starlette.applications import Starlette


def provider_client(app: Starlette, base_url: str, host: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client that seems to call from a host. The library would log each address, and Kannel's hold telephone numbers."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(host, 4321)), base_url=base_url)
