"""Semantic IDs whose codes are independent of each other: one code per part of the vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.fitting.progress import task
from generec.nn.quantizer import kmeans, means, nearest
from generec.tokenizers.collisions import AppendLevel, Codes, Collisions
from generec.tokenizers.quantized import QuantizedTokenizer, check_features, codebooks
from generec.types import Events


@dataclass(frozen=True, kw_only=True)
class ProductQuantization:
    """Optimised product quantisation (Ge et al. 2013, OPQ): a rotation, then k-means in each of `levels` subspaces.

    The rotation starts from principal components, dealt out so that the subspaces share the variance (section 3.2.3
    there), and is improved by turns of k-means and orthogonal Procrustes (section 3.1). Features are padded with zeros
    to a multiple of `levels`. A catalogue smaller than `size` gets one code per item. Randomness comes from torch's
    generator.
    """

    levels: int = 4
    size: int = 256
    rotations: int = 10
    """Turns of k-means step and rotation; 0 keeps the principal components."""
    iterations: int = 20
    """k-means iterations in each subspace, once the rotation stands."""
    collisions: Collisions = field(default_factory=AppendLevel)

    def fit(self, features: Tensor, train: Events) -> QuantizedTokenizer:
        if min(self.levels, self.size, self.iterations) < 1 or self.rotations < 0:
            raise UsageError(f"levels, size and iterations must be at least 1, rotations 0, got {self}")
        check_features(features)
        if self.levels > features.shape[1]:
            raise UsageError(f"{self.levels} levels need as many feature dimensions, got {features.shape[1]}")
        features = features.float()
        size, seed = min(self.size, len(features)), int(torch.randint(2**31, ()))
        mean = features.mean(0)
        centred = _padded(features - mean, self.levels)
        rotation = shared_components(centred, self.levels)
        with task("product quantisation", self.rotations + self.levels) as bar:
            books = [kmeans(part, size, iterations=2, seed=seed).centroids for part in _parts(centred @ rotation, self)]
            for _ in range(self.rotations):
                rotated, kept = centred @ rotation, []
                for level, part in enumerate(_parts(rotated, self)):
                    codes = nearest(part, books[level], exact=False)
                    books[level] = means(part, books[level], codes)
                    kept.append(books[level][codes])
                rotation = procrustes(centred, torch.cat(kept, 1))
                bar.advance()
            for level, part in enumerate(_parts(centred @ rotation, self)):
                books[level] = kmeans(part, size, iterations=self.iterations, seed=seed).centroids
                bar.advance()
        quantizer = ProductQuantizer(mean, rotation, tuple(books))
        return QuantizedTokenizer.fit(quantizer, self.collisions, features, quantizer.codes(features))

    def restore(self, state: Mapping[str, Tensor]) -> QuantizedTokenizer:
        quantizer = ProductQuantizer(state["mean"], state["rotation"], codebooks(state))
        return QuantizedTokenizer.restore(quantizer, self.collisions, state)


@dataclass(frozen=True)
class ProductQuantizer:
    """Codes of the parts of (x - mean) R."""

    mean: Tensor  # (D,)
    rotation: Tensor  # (D', D') orthogonal, D' = D padded to a multiple of L
    codebooks: tuple[Tensor, ...]  # L of (K, D' / L)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(codebook) for codebook in self.codebooks)

    def codes(self, features: Tensor) -> Tensor:
        parts = self._rotated(features).chunk(len(self.codebooks), 1)
        return torch.stack([nearest(part, book) for part, book in zip(parts, self.codebooks, strict=True)], 1)

    def costs(self, feature: Tensor, prefix: Codes) -> Tensor:
        part = self._rotated(feature.unsqueeze(0))[0].chunk(len(self.codebooks))[len(prefix)]
        return (self.codebooks[len(prefix)] - part).square().sum(1)

    def vectors(self, codes: Tensor) -> Tensor:
        parts = [book[codes[:, level]] for level, book in enumerate(self.codebooks)]
        return (torch.cat(parts, 1) @ self.rotation.T)[:, : len(self.mean)] + self.mean

    def state(self) -> dict[str, Tensor]:
        books = {f"codebook.{level}": book for level, book in enumerate(self.codebooks)}
        return {"mean": self.mean, "rotation": self.rotation} | books

    def _rotated(self, features: Tensor) -> Tensor:
        return _padded(features.float() - self.mean, len(self.codebooks)) @ self.rotation


def shared_components(centred: Tensor, levels: int) -> Tensor:
    """Principal components (D, D), dealt to `levels` groups of equal width so that products of variances are alike."""
    variances, vectors = torch.linalg.eigh((centred.T @ centred).double() / len(centred))
    width = len(variances) // levels
    logs = variances.clamp(min=1e-12 * float(variances.max().clamp(min=1e-30))).log()
    logs = logs - logs.min() + 1  # positive: a group with more components never looks emptier
    groups: list[list[int]] = [[] for _ in range(levels)]
    loads = [0.0] * levels
    for component in range(len(variances) - 1, -1, -1):  # largest variance first
        open_groups = [group for group in range(levels) if len(groups[group]) < width]
        group = min(open_groups, key=loads.__getitem__)
        groups[group].append(component)
        loads[group] += float(logs[component])
    order = [component for group in groups for component in group]
    chosen: Tensor = vectors[:, order]
    return chosen.float()


def procrustes(points: Tensor, targets: Tensor) -> Tensor:
    """The orthogonal R that minimises |points R - targets|, (N, D), (N, D) -> (D, D) (Schoenemann 1966)."""
    left, _, right = torch.linalg.svd((points.T @ targets).double())
    rotation: Tensor = left @ right
    return rotation.float()


def _padded(rows: Tensor, levels: int) -> Tensor:
    return torch.nn.functional.pad(rows, (0, -rows.shape[1] % levels))


def _parts(rotated: Tensor, part: ProductQuantization) -> list[Tensor]:
    return [chunk.contiguous() for chunk in rotated.chunk(part.levels, 1)]
