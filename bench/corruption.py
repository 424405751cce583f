"""Damages a saved model in every way and counts how often loading notices: it must be every time.

    python bench/corruption.py                          a model trained for the purpose
    python bench/corruption.py --model MODEL --out corruption.json

Bits are drawn uniformly over all bytes of the folder, and, since small files would hardly be hit, evenly over its files
as well (half of them each); truncations cut every file in turn. The model given is only read.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from generec.errors import ArtefactError
from generec.fitting.progress import Bars, reporting, task
from generec.recipe.artefact import load
from generec.system.folder import Verified
from measured import written

_SAVE_FOREVER = """
import sys
from generec.recipe.artefact import load
system = load(sys.argv[1])
while True:
    system.save(sys.argv[2], overwrite=True)
    print("saved", flush=True)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model folder; one is trained when none is given")
    parser.add_argument("--bits", type=int, default=1000)
    parser.add_argument("--truncations", type=int, default=100)
    parser.add_argument("--kills", type=int, default=20, help="kill -9 while a model is being replaced")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    draw = random.Random(chosen.seed)
    with tempfile.TemporaryDirectory(prefix="generec-corruption-") as workspace, reporting(Bars()):
        folder = chosen.model or _trained(Path(workspace) / "model")
        load(folder)  # what is whole must load
        figures = {
            "model": str(chosen.model or "trained for this"),
            "bytes": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
            "seed": chosen.seed,
            "bits": _bits(folder, Path(workspace) / "copy", chosen.bits, draw),
            "truncations": _truncations(folder, Path(workspace) / "copy", chosen.truncations, draw),
            "kills": _kills(folder, Path(workspace) / "killed", chosen.kills, draw),
        }
    for name in ("bits", "truncations", "kills"):
        print(f"{name}: {figures[name]}")
    if chosen.out is not None:
        written(chosen.out, figures)
    return 1 if any(figures[name]["failed"] for name in ("bits", "truncations", "kills")) else 0


def _trained(place: Path) -> Path:
    """A small model of the embedded world."""
    from generec.data.world import make_world
    from generec.recipe.record import override
    from generec.recipes import recipe

    settings = ["stages.0.optimisation.epochs=1"]
    system = override(recipe("one_pass"), settings).fit(make_world(items=200, users=200, seed=0).dataset).system
    return Path(system.save(place))


def _bits(folder: Path, copy: Path, number: int, draw: random.Random) -> dict[str, Any]:
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    names = list(sizes)
    hits: Counter[str] = Counter()
    failed, slowest = [], 0.0
    with task("flip bits", number) as bar:
        for trial in range(number):
            by_size = draw.choices(names, weights=list(sizes.values()))[0]
            name = names[trial // 2 % len(names)] if trial % 2 else by_size
            position, bit = draw.randrange(sizes[name]), draw.randrange(8)
            damaged = bytearray((folder / name).read_bytes())
            damaged[position] ^= 1 << bit
            began = time.perf_counter()
            if not _refused(folder, copy, name, bytes(damaged)):
                failed.append({"file": name, "byte": position, "bit": bit})
            slowest = max(slowest, time.perf_counter() - began)
            hits[name] += 1
            bar.advance()
    return {"tried": number, "refused": number - len(failed), "failed": failed, "by_file": dict(sorted(hits.items())),
            "slowest_seconds": round(slowest, 3)}  # fmt: skip


def _truncations(folder: Path, copy: Path, number: int, draw: random.Random) -> dict[str, Any]:
    names = sorted(path.name for path in folder.iterdir())
    failed = []
    with task("truncate", number) as bar:
        for trial in range(number):
            name = names[trial % len(names)]
            payload = (folder / name).read_bytes()
            length = draw.randrange(len(payload))
            if not _refused(folder, copy, name, payload[:length]):
                failed.append({"file": name, "length": length})
            bar.advance()
    return {"tried": number, "refused": number - len(failed), "failed": failed}


def _refused(folder: Path, copy: Path, name: str, payload: bytes) -> bool:
    """Whether a copy of the folder with one file changed is refused by an error that is meant."""
    if not copy.exists():
        shutil.copytree(folder, copy)
    (copy / name).write_bytes(payload)
    try:
        load(copy)
    except ArtefactError:
        return True
    finally:
        shutil.copyfile(folder / name, copy / name)
    return False


def _kills(folder: Path, target: Path, number: int, draw: random.Random) -> dict[str, Any]:
    """Kills a process that replaces a model again and again: what is there afterwards must be whole."""
    failed, saved = [], 0
    with task("kill while saving", number) as bar:
        for _ in range(number):
            process = subprocess.Popen(
                [sys.executable, "-c", _SAVE_FOREVER, str(folder), str(target)], stdout=subprocess.PIPE, text=True
            )
            assert process.stdout is not None
            process.stdout.readline()  # the first one is there
            time.sleep(draw.random() * 0.5)
            process.send_signal(signal.SIGKILL)
            saved += 1 + process.communicate()[0].count("saved")
            try:
                Verified.open(target)
            except ArtefactError as error:
                failed.append(str(error))
            bar.advance()
    return {"tried": number, "whole": number - len(failed), "failed": failed, "models_written": saved}


if __name__ == "__main__":
    raise SystemExit(main())
