"""A real server over the small shop at a port of this machine, and the official client of the protocol."""

import socket
import threading
import time

import pytest

from generec.cli.talker import ServedTalker
from generec.fidelity.keys import Keys
from generec.loop.generec import GeneRec
from generec.serving.api.app import create_app
from generec.serving.api.rollout import manifest_of
from generec.serving.api.settings import Settings
from generec.serving.engine import Engine
from generec.serving.store import Store
from small_world import dataset, trained

openai = pytest.importorskip("openai", reason="the client package is not installed")
uvicorn = pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("openai")


@pytest.fixture(scope="module")
def store(place):
    model = trained().save(place / "shop")
    with Store.open(f"sqlite:///{place}/store.db", place / "keys") as opened:
        watermark = opened.items.load("default", dataset().catalog, by="test").watermark
        opened.models.add(
            "default", "shop-1", folder=str(model), manifest=manifest_of(model), watermark=watermark, by="test"
        )
        opened.models.activate("default", "shop-1", by="test")
        yield opened


@pytest.fixture(scope="module")
def served(place, store):
    """The application and its address."""
    engine = Engine()

    def made(system):
        return GeneRec(system=system, data=dataset(), folder=place / "ledger", keys=Keys(place / "signing"))

    talker = ServedTalker(lambda: engine.versions.serving.active.snapshot.system, made)
    app = create_app(engine, store, talker, Settings(patience=120, talks=4))
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield app, f"http://127.0.0.1:{bound.getsockname()[1]}/openai/v1"
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="module")
def secret(store):
    """Makes a key of the server's tenant, or of another."""

    def make(*scopes, tenant="default"):
        store.tenants.create(tenant)
        return store.keys.create(tenant, "test", scopes or ("read",), by="test").secret

    return make


@pytest.fixture(scope="module")
def connect(served):
    """Clients of the server by their key."""
    made = []

    def make(key):
        made.append(openai.OpenAI(base_url=served[1], api_key=key, max_retries=0, timeout=120))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(scope="module")
def client(connect, secret):
    return connect(secret("read"))
