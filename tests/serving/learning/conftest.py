"""A store with a shop in it, and a first version that serves."""

import shutil

import learning_world
import pytest

from generec.serving.store import Store


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory):
    import torch

    torch.set_num_threads(1)
    return learning_world.first(tmp_path_factory.mktemp("first") / "shop")


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A store in a file, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    with Store.open(f"sqlite:///{folder}/store.db", folder / "keys") as store:
        learning_world.fill(store)
    return folder


@pytest.fixture
def place(filled, tmp_path):
    shutil.copyfile(filled / "store.db", tmp_path / "store.db")
    shutil.copytree(filled / "keys", tmp_path / "keys")
    return f"sqlite:///{tmp_path}/store.db", tmp_path / "keys"


@pytest.fixture
def store(place):
    with Store.open(*place) as opened:
        yield opened


@pytest.fixture
def served(store, trained_folder, tmp_path):
    """The store with its first version in charge."""
    shutil.copytree(trained_folder, tmp_path / "models" / "shop")
    learning_world.serve(store, tmp_path / "models" / "shop")
    return store
