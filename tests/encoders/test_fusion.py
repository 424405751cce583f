from __future__ import annotations

import pytest
import torch

from generec.encoders.absent import NoFeatures
from generec.encoders.collaborative import CollaborativeEncoder
from generec.encoders.fusion import ConcatEncoder
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import UsageError
from generec.testing.contracts import check_encoder
from generec.types import Catalog, Events

TEXT = TfidfEncoder(dimensions=12)
BOTH = (TEXT, CollaborativeEncoder(dimensions=6, text=TEXT))


def test_contract(catalog: Catalog, train: Events):
    check_encoder(ConcatEncoder(parts=BOTH, weights=(1.0, 0.5)), catalog, train)
    check_encoder(ConcatEncoder(parts=(NoFeatures(), TEXT)), catalog, train)


def test_inner_products_are_weighted_sums_of_the_parts(catalog: Catalog, train: Events):
    torch.manual_seed(0)
    joined = ConcatEncoder(parts=BOTH, weights=(1.0, 0.5)).fit(catalog, train)
    vectors = joined.encode(catalog)
    expected = torch.zeros(30, 30)
    for fitted, weight in zip(joined.parts, (1.0, 0.5), strict=True):
        own = fitted.encode(catalog)
        own = own - own.mean(0)
        own = own / own.norm(dim=1, keepdim=True)
        expected += weight**2 * own @ own.T
    assert vectors.shape == (30, 18)
    assert torch.allclose(vectors @ vectors.T, expected, atol=1e-5)


def test_wrong_numbers_of_parts_and_weights_are_refused(catalog: Catalog, train: Events):
    with pytest.raises(UsageError, match="at least one part"):
        ConcatEncoder(parts=()).fit(catalog, train)
    with pytest.raises(UsageError, match="1 weights"):
        ConcatEncoder(parts=BOTH, weights=(1.0,)).fit(catalog, train)
