"""A real server in a thread over the small shop, and what a page of it must never do."""

import os
import re
import shutil
import struct
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from generec.cli.talker import ServedTalker
from generec.fidelity.keys import Keys
from generec.loop.generec import GeneRec
from generec.serving.api.app import create_app
from generec.serving.api.rollout import manifest_of
from generec.serving.api.settings import Settings
from generec.serving.batcher import Limits
from generec.serving.engine import Engine
from generec.serving.store import Store
from small_world import dataset

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
WIDTHS = {"phone": (390, 844), "desktop": (1280, 800)}
_HERE = re.compile(r"https?://(127\.0\.0\.1|localhost)(:\d+)?/|blob:|data:")


@dataclass
class Site:
    """A running server: its address, and its store for looking at what arrived."""

    address: str
    store: Store

    def events(self, user_id):
        """What is in the log of a person, impressions left out."""
        history = self.store.log("default").history(user_id)
        return [one for one in history if one.kind != "impression"]


def png(width, height):
    """A blue picture."""
    rows = b"".join(b"\x00" + b"\x20\x40\xa0" * width for _ in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@contextmanager
def running(model: Path | None, folder: Path, **settings):
    """Serves a model from a store in `folder` at a free port; None: from an empty store."""
    with Store.open(f"sqlite:///{folder}/store.db", folder / "keys") as store:
        if model is not None:
            watermark = store.items.load("default", dataset().catalog, by="test").watermark
            entry = {"folder": str(model), "manifest": manifest_of(model), "watermark": watermark, "by": "test"}
            store.models.add("default", "one", **entry)
            store.models.activate("default", "one", by="test")
        engine = Engine(Limits(timeout=60))

        def made(system):
            return GeneRec(system=system, data=dataset(), folder=folder / "ledger", keys=Keys(folder / "signing"))

        talker = ServedTalker(lambda: engine.versions.serving.active.snapshot.system, made)
        app = create_app(engine, store, talker, Settings(patience=300, **settings))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        assert server.started, "the server did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield Site(f"http://127.0.0.1:{port}", store)
        finally:
            server.should_exit = True
            thread.join(30)


@dataclass
class Window:
    """A page of the app in a browser of its own, watched: what went wrong in it is kept."""

    page: object
    site: Site
    outside: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    expected: tuple = ()
    """Parts of console messages that a test brings about on purpose."""

    def open(self, hash_=""):
        self.page.goto(f"{self.site.address}/{hash_}")

    def shot(self, name, folder):
        """A screenshot for people to look at, where GENEREC_SCREENSHOTS names a folder; otherwise beside the test."""
        place = Path(os.environ.get("GENEREC_SCREENSHOTS") or folder)
        place.mkdir(parents=True, exist_ok=True)
        width = self.page.viewport_size["width"]
        self.page.screenshot(path=place / f"{name}-{width}.png")

    def in_order(self):
        """Nothing was asked of elsewhere, nothing failed unseen, nothing sticks out, every control has a name."""
        assert not self.outside, self.outside
        assert not [one for one in self.errors if not any(part in one for part in self.expected)], self.errors
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert self.page.evaluate(_NAMELESS) == []


_NAMELESS = """() => [...document.querySelectorAll("button, a, input, select, textarea")]
  .filter((node) => node.checkVisibility() && !(node.labels?.length || node.ariaLabel || node.innerText?.trim()))
  .map((node) => node.outerHTML.slice(0, 120))"""


@contextmanager
def window(browser, site, *, width="desktop", person=None, **settings):
    """Opens a window without any network but this machine's; checks at the end that it kept order."""
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high}, reduced_motion="reduce", **settings)
    if person:
        context.add_init_script(
            f"localStorage.getItem('generec.person') ?? localStorage.setItem('generec.person', {person!r})"
        )
    page = context.new_page()
    page.set_default_timeout(20_000)
    made = Window(page, site)

    def gate(route):
        if _HERE.match(route.request.url):
            route.continue_()
        else:
            made.outside.append(route.request.url)
            route.abort()

    context.route("**/*", gate)
    page.on("console", lambda said: made.errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: made.errors.append(str(error)))
    try:
        yield made
        made.in_order()
    finally:
        context.close()
