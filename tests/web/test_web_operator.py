"""The operator's pages: what runs, what answers whom, what is in order, and what it says when the answer is no."""

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from web_world import WIDTHS, png, running, window

from generec.encoders.tfidf import TfidfEncoder
from generec.recipes.what_and_how import what_and_how
from generec.serving.api.rollout import manifest_of
from generec.serving.store.imports import Histories
from generec.tokenizers.joined import Joined
from generec.tokenizers.rq_kmeans import RQKMeans
from small_world import dataset, small, trained

wide = pytest.mark.parametrize("width", WIDTHS)


REPORT = {
    "protocol": {"split": "leave one out", "people": 40},
    "results": [
        {"name": "one_pass", "metrics": {"ndcg@10": 0.21, "coverage": 0.5}, "interval": {"ndcg@10": [0.19, 0.23]},
         "baseline": False},
        {"name": "popular", "metrics": {"ndcg@10": 0.04, "coverage": None}, "interval": {}, "baseline": True},
    ],
    "problems": ["only 40 people"],
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A server of this file's own: content and style codes, two versions, an evaluation, events, jobs."""
    folder = tmp_path_factory.mktemp("operated")
    codes = Joined(what=RQKMeans(levels=1, size=6), how=RQKMeans(levels=1, size=4), style=4)
    recipe = small(replace(what_and_how(), encoder=TfidfEncoder(dimensions=8), tokenizer=codes))
    model = recipe.fit(dataset()).system.save(folder / "one" / "model")
    (folder / "one" / "report").mkdir()
    (folder / "one" / "report" / "report.json").write_text(json.dumps(REPORT))
    (folder / "one" / "report" / "pareto.png").write_bytes(png(80, 40))
    shutil.copytree(model, folder / "two" / "model")
    with running(model, folder) as found:
        two = folder / "two" / "model"
        mark = found.store.items.watermark("default")
        found.store.models.add("default", "two", folder=str(two), manifest=manifest_of(two), watermark=mark, by="test")
        Histories(found.store, "default", dataset(), "test").bring()
        yield found


@pytest.fixture(scope="module")
def lacking(shop, tmp_path_factory):
    """The same shop without half of its items, which people had used."""
    model = shop.store.models.active("default").folder
    with running(Path(model), tmp_path_factory.mktemp("lacking")) as found:
        Histories(found.store, "default", dataset(), "test").bring()
        for number in range(30):
            assert httpx.delete(f"{found.address}/v1/items/i{number}", timeout=60).is_success
        yield found


def active(shop):
    return shop.store.models.active("default").version


@wide
def test_traffic_is_watched_until_it_is_paused(browser, shop, width, tmp_path):
    from playwright.sync_api import expect

    with window(browser, shop, width=width) as seen:
        page = seen.page
        seen.open("#/operator")
        page.get_by_role("region", name="Requests by route").wait_for()
        first = page.locator(".tally-value").first.inner_text()
        expect(page.locator(".tally-value").first).not_to_have_text(first)
        page.locator(".spark-line").first.wait_for(state="attached")
        assert "Requests a second: now" in page.locator(".spark").first.get_attribute("aria-label")
        page.route("**/v1/traffic", lambda route: route.abort())
        seen.expected = ("Failed to load resource",)
        page.get_by_text("These figures are of").wait_for()
        page.get_by_role("button", name="Pause").press("Enter")
        page.get_by_text("Paused.", exact=True).first.wait_for()
        assert page.get_by_role("button", name="Go on").get_attribute("aria-pressed") == "true"
        seen.shot("traffic", tmp_path)


@wide
def test_versions_are_judged_tried_activated_and_rolled_back(browser, shop, width, tmp_path):
    with window(browser, shop, width=width) as seen:
        page = seen.page
        seen.open("#/operator/models")
        page.get_by_text("Evaluation", exact=True).click()
        page.locator("canvas.plot").wait_for()
        assert page.get_by_role("rowheader", name="popular baseline").is_visible()
        assert page.locator("strong", has_text="0.21").is_visible()
        page.get_by_role("button", name="Shadow: two").click()
        page.get_by_role("heading", name="Unseen: two").wait_for()
        seen.shot("models", tmp_path)
        page.get_by_role("button", name="End the shadow").click()
        page.get_by_role("heading", name="Unseen: two").wait_for(state="detached")
        page.get_by_role("button", name="A/B share …: two").click()
        page.get_by_label("Percent of the people").fill("25")
        seen.shot("share", tmp_path)
        page.keyboard.press("Enter")
        page.locator(".version", has_text="25% of the people").wait_for()
        assert shop.store.models.get("default", "two").share == 0.25
        page.get_by_role("button", name="End the trial: two").click()
        page.get_by_role("button", name="End the trial: two").wait_for(state="detached")
        page.get_by_role("button", name="Activate: two").click()
        page.get_by_role("button", name="Activate it").click()
        page.get_by_role("button", name="Roll back to one").wait_for()
        assert active(shop) == "two"
        page.get_by_role("button", name="Roll back to one").click()
        page.get_by_role("button", name="Roll back", exact=True).click()
        page.get_by_text("one answers 100% of the people").wait_for()
        assert active(shop) == "one"


@wide
def test_rules_come_and_go(browser, shop, width, tmp_path):
    with window(browser, shop, width=width) as seen:
        page = seen.page
        seen.open("#/operator/rules")
        page.get_by_text("There are no rules").wait_for()
        page.get_by_label("Field", exact=True).select_option("price")
        page.get_by_label("Operator", exact=True).select_option("<")
        page.get_by_label("Value").fill("20")
        page.get_by_label("Weight").fill("3")
        page.get_by_label("Starts").fill("2099-01-01T10:00")
        page.get_by_role("button", name="Add the rule").click()
        page.locator(".rule", has_text="price under 20").wait_for()
        (rule,) = shop.store.rules.list("default")
        assert (rule.kind, rule.weight, [str(one) for one in rule.conditions]) == ("boost", 3.0, ["price < 20"])
        assert rule.starts > time.time()
        assert page.locator(".rule .badge", has_text="to come").is_visible()
        seen.shot("rules", tmp_path)
        page.get_by_role("button", name="Delete the rule: ").click()
        page.get_by_role("button", name="Delete it").click()
        page.get_by_text("There are no rules").wait_for()
        assert not shop.store.rules.list("default")


@wide
def test_an_item_is_found_in_the_tree_of_codes(browser, shop, width, tmp_path):
    with window(browser, shop, width=width) as seen:
        page = seen.page
        seen.open("#/operator/codes")
        page.locator(".code").first.wait_for()
        counts = [int(text.split()[0]) for text in page.locator(".code .row .hint").all_inner_texts()]
        assert sum(counts) == 60
        page.get_by_label("Words of its title").fill("lamp number 3")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="lamp number 3", exact=True).click()
        page.locator(".code.here", has_text="lamp number 3").wait_for()
        seen.shot("codes", tmp_path)
        page.get_by_role("navigation", name="Path").get_by_role("link").nth(1).click()
        page.locator(".code a").first.wait_for()
        assert page.evaluate("document.activeElement.tagName") == "H1"


@wide
def test_what_is_missing_opens_the_studio(browser, lacking, width, tmp_path):
    with window(browser, lacking, width=width) as seen:
        page = seen.page
        seen.open("#/operator/gaps")
        page.get_by_label("Wanted by at least").fill("2")
        page.get_by_label("Items of it there may be").fill("20")
        page.get_by_role("button", name="Look").click()
        page.locator(".gap").first.wait_for()
        seen.shot("gaps", tmp_path)
        page.get_by_role("link", name="Make this next").first.click()
        page.wait_for_selector(".brief")
        assert "something about" in page.get_by_label("What is wanted, in words").input_value()
        assert page.get_by_label("A text").is_checked()


def test_nobodys_wishes_are_no_fault_of_who_asks(browser, shop, tmp_path):
    model = shop.store.models.active("default").folder
    with running(Path(model), tmp_path / "unused") as unused, window(browser, unused) as seen:
        seen.expected = ("status of 422",)
        seen.open("#/operator/gaps")
        seen.page.get_by_text("the store has no events").wait_for()
        seen.shot("gaps-unused", tmp_path)
        assert not seen.page.get_by_text("refused").count()
        seen.page.get_by_role("link", name="Data").last.click()
        seen.page.get_by_text("Bring in your own").wait_for()


def test_a_model_of_another_kind_is_no_fault_of_who_asks_either(browser, tmp_path):
    with running(trained().save(tmp_path / "model"), tmp_path) as other, window(browser, other) as seen:
        Histories(other.store, "default", dataset(), "test").bring()
        seen.expected = ("status of 422",)
        seen.open("#/operator/gaps")
        seen.page.get_by_text("generec train DATA --recipe what_and_how").wait_for()
        seen.shot("gaps-unsuited", tmp_path)
        assert not seen.page.get_by_text("refused").count()


@wide
def test_data_is_looked_over_and_taken_along(browser, shop, width, tmp_path):
    with window(browser, shop, width=width, accept_downloads=True) as seen:
        page = seen.page
        seen.open("#/operator/data")
        page.get_by_text("Met by nobody").wait_for()
        assert "320" in page.locator(".tally", has=page.get_by_text("Events", exact=True)).inner_text()
        seen.shot("data", tmp_path)
        with page.expect_download() as taken:
            page.get_by_role("button", name="Export everything").click()
        lines = taken.value.path().read_text().splitlines()
        assert json.loads(lines[-1])["item"] == 60
        page.get_by_role("status").get_by_text("items 60").wait_for()


@wide
def test_an_own_csv_is_looked_through_and_brought_in(browser, shop, width, tmp_path):
    items = f"item_id,title,genres\n{width}-1,Heron by night,bird\n{width}-1,Heron again,bird\n,nobody,bird\n"
    events = f"user_id,item_id\nzoe-{width},{width}-1\nzoe-{width},i2\n"
    (tmp_path / "broken.csv").write_bytes(b"title\nno id\n")
    (tmp_path / "items.csv").write_text(items)
    (tmp_path / "events.csv").write_text(events)
    before = shop.store.items.count("default")
    with window(browser, shop, width=width) as seen:
        page = seen.page
        seen.open("#/operator/data")
        page.get_by_label("Items (csv)").set_input_files(tmp_path / "broken.csv")
        page.get_by_text("It cannot be brought in", exact=True).wait_for()
        assert page.get_by_role("button", name="Bring it in").is_disabled()
        page.get_by_label("Items (csv)").set_input_files(tmp_path / "items.csv")
        page.get_by_label("What people did").set_input_files(tmp_path / "events.csv")
        page.get_by_text("of 3 lines").wait_for()
        page.locator(".upload .tally", has_text="Events").wait_for()
        assert page.locator(".trouble strong").all_inner_texts() == ["items.csv, row 4", "items.csv, row 3"]
        seen.shot("import", tmp_path)
        assert shop.store.items.count("default") == before
        page.get_by_role("button", name="Bring in the rest").click()
        page.get_by_text("1 new item, 2 events.", exact=True).wait_for()
        assert shop.store.items.get("default", f"{width}-1").fields["title"] == "Heron by night"
        assert len(shop.events(f"zoe-{width}")) == 2
        shop.store.items.delete("default", [f"{width}-1"], by="test")


@wide
def test_jobs_go_on_and_are_cancelled(browser, shop, width, tmp_path):
    job = shop.store.jobs.begin("default", "retraining", by="test")
    with window(browser, shop, width=width) as seen:
        page = seen.page
        seen.open("#/operator/jobs")
        shop.store.jobs.tell("default", job.id, 0.4, f"epoch 2 of 5, {width}")
        page.get_by_text(f"epoch 2 of 5, {width}").wait_for()
        assert page.locator("progress").first.evaluate("node => node.value") == pytest.approx(0.4)
        seen.shot("jobs", tmp_path)
        page.get_by_role("button", name="Cancel").first.click()
        page.get_by_role("button", name="Cancel it").click()
        page.locator(".job").first.locator(".badge", has_text="cancelled").wait_for()
        assert shop.store.jobs.get("default", job.id).state == "cancelled"


def test_a_no_is_shown_as_what_it_is_with_the_remedy(browser, shop, tmp_path):
    answers = iter([(504, "the report is still being made"), (422, "codes without a split into content and style")])

    def answer(route):
        status, detail = next(answers)
        route.fulfill(status=status, json={"detail": detail})

    with window(browser, shop) as seen:
        page = seen.page
        seen.expected = ("Failed to load resource",)
        page.route("**/v1/codes*", answer)
        page.add_init_script(
            "window.setTimeout = ((later) => (run, wait) => later(run, Math.min(wait, 50)))(setTimeout)"
        )
        seen.open("#/operator/codes")
        page.get_by_role("heading", name="The server refused these values").wait_for()  # the 504 was asked again
        assert "Codes without a split" in page.locator(".problem").inner_text()
        page.unroute("**/v1/codes*")
        page.get_by_role("button", name="Try again").click()
        page.locator(".code").first.wait_for()


def test_z_a_key_without_the_scope_is_told_so(browser, shop, tmp_path):
    """Last: from the first key on, the server asks everybody for one."""
    reads, rules = (shop.store.keys.create("default", name, (name,), by="test") for name in ("read", "admin"))
    with window(browser, shop, width="phone") as seen:
        page = seen.page
        seen.expected = ("status of 401", "status of 403")
        seen.open("#/studio/queue")
        page.get_by_label("API key").fill(reads.secret)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="This key may not do that").wait_for()
        assert "scope 'admin'" in page.locator(".problem").inner_text()
        seen.shot("forbidden", tmp_path)
        page.get_by_role("button", name="Use another key").click()
        page.get_by_label("API key").fill(rules.secret)
        page.keyboard.press("Enter")
        page.get_by_text("Nothing waits for a decision").wait_for()
        seen.open("#/operator/models")
        page.get_by_text("Evaluation", exact=True).click()
        page.locator("canvas.plot").wait_for()
