"""The trie over semantic IDs: compiled once from the codes, grown and pruned without touching a model.

Items are sorted by code tuple, so that every prefix is a contiguous range of items and the children of a prefix are a
contiguous range of the level below: expanding beams is two gathers, and a filter is a prefix sum over items.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from generec.errors import InputError, UsageError
from generec.types import ItemIndex, SemanticIds, TrieLevel

KEY_BITS = 63  # code tuples are packed into non-negative int64 keys


def compile_index(ids: SemanticIds, alive: Tensor | None = None) -> ItemIndex:
    """Builds the trie of a catalogue.

    alive: (N,) bool, False for items that must not be recommended; all True when None. Removed items keep their codes.
    Raises InputError for codes outside their codebook and for items that share a semantic ID.
    """
    _check_range(ids.codes, ids.sizes)
    if alive is None:
        alive = torch.ones(len(ids), dtype=torch.bool, device=ids.codes.device)
    elif alive.shape != (len(ids),) or alive.dtype != torch.bool:
        raise UsageError(f"alive must be {len(ids)} booleans, got {tuple(alive.shape)} of {alive.dtype}")
    order, columns = _lexsort(ids.codes, ids.sizes)
    return ItemIndex(ids, alive, order, _levels(order, columns))


def with_items(index: ItemIndex, codes: Tensor) -> ItemIndex:
    """The index with further items, recommendable at once: item i of codes (n, L) gets row N + i.

    Raises InputError when a code is outside its codebook or an ID is taken; a removed item still has its ID.
    """
    if codes.ndim != 2 or codes.shape[1] != index.ids.levels:
        raise InputError(f"codes of new items must be (n, {index.ids.levels}), got {tuple(codes.shape)}")
    codes = codes.to(index.ids.codes)
    alive = torch.cat([index.alive, index.alive.new_ones(len(codes))])
    return compile_index(SemanticIds(torch.cat([index.ids.codes, codes]), index.ids.sizes), alive)


def without(index: ItemIndex, rows: Sequence[int] | Tensor) -> ItemIndex:
    """The index with some rows removed from recommendation; every row keeps its number and its codes."""
    rows = torch.as_tensor(rows, dtype=torch.int64, device=index.alive.device)
    if rows.numel() and not 0 <= int(rows.min()) <= int(rows.max()) < len(index):
        raise UsageError(f"rows to remove must be in range({len(index)}), got {int(rows.min())} to {int(rows.max())}")
    return ItemIndex(index.ids, index.alive.index_fill(0, rows, False), index.order, index.levels)


def on_device(index: ItemIndex, device: torch.device) -> ItemIndex:
    """The index where the model computes; the same object when it is there already."""
    if index.order.device == device:
        return index
    levels = tuple(
        TrieLevel(*(part.to(device) for part in (level.codes, level.parents, level.children, level.spans)))
        for level in index.levels
    )
    ids = SemanticIds(index.ids.codes.to(device), index.ids.sizes)
    return ItemIndex(ids, index.alive.to(device), index.order.to(device), levels)


def root_children(index: ItemIndex) -> Tensor:
    """CSR offsets of the empty prefix, whose children are all nodes of the first level, (2,)."""
    return torch.tensor([0, index.levels[0].codes.numel()], device=index.order.device)


def children(offsets: Tensor, nodes: Tensor, live: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """All children of each row's nodes, side by side.

    offsets: (n + 1,) `TrieLevel.children` of the level the nodes are on; nodes: (B, W), repeats allowed; live: (B, W)
    bool, False for nodes that are not to be continued. Returns for each place (B, C) the child as a node of the level
    below, the column (of W) of its parent, and whether a child is there at all: rows with fewer than C have node 0.
    """
    first = offsets.take(nodes)
    counts = (offsets.take(nodes + 1) - first).masked_fill(~live, 0)
    ends = counts.cumsum(1)
    columns = torch.arange(max(1, int(ends[:, -1].max())), device=ends.device).expand(len(ends), -1)  # (B, C)
    parents = torch.searchsorted(ends, columns.contiguous(), right=True).clamp(max=nodes.shape[1] - 1)
    there = columns < ends[:, -1:]
    return torch.where(there, columns + (first - ends + counts).gather(1, parents), 0), parents, there


def _check_range(codes: Tensor, sizes: Sequence[int]) -> None:
    if codes.numel() == 0:
        return
    low, high = codes.amin(0).tolist(), codes.amax(0).tolist()
    for level, size in enumerate(sizes):
        if not 0 <= low[level] <= high[level] < size:
            raise InputError(f"codes of level {level} must be in range({size}), got {low[level]} to {high[level]}")


def _lexsort(codes: Tensor, sizes: Sequence[int]) -> tuple[Tensor, list[Tensor]]:
    """Rows sorted by code tuple, ties by row, and the L sorted code columns.

    Tuples that fit one integer key are sorted once and read back from the sorted keys, which spares a random gather.
    """
    bits = [max(1, (size - 1).bit_length()) for size in sizes]
    if sum(bits) <= KEY_BITS:
        shifts = [sum(bits[level + 1 :]) for level in range(len(bits))]
        key = torch.zeros(len(codes), dtype=torch.int64, device=codes.device)
        for level, shift in enumerate(shifts):
            key |= codes[:, level] << shift
        key, order = torch.sort(key, stable=True)
        return order, [(key >> shift) & ((1 << width) - 1) for shift, width in zip(shifts, bits, strict=True)]
    order = torch.arange(len(codes), device=codes.device)
    for level in reversed(range(len(bits))):  # least significant first: each pass keeps the order of the one before
        order = order[torch.sort(codes[order, level], stable=True)[1]]
    return order, list(codes[order].T.contiguous())


def _levels(order: Tensor, columns: Sequence[Tensor]) -> tuple[TrieLevel, ...]:
    """Trie levels from the sorted code columns; refuses two items with equal tuples."""
    total = torch.tensor([order.numel()], device=order.device)
    first = torch.zeros(order.numel(), dtype=torch.bool, device=order.device)  # where a new prefix begins
    first[:1] = True
    numbers: list[Tensor] = [torch.zeros_like(order)]  # (N,) node of each item, per level, under one root
    spans: list[Tensor] = []
    for column in columns:
        first[1:] |= column[1:] != column[:-1]
        spans.append(torch.cat([first.nonzero().flatten(), total]))
        numbers.append(first.cumsum(0) - 1)
    if spans[-1].numel() - 1 < order.numel():
        raise _shared(order, first)
    levels = []
    for level, (column, span) in enumerate(zip(columns, spans, strict=True)):
        starts = span[:-1]  # the first item of a node is also the first of its first child
        below = order.numel() if level + 1 == len(spans) else spans[level + 1].numel() - 1
        numbers_below = starts if level + 1 == len(spans) else numbers[level + 2][starts]
        offsets = torch.cat([numbers_below, total.new_tensor([below])])
        levels.append(TrieLevel(column[starts], numbers[level][starts], offsets, span))
    return tuple(levels)


def _shared(order: Tensor, first: Tensor) -> InputError:
    repeated = ~first
    shared = repeated.clone()
    shared[:-1] |= repeated[1:]  # the item before a repeated one has the same ID
    place = int(repeated.nonzero()[0])
    pair = sorted(order[place - 1 : place + 1].tolist())
    return InputError(
        f"{int(shared.sum())} of {order.numel()} items share a semantic ID, e.g. rows {pair[0]} and {pair[1]}",
        remedy="give every item its own: append a disambiguation level or reassign codes (tokenizers.collisions)",
    )
