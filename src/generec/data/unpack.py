"""Unpacks archives from outside without letting them escape, explode or leave half of themselves behind."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from generec.errors import InputError

MEMBERS = 10_000
"""More files than this are refused."""
RATIO = 100
"""A member may not grow by more than this factor (the text of ratings grows by about 5)."""
SLACK = 1 << 20
"""Bytes that any member may have whatever its ratio: short repetitive files pack well."""
_PIECE = 1 << 20


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a zip file into a new folder; a single top folder inside the archive is left out.

    Everything is checked before the first byte is written, and again while bytes are written; the folder appears
    whole or not at all. Raises InputError naming the archive and the member on absolute paths, `..`, links, special
    files, encryption, doubled names, damage, or sizes beyond MEMBERS, RATIO and the free space of the disk.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened, archive, shutil.disk_usage(folder.parent).free)
            partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
            try:
                for member, path in members:
                    _write(opened, member, partial / path, archive)
                partial.chmod(0o755)
                partial.rename(folder)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(
            f"a damaged zip file ({error})", file=str(archive), remedy="delete it, then fetch it again"
        ) from error


def _checked(opened: zipfile.ZipFile, archive: Path, free: int) -> list[tuple[zipfile.ZipInfo, Path]]:
    """The files of the archive and where they go."""
    files = [member for member in opened.infolist() if not member.is_dir()]
    if len(opened.infolist()) > MEMBERS:
        raise InputError(f"{len(opened.infolist()):,} members, at most {MEMBERS:,} are unpacked", file=str(archive))
    paths = [_path(member, archive) for member in files]
    tops = {path.parts[0] for path in paths}
    strip = 1 if len(tops) == 1 and all(len(path.parts) > 1 for path in paths) else 0
    kept = [Path(*path.parts[strip:]) for path in paths]
    seen: set[str] = set()
    for path in kept:
        if str(path).casefold() in seen:
            raise InputError(f"the member {path} occurs twice", file=str(archive))
        seen.add(str(path).casefold())
    total = sum(member.file_size for member in files)
    if total > free:
        raise InputError(f"{total:,} bytes unpacked, but {free:,} are free on the disk", file=str(archive))
    return list(zip(files, kept, strict=True))


def _path(member: zipfile.ZipInfo, archive: Path) -> PurePosixPath:
    """The member's path inside the folder; raises InputError where it is none or the member is no plain file."""
    name, path = member.orig_filename, PurePosixPath(member.filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    unsafe = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name or not path.parts
    if unsafe:
        raise InputError(f"the member {name!r} would leave the folder", file=str(archive))
    if kind not in (0, stat.S_IFREG):
        raise InputError(f"the member {name!r} is a link or a special file", file=str(archive))
    if member.flag_bits & 1:
        raise InputError(f"the member {name!r} is encrypted", file=str(archive))
    if member.file_size > RATIO * member.compress_size + SLACK:
        raise InputError(
            f"the member {name!r} grows from {member.compress_size:,} to {member.file_size:,} bytes, more than "
            f"{RATIO} times",
            file=str(archive),
        )
    return path


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, archive: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(member) as source, open(target, "xb") as sink:
        while piece := source.read(_PIECE):
            written += len(piece)
            if written > member.file_size:
                raise InputError(f"the member {member.filename!r} is longer than it declares", file=str(archive))
            sink.write(piece)
        sink.flush()
        os.fsync(sink.fileno())
