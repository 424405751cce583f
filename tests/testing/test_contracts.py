"""The contracts must catch what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl
import pytest
import torch

from generec.testing.contracts import check_encoder, check_tokenizer
from generec.tokenizers.atomic import Atomic, FittedAtomic
from generec.types import Catalog, Events, SemanticIds

NOBODY = Events.pack([])


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Atomic IDs with one fault."""

    fault: str

    def fit(self, features: torch.Tensor, train: Events) -> BrokenIds:
        ids = Atomic(room=50).fit(features, train).ids
        codes = ids.codes.clone()
        if self.fault == "double":
            codes[1] = codes[0]
        if self.fault == "beyond":
            codes[0] = ids.sizes[0]
        if self.fault == "unseeded":
            generator = torch.Generator()
            generator.seed()
            codes = codes[torch.randperm(len(codes), generator=generator)]
        return BrokenIds(SemanticIds(codes, ids.sizes), self.fault)

    def restore(self, state: Mapping[str, torch.Tensor]) -> BrokenIds:
        fitted = Atomic(room=50).restore(state)
        codes = fitted.ids.codes.flip(0) if self.fault == "restore" else fitted.ids.codes
        return BrokenIds(SemanticIds(codes, fitted.ids.sizes), self.fault)


@dataclass(frozen=True)
class BrokenIds(FittedAtomic):
    fault: str

    def encode(self, features: torch.Tensor, taken: SemanticIds) -> torch.Tensor:
        if self.fault == "again":
            taken = self.ids  # forgets what was inserted since
        if self.fault == "clash":
            return self.ids.codes[: len(features)]
        codes = super().encode(features, taken)
        if self.fault == "rewrite":
            self.ids.codes[0] = self.ids.sizes[0] - 1
        return codes


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("double", "30 items have 29 different IDs"),
        ("beyond", "below the sizes"),
        ("clash", "35 items have 30 different IDs"),
        ("again", "40 items have 35 different IDs"),
        ("rewrite", "must not change IDs"),
        ("restore", "restored tokenizer must have the same IDs"),
        ("unseeded", "same seed must give the same IDs"),
    ],
)
def test_broken_tokenizers_are_caught(fault: str, message: str):
    with pytest.raises(AssertionError, match=message):
        check_tokenizer(Broken(fault=fault), torch.zeros(30, 2), NOBODY)


def test_the_same_tokenizer_without_a_fault_passes():
    check_tokenizer(Broken(fault="none"), torch.zeros(30, 2), NOBODY)


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """Encodes an item by the length of its title, with one fault."""

    fault: str
    fitted: bool = False

    def fit(self, catalog: Catalog, train: Events) -> Lengths:
        return replace(self, fitted=True)

    def restore(self, state: Mapping[str, torch.Tensor]) -> Lengths:
        return replace(self, fault="wrong" if self.fault == "restore" else self.fault)

    def encode(self, items: Catalog) -> torch.Tensor:
        lengths = torch.tensor([[float(len(text))] for text in items.texts]).reshape(len(items), 1)
        known = all(item_id.startswith("x") for item_id in items.item_ids)
        faults = {
            "double": lengths.double(),
            "short": lengths[1:],
            "nan": lengths / 0 * 0,
            "random": torch.rand_like(lengths),
            "order": lengths.sort(0).values,
            "batch": lengths - lengths.mean(),
            "wrong": lengths + 1,
            "unseen": lengths if known else lengths[:0],
        }
        return faults.get(self.fault, lengths)

    def state(self) -> dict[str, torch.Tensor]:
        return {}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("double", "must be float32"),
        ("short", "5 items gave 4 feature rows"),
        ("nan", "must be finite"),
        ("random", "same vectors every time"),
        ("order", "rows must follow the items"),
        ("batch", "an item alone must have the same vector"),
        ("restore", "restored encoder must give the same vectors"),
        ("unseen", "never seen must be encoded to the same width"),
    ],
)
def test_broken_encoders_are_caught(fault: str, message: str):
    catalog = Catalog(pl.DataFrame({"item_id": list("xyzab"), "title": ["e", "dd", "ccc", "bbbb", "aaaaa"]}))
    catalog = Catalog(catalog.frame.with_columns(("x" + pl.col("item_id")).alias("item_id")))
    with pytest.raises(AssertionError, match=message):
        check_encoder(Lengths(fault=fault), catalog, NOBODY)
    check_encoder(Lengths(fault="none"), catalog, NOBODY)
