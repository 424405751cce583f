"""The studio: from a brief to versions, to the owner, to the catalogue."""

import json

import pytest
from web_world import WIDTHS, running, window

wide = pytest.mark.parametrize("width", WIDTHS)


@pytest.fixture(scope="module")
def shop(model, tmp_path_factory):
    """A server of this file's own: its catalogue grows."""
    with running(model, tmp_path_factory.mktemp("studio")) as found:
        yield found


def brief(page, words, count):
    page.get_by_label("What is wanted, in words").fill(words)
    page.get_by_label("How many items").fill(str(count))


def condition(page, field, operator, value):
    page.get_by_label("Field", exact=True).select_option(field)
    page.get_by_label("Operator").select_option(operator)
    page.get_by_label("Value").fill(value)
    page.keyboard.press("Enter")


@wide
def test_a_set_is_made_chosen_submitted_and_approved(browser, shop, width, tmp_path):
    with window(browser, shop, width=width, accept_downloads=True) as seen:
        page = seen.page
        seen.open("#/studio")
        count = 3 if width == "phone" else 4  # the same again would have been decided before
        brief(page, "lamps", count)
        condition(page, "price", ">=", "2")
        condition(page, "title", "contains", "never")
        page.get_by_role("button", name="Remove: title contains never").click()
        page.get_by_role("button", name="Limit a total").click()
        page.get_by_label("Sum of").select_option("price")
        page.get_by_label("At most").fill("120")
        page.get_by_role("button", name="Make it").click()
        page.wait_for_selector(".draft-panel .member")
        versions = page.locator(".version-option")
        assert versions.count() == 3
        shown = [page.locator(".member-title").all_inner_texts()]
        versions.nth(1).locator("input").check()
        shown.append(page.locator(".member-title").all_inner_texts())
        assert shown[0] != shown[1]
        assert page.locator(".rules .badge.good").count() == page.locator(".rules tbody tr").count() >= 4
        assert page.locator(".rules", has_text="price in all at most 120").count()
        page.locator(".checks summary").click()
        assert page.locator(".verdict").count() == 6
        page.get_by_text("Where it comes from").click()
        page.get_by_role("button", name="Check both").click()
        page.get_by_text("recognised", exact=True).wait_for()
        with page.expect_download() as taken:
            page.get_by_role("button", name="The signed sidecar").click()
        assert json.loads(taken.value.path().read_text())["provenance"]["origin"] == "created"
        seen.shot("studio", tmp_path)
        page.get_by_role("button", name="Submit for approval").click()
        page.get_by_role("button", name="To the queue").click()
        page.get_by_role("button", name="Approve: ").click()
        page.get_by_label("Item id").fill(f"made-{width}")
        page.get_by_text("Fields of the catalogue").click()
        page.get_by_label("year").fill("1999")
        seen.shot("approve", tmp_path)
        page.get_by_role("button", name="Approve", exact=True).click()
        page.get_by_text("Nothing waits for a decision").wait_for()
        made = shop.store.items.get("default", f"made-{width}")
        assert made.fields["origin"] == "created"
        assert made.fields["year"] == 1999
        assert len(made.fields["members"]) == count
        page.get_by_label("Show").select_option("approved")
        page.get_by_text(f"item made-{width}").wait_for()
        seen.shot("queue", tmp_path)


def test_what_cannot_be_made_says_why_and_keeps_the_brief(browser, shop, tmp_path):
    with window(browser, shop, width="phone") as seen:
        page = seen.page
        seen.expected = ("status of 422",)
        seen.open("#/studio?brief=rugs&kind=set&condition=price%20%3C%201&condition=price%20%3E%2050")
        assert page.get_by_label("What is wanted, in words").input_value() == "rugs"
        page.get_by_role("button", name="Make it").click()
        page.get_by_role("heading", name="Nothing could be made of that").wait_for()
        assert "cannot hold together" in page.locator(".problem").inner_text()
        seen.shot("contradiction", tmp_path)
        page.get_by_role("button", name="Remove: price under 1").click()
        condition(page, "price", "=", "0")
        page.route("**/v1/create", lambda route: route.fulfill(status=422, json={"detail": "no such field"}))
        page.get_by_role("button", name="Make it").click()
        page.get_by_role("heading", name="The server refused these values").wait_for()
        assert "No such field." in page.locator(".problem").inner_text()
        assert page.get_by_label("What is wanted, in words").input_value() == "rugs"


def test_a_rejection_is_kept_with_its_reason(browser, shop):
    with window(browser, shop) as seen:
        page = seen.page
        seen.open("#/studio")
        brief(page, "chairs", 2)
        page.get_by_label("Best of").select_option("1")
        page.get_by_role("button", name="Make it").click()
        page.get_by_role("button", name="Submit for approval").click()
        page.get_by_role("button", name="To the queue").click()
        page.get_by_role("button", name="Reject: ").click()
        page.get_by_label("Why").fill("two of a kind")
        page.get_by_role("button", name="Reject it").click()
        page.get_by_text("Nothing waits for a decision").wait_for()
        decided = shop.store.approvals.page("default", state="rejected").rows
        assert [one.reason for one in decided] == ["two of a kind"]


READ = "async (one) => (await import('/web/scripts/pages/studio_conditions.js')).written(...one)"


@pytest.mark.parametrize(
    ("given", "parsed"),
    [
        (("price", "<=", "5", "number"), ("price", "<=", 5.0)),
        (('a "b" \\', "=", 'x "y" \\', "text"), ('a "b" \\', "=", 'x "y" \\')),
        (("genres", "not in", "lamp | red wine|", "list"), ("genres", "not in", ("lamp", "red wine"))),
        (("out", ">", "2024-01-31", "date"), ("out", ">", "2024-01-31")),
        (("sold", "=", "true", "truth"), ("sold", "=", "true")),
    ],
)
def test_conditions_are_written_as_the_server_reads_them(browser, shop, given, parsed):
    from generec.data.conditions import parse

    with window(browser, shop) as seen:
        seen.open("#/studio")
        read = parse(seen.page.evaluate(READ, list(given)))
        assert (read.field, read.operator, read.value) == parsed


SAID = "async ([file, name, ...given]) => (await import(`/web/scripts/${file}.js`))[name](...given)"
VIDEO = {"fields": {"kind": "video"}}


def test_reasons_and_titles_read_as_somebody_would_say_them(browser, shop):
    with window(browser, shop) as seen:
        seen.open("#/studio")
        for given, said in (
            (
                ["why", "plainly", "Sea, like “A”, “B, C” and 4 more in your history"],
                "Sea, like “A” and 5 more that you know",
            ),
            (["why", "plainly", "Sea, like “Matrix, The” in your history"], "Sea, like “The Matrix” that you know"),
            (["why", "plainly", "Duration 90, as you asked"], "1 h 30 min long, as you asked"),
            (["why", "plainly", "Price 2.5, as you asked"], "Costs 2.5, as you asked"),
            (["why", "plainly", "Rug, as you asked"], "Rug, as you asked"),
            (["facts", "titleOfSet", "Calm, video: 4 items", VIDEO], "Four calm videos"),
            (["facts", "titleOfSet", "June Hakimi: 20 items", None], "20 items: June Hakimi"),
            (["facts", "titleOfSet", "A plan for one day", VIDEO], "A plan for one day"),
        ):
            assert seen.page.evaluate(SAID, given) == said


def test_conditions_offer_values_and_ranges_of_the_catalogue(browser, shop):
    with window(browser, shop) as seen:
        page = seen.page
        seen.open("#/studio")
        page.get_by_label("Field", exact=True).select_option("genres")
        offered = page.locator(".condition-value option").evaluate_all("nodes => nodes.map((node) => node.value)")
        assert {"lamp", "cheap", "rug"} <= set(offered)
        page.get_by_label("Field", exact=True).select_option("price")
        page.get_by_text("From 0 to 59", exact=True).wait_for()
