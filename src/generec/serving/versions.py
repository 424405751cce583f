"""The models in memory: which one answers whom, and how that changes without anybody noticing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from generec.errors import UsageError, unknown
from generec.serving.batcher import NotServingError
from generec.serving.cache import Answer, Ask, Source
from generec.serving.changes import Change, Deletion, changed
from generec.serving.snapshot import Snapshot
from generec.system import System
from generec.types import Catalog, Request

_LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class Version:
    """One model in memory."""

    name: str
    snapshot: Snapshot
    load: str = field(default_factory=lambda: uuid4().hex)  # a name may be loaded again with another content

    @property
    def source(self) -> Source:
        return self.load, self.snapshot.catalogue

    def change(self, changes: Iterable[Change]) -> None:
        """Makes the next snapshot; answers under way end on the one they began with."""
        before = self.snapshot
        self.snapshot = Snapshot(changed(before.system, changes), before.catalogue + 1)

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """All from one snapshot."""
        snapshot = self.snapshot
        source = self.load, snapshot.catalogue
        return [Answer(slate, self.name, source) for slate in snapshot.slates(asks)]


@dataclass(frozen=True)
class Routing:
    """Who is answered by which version: a value, replaced as a whole, read once per batch.

    shares: what part of the people gets another version than the active one. Who is nobody gets the active one.
    """

    active: Version
    previous: Version | None = None
    shares: tuple[tuple[Version, float], ...] = ()
    experiment: str = ""

    def of(self, person: str | None) -> Version:
        """The same for a person for as long as the experiment lasts, also where its last share grows."""
        if not self.shares or person is None:
            return self.active
        digest = hashlib.blake2b(f"{self.experiment}\x00{person}".encode(), digest_size=8).digest()
        place = int.from_bytes(digest) / 2**64
        for version, share in self.shares:
            if place < share:
                return version
            place -= share
        return self.active


class Versions:
    """Loads, activates, shares and drops models while they are being asked.

    All methods but `answer` belong to the event loop; `answer` runs in the model's thread. Changing who answers is one
    assignment, so no request fails by it and no call to a model mixes two. The version that was active before stays
    in memory for `roll_back`.
    """

    def __init__(self) -> None:
        self.loaded: dict[str, Version] = {}
        self.routing: Routing | None = None
        self.shadow: Version | None = None  # stays in memory, and its catalogue up to date, like those that answer
        self._loading: dict[str, list[Change]] = {}  # changes that came while a version was being loaded
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """One batch under one routing: what each version has to answer goes to it in one piece."""
        routing = self.serving
        by_version: dict[Version, list[int]] = {}
        for place, ask in enumerate(asks):
            by_version.setdefault(routing.of(ask.person), []).append(place)
        found: dict[int, Answer] = {}
        for version, places in by_version.items():
            found.update(zip(places, version.answer([asks[place] for place in places]), strict=True))
        return [found[place] for place in range(len(asks))]

    @property
    def serving(self) -> Routing:
        """Raises NotServingError while no version is active."""
        if self.routing is None:
            raise NotServingError("no model is active yet; ask again in a moment")
        return self.routing

    async def load(
        self, name: str, read: Callable[[], System[Any]], changes: Iterable[Change] = (), *, inserting: bool = True
    ) -> Version:
        """Puts a model into memory, up to date and warm; nobody is answered by it yet.

        read: makes the system, in a thread of its own. changes: those of the catalogue since the artefact's watermark,
        oldest first; read after the system, and those that `change` brings meanwhile follow, so write a change to the
        log before you call it. inserting: encodes an item as well, so that the first insertion does not wait for the
        encoder to be built. Raises UsageError for a name in use, and what reading and replaying raise; nothing changed.
        """
        if name in self.loaded or name in self._loading:
            raise UsageError(f"a version {name!r} is loaded already; give this one another name, or unload that one")
        meanwhile = self._loading[name] = []
        try:
            version = await asyncio.to_thread(_opened, name, read, changes, inserting)
            async with self._changing:
                if meanwhile:
                    await asyncio.to_thread(version.change, tuple(meanwhile))
                self.loaded[name] = version
        finally:
            del self._loading[name]
        return version

    def activate(self, name: str) -> None:
        """From the next batch on this version answers; the one before it stays for `roll_back`."""
        version, before = self.named(name), self.routing
        if before is None:
            self.routing = Routing(version)
        elif version is not before.active:
            shares = tuple(share for share in before.shares if share[0] is not version)
            self.routing = replace(before, active=version, previous=before.active, shares=shares)
            if before.previous is not None and not self._uses(before.previous):
                del self.loaded[before.previous.name]

    def roll_back(self) -> str:
        """Back to the version that was active before, at once; gives its name. Once more goes forward again."""
        previous = self.serving.previous
        if previous is None:
            raise UsageError("there is no version to go back to; activate one by its name")
        self.activate(previous.name)
        return previous.name

    def share(self, shares: Mapping[str, float], experiment: str = "") -> None:
        """Lets versions answer parts of the people, chosen by hash of person and experiment; {} ends it.

        Raises UsageError for the active version, shares outside (0, 1] and more than everybody.
        """
        routing = self.serving
        if routing.active.name in shares:
            raise UsageError(f"{routing.active.name!r} is active and answers the rest; give shares to others")
        if any(not 0 < part <= 1 for part in shares.values()) or sum(shares.values()) > 1:
            raise UsageError(f"shares must be above 0 and at most 1 in all, got {dict(shares)}")
        chosen = tuple((self.named(name), part) for name, part in shares.items())
        self.routing = replace(routing, shares=chosen, experiment=experiment)

    def unload(self, name: str) -> None:
        """Frees a version's memory. Raises UsageError for one that is in use; the previous one may go."""
        version, routing = self.named(name), self.routing
        if routing is not None and version is routing.previous:
            self.routing = replace(routing, previous=None)
        if self._uses(version):
            raise UsageError(f"version {name!r} is in use; activate another one, end its share or its shadow first")
        del self.loaded[name]

    def parts(self) -> dict[str, float]:
        """What part of the people each loaded version answers."""
        parts = dict.fromkeys(self.loaded, 0.0)
        if self.routing is not None:
            parts.update((version.name, share) for version, share in self.routing.shares)
            parts[self.routing.active.name] = 1 - sum(parts.values())
        return parts

    def named(self, name: str) -> Version:
        """A loaded version. Raises UsageError with the nearest name."""
        if name not in self.loaded:
            raise unknown("version", name, self.loaded)
        return self.loaded[name]

    def _uses(self, version: Version) -> bool:
        """Whether anybody is, or after a roll back would be, answered by it, or it is the shadow."""
        routing = self.routing
        shared = () if routing is None else (routing.active, routing.previous, *(of for of, _ in routing.shares))
        return version in (self.shadow, *shared)

    async def change(self, changes: Iterable[Change]) -> None:
        """Changes the catalogue of every version in memory; no answer begun after it returns is without them.

        Raises InputError, and nothing has changed, where the active version cannot take them in. Another one that
        cannot take new items in still loses those that were deleted. A caller that is cancelled does not stop it.
        """
        task = asyncio.create_task(self._change(tuple(changes)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _change(self, changes: Sequence[Change]) -> None:
        async with self._changing:
            active = None if self.routing is None else self.routing.active
            if active is not None:
                await asyncio.to_thread(active.change, changes)
            for meanwhile in self._loading.values():
                meanwhile.extend(changes)
            for version in [version for version in self.loaded.values() if version is not active]:
                try:
                    await asyncio.to_thread(version.change, changes)
                except Exception as error:  # what keeps new items out must not keep deleted ones in
                    _LOG.warning("version %s takes no more of the catalogue's new items: %s", version.name, error)
                    deletions = [change for change in changes if isinstance(change, Deletion)]
                    await asyncio.to_thread(version.change, deletions)


def _opened(name: str, read: Callable[[], System[Any]], changes: Iterable[Change], inserting: bool) -> Version:
    """A version that has replayed the changes and answered once, so that nobody waits for what is built lazily."""
    version = Version(name, Snapshot(read()))
    replayed = tuple(changes)
    if replayed:
        version.change(replayed)
    system = version.snapshot.system
    system.recommend([Request(history=tuple(system.catalog.item_ids[:2])), Request()], 10)
    if inserting:
        system.encoder.encode(Catalog(system.catalog.frame[:1]))
    return version
