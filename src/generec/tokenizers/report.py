"""Whether semantic IDs are any good, before anything is trained on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generec.errors import InputError
from generec.protocols import FittedTokenizer
from generec.tokenizers.controls import FittedShuffled
from generec.tokenizers.quantized import QuantizedTokenizer
from generec.types import Events, SemanticIds

INSERTED = 0.05  # share of new items in the insertion trial


@dataclass(frozen=True)
class LevelUse:
    """How the items use one codebook."""

    size: int
    used: int  # codes that some item has
    entropy: float  # bits
    perplexity: float  # 2 ** entropy: as many codes as if all were used alike


@dataclass(frozen=True)
class PrefixBalance:
    """How events spread over the prefixes of one length; what is popular should not sit in a few of them."""

    depth: int
    prefixes: int
    busiest: float  # share of the events that fall on the busiest prefix
    gini: float  # 0: all prefixes alike, near 1: one has everything
    effective: float  # perplexity of the events over prefixes


@dataclass(frozen=True)
class Insertion:
    """What happened when new items, made by mixing features of two old ones each, were given IDs."""

    items: int
    changed: int  # IDs of old items that changed: must be 0
    clashes: int  # new items that share an ID with another item: must be 0


@dataclass(frozen=True, kw_only=True)
class SemanticIdReport:
    """EVALUATION of IDs by themselves. Figures that the tokenizer or the data cannot give are None."""

    items: int
    sizes: tuple[int, ...]
    collision_rate: float | None
    """Share of items that shared all codes with another item before collisions were resolved."""
    leaves: Mapping[int, int]
    """How many leaves hold so many items, before collisions were resolved (after, where that is not known)."""
    use: tuple[LevelUse, ...]
    reconstruction_error: float | None
    """Squared error of the features that codes stand for, relative to the features' variance."""
    neighbour_overlap: float | None
    """Share of an item's nearest neighbours by features that are among its nearest by codes; ties count by chance."""
    neighbour_overlap_chance: float
    """The same for codes without meaning."""
    popularity: tuple[PrefixBalance, ...]
    insertion: Insertion

    def to_json(self) -> dict[str, Any]:
        """A JSON document."""
        document = asdict(self)
        document["leaves"] = {str(held): leaves for held, leaves in self.leaves.items()}
        return document

    def rows(self) -> list[tuple[str, str]]:
        """Name and value of each figure, for a table."""
        held = sum(items * leaves for items, leaves in self.leaves.items())
        rows = [
            ("items", f"{self.items:,}"),
            ("codes per level", " x ".join(map(str, self.sizes))),
            ("collision rate before resolution", _percent(self.collision_rate)),
            ("items per leaf, mean", f"{held / max(1, sum(self.leaves.values())):.2f}"),
            ("items per leaf, most", str(max(self.leaves, default=0))),
            ("reconstruction error", _percent(self.reconstruction_error)),
            ("neighbour overlap (chance)", f"{_percent(self.neighbour_overlap)} ({self.neighbour_overlap_chance:.2%})"),
        ]
        for level, use in enumerate(self.use):
            figures = f"{use.used} of {use.size} used, {use.entropy:.2f} bits, perplexity {use.perplexity:.0f}"
            rows.append((f"level {level + 1}", figures))
        for balance in self.popularity:
            figures = f"busiest {balance.busiest:.1%} of events, Gini {balance.gini:.2f}, effective"
            rows.append((f"first {balance.depth} codes", f"{figures} {balance.effective:.0f} of {balance.prefixes}"))
        new = self.insertion
        rows.append((f"{new.items} new items", f"{new.changed} old IDs changed, {new.clashes} clashes"))
        return rows


def semantic_id_report(
    tokenizer: FittedTokenizer, features: Tensor, train: Events, *, seed: int = 0, neighbours: int = 10,
    sample: int = 1000,
) -> SemanticIdReport:  # fmt: skip
    """Judges the IDs of the items that the tokenizer was fitted on; `features` (N, D) are theirs, in the same order.

    Neighbours are looked up for `sample` random items. Raises InputError when features and IDs are not of one length.
    """
    ids = tokenizer.ids
    if len(features) != len(ids):
        raise InputError(f"the tokenizer was fitted on {len(ids)} items, got features of {len(features)}")
    generator = torch.Generator().manual_seed(seed)
    quantized, raw = _before_resolution(tokenizer)
    leaves = ids.codes if raw is None else raw
    held = torch.unique(leaves, dim=0, return_counts=True)[1] if len(leaves) else torch.zeros(0, dtype=torch.int64)
    rows = torch.randperm(len(ids), generator=generator)[:sample]
    known = features.shape[1] > 0 and len(ids) > neighbours
    return SemanticIdReport(
        items=len(ids),
        sizes=ids.sizes,
        collision_rate=None if raw is None else float(held[held > 1].sum()) / max(1, len(ids)),
        leaves=dict(sorted(Counter(held.tolist()).items())),
        use=tuple(level_use(ids.codes[:, level], size) for level, size in enumerate(ids.sizes)),
        reconstruction_error=None if quantized is None else _reconstruction_error(quantized, features),
        neighbour_overlap=neighbour_overlap(ids.codes, features, rows, neighbours) if known else None,
        neighbour_overlap_chance=min(1.0, neighbours / max(1, len(ids) - 1)),
        popularity=tuple(_balance(ids, train, depth) for depth in range(1, min(ids.levels, 3) + 1)),
        insertion=_insertion(tokenizer, features, generator),
    )


def level_use(codes: Tensor, size: int) -> LevelUse:
    """Usage of one level, codes (N,)."""
    counts = torch.bincount(codes, minlength=size)
    entropy = _entropy(counts)
    return LevelUse(size, int((counts > 0).sum()), entropy, 2**entropy)


def neighbour_overlap(codes: Tensor, features: Tensor, rows: Tensor, k: int) -> float:
    """Mean over `rows` of |k nearest by features and k nearest by codes| / k.

    By features: cosine of centred features. By codes: most equal codes, then the longest common prefix. Where several
    items tie for the last places, each counts with its chance to be drawn.
    """
    directions = torch.nn.functional.normalize(features.float() - features.float().mean(0), dim=1)
    overlaps = []
    for block in torch.split(rows, 128):
        near = directions[block] @ directions.T  # (b, N)
        near[torch.arange(len(block)), block] = -torch.inf
        best = near.topk(k, dim=1).indices
        equal = codes[block].unsqueeze(1) == codes.unsqueeze(0)  # (b, N, L)
        prefix = equal.long().cumprod(2).sum(2)
        score = equal.sum(2) * (codes.shape[1] + 1) + prefix
        score[torch.arange(len(block)), block] = -1
        last = score.topk(k, dim=1).values[:, -1:]
        above, tied = score > last, score == last
        chance = (k - above.sum(1, keepdim=True)) / tied.sum(1, keepdim=True)
        overlaps.append((above + tied * chance).gather(1, best).sum(1) / k)
    return float(torch.cat(overlaps).mean()) if overlaps else 0.0


def plot(report: SemanticIdReport, path: Path) -> None:
    """Writes a PNG: items per leaf, use of each level, and events over prefixes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(12, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    left.bar(list(report.leaves), list(report.leaves.values()), color="#4878a8")
    left.set_yscale("log")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    shared = "" if report.collision_rate is None else f": {report.collision_rate:.1%} of items share one"
    left.set(title=f"Leaves{shared}", xlabel="items in a leaf", ylabel="leaves")
    levels = [str(level + 1) for level in range(len(report.use))]
    middle.bar(levels, [use.size for use in report.use], color="#dddddd", label="size")
    middle.bar(levels, [use.used for use in report.use], color="#a8c4de", label="used")
    middle.bar(levels, [use.perplexity for use in report.use], color="#4878a8", width=0.4, label="perplexity")
    middle.set(title="Codes per level", xlabel="level", ylabel="codes")
    middle.legend(loc="upper right", fontsize="small")
    depths = [str(balance.depth) for balance in report.popularity]
    right.bar(depths, [balance.gini for balance in report.popularity], color="#c8785a", width=0.5)
    for place, balance in enumerate(report.popularity):
        right.annotate(f"busiest {balance.busiest:.1%}", (place, balance.gini), ha="center", va="bottom", fontsize=8)
    right.set(title="Events over prefixes", xlabel="codes in the prefix", ylabel="Gini", ylim=(0, 1))
    overlap = "" if report.neighbour_overlap is None else f", neighbour overlap {report.neighbour_overlap:.1%}"
    figure.suptitle(f"Semantic IDs of {report.items:,} items, {' x '.join(map(str, report.sizes[:8]))}{overlap}")
    figure.savefig(path, dpi=110)


def _before_resolution(tokenizer: FittedTokenizer) -> tuple[QuantizedTokenizer | None, Tensor | None]:
    """The tokenizer whose codes stand for features, and every item's codes before collisions were resolved."""
    if isinstance(tokenizer, QuantizedTokenizer):
        return tokenizer, tokenizer.raw
    if isinstance(tokenizer, FittedShuffled):
        _, raw = _before_resolution(tokenizer.tokenizer)
        return None, None if raw is None else raw[tokenizer.order]
    return None, None


def _reconstruction_error(tokenizer: QuantizedTokenizer, features: Tensor) -> float:
    errors = (features - tokenizer.quantizer.vectors(tokenizer.raw)).square().sum(dtype=torch.float64)
    spread = (features - features.mean(0)).square().sum(dtype=torch.float64)
    return float(errors / spread.clamp(min=1e-12))


def _balance(ids: SemanticIds, train: Events, depth: int) -> PrefixBalance:
    prefixes, of_item = torch.unique(ids.codes[:, :depth], dim=0, return_inverse=True)
    events = torch.bincount(of_item, train.counts(len(ids)).double(), minlength=len(prefixes))
    total = events.sum().clamp(min=1e-12)
    ordered = events.sort().values
    ranks = torch.arange(1, len(ordered) + 1, dtype=torch.float64)
    gini = float((2 * ranks - len(ordered) - 1) @ ordered / (len(ordered) * total)) if len(ordered) else 0.0
    busiest = float(events.max() / total) if len(events) else 0.0
    return PrefixBalance(depth, len(prefixes), busiest, gini, 2 ** _entropy(events))


def _insertion(tokenizer: FittedTokenizer, features: Tensor, generator: torch.Generator) -> Insertion:
    count = round(INSERTED * len(features))
    pairs = torch.randint(max(1, len(features)), (2, count), generator=generator)
    before = tokenizer.ids.codes.clone()
    new = tokenizer.encode(features[pairs].mean(0), tokenizer.ids)
    changed = int((tokenizer.ids.codes != before).any(1).sum())
    _, place, counts = torch.unique(torch.cat([before, new]), dim=0, return_inverse=True, return_counts=True)
    return Insertion(count, changed, int((counts[place[len(before) :]] > 1).sum()))


def _entropy(counts: Tensor) -> float:
    shares = counts[counts > 0].double()
    shares = shares / shares.sum().clamp(min=1e-12)
    return float(-(shares * shares.log2()).sum().clamp(max=0)) + 0.0


def _percent(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1%}"
