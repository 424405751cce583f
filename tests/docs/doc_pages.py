"""The blocks of a page of the documentation, and a shell that runs them in their order.

    bash, python            run; a failing command fails the page
    title="Output"          compared, loosely, with what the block before printed
    title="NAME.EXT"        a file, written to the folder in which the page runs
    title="Not run …: WHY"  left out, and readers see why

There is no other kind of block.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fork_server import CLIENT

ROOT = Path(__file__).parents[2]
NOT_RUN = "Not run in the tests: "
OUTPUT = "Output"
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?: title=\"(?P<title>[^\"]*)\")?\n(?P<text>.*?)^ *```$", re.M | re.S
)
PORT = "8000"
"""As the pages write it; they run at a free one."""
_FILE = re.compile(r"[\w.-]+\.\w+")
_PATIENCE = 1800  # seconds until a page that hangs is ended
_END = "end-of-block-7c1e"


@dataclass(frozen=True)
class Block:
    """One fenced block. line: where its text begins, counted from 1."""

    language: str
    title: str
    text: str
    line: int

    @property
    def kind(self) -> str:
        """run, output, file or left out. Raises ValueError for a block of which nobody knows what it is for."""
        if self.title.startswith(NOT_RUN):
            if len(self.title) < len(NOT_RUN) + 5:
                raise ValueError(f"line {self.line}: a block that is left out says why")
            return "left out"
        if self.title == OUTPUT:
            return "output"
        if _FILE.fullmatch(self.title):
            return "file"
        if self.language in ("bash", "python") and not self.title:
            return "run"
        raise ValueError(f"line {self.line}: a {self.language} block titled {self.title!r} is nothing that can be run")


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for one in FENCE.finditer(text):
        body = "\n".join(line.removeprefix(one["indent"]) for line in one["text"].splitlines()) + "\n"
        line = text.count("\n", 0, one.start("text")) + 1
        found.append(Block(one["language"], one["title"] or "", body, line))
    return found


@dataclass
class Shell:
    """A bash in a folder; what is set, started or left in one block is there in the next."""

    process: subprocess.Popen[str]
    folder: Path

    def run(self, text: str) -> str:
        """What the commands printed, errors included. Raises AssertionError where one of them fails."""
        script = self.folder / ".block.sh"
        script.write_text(text, encoding="utf-8")
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f". ./.block.sh < /dev/null\necho {_END}\n")
        self.process.stdin.flush()
        printed: list[str] = []
        for line in self.process.stdout:
            if line.rstrip("\n").endswith(_END):
                printed.append(line.rstrip("\n").removesuffix(_END))
                return "".join(printed)
            printed.append(line)
        raise AssertionError(f"it failed:\n{text}\nand printed:\n{''.join(printed)}")


@contextmanager
def shell(folder: Path, programs: Path, **environment: str) -> Iterator[Shell]:
    """A bash that finds `generec` and `python` among the programs, and knows nothing of who runs the tests."""
    home = folder / ".home"
    home.mkdir(exist_ok=True)
    known = {
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "100",
        "OMP_NUM_THREADS": "1", "GENEREC_CACHE": os.environ.get("GENEREC_CACHE", str(programs / "cache")),
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"), **environment,
    }  # fmt: skip
    process = subprocess.Popen(
        ["bash", "--norc", "--noprofile"], cwd=folder, env=known, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    late = threading.Timer(_PATIENCE, lambda: os.killpg(process.pid, signal.SIGKILL))
    late.start()
    try:
        assert process.stdin is not None
        process.stdin.write("set -eo pipefail\n")
        process.stdin.flush()
        yield Shell(process, folder)
    finally:
        late.cancel()
        with suppress(ProcessLookupError):  # what a page left running ends with it
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # of what it was to be told and is not there to hear
                    pipe.close()


@contextmanager
def programs(folder: Path) -> Iterator[Path]:
    """A folder with `generec` and `python`, forked off one process while the block runs."""
    home = tempfile.TemporaryDirectory(prefix="generec-docs-")  # short: the name of a socket has 108 characters at most
    place = f"{home.name}/socket"
    for program in ("generec", "python"):
        script = folder / program
        script.write_text(CLIENT.format(python=sys.executable, place=place, program=program), encoding="utf-8")
        script.chmod(0o755)
    parent = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("fork_server.py")), place], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        yield folder
    finally:
        parent.kill()
        parent.communicate()
        home.cleanup()


def run(page: Path, folder: Path, found: Path, **environment: str) -> None:
    """Runs a page in a folder. Raises AssertionError where a command fails or prints other things than are shown."""
    port = str(free_port())
    printed: str | None = None
    with shell(folder, found, **environment) as bash:
        for number, block in enumerate(blocks(page)):
            where, text = f"{page.name}, line {block.line}", block.text.replace(PORT, port)
            if block.kind == "file":
                (folder / block.title).write_text(text, encoding="utf-8")
            elif block.kind == "output":
                assert printed is not None, f"{where}: output of what?"
                complaint = difference(text, printed, block.language)
                assert not complaint, f"{where}: {complaint}\nprinted was:\n{printed}"
            elif block.kind == "run":
                if block.language == "python":
                    (folder / f".block{number}.py").write_text(text, encoding="utf-8")
                    text = f"python .block{number}.py"
                try:
                    printed = bash.run(text)
                except AssertionError as error:
                    raise AssertionError(f"{where}: {error}") from None
            else:
                printed = None


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def difference(shown: str, printed: str, language: str) -> str:
    """What a reader would miss in what was printed; empty where the page is right.

    JSON: whatever is shown is there, of the same kind; "…" stands for anything, and further keys and rows may follow.
    Text: three of four of the shown lines are there, nearly; numbers may differ, and … stands for whatever is left out.
    """
    if language == "json":
        try:
            return _unlike(json.loads(shown), json.loads(printed[re.search(r"[\[{]", printed + "{").start() :]), "")
        except ValueError as error:
            return f"no JSON: {error}"
    lines = [line for line in map(_plain, printed.splitlines()) if line]
    wanted = [line for line in map(_plain, shown.splitlines()) if line.strip("… ")]
    lost = [line for line in wanted if not any(_near(line, one) for one in lines)]
    return f"not printed: {lost}" if 4 * len(lost) > len(wanted) or len(lost) == len(wanted) > 0 else ""


def _plain(line: str) -> str:
    """A line without what may change: numbers, long names of things, the lines of tables, spaces."""
    line = re.sub(r"\b[0-9a-f]{8,}\b|\bgenerec_\w+", "…", line)
    line = re.sub(r"[\d.,]*\d", "0", line)
    return " ".join(re.sub(r"[┏┓┗┛┡┩├┤└┘│┃━─╇┴┼╭╮╰╯]+", " ", line).split())


def _near(shown: str, printed: str) -> bool:
    if "…" in shown:
        parts = [part.strip() for part in shown.split("…") if part.strip()]
        return all(part in printed for part in parts) or difflib.SequenceMatcher(None, shown, printed).ratio() >= 0.7
    return difflib.SequenceMatcher(None, shown, printed).ratio() >= 0.7


def _unlike(shown: object, printed: object, where: str) -> str:
    if shown == "…":
        return ""
    if isinstance(shown, dict) and isinstance(printed, dict):
        for key, value in shown.items():
            if key not in printed:
                return f"there is no {where}/{key}, only {sorted(printed)}"
            if complaint := _unlike(value, printed[key], f"{where}/{key}"):
                return complaint
        return ""
    if isinstance(shown, list) and isinstance(printed, list):
        wanted: Sequence[object] = [one for one in shown if one != "…"]
        if len(wanted) > len(printed):
            return f"{where} has {len(printed)} rows"
        found = (
            _unlike(one, other, f"{where}/{at}") for at, (one, other) in enumerate(zip(wanted, printed, strict=False))
        )
        return next(filter(None, found), "")
    numbers = isinstance(shown, int | float) and isinstance(printed, int | float)
    same = type(shown) is type(printed) or (numbers and isinstance(shown, bool) == isinstance(printed, bool))
    return "" if same else f"{where} is {printed!r}"
