from __future__ import annotations

import pytest
import torch

from generec.nn.rms_norm import RMSNorm


@pytest.mark.parametrize("shape", [(7, 16), (2, 3, 16)])
def test_values_and_gradients_equal_torch(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(*shape, generator=generator, requires_grad=True)
    norm = RMSNorm(16)
    with torch.no_grad():
        norm.weight.copy_(torch.randn(16, generator=generator))
    twin = torch.nn.functional.rms_norm(x, (16,), norm.weight, norm.eps)
    upstream = torch.randn(*shape, generator=generator)
    torch.testing.assert_close(norm(x), twin)
    for ours, theirs in zip(
        torch.autograd.grad(norm(x), (x, norm.weight), upstream),
        torch.autograd.grad(twin, (x, norm.weight), upstream),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(norm(x), twin)


def test_bf16_in_bf16_out() -> None:
    norm, x = RMSNorm(16).bfloat16(), torch.randn(5, 16, dtype=torch.bfloat16, requires_grad=True)
    out = norm(x)
    out.sum().backward()
    assert out.dtype == x.grad.dtype == norm.weight.grad.dtype == torch.bfloat16
    with torch.no_grad():
        torch.testing.assert_close(norm(x), out, atol=0.02, rtol=0.02)


def test_under_autocast_the_output_is_in_the_type_of_the_products() -> None:
    norm, x = RMSNorm(16), torch.randn(5, 16, generator=torch.Generator().manual_seed(0), requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        out = norm(x)
        with torch.no_grad():
            torch.testing.assert_close(norm(x), out)
    out.sum().backward()
    assert out.dtype == torch.bfloat16
    assert x.grad.dtype == norm.weight.grad.dtype == torch.float32
