"""Opens what a person points at without trusting it: no links out of the folder, no archives, no endless lines."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from generec.data.importers.findings import Findings
from generec.errors import InputError

MAX_LINE = 2 << 20  # bytes; about 250,000 events of one person
MAX_FILES = 10_000
CHUNK = 1 << 20
INFLATED_FREELY = 16 << 20  # bytes a gzip may always grow to
MAX_RATIO = 100  # beyond that, output per input byte; text compresses 3 to 30 times

_ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"(\xb5/\xfd": "a zstandard archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
}
_PROGRAMS = {
    b"\x93NUMPY": "a numpy array",
    b"\x89HDF": "an HDF5 file",
    b"\x7fELF": "a program",
    b"SQLite format": "a database",
}
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".npy", ".npz", ".joblib", ".dill")
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class File:
    """A regular file that may be read, and the name by which messages call it."""

    path: Path
    name: str

    @property
    def stem(self) -> str:
        """Name without folders, compression and ending, in lower case."""
        base = self.name.rsplit("/", 1)[-1].lower()
        return base.removesuffix(".gz").rsplit(".", 1)[0]

    @property
    def ending(self) -> str:
        base = self.name.lower().removesuffix(".gz")
        return base.rsplit(".", 1)[-1] if "." in base.rsplit("/", 1)[-1] else ""


class TruncatedError(Exception):
    """A compressed stream that ends early or is damaged; what came before it is good."""


def list_files(source: Path, findings: Findings) -> list[File]:
    """The regular files of a folder (two levels deep, hidden ones left out), or the one file named.

    Raises InputError for a missing source and, unless repairing, for links that lead out of the folder.
    """
    if not source.exists():
        raise InputError("no such file or folder", file=str(source), remedy="check the path")
    if not source.is_dir():
        if not stat.S_ISREG(source.stat().st_mode):
            raise InputError("not a regular file", file=str(source), remedy="name a file or a folder of files")
        return [File(source, source.name)]
    root = source.resolve()
    found: list[File] = []
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        depth = len(here.relative_to(root).parts)
        folders[:] = sorted(n for n in folders if depth < 2 and not n.startswith(".") and not (here / n).is_symlink())
        for name in sorted(names):
            path = here / name
            shown = str(path.relative_to(root))
            if name.startswith(".") or not _may_read(path, root, shown, findings):
                continue
            found.append(File(path, shown))
            if len(found) > MAX_FILES:
                raise InputError(
                    f"more than {MAX_FILES} files", file=str(source), remedy="name the folder of one data set"
                )
    return found


def _may_read(path: Path, root: Path, shown: str, findings: Findings) -> bool:
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
        findings.fault(
            "link out of the folder",
            "a link leads out of the folder",
            file=shown,
            remedy="replace it by the file it means",
            repair="it is not read",
        )
        return False
    return path.is_file() and stat.S_ISREG(path.stat().st_mode)


def head(file: File, size: int = 1 << 16) -> bytes:
    """The first bytes of the (decompressed) content."""
    kept = b""
    try:
        for chunk in chunks(file):
            kept += chunk
            if len(kept) >= size:
                break
    except TruncatedError:
        pass  # reported by the pass that reads the whole file
    return kept[:size]


def refuse(file: File) -> None:
    """Raises InputError for what is never opened: pickles, archives, programs."""
    with file.path.open("rb") as stream:
        start = stream.read(512)
    _refuse_content(file, start)


def _refuse_content(file: File, start: bytes) -> None:
    if file.name.lower().endswith(PICKLES) or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
        raise InputError(
            "a pickle or array file can run code when it is opened; it is never read",
            file=file.name,
            remedy="write csv or parquet with the tool that made it",
        )
    kinds = {**_ARCHIVES, **_PROGRAMS}
    kind = next((kind for magic, kind in kinds.items() if start.startswith(magic)), None)
    if kind is None and start[257:262] == b"ustar":
        kind = "a tar archive"
    if kind is not None:
        raise InputError(
            f"{kind}, not a table",
            file=file.name,
            remedy="unpack it yourself and name the folder (.gz files are read as they are)",
        )


def chunks(file: File) -> Iterator[bytes]:
    """The content in pieces of at most CHUNK bytes, gzip undone by its first bytes.

    Raises InputError for a gzip inside a gzip, an archive inside one or one that swells like a bomb; TruncatedError,
    after everything readable, for one that ends early.
    """
    with file.path.open("rb") as stream:
        first = stream.read(CHUNK)
        if first.startswith(GZIP):
            yield from _inflate(file, stream, first)
            return
        while first:
            yield first
            first = stream.read(CHUNK)


def _inflate(file: File, stream: BinaryIO, data: bytes) -> Iterator[bytes]:
    produced = consumed = 0
    inflate = zlib.decompressobj(wbits=31)
    while data:
        consumed += len(data)
        while data or not inflate.eof:
            try:
                out = inflate.decompress(data, CHUNK)
            except zlib.error as error:
                raise TruncatedError(str(error)) from error
            if produced == 0 and out:
                _refuse_nested(file, out)
            produced += len(out)
            if produced > INFLATED_FREELY and produced > MAX_RATIO * consumed:
                raise InputError(
                    f"{consumed} compressed bytes swell to more than {produced}: a decompression bomb",
                    file=file.name,
                    remedy="unpack it yourself if you trust it",
                )
            if out:
                yield out
            data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            if inflate.eof and data.strip(b"\0"):
                inflate = zlib.decompressobj(wbits=31)  # gzip files may be several streams in a row
            elif inflate.eof or not (out or data):
                break
        data = stream.read(CHUNK)
        if inflate.eof and data.strip(b"\0"):
            inflate = zlib.decompressobj(wbits=31)
        elif inflate.eof:
            data = b""
    if not inflate.eof:
        raise TruncatedError("the compressed stream ends early")


def _refuse_nested(file: File, start: bytes) -> None:
    if start.startswith(GZIP):
        raise InputError("a gzip inside a gzip", file=file.name, remedy="unpack it once")
    _refuse_content(file, start)


def lines(file: File) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their number from 1, without line end; None, at once, for one longer than MAX_LINE, never held.

    Stretches of blank lines may be left out. Raises TruncatedError after the last whole line of a compressed file that
    ends early.
    """
    number, rest, skipping = 1, b"", False
    for chunk in chunks(file):
        if not rest and not skipping and not chunk.strip(b"\r\n"):
            number += chunk.count(b"\n")
            continue
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            if not skipping:
                yield number, None if len(piece) > MAX_LINE else piece.removesuffix(b"\r")
            skipping = False
            number += 1
        if skipping:
            rest = b""
        elif len(rest) > MAX_LINE:
            yield number, None
            rest, skipping = b"", True
    if rest and not skipping:
        yield number, rest.removesuffix(b"\r")
