"""generec serve: one process that answers over HTTP, from a model and a store."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
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

    import uvicorn
    from starlette.types import ASGIApp

    from generec.loop.generec import GeneRec
    from generec.serving.api.settings import Settings
    from generec.serving.api.tracing import Tracing
    from generec.serving.store import Store
    from generec.system import System
    from generec.types import Dataset

_BY = "generec serve"
_PATIENCE = 120  # seconds until a version that was retrained must have been taken into memory


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
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Pictures of items, named by item id (a3.jpg): PNG, JPEG or WebP."),
    ] = None,
    retrain: Annotated[
        str | None,
        typer.Option(metavar="CRON", help="When to retrain on the store: `0 3 * * *` is three at night, UTC."),
    ] = None,
    ledger: Folder = None,
    instructor: InstructorPlace = None,
    instructor_model: InstructorModel = None,
    writer: WriterPlace = None,
    writer_model: WriterModel = None,
    otel: Annotated[
        bool, typer.Option("--otel", help="Send traces as the OTEL_ variables say; those alone ask for them too.")
    ] = False,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 1,
    quiet: Quiet = False,
) -> None:
    """Answer over HTTP until interrupted; a model that is new to the store becomes its active version.

    Into a store without events it brings those of --data (else of the data that the model was trained on), once, so
    that people have their histories: more than 10,000 events come while it answers, and after a restart it goes on
    where it stopped. Into other stores they come by `generec store import`. With --retrain the store's people make
    the next version, in a process of its own; it answers as soon as it is found to be not worse.

    Open without keys on this machine only, and only until the first key is made (`generec keys create`).
    """
    with session(json, seed, threads, quiet) as out:
        from generec.serving.api.tracing import tracing
        from generec.serving.store import Store

        traced = tracing(otel)
        chosen = backends(model, instructor, instructor_model, writer, writer_model)
        scheduled = _scheduled(retrain, store, tenant, keys_folder(keys))

        with Store.open(store, keys_folder(keys)) as opened:
            allowed(opened, host)
            with _bound(host, port) as listening:
                opened.tenants.create(tenant)
                opened.jobs.recover(tenant)
                version = entered(opened, tenant, model)
                _told_who_answers(opened, tenant, version)
                read = partial(histories, opened, tenant, model, data, _BY)
                behind = partial(Behind, read, then=partial(learned, opened, tenant, version, model))
                settings = _settings(tenant, (host, *(name or ())), origin or [], (rate, tenant_rate), pictures)
                known = _histories(opened, store, tenant, keys, data)
                made = _loops(model, known, ledger, chosen)
                _run(opened, settings, made, behind, partial(scheduled, opened), listening, out, traced)


def allowed(store: Store, host: str) -> None:
    """Raises UsageError for an address that others can reach while nobody needs a key."""
    from generec.serving.api.settings import is_loopback

    if not is_loopback(host) and not store.keys.any():
        raise UsageError(
            f"{host} can be reached from other machines, and the store has no API key: make one with "
            "`generec keys create NAME --scope read`, or listen at 127.0.0.1"
        )


def entered(store: Store, tenant: str, model: Path) -> str:
    """Enters the model of a folder, whose catalogue is the store's first. Gives the name of its version.

    It becomes active where it is new or nothing is: one that was replaced since, as by a retraining, stays so.
    """
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
    if version not in known or store.models.active(tenant) is None:
        store.models.activate(tenant, version, by=_BY)
    return version


def _told_who_answers(store: Store, tenant: str, version: str) -> None:
    active = store.models.active(tenant)
    if active is not None and active.version != version:
        sys.stderr.write(
            f"{active.version} answers, which took the place of {version} in this store; to go back: "
            f"POST /v1/models/{version}/activate\n"
        )


def _histories(
    store: Store, url: str, tenant: str, keys: Path | None, data: Path | None
) -> Callable[[System[Any]], Dataset]:
    """What people did: of --data where it is given, else of the store as it is now.

    A store without such events, or whose import has not ended, has the model's own data stand in for it.
    """
    from generec.cli.models import Histories
    from generec.recipe.histories import remembered_data
    from generec.serving.store.imports import KIND

    folder: list[Dataset] = []  # read once

    def read(system: System[Any]) -> Dataset:
        if data is None:
            found = Histories(None, url, tenant, keys).of(system)
            imports = (job for job in store.jobs.list(tenant, 1000) if job.kind == KIND)
            newest = next(imports, None)  # asked after reading: one that has just begun counts
            if found.events.height and (newest is None or newest.state in ("done", "cancelled")):
                return found
        if not folder:
            folder.append(remembered_data(system, data))
        return folder[0]

    return read


def _scheduled(
    cron: str | None, url: str, tenant: str, keys: Path
) -> Callable[[Store, Callable[[str], object]], AbstractContextManager[object]]:
    """Retrains beside a server while a context is open, nothing without a time. Raises UsageError for what is none.

    The context is made of the store and of what lets the server take a version.
    """
    from contextlib import nullcontext

    from generec.serving.learning.schedule import RetrainingProcess, crontab, schedule

    if cron is None:
        return lambda store, activate: nullcontext()
    crontab(cron)  # refused before the server starts

    def beside(store: Store, activate: Callable[[str], object]) -> AbstractContextManager[object]:
        process = RetrainingProcess(store, url, tenant, keys, activate)
        return schedule(cron, process, stop=process.stop)

    return beside


def _loops(
    model: Path, known: Callable[[System[Any]], Dataset], ledger: Path | None, chosen: Backends | None = None
) -> Callable[[System[Any]], GeneRec]:
    """Makes the loop around a system, with what people did for it; all share one ledger and one writer."""
    from functools import cache

    from generec.cli.loop import _home
    from generec.cli.teach import writer_of
    from generec.fidelity.ledger import ledger_of
    from generec.loop.generec import GeneRec

    home = _home(ledger)
    system: list[System[Any]] = []

    def data(around: System[Any]) -> Dataset | None:
        try:
            return known(around)
        except GenerecError as error:
            sys.stderr.write(f"warning: {error}; without it nothing is edited or created\n")
            return None

    taught, origins = cache(lambda: writer_of(model, system[0].catalog)), cache(lambda: ledger_of(home))

    def made(around: System[Any]) -> GeneRec:
        system[:] = [around]
        return (chosen or Backends()).around(
            GeneRec(system=around, data=data(around), folder=home, origins=origins(), writer=taught())
        )

    return made


def _bound(host: str, port: int) -> socket.socket:
    """A socket at the address. Raises UsageError when it is taken, or not this machine's."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP: asyncio sends without delay over such alone, and others hold an answer back for 40 ms
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageError(f"cannot listen at {host}:{port} ({error.strerror}); name another --port or --host") from None
    return bound


def _settings(
    tenant: str, names: tuple[str, ...], origins: list[str], rates: tuple[float, float], pictures: Path | None
) -> Settings:
    from generec.serving.api.settings import Settings

    rate, tenant_rate = rates
    hosts = (*Settings.hosts, *names)
    return Settings(
        tenant=tenant, hosts=hosts, origins=tuple(origins), rate=rate, tenant_rate=tenant_rate, pictures=pictures
    )


def _run(
    store: Store,
    settings: Settings,
    made: Callable[[System[Any]], GeneRec],
    importing: Callable[[Callable[[], frozenset[str]]], Behind],
    scheduled: Callable[[Callable[[str], object]], AbstractContextManager[object]],
    listening: socket.socket,
    out: Output,
    traced: Tracing,
) -> None:
    import asyncio

    from generec.cli.talker import ServedTalker
    from generec.fitting.progress import Silent, reporting
    from generec.serving.api.app import create_app
    from generec.serving.collector import frugal

    frugal()
    engine = traced.engine()
    talker = ServedTalker.over(engine, made)
    app = create_app(engine, store, traced.talker(talker), settings)
    server = _web_server(traced.app(app), int(settings.drain), quiet=out.quiet)
    behind = importing(lambda: frozenset(app.state.parts.gone))

    async def answering() -> None:
        loop, beside = asyncio.get_running_loop(), ExitStack()

        def taken(version: str) -> object:  # asked in the thread of the schedule
            coming = app.state.parts.rollout.activate(version, _BY)
            return asyncio.run_coroutine_threadsafe(coming, loop).result(_PATIENCE)

        task = asyncio.create_task(server.serve([listening]))
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        if server.started:
            talker.loops.warm()
            behind.after()
            _announced(listening, out)
            beside.enter_context(scheduled(taken))
        try:
            await task
        finally:
            await asyncio.to_thread(beside.close)  # the loop goes on: a version that is being taken is taken

    behind.before()
    try:
        with reporting(Silent()), asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
            runner.run(answering())
    finally:
        behind.stop()
        traced.close()
    if not server.started:
        raise UsageError("the server did not start; what is written above says why")


def _web_server(app: ASGIApp, drain: int, *, quiet: bool) -> uvicorn.Server:
    """What speaks HTTP, told to stop by SIGTERM. drain: seconds for what is in flight. quiet: without a request log."""
    try:
        import uvicorn
    except ImportError as error:
        raise UsageError(f'uvicorn is not installed ({error}): pip install "generec[serve]"') from error
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", server_header=False,
        proxy_headers=False, lifespan="on", timeout_graceful_shutdown=drain,
    )  # fmt: skip
    if not quiet:
        _logged()  # now: to set its own logs up, the web server closes those that are there
    server = uvicorn.Server(config)
    # uvicorn drains and then raises the signal once more: to be told to stop is no failure
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    return server


def _announced(listening: socket.socket, out: Output) -> None:
    """Says where it answers, once it does."""
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    out.document({"address": address})
    out.text(f"generec answers: the page at {address}/, the API at {address}/openapi.json")
    sys.stdout.flush()


def _logged() -> None:
    """The request log on standard error."""
    import logging

    from generec.serving.api.guard import LOG
    from generec.serving.api.lines import Lines

    LOG.addHandler(Lines())
    LOG.setLevel(logging.INFO)
