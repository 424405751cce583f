"""Slates that several draws of a posterior fill in turns, against the rule spelt out."""

import torch

from generec.loop.slate_policy import SlatePolicy
from generec.models.slate_gru import SlateGru


def test_a_policy_of_several_draws_shares_the_slate_among_them():
    torch.manual_seed(0)
    model = SlateGru(width=3).build(torch.tensor([0, 0, 1, 2, 1, 2, 0, 1, 2, 0]), 4)
    clicked = torch.tensor([[0, -1, 3], [-1, -1, -1], [9, 2, 5], [4, -1, 1], [-1, 8, -1], [7, 6, -1]])
    chosen = SlatePolicy(draws=3).choose(model, clicked, 4, torch.Generator().manual_seed(5))
    scores = model.scores(clicked, 3, torch.Generator().manual_seed(5))
    for person, slate in enumerate(chosen.tolist()):
        had = {item for item in clicked[person].tolist() if item >= 0}
        ranked = [[item for item in own.argsort(descending=True).tolist() if item not in had] for own in scores[person]]
        expected = dict.fromkeys(ranked[draw][place] for place in range(4) for draw in range(3))
        assert slate == list(expected)[:4]
