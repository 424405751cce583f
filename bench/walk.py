"""The walk of docs/five-minutes.md in a real browser, with a picture of each step.

    python bench/walk.py demo/model --data demo/data --out docs/images

Serves the model from a fresh store at a free port, walks through the page as somebody new, and writes walk-NAME.png,
each of at most 150 kB. Needs playwright and Chromium (Debian: chromium); asks nothing of any other machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from generec.errors import UsageError

MOST = 150_000  # bytes of a picture
WORDS = "calm videos, at most 10 minutes"
LINE = "I like calm films about the sea"
BRIEF = "make me a playlist of 4 calm videos, an hour at most in total"


@contextmanager
def served(model: Path, data: Path | None, folder: Path) -> Iterator[str]:
    """The address of a server of its own, with a store that knows nobody of the page yet."""
    words = [sys.executable, "-m", "generec", "serve", str(model), "--store", f"sqlite:///{folder}/store.db",
             "--keys", str(folder / "keys"), "--ledger", str(folder / "ledger"), "--port", "0", "--json", "--quiet",
             *(["--data", str(data)] if data else [])]  # fmt: skip
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if line.startswith("}"):
                    break
            if not said:
                raise UsageError(f"the server did not start: {(folder / 'server.log').read_text()[-500:]}")
            yield json.loads(said)["address"]
        finally:
            process.terminate()
            process.wait(60)


class Walk:
    """A page, and pictures of it."""

    def __init__(self, page: Any, address: str, out: Path):
        self.page, self.address, self.out = page, address, out

    def picture(self, name: str) -> None:
        """What is in sight, as few bytes as it takes."""
        self.page.wait_for_timeout(400)  # pictures fade in
        place = self.out / f"walk-{name}.png"
        self.page.screenshot(path=place)
        smaller(place)
        sys.stdout.write(f"{place}: {place.stat().st_size:,} bytes\n")

    def go(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()

    def welcome(self) -> None:
        self.page.goto(self.address)
        self.page.wait_for_selector(".pick-title")
        for at in range(3):
            self.page.locator(".pick").nth(at).click()
        self.picture("welcome")
        self.page.get_by_role("button", name="Show my first slate").click()

    def feed(self) -> None:
        self.page.wait_for_selector(".steer[aria-busy=false]")  # a server that has just started shows a first look
        self.page.wait_for_selector(".card-open")
        self.picture("feed")

    def steered(self) -> None:
        self.page.locator("input[name=words]").fill(WORDS)
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="Remove: ").first.wait_for()
        self.page.wait_for_selector(".card-open")
        self.picture("steered")

    def why(self) -> None:
        self.page.get_by_role("button", name="Why? ").first.click()
        self.page.wait_for_selector(".why .reasons, .why .hint:not([role])")
        self.picture("why")

    def talk(self) -> None:
        self.go("Talk")
        self.page.locator("input[name=words], textarea[name=words]").first.fill(BRIEF)
        self.page.keyboard.press("Enter")
        self.made()
        self.picture("talk")

    def made(self) -> None:
        """Waits for what was made, and brings it into sight."""
        seen = self.page.locator(".draft-panel .member").locator("visible=true").first
        seen.wait_for()
        seen.scroll_into_view_if_needed()

    def studio(self) -> None:
        self.go("Studio")
        self.page.get_by_label("What is wanted, in words").fill("calm videos for a rainy evening")
        self.page.get_by_label("How many items").fill("4")
        self.page.get_by_role("button", name="Make it").click()
        self.made()
        self.picture("studio")

    def profile(self) -> None:
        self.go("Profile")
        self.page.get_by_role("button", name="Add a line").click()
        self.page.get_by_label("In your own words").fill(LINE)
        self.page.get_by_role("button", name="Save").click()
        self.page.locator(".line", has_text="calm").first.wait_for()
        self.picture("profile")

    def operator(self) -> None:
        self.go("Operator")
        self.page.get_by_role("region", name="Requests by route").wait_for()
        self.picture("operator")


def smaller(place: Path) -> None:
    """The same picture in fewer colours, until it is small enough. Raises UsageError where it never is."""
    from PIL import Image

    for colours in (256, 128, 64, 32):
        with Image.open(place) as whole:
            whole.convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(place, optimize=True)
        if place.stat().st_size <= MOST:
            return
    raise UsageError(f"{place} has {place.stat().st_size:,} bytes, {MOST:,} are the most; make the window smaller")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, help="data set folder; by default the one that the model was trained on")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=800)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise UsageError("Chromium is not installed (Debian: chromium)")
    from playwright.sync_api import Error, sync_playwright

    asked.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with (
        tempfile.TemporaryDirectory() as folder,
        served(asked.model, asked.data, Path(folder)) as address,
        sync_playwright() as running,
    ):
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = running.chromium.launch(executable_path=chromium, args=arguments)
        size = {"width": asked.width, "height": asked.height}
        page = browser.new_context(viewport=size, reduced_motion="reduce", color_scheme="light").new_page()
        page.set_default_timeout(120_000)
        walk = Walk(page, address, asked.out)
        steps = (walk.welcome, walk.feed, walk.steered, walk.why, walk.talk, walk.studio, walk.profile, walk.operator)
        try:
            for step in steps:
                step()
        except Error:
            page.screenshot(path=asked.out / "walk-failed.png")
            raise
        browser.close()


if __name__ == "__main__":
    main()
