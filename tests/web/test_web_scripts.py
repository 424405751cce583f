"""Scripts in every text of the store, on every page: all are shown, none runs. The bench tries fifty."""

import pytest
from web_world import running

from script_payloads import PAYLOADS, attacked, control, held, pages, report
from small_world import trained

SOME = tuple(PAYLOADS[at] for at in (0, 12, 25, 40, 48))


@pytest.fixture
def attacked_shop(tmp_path):
    """A server of this file's own, with an evaluation beside its model."""
    model = trained().save(tmp_path / "model")
    report(tmp_path, SOME)
    with running(model, tmp_path) as found:
        yield found, model


def test_every_page_is_tried():
    assert len(set(PAYLOADS)) == 50
    assert {"#/feed", "#/talk", "#/profile", "#/welcome", "#/studio/queue", "#/operator/rules"} <= set(pages())


def test_no_script_in_any_text_runs(browser, attacked_shop):
    figures = attacked(browser, *attacked_shop, SOME)
    assert held(figures), figures
    assert min(figures["payloads_shown"][place] for place in ("#/profile", "#/operator/rules", "#/talk words")) == 5


def test_where_nobody_takes_care_they_run(browser):
    assert control(browser, SOME) >= 3
