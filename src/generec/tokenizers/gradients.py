"""How gradients pass a choice of code, which has none of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class GradientEstimator(Protocol):
    """Returns the value of `quantised` with a gradient for `continuous`, both (n, D)."""

    def __call__(self, continuous: Tensor, quantised: Tensor) -> Tensor: ...


@dataclass(frozen=True, kw_only=True)
class StraightThrough:
    """The gradient is copied as it is (Bengio, Leonard and Courville 2013; van den Oord et al. 2017)."""

    def __call__(self, continuous: Tensor, quantised: Tensor) -> Tensor:
        return continuous + (quantised - continuous).detach()


@dataclass(frozen=True, kw_only=True)
class RotationTrick:
    """The gradient is rotated and scaled as the vector was (Fifty et al. 2024, 2410.06424, equation 4).

    The map from a vector to its code is written as a constant rotation times a constant scale, so angles between
    gradients and vectors survive it. The product of the rotation with the vector needs no (D, D) matrix.
    """

    def __call__(self, continuous: Tensor, quantised: Tensor) -> Tensor:
        before = torch.nn.functional.normalize(continuous.detach(), dim=1)
        after = torch.nn.functional.normalize(quantised.detach(), dim=1)
        middle = torch.nn.functional.normalize(before + after, dim=1)
        along_middle = (continuous * middle).sum(1, keepdim=True)
        along_before = (continuous * before).sum(1, keepdim=True)
        rotated = continuous - 2 * along_middle * middle + 2 * along_before * after
        lengths = continuous.detach().norm(dim=1, keepdim=True).clamp(min=1e-6)
        passed: Tensor = rotated * (quantised.detach().norm(dim=1, keepdim=True) / lengths)
        return passed
