"""A folder whose manifest accounts for every byte: read through it, replaced at once."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import platform
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generec.errors import ArtefactError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

FORMAT, VERSION = "generec artefact", 1
MANIFEST, SEAL = "MANIFEST.json", "MANIFEST.sha256"
_MANIFEST_LIMIT = 64 << 20  # bytes; a manifest is some kilobytes
_LIBRARIES = ("generec", "torch", "numpy", "polars", "safetensors")
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux' renameat2


def sealed(manifest: bytes) -> bytes:
    """What MANIFEST.sha256 must be, to the byte."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()


@dataclass(frozen=True)
class Verified:
    """The contents of a folder that is what its manifest says: no byte changed, no file missing, none added."""

    path: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]

    @staticmethod
    def open(path: str | os.PathLike[str]) -> Verified:
        """Reads every file once, and hashes the very bytes that are used afterwards.

        Links and anything but plain files are refused, and no name leads out of the folder. Raises ArtefactError.
        """
        folder = Path(path)
        while True:
            descriptor = _opened(folder)
            try:
                return _read_all(folder, descriptor)
            except ArtefactError:
                if _is_still(folder, descriptor):
                    raise  # otherwise the folder was replaced while it was read: read the new one
            finally:
                os.close(descriptor)


def _opened(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ArtefactError(
            f"no model at {folder} ({error.strerror}); give the folder that `generec train -o` wrote"
        ) from error


def _is_still(folder: Path, descriptor: int) -> bool:
    """Whether the folder of this name is the one that was opened."""
    try:
        return os.path.samestat(os.stat(folder), os.fstat(descriptor))
    except OSError:
        return True


def _read_all(folder: Path, descriptor: int) -> Verified:
    present = set(os.listdir(descriptor))
    if MANIFEST not in present:
        raise ArtefactError(_no_manifest(folder, present))
    text = _read(folder, descriptor, MANIFEST, None)
    if SEAL not in present or _read(folder, descriptor, SEAL, len(sealed(text))) != sealed(text):
        raise ArtefactError(f"{folder}: {MANIFEST} or {SEAL} is damaged or missing; {_remedy()}")
    manifest = _parse(folder, text)
    listed = manifest["files"]
    expected = {MANIFEST, SEAL, *listed}
    for name in sorted(expected - present):
        raise ArtefactError(f"{folder}: {name} is missing; {_remedy()}")
    for name in sorted(present - expected):
        raise ArtefactError(f"{folder}: {name!r} is not in the manifest; move it out of the folder")
    files: dict[str, bytes] = {}
    for name, entry in listed.items():
        payload = _read(folder, descriptor, name, entry["bytes"])
        if hashlib.sha256(payload).hexdigest() != entry["sha256"]:
            raise ArtefactError(f"{folder}: {name} is damaged (its sha256 is not the manifest's); {_remedy()}")
        files[name] = payload
    return Verified(folder, manifest, files)


def _no_manifest(folder: Path, present: set[str]) -> str:
    seeds = sorted(name for name in present if name.startswith("seed-") and (folder / name / MANIFEST).is_file())
    if seeds:
        return f"{folder} holds {len(seeds)} models, one per seed; name one of them: {folder / seeds[0]}"
    return f"{folder} is no model ({MANIFEST} is missing); give the folder that `generec train -o` wrote"


def _remedy() -> str:
    return "copy the folder again, or train again"


def _read(folder: Path, descriptor: int, name: str, size: int | None) -> bytes:
    """All bytes of one plain file of the folder; refused unless it has the size that it must have."""
    plainly = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # NONBLOCK: a pipe must not make us wait
    try:
        file = os.open(name, plainly, dir_fd=descriptor)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ArtefactError(f"{folder}: {name} is a link; a model is made of plain files, copy it here") from error
        raise ArtefactError(f"{folder}: {name} cannot be read ({error.strerror}); {_remedy()}") from error
    with os.fdopen(file, "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ArtefactError(f"{folder}: {name} is not a plain file; {_remedy()}")
        if found.st_size > _MANIFEST_LIMIT if size is None else found.st_size != size:
            expected = f"at most {_MANIFEST_LIMIT}" if size is None else str(size)
            raise ArtefactError(f"{folder}: {name} has {found.st_size} bytes, expected {expected}; {_remedy()}")
        return stream.read(found.st_size + 1)


def _parse(folder: Path, text: bytes) -> Mapping[str, Any]:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArtefactError(f"{folder}: {MANIFEST} is no JSON ({error}); {_remedy()}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ArtefactError(f"{folder}: {MANIFEST} was not written by generec")
    _check_version(folder, manifest)
    files = manifest.get("files")
    if not isinstance(files, dict):
        raise ArtefactError(f"{folder}: {MANIFEST} lists no files; {_remedy()}")
    for name, entry in files.items():
        if name in ("", ".", "..", MANIFEST, SEAL) or any(mark in name for mark in "/\\\0"):
            raise ArtefactError(f"{folder}: {MANIFEST} lists {name!r}, which is no file of this folder; do not use it")
        sound = isinstance(entry, dict) and isinstance(entry.get("sha256"), str) and isinstance(entry.get("bytes"), int)
        if not sound:
            raise ArtefactError(f"{folder}: {MANIFEST} gives no hash and size of {name}; {_remedy()}")
    return manifest


def _check_version(folder: Path, manifest: Mapping[str, Any]) -> None:
    found = manifest.get("version")
    if not isinstance(found, int) or isinstance(found, bool):
        raise ArtefactError(f"{folder}: {MANIFEST} has no format version; {_remedy()}")
    if found > VERSION:
        libraries = manifest.get("libraries")
        writer = libraries.get("generec", "a later one") if isinstance(libraries, dict) else "a later one"
        raise ArtefactError(
            f"{folder} has format version {found}, this generec reads {VERSION}; install generec {writer} or later"
        )
    if found < VERSION:
        raise ArtefactError(
            f"{folder} has format version {found}, which this generec no longer reads; make it again: "
            + rebuild_command(manifest, folder)
        )


def rebuild_command(manifest: Mapping[str, Any], folder: Path) -> str:
    """The command that trains such a model again."""
    training = manifest.get("training")
    data = training.get("data") if isinstance(training, dict) else None
    directory = data.get("directory") if isinstance(data, dict) else None
    return f"generec train {directory or 'DIR'} --recipe {manifest.get('recipe') or 'NAME'} -o {folder}"


def write_folder(
    path: str | os.PathLike[str], files: Mapping[str, bytes], about: Mapping[str, Any], *, overwrite: bool = False
) -> Path:
    """Writes files with a manifest of them, which says `about` too: all of it or nothing. Read by `Verified.open`.

    Raises UsageError when the folder exists and overwrite is False, or when it holds something that is no artefact.
    """
    target = Path(path).absolute()
    refuse_existing(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        for name, payload in files.items():
            (partial / name).write_bytes(payload)
        written = {n: {"sha256": hashlib.sha256(each).hexdigest(), "bytes": len(each)} for n, each in files.items()}
        head = {"format": FORMAT, "version": VERSION, "libraries": libraries()}
        manifest = as_json({**head, **about, "files": written})
        (partial / MANIFEST).write_bytes(manifest)
        (partial / SEAL).write_bytes(sealed(manifest))
        _sync(partial)
        partial.chmod(0o755)
        _replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def refuse_existing(path: str | os.PathLike[str], overwrite: bool) -> None:
    """Raises UsageError when an artefact may not be written to this folder; asked before a long training too."""
    target = Path(path)
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder for the model")
    if not any(target.iterdir()):
        return
    if not (target / MANIFEST).exists():
        raise UsageError(f"{target} holds files that are no model; name a new folder")
    if not overwrite:
        raise UsageError(f"{target} exists; name another folder, or replace it with --overwrite (overwrite=True)")


def libraries() -> dict[str, str]:
    """What was installed when a folder was written."""
    return {library: version(library) for library in _LIBRARIES} | {"python": platform.python_version()}


def as_json(value: Any) -> bytes:
    """The bytes of a document in a folder."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_tensors(state: Mapping[str, Tensor]) -> bytes:
    """The bytes of tensors in a folder (safetensors)."""
    from safetensors.torch import save

    # Cloned, since safetensors refuses tensors that share memory, as tied weights do.
    payload: bytes = save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()})
    return payload


def _sync(folder: Path) -> None:
    """Puts a folder and its files on the disk."""
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _replace(finished: Path, target: Path) -> None:
    """Moves a finished folder to its place; whoever looks sees the old one or the new one.

    Where the system cannot exchange two folders at once, the old one is moved aside first, and for that moment there
    is none. Both must be siblings.
    """
    if not target.exists():
        finished.rename(target)
    elif _exchanged(finished, target):
        shutil.rmtree(finished)
    else:
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.replaced-", dir=target.parent))
        target.rename(aside / "old")
        finished.rename(target)
        shutil.rmtree(aside)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exchanged(one: Path, other: Path) -> bool:
    """Lets two folders swap names in one step; False where the system has no such call."""
    try:
        exchange = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(exchange(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0)
