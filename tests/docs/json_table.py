"""The tables of docs/json.md: what each command prints with --json, read off what it really prints.

python tests/docs/json_table.py FOLDER     runs the commands in a folder that the quick start left, writes the page
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from doc_pages import ROOT, Shell, programs, shell

PAGE = ROOT / "docs" / "json.md"
BEGIN, END = "<!-- tables: written by tests/docs/json_table.py -->\n", "<!-- end of tables -->\n"
MORE = ROOT / "tests" / "docs" / "json_meanings.json"
"""COMMAND|PATH of a key, a path, or the last part of one -> what it says; the first that is there counts."""

COMMANDS: Mapping[str, str] = {
    "generec doctor": "generec doctor",
    "generec recipes": "generec recipes",
    "generec recipes NAME": "generec recipes sasrec",
    "generec data world": "generec data world -o w --items 200 --users 20",
    "generec data import": "generec data import log.csv --items items.csv -o mine",
    "generec data check": "generec data check mine",
    "generec data split": "generec data split data",
    "generec data forget": "generec data forget w --user u00001",
    "generec data download": "generec data download",
    "generec train": "generec train mine --recipe sasrec -o small --set stages.0.optimisation.epochs=1",
    "generec evaluate": "generec evaluate data --model model --baselines popularity --bootstrap 20 --cases 40",
    "generec inspect": "generec inspect model",
    "generec recommend": "generec recommend model --user u00007 -k 2",
    "generec recommend --all": "generec recommend model --all -k 2 -o all.parquet",
    "generec similar": "generec similar model --item v00010 -k 2",
    "generec insert": "generec insert small new.csv -o small-2",
    "generec chat": "generec chat model --user u00007 -k 2 --say 'calm videos'",
    "generec create": "generec create model --user u00007 --brief 'four calm videos, an hour in total' -o e.txt",
    "generec explain": "generec explain model --user u00007 --item v00165",
    "generec gaps": "generec gaps model --people 2 --stock 1 --rows 2",
    "generec detect": "generec detect e.txt",
    "generec store import": "generec store import --data data",
    "generec store backup": "generec store backup copy",
    "generec store restore": "generec store restore copy --store sqlite:///back.db",
    "generec store migrate": "generec store migrate",
    "generec keys create": "generec keys create one --scope read",
    "generec keys list": "generec keys list",
    "generec keys revoke": "generec keys revoke $(generec keys list | grep -oE '[0-9a-f]{16}' | head -1)",
    "generec retrain --if-drifted": "generec retrain model --if-drifted || true",
    "an error, of any command": "generec inspect nowhere || true",
}
"""As it stands in the page -> what is run, with --json."""
DEPTH = 3  # levels of keys


def printed(bash: Shell) -> dict[str, Any]:
    """What every command prints."""
    bash.run("export GENEREC_STORE=sqlite:///json.db GENEREC_KEYS=$PWD/keys GENEREC_HOME=$PWD/home")
    bash.run(
        "printf 'item_id,title,category\\n%s' 'i1,Oak lamp,lamp\ni2,Tin lamp,lamp\ni3,Oak chair,chair\n' > items.csv"
    )
    rows = "\n".join(f"u{n % 8},i{1 + (n + n // 8) % 3},{1000 + n}" for n in range(48))
    bash.run(
        f"printf 'user_id,item_id,timestamp\n%s\n' '{rows}' > log.csv; printf 'item_id,title\ni4,Tin chair\n' > new.csv"
    )
    found = {}
    for name, command in COMMANDS.items():
        words, _, rest = command.partition(" ||")
        text = bash.run(f"{words} --json 2> errors.txt {'|| true' if rest else ''}")
        found[name] = json.loads(text)
    return found


def tables(found: Mapping[str, Any]) -> str:
    """One table for each command. Raises KeyError for a key of which nobody knows what it says."""
    meanings = json.loads(MORE.read_text(encoding="utf-8"))
    lines: list[str] = []
    for name, value in found.items():
        lines += [f"### {name if name.startswith('an ') else f'`{name}`'}", "", "| Key | | |", "|---|---|---|"]
        lines += [f"| `{path}` | {kind} | {_meaning(meanings, name, path)} |" for path, kind in rows(value)]
        lines.append("")
    return "\n".join(lines)


def _meaning(meanings: Mapping[str, str], name: str, path: str) -> str:
    """Of this key of this command, else of every key of that name."""
    command = name.removeprefix("generec ")
    last = path.rpartition(".")[2]
    for key in (f"{command}|{path}", f"{command.partition(' --')[0]}|{path}", path, last):
        if key in meanings:
            return meanings[key]
    raise KeyError(f"{MORE.name} does not say what {path} of {name} is")


def described(page: str) -> str:
    """The tables that a page has."""
    return page.partition(BEGIN)[2].partition(END)[0]


def rows(value: Any, path: str = "", depth: int = DEPTH) -> Iterator[tuple[str, str]]:
    """Paths of keys and what kind of value stands there; rows of a list are taken together."""
    if isinstance(value, list):
        merged: dict[str, Any] = {}
        for one in value:
            if isinstance(one, dict):
                merged = {**one, **{key: got for key, got in merged.items() if got not in (None, [], {})}}
        if merged:
            yield from rows(merged, path + "[]", depth)
    elif isinstance(value, dict) and depth:
        for key, inner in value.items():
            there = f"{path}.{key}" if path else key
            yield there, _kind(inner)
            if not _open(there):
                yield from rows(inner, there, depth - 1)


def _open(path: str) -> bool:
    """Whether the keys below are data and no part of the format."""
    return path.rpartition(".")[2] in OPEN


OPEN = frozenset((
    "hyperparameters", "recipe", "libraries", "kinds", "training", "watermark", "semantic_ids", "guidance", "trace",
    "drafts", "reports", "slate", "protocol", "metrics", "interval", "difference", "views", "used", "met",
))  # fmt: skip
"""Keys whose values have a form of their own, or data for keys."""


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", dict: "object", list: "list"}
    return kinds[type(value)]


if __name__ == "__main__":
    base, page = Path(sys.argv[1]), PAGE.read_text(encoding="utf-8")
    with programs(base) as found, shell(base, found) as bash:
        PAGE.write_text(page.replace(described(page), tables(printed(bash))), encoding="utf-8")
