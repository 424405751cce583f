from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from generec.types import Context, SemanticIds


@dataclass
class Recurrent:
    """A small random next-token model with real state: every code changes what comes after it."""

    read: Tensor  # (tokens, D)
    write: list[Tensor]  # per level (V, D), read when the code is stepped on
    out: list[Tensor]  # per level (D, V)
    mix: Tensor  # (D, D)

    @classmethod
    def random(cls, sizes: tuple[int, ...], seed: int = 0, width: int = 8) -> Recurrent:
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator)

        return cls(normal(50, width), [normal(v, width) for v in sizes], [normal(width, v) for v in sizes],
                   normal(width, width))  # fmt: skip

    def hidden(self, context: Context, at: Tensor) -> Tensor:
        sums = torch.cat([self.read.new_zeros(1, self.read.shape[1]), self.read[context.tokens].double().cumsum(0)])
        return torch.tanh(sums[context.offsets[1:]] - sums[context.offsets[:-1]]).float()

    def start(self, context: Context) -> tuple[Tensor, tuple[int, Tensor]]:
        hidden = self.hidden(context, context.last)
        return (hidden @ self.out[0]).log_softmax(1), (0, hidden)

    def step(self, tokens: Tensor, state: tuple[int, Tensor]) -> tuple[Tensor, tuple[int, Tensor]]:
        level, hidden = state
        hidden = torch.tanh(hidden @ self.mix + self.write[level][tokens])
        return (hidden @ self.out[level + 1]).log_softmax(1), (level + 1, hidden)

    def select(self, state: tuple[int, Tensor], rows: Tensor) -> tuple[int, Tensor]:
        return state[0], state[1][rows]

    def code_log_probs(self, context: Context, at: Tensor, codes: Tensor) -> Tensor:
        log_probs, state = self.start(context)
        found = [log_probs.gather(1, codes[:, :1])]
        for level in range(codes.shape[1] - 1):
            log_probs, state = self.step(codes[:, level], state)
            found.append(log_probs.gather(1, codes[:, level + 1 : level + 2]))
        return torch.cat(found, 1)


@pytest.fixture(scope="session")
def recurrent() -> type[Recurrent]:
    return Recurrent


def make_ids(items: int, sizes: tuple[int, ...], seed: int = 0) -> SemanticIds:
    """Random distinct code tuples."""
    generator = torch.Generator().manual_seed(seed)
    total = 1
    for size in sizes:
        total *= size
    assert items <= total
    if total <= 1 << 16:
        flat = torch.randperm(total, generator=generator)[:items]
    else:
        flat = torch.randint(total, (items * 2,), generator=generator).unique()
        flat = flat[torch.randperm(len(flat), generator=generator)[:items]]
    codes = []
    for size in reversed(sizes):
        codes.append(flat % size)
        flat = flat // size
    return SemanticIds(torch.stack(codes[::-1], 1), sizes)


@pytest.fixture(scope="session")
def random_ids():
    return make_ids


@pytest.fixture(scope="session")
def random_context():
    def make(requests: int, seed: int = 0) -> Context:
        generator = torch.Generator().manual_seed(seed)
        lengths = torch.randint(1, 6, (requests,), generator=generator)
        offsets = torch.cat([torch.zeros(1, dtype=torch.int64), lengths.cumsum(0)])
        return Context(torch.randint(50, (int(offsets[-1]),), generator=generator), offsets)

    return make
