"""Scripts in every text that the web app shows, in a real browser: all pages are visited, and none runs.

    python bench/script_payloads.py --out docs/results/script_payloads.json

The payloads (script_payloads.txt, one a line) stand in item ids, titles, texts, lists and columns, in profile lines,
instructions, corrections, rules, drafts, jobs, and in names of versions, people and recommenders. A script that ran
would set a mark, open a dialog, or be stopped by the content security policy: the last counts as a failure too, for a
text must not become markup in the first place. The same payloads in a page that pastes them as markup, as a control,
say how many of them run where nobody takes care.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import written
from shop import shop

if TYPE_CHECKING:
    from web_world import Site, Window

PAYLOADS = tuple(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines())
PATIENCE = 180_000  # milliseconds, for busy machines
COLUMN = "says <script>window.fired=1</script>"
_WEB = Path(__file__).parent.parent / "src" / "generec" / "serving" / "web" / "scripts"
_WATCHED = """window.stopped = [];
addEventListener("securitypolicyviolation", (event) => stopped.push(event.violatedDirective));"""
_MARKUP = """() => [...document.querySelectorAll("*")].filter((node) =>
  [...node.attributes].some((one) => one.name.startsWith("on") || /^\\s*(javascript|data):/i.test(one.value)) ||
  ["OBJECT", "EMBED", "IFRAME", "MARQUEE", "BASE"].includes(node.nodeName) ||
  (node.nodeName === "SCRIPT" && !node.src.startsWith(location.origin))).map((node) => node.outerHTML.slice(0, 200))"""
_ANSWERED = "(n) => document.querySelectorAll('.exchange').length > n && !document.querySelector('.exchange .steps')"
_SAID = """() => {
  const nodes = [...document.querySelectorAll("input, textarea, option, [title], [aria-label]")];
  const said = nodes.flatMap((node) => [node.value ?? "", node.title, node.ariaLabel ?? "", node.text ?? ""]);
  return [document.body.innerText, ...said].join("\\n");
}"""


def pages() -> tuple[str, ...]:
    """Every page of the app by its hash, as its own tables have them."""
    found = []
    for path in re.findall(r'path: "(\w+)"', (_WEB / "main.js").read_text(encoding="utf-8")):
        table = _WEB / "pages" / f"{path}.js"
        parts = re.findall(r'{ path: "(\w+)", name', table.read_text(encoding="utf-8"))
        found += [f"#/{path}/{part}" for part in parts] or [f"#/{path}"]
    return tuple(found)


def report(folder: Path, payloads: Sequence[str]) -> None:
    """The evaluation beside a model whose folder is `folder / "model"`."""
    rows = [
        {"name": one, "metrics": {"ndcg@10": 0.2}, "interval": {}, "baseline": bool(at % 2)}
        for at, one in enumerate(payloads)
    ]
    about = {"protocol": {one: one for one in payloads[:3]}, "results": rows, "problems": list(payloads)}
    (folder / "report").mkdir(parents=True, exist_ok=True)
    (folder / "report" / "report.json").write_text(json.dumps(about))


def planted(site: Site, model: Path, person: str, payloads: Sequence[str]) -> None:
    """The payloads in every text of the store."""
    from generec.data.entries import Entry
    from generec.records import BackendCard, Draft, GateReport, ProfileLine, TextPayload, Verdict
    from generec.serving.api.rollout import manifest_of
    from generec.types import Condition

    store, tenant = site.store, "default"
    mark = store.items.watermark(tenant)
    for at, one in enumerate(payloads):
        title = Condition("title", "=", one)
        store.rules.add(tenant, "bury", [str(title)], weight=1.01, by="bench")
        line = ProfileLine(f"line{at}", one, 0.5, title if at % 2 else None, (), "stated", True)
        store.people.put_line(tenant, person, line, by="bench")
        job = store.jobs.begin(tenant, one[:60], {one: one}, by="bench")
        store.jobs.tell(tenant, job.id, 0.5, one)
        if at % 3:
            store.jobs.end(tenant, job.id, {one: one}, failed=at % 3 == 1)
        made = Draft(id=f"d{at}", mode="created", payload=TextPayload(one, f"{one} {one}"), backend=BackendCard(one),
                     guidance=one)  # fmt: skip
        verdict = Verdict("safety", "pass", "block", reasons=(one,))
        store.approvals.submit(tenant, made, GateReport(made.id, (verdict,), one), by=one)
        store.models.add(tenant, one[:100], folder=str(model), manifest=manifest_of(model), watermark=mark, by=one)
    log = store.log(tenant)
    log.append([Entry(kind="click", user_id=person, item_id=f"i{at}", time=at) for at in range(0, 30, 5)])
    log.append([Entry(kind="correct", user_id=person, item_id="i1", payload={"correction": one}) for one in payloads])


def rows(payloads: Sequence[str]) -> list[dict[str, object]]:
    """The shop's items with payloads for texts, and further ones with payloads for ids."""

    def row(item_id: str, at: int) -> dict[str, object]:
        one = payloads[at % len(payloads)]
        return {"item_id": item_id, "title": f"{one} {at}", "genres": [one[:60], "lamp"], "description": one,
                "price": float(at), "year": 1960 + at % 60, "sold": True, COLUMN: one}  # fmt: skip

    return [row(f"i{at}", at) for at in range(60)] + [row(one[:200], at) for at, one in enumerate(payloads)]


def control(browser: Any, payloads: Sequence[str]) -> int:
    """How many run in a page that makes markup of them, by themselves or by a click."""
    ran = 0
    for one in payloads:
        page = browser.new_page()
        dialogs: list[str] = []
        page.on("dialog", lambda dialog, said=dialogs: (said.append(dialog.message), dialog.dismiss()))
        page.set_content(f"<!doctype html><p title=''>{one}</p>", wait_until="commit")
        page.wait_for_timeout(150)
        for press in page.query_selector_all("a, button")[:1]:
            press.evaluate("(node) => node.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))")
            page.wait_for_timeout(50)
        ran += bool(dialogs or page.evaluate("window.fired === 1"))
        page.close()
    return ran


class Watch:
    """What a window did that it must not, page by page."""

    def __init__(self, seen: Window, payloads: Sequence[str]):
        self.page: Any = seen.page
        self.dialogs: list[str] = []
        self.shown: dict[str, int] = {}
        self.wrong: list[dict[str, str]] = []
        self.payloads, self.met = payloads, set[str]()
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def look(self, place: str) -> None:
        """Records what is to be seen at a place, and what is wrong with it."""
        said = " ".join(self.page.evaluate(_SAID).split())
        here = {one for one in self.payloads if " ".join(one.split()).casefold() in said.casefold()}
        self.shown[place] = max(len(here), self.shown.get(place, 0))
        self.met |= here
        found = {
            "mark": self.page.evaluate("window.fired === undefined ? '' : String(window.fired)"),
            "dialog": "; ".join(self.dialogs), "policy": "; ".join(self.page.evaluate("window.stopped")),
            "markup": "; ".join(self.page.evaluate(_MARKUP)),
        }  # fmt: skip
        self.wrong += [{"page": place, "kind": kind, "what": what} for kind, what in found.items() if what]


def settled(page: Any, calm: int = 3, most: int = 60) -> None:
    """Waits until so many half seconds in a row the page has as many elements as before, and nothing is loading."""
    same, before = 0, -1
    for _ in range(most):
        page.wait_for_timeout(500)
        now = page.evaluate("document.querySelector('.loading, [aria-busy=true]') ? -1 : document.all.length")
        same, before = (same + 1 if now == before >= 0 else 0), now
        if same == calm:
            return


def visited(watch: Watch, open_: Callable[[str], None]) -> None:
    """Every page, with all that can be unfolded in it unfolded."""
    for place in pages():
        open_(place)
        watch.page.wait_for_selector("main h1")
        settled(watch.page)
        watch.page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        settled(watch.page)
        watch.look(place)


def used(watch: Watch, open_: Callable[[str], None]) -> None:
    """What only a person brings about: details, reasons, words, toasts, dialogs."""
    page = watch.page
    open_("#/feed")
    page.wait_for_selector(".card-open")
    page.locator(".card-act", has_text="Why?").first.click()
    page.wait_for_selector(".why .reasons, .why .hint:not([role])")
    page.locator(".card-open").first.click()
    page.wait_for_selector("dialog .tile")
    watch.look("#/feed details")
    page.keyboard.press("Escape")
    open_("#/talk")
    words = page.get_by_placeholder("Say what you want, or what to change")
    for number, one in enumerate(watch.payloads):
        words.fill(one)
        words.press("Enter")
        page.wait_for_function(_ANSWERED, arg=number)
    watch.look("#/talk words")
    for one in watch.payloads[:3]:
        open_(f"#/{one}")
        page.wait_for_selector("main h1")
        watch.look("#/<payload>")
    open_("#/profile")
    page.get_by_role("button", name="Add a line").click()
    page.get_by_label("In your own words").fill(watch.payloads[0] + " again")
    page.keyboard.press("Enter")
    page.locator(".line-text", has_text="again").first.wait_for()
    watch.look("#/profile words")


def attacked(browser: Any, site: Site, model: Path, payloads: Sequence[str] = PAYLOADS) -> dict[str, Any]:
    """What the pages of a server with these texts did."""
    from web_world import window

    person = payloads[0]
    planted(site, model, person, payloads)
    with window(browser, site, person=person) as seen:
        seen.expected = ("status of 4", "status of 504")
        seen.in_order = lambda: None  # type: ignore[method-assign]
        seen.page.set_default_timeout(PATIENCE)
        seen.page.add_init_script(_WATCHED)
        watch = Watch(seen, payloads)
        seen.open()
        seen.page.wait_for_selector("main h1")
        put = "async (items) => (await import('/web/scripts/api.js')).post('/v1/items', { items })"
        seen.page.evaluate(put, rows(payloads))

        def open_(place: str) -> None:
            seen.open(place)
            seen.page.reload()

        visited(watch, open_)
        used(watch, open_)
        errors = [one for one in seen.errors if not any(part in one for part in seen.expected)]
    return {
        "payloads": len(payloads), "pages": list(pages()), "payloads_shown": watch.shown,
        "never_shown": sorted(set(payloads) - watch.met), "wrong": watch.wrong, "outside": seen.outside,
        "console_errors": errors,
    }  # fmt: skip


def held(figures: dict[str, Any]) -> bool:
    """Whether every payload was shown and nothing came of it."""
    return not any(figures[name] for name in ("never_shown", "wrong", "outside", "console_errors"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payloads", type=int, default=len(PAYLOADS))
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    payloads = PAYLOADS[: chosen.payloads]
    with tempfile.TemporaryDirectory(prefix="generec-scripts-") as place, shop(Path(place)) as site:
        from playwright.sync_api import sync_playwright
        from web_world import ARGS, CHROMIUM

        if CHROMIUM is None:
            sys.exit("Chromium is not installed")
        report(Path(place), payloads)
        with sync_playwright() as running:
            browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            figures = {
                **attacked(browser, site, Path(place) / "model", payloads),
                "control": control(browser, payloads),
            }
            figures["chromium"] = browser.version
            browser.close()
    print(json.dumps(figures, indent=1))
    if chosen.out is not None:
        written(chosen.out, figures)
    return 0 if held(figures) and figures["control"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
