"""A Bayesian model of what people take from slates, with a state that follows them from step to step.

Source: Eide, Leslie and Frigessi, "Dynamic slate recommendation with gated recurrent units and Thompson sampling"
(DMKD 2022, 2104.15046). Shapes: R rows (people, or people x draws), T steps, S places, N items, D width; draws of the
items' vectors are (1, N, D) for all rows or (R, N, D) for one each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor, nn

from generec.nn.mean_field import MeanField, normal_divergence
from generec.nn.slates import Slates

Score = Callable[[Tensor, Tensor], Tensor]


def nearness(state: Tensor, items: Tensor) -> Tensor:
    """Minus the Euclidean distance, (..., D) and (..., D) to (...)."""
    return -(state - items).square().sum(-1).clamp(min=1e-12).sqrt()


def dot(state: Tensor, items: Tensor) -> Tensor:
    """The inner product, (..., D) and (..., D) to (...)."""
    return (state * items).sum(-1)


class Movement(Protocol):
    """How a click moves a person's state: `build` gives a module of (state, vector of the click), each (R, D)."""

    def build(self, width: int) -> nn.Module: ...


@dataclass(frozen=True, kw_only=True)
class Gated:
    """h' = GRU(v, h) (Cho et al. 2014)."""

    def build(self, width: int) -> nn.Module:
        return _Gated(width)


class _Gated(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.cell = nn.GRUCell(width, width)

    def forward(self, state: Tensor, clicked: Tensor) -> Tensor:
        moved: Tensor = self.cell(clicked, state)
        return moved


@dataclass(frozen=True, kw_only=True)
class Linear:
    """h' = k h + (1 - k) v, with a learned k."""

    keep: float = 0.8  # to start with

    def build(self, width: int) -> nn.Module:
        return _Linear(self.keep)


class _Linear(nn.Module):
    def __init__(self, keep: float):
        super().__init__()
        self.keep = nn.Parameter(torch.tensor(math.log(keep / (1 - keep))))

    def forward(self, state: Tensor, clicked: Tensor) -> Tensor:
        keep = self.keep.sigmoid()
        return keep * state + (1 - keep) * clicked


class GroupedItems(nn.Module):
    """v_i ~ N(m_g, s_g^2) for an item of group g, with m_g and s_g ~ N(0, prior^2): the rare lean on their group.

    Written as v_i = m_g + |s_g| e_i with e_i ~ N(0, 1): the same prior as the paper's, but what is learnt of a group
    moves all its items at once, and an item that nobody was shown keeps the prior of its group. Items of a flat prior
    are all of one group.
    """

    def __init__(self, groups: Tensor, width: int, prior: float):
        super().__init__()
        self.prior = prior
        number = int(groups.max()) + 1
        self.own = MeanField(len(groups), width, scale=0.3)
        self.centres = MeanField(number, width, scale=0.1)
        self.spreads = MeanField(number, width, scale=0.1)
        nn.init.normal_(self.own.loc, std=0.3)  # alike items of one group would stay alike
        nn.init.normal_(self.centres.loc, std=0.5)
        nn.init.constant_(self.spreads.loc, 0.5)
        self.register_buffer("groups", groups.clone(), persistent=False)  # (N,)
        self.groups: Tensor

    def draw(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """(count, N, D)."""
        centres, spreads = self.centres.draw(count, generator), self.spreads.draw(count, generator).abs()
        return centres[:, self.groups] + spreads[:, self.groups] * self.own.draw(count, generator)

    def mean(self) -> Tensor:
        """Where the posterior is centred, (1, N, D)."""
        spread = self.spreads.loc.abs()[self.groups]
        return (self.centres.loc[self.groups] + spread * self.own.loc)[None]

    def divergence(self) -> Tensor:
        above = self.centres.divergence(self.prior) + self.spreads.divergence(self.prior)
        return above + self.own.divergence(1.0)


class SlateModel(nn.Module):
    """Learned state of `SlateGru`."""

    def __init__(self, spec: SlateGru, groups: Tensor, longest: int):
        super().__init__()
        self.spec = spec
        self.items = GroupedItems(groups, spec.width, spec.prior)
        self.first = nn.Linear(spec.width, spec.width, bias=False)  # (D) decayed clicks to where h_0 is centred
        self.first_log_scale = nn.Parameter(torch.full((spec.width,), math.log(spec.first_scale)))
        self.movement = spec.movement.build(spec.width)
        self.read = nn.Linear(spec.width, spec.width, bias=False)
        nn.init.eye_(self.read.weight)  # z starts among the items
        self.nothing = nn.Parameter(torch.zeros(longest + 1))  # score of taking nothing, by the size of the slate

    def beginning(self, clicked: Tensor, vectors: Tensor) -> Tensor:
        """Where h_0 is centred, (R, D), after the clicks (R, T) that are known; early ones say more about it."""
        weights = (clicked >= 0) * self.spec.decay ** torch.arange(clicked.shape[1], device=clicked.device)
        summed = (picked(vectors, clicked) * weights[..., None]).sum(1) / (1 + weights.sum(1, keepdim=True))
        centred: Tensor = self.first(summed)
        return centred

    def beginning_drawn(self, centre: Tensor, generator: torch.Generator | None = None) -> Tensor:
        noise = torch.randn(centre.shape, generator=generator, device=centre.device)
        return centre + self.first_log_scale.exp() * noise

    def walk(self, clicked: Tensor, vectors: Tensor, state: Tensor) -> Tensor:
        """What people want before every step and after the last, (R, T + 1, D): z = W h. No click moves nothing."""
        inputs, states = picked(vectors, clicked), [state]
        for step in range(clicked.shape[1]):
            moved = self.movement(state, inputs[:, step])
            state = moved.where(clicked[:, step, None] >= 0, state)
            states.append(state)
        wanted: Tensor = self.read(torch.stack(states, dim=1))
        return wanted

    def log_chances(self, slates: Slates, vectors: Tensor, wanted: Tensor) -> Tensor:
        """Log-probability of what was taken, nothing included, (R, T); 0 at steps that are not there.

        wanted (R, T, D), before each step. A softmax over the slate and one more choice, whose score depends on how
        much was shown: what was shown and passed over is told from what nobody saw.
        """
        scores = self.spec.score(wanted[:, :, None], picked(vectors, slates.shown))  # (R, T, S)
        scores = scores.masked_fill(slates.shown < 0, -torch.inf)
        choices = torch.cat([self.nothing[slates.sizes][..., None], scores], dim=2).log_softmax(2)
        chosen = choices.gather(2, slates.taken[..., None] + 1).squeeze(2)
        return chosen.where(slates.sizes > 0, 0.0)

    def evidence(self, slates: Slates, judged: Slates) -> tuple[Tensor, Tensor]:
        """Log-probabilities (B, T) of `judged` under one draw, and each person's divergence of h_0, (B,).

        judged: the slates as the likelihood is to see them; their clicks are those of `slates`.
        """
        vectors, clicked = self.items.draw(1), slates.clicked
        centre = self.beginning(clicked, vectors)
        wanted = self.walk(clicked, vectors, self.beginning_drawn(centre))[:, :-1]
        local = normal_divergence(centre, self.first_log_scale, self.spec.first_scale).sum(1)
        return self.log_chances(judged, vectors, wanted), local

    def divergence(self) -> Tensor:
        """Of the posterior of the items and their groups from the prior, ()."""
        return self.items.divergence()

    @torch.no_grad()
    def predictive(self, slates: Slates, known: int, draws: int, generator: torch.Generator) -> Tensor:
        """Log of the mean probability of what was taken over draws of the posterior, (B, T).

        known: h_0 may be inferred from so many first steps; the states after them follow the clicks one by one.
        """
        clicked, found = slates.clicked, []
        for _ in range(draws):
            vectors = self.items.draw(1, generator)
            first = self.beginning_drawn(self.beginning(clicked[:, :known], vectors), generator)
            found.append(self.log_chances(slates, vectors, self.walk(clicked, vectors, first)[:, :-1]))
        return torch.stack(found).logsumexp(0) - math.log(draws)

    @torch.no_grad()
    def scores(self, clicked: Tensor, draws: int, generator: torch.Generator) -> Tensor:
        """Scores of all items after the clicks (B, T) under `draws` draws each, (B, draws, N).

        0 draws: under the posterior's mean, (B, 1, N). Every person has draws of their own, of items and of h_0.
        """
        if not draws:
            vectors = self.items.mean()
            wanted = self.walk(clicked, vectors, self.beginning(clicked, vectors))[:, -1]
            return self.spec.score(wanted[:, None], vectors)[:, None]
        again = clicked.repeat_interleave(draws, dim=0)  # (B * draws, T)
        vectors = self.items.draw(len(again), generator)
        first = self.beginning_drawn(self.beginning(again, vectors), generator)
        wanted = self.walk(again, vectors, first)[:, -1]
        return self.spec.score(wanted[:, None], vectors).view(len(clicked), draws, -1)


def picked(vectors: Tensor, rows: Tensor) -> Tensor:
    """Vectors of the items `rows` (R, ...) under each row's draw, (R, ..., D); of anything for a row of -1."""
    found = rows.clamp(min=0)
    if len(vectors) == 1:
        return vectors[0][found]
    row = torch.arange(len(rows), device=rows.device).view(-1, *[1] * (rows.ndim - 1))
    return vectors[row, found]


@dataclass(frozen=True, kw_only=True)
class SlateGru:
    """Item vectors with a hierarchical prior, a state that clicks move, a choice from what was shown or of nothing.

    Deviations: the normal posterior is over the items' offsets from their groups (see GroupedItems), not over the
    vectors; W_z starts as the identity.
    """

    width: int = 25
    movement: Movement = field(default_factory=Gated)
    score: Score = nearness
    prior: float = 5.0  # standard deviation of where groups are centred and of how far they spread
    first_scale: float = 0.5  # standard deviation of h_0
    decay: float = 0.9  # weight of each later click in what is inferred of h_0

    def build(self, groups: Tensor, longest: int) -> SlateModel:
        """groups (N,): the group of every item, from 0; longest: the size of the longest slate."""
        return SlateModel(self, groups, longest)
