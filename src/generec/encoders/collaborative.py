"""What people do with items as vectors: items that occur together lie together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from generec.encoders.strings import packed_strings, unpacked_strings
from generec.encoders.text import text_encoder
from generec.errors import FittingError
from generec.fitting.progress import task
from generec.protocols import FittedEncoder, ItemEncoder
from generec.types import Catalog, Events

_HELD_OUT = 10  # every tenth seen item tests the regression


@dataclass(frozen=True, kw_only=True)
class CollaborativeEncoder:
    """Item factors of training histories, unit length; items never seen are imputed from their text.

    Co-occurrence within `window` places of a history, weighted 1 / distance; positive pointwise mutual information with
    context counts to the power of `smoothing`; its leading eigenvectors times their eigenvalues (Levy, Goldberg and
    Dagan 2015); and one step of propagation along normalised co-occurrence, which helps items that were seen rarely.
    Unseen items, those of the fit and later ones alike, get a ridge regression of the factors on the text features.
    The width is smaller than `dimensions` where fewer than dimensions + 2 items were seen. Raises FittingError without
    any two events of one person.
    """

    dimensions: int = 64
    window: int = 10
    """Places between two items of a history that still count as together."""
    smoothing: float = 0.75
    text: ItemEncoder = field(default_factory=text_encoder)
    """What vectors of unseen items are imputed from."""
    penalty: float = 10.0
    """Ridge penalty of that regression; text features have unit variance together."""

    def fit(self, catalog: Catalog, train: Events) -> FittedCollaborative:
        counts = train.counts(len(catalog))
        with task("collaborative factors", 2) as bar:
            together = co_occurrence(train, len(catalog), self.window)
            if together.nnz == 0:
                raise FittingError(
                    "collaborative factors need people with two events or more, there are none; use text alone"
                )
            seen = torch.from_numpy(together.getnnz(axis=1) > 0) & (counts > 0)
            vectors = _factors(together, seen, self.dimensions, self.smoothing)
            bar.advance()
            text = self.text.fit(catalog, train)
            features = text.encode(catalog)
            held_out = torch.zeros_like(seen)
            held_out[seen.nonzero().squeeze(1)[::_HELD_OUT]] = True
            trial = Ridge.fit(features[seen & ~held_out], vectors[seen & ~held_out], self.penalty)
            similarity = (trial(features[held_out]) * vectors[held_out]).sum(1).mean()
            ridge = Ridge.fit(features[seen], vectors[seen], self.penalty)
            vectors[~seen] = ridge(features[~seen])
            bar.advance()
        return FittedCollaborative(text, ridge, tuple(catalog.item_ids), vectors, seen, float(similarity))

    def restore(self, state: Mapping[str, Tensor]) -> FittedCollaborative:
        own = {name.removeprefix("text."): value for name, value in state.items() if name.startswith("text.")}
        ridge = Ridge(state["ridge.mean"], state["ridge.scale"], state["ridge.weights"], state["ridge.offset"])
        return FittedCollaborative(
            self.text.restore(own), ridge, unpacked_strings(state["item_ids"]), state["vectors"],
            state["seen"], float(state["similarity"]),
        )  # fmt: skip


@dataclass(frozen=True)
class FittedCollaborative:
    """Vectors (N, D) by item id, and the regression that stands in for the ids it does not know."""

    text: FittedEncoder
    ridge: Ridge
    item_ids: tuple[str, ...]
    vectors: Tensor
    seen: Tensor  # (N,) bool: learned from events; the others are imputed
    similarity: float  # mean cosine of imputed and learned vectors, on items held out of the regression

    @property
    def imputation(self) -> str:
        """How items without events get their vectors, and how well that works."""
        return (
            f"{int((~self.seen).sum())} of {len(self.seen)} items have no events; they and later items get a ridge "
            f"regression of the factors on text features (cosine {self.similarity:.2f} on held-out items)"
        )

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.item_ids)}

    def encode(self, items: Catalog) -> Tensor:
        rows = [self._rows.get(item_id, -1) for item_id in items.item_ids]
        known = torch.tensor(rows, dtype=torch.int64)
        vectors = self.vectors[known.clamp(min=0)]
        absent = (known < 0).nonzero().squeeze(1)
        if len(absent):
            vectors[absent] = self.ridge(self.text.encode(Catalog(items.frame[absent.tolist()])))
        return vectors

    def state(self) -> dict[str, Tensor]:
        return {
            "item_ids": packed_strings(self.item_ids), "vectors": self.vectors, "seen": self.seen,
            "similarity": torch.tensor(self.similarity, dtype=torch.float64),
            "ridge.mean": self.ridge.mean, "ridge.scale": self.ridge.scale,
            "ridge.weights": self.ridge.weights, "ridge.offset": self.ridge.offset,
        } | {f"text.{name}": value for name, value in self.text.state().items()}  # fmt: skip


@dataclass(frozen=True)
class Ridge:
    """Linear regression with a penalty; predictions are brought to unit length, as the targets are."""

    mean: Tensor  # (F,)
    scale: Tensor  # () features are divided by it
    weights: Tensor  # (F, D)
    offset: Tensor  # (D,)

    @staticmethod
    def fit(features: Tensor, targets: Tensor, penalty: float) -> Ridge:
        """features (n, F), targets (n, D)."""
        mean, offset = features.mean(0), targets.mean(0)
        scale = (features - mean).square().sum(1).mean().sqrt().clamp(min=1e-9)
        centred = ((features - mean) / scale).double()
        gram = centred.T @ centred + penalty * torch.eye(features.shape[1], dtype=torch.float64)
        weights = torch.linalg.solve(gram, centred.T @ (targets - offset).double())
        return Ridge(mean, scale, weights.float(), offset)

    def __call__(self, features: Tensor) -> Tensor:
        predicted = (features - self.mean) / self.scale @ self.weights + self.offset
        return torch.nn.functional.normalize(predicted, dim=1)


def co_occurrence(train: Events, items: int, window: int) -> Any:
    """How much two items occur together: sum of 1 / distance within histories, a symmetric SciPy CSR matrix (N, N)."""
    import numpy as np
    from scipy.sparse import csr_matrix

    rows = train.items.numpy()
    people = torch.repeat_interleave(torch.arange(len(train)), train.lengths).numpy()
    total = csr_matrix((items, items), dtype=np.float64)
    for distance in range(1, min(window, len(rows) - 1) + 1):
        same = people[:-distance] == people[distance:]
        pairs = (rows[:-distance][same], rows[distance:][same])
        total = total + csr_matrix((np.full(int(same.sum()), 1.0 / distance), pairs), shape=(items, items))
    together = total + total.T
    together.setdiag(0)  # an item repeated says nothing of its neighbours
    together.eliminate_zeros()
    return together.tocsr()


def _factors(together: Any, seen: Tensor, dimensions: int, smoothing: float) -> Tensor:
    """Unit-length factors of the seen items, 0 elsewhere, (N, D)."""
    import numpy as np
    from scipy.sparse import coo_matrix, diags
    from scipy.sparse.linalg import eigsh

    rows = seen.nonzero().squeeze(1).numpy()
    together = together[rows][:, rows]
    sums = np.asarray(together.sum(1)).ravel()
    context = sums**smoothing
    pairs = together.tocoo()
    information = np.log(pairs.data * context.sum() / (sums[pairs.row] * context[pairs.col]))
    kept = information > 0
    positive = coo_matrix((information[kept], (pairs.row[kept], pairs.col[kept])), shape=pairs.shape).tocsr()
    positive = (positive + positive.T) / 2  # smoothing made it slightly asymmetric
    width = min(dimensions, len(rows) - 1)
    start = torch.rand(len(rows), dtype=torch.float64).numpy() + 0.5
    values, directions = eigsh(positive, width, v0=start, which="LA", tol=1e-3)
    largest = directions[np.abs(directions).argmax(0), np.arange(width)]
    factors = directions * np.sign(largest) * np.maximum(values, 0)
    root = diags(sums**-0.5)
    factors = factors + root @ (together @ (root @ factors))
    vectors = torch.zeros(len(seen), width)
    vectors[seen] = torch.nn.functional.normalize(torch.from_numpy(factors).float(), dim=1)
    return vectors
