"""Modules on their own, in the browser they are written for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_world import window

TEXTS = st.lists(st.sampled_from(["one", "two", "three ", "four.\n", "Fünf,", "<b>"]), max_size=12).map(" ".join)


@pytest.fixture(scope="module")
def page(browser, site):
    with window(browser, site, person="parts") as seen:
        seen.open("#/profile")
        seen.page.wait_for_selector("h1")
        yield seen.page


def test_a_comparison_gives_back_both_texts_and_marks_no_more_than_it_must(page):
    @settings(max_examples=40, deadline=None)
    @given(before=TEXTS, after=TEXTS)
    def check(before, after):
        parts = page.evaluate(
            "async (both) => (await import('/web/scripts/diff.js')).compared(...both)", [before, after]
        )
        assert "".join(part["old"] for part in parts).strip() == before.strip()
        assert "".join(part["text"] for part in parts).strip() == after.strip()
        kept = sum(len(part["text"].split()) for part in parts if part["kind"] == "same")
        assert kept == common(before.split(), after.split())

    check()


def common(a, b):
    """Length of the longest common subsequence, the slow way."""
    best = {(i, j): 0 for i in range(len(a) + 1) for j in range(len(b) + 1)}
    for i in range(len(a)):
        for j in range(len(b)):
            best[i + 1, j + 1] = best[i, j] + 1 if a[i] == b[j] else max(best[i, j + 1], best[i + 1, j])
    return best[len(a), len(b)]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", " javascript:alert(1)", "//evil.example/a.png", "https://evil.example", "data:x"]
)
def test_no_address_leads_elsewhere(page, address):
    assert page.evaluate("async (one) => (await import('/web/scripts/dom.js')).local(one)", address) == "#"


@pytest.mark.parametrize("attribute", ["onclick", "style-src", "srcdoc", "action", "formaction"])
def test_only_safe_attributes_are_set(page, attribute):
    make = "async (name) => (await import('/web/scripts/dom.js')).el('a', { [name]: 'x' }).outerHTML"
    with pytest.raises(Exception, match="not on the list of safe ones"):
        page.evaluate(make, attribute)


def test_covers_are_the_same_every_time_and_akin_where_codes_begin_alike(page):
    draw = "async ([codes, id]) => (await import('/web/scripts/covers.js')).cover(codes, id).outerHTML"

    def ground(codes, id_):
        return page.evaluate(draw, [codes, id_]).split("<rect")[1].split(">")[0]

    assert page.evaluate(draw, [[4, 1, 9], "a"]) == page.evaluate(draw, [[4, 1, 9], "a"])
    assert ground([4, 1, 9], "a") == ground([4, 1, 2], "b")
    assert len({ground([n, 1, 9], "a") for n in range(20)}) >= 12
    assert page.evaluate(draw, [[], "a"]) != page.evaluate(draw, [[], "b"])


def test_a_stream_in_any_pieces_is_read_as_it_was_sent(page):
    cut = """async (size) => {
      const text = 'event: guidance\\ndata: {"a": "ü\\\\n"}\\n\\nevent: done\\r\\ndata: {"b": 2}\\r\\n\\r\\n';
      const bytes = new TextEncoder().encode(text);
      const body = new ReadableStream({ start(to) {
        for (let at = 0; at < bytes.length; at += size) to.enqueue(bytes.slice(at, at + size));
        to.close();
      } });
      const before = window.fetch;
      window.fetch = async () => new Response(body, { status: 200 });
      const told = [];
      try {
        await (await import('/web/scripts/api.js')).stream('/v1/turn', {}, (event, data) => told.push([event, data]));
      } finally { window.fetch = before; }
      return told;
    }"""
    for size in (1, 2, 7, 1000):
        assert page.evaluate(cut, size) == [["guidance", {"a": "ü\n"}], ["done", {"b": 2}]]
