"""What a person does on each page, at the width of a phone and of a desk, with the real server behind it."""

import json
import time
from dataclasses import replace

import pytest
from web_world import WIDTHS, png, running, window

from small_world import dataset

PRICES = dict(zip(dataset().catalog.item_ids, dataset().catalog.frame["price"], strict=True))
wide = pytest.mark.parametrize("width", WIDTHS)


def slate(page):
    """The items on the page, in order."""
    keys = page.locator(".cards > [data-key]").evaluate_all("nodes => nodes.map((node) => node.dataset.key)")
    return [key.removeprefix("item:") for key in keys if key.startswith("item:")]


def until(page, happened, meanwhile=lambda: None, seconds=60):
    """Waits for what no selector can see; a busy machine takes its time."""
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        meanwhile()
        page.wait_for_timeout(100)


def known(site, user_id, items=("i0", "i5", "i10", "i15", "i20", "i25")):
    """Somebody with a history of lamps."""
    from generec.data.entries import Entry

    log = site.store.log("default")
    log.append([Entry(kind="click", user_id=user_id, item_id=item, time=n) for n, item in enumerate(items)])
    return user_id


def feed(seen):
    """The page with a whole slate: where the machine is slow, a glance comes first."""
    seen.open()
    seen.page.wait_for_selector(".card-open")
    seen.page.wait_for_selector(".stale", state="detached")


@wide
def test_a_newcomer_picks_and_gets_a_first_slate(browser, site, width, tmp_path):
    with window(browser, site, width=width) as seen:
        page = seen.page
        seen.open()
        page.wait_for_selector(".pick-title")
        assert page.title() == "What do you like? · GeneRec"
        assert page.get_by_role("button", name="Show my first slate").is_disabled()
        picks = page.locator(".pick")
        for at in range(3):
            picks.nth(at).click()
        seen.shot("welcome", tmp_path)
        page.get_by_role("button", name="Show my first slate").click()
        page.wait_for_selector(".card-open")
        person = page.evaluate("localStorage.getItem('generec.person')")
        assert person.startswith("guest-")
        liked = [event.item_id for event in site.events(person)]
        assert len(liked) == 3
        assert not set(liked) & set(slate(page))
        seen.shot("feed-first", tmp_path)


@wide
def test_words_from_the_keyboard_steer_the_feed_and_chips_take_them_back(browser, site, width, tmp_path):
    with window(browser, site, width=width, person=known(site, f"steers-{width}")) as seen:
        page = seen.page
        feed(seen)
        first = slate(page)
        assert any(PRICES[item] >= 20 for item in first)
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == "words":
                break
        page.keyboard.type("price below 20")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Remove: must be price under 20").wait_for()
        assert slate(page)
        assert all(PRICES[item] < 20 for item in slate(page))
        assert page.locator(".card .reason").count()
        seen.shot("feed-steered", tmp_path)
        page.get_by_role("button", name="Change: must be price under 20").click()
        page.get_by_label("Value").fill("10")
        seen.shot("chip", tmp_path)
        page.get_by_role("button", name="Change it").click()
        page.get_by_role("button", name="Remove: must be price under 10").wait_for()
        assert all(PRICES[item] < 10 for item in slate(page))
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Remove: must be price under 20").click()
        page.wait_for_selector(".chip", state="detached")
        assert slate(page)[:6] == first[:6]


def test_the_feed_goes_on_and_shows_nothing_twice(browser, site):
    with window(browser, site, person=known(site, "scrolls")) as seen:
        page = seen.page
        feed(seen)
        until(page, page.get_by_text("That is everything for now").is_visible, lambda: page.mouse.wheel(0, 3000))
        items = slate(page)
        assert len(items) == len(set(items)) == 54  # all but the six of the history


def test_the_feed_goes_on_when_its_end_is_reached_in_the_frame_in_which_it_grew(browser, site):
    with window(browser, site, person=known(site, "hurries")) as seen:
        page = seen.page
        feed(seen)
        page.evaluate("""() => new MutationObserver(() => scrollTo(0, document.body.scrollHeight))
          .observe(document.querySelector("section > .cards"), { childList: true })""")
        page.mouse.wheel(0, 3000)
        until(page, page.get_by_text("That is everything for now").is_visible)
        assert len(slate(page)) == 54


def test_the_feed_goes_on_after_words_that_were_refused_while_it_grew(browser, site):
    with window(browser, site, person=known(site, "refused")) as seen:
        page, held = seen.page, []
        seen.expected = ("status of 422",)

        def turn(route):
            asked = route.request.post_data_json
            if asked.get("words"):
                no = {"type": "urn:generec:problem:invalid-request", "title": "No", "status": 422, "detail": "not now"}
                route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(no))
            elif asked["k"] > 12 and not held:
                held.append(route)  # never answered: the words come first
            else:
                route.continue_()

        page.route("**/v1/turn", turn)
        feed(seen)
        until(page, lambda: held, lambda: page.mouse.wheel(0, 3000))
        assert len(slate(page)) == 12
        page.get_by_placeholder("Say what you want: ").fill("price below 20")
        page.keyboard.press("Enter")
        page.get_by_text("Not now.").first.wait_for()
        until(page, lambda: len(slate(page)) > 12, lambda: page.mouse.wheel(0, 3000), seconds=20)
        assert len(slate(page)) > 12


def test_likes_can_be_undone_until_they_are_sent(browser, site, tmp_path):
    person = known(site, "likes")
    with window(browser, site, person=person) as seen:
        page = seen.page
        feed(seen)
        before = len(site.events(person))
        first, second, third, *_ = slate(page)
        page.get_by_role("button", name="Like: ").first.click()
        seen.shot("toast", tmp_path)
        page.locator(".toast").get_by_role("button", name="Undo").click()
        assert page.get_by_role("button", name="Like: ").first.get_attribute("aria-pressed") == "false"
        page.get_by_role("button", name="Like: ").nth(1).click()
        page.get_by_role("button", name="Skip: ").nth(2).click()
        page.wait_for_selector(f'[data-key="item:{third}"]', state="detached")
        page.get_by_role("button", name="More like this: ").first.click()  # sends what is held
        page.get_by_role("button", name="Remove: more like").wait_for()
        assert first not in slate(page)  # the item itself is no news
        assert third not in slate(page)
        sent = [(event.kind, event.item_id, event.position) for event in site.events(person)[before:]]
        assert sorted(sent) == [("like", second, 1), ("skip", third, 2)]


def test_somebody_else_sees_their_own(browser, site, tmp_path):
    known(site, "other", ("i4", "i9", "i14", "i19"))
    with window(browser, site, person=known(site, "one")) as seen:
        page = seen.page
        seen.open("#/profile")
        page.locator(".line", has_text="Likes lamp").first.wait_for()
        page.get_by_role("button", name="You are one").click()
        assert page.evaluate("document.activeElement.name") == "who"
        page.get_by_label("Your name or id").fill("other")
        seen.shot("who", tmp_path)
        page.keyboard.press("Enter")
        page.locator(".line", has_text="Likes rug").first.wait_for()
        assert not page.locator(".line", has_text="Likes lamp").count()
        page.reload()
        page.get_by_role("button", name="You are other").click()
        page.locator("dialog").get_by_role("button", name="one", exact=True).click()
        page.locator(".line", has_text="Likes lamp").first.wait_for()


def test_no_like_is_lost_when_notices_pile_up_or_the_page_is_left(browser, site):
    person = known(site, "hurries")
    with window(browser, site, person=person) as seen:
        page = seen.page
        feed(seen)
        before, items = len(site.events(person)), slate(page)[:5]
        for at in range(5):
            page.get_by_role("button", name="Like: ").nth(at).click()
        assert page.locator(".toast").count() == 3
        page.get_by_role("link", name="Talk").click()
        page.reload()
        page.wait_for_selector(".idea")
        until(page, lambda: len(site.events(person)) == before + 5)
        assert sorted(event.item_id for event in site.events(person)[before:]) == sorted(items)


def test_why_says_what_it_rests_on_and_details_show_neighbours(browser, site, tmp_path):
    with window(browser, site, person=known(site, "asks-why")) as seen:
        page = seen.page
        feed(seen)
        page.locator(".card-act", has_text="Why?").first.click()
        page.wait_for_selector(".why .reasons, .why .hint:not([role])")
        page.locator(".card-open").first.click()
        page.wait_for_selector("dialog .tile")
        assert page.locator("dialog .tile").count() == 4
        seen.shot("details", tmp_path)
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="detached")


@wide
def test_a_set_is_made_checked_and_set_right_in_talk(browser, site, width, tmp_path):
    person = known(site, f"talks-{width}")
    with window(browser, site, width=width, person=person) as seen:
        page = seen.page
        seen.open("#/talk")
        page.get_by_placeholder("Say what you want, or what to change").fill("a set of 3 lamps below 200 euros in all")
        page.keyboard.press("Enter")
        page.wait_for_selector(".draft-panel .member")
        assert page.locator(".draft-panel .badge.created").is_visible()
        page.locator(".checks summary").click()
        assert page.locator(".verdict").count() == 6
        assert page.locator(".rules .badge.good").count() == page.locator(".rules tbody tr").count() > 0
        seen.shot("talk", tmp_path)
        page.locator(".how summary").click()
        page.get_by_label("What should the answer have been?").fill("only lamps that were sold")
        seen.shot("stages", tmp_path)
        last = page.locator(".stage").last
        last.get_by_role("button", name="Correct this stage").click()
        page.locator(".toast", has_text="That stage learns from it").wait_for()
        ticked = page.locator(".fits input")
        ticked.first.uncheck()
        page.get_by_role("button", name="Only the ticked ones fit").click()
        page.locator(".toast").nth(1).wait_for()
        given = {event.stage: event for event in site.events(person) if event.kind == "correct"}
        assert given["slate"].payload["correction"] == "only lamps that were sold"
        fitting = json.loads(given["retrieval"].payload["correction"])
        assert len(fitting) == ticked.count() - 1


def test_a_question_is_answered_by_a_button_and_places_can_be_named(browser, site):
    person = known(site, "points")
    nothing_made = {"edit": lambda profile: replace(profile, consent=False), "by": "test", "act": "edit profile"}
    site.store.people.change("default", person, **nothing_made)  # no draft that is tried out stands in between
    with window(browser, site, person=person) as seen:
        page = seen.page
        seen.open("#/talk")
        said = page.get_by_placeholder("Say what you want, or what to change")
        said.fill("lamps under 5 that cost more than 30")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="price > 30", exact=True).click()
        page.locator(".exchange").nth(1).locator(".card-open").first.wait_for()
        assert all(PRICES[item] > 30 for item in slate(page.locator(".exchange").nth(1)))
        second = slate(page.locator(".exchange").nth(1))[1]
        with page.expect_request("**/v1/turn") as asked:
            said.fill("why the second one?")
            page.keyboard.press("Enter")
        assert asked.value.post_data_json["shown"][1] == second
        page.locator(".exchange").nth(2).locator(".reasons").wait_for()
        feed(seen)
        first = slate(page)[0]
        page.get_by_role("button", name="Skip: ").first.click()
        page.wait_for_selector(f'[data-key="item:{first}"]', state="detached")
        second = slate(page)[1]
        with page.expect_request("**/v1/turn") as asked:
            page.get_by_placeholder("Say what you want: ").fill("like the second one")
            page.keyboard.press("Enter")
        assert asked.value.post_data_json["shown"][1] == second
        page.get_by_role("button", name="Remove: more like").wait_for()


@wide
def test_the_profile_is_theirs(browser, site, width, tmp_path):
    person = known(site, f"owns-{width}")
    with window(browser, site, width=width, person=person, accept_downloads=True) as seen:
        page = seen.page
        seen.open("#/profile")
        lamp = page.locator(".line", has_text="Likes lamp")
        assert "lamp number 0" in lamp.first.inner_text()
        seen.shot("profile", tmp_path)
        page.get_by_role("button", name="Add a line").click()
        page.get_by_label("In your own words").fill("no rugs, please")
        page.get_by_label("Which way").select_option("less")
        page.keyboard.press("Enter")
        mine = page.locator(".line", has_text="No rugs, please")
        mine.wait_for()
        assert "avoids" in mine.inner_text()
        page.get_by_role("button", name="Edit: no rugs, please").click()
        page.get_by_label("In your own words").fill("no tables")
        page.get_by_role("button", name="Save").click()
        page.locator(".line", has_text="No tables").wait_for()
        assert not mine.count()
        page.get_by_role("button", name="Delete: likes lamp").click()
        page.get_by_role("button", name="Delete it").click()
        lamp.wait_for(state="detached")
        page.get_by_label("Edit and create things for me").uncheck()
        page.locator(".toast", has_text="Nothing will be made for you").wait_for()
        assert not site.store.people.get("default", person).consent
        with page.expect_download() as taken:
            page.get_by_role("button", name="Take it along").click()
        assert json.loads(taken.value.path().read_text())["user_id"] == person
        page.get_by_role("button", name="Forget me").click()
        seen.shot("forget", tmp_path)
        page.locator("dialog").get_by_role("button", name="Forget me").click()
        page.wait_for_selector(".pick-title")
        assert not site.store.people.export("default", person)["known"]
        assert page.evaluate("localStorage.getItem('generec.person')") != person


def test_pictures_of_a_folder_stand_on_the_cards_and_others_are_drawn(browser, model, tmp_path):
    (tmp_path / "pictures").mkdir()
    for item in ("i1", "i2", "i3", "i4"):
        (tmp_path / "pictures" / f"{item}.png").write_bytes(png(2, 3) if item != "i4" else b"no picture")
    with running(model, tmp_path, pictures=tmp_path / "pictures") as site, window(browser, site) as seen:
        page = seen.page
        seen.expected = ("status of 404",)
        seen.open("#/talk")
        page.get_by_placeholder("Say what you want, or what to change").fill("price at most 5")
        page.keyboard.press("Enter")
        page.locator(".card-open").first.wait_for()
        covers = page.locator(".card .cover")
        page.locator(".cover-picture.whole").nth(2).wait_for()
        assert page.locator(".cover-picture.whole").count() == 3
        assert page.locator(".card svg.cover-art").count() == covers.count() - 3 >= 1


def test_a_store_without_items_or_model_says_how_to_begin(browser, tmp_path):
    with running(None, tmp_path) as site, window(browser, site, width="phone") as seen:
        page = seen.page
        seen.expected = ("status of 503",)
        seen.open()
        page.get_by_role("heading", name="Nothing to recommend yet").wait_for()
        assert page.title() == "Nothing to recommend yet · GeneRec"
        assert page.get_by_label("Items (csv)").is_visible()
        seen.shot("beginning", tmp_path)
