"""One server and, for each file, one browser: a browser left running would hold the event loop of later tests."""

import pytest

from small_world import trained


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return trained().save(tmp_path_factory.mktemp("model") / "shop")


@pytest.fixture(scope="session")
def site(model, tmp_path_factory):
    from web_world import running

    with running(model, tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from web_world import ARGS, CHROMIUM

    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield opened
        opened.close()
