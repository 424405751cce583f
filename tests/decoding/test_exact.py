from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from generec.decoding.exact import Exact
from generec.decoding.trie import compile_index, without
from generec.errors import UsageError
from generec.types import Context


@dataclass
class Bilinear:
    """Scores items by the inner product with the mean of the history."""

    read: Tensor
    items: Tensor

    def hidden(self, context: Context, at: Tensor) -> Tensor:
        sums = torch.cat([torch.zeros(1, self.read.shape[1]), self.read[context.tokens].cumsum(0)])
        return sums[at + 1] - sums[context.offsets[:-1]]

    def item_scores(self, hidden: Tensor) -> Tensor:
        return hidden @ self.items.T


def model(items: int, duplicates: bool = False) -> Bilinear:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(items, 4, generator=generator)
    if duplicates:
        vectors = vectors[:1].expand(items, -1)
    return Bilinear(torch.randn(50, 4, generator=generator), vectors)


@pytest.mark.parametrize("requests", [1, 4, 256])
def test_equals_a_sort_of_all_scores(random_ids, random_context, requests: int) -> None:
    index = without(compile_index(random_ids(90, (5, 5, 5))), [4, 50])
    context, scorer = random_context(9), model(90)
    allowed = torch.rand(9, 90, generator=torch.Generator().manual_seed(0)) > 0.5
    allowed[3] = False
    ranked = Exact(requests=requests).decode(scorer, context, index, 12, allowed)
    scores = scorer.item_scores(scorer.hidden(context, context.last))
    for request, (found, values) in enumerate(ranked):
        left = [row for row in range(90) if allowed[request, row] and row not in (4, 50)]
        twin = sorted(left, key=lambda row, request=request: -float(scores[request, row]))[:12]
        assert found == twin
        assert values == pytest.approx(scores[request, twin].tolist(), abs=1e-4)


def test_equal_scores_go_to_the_lower_row(random_ids, random_context) -> None:
    index = compile_index(random_ids(90, (5, 5, 5)))
    ranked = Exact().decode(model(90, duplicates=True), random_context(2), index, 10, None)
    assert ranked.items.tolist() == [list(range(10))] * 2


def test_a_model_that_cannot_score_every_item_is_refused(random_ids, random_context) -> None:
    with pytest.raises(UsageError, match="inserted"):
        Exact().decode(model(80), random_context(1), compile_index(random_ids(90, (5, 5, 5))), 5, None)
