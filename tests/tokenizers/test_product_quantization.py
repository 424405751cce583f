from __future__ import annotations

import pytest
import torch

from generec.errors import UsageError
from generec.testing.contracts import check_tokenizer
from generec.tokenizers.collisions import Reassign
from generec.tokenizers.product_quantization import ProductQuantization, procrustes, shared_components
from generec.types import Events


def error(fitted, features: torch.Tensor) -> float:
    return float((features - fitted.quantizer.vectors(fitted.raw)).square().mean())


@pytest.mark.parametrize("levels", [1, 3, 4])
def test_contract(features: torch.Tensor, train: Events, levels: int):
    check_tokenizer(ProductQuantization(levels=levels, size=8, rotations=3), features, train)
    check_tokenizer(ProductQuantization(levels=4, size=8, rotations=0, collisions=Reassign()), features, train)


def test_codes_are_the_nearest_in_each_part_and_the_rotation_is_one(features: torch.Tensor, train: Events):
    fitted = ProductQuantization(levels=4, size=8).fit(features, train)
    quantizer = fitted.quantizer
    assert torch.allclose(quantizer.rotation @ quantizer.rotation.T, torch.eye(16), atol=1e-4)
    rotated = (features - features.mean(0)) @ quantizer.rotation
    for level, part in enumerate(rotated.split(4, 1)):
        distances = torch.cdist(part, quantizer.codebooks[level])
        assert (distances.argmin(1) == fitted.raw[:, level]).float().mean() > 0.98
        assert torch.allclose(quantizer.costs(features[5], (0,) * level), distances[5].square(), atol=1e-3)


def test_the_learned_rotation_lowers_the_error():
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randn(500, 12, generator=generator) * torch.logspace(0, -1, 12)
    mixed = mixed @ torch.linalg.qr(torch.randn(12, 12, generator=generator)).Q
    errors = []
    for rotations in (0, 20):
        torch.manual_seed(0)
        errors.append(
            error(ProductQuantization(levels=3, size=16, rotations=rotations).fit(mixed, Events.pack([])), mixed)
        )
    assert errors[1] < errors[0]


def test_components_share_the_variance():
    scales = torch.tensor([8.0, 4.0, 2.0, 1.0])
    rows = torch.randn(4000, 4, generator=torch.Generator().manual_seed(0)) * scales
    rotation = shared_components(rows, 2)
    products = (rows @ rotation).var(0).reshape(2, 2).prod(1)
    assert products.max() / products.min() < 1.5  # 8 with 1, 4 with 2


def test_procrustes_finds_the_rotation():
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(50, 5, generator=generator)
    rotation = torch.linalg.qr(torch.randn(5, 5, generator=generator)).Q
    assert torch.allclose(procrustes(points, points @ rotation), rotation, atol=1e-4)


def test_bad_settings_are_refused(features: torch.Tensor, train: Events):
    with pytest.raises(UsageError, match="17 levels need as many feature dimensions, got 16"):
        ProductQuantization(levels=17).fit(features, train)
    with pytest.raises(UsageError, match="at least 1"):
        ProductQuantization(size=0).fit(features, train)
