"""/v1/health/data: whether what the models learn from is in order."""

from __future__ import annotations

from collections import Counter

from fastapi import APIRouter
from pydantic import BaseModel

from generec.serving.api.access import App, Reader
from generec.serving.api.problems import RESPONSES
from generec.serving.store import Store
from generec.serving.store.database import now

router = APIRouter(prefix="/v1/health", tags=["operation"], responses=RESPONSES)
_MINUTE = 60  # seconds that a report is kept


class DataHealth(BaseModel):
    """Counts of a tenant. Events are those about items that a training would see, of whatever source.

    unseen: share of the items without any event; unknown_items: events on items that the catalogue lacks (any more);
    newest: UTC seconds of the latest event.
    """

    items: int
    without_text: int
    columns: dict[str, str]
    people: int
    events: int
    by_kind: dict[str, int]
    by_source: dict[str, int]
    newest: int | None
    unseen: float
    unknown_items: int
    watermark: int


@router.get("/data")
async def data_health(caller: Reader, app: App) -> DataHealth:
    """Counts, newest event, items without text, share of items that nobody met; at most a minute old."""
    about = ("data", caller.tenant, now() // _MINUTE, app.store.items.watermark(caller.tenant))
    return await app.reports.get(about, lambda: _found(app.store, caller.tenant))


def _found(store: Store, tenant: str) -> DataHealth:
    from generec.serving.store.dataset import stream

    catalog = store.items.catalog(tenant)
    kinds: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    seen: set[str] = set()
    people: set[int] = set()
    newest, unknown = None, 0
    for told in stream(store, tenant, ("item_id", "kind", "source", "time"), sources=None, stages=None):
        kinds.update(dict(told.rows["kind"].value_counts().iter_rows()))
        sources.update(dict(told.rows["source"].value_counts().iter_rows()))
        items = dict(told.rows["item_id"].value_counts().iter_rows())
        unknown += sum(number for item_id, number in items.items() if item_id not in catalog)
        seen.update(item_id for item_id in items if item_id in catalog)
        people.update(told.rows["person"].unique())
        latest = told.rows["time"].max()
        newest = latest if isinstance(latest, int) and (newest is None or latest > newest) else newest
    return DataHealth(
        items=len(catalog), without_text=sum(not text for text in catalog.texts), columns=store.items.columns(tenant),
        people=len(people), events=sum(kinds.values()), by_kind=dict(kinds), by_source=dict(sources), newest=newest,
        unseen=1 - len(seen) / len(catalog) if len(catalog) else 0.0, unknown_items=unknown,
        watermark=store.items.watermark(tenant),
    )  # fmt: skip
