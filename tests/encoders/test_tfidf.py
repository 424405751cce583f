from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from generec.encoders.strings import packed_strings, unpacked_strings
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import ArtefactError, FittingError
from generec.testing.contracts import check_encoder
from generec.types import Catalog, Events

NOBODY = Events.pack([])


def test_contract(catalog: Catalog, train: Events):
    check_encoder(TfidfEncoder(dimensions=12), catalog, train)


def test_vectors_equal_the_naive_twin():
    texts = ["red tea", "red red lamp", "tea pot", "lamp light", "blue boot"]
    catalog = Catalog(pl.DataFrame({"item_id": list("abcde"), "title": texts}))
    torch.manual_seed(0)
    found = TfidfEncoder(dimensions=4, pairs=False).fit(catalog, NOBODY).encode(catalog)
    words = sorted({word for text in texts for word in text.split()})
    counts = np.array([[text.split().count(word) for word in words] for text in texts], dtype=float)
    idf = np.log((1 + len(texts)) / (1 + (counts > 0).sum(0))) + 1
    weighted = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * idf
    weighted /= np.linalg.norm(weighted, axis=1, keepdims=True)
    left, values, _ = np.linalg.svd(weighted, full_matrices=False)
    expected = left[:, :4] * values[:4]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose(found @ found.T, expected @ expected.T, atol=1e-4)


def test_like_texts_lie_together_and_unknown_words_give_zero(catalog: Catalog):
    fitted = TfidfEncoder(dimensions=10).fit(catalog, NOBODY)
    vectors = fitted.encode(catalog)
    kinds = torch.arange(30) // 10
    cosines = vectors @ vectors.T
    same = kinds.unsqueeze(0) == kinds.unsqueeze(1)
    assert cosines[same].mean() > 3 * cosines[~same].abs().mean()
    strange = Catalog(pl.DataFrame({"item_id": ["?"], "title": ["zzz qqq"]}))
    assert fitted.encode(strange).abs().sum() == 0


def test_no_words_is_an_error_that_says_what_to_do():
    catalog = Catalog(pl.DataFrame({"item_id": ["a", "b"], "price": [1.0, 2.0]}))
    with pytest.raises(FittingError, match="give the catalogue a title"):
        TfidfEncoder().fit(catalog, NOBODY)


def test_one_item_and_one_word():
    catalog = Catalog(pl.DataFrame({"item_id": ["a"], "title": ["lamp"]}))
    assert TfidfEncoder(pairs=False).fit(catalog, NOBODY).encode(catalog).shape == (1, 1)


def test_strings_travel_as_tensors():
    strings = ("", "naïve", "日本語", "a b")
    assert unpacked_strings(packed_strings(strings)) == strings
    assert unpacked_strings(packed_strings(())) == ()
    with pytest.raises(ArtefactError, match="end in the middle"):
        unpacked_strings(torch.tensor([97, 98], dtype=torch.uint8))
    with pytest.raises(ArtefactError, match="not UTF-8"):
        unpacked_strings(torch.tensor([255, 0], dtype=torch.uint8))
