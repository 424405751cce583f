"""The one-pass generator: a causal pass over items, then a small autoregressive decoder over the next item's codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from generec.models.trunk import ItemTable, ItemTrunk, grown
from generec.nn.item_model import ItemModel
from generec.nn.ragged import segment_log_softmax, spread
from generec.types import Context, ItemIndex

T = TypeVar("T")


@dataclass(frozen=True)
class BeamState:
    """Where each beam stands: its person's state and its node of the trie."""

    hidden: Tensor  # (M, D)
    node: Tensor  # (M,) node at the level above the one to be written
    level: int  # level to be written next
    vectors: tuple[Tensor, ...]  # of every level's nodes, (n, D)


@dataclass(frozen=True)
class LevelTable:
    """What scoring every node of a level needs besides the states: all of it known before anybody asks."""

    vectors: Tensor  # (D, n), gated by the parent
    shifts: Tensor  # (n,)
    squares: Tensor  # (D, m) per prefix, and so below
    crossed: Tensor  # (D, m)
    lengths: Tensor  # (m,)
    parents: Tensor  # (n,)


class LevelScorer(nn.Module):
    """Scores the children of a prefix: cosine between a query and each child node, softmax among siblings.

    A node's vector is the sum of its code's vector, a vector of its own and a linear map of the mean features of the
    items below it, so a new leaf is placed by its features. The query is (1 + G v) * (A h) + B v for a person's
    state h and the prefix node's vector v: bilinear, hence every node of a level can be scored by two matrix products
    (`all_nodes`), and exact ranking of the whole catalogue costs no more than an item-level model's.
    """

    def __init__(self, spec: OnePass, size: int, nodes: int, features: int, first: bool):
        super().__init__()
        width = spec.width
        self.codes = nn.Embedding(size, width)
        self.nodes = nn.Embedding(nodes, width)
        nn.init.normal_(self.codes.weight, std=spec.scale)
        nn.init.normal_(self.nodes.weight, std=spec.scale / 2)
        self.centroid = nn.Linear(features, width, bias=False) if features else None
        self.read = nn.Linear(width, width, bias=False)
        self.gate = None if first else nn.Linear(width, width, bias=False)
        self.shift = None if first else nn.Linear(width, width, bias=False)
        for layer in (self.gate, self.shift):
            if layer is not None:
                nn.init.normal_(layer.weight, std=0.1 * width**-0.5)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(spec.temperature)))

    def vectors(self, codes: Tensor, centroids: Tensor, nodes: Tensor | None = None) -> Tensor:
        """Unit vectors of the given nodes, (n, D); of the whole level when `nodes` is None."""
        own = self.nodes.weight if nodes is None else self.nodes(nodes)
        if nodes is not None:
            codes, centroids = codes[nodes], centroids[nodes]
        total: Tensor = self.codes(codes) + own
        if self.centroid is not None:
            total = total + self.centroid(centroids)
        return normalize(total, dim=-1)

    def query(self, hidden: Tensor, prefix: Tensor | None) -> Tensor:
        """Unit queries (n, D) divided by the temperature, for states (n, D) and prefix vectors (n, D)."""
        read: Tensor = self.read(hidden)
        if self.gate is not None and self.shift is not None and prefix is not None:
            read = read * (1 + self.gate(prefix)) + self.shift(prefix)
        return normalize(read, dim=-1) / self.log_temperature.exp()

    def table(self, vectors: Tensor, parents: Tensor, prefix: Tensor) -> LevelTable:
        """The part of `all_nodes` that no state enters. The level must have a prefix."""
        assert self.gate is not None
        assert self.shift is not None
        gate, shift = 1 + self.gate(prefix), self.shift(prefix)  # (m, D) per prefix
        gated = (vectors * gate[parents]).T.contiguous()
        shifts = (vectors * shift[parents]).sum(-1)
        squares, crossed = gate.square().T.contiguous(), 2 * (gate * shift).T.contiguous()
        return LevelTable(gated, shifts, squares, crossed, shift.square().sum(-1), parents)

    def all_nodes(self, hidden: Tensor, table: LevelTable) -> Tensor:
        """Scores of every node of the level, (P, n), without one query per prefix."""
        read: Tensor = self.read(hidden)  # (P, D)
        square = read.square() @ table.squares + read @ table.crossed + table.lengths  # (P, m)
        inverse: Tensor = square.clamp(min=1e-12).rsqrt() / self.log_temperature.exp()
        product: Tensor = read @ table.vectors + table.shifts  # (P, n)
        return product * inverse[:, table.parents]


class OnePassModel(ItemModel):
    """Learned state of `OnePass`: a NextTokenModel and an ItemScorer (exact log-probability of every item)."""

    def __init__(self, spec: OnePass, index: ItemIndex, features: Tensor):
        super().__init__()
        table = ItemTable(len(index), features, spec.width, spec.scale)
        self.trunk = ItemTrunk(table, spec.layers, spec.heads, spec.reach, spec.dropout, spec.residual_dropout)
        self.scorers = nn.ModuleList(
            LevelScorer(spec, size, len(level.codes), features.shape[1], depth == 0)
            for depth, (size, level) in enumerate(zip(index.ids.sizes, index.levels, strict=True))
        )
        self.dropout = nn.Dropout(spec.head_dropout)
        self._place(index, features)

    def _place(self, index: ItemIndex, features: Tensor) -> None:
        """Keeps what the trie looks like: recomputed from the index, hence not part of the weights."""
        self._kept: tuple[object, dict[str, Any]] = None, {}
        self._weights = tuple(self.scorers.parameters())  # to walk the modules takes longer than a level of the beam
        self.sizes = index.ids.sizes
        ordered = features[index.order].double().cumsum(0)
        ordered = torch.cat([ordered.new_zeros(1, features.shape[1]), ordered])
        for depth, level in enumerate(index.levels):
            width = (level.spans[1:] - level.spans[:-1])[:, None]
            centroids = ((ordered[level.spans[1:]] - ordered[level.spans[:-1]]) / width).to(features.dtype)
            for name, value in (("codes", level.codes), ("parents", level.parents), ("centroids", centroids)):
                self.register_buffer(f"{name}_{depth}", value, persistent=False)
            keys = level.parents * self.sizes[depth] + level.codes  # ascending, since nodes are sorted by prefix
            self.register_buffer(f"keys_{depth}", keys, persistent=False)
            if depth:
                above = index.levels[depth - 1].children
                self.register_buffer(f"first_{depth}", above[:-1], persistent=False)
                self.register_buffer(f"count_{depth}", above[1:] - above[:-1], persistent=False)
        self.register_buffer("leaf_of_item", torch.argsort(index.order), persistent=False)

    def _vectors(self, level: int, nodes: Tensor | None = None) -> Tensor:
        return self._scorer(level).vectors(
            self.get_buffer(f"codes_{level}"), self.get_buffer(f"centroids_{level}"), nodes
        )

    def _scorer(self, level: int) -> LevelScorer:
        scorer = self.scorers[level]
        assert isinstance(scorer, LevelScorer)
        return scorer

    def hidden(self, context: Context, at: Tensor) -> Tensor:
        state: Tensor = self.dropout(self.trunk(context, at))
        return state

    def _children(
        self, level: int, hidden: Tensor, parents: Tensor, known: tuple[Tensor, ...] | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of all children of each row's parent node: row, node and value of every pair.

        known: vectors of all nodes of all levels, where they are at hand.
        """
        first, count = self.get_buffer(f"first_{level}").take(parents), self.get_buffer(f"count_{level}").take(parents)
        nodes, rows = spread(first, count)
        prefix = self._vectors(level - 1, parents) if known is None else known[level - 1].index_select(0, parents)
        query = self._scorer(level).query(hidden, prefix)  # (P, D)
        if known is not None:
            vectors = known[level].index_select(0, nodes)
        elif nodes.numel() < self.get_buffer(f"codes_{level}").numel():
            vectors = self._vectors(level, nodes)
        else:
            vectors = self._vectors(level).index_select(0, nodes)
        return rows, nodes, (query.index_select(0, rows) * vectors).sum(-1).float()

    def code_log_probs(self, context: Context, at: Tensor, codes: Tensor) -> Tensor:
        """Log-probability of each given code after its true prefix, (P, L). The codes must be those of items."""
        hidden = self.hidden(context, at)
        first = (self._scorer(0).query(hidden, None) @ self._vectors(0).T).float().log_softmax(-1)
        node = torch.searchsorted(self.get_buffer("keys_0"), codes[:, 0].contiguous())
        written = [first.gather(1, node[:, None]).squeeze(1)]
        for level in range(1, len(self.sizes)):
            rows, _, scores = self._children(level, hidden, node)
            log_probs = segment_log_softmax(scores, rows, len(node))
            count = self.get_buffer(f"count_{level}")[node]
            start = count.cumsum(0) - count
            child = torch.searchsorted(self.get_buffer(f"keys_{level}"), node * self.sizes[level] + codes[:, level])
            written.append(log_probs[start + child - self.get_buffer(f"first_{level}")[node]])
            node = child
        return torch.stack(written, dim=1)

    def _remembered(self, what: str, make: Callable[[], T]) -> T:
        """What `make` gives; where nothing is learned, kept until a weight changes."""
        weights = self._weights
        if self.training or torch.is_grad_enabled() or torch.is_autocast_enabled(weights[0].device.type):
            return make()
        stamp = tuple((weight.data_ptr(), weight._version) for weight in weights)
        if self._kept[0] != stamp:
            self._kept = stamp, {}
        kept = self._kept[1]  # another thread may put a new one there meanwhile
        if what not in kept:
            kept[what] = make()
        found: T = kept[what]
        return found

    def _levels(self) -> tuple[Tensor, ...]:
        """Vectors of every level's nodes."""
        return self._remembered("levels", lambda: tuple(self._vectors(level) for level in range(len(self.sizes))))

    def _tables(self) -> tuple[LevelTable, ...]:
        """What scores every node, of all levels but the first."""
        vectors = self._levels()
        return self._remembered("tables", lambda: tuple(
            self._scorer(level).table(vectors[level], self.get_buffer(f"parents_{level}"), vectors[level - 1])
            for level in range(1, len(self.sizes))
        ))  # fmt: skip

    def item_scores(self, hidden: Tensor) -> Tensor:
        """Exact log-probability of every item, (P, N): all nodes of all levels, a few matrix products each."""
        total = (self._scorer(0).query(hidden, None) @ self._levels()[0].T).float().log_softmax(-1)
        for level, table in enumerate(self._tables(), start=1):
            scores = self._scorer(level).all_nodes(hidden, table).float()
            highest = self._scorer(level).log_temperature.exp().reciprocal()  # a cosine is at most 1
            sums = torch.zeros_like(total).index_add_(1, table.parents, (scores - highest).exp())
            total = scores - highest + (total - sums.log()).index_select(1, table.parents)
        return total.index_select(1, self.get_buffer("leaf_of_item"))

    def start(self, context: Context) -> tuple[Tensor, BeamState]:
        hidden, vectors = self.hidden(context, context.last), self._levels()
        known = (self._scorer(0).query(hidden, None) @ vectors[0].T).float().log_softmax(-1)
        log_probs = known.new_full((len(hidden), self.sizes[0]), -torch.inf)
        log_probs[:, self.get_buffer("codes_0")] = known
        root = torch.zeros(len(hidden), dtype=torch.int64, device=hidden.device)
        return log_probs, BeamState(hidden, root, 0, vectors)

    def step(self, tokens: Tensor, state: BeamState) -> tuple[Tensor, BeamState]:
        """Writes one code per beam; the next level's log-probabilities, -inf where no item continues."""
        keys = self.get_buffer(f"keys_{state.level}")
        node = torch.searchsorted(keys, state.node * self.sizes[state.level] + tokens).clamp(max=keys.numel() - 1)
        level = state.level + 1
        rows, nodes, values = self._children(level, state.hidden, node, state.vectors)
        scores = values.new_full((len(tokens), self.sizes[level]), -torch.inf)
        places = rows * self.sizes[level] + self.get_buffer(f"codes_{level}").take(nodes)
        log_probs = scores.view(-1).index_copy_(0, places, values).view_as(scores).log_softmax(-1)
        return log_probs, BeamState(state.hidden, node, level, state.vectors)

    def select(self, state: BeamState, rows: Tensor) -> BeamState:
        return replace(state, hidden=state.hidden[rows], node=state.node[rows])

    def extend(self, index: ItemIndex, features: Tensor) -> None:
        """Makes room for items added to the index: their nodes start from codes and features alone."""
        prefix = torch.zeros(1, dtype=torch.int64)  # node of the old trie -> node of the new one
        for depth, level in enumerate(index.levels):
            old_codes, old_parents = self.get_buffer(f"codes_{depth}"), self.get_buffer(f"parents_{depth}")
            keys = level.parents * index.ids.sizes[depth] + level.codes
            moved = torch.searchsorted(keys, prefix[old_parents] * index.ids.sizes[depth] + old_codes)
            self._scorer(depth).nodes = grown(self._scorer(depth).nodes, moved, len(level.codes))
            prefix = moved
        self.trunk.table.extend(features[self.trunk.table.ids.num_embeddings :])
        self._place(index, features)


@dataclass(frozen=True, kw_only=True)
class OnePass:
    """Item-level trunk, code-level head: one causal pass per person trains every position.

    The trunk is SASRec's; the head writes the next item's codes one after another, each by a softmax over the codes
    that some item continues with, so no probability is lost on tuples without an item. Own design; the parallel is
    hierarchical softmax (Morin and Bengio 2005) over the trie of semantic IDs.
    """

    width: int = 64
    layers: int = 1
    heads: int = 2
    reach: int = 50
    dropout: float = 0.5  # of the items' vectors
    residual_dropout: float = 0.3  # of what each layer adds
    head_dropout: float = 0.3
    scale: float = 0.02  # of fresh embeddings: a cosine turns faster the shorter its vectors are
    temperature: float = 0.05  # to start with; one is learned per level

    def build(self, index: ItemIndex, features: Tensor) -> OnePassModel:
        return OnePassModel(self, index, features)
