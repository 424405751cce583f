from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.encoders.collaborative import CollaborativeEncoder, Ridge, co_occurrence
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import FittingError
from generec.testing.contracts import check_encoder
from generec.types import Catalog, Events


def encoder(dimensions: int = 8) -> CollaborativeEncoder:
    return CollaborativeEncoder(dimensions=dimensions, text=TfidfEncoder(dimensions=12))


def test_contract(catalog: Catalog, train: Events):
    check_encoder(encoder(), catalog, train)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=7), max_size=6), st.integers(1, 4))
def test_co_occurrence_equals_the_naive_twin(histories: list[list[int]], window: int):
    expected = np.zeros((6, 6))
    for history in histories:
        for i, first in enumerate(history):
            for j, second in enumerate(history):
                if i != j and abs(i - j) <= window and first != second:
                    expected[first, second] += 1 / abs(i - j)
    found = co_occurrence(Events.pack(histories), 6, window)
    assert np.allclose(found.toarray(), expected)


def test_items_used_by_the_same_people_lie_together_and_unseen_ones_by_their_text(catalog: Catalog, train: Events):
    torch.manual_seed(0)
    fitted = encoder(3).fit(catalog, train)
    vectors = fitted.encode(catalog)
    kinds = torch.arange(30) // 10
    seen = train.counts(30) > 0
    assert (~seen).nonzero().flatten().tolist() == [9, 19, 29]
    centres = torch.stack([vectors[seen & (kinds == kind)].mean(0) for kind in range(3)])
    assert ((vectors @ centres.T).argmax(1) == kinds).all()  # the imputed ones too
    assert fitted.imputation.startswith("3 of 30 items have no events")
    assert fitted.similarity > 0.5
    new = Catalog(pl.DataFrame({"item_id": ["new"], "title": ["lamp desk light no iii"]}))
    assert int((fitted.encode(new) @ centres.T).argmax()) == 1


def test_only_training_events_count(catalog: Catalog, train: Events):
    more = Events.pack([*(train.history(person).tolist() for person in range(60)), [0, 15, 25]])
    torch.manual_seed(0)
    first = encoder().fit(catalog, train).encode(catalog)
    torch.manual_seed(0)
    assert not torch.allclose(first, encoder().fit(catalog, more).encode(catalog))


def test_no_two_events_of_one_person_is_an_error(catalog: Catalog):
    for histories in ([], [[1], [2]], [[3, 3]]):
        with pytest.raises(FittingError, match="two events or more"):
            encoder().fit(catalog, Events.pack(histories))


def test_ridge_equals_scikit_learn_up_to_length():
    from sklearn.linear_model import Ridge as Peer

    generator = torch.Generator().manual_seed(0)
    features, targets = torch.randn(80, 6, generator=generator), torch.randn(80, 4, generator=generator)
    found = Ridge.fit(features, targets, 3.0)
    scaled = ((features - found.mean) / found.scale).numpy()
    expected = torch.from_numpy(Peer(3.0).fit(scaled, targets.numpy()).predict(scaled)).float()
    assert torch.allclose(found(features), torch.nn.functional.normalize(expected, dim=1), atol=1e-4)
