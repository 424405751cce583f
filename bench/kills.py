"""kill -9 at random moments of `generec train`: every checkpoint stays readable, the resumed weights are identical.

python bench/kills.py --kills 20 --out docs/results/kills.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generec.data.dataset import write_dataset
from generec.data.world import make_world
from generec.fitting.checkpoint import read_checkpoint
from measured import written


def command(data: Path, model: Path) -> list[str]:
    return [sys.executable, "-m", "generec", "train", str(data), "--recipe", "sasrec", "-o", str(model), "--resume",
            "--threads", "1", "--quiet", "--checkpoint-seconds", "0.2", "--set",
            "stages.0.optimisation.epochs=12"]  # fmt: skip


def weights(model: Path) -> str:
    return hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()


def await_checkpoint(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Returns when the process has written a checkpoint of its own, or has ended."""
    started = time.time()
    while process.poll() is None:
        if any(path.stat().st_mtime > started for path in folder.glob("*.checkpoint.safetensors") if path.exists()):
            return
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    moments = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        data, whole, broken = (Path(folder) / name for name in ("data", "whole", "broken"))
        write_dataset(make_world(items=500, users=1500, seed=0).dataset, data)
        begun = time.monotonic()
        subprocess.run(command(data, whole), check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - begun
        kills = unreadable = 0
        while not broken.exists():
            process = subprocess.Popen(command(data, broken), stdout=subprocess.DEVNULL)
            if kills < asked.kills:
                if moments.random() < 0.8:
                    await_checkpoint(process, broken.with_name("broken.run"))
                    time.sleep(moments.uniform(0, 0.5))
                else:  # while it starts, reads, encodes, or finishes
                    time.sleep(moments.uniform(0, 6))
                process.send_signal(signal.SIGKILL)
            process.wait()
            if process.returncode not in (0, -signal.SIGKILL):
                raise SystemExit(f"training ended with {process.returncode}")
            kills += process.returncode == -signal.SIGKILL
            for path in broken.with_name("broken.run").glob("*.safetensors"):
                try:
                    read_checkpoint(path)
                except Exception as error:  # every kind of damage counts
                    print(f"{path.name}: {error}")
                    unreadable += 1
        result = {"kills": kills, "unreadable": unreadable, "identical": weights(whole) == weights(broken),
                  "uninterrupted_seconds": round(seconds, 1)}  # fmt: skip
    print(json.dumps(result))
    if asked.out:
        written(asked.out, result)
    if unreadable or not result["identical"] or kills < asked.kills:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
