"""generec mcp: the recommender as tools for assistants, over a running server or a model opened here."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generec.cli.loop import Folder
from generec.cli.session import Quiet, Seed, Threads, session
from generec.cli.store import STORE, KeysFolder, StoreUrl, Tenant, keys_folder
from generec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from generec.serving.mcp.client import Api
    from generec.serving.store import Store
    from generec.system import System
    from generec.types import Dataset

    Known = Callable[[System[Any]], Dataset]


def mcp(
    model: Annotated[
        Path | None, typer.Argument(help="A model folder, opened here; or name a server by --url.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address of a running `generec serve`.")] = None,
    port: Annotated[
        int | None, typer.Option("--http", min=1, max=65535, help="Speak HTTP at this port of this machine, not stdio.")
    ] = None,
    store: StoreUrl = STORE,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    data: Annotated[Path | None, typer.Option(help="Data set folder; by default the one trained on.")] = None,
    ledger: Folder = None,
    seed: Seed = 0,
    threads: Threads = 1,
    quiet: Quiet = False,
) -> None:
    """Give an assistant the recommender as tools, by the Model Context Protocol over standard input and output.

    The key of the server, where it needs one, is read from $GENEREC_API_KEY.
    """
    with session(False, seed, threads, quiet, torch=url is None):
        if (model is None) == (url is None):
            raise UsageError("name a model folder or a running server (--url), one of the two")
        import asyncio

        try:
            from generec.serving.mcp.client import KEY, Api, connected
        except ImportError as error:
            raise UsageError(f'mcp is not installed ({error}): pip install "generec[mcp]"') from error
        key = os.environ.get(KEY) or None
        if url is not None:
            client = connected(url, key)

            async def asking() -> None:
                async with client:
                    await _speak(Api(client), port)

            asyncio.run(asking())
        elif model is not None:
            from generec.cli.serve import _histories, entered
            from generec.serving.store import Store

            with Store.open(store, keys_folder(keys)) as opened:
                entered(opened, tenant, model)
                known = _histories(opened, store, tenant, keys, data)
                asyncio.run(_embedded(opened, tenant, model, known, ledger, key, port))


async def _speak(api: Api, port: int | None) -> None:
    from generec.serving.mcp.tools import mcp_server

    server = mcp_server(api)
    await (server.run_stdio_async() if port is None else server.run_streamable_http_async(port=port))


async def _embedded(
    store: Store, tenant: str, model: Path, known: Known, ledger: Path | None, key: str | None, port: int | None
) -> None:
    async with _opened(store, tenant, model, known, ledger, key) as api:
        await _speak(api, port)


@asynccontextmanager
async def _opened(
    store: Store, tenant: str, model: Path, known: Known, ledger: Path | None, key: str | None
) -> AsyncIterator[Api]:
    """The whole server within this process, asked without a network: same routes, keys and checks."""
    import httpx

    from generec.cli.serve import _loops
    from generec.cli.talker import ServedTalker
    from generec.serving.api.app import create_app
    from generec.serving.api.settings import Settings
    from generec.serving.engine import Engine
    from generec.serving.mcp.client import Api, bearing

    engine = Engine()
    talker = ServedTalker.over(engine, _loops(model, known, ledger))
    app = create_app(engine, store, talker, Settings(tenant=tenant))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 0))
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=bearing(key))
    async with app.router.lifespan_context(app), client:
        yield Api(client)
