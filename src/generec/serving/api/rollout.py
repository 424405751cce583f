"""The versions of the store in the engine: what is written there and who answers here change together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generec.errors import ArtefactError
from generec.serving.changes import Change, Deletion, Upsert
from generec.serving.engine import Engine
from generec.serving.shadow import Agreement
from generec.serving.store import Store
from generec.serving.store.dataset import replaced
from generec.serving.store.models import ModelVersion
from generec.system import System


@dataclass
class Rollout:
    """Brings versions of one tenant into memory and lets them answer."""

    engine: Engine
    store: Store
    tenant: str
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def restore(self) -> None:
        """Loads what answered when the server stopped: the active version, trials and the shadow."""
        async with self._turn:
            known = await asyncio.to_thread(self.store.models.list, self.tenant)
            active = next((one for one in known if one.state == "active"), None)
            if active is None:
                return
            await self._load(active)
            self.engine.versions.activate(active.version)
            for one in known:
                if one.share or one.state == "shadow":
                    await self._load(one)
            self._share(known)
            for one in known:
                if one.state == "shadow":
                    await self.engine.shadow(one.version)

    async def activate(self, version: str, by: str) -> ModelVersion:
        """Lets a version answer; nothing changes where it cannot be loaded."""
        async with self._turn:
            await self._load(await asyncio.to_thread(self.store.models.get, self.tenant, version))
            before = await asyncio.to_thread(self.store.models.active, self.tenant)
            done = await asyncio.to_thread(self.store.models.activate, self.tenant, version, by=by)
            self.engine.versions.activate(version)
            if before is not None and before.version != version:
                await asyncio.to_thread(replaced, self.store, self.tenant, before.version, version)
            return done

    async def roll_back(self, by: str) -> ModelVersion:
        """Back to the version before; at once where it is still in memory."""
        async with self._turn:
            active = await asyncio.to_thread(self.store.models.active, self.tenant)
            if active is not None and active.replaced is not None:
                await self._load(await asyncio.to_thread(self.store.models.get, self.tenant, active.replaced))
            done = await asyncio.to_thread(self.store.models.roll_back, self.tenant, by=by)
            self.engine.versions.activate(done.version)
            if active is not None:
                await asyncio.to_thread(replaced, self.store, self.tenant, active.version, done.version)
            return done

    async def try_out(self, version: str, share: float, by: str) -> ModelVersion:
        """Gives a candidate a share of the people; 0 ends the trial."""
        async with self._turn:
            if share:
                await self._load(await asyncio.to_thread(self.store.models.get, self.tenant, version))
            done = await asyncio.to_thread(self.store.models.try_out, self.tenant, version, share=share, by=by)
            self._share(await asyncio.to_thread(self.store.models.list, self.tenant))
            return done

    async def shadow(self, version: str, by: str) -> ModelVersion:
        """Lets a version answer unseen, in place of the shadow before."""
        async with self._turn:
            await self._load(await asyncio.to_thread(self.store.models.get, self.tenant, version))
            await self._end_shadows(by, version)
            done = await asyncio.to_thread(self.store.models.shadow, self.tenant, version, by=by)
            await self.engine.shadow(version)
            self._share(await asyncio.to_thread(self.store.models.list, self.tenant))
            return done

    async def end_shadow(self, by: str) -> Agreement | None:
        """Ends the shadow; what it found."""
        async with self._turn:
            await self._end_shadows(by, None)
            return await self.engine.shadow(None)

    async def _end_shadows(self, by: str, but: str | None) -> None:
        for one in await asyncio.to_thread(self.store.models.list, self.tenant):
            if one.state == "shadow" and one.version != but:
                await asyncio.to_thread(self.store.models.retire, self.tenant, one.version, by=by)

    async def changed(self, watermark: int) -> None:
        """Takes into memory what happened to the catalogue after a watermark; the store has it already."""
        changes = await asyncio.to_thread(lambda: tuple(self._changes(watermark)))
        if changes:
            await self.engine.versions.change(changes)

    async def _load(self, model: ModelVersion) -> None:
        if model.version not in self.engine.versions.loaded:
            missed = self._changes(model.watermark)  # a generator: read after the system
            await self.engine.versions.load(model.version, lambda: _opened(model), missed)

    def _share(self, known: tuple[ModelVersion, ...]) -> None:
        shares = {one.version: one.share for one in known if one.share and one.version in self.engine.versions.loaded}
        self.engine.versions.share(shares, self.tenant)

    def _changes(self, watermark: int) -> Iterator[Change]:
        found = self.store.items.changes_since(self.tenant, watermark)
        if len(found.items):
            yield Upsert(found.items)
        if found.removed:
            yield Deletion(found.removed)


def _opened(model: ModelVersion) -> System[Any]:
    from generec.recipe.artefact import load

    if manifest_of(Path(model.folder)) != model.manifest:
        raise ArtefactError(f"the folder of version {model.version!r} holds another model than was entered; enter it")
    return load(model.folder)


def manifest_of(folder: Path) -> str:
    """The sha256 of a model's manifest. Raises ArtefactError where there is none."""
    import hashlib

    try:
        return hashlib.sha256((folder / "MANIFEST.json").read_bytes()).hexdigest()
    except OSError:
        raise ArtefactError(f"there is no model {folder.name!r} any more; `generec train` writes one") from None
