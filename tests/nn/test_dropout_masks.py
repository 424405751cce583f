from __future__ import annotations

import pytest
import torch

from generec.nn.dropout_masks import DropoutMasks, drop, relu_drop

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_keeps_the_mean_and_drops_the_rate(dtype: torch.dtype, rate: float) -> None:
    torch.manual_seed(0)
    masks = DropoutMasks(rate, 1_000_000, dtype, CPU)
    window = masks.window(torch.Size((1000, 1000))).float()
    assert float((window == 0).float().mean()) == pytest.approx(rate, abs=0.004)
    assert float(window.mean()) == pytest.approx(1, abs=0.003)
    assert window.unique().tolist() == [0.0, masks.factor]
    assert abs(float(torch.corrcoef(torch.stack([window[:-1].flatten(), window[1:].flatten()]))[0, 1])) < 0.005


def test_same_seed_same_masks_and_windows_differ() -> None:
    found = []
    for _ in range(2):
        torch.manual_seed(3)
        masks = DropoutMasks(0.3, 1000, torch.float32, CPU)
        found.append([masks(torch.ones(10, 100)) for _ in range(300)])  # more than one draw of offsets
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    assert not torch.equal(found[0][0], found[0][1])


def test_relu_drop_has_the_value_and_gradient_of_its_two_halves() -> None:
    x = torch.randn(40, 30, generator=torch.Generator().manual_seed(0), requires_grad=True)
    results = []
    for fused in (True, False):
        torch.manual_seed(3)
        masks = DropoutMasks(0.3, x.numel(), torch.float32, CPU)
        out = relu_drop(x * 1, masks) if fused else drop(torch.relu(x), masks)
        results.append((out, *torch.autograd.grad(out.square().sum(), x)))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


def test_nothing_is_dropped_outside_training() -> None:
    x = torch.tensor([-1.0, 2.0])
    assert drop(x, None) is x
    assert relu_drop(x.clone(), None).tolist() == [0.0, 2.0]
