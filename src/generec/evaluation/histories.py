"""Requests as packed rows and masks, and packed histories as matrices: what every baseline starts from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from generec.data.conditions import mask
from generec.metrics.ranking import case_of
from generec.types import Catalog, Condition, Events, Request


def pack(requests: Sequence[Request], catalog: Catalog) -> Events:
    """Histories of requests as catalogue rows; items that the catalogue does not have are passed over."""
    return Events.pack([catalog.known_rows(request.history) for request in requests])


def distinct(histories: Events, items: int) -> Events:
    """Each item of a history once, at the place where it stands last."""
    keys = histories.items + case_of(histories.offsets) * items
    ordered, places = keys.sort(stable=True)
    last = torch.ones_like(ordered, dtype=torch.bool)
    last[:-1] = ordered[1:] != ordered[:-1]
    if bool(last.all()):
        return histories
    keep = torch.zeros_like(last).scatter_(0, places, last)
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), keep.cumsum(0)])[histories.offsets]
    times = None if histories.times is None else histories.times[keep]
    return Events(histories.items[keep], offsets, times, histories.user_ids)


def recency_weights(histories: Events, decay: float) -> Tensor:
    """decay ** (number of later items) for every event, (T,) float32; 1 everywhere at decay 1."""
    last = histories.offsets[1:][case_of(histories.offsets)] - 1
    later = last - torch.arange(histories.items.numel())
    return torch.tensor(decay, dtype=torch.float64).pow(later).float()


def people_by_item(train: Events, items: int) -> Any:
    """Who had what, as a sparse 0/1 matrix (U, N) float32 (scipy CSR)."""
    import numpy as np
    from scipy.sparse import csr_matrix

    once = distinct(train, items)
    ones = np.ones(once.items.numel(), dtype=np.float32)
    return csr_matrix((ones, once.items.numpy(), once.offsets.numpy()), shape=(len(once), items))


def allowed(requests: Sequence[Request], histories: Events, catalog: Catalog) -> Tensor:
    """What may be answered: conditions hold, not excluded, not seen unless the request repeats, (B, N) bool."""
    masks: dict[tuple[Condition, ...], Tensor] = {}
    permitted = torch.ones(len(requests), len(catalog), dtype=torch.bool)
    for row, request in enumerate(requests):
        if request.conditions:
            if request.conditions not in masks:
                masks[request.conditions] = mask(catalog, request.conditions)
            permitted[row] = masks[request.conditions]
        if request.exclude:
            permitted[row, catalog.known_rows(tuple(request.exclude))] = False
    seen = case_of(histories.offsets)
    fresh = ~torch.tensor([request.repeat for request in requests], dtype=torch.bool)[seen]
    permitted[seen[fresh], histories.items[fresh]] = False
    return permitted
