"""Every noun of the library, on one page.

Shapes: N items, D width, B requests, T context tokens, L codes per item, K results, P predicted positions.
External ids are strings and stand wherever a person looks; rows of the catalogue (contiguous integers) stay inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from generec.errors import InputError, unknown

if TYPE_CHECKING:  # importing and checking data needs no torch: it costs a second and 190 MB
    import torch
    from torch import Tensor

TEXT_FIELDS = ("title", "brand", "creator", "categories", "genres", "tags", "topic", "description", "plot")
"""Catalogue columns that describe an item in words, in the order in which they are read out."""


@dataclass(frozen=True)
class Catalog:
    """The items that can be recommended: one row each, `item_id` (string, unique) and any further columns.

    Lists of strings are multi-valued fields; `origin` says who made the item (`human` where the column is absent).
    """

    frame: pl.DataFrame

    def __post_init__(self) -> None:
        if "item_id" not in self.frame.columns:
            raise InputError(f"a catalogue needs a column item_id, got {self.frame.columns}")
        if self.frame.schema["item_id"] != pl.String:
            raise InputError(f"item_id must be a string column, got {self.frame.schema['item_id']}")
        if self.frame["item_id"].n_unique() != self.frame.height:
            twice = self.frame.filter(pl.col("item_id").is_duplicated())["item_id"][0]
            raise InputError(f"item_id {twice!r} occurs more than once; give every item one row")

    def __len__(self) -> int:
        return self.frame.height

    @cached_property
    def item_ids(self) -> list[str]:
        return self.frame["item_id"].to_list()

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.item_ids)}

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._rows

    def row(self, item_id: str) -> int:
        """Row of one item. Raises UsageError naming the nearest id when there is no such item."""
        found = self._rows.get(item_id)
        if found is None:
            raise unknown("item", item_id, self.item_ids)
        return found

    def rows(self, item_ids: Sequence[str]) -> list[int]:
        """Rows of several items, in their order; unknown ids raise."""
        return [self.row(item_id) for item_id in item_ids]

    def known_rows(self, item_ids: Sequence[str]) -> list[int]:
        """Rows of those items that the catalogue has; others are left out (an old history may name removed items)."""
        return [self._rows[item_id] for item_id in item_ids if item_id in self._rows]

    @cached_property
    def texts(self) -> list[str]:
        """One text per item: its descriptive fields in the order of TEXT_FIELDS, '' where it has none."""
        present = [name for name in TEXT_FIELDS if name in self.frame.columns]
        if not present:
            return [""] * len(self)
        parts = [
            (
                pl.col(name).cast(pl.List(pl.String)).list.join(", ", ignore_nulls=True)
                if isinstance(self.frame.schema[name], pl.List)
                else pl.col(name).cast(pl.String)
            )
            for name in present
        ]
        joined = pl.concat_list([part.fill_null("") for part in parts])
        joined = joined.list.eval(pl.element().filter(pl.element() != "")).list.join(". ")
        return self.frame.select(joined.alias("text"))["text"].to_list()

    def titles(self, item_ids: Sequence[str]) -> list[str]:
        """Titles to show a person; the id where an item has none."""
        if "title" not in self.frame.columns:
            return list(item_ids)
        column = self.frame["title"]
        return [column[self.row(item_id)] or item_id for item_id in item_ids]

    def append(self, items: Catalog) -> Catalog:
        """This catalogue with further rows after it; missing columns become null, clashing types raise InputError."""
        try:
            return Catalog(pl.concat([self.frame, items.frame], how="diagonal"))
        except pl.exceptions.PolarsError as error:
            columns = dict(self.frame.schema)
            raise InputError(f"the new items do not fit the catalogue's columns {columns}: {error}") from error


@dataclass(frozen=True)
class Dataset:
    """A catalogue and what people did with it, in external ids.

    events: user_id, item_id (strings), timestamp (Int64 UTC seconds, null where only the order is known),
    event (string), value (Float64 or null), split (string or null: train, validation or test where the data bring one).
    Rows are grouped by user and stand oldest first: the row order is the history order, ties already settled.
    users: user_id and any columns, or None. info: source, licence, rights, tie order, repeat consumption, fingerprint …
    """

    events: pl.DataFrame
    catalog: Catalog
    users: pl.DataFrame | None = None
    info: Mapping[str, Any] = field(default_factory=dict)

    @property
    def repeats(self) -> bool:
        """Whether seen items may be recommended again (music and places repeat, films do not)."""
        return bool(self.info.get("repeats", False))


@dataclass(frozen=True)
class Events:
    """Histories as catalogue rows, oldest first and packed: person u has items[offsets[u]:offsets[u + 1]]."""

    items: Tensor  # (E,) int64 rows of the catalogue
    offsets: Tensor  # (U + 1,) int64
    times: Tensor | None = None  # (E,) int64 UTC seconds
    user_ids: tuple[str, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return self.offsets.numel() - 1

    @property
    def lengths(self) -> Tensor:
        return self.offsets[1:] - self.offsets[:-1]  # (U,)

    @staticmethod
    def pack(histories: Sequence[Sequence[int]], user_ids: Sequence[str] = ()) -> Events:
        """Packs lists of rows."""
        import torch

        lengths = torch.tensor([0, *(len(history) for history in histories)], dtype=torch.int64)
        flat = [row for history in histories for row in history]
        return Events(torch.tensor(flat, dtype=torch.int64), lengths.cumsum(0), user_ids=tuple(user_ids))

    def history(self, user: int) -> Tensor:
        return self.items[self.offsets[user] : self.offsets[user + 1]]

    def counts(self, items: int) -> Tensor:
        """How often each of `items` catalogue rows occurs, (N,) int64."""
        import torch

        return torch.bincount(self.items, minlength=items)


Operator = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "contains"]


@dataclass(frozen=True)
class Condition:
    """One rule about a catalogue field, as a filter, an API parameter or a wish states it."""

    field: str
    operator: Operator
    value: str | float | tuple[str, ...]

    def __str__(self) -> str:
        """The condition as people write it, quoted where the grammar of data/conditions.py needs it."""
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        field = _quoted(self.field) if " " not in self.field else f'"{_escaped(self.field)}"'
        return f"{field} {self.operator} {'|'.join(map(_quoted, values))}"


def _quoted(value: str | float) -> str:
    plain = isinstance(value, float) or re.fullmatch(r"[\w.:/+-]+( [\w.:/+-]+)*", value) is not None
    shown = repr(value).removesuffix(".0") if isinstance(value, float) else value
    return shown if plain else f'"{_escaped(shown)}"'


def _escaped(text: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", text)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One question to a recommender: who asks, what they did (oldest first), what is allowed."""

    history: tuple[str, ...] = ()
    user_id: str | None = None
    times: tuple[int, ...] | None = None  # UTC seconds, one per history item
    conditions: tuple[Condition, ...] = ()
    exclude: frozenset[str] = frozenset()
    repeat: bool = False  # whether items of the history may come back


@dataclass(frozen=True)
class Slate:
    """An answer: distinct items in order, best first, with where they come from."""

    item_ids: tuple[str, ...]
    scores: tuple[float, ...]
    source: Literal["model", "popular"] = "model"
    note: str = ""  # what a person should know about this answer, e.g. that it is not personal yet


@dataclass(frozen=True)
class Case:
    """One question with its held-out answer."""

    request: Request
    relevant: tuple[str, ...]


@dataclass(frozen=True)
class Split:
    """What is trained on, selected on and judged on; `refit` is train + validation, trained on last before the test."""

    name: str  # leave-one-out, time or given
    train: Events
    validation: tuple[Case, ...] = field(repr=False)  # thousands: a page of them tells nobody anything
    refit: Events
    test: tuple[Case, ...] = field(repr=False)
    description: str  # the protocol line printed under every table


@dataclass(frozen=True)
class SemanticIds:
    """The code tuple of every item: codes[n, l] in range(sizes[l])."""

    codes: Tensor  # (N, L) int64
    sizes: tuple[int, ...]  # codebook size per level

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or self.codes.shape[1] != len(self.sizes):
            raise InputError(f"codes must be (N, {len(self.sizes)}), got {tuple(self.codes.shape)}")

    def __len__(self) -> int:
        return self.codes.shape[0]

    @property
    def levels(self) -> int:
        return len(self.sizes)

    @cached_property
    def starts(self) -> Tensor:
        """Where each level begins in one flat vocabulary, (L,)."""
        import torch

        return torch.tensor([0, *self.sizes[:-1]]).cumsum(0)

    @property
    def vocabulary(self) -> int:
        return sum(self.sizes)


@dataclass(frozen=True)
class TrieLevel:
    """All prefixes of one length, sorted; node j stands for a contiguous range of items in code order."""

    codes: Tensor  # (n,) last code of each prefix
    parents: Tensor  # (n,) node of the level above (0 at the first level)
    children: Tensor  # (n + 1,) CSR offsets into the level below (into the items at the last level)
    spans: Tensor  # (n + 1,) CSR offsets into ItemIndex.order


@dataclass(frozen=True)
class ItemIndex:
    """The catalogue as a decoder sees it: a trie over code tuples whose every leaf is one item."""

    ids: SemanticIds
    alive: Tensor  # (N,) bool; False = removed from recommendation
    order: Tensor  # (N,) rows sorted by code tuple
    levels: tuple[TrieLevel, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Context:
    """What a model reads: B token sequences packed without padding; the template says what a token is."""

    tokens: Tensor  # (sum T,) int64
    offsets: Tensor  # (B + 1,) int64
    times: Tensor | None = None  # (sum T,) int64 UTC seconds

    def __len__(self) -> int:
        return self.offsets.numel() - 1

    @property
    def last(self) -> Tensor:
        """Packed position of each row's last token, (B,)."""
        return self.offsets[1:] - 1

    def to(self, device: torch.device) -> Context:
        times = None if self.times is None else self.times.to(device)
        return Context(self.tokens.to(device), self.offsets.to(device), times)


@dataclass(frozen=True)
class Batch:
    """One training step: contexts and, at P packed positions, the item that came next."""

    context: Context
    at: Tensor  # (P,) int64 packed positions
    items: Tensor  # (P,) int64 catalogue rows
    codes: Tensor  # (P, L) int64 their codes

    def to(self, device: torch.device) -> Batch:
        return Batch(self.context.to(device), self.at.to(device), self.items.to(device), self.codes.to(device))


@dataclass(frozen=True)
class Ranked:
    """Decoded items, best first. Rows with fewer than K allowed items end in -1 with score -inf."""

    items: Tensor  # (B, K) int64 catalogue rows
    scores: Tensor  # (B, K) float32

    def __iter__(self) -> Iterator[tuple[list[int], list[float]]]:
        for items, scores in zip(self.items.tolist(), self.scores.tolist(), strict=True):
            found = [row for row in items if row >= 0]
            yield found, scores[: len(found)]
