"""A server in a process of its own and a client that asks it, which the benches over HTTP share.

The server is `generec serve`, with its request log in a file. The client speaks HTTP over kept connections, on
asyncio's streams: a library of clients would need as much of the machine as the server does.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from generec.cli.serve import entered
from generec.data.dataset import read_dataset
from generec.decoding.beam import BeamSearch
from generec.recipe.artefact import load
from generec.recipe.record import describe
from generec.serving.api.rollout import manifest_of
from generec.serving.store import DEFAULT as TENANT
from generec.serving.store import Store
from generec.serving.store.imports import Histories
from generec.system import System
from measured import written

PATIENCE = 120  # seconds until nothing is waited for any more
_IDLE = 2.0  # seconds after which a kept connection is not used again: servers close them
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Served:
    """A server that answers. started: seconds from the command to the first answer about its health."""

    process: subprocess.Popen[str]
    host: str
    port: int
    started: float
    log: Path

    def cpu(self) -> float:
        """CPU seconds of the process since it began."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Resident MiB."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE / 2**20

    def stop(self) -> float:
        """Tells it to stop, as a service manager does, and waits: seconds until it has ended."""
        began = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return time.perf_counter() - began


@contextmanager
def served(model: Path, folder: Path, *options: str) -> Iterator[Served]:
    """`generec serve` over the store of a folder; killed at the end where it was not stopped."""
    command = [sys.executable, "-m", "generec", "serve", str(model), "--store", f"sqlite:///{folder}/store.db",
               "--keys", f"{folder}/keys", "--ledger", f"{folder}/ledger", "--port", "0", *options]  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # takes the server along
    # Installed packages are compiled; where a shell forbids it, a clone would be compiled anew at every start.
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    log, began = folder / "server.log", time.perf_counter()
    with log.open("a") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=settings)
    assert process.stdout is not None
    try:
        said = re.search(r"http://([^/:]+):(\d+)/", process.stdout.readline())
        if said is None:
            raise SystemExit(f"the server did not start: {log.read_text()[-2000:]}")
        host, port = said.groups()
        with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=PATIENCE):
            yield Served(process, host, int(port), time.perf_counter() - began, log)
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Asks a server; `asyncio.gather` asks many things at once, each over a connection of its own."""

    host: str
    port: int
    _free: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: object = None) -> Reply:
        """One request. Raises ConnectionError or IncompleteReadError where no whole answer came."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if self._free and time.monotonic() - self._free[-1][0] > _IDLE:
            self.close()
        _, reader, writer = (
            self._free.pop() if self._free else (0.0, *await asyncio.open_connection(self.host, self.port))
        )
        kept = False
        try:
            writer.write(
                f"{method} {path} HTTP/1.1\r\nhost: localhost:{self.port}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(data)}\r\n\r\n".encode()
                + data
            )
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            reply = Reply(int(first.split()[1]), headers, await reader.readexactly(int(headers["content-length"])))
            kept = headers.get("connection") != "close"
        finally:
            if kept:
                self._free.append((time.monotonic(), reader, writer))
            else:
                writer.close()
        return reply

    def close(self) -> None:
        """Ends the connections that are kept."""
        while self._free:
            self._free.pop()[2].close()


@dataclass(frozen=True)
class Asked:
    """A request that was due at a moment. seconds: from that moment to its end, so that waiting anywhere counts."""

    due: float  # seconds from the first one
    seconds: float
    reply: Reply | None
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.reply is not None and self.reply.status == 200


async def arriving(ask: Callable[[int], Awaitable[Reply]], rate: float, number: int, seed: int = 0) -> list[Asked]:
    """So many requests at random moments (Poisson), none of which waits for another; ask: of its number."""
    moments, draw = [0.0], random.Random(seed)
    for _ in range(number - 1):
        moments.append(moments[-1] + draw.expovariate(rate))
    began = time.perf_counter() + 0.01

    async def one(place: int) -> Asked:
        try:
            reply, error = await ask(place), ""
        except (OSError, EOFError) as lost:
            reply, error = None, type(lost).__name__
        return Asked(moments[place], time.perf_counter() - began - moments[place], reply, error)

    tasks = []
    gc.disable()  # it would stop this client for a tenth of a second, and the server would be blamed
    try:
        for place, moment in enumerate(moments):
            await asyncio.sleep(max(0.0, began + moment - time.perf_counter()))
            tasks.append(asyncio.create_task(one(place)))
        return await asyncio.gather(*tasks)
    finally:
        gc.enable()


async def busy(ask: Callable[[int], Awaitable[Reply]], clients: int, number: int) -> tuple[float, list[Reply]]:
    """Requests per second when so many clients ask again as soon as they are answered, and the answers."""
    left, found = iter(range(number)), []

    async def client() -> None:
        for place in left:
            found.append(await ask(place))

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return number / (time.perf_counter() - began), found


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    ordered = sorted(seconds)
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {
        name: round(1000 * ordered[min(len(ordered) - 1, int(at * len(ordered)))], 2) for name, at in places.items()
    }


def histories(data: Path, most: int = 5000) -> dict[str, tuple[str, ...]]:
    """What people did, without the last thing of each."""
    events = pl.read_parquet(data / "events.parquet").group_by("user_id", maintain_order=True).agg("item_id")
    return {user: tuple(items[:-1]) for user, items in events.head(most).iter_rows()}


def with_beam(model: Path, width: int, into: Path) -> Path:
    """A copy of a model that answers by a beam; width 0: the model as it is."""
    return saved(load(model), width, into) if width else model


def saved(system: System[Any], width: int, into: Path) -> Path:
    """A system as a folder, with a beam where a width is given."""
    recipe = dict(system.record["recipe"])
    if width:
        recipe["decoder"] = describe(BeamSearch(width=width))
    system.record = {**system.record, "recipe": recipe}
    return system.save(into)


@contextmanager
def store_of(folder: Path) -> Iterator[Store]:
    """The store of a server that does not run."""
    with Store.open(f"sqlite:///{folder}/store.db", folder / "keys") as store:
        yield store


def filled(folder: Path, model: Path, data: Path | None = None) -> None:
    """A store with the model's catalogue and what people did, as `generec serve` would make it."""
    with store_of(folder) as store:
        entered(store, TENANT, model)
        if data is not None:
            Histories(store, TENANT, read_dataset(data), "bench").bring()


def also(store: Store, name: str, model: Path) -> None:
    """Another version, whose catalogue is taken for the store's as it is now."""
    watermark = store.items.watermark(TENANT)
    store.models.add(TENANT, name, folder=str(model), manifest=manifest_of(model), watermark=watermark, by="bench")


async def settled(server: Served) -> None:
    """Waits until the server does nothing any more: the loop is made, what was served is written."""
    for _ in range(PATIENCE):
        before = server.cpu()
        await asyncio.sleep(1)
        if server.cpu() - before < 0.05:
            return


def options(about: str | None) -> argparse.ArgumentParser:
    """What every bench of a server asks for."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a trained model's folder")
    parser.add_argument("--data", type=Path, required=True, help="the folder of its data")
    parser.add_argument("--beam", type=int, default=20, help="beam width; 0 for the recipe's own decoder")
    parser.add_argument("--busy", action="store_true", help="measure on a loaded machine too; the load is recorded")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    return parser


def quiet(chosen: argparse.Namespace) -> float:
    """The load before; ends where the machine is busy and nobody has accepted that."""
    load = os.getloadavg()[0]
    if load > (os.cpu_count() or 1) / 2 and not chosen.busy:
        raise SystemExit(f"the load is {load:.1f}: wait for a quiet machine, or accept its noise with --busy")
    return round(load, 2)


@dataclass(frozen=True)
class Target:
    """A figure and what it has to be. `most` and `least` are inclusive."""

    name: str
    figure: float
    most: float = float("inf")
    least: float = float("-inf")

    @property
    def met(self) -> bool:
        return self.least <= self.figure <= self.most

    def described(self) -> dict[str, Any]:
        bound = {"most": self.most} if self.most < float("inf") else {"least": self.least}
        return {"name": self.name, "figure": round(self.figure, 3), **bound, "met": self.met}

    def row(self) -> str:
        wanted = f"<= {self.most:g}" if self.most < float("inf") else f">= {self.least:g}"
        return f"{self.name:<46}{self.figure:>12.2f}   {wanted:<12}{'met' if self.met else 'MISSED'}"


def reported(targets: Sequence[Target], figures: dict[str, Any], out: Path | None) -> int:
    """Prints the table, writes the file; 1 where a target is missed."""
    print(json.dumps(figures, indent=1))
    print("\n".join(target.row() for target in targets))
    if out is not None:
        wanted = [target.described() for target in targets]
        written(out, {**figures, "targets": wanted})
    return 0 if all(target.met for target in targets) else 1
