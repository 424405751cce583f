"""A whole server over the small shop: a model from its folder, a store in a file, the real loop; no network."""

import json
import logging

import pytest
from api_world import Server, asking

from generec.cli.talker import ServedTalker
from generec.fidelity.keys import Keys
from generec.loop.generec import GeneRec
from generec.serving.api.app import create_app
from generec.serving.api.rollout import manifest_of
from generec.serving.api.settings import Settings
from generec.serving.batcher import Limits
from generec.serving.engine import Engine
from generec.serving.store import Store
from small_world import dataset, trained


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return trained().save(tmp_path_factory.mktemp("model") / "shop")


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db", tmp_path / "keys") as opened:
        yield opened


@pytest.fixture
def again(model, store, tmp_path):
    """Makes the application over the same store, as a restart does."""
    watermark = store.items.load("default", dataset().catalog, by="test").watermark
    seal = manifest_of(model)
    for name in ("one", "two", "three"):
        store.models.add("default", name, folder=str(model), manifest=seal, watermark=watermark, by="test")
    store.models.activate("default", "one", by="test")

    def make(**settings):
        engine = Engine(Limits(timeout=60))

        def made(system):
            return GeneRec(system=system, data=dataset(), folder=tmp_path / "ledger", keys=Keys(tmp_path / "signing"))

        talker = ServedTalker(lambda: engine.versions.serving.active.snapshot.system, made, patience=60)
        return create_app(engine, store, talker, Settings(**{"patience": 300, "body": 100_000, **settings}))

    return make


@pytest.fixture
def app(again):
    return again()


@pytest.fixture
def server(app, store):
    with asking(app) as client:
        yield Server(client, store)


@pytest.fixture
def lines(caplog):
    """The request log, as it is written."""
    caplog.set_level(logging.INFO, logger="generec.serving.requests")
    return lambda: [json.loads(one.message) for one in caplog.records if one.name == "generec.serving.requests"]
