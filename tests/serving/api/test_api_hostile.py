"""Rows that are meant to break something, each behind a good one: refused together, or kept as the text they are."""

import pytest
from api_world import is_problem

from hostile_uploads import ROWS, body_of

TAKEN = {"cyclic category", "lists in lists", "misspelt column", "script", "traversal"}


@pytest.fixture
def before(server, store):
    return store.items.count("default"), store.items.watermark("default")


@pytest.mark.parametrize("some", [sorted(ROWS)[start::3] for start in range(3)], ids=range(3))
def test_hostile_rows_come_in_as_text_or_not_at_all(server, store, before, some):
    for name in some:
        response = server.client.post("/v1/items", content=body_of(name), headers={"content-type": "application/json"})
        count, mark = store.items.count("default"), store.items.watermark("default")
        if name in TAKEN:
            stored = response.json()
            assert stored["created"] + stored["updated"] == 2, (name, response.text)
            before = count, mark
        else:
            assert is_problem(response, response.status_code)["detail"], name
            assert (response.status_code in (400, 413, 422), (count, mark)) == (True, before), (
                name,
                response.text[:200],
            )
