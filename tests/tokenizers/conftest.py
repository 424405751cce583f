from __future__ import annotations

import pytest
import torch

from generec.types import Events


@pytest.fixture
def features() -> torch.Tensor:
    """120 items in 12 groups; ten items are exact copies of others."""
    generator = torch.Generator().manual_seed(0)
    centres = 3 * torch.randn(12, 16, generator=generator)
    rows = centres[torch.arange(120) % 12] + 0.5 * torch.randn(120, 16, generator=generator)
    rows[110:] = rows[:10]
    return rows


@pytest.fixture
def train() -> Events:
    generator = torch.Generator().manual_seed(1)
    return Events.pack([torch.randint(120, (6,), generator=generator).tolist() for _ in range(40)])
