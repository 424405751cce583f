"""A real server over the small shop, and the protocol's own client, driven from tests that are not asynchronous."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest
from anyio.from_thread import start_blocking_portal

from generec.cli.talker import ServedTalker
from generec.fidelity.keys import Keys
from generec.loop.generec import GeneRec
from generec.serving.api.app import create_app
from generec.serving.api.rollout import manifest_of
from generec.serving.engine import Engine
from generec.serving.store import Store
from small_world import dataset, trained

mcp = pytest.importorskip("mcp", reason="the protocol's package is not installed")
uvicorn = pytest.importorskip("uvicorn")


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return trained().save(tmp_path_factory.mktemp("mcp-model") / "shop")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("mcp")


@pytest.fixture(scope="module")
def store(place, model):
    with Store.open(f"sqlite:///{place}/store.db", place / "keys") as opened:
        watermark = opened.items.load("default", dataset().catalog, by="test").watermark
        opened.models.add(
            "default", "shop-1", folder=str(model), manifest=manifest_of(model), watermark=watermark, by="test"
        )
        opened.models.activate("default", "shop-1", by="test")
        yield opened


@pytest.fixture(scope="module")
def address(place, store):
    engine = Engine()

    def made(system):
        return GeneRec(system=system, data=dataset(), folder=place / "ledger", keys=Keys(place / "signing"))

    app = create_app(engine, store, ServedTalker(lambda: engine.versions.serving.active.snapshot.system, made))
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="module")
def secret(store):
    def make(scope):
        return store.keys.create("default", "test", [scope], by="test").secret

    return make


@pytest.fixture(scope="session")
def talking():
    """Connects the protocol's client to a server; gives a function that calls a tool, and the client."""

    @contextmanager
    def open_(server):
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(mcp.Client(server)) as client:

            def call(name, **arguments):
                result = portal.call(client.call_tool, name, arguments)
                return result.content[0].text if result.is_error else result.structured_content

            call.tools = portal.call(client.list_tools).tools
            yield call

    return open_
