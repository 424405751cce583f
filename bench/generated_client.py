"""A client generated from the server's own document calls it: recommend, feedback, items, people, a turn, errors.

    python bench/generated_client.py --out docs/results/generated_client.json

The generator, openapi-python-client, wants other versions of libraries than we do: it gets an environment of its own,
in which the client runs as well. It leaves out what it has no types for: drawings, csv, lines of JSON, events.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import written
from shop import key, shop

if TYPE_CHECKING:
    from web_world import Site

GENERATOR = "openapi-python-client>=0.20,<1"


def installed(folder: Path) -> Path:
    """The folder of programs of a new environment with the generator."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", GENERATOR], check=True)
    return folder / "bin"


def generated(site: Site, programs: Path, folder: Path) -> dict[str, Any]:
    """What the generator made of the document, and how its calls ended."""
    document = folder / "openapi.json"
    with urllib.request.urlopen(f"{site.address}/openapi.json", timeout=60) as response:
        document.write_bytes(response.read())
    generate = [programs / "openapi-python-client", "generate", "--path", document, "--meta", "none"]
    made = subprocess.run([*generate, "--output-path", folder / "shop_client"], capture_output=True, text=True)
    if made.returncode:
        raise SystemExit(f"nothing was generated: {made.stdout[-1000:]} {made.stderr[-1000:]}")
    operations = sorted(one.stem for one in (folder / "shop_client" / "api").glob("*/[a-z]*.py"))
    calls = Path(__file__).parent / "generated_calls.py"
    done = subprocess.run(
        [programs / "python", calls, site.address, key(site)], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )  # fmt: skip
    return {
        "operations": operations, "models": len(list((folder / "shop_client" / "models").glob("[a-z]*.py"))),
        "left_out": re.findall(r"WARNING parsing (\S+ \S+)", made.stdout + made.stderr),
        "calls": json.loads(done.stdout) if done.returncode == 0 else {}, "errors": done.stderr[-2000:],
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, help="where the generator is; by default it is installed and dropped")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generec-client-") as place, shop(Path(place)) as site:
        programs = chosen.programs or installed(Path(place) / "environment")
        figures = generated(site, programs, Path(place))
    for name, one in figures.items():
        print(f"{name}: {one}", file=sys.stderr if name == "errors" else sys.stdout)
    if chosen.out is not None:
        written(chosen.out, figures)
    return 0 if figures["calls"] and all(figures["calls"].values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
