from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generec.decoding.top import top
from generec.errors import FittingError


@given(st.data(), st.integers(1, 3), st.integers(1, 12))
def test_equals_a_sort_by_score_then_key(data: st.DataObject, rows: int, columns: int) -> None:
    values = st.sampled_from([-float("inf"), -1.0, 0.0, 2.0])
    scores = [data.draw(st.lists(values, min_size=columns, max_size=columns)) for _ in range(rows)]
    keys = [data.draw(st.permutations(range(columns))) for _ in range(rows)]
    k = data.draw(st.integers(1, columns))
    for ties in (None, torch.tensor(keys)):
        found, at = top(torch.tensor(scores), k, ties)
        for row in range(rows):
            key = list(range(columns)) if ties is None else keys[row]
            order = sorted(range(columns), key=lambda c, row=row, key=key: (-scores[row][c], key[c]))[:k]
            assert found[row].tolist() == [scores[row][c] for c in order]
            finite = sum(scores[row][c] > -float("inf") for c in order)
            assert at[row].tolist()[:finite] == order[:finite]


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(FittingError, match="not numbers"):
        top(torch.tensor([[0.0, float("nan"), 1.0]]), 1)
