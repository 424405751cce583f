"""From what a format module read to a data set: the same steps for every format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from generec.data.dataset import EVENT_SCHEMA
from generec.data.importers.cells import among, flag
from generec.data.importers.events import Policy, clean_events, order_events
from generec.data.importers.findings import Findings
from generec.data.importers.reading import Raw
from generec.errors import InputError, UsageError
from generec.fitting.progress import task
from generec.types import Catalog, Dataset

RIGHTS = ("own", "evaluation")


def build(
    raw: Raw, policy: Policy, findings: Findings, *, source: str, rights: str, licence: str | None = None
) -> Dataset:
    """Cleans, joins, orders and describes. Raises InputError for faults that are not to be repaired."""
    with task("order events", 3) as bar:
        counted: dict[str, Any] = {}
        if raw.events is None:
            events = pl.DataFrame(schema=EVENT_SCHEMA)
            items = raw.items
            repeats = bool(policy.repeats)
        else:
            events = clean_events(raw.events, raw.files, findings, event=raw.event, milliseconds=raw.milliseconds)
            bar.advance()
            items, events = _known_items(raw, events, findings)
            bar.advance()
            events, counted = order_events(events, policy, raw.repeats, raw.duplicates)
            repeats = counted.pop("repeats")
            if not events.height:
                raise InputError("no events are left", file=raw.files[0], remedy=_why_none(counted))
            events = events.select(EVENT_SCHEMA.names())
        bar.advance()
    if items is None or not items.height:
        raise InputError("no items", file=raw.files[0] if raw.files else None, remedy="name an item table with --items")
    used = among(items["item_id"], events["item_id"])
    cold = items.height - int(used.sum())
    if raw.events is not None and (not raw.cold_items or policy.k_core > 1) and cold:
        findings.note(f"{cold} items without events are left out of the catalogue")
        items = items.filter(used)
    users = raw.users
    if users is not None:
        users = users.filter(among(users["user_id"], events["user_id"]))
    info = {
        "source": source,
        "format": raw.format,
        "files": list(raw.files),
        "licence": licence or raw.licence,
        "rights": rights,
        "ties": policy.ties,
        "seed": policy.seed,
        "min_rating": policy.min_rating,
        "k_core": policy.k_core,
        "order": "time, then split, then ties"
        if events["timestamp"].null_count() < events.height
        else "as in the file",
        "repeats": repeats,
        **counted,
        "findings": [finding.document() for finding in findings.found],
        "notes": [*raw.notes, *findings.notes],
    }
    return Dataset(events, Catalog(items), users, info)


def _why_none(counted: Mapping[str, Any]) -> str:
    return "of {} read, {} fell below --min-rating and {} outside the k-core".format(
        counted["events_read"], counted.get("below_min_rating", 0), counted.get("outside_core", 0)
    )


def _known_items(raw: Raw, events: pl.DataFrame, findings: Findings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The catalogue with a bare row for every item that only occurs in events."""
    occurring = events.select("item_id").unique(maintain_order=True)
    if raw.items is None:
        findings.note("there is no item table: items have no description")
        return occurring, events
    bare = occurring.join(raw.items.select("item_id"), on="item_id", how="anti", maintain_order="left")
    if not bare.height:
        return raw.items, events
    if not raw.items_file:  # the descriptions come from the log itself, which need not describe every item
        return pl.concat([raw.items, bare], how="diagonal"), events
    if bare.height == occurring.height:
        raise InputError(
            f"none of the {occurring.height} items of the events is in the item table, e.g. {bare['item_id'][0]!r}",
            file=raw.items_file,
            remedy="name the id columns with --map item_id=COLUMN",
        )
    unknown = pl.lit(among(events["item_id"], bare["item_id"]))
    flag(
        events, unknown, raw.files, findings, "unknown item", f"item {bare['item_id'][0]!r} is not in {raw.items_file}",
        "complete the item table", "the item enters the catalogue without a description",
    )  # fmt: skip
    return pl.concat([raw.items, bare], how="diagonal"), events


def rights_of(rights: str) -> tuple[str, str | None]:
    """What may be done with the content, and the licence text where a file holds it. Raises UsageError."""
    if rights in RIGHTS:
        return rights, None
    path = Path(rights)
    if not path.is_file():
        raise UsageError(f"--rights expects own, evaluation or a file with the terms, got {rights!r}")
    if path.stat().st_size > 1 << 20:
        raise UsageError(f"{rights} is larger than 1 MiB; name a text file with the terms")
    return path.name, path.read_text(encoding="utf-8", errors="replace").strip()


def summary(dataset: Dataset) -> list[tuple[str, str]]:
    """Rows of the table that is printed after an import."""
    events, info = dataset.events, dataset.info
    removed = {
        name: info.get(name, 0)
        for name in ("below_min_rating", "duplicates_removed", "repeats_removed", "outside_core")
    }
    return [
        ("format", str(info["format"])),
        ("events", f"{events.height:,}"),
        ("users", f"{events['user_id'].n_unique():,}"),
        ("items", f"{len(dataset.catalog):,}"),
        ("items with events", f"{events['item_id'].n_unique():,}"),
        ("timed events", f"{events.height - events['timestamp'].null_count():,}"),
        (
            "seen items may come back",
            f"{'yes' if dataset.repeats else 'no'} ({info.get('repeats_decided_by', 'option')})",
        ),
        ("ties", f"{info.get('tie_share', 0.0):.1%} of timed events, order: {info['ties']}"),
        *((name.replace("_", " "), f"{count:,} events") for name, count in removed.items() if count),
        ("item columns", ", ".join(dataset.catalog.frame.columns)),
        ("rights", str(info["rights"])),
    ]
