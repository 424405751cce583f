from __future__ import annotations

import torch

from generec.encoders.reduction import Projection


def test_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    rows = torch.randn(200, 10, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 11)
    expected = torch.from_numpy(PCA(4).fit_transform(rows.double().numpy())).float()
    found = Projection.fit(rows, 4)(rows)
    assert torch.allclose(found.abs(), expected.abs(), atol=1e-3)
    assert found.var(0).argsort(descending=True).tolist() == [0, 1, 2, 3]


def test_whitening_evens_the_variances_and_keeps_their_sum():
    rows = torch.randn(500, 10, generator=torch.Generator().manual_seed(0)) * torch.arange(1, 11)
    plain = Projection.fit(rows, 4)(rows).var(0)
    half, full = (Projection.fit(rows, 4, whitening=share)(rows).var(0) for share in (0.5, 1.0))
    assert torch.allclose(full, plain.mean().expand(4), rtol=1e-3)
    assert torch.allclose(half.sum(), plain.sum(), rtol=1e-3)
    assert torch.allclose(half / half[0], (plain / plain[0]).sqrt(), rtol=1e-3)
