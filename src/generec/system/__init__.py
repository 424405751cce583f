"""The fitted parts of one recommender, behind the narrow waist."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from generec.data.conditions import mask
from generec.decoding.trie import with_items, without
from generec.errors import UsageError
from generec.nn.item_model import ItemModel
from generec.protocols import Decoder, FittedEncoder, FittedTokenizer, Template
from generec.system.artefact import write_artefact
from generec.system.similar import similar
from generec.types import Catalog, Condition, Events, ItemIndex, Request, Slate

ModelT_co = TypeVar("ModelT_co", covariant=True)

_BLOCK = 512  # requests answered together
_REPETITION = 0.5  # how much of its popularity an item keeps for each item of its kind already in a slate


@dataclass(kw_only=True)
class System(Generic[ModelT_co]):
    """A trained recommender: implements Recommender and Catalogued.

    `features` and `index` follow the rows of `catalog`; `activity` (N,) is how much each item was used, recent uses
    counting more, for people about whom nothing is known. `record` is what the artefact's manifest says of training.
    """

    catalog: Catalog
    encoder: FittedEncoder
    features: Tensor  # (N, F)
    tokenizer: FittedTokenizer
    index: ItemIndex
    template: Template
    model: ModelT_co
    decoder: Decoder[ModelT_co]
    activity: Tensor  # (N,)
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> ItemModel:
        """The model as what can be trained, moved and saved."""
        if not isinstance(self.model, ItemModel):
            raise TypeError(f"a system's model must be an ItemModel, got {type(self.model).__name__}")
        return self.model

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def recommend(self, requests: Sequence[Request], k: int = 10) -> list[Slate]:
        """k distinct items that are in the catalogue, allowed, and (unless `repeat`) new to the person, best first.

        A slate is shorter only where fewer items are allowed. People without a known history get what is popular now,
        varied, within their filters, and the slate says so.
        """
        if k < 1:
            raise UsageError(f"k must be at least 1, got {k}")
        slates: list[Slate] = []
        for start in range(0, len(requests), _BLOCK):
            slates += self._answer(requests[start : start + _BLOCK], k)
        return slates

    def _answer(self, requests: Sequence[Request], k: int) -> list[Slate]:
        histories = [self.catalog.known_rows(request.history) for request in requests]
        allowed = self._allowed(requests, histories)
        known = [position for position, history in enumerate(histories) if history]
        answers: dict[int, Slate] = {}
        if known:
            packed = _pack(self.catalog, [requests[position] for position in known])
            context = self.template.context(packed, self.index.ids).to(self.device)
            permitted = None if allowed is None else allowed[known].to(self.device)
            if self.network.training:  # asking costs nothing, telling every part of it a tenth of an answer
                self.network.eval()
            ranked = self.decoder.decode(self.model, context, self.index, k, permitted)
            for position, (rows, scores) in zip(known, ranked, strict=True):
                answers[position] = Slate(tuple(self.catalog.item_ids[row] for row in rows), tuple(scores))
        for position in range(len(requests)):
            if position not in answers:
                answers[position] = self._popular(k, None if allowed is None else allowed[position])
        return [answers[position] for position in range(len(requests))]

    def _allowed(self, requests: Sequence[Request], histories: Sequence[Sequence[int]]) -> Tensor | None:
        """(B, N) items each request may be given, None when nothing is ruled out."""
        masks: dict[tuple[Condition, ...], Tensor] = {}
        for request in requests:
            if request.conditions not in masks:
                masks[request.conditions] = mask(self.catalog, request.conditions)
        closed = [
            [*(() if request.repeat else history), *self.catalog.known_rows(tuple(request.exclude))]
            for request, history in zip(requests, histories, strict=True)
        ]
        if masks.keys() <= {()} and not any(closed):
            return None
        allowed = torch.stack([masks[request.conditions] for request in requests])
        rows = [row for row, items in enumerate(closed) for _ in items]
        allowed[rows, [item for items in closed for item in items]] = False
        return allowed

    def _popular(self, k: int, allowed: Tensor | None) -> Slate:
        """What is used most now, each further item of the same first code counting less."""
        permitted = self.index.alive if allowed is None else self.index.alive & allowed
        rows = permitted.nonzero().squeeze(1)
        best = rows[self.activity[rows].argsort(descending=True, stable=True)][: 20 * k].tolist()
        kinds = self.index.ids.codes[:, 0].tolist()
        weights = {row: float(self.activity[row]) for row in best}
        chosen: list[int] = []
        while best and len(chosen) < k:
            top = max(best, key=weights.__getitem__)
            best.remove(top)
            chosen.append(top)
            for row in best:
                if kinds[row] == kinds[top]:
                    weights[row] *= _REPETITION
        items = tuple(self.catalog.item_ids[row] for row in chosen)
        note = "nothing is known about this person yet: popular now, and varied"
        return Slate(items, tuple(weights[row] for row in chosen), "popular", note)

    def insert(self, items: Catalog) -> None:
        """Adds items that can be recommended at once: encoded, given a semantic ID, put into the trie; no training.

        Raises UsageError when an id exists already, InputError when columns clash. Nothing changes on an error.
        """
        again = [item_id for item_id in items.item_ids if item_id in self.catalog]
        if again:
            raise UsageError(f"item {again[0]!r} is in the catalogue already ({len(again)} of {len(items)} are)")
        catalog = self.catalog.append(items)
        added = self.encoder.encode(Catalog(catalog.frame[len(self.catalog) :]))
        codes = self.tokenizer.encode(added, self.index.ids)
        device = self.device
        index, features = with_items(self.index, codes), torch.cat([self.features, added])
        self.network.extend(index, features)
        self.network.to(device).eval()
        self.catalog, self.index, self.features = catalog, index, features
        self.activity = torch.cat([self.activity, self.activity.new_zeros(len(items))])

    def remove(self, item_ids: Sequence[str]) -> None:
        """Takes items out of every future slate; histories that name them keep their meaning."""
        self.index = without(self.index, self.catalog.rows(item_ids))

    def similar(self, item_ids: Sequence[str], k: int = 10) -> list[Slate]:
        """For each item, the k most similar ones that can be recommended; the slate says by what (system.similar)."""
        return similar(self, item_ids, k)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Writes the artefact folder, whole or not at all (system.artefact); `generec.load` reads it back."""
        return write_artefact(self, path, overwrite=overwrite)


def _pack(catalog: Catalog, requests: Sequence[Request]) -> Events:
    """Histories as rows, with times when every request has them."""
    packed = Events.pack([catalog.known_rows(request.history) for request in requests])
    if any(request.times is None for request in requests):
        return packed
    times = [
        moment
        for request in requests
        for item_id, moment in zip(request.history, request.times or (), strict=True)
        if item_id in catalog
    ]
    return Events(packed.items, packed.offsets, torch.tensor(times, dtype=torch.int64))
