"""What every part must keep, as functions to call from a test: `check_tokenizer(MyTokenizer(), features, train)`.

Each raises AssertionError naming the rule that was broken. They cost a few fits: give them a small catalogue.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import polars as pl
import torch
from torch import Tensor

from generec.protocols import ItemEncoder, ItemTokenizer
from generec.types import Catalog, Events, SemanticIds


def check_encoder(part: ItemEncoder, catalog: Catalog, train: Events, tolerance: float = 1e-2) -> None:
    """Finite float32 rows in the catalogue's order; the same for the same seed, and after saving and restoring.

    Items never seen (here: copies of known rows under new ids) are encoded too. One item alone and the same item in a
    catalogue may differ by `tolerance`: batches of other shapes round otherwise.
    """
    torch.manual_seed(0)
    before = copy.deepcopy(part)
    fitted = part.fit(catalog, train)
    assert part == before, "fit must not change the part"
    features = fitted.encode(catalog)
    assert features.dtype == torch.float32, f"features must be float32, got {features.dtype}"
    assert features.ndim == 2, f"features must be (items, width), got {tuple(features.shape)}"
    assert len(features) == len(catalog), f"{len(catalog)} items gave {len(features)} feature rows"
    assert features.isfinite().all(), "features must be finite"
    assert torch.equal(features, fitted.encode(catalog)), "encode must give the same vectors every time"
    restored = part.restore(_saved(fitted.state()))
    assert torch.equal(features, restored.encode(catalog)), "a restored encoder must give the same vectors"
    torch.manual_seed(0)
    again = part.fit(catalog, train).encode(catalog)
    assert torch.equal(features, again), "the same seed must give the same vectors"
    backwards = Catalog(catalog.frame.reverse())
    assert torch.allclose(features.flip(0), fitted.encode(backwards), atol=tolerance), "rows must follow the items"
    one = fitted.encode(Catalog(catalog.frame[:1]))
    assert torch.allclose(features[:1], one, atol=tolerance), "an item alone must have the same vector"
    unseen = Catalog(catalog.frame.head(3).with_columns(pl.format("never seen {}", pl.col("item_id")).alias("item_id")))
    new = fitted.encode(unseen)
    assert new.shape == (len(unseen), features.shape[1]), "items never seen must be encoded to the same width"
    assert new.isfinite().all(), "features of items never seen must be finite"
    assert fitted.encode(Catalog(catalog.frame.head(0))).shape == (0, features.shape[1]), "no items, no rows"


def check_tokenizer(part: ItemTokenizer, features: Tensor, train: Events, new: int = 5) -> None:
    """Codes in range and distinct, for fitted and for `new` later items; nothing that exists changes; repeatable.

    Fitted items, a first and a second batch of later items (the second with the first among those taken) must all have
    IDs of their own.
    """
    torch.manual_seed(0)
    before = copy.deepcopy(part)
    fitted = part.fit(features, train)
    assert part == before, "fit must not change the part"
    ids = fitted.ids
    assert len(ids) == len(features), f"{len(features)} items got {len(ids)} IDs"
    _check_ids(ids)
    known = ids.codes.clone()
    later = features[:new]  # the hardest case: copies of items that are there
    first = fitted.encode(later, ids)
    assert first.shape == (len(later), ids.levels), "encode must give one code per level and item"
    both = SemanticIds(torch.cat([known, first]), ids.sizes)
    _check_ids(both)
    everything = SemanticIds(torch.cat([both.codes, fitted.encode(later, both)]), ids.sizes)
    _check_ids(everything)
    assert torch.equal(fitted.ids.codes, known), "encoding later items must not change IDs"
    assert torch.equal(first, fitted.encode(later, ids)), "encode must give the same codes every time"
    assert fitted.encode(features[:0], ids).shape == (0, ids.levels), "no items, no codes"
    restored = part.restore(_saved(fitted.state()))
    assert torch.equal(restored.ids.codes, known), "a restored tokenizer must have the same IDs"
    assert restored.ids.sizes == ids.sizes, "a restored tokenizer must have the same sizes"
    assert torch.equal(restored.encode(later, ids), first), "a restored tokenizer must give later items the same IDs"
    torch.manual_seed(0)
    assert torch.equal(part.fit(features, train).ids.codes, known), "the same seed must give the same IDs"


def _check_ids(ids: SemanticIds) -> None:
    assert ids.codes.dtype == torch.int64, f"codes must be int64, got {ids.codes.dtype}"
    assert (ids.codes >= 0).all(), "codes must be at least 0"
    assert (ids.codes < torch.tensor(ids.sizes)).all(), f"codes must be below the sizes {ids.sizes}"
    distinct = len(torch.unique(ids.codes, dim=0))
    assert distinct == len(ids), f"{len(ids)} items have {distinct} different IDs"


def _saved(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state as it comes back from a file."""
    from safetensors.torch import load, save

    loaded: dict[str, Tensor] = load(save({name: tensor.contiguous() for name, tensor in state.items()}))
    return loaded
