"""What one does with a saved model: recommend, find similar items, insert items."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session
from generec.cli.store import KeysFolder, Tenant, keys_folder
from generec.errors import InputError, UsageError

if TYPE_CHECKING:
    from generec.serving.store import Store
    from generec.system import System
    from generec.types import Dataset, Request, Slate

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="A folder that `generec train -o` wrote.")]
Size = Annotated[int, typer.Option("-k", min=1, help="How many items.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Data = Annotated[Path | None, typer.Option("--data", help="Data set folder; by default the one trained on.")]
FromStore = Annotated[
    str | None, typer.Option("--store", help="Histories of a server's store instead: sqlite:///FILE or postgresql://…")
]


@dataclass(frozen=True)
class Histories:
    """Where to find what people did: a folder, a store, or what the model remembers it was trained on."""

    data: Path | None
    store: str | None
    tenant: str
    keys: Path | None

    def __post_init__(self) -> None:
        if self.data is not None and self.store is not None:
            raise UsageError("histories come from --data DIR or from --store URL; give one of the two")

    def of(self, system: System[Any]) -> Dataset:
        """What people did, for a model. From a store: with the items that the model has, under its terms."""
        from generec.recipe.histories import remembered_data

        if self.store is None:
            return remembered_data(system, self.data)
        from generec.serving.store.dataset import read

        with existing_store(self.store, self.keys) as store:
            store.log(self.tenant)  # refuses a tenant that is not there
            found = read(store, self.tenant, about=system.record.get("data", {}))
        known = found.events["item_id"].is_in(system.catalog.frame["item_id"].implode())
        return replace(found, events=found.events.filter(known), catalog=system.catalog)


def existing_store(url: str, keys: Path | None) -> Store:
    """Opens a store to read it. Raises InputError where there is none: a mistyped name must not make one."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from generec.serving.store import Store

    try:
        asked = make_url(url)
    except ArgumentError:
        asked = None  # Store.open says what a URL is
    if asked is not None and asked.get_backend_name() == "sqlite" and not Path(asked.database or "").is_file():
        raise InputError("there is no store", file=url, remedy="name the one of `generec serve --store`")
    return Store.open(url, keys_folder(keys))


def recommend(
    model: Model,
    user: Annotated[str | None, typer.Option("--user", help="A person of the data set.")] = None,
    history: Annotated[str | None, typer.Option(help="Item ids A,B,C, oldest first, of a person never seen.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody of the data set, into the file -o.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Parquet file for --all.")] = None,
    data: Data = None,
    store: FromStore = None,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    k: Size = 10,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", metavar="EXPR", help='Such as "price <= 20"; may be repeated.')
    ] = None,
    overwrite: Overwrite = False,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Recommend items to a person of the data, to one known by a history, or to everybody.

    Filters are read as field = v, !=, <, <=, >, >=, field in a|b, field not in a|b, field contains w.
    """
    with session(json, seed, threads, quiet) as out:
        _one_way(user, history, everybody, output)
        from generec.recipe.artefact import load
        from generec.recipe.frames import asked, parsed, refuse_file
        from generec.recipe.histories import requests

        histories = Histories(data, store, tenant, keys)
        conditions = parsed(filters or [])
        if output is not None:
            refuse_file(output, overwrite)
        system = load(model)
        if output is not None:
            _export(system, histories.of(system), output, k, filters or [], overwrite, out)
            return
        if user is not None:
            request = next(requests(histories.of(system), [user], conditions))[0]
        else:
            items = [item.strip() for item in (history or "").split(",") if item.strip()]
            request = asked(system, [("", items)], conditions)[0]
        slate = system.recommend([request], k)[0]
        _show_answer(system, request, slate, out)


def _one_way(user: str | None, history: str | None, everybody: bool, output: Path | None) -> None:
    """Raises UsageError unless exactly one kind of person was asked for, and a file goes with --all only."""
    if (user is not None) + (history is not None) + everybody != 1:
        raise UsageError("ask for one of --user ID, --history A,B,C and --all")
    if everybody and output is None:
        raise UsageError("--all needs a file: -o recommendations.parquet")
    if output is not None and not everybody:
        raise UsageError("-o goes with --all; a single answer is printed (with --json for scripts)")


def _export(
    system: System[Any], data: Dataset, output: Path, k: int, filters: list[str], overwrite: bool, out: Output
) -> None:
    from generec.recipe.frames import export

    began = time.monotonic()
    people, rows = export(system, data, output, k=k, filters=filters, overwrite=overwrite)
    seconds = round(time.monotonic() - began, 2)
    out.text(f"{rows:,} recommendations for {people:,} people in {seconds:.1f} s: {output}")
    out.document({"file": str(output), "users": people, "rows": rows, "k": k, "seconds": seconds})


def _show_answer(system: System[Any], request: Request, slate: Slate, out: Output) -> None:
    who = request.user_id or None
    titles = _known_titles(system, request.history[-5:])
    if who is not None:
        out.text(f"for {who}, who did {len(request.history)} things" + (", lately:" if titles else ""))
    for title in titles:
        out.text(f"  {title}")
    _show_slate(system, slate, out)
    out.document(
        {
            "user": who,
            "history": list(request.history),
            "filters": [str(condition) for condition in request.conditions],
            "source": slate.source,
            "note": slate.note,
            "results": _results(system, slate),
        }
    )


def _known_titles(system: System[Any], item_ids: tuple[str, ...]) -> list[str]:
    """Titles, or ids of items that the model's catalogue lacks: the data may have gone on since."""
    return [system.catalog.titles([item])[0] if item in system.catalog else item for item in item_ids]


def _results(system: System[Any], slate: Slate) -> list[dict[str, Any]]:
    titles = system.catalog.titles(slate.item_ids)
    found = zip(slate.item_ids, titles, slate.scores, strict=True)
    return [
        {"rank": rank, "item_id": item, "title": title, "score": score}
        for rank, (item, title, score) in enumerate(found, start=1)
    ]


def _show_slate(system: System[Any], slate: Slate, out: Output) -> None:
    rows = [(each["rank"], each["title"], each["item_id"], each["score"]) for each in _results(system, slate)]
    out.table("", ("rank", "title", "item", "score"), rows)
    if not rows:
        out.text("no item is allowed")
    if slate.note:
        out.text(slate.note)


def similar(
    model: Model,
    item: Annotated[str, typer.Option("--item", help="An item id of the catalogue.")],
    k: Size = 10,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Items like an item: by its features, or by what the model has learned of it."""
    with session(json, seed, threads, quiet) as out:
        from generec.recipe.artefact import load

        system = load(model)
        slate = system.similar([item], k)[0]
        title = system.catalog.titles([item])[0]
        out.text(f"like {title}:")
        _show_slate(system, slate, out)
        out.document({"item_id": item, "title": title, "note": slate.note, "results": _results(system, slate)})


def insert(
    model: Model,
    items: Annotated[Path, typer.Argument(metavar="ITEMS", help="csv, tsv, json lines or parquet with item_id.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the model with the items goes.")],
    overwrite: Overwrite = False,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Add items that can be recommended at once, without training; no other item's semantic ID changes."""
    with session(json, seed, threads, quiet) as out:
        from generec.data.additions import read_additions
        from generec.recipe.artefact import load
        from generec.system.folder import refuse_existing

        refuse_existing(output, overwrite)
        system = load(model)
        before = len(system.catalog)
        added = read_additions(items, system.catalog)
        system.insert(added.items)
        system.save(output, overwrite=overwrite)
        codes = system.index.ids.codes[before:].tolist()
        titles = system.catalog.titles(added.items.item_ids)
        for name in added.ignored:
            out.text(f"not in the catalogue, ignored: {name}")
        rows = list(zip(added.items.item_ids, titles, (" ".join(map(str, each)) for each in codes), strict=True))
        out.table("", ("item", "title", "semantic ID"), rows[:20])
        out.text(f"{len(added.items)} items inserted, {len(system.catalog)} in all: {output}")
        out.document(
            {
                "model": str(output),
                "items": len(system.catalog),
                "ignored": list(added.ignored),
                "inserted": [{"item_id": row[0], "codes": each} for row, each in zip(rows, codes, strict=True)],
            }
        )
