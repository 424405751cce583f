"""Hostile texts, failing and locked servers, colours: what a page must bear."""

import pytest
from web_world import running, window

EVIL = "<img src=x onerror=\"window.fired=1\"><script>window.fired=1</script><a href='javascript:window.fired=1'>"
WORDS = (("ink", "paper"), ("ink-soft", "paper"), ("ink-soft", "raised"), ("ink-soft", "sunk"), ("accent", "paper"),
         ("accent", "accent-soft"), ("on-accent", "accent"), ("ink", "accent-soft"), ("good", "good-soft"),
         ("warn", "warn-soft"), ("bad", "bad-soft"), ("bad", "sunk"), ("edited", "edited-soft"),
         ("created", "created-soft"), ("ink", "warn-soft"))  # fmt: skip


@pytest.fixture(scope="module")
def own(model, tmp_path_factory):
    """A server of this file's own."""
    with running(model, tmp_path_factory.mktemp("own")) as found:
        yield found


def test_what_items_and_answers_say_stays_text(browser, own, tmp_path):
    rows = [
        {"item_id": f"i{n}", "title": f"{EVIL} {n}", "genres": [EVIL[:60], "rug"], "price": 3.0, "year": 1999,
         "sold": True, "description": EVIL}
        for n in range(60)
    ]  # fmt: skip
    with window(browser, own, width="phone", person="victim") as seen:
        page = seen.page
        seen.open()
        page.evaluate("async (items) => (await import('/web/scripts/api.js')).post('/v1/items', { items })", rows)
        page.reload()
        page.wait_for_selector(".pick-title")
        assert "<img" in page.locator(".pick-title").first.inner_text()
        page.get_by_role("button", name="Skip this").click()
        page.wait_for_selector(".card-open")
        assert "<script>" in page.locator(".card-open").first.inner_text()
        page.get_by_role("button", name="More like this: ").first.click()
        page.wait_for_selector(".chip")
        page.fill("[name=words]", EVIL)
        page.keyboard.press("Enter")
        page.wait_for_selector(".message:not([hidden])")
        seen.shot("hostile", tmp_path)
        page.locator(".card-open").first.click()
        page.wait_for_selector("dialog .tile")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="Profile").click()
        page.get_by_role("button", name="Add a line").click()
        page.get_by_label("In your own words").fill(EVIL)
        page.keyboard.press("Enter")
        page.wait_for_selector(".line-text")
        assert page.evaluate("window.fired") is None
        assert page.locator("main script, main img[src=x], main a[href^=javascript]").count() == 0


def test_markup_cannot_be_made_of_text_at_all(browser, site):
    with window(browser, site) as seen:
        seen.expected = ("requires 'TrustedHTML'", "TrustedHTML")
        seen.open()
        seen.page.wait_for_selector("h1")
        refused = (
            "() => { try { document.body.innerHTML = '<p>x</p>'; return ''; } catch (error) { return error.name; } }"
        )
        assert seen.page.evaluate(refused) == "TypeError"


def test_failures_are_said_and_can_be_tried_again(browser, site, tmp_path):
    with window(browser, site, person="unlucky") as seen:
        page = seen.page
        seen.expected = ("Failed to load resource",)
        page.route("**/v1/recommend", lambda route: route.abort())
        seen.open()
        page.locator("main", has_text="The server cannot be reached").wait_for()
        seen.shot("unreachable", tmp_path)
        page.unroute("**/v1/recommend")
        page.get_by_role("button", name="Try again").click()
        page.wait_for_selector(".pick-title")
        page.get_by_role("button", name="Skip this").click()
        page.wait_for_selector(".card-open")
        page.fill("[name=words]", "price below 1 and price above 50")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Nothing fits all of that").wait_for()
        seen.shot("nothing-fits", tmp_path)
        page.get_by_role("button", name="Undo").click()
        page.wait_for_selector(".card-open")
        page.route("**/v1/turn", lambda route: route.fulfill(status=500, body="oops"))
        page.fill("[name=words]", "cheap rugs")
        page.keyboard.press("Enter")
        page.locator(".toast.bad", has_text="The server answered 500").wait_for()
        assert page.input_value("[name=words]") == "cheap rugs"


def test_a_key_is_asked_for_where_the_server_wants_one(browser, own, tmp_path):
    secret = own.store.keys.create("default", "test", ("write",), by="test").secret
    with window(browser, own, person="keyed") as seen:
        page = seen.page
        seen.expected = ("status of 401",)
        seen.open()
        page.get_by_label("API key").fill("wrong")
        seen.shot("key", tmp_path)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="That key was not accepted").wait_for()
        page.get_by_label("API key").fill(secret)
        page.keyboard.press("Enter")
        page.wait_for_selector(".pick-title")
        assert page.evaluate("Object.values(localStorage).join()").find(secret) == -1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_told_from_their_ground(browser, site, theme):
    with window(browser, site, color_scheme="light", person="sees") as seen:
        page = seen.page
        seen.open("#/profile")
        page.wait_for_selector("h1")
        for _ in range(1 if theme == "light" else 2):
            page.get_by_role("button", name="Colours: ").click()
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        found = page.evaluate(_CONTRASTS, WORDS)
        assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}
        page.reload()
        assert page.evaluate("document.documentElement.dataset.theme") == theme


_CONTRASTS = """(pairs) => {
  const probe = document.body.appendChild(document.createElement("i"));
  const light = (name) => {
    probe.style.color = `var(--${name})`;
    const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255);
    const [r, g, b] = parts.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return Object.fromEntries(pairs.map(([word, ground]) => {
    const [low, high] = [light(word), light(ground)].sort((a, b) => a - b);
    return [`${word} on ${ground}`, (high + 0.05) / (low + 0.05)];
  }));
}"""
