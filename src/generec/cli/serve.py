"""generec serve: one process that answers over HTTP, from a model and a store."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.histories import Behind, histories, learned
from generec.cli.instructors import Backends, InstructorModel, InstructorPlace, WriterModel, WriterPlace, backends
from generec.cli.loop import Folder
from generec.cli.models import Data, Model
from generec.cli.session import Json, Output, Quiet, Seed, Threads, session
from generec.cli.store import STORE, KeysFolder, StoreUrl, Tenant, keys_folder
from generec.errors import GenerecError, UsageError

if TYPE_CHECKING:
    import socket

    from generec.loop.generec import GeneRec
    from generec.serving.api.settings import Settings
    from generec.serving.store import Store
    from generec.system import System

_BY = "generec serve"


def serve(
    model: Model,
    store: StoreUrl = STORE,
    host: Annotated[
        str, typer.Option(help="Address to listen at; one that other machines reach needs an API key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Another name under which it may be addressed; repeatable.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option("--origin", help="Another server whose pages may call it; repeatable.")
    ] = None,
    tenant: Tenant = "default",
    rate: Annotated[
        float, typer.Option("--rate", min=0, help="Requests a second that one API key may send; 0: any number.")
    ] = 0.0,
    tenant_rate: Annotated[
        float, typer.Option("--tenant-rate", min=0, help="The same for all keys of the tenant together.")
    ] = 0.0,
    keys: KeysFolder = None,
    data: Data = None,
    ledger: Folder = None,
    instructor: InstructorPlace = None,
    instructor_model: InstructorModel = None,
    writer: WriterPlace = None,
    writer_model: WriterModel = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 1,
    quiet: Quiet = False,
) -> None:
    """Answer over HTTP until interrupted; the model becomes the active version of the store.

    Into a store without events it brings those of --data (else of the data that the model was trained on), once, so
    that people have their histories: more than 10,000 events come while it answers, and after a restart it goes on
    where it stopped. Into other stores they come by `generec store import`.

    Open without keys on this machine only, and only until the first key is made (`generec keys create`).
    """
    with session(json, seed, threads, quiet) as out:
        from generec.serving.store import Store

        chosen = backends(model, instructor, instructor_model, writer, writer_model)

        with Store.open(store, keys_folder(keys)) as opened:
            allowed(opened, host)
            with _bound(host, port) as listening:
                version = entered(opened, tenant, model)
                read = partial(histories, opened, tenant, model, data, _BY)
                behind = partial(Behind, read, then=partial(learned, opened, tenant, version, model))
                settings = _settings(tenant, (host, *(name or ())), origin or [], (rate, tenant_rate))
                _run(opened, settings, _loops(model, data, ledger, chosen), behind, listening, out)


def allowed(store: Store, host: str) -> None:
    """Raises UsageError for an address that others can reach while nobody needs a key."""
    from generec.serving.api.settings import is_loopback

    if not is_loopback(host) and not store.keys.any():
        raise UsageError(
            f"{host} can be reached from other machines, and the store has no API key: make one with "
            "`generec keys create NAME --scope read`, or listen at 127.0.0.1"
        )


def entered(store: Store, tenant: str, model: Path) -> str:
    """Makes the model of a folder the tenant's active version; its catalogue is the store's first. Gives its name."""
    from generec.recipe.artefact import load
    from generec.serving.api.rollout import manifest_of

    store.tenants.create(tenant)
    folder = model.resolve()
    manifest = manifest_of(folder)
    version = f"{folder.name}-{manifest[:8]}"
    known = {one.version: one for one in store.models.list(tenant)}
    if version not in known:
        watermark = 0  # the catalogue of the store is the truth: all of it is replayed
        if not store.items.watermark(tenant):
            watermark = store.items.load(tenant, load(folder).catalog, by=_BY).watermark
        store.models.add(tenant, version, folder=str(folder), manifest=manifest, watermark=watermark, by=_BY)
    if version not in known or known[version].state != "active":
        store.models.activate(tenant, version, by=_BY)
    return version


def _loops(
    model: Path, data: Path | None, ledger: Path | None, chosen: Backends | None = None
) -> Callable[[System[Any]], GeneRec]:
    """Makes the loop around a system; data and writer are read once, on first use."""
    from functools import cache

    from generec.cli.loop import _home
    from generec.cli.teach import writer_of
    from generec.loop.generec import GeneRec
    from generec.recipe.histories import remembered_data
    from generec.types import Dataset

    system: list[System[Any]] = []

    @cache
    def known() -> Dataset | None:
        try:
            return remembered_data(system[0], data)
        except GenerecError as error:
            sys.stderr.write(f"warning: {error}; without it nothing is edited or created\n")
            return None

    taught = cache(lambda: writer_of(model, system[0].catalog))

    def made(around: System[Any]) -> GeneRec:
        system[:] = [around]
        return (chosen or Backends()).around(
            GeneRec(system=around, data=known(), folder=_home(ledger), writer=taught())
        )

    return made


def _bound(host: str, port: int) -> socket.socket:
    """A socket at the address. Raises UsageError when it is taken, or not this machine's."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageError(f"cannot listen at {host}:{port} ({error.strerror}); name another --port or --host") from None
    return bound


def _settings(tenant: str, names: tuple[str, ...], origins: list[str], rates: tuple[float, float]) -> Settings:
    from generec.serving.api.settings import Settings

    rate, tenant_rate = rates
    hosts = (*Settings.hosts, *names)
    return Settings(tenant=tenant, hosts=hosts, origins=tuple(origins), rate=rate, tenant_rate=tenant_rate)


def _run(
    store: Store,
    settings: Settings,
    made: Callable[[System[Any]], GeneRec],
    importing: Callable[[Callable[[], frozenset[str]]], Behind],
    listening: socket.socket,
    out: Output,
) -> None:
    import asyncio
    import logging
    import signal

    try:
        import uvicorn
    except ImportError as error:
        raise UsageError(f'uvicorn is not installed ({error}): pip install "generec[serve]"') from error
    from generec.cli.talker import ServedTalker
    from generec.serving.api.app import create_app
    from generec.serving.api.guard import LOG
    from generec.serving.engine import Engine

    if not out.quiet:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)
    engine = Engine()
    talker = ServedTalker.over(engine, made)
    app = create_app(engine, store, talker, settings)
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", server_header=False,
        proxy_headers=False, lifespan="on", timeout_graceful_shutdown=int(settings.drain),
    )  # fmt: skip
    server = uvicorn.Server(config)
    # uvicorn drains and then raises the signal once more: to be told to stop is no failure
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    behind = importing(lambda: frozenset(app.state.parts.gone))

    async def answering() -> None:
        task = asyncio.create_task(server.serve([listening]))
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        if server.started:
            talker.loops.warm()
            behind.after()
            host, port = listening.getsockname()[:2]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            out.document({"address": address})
            out.text(f"generec answers at {address}; what it can be asked: {address}/openapi.json")
            sys.stdout.flush()
        await task

    behind.before()
    try:
        asyncio.run(answering())
    finally:
        behind.stop()
    if not server.started:
        raise UsageError("the server did not start; what is written above says why")
