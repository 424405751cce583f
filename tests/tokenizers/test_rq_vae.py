from __future__ import annotations

import pytest
import torch

from generec.errors import UsageError
from generec.testing.contracts import check_tokenizer
from generec.tokenizers.collisions import Reassign
from generec.tokenizers.gradients import RotationTrick, StraightThrough
from generec.tokenizers.rq_vae import RQVAE, ResidualAutoencoder
from generec.types import Events

SMALL = {"levels": 2, "size": 12, "latent": 6, "hidden": (24,), "batch": 40, "warm_up": 2}


@pytest.mark.parametrize("gradient", [StraightThrough(), RotationTrick()])
def test_contract(features: torch.Tensor, train: Events, gradient):
    check_tokenizer(RQVAE(**SMALL, epochs=4, gradient=gradient), features, train)
    check_tokenizer(RQVAE(**SMALL, epochs=2, gradient=gradient, collisions=Reassign()), features, train)


@pytest.mark.parametrize("gradient", [StraightThrough(), RotationTrick()])
def test_training_brings_the_reconstruction_nearer(features: torch.Tensor, train: Events, gradient):
    errors = []
    for epochs in (1, 60):
        torch.manual_seed(0)
        fitted = RQVAE(**SMALL, epochs=epochs, learning_rate=5e-3, gradient=gradient).fit(features, train)
        errors.append(float((features - fitted.quantizer.vectors(fitted.raw)).square().mean()))
    assert errors[1] < 0.5 * errors[0]


def test_codes_are_the_nearest_of_the_latents(features: torch.Tensor, train: Events):
    fitted = RQVAE(**SMALL, epochs=3).fit(features, train)
    with torch.no_grad():
        left = fitted.quantizer.model.encode(features)
        for level, book in enumerate(fitted.quantizer.model.codebooks):
            codes = torch.cdist(left, book).argmin(1)
            assert (codes == fitted.raw[:, level]).float().mean() > 0.98
            left = left - book[fitted.raw[:, level]]
            assert torch.allclose(
                fitted.quantizer.costs(features[7], tuple(fitted.raw[7, :level].tolist())),
                (book - (left[7] + book[fitted.raw[7, level]])).square().sum(1), atol=1e-4,
            )  # fmt: skip


def test_dead_codes_come_back_to_life(features: torch.Tensor):
    model = ResidualAutoencoder(RQVAE(**SMALL), 16, 12)
    model.standardise(features)
    model.start(features)
    with torch.no_grad():
        model.codebooks[0, 3:] = 1e4  # far from everything
        model.chosen[0, :3] = True
    model.steps.fill_(49)
    with torch.no_grad():
        model._revive(model.encode(features))
    assert model.codebooks[0].abs().max() < 1e3
    assert not model.chosen.any()


def test_straight_through_copies_the_gradient():
    continuous = torch.randn(5, 4, requires_grad=True)
    quantised = torch.randn(5, 4)
    passed = StraightThrough()(continuous, quantised)
    assert torch.allclose(passed, quantised)
    weights = torch.randn(5, 4)
    (passed * weights).sum().backward()
    assert torch.allclose(continuous.grad, weights)


def test_the_rotation_equals_its_matrix():
    """Value: the code. Gradient: that of x -> (|q| / |e|) R e with R the rotation from e to q, held constant."""
    generator = torch.Generator().manual_seed(0)
    continuous = torch.randn(6, 5, generator=generator).requires_grad_()
    quantised = torch.randn(6, 5, generator=generator)
    weights = torch.randn(6, 5, generator=generator)
    passed = RotationTrick()(continuous, quantised)
    assert torch.allclose(passed, quantised, atol=1e-5)
    (passed * weights).sum().backward()
    for row in range(6):
        e, q = continuous[row].detach(), quantised[row]
        a, b = e / e.norm(), q / q.norm()
        r = (a + b) / (a + b).norm()
        matrix = torch.eye(5) - 2 * torch.outer(r, r) + 2 * torch.outer(b, a)
        assert torch.allclose(matrix @ matrix.T, torch.eye(5), atol=1e-5)
        assert torch.allclose(continuous.grad[row], q.norm() / e.norm() * matrix.T @ weights[row], atol=1e-4)


def test_bad_settings_are_refused(features: torch.Tensor, train: Events):
    with pytest.raises(UsageError, match="at least 1"):
        RQVAE(warm_up=-1).fit(features, train)
    with pytest.raises(UsageError, match="at least 1"):
        RQVAE(latent=0).fit(features, train)
