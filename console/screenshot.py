"""The console's picture for the README, taken by a real Chromium: `python -m console.screenshot --log sqlite:///...`.

Needs the development packages and Debian's chromium and chromium-driver.
"""

import base64
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import uvicorn
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from starlette.applications import Starlette

from console.pages import LOOPBACK, create_app
from console.planner_histories import sources_of
from eventlog.log import open_log
from schemas.country_files import countries_root, load_country
from schemas.errors import PolyriskError

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
_PATIENCE_S = 30.0
_AGAIN_S = 2.0
_NOT_WHOLE = ("Being prepared", "values are judged so far")
_JUDGED_S = 900.0
"""A picture shows what was judged, however long the replay takes."""


@contextmanager
def chromium(width: int, height: int, *, javascript: bool = True, dark: bool = False) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own, gone afterwards. Width and height are of the page itself, in CSS pixels."""
    with tempfile.TemporaryDirectory(prefix="chromium-") as profile:
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in (*_FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        if not javascript:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            look(driver, width, height, dark=dark)
            yield driver
        finally:
            driver.quit()


def look(driver: webdriver.Chrome, width: int, height: int, *, dark: bool = False, zoom: int = 1) -> None:
    """Show what is shown on a screen of this size, so many times as large."""
    metrics = {"width": width // zoom, "height": height // zoom, "deviceScaleFactor": zoom, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The application on a free port of the loopback address, in a thread of its own; gives its address.

    Raises:
        PolyriskError: it does not start in time.
    """
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(64)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + _PATIENCE_S
        while not server.started:
            if time.monotonic() > until:
                raise PolyriskError("The console did not start in time.", remedy="See the log above.")
            time.sleep(0.02)
        try:
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_PATIENCE_S)


_FEWER_COLOURS = """
const [png, step, done] = [arguments[0], arguments[1], arguments[2]];
const image = new Image();
image.onload = () => {
  const canvas = document.createElement("canvas");
  canvas.width = image.width; canvas.height = image.height;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = Math.round(pixels.data[i] / step) * step;
  context.putImageData(pixels, 0, 0);
  done(canvas.toDataURL("image/png"));
};
image.src = "data:image/png;base64," + png;
"""
"""Run on an empty page, never on one of ours: it rounds the colours of a picture, so that it travels well."""
_STEP = 17


def picture(driver: webdriver.Chrome, out: Path) -> int:
    """Write what the browser shows, with few colours; answers the bytes. The browser shows an empty page afterwards."""
    taken = driver.get_screenshot_as_base64()
    driver.get("about:blank")
    smaller: str = driver.execute_async_script(_FEWER_COLOURS, taken, _STEP)
    out.parent.mkdir(parents=True, exist_ok=True)
    return out.write_bytes(base64.b64decode(smaller.partition(",")[2]))


def wait_until_whole(driver: webdriver.Chrome) -> None:
    """Load a page of the planner again until nothing of it is still being judged; other pages are whole at once."""
    until = time.monotonic() + _JUDGED_S
    while time.monotonic() < until and any(word in driver.page_source for word in _NOT_WHOLE):
        time.sleep(_AGAIN_S)
        driver.refresh()


@click.command()
@click.option("--log", "log_url", required=True, help="The event log, such as sqlite:///var/demo/ditwah-2025/log.db.")
@click.option("--country", default="lka", show_default=True, help="The country's folder.")
@click.option("--title", default="", help="Of the case, instead of the country's name.")
@click.option("--path", default="/", show_default=True, help="The page: /, /warning/..., /planner?...")
@click.option("--at", default="", help="The moment to show, local clock; the newest if not given.")
@click.option("--history", "histories", multiple=True, type=click.Path(path_type=Path), help="Years for /planner, as of `polyrisk run`.")
@click.option("--size", nargs=2, type=int, default=(1280, 1200), show_default=True, help="Width and height in CSS pixels.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs/console.png"), show_default=True)
def main(log_url: str, country: str, title: str, path: str, at: str, histories: tuple[Path, ...], size: tuple[int, int], out: Path) -> None:
    """Take a picture of a page of the console."""
    loaded = load_country(countries_root() / country)
    app = create_app(open_log(log_url), loaded, title=title, patience_s=_JUDGED_S, histories=sources_of(loaded, histories))
    with served(app) as address, chromium(*size) as driver:
        driver.get(f"{address}{path}" + (f"?at={at}" if at else ""))
        wait_until_whole(driver)
        click.echo(f"{out}: {picture(driver, out):,} bytes")


if __name__ == "__main__":
    main()
