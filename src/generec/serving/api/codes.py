"""/v1/codes: the catalogue as its semantic IDs divide it, level by level."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any

import torch
from fastapi import APIRouter, Query
from pydantic import BaseModel
from torch import Tensor

from generec.errors import UsageError
from generec.serving.api.access import App, Reader, own
from generec.serving.api.problems import RESPONSES
from generec.serving.store.database import cursor_of, place
from generec.system import System

router = APIRouter(prefix="/v1", tags=["operation"], responses=RESPONSES)
_SAMPLES = 3


class CodedItem(BaseModel):
    """An item and its codes."""

    item_id: str
    title: str
    codes: list[int]


class Child(BaseModel):
    """The items under one more code. cold: those that nobody had used when the model was trained."""

    code: int
    items: int
    cold: int
    samples: list[CodedItem]


class Codes(BaseModel):
    """What is under a prefix: children, or the items where the prefix is whole.

    sharing: items that differ from another only in the last level, which is there to tell them apart; colliding: items
    that nothing tells from another (none, where the index is sound). `cursor` is null on the last page.
    """

    prefix: list[int]
    sizes: list[int]
    items: int
    cold: int
    sharing: int
    colliding: int
    children: list[Child]
    members: list[CodedItem]
    cursor: str | None


@router.get("/codes")
def codes(
    caller: Reader,
    app: App,
    prefix: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=300)] = 50,
) -> Codes:
    """Children of a prefix (codes with - between them) with how many items they hold and some of their titles."""
    own(caller, app)
    system = app.engine.versions.serving.active.snapshot.system
    given = _read(prefix, system.index.ids.sizes)
    whole, alive = system.index.ids.codes.cpu(), system.index.alive.cpu()
    here = alive & (whole[:, : len(given)] == torch.tensor(given, dtype=whole.dtype)).all(1)
    rows = here.nonzero().squeeze(1)
    cold = system.activity.cpu() == 0
    first = place(cursor) or 0
    under = whole[rows, len(given)] if len(given) < whole.shape[1] else whole.new_zeros(0)
    found = sorted(set(under.tolist()))[first : first + limit + 1]
    members = [] if len(given) < whole.shape[1] else rows.tolist()[first : first + limit + 1]
    more = max(len(found), len(members)) > limit
    return Codes(
        prefix=given, sizes=list(system.index.ids.sizes), items=len(rows), cold=int(cold[rows].sum()),
        sharing=_repeated(whole[rows, :-1]), colliding=_repeated(whole[rows]),
        children=[_child(system, code, rows[under == code], cold) for code in found[:limit]],
        members=_items(system, members[:limit]), cursor=cursor_of(first + limit) if more else None,
    )  # fmt: skip


def _read(prefix: str, sizes: tuple[int, ...]) -> list[int]:
    if not re.fullmatch(r"(\d{1,9}(-\d{1,9})*)?", prefix, re.ASCII):
        raise UsageError("a prefix is codes with - between them, such as 12-3")
    given = [int(code) for code in prefix.split("-")] if prefix else []
    if len(given) > len(sizes) or any(code >= size for code, size in zip(given, sizes, strict=False)):
        raise UsageError(f"a prefix has up to {len(sizes)} codes, below {', '.join(map(str, sizes))}, got {prefix}")
    return given


def _repeated(codes: Tensor) -> int:
    """How many rows are equal to another one."""
    counts = Counter(map(tuple, codes.tolist()))
    return sum(count for count in counts.values() if count > 1)


def _child(system: System[Any], code: int, rows: Tensor, cold: Tensor) -> Child:
    used = rows[system.activity.cpu()[rows].argsort(descending=True, stable=True)][:_SAMPLES].tolist()
    return Child(code=code, items=len(rows), cold=int(cold[rows].sum()), samples=_items(system, used))


def _items(system: System[Any], rows: list[int]) -> list[CodedItem]:
    ids = [system.catalog.item_ids[row] for row in rows]
    codes = system.index.ids.codes[rows].tolist() if rows else []
    return [
        CodedItem(item_id=item_id, title=title, codes=of)
        for item_id, title, of in zip(ids, system.catalog.titles(ids), codes, strict=True)
    ]
