"""The small shop that the tests ask, as a server for benches: a model, a store, the real loop, at a free port."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from web_world import Site

ROOT = Path(__file__).parent.parent


@contextmanager
def shop(folder: Path) -> Iterator[Site]:
    """A running server with its model and store in a folder (`tests/web/web_world.py`, which the tests use as well)."""
    sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "web")]
    from web_world import running

    from small_world import trained

    with running(trained().save(folder / "model"), folder) as site:
        yield site


def key(site: Site, *scopes: str, tenant: str = "default") -> str:
    """The secret of a new key; from the first one on the server answers nobody without."""
    site.store.tenants.create(tenant)
    return str(site.store.keys.create(tenant, "bench", scopes or ("admin",), by="bench").secret)
