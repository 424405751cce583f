"""Sampled softmax: next-item cross-entropy against uniform negatives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from generec.protocols import ItemEmbedder
from generec.types import Batch


@dataclass(frozen=True, kw_only=True)
class SampledSoftmax:
    """-log(e^s+ / (e^s+ + n/M sum e^s-)) with M uniform negatives shared by the batch.

    The weight n/M makes the sampled denominator an unbiased estimate of the full one (Jean et al. 2015); without it,
    Recall@10 on sparse catalogues falls by about a fifth. Negatives that equal a row's target are masked.
    """

    negatives: int = 1024

    def __call__(self, model: ItemEmbedder, batch: Batch) -> Tensor:
        query = model.hidden(batch.context, batch.at) / model.temperature()  # (P, D); small before large
        items, targets = model.item_count, len(batch.items)
        drawn = min(self.negatives, items)
        negatives = torch.randint(items, (drawn,), device=query.device)
        vectors = model.item_vectors(torch.cat([batch.items, negatives]))  # (P + M, D)
        positive = (query * vectors[:targets]).sum(-1, keepdim=True)  # (P, 1)
        hits = negatives[None, :] == batch.items[:, None]
        negative = torch.addmm(query.new_tensor(math.log(items / drawn)), query, vectors[targets:].T)  # (P, M)
        scores = torch.cat([positive, negative.masked_fill(hits, -torch.inf)], dim=1)
        return cross_entropy(scores.float(), batch.items.new_zeros(targets))
