"""Every block of the documentation runs, and prints what the page shows."""

import csv
import random

import pytest
from doc_pages import NOT_RUN, OUTPUT, ROOT, blocks, difference, run

DOCS = ROOT / "docs"
GUIDES = ("decisions", "extending", "formats", "instructions", "loop", "papers")  # theirs run in test_code_blocks.py
PAGES = sorted(page for page in DOCS.glob("*.md") if page.stem not in GUIDES)
ALONE = ("quick-start", "own-data")
AFTER = [page for page in PAGES if page.stem not in ALONE and blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_says_what_it_is_for(page):
    kinds = [block.kind for block in blocks(page)]
    assert all(
        before in ("run", "output") for before, kind in zip(["", *kinds], kinds, strict=False) if kind == "output"
    )
    assert page.read_text(encoding="utf-8").count("```") == 2 * len(kinds), "a fence that is not understood"


def test_the_quick_start_runs(quick_start):
    assert (quick_start / "model" / "MANIFEST.json").exists()


@pytest.mark.parametrize("page", AFTER, ids=lambda page: page.stem)
def test_a_page_runs_after_the_quick_start(page, begun, found, cache):
    run(page, begun, found, **cache)


def test_somebodys_own_data_run(found, tmp_path, cache):
    shop(tmp_path)
    run(DOCS / "own-data.md", tmp_path, found, **cache)
    assert (tmp_path / "report" / "report.json").exists()


def shop(folder):
    """log.csv and items.csv, as the page shows their first lines."""
    walk = random.Random(0)
    kinds, made_of = ("lamp", "chair", "table", "shelf", "rug"), ("oak", "steel", "paper", "wool", "glass", "cork")
    with (folder / "items.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("item_id", "title", "category", "price"))
        for n in range(60):
            title = f"{made_of[n % 6].title()} {kinds[n % 5]} No. {n // 5}"
            rows.writerow((f"item-{n}", title, kinds[n % 5], f"{5 + 1.5 * n:.2f}"))
    with (folder / "log.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("user_id", "item_id", "timestamp", "event"))
        for person in range(60):
            at = walk.randrange(60)
            for step in range(8):
                day = f"2026-0{1 + step // 3}-{1 + (9 * step + person) % 28:02d}T{person % 24:02d}:00:00"
                rows.writerow((person, f"item-{at}", day, "click"))
                at = (at + walk.choice([5, 5, 5, 1, 7])) % 60


def test_outputs_are_compared_loosely_but_compared():
    printed = "model: trained on train + validation, 3 epochs\nwritten to report: report.json, plot.png\n"
    assert not difference("model: trained on train + validation, 7 epochs\n…\n", printed, "text")
    assert difference("nothing of the kind was ever said here\n", printed, "text")
    shown = '{"items": [{"rank": 1, "title": "…"}, "…"]}'
    assert not difference(shown, 'log\n{"items": [{"rank": 9, "title": "Lamp", "score": 1.5}], "more": null}', "json")
    assert "there is no /items/0/title" in difference(shown, '{"items": [{"rank": 9}]}', "json")
    assert "/items/0/rank is 'one'" in difference(shown, '{"items": [{"rank": "one", "title": "x"}]}', "json")


@pytest.mark.parametrize(
    ("fence", "kind"),
    [
        ("```bash\nls\n```", "run"),
        (f'```json title="{OUTPUT}"\n1\n```', "output"),
        ('```yaml title="a.yml"\na: 1\n```', "file"),
        (f'```bash title="{NOT_RUN}needs a GPU"\nls\n```', "left out"),
    ],
)
def test_titles_say_what_happens_to_a_block(tmp_path, fence, kind):
    (tmp_path / "page.md").write_text(f"# Page\n\n{fence}\n")
    assert [block.kind for block in blocks(tmp_path / "page.md")] == [kind]


@pytest.mark.parametrize("fence", ["```text\nwhat is this\n```", f'```bash title="{NOT_RUN}"\nls\n```'])
def test_a_block_without_a_purpose_is_refused(tmp_path, fence):
    (tmp_path / "page.md").write_text(f"# Page\n\n{fence}\n")
    with pytest.raises(ValueError, match="line 4"):
        blocks(tmp_path / "page.md")[0].kind  # noqa: B018
