"""kill -9 at random moments of writing to the event log: nothing acknowledged is lost, nothing is stored twice.

    python bench/feedback_kills.py --kills 200 --out docs/results/feedback_kills.json

After every kill the log is opened and verified, and the next writer sends the last events again, as a client would
that never saw its acknowledgement. Odd events go one by one, even ones in batches.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from generec.data.entries import Entry
from generec.data.log import EventLog
from measured import written

BATCH, RESENT = 20, 30


def opened(folder: Path) -> EventLog:
    return EventLog.open(f"sqlite:///{folder}/log.db", folder / "keys")


def write(folder: Path, number: int) -> None:
    """Appends for ever from event `number` on; says the number of the last one after each acknowledgement."""
    log = opened(folder)
    print("open", flush=True)
    while True:
        size = BATCH if number % 2 else 1
        batch = [
            Entry(kind="click", user_id=f"u{n % 17}", item_id=f"i{n}", key=f"k{n}", payload={"words": f"said {n}"})
            for n in range(number, number + size)
        ]
        log.append(batch)
        number += size
        print(number - 1, flush=True)


def run(folder: Path, number: int, seed: int) -> dict[str, Any]:
    """So many kills in one folder, and what was wrong afterwards (it should be nothing)."""
    moments, acknowledged = random.Random(seed), -1
    lost: set[int] = set()
    doubled = broken = kills = 0
    for _ in range(number):
        command = [sys.executable, __file__, "--write", str(max(0, acknowledged - RESENT)), "--folder", str(folder)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(moments.uniform(0, 0.4))
        writer.send_signal(signal.SIGKILL)
        said = writer.communicate()[0].split("\n")[:-1]  # a line cut off by the kill says nothing
        kills += writer.returncode == -signal.SIGKILL
        acknowledged = max([acknowledged, *(int(line) for line in said)])
        log = opened(folder)
        stored = [int(item_id[1:]) for item_id in log.events()["item_id"]]
        lost |= set(range(acknowledged + 1)) - set(stored)
        doubled = max(doubled, len(stored) - len(set(stored)))
        broken += log.verify() is not None
        log.engine.dispose()
    return {"kills": kills, "acknowledged": acknowledged + 1, "lost": len(lost), "doubled": doubled, "broken": broken}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    parser.add_argument("--write", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write is not None:
        write(chosen.folder, chosen.write)
    with tempfile.TemporaryDirectory(prefix="generec-feedback-kills-") as workspace:
        figures = run(Path(workspace), chosen.kills, chosen.seed) | {"load": os.getloadavg()[0]}
    print(json.dumps(figures))
    if chosen.out is not None:
        written(chosen.out, {"seed": chosen.seed, **figures})
    return 1 if figures["lost"] or figures["doubled"] or figures["broken"] or figures["kills"] < chosen.kills else 0


if __name__ == "__main__":
    raise SystemExit(main())
