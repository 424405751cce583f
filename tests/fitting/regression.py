"""A small regression with dropout and noise, also run as a script that tests kill: `regression.py DIRECTORY`."""

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn


@dataclass(frozen=True)
class Rows:
    x: torch.Tensor
    y: torch.Tensor

    def to(self, device):
        return self


@dataclass(frozen=True)
class Points:
    x: torch.Tensor
    y: torch.Tensor
    lengths: torch.Tensor

    def collate(self, rows):
        return Rows(self.x[rows], self.y[rows])


class Regression(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 1))

    def loss(self, batch):
        noise = 0.01 * torch.randn(batch.y.shape)
        return (self.net(batch.x).squeeze(1) - batch.y - noise).square().mean()


def make(examples=200):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(examples, 8, generator=generator)
    y = x @ torch.randn(8, generator=generator)
    torch.manual_seed(2)
    return Regression(), Points(x, y, torch.randint(1, 20, (examples,), generator=generator))


if __name__ == "__main__":
    from generec.fitting.checkpoint import write_checkpoint
    from generec.fitting.loop import Optimisation, Run, optimise

    torch.set_num_threads(1)
    directory = Path(sys.argv[1])
    model, source = make(2000)
    print("begun", flush=True)
    run = Run(directory=directory, resume=True, checkpoint_seconds=0.02)
    optimise(model, model.loss, source, Optimisation(epochs=3, batch_tokens=100), run)
    write_checkpoint(directory / "final.safetensors", model.state_dict(), {})
