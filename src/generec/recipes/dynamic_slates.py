"""Dynamic slates: a Bayesian state-space model of choices from slates (2104.15046). loop.slate_policy shows them."""

from __future__ import annotations

import torch
from torch import Tensor

from generec.fitting.loop import Optimisation, Run, optimise
from generec.models.slate_gru import Gated, Linear, SlateGru, SlateModel
from generec.nn.slates import Slates
from generec.objectives.slate_likelihood import Candidates, SlateLikelihood, as_shown

PHASES = (SlateGru(movement=Linear()), SlateGru(movement=Gated()))
SETTINGS = Optimisation(epochs=40, batch_tokens=2000, learning_rate=1e-2, decay_from=0.5)


def dynamic_slates(
    slates: Slates, groups: Tensor, *, phases: tuple[SlateGru, ...] = PHASES, candidates: Candidates = as_shown,
    settings: Optimisation = SETTINGS, seed: int = 0,
) -> SlateModel:  # fmt: skip
    """Fits the phases one after another: each begins with all that the one before it left, but how clicks move."""
    left: dict[str, Tensor] = {}
    for spec in phases:
        torch.manual_seed(seed)
        model = spec.build(groups, slates.shown.shape[2])
        model.load_state_dict({name: at for name, at in left.items() if "movement" not in name}, strict=False)
        left = learn(model, slates, candidates=candidates, settings=settings, seed=seed).state_dict()
    return model


def learn(
    model: SlateModel, slates: Slates, *, candidates: Candidates = as_shown, settings: Optimisation = SETTINGS,
    seed: int = 0,
) -> SlateModel:  # fmt: skip
    """Trains a model in place; again and again as slates come in."""
    steps, items = int(slates.lengths.sum()), len(model.items.groups)
    objective = SlateLikelihood(steps=steps, items=items, candidates=candidates)
    optimise(model, lambda batch: objective(model, batch), slates, settings, Run(seed=seed), name="slates")
    return model
