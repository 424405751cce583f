"""Dynamic slates learn who wants what from clicks alone, and explore without repeating themselves."""

import numpy as np
import torch

from generec.fitting.loop import Optimisation
from generec.loop.slate_policy import SlatePolicy
from generec.models.slate_gru import Gated, Linear, SlateGru
from generec.recipes.dynamic_slates import dynamic_slates, learn
from generec.simulation.slates import Shelves, SlateLaw, SlateWorld, live

LAW = SlateLaw(items=80, topics=8)
PHASES = tuple(SlateGru(width=8, movement=movement) for movement in (Linear(), Gated()))
BRIEF = Optimisation(epochs=12, batch_tokens=400, learning_rate=2e-2)


def test_it_beats_shuffled_clicks_and_its_slates_are_distinct_and_new():
    world = SlateWorld.make(LAW, 0)
    slates = live(world.arrive(np.arange(120)), Shelves(), 10)
    groups = torch.from_numpy(world.topics)
    model = dynamic_slates(slates.until(8), groups, phases=PHASES, settings=BRIEF)
    late = model.predictive(slates, 8, 4, torch.Generator().manual_seed(0))[:, 8:]
    draw = torch.Generator().manual_seed(1)
    strangers = slates.clicked[torch.randperm(120, generator=draw)]
    mixed = model.scores(strangers[:, :9], 0, draw)[:, 0]
    own = model.scores(slates.clicked[:, :9], 0, draw)[:, 0]
    took = (slates.clicked[:, 9] >= 0).nonzero().squeeze(1)
    target = slates.clicked[took, 9]
    assert late.mean() > -np.log(9)  # better than a guess among eight and nothing
    assert own.log_softmax(1)[took, target].mean() > mixed.log_softmax(1)[took, target].mean()
    for draws in (0, 1, 3):
        chosen = SlatePolicy(draws=draws).choose(model, slates.clicked[:40], 6, torch.Generator().manual_seed(2))
        assert chosen.shape == (40, 6)
        for row, clicked in zip(chosen.tolist(), slates.clicked[:40].tolist(), strict=True):
            assert len(set(row)) == 6
            assert not set(row) & set(clicked)
    before = model.nothing.detach().clone()
    assert learn(model, slates, settings=BRIEF) is model
    assert not torch.equal(before, model.nothing)
