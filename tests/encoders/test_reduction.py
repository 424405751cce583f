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
