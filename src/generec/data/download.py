"""Fetches public data sets: resumable, checked, licence first, and never half there.

    DIR/ml-1m/                unpacked files, ready for `generec data import`
    DIR/archives/ml-1m.zip    the archive as upstream offers it (sets of plain files have none)
    DIR/checksums.json        sha256 of every file when it was first seen here

A file is compared with the checksum that upstream publishes, where it publishes one, and always with what was
recorded here before: a file that changed upstream is refused until its line in checksums.json is removed.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from generec.data.known_sets import KnownSet, RemoteFile, known_sets
from generec.data.unpack import unpack
from generec.errors import InputError, UsageError, unknown
from generec.fitting.progress import task
from generec.protocols import Task

ATTEMPTS = 3
"""How often an interrupted transfer is taken up again before giving up."""
_PIECE = 1 << 20


@dataclass(frozen=True)
class Downloaded:
    """A set that lies on the disk. `checks`: file name -> how its bytes were checked, for people to read."""

    known: KnownSet
    folder: Path
    files: tuple[Path, ...]
    checks: Mapping[str, str]


def find(name: str) -> KnownSet:
    """The set of this name, with its licence. Raises UsageError with the nearest name."""
    found = known_sets().get(name.lower())
    if found is None:
        raise unknown("data set", name, known_sets())
    return found


def download(
    name: str,
    directory: str | os.PathLike[str],
    accept_licence: bool,
    base_url: str | None = None,
    timeout: float = 30.0,
) -> Downloaded:
    """Fetches a set into directory/name; what is there already is checked, not fetched again.

    accept_licence: False raises UsageError that shows the terms. base_url: a mirror that holds the files by name.
    timeout: seconds without an answer. Raises InputError on a network that does not answer (saying where to put the
    files by hand), on bytes that do not match a checksum, and on archives that are damaged or hostile.
    """
    known, root = find(name), Path(directory).absolute()
    if not accept_licence:
        raise UsageError(
            f"{known.title}: {known.licence} {known.licence_url}\n"
            "Read the terms; then accept them with --accept-licence (in Python: accept_licence=True)"
        )
    folder, checks, paths = root / known.name, {}, []
    for remote in known.files:
        if base_url is not None:
            remote = _mirrored(remote, base_url)
        packed = remote.name.endswith(".zip")
        path = (root / "archives" if packed else folder) / remote.name
        if packed and folder.exists() and not path.exists():
            raise UsageError(f"{folder} exists, but {path} does not; move the folder away, then run this again")
        record = _Record(root / "checksums.json", f"{known.name}/{remote.name}")
        checks[remote.name] = _fetch_checked(remote, path, record, timeout)
        if packed and not folder.exists():
            unpack(path, folder)
        paths += sorted(inside for inside in folder.rglob("*") if inside.is_file()) if packed else [path]
    return Downloaded(known, folder, tuple(paths), checks)


def _mirrored(remote: RemoteFile, base_url: str) -> RemoteFile:
    if urllib.parse.urlsplit(base_url).scheme not in ("http", "https"):
        raise UsageError(f"a mirror must be an http or https address, got {base_url!r}")
    url = f"{base_url.rstrip('/')}/{remote.name}"
    suffix = None if remote.checksum_url is None else remote.checksum_url.removeprefix(remote.url)
    return RemoteFile(remote.name, url, None if suffix is None else url + suffix)


def _fetch_checked(remote: RemoteFile, path: Path, record: _Record, timeout: float) -> str:
    """Brings one file to its place unless it is there, and checks it; returns how it was checked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    there = path.exists()
    if not there:
        _fetch(remote, partial, path, timeout)
    digests = _digests(path if there else partial)
    try:
        how = _compare(remote, digests, record, timeout, there)
    except InputError:
        if not there:
            _forget(partial)
        raise
    if not there:
        os.replace(partial, path)
        _forget(partial)
    return how


def _compare(remote: RemoteFile, digests: Mapping[str, str], record: _Record, timeout: float, there: bool) -> str:
    """Compares with upstream's checksum and with the record; records what was not known."""
    how = []
    if remote.checksum_url is not None:
        published = _published(remote.checksum_url, timeout, optional=there)
        if published is None:
            how.append("upstream's checksum could not be read")
        elif published == digests["md5"]:
            how.append("equals the md5 that upstream publishes")
        else:
            raise InputError(
                f"its md5 is {digests['md5']}, upstream publishes {published}",
                file=remote.name,
                remedy="fetch it again; if this stays, the transfer is tampered with or upstream is inconsistent",
            )
    how.append(record.compare(remote.url, digests["sha256"]))
    return "; ".join(how)


@dataclass(frozen=True)
class _Record:
    """What a file's sha256 was when it was first seen: a line of checksums.json."""

    path: Path
    key: str  # set/file

    def compare(self, url: str, sha256: str) -> str:
        """Says that the bytes are those recorded, or records them; raises InputError when they differ."""
        known = self._read()
        before = known.get(self.key)
        if before is None:
            known[self.key] = {
                "sha256": sha256,
                "url": url,
                "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            _write_atomically(self.path, known)
            return "sha256 recorded on first use"
        day = before["recorded"][:10]
        if before["sha256"] != sha256:
            raise InputError(
                f"changed since it was recorded on {day}: sha256 {before['sha256']} then, {sha256} now",
                file=self.key,
                remedy=f"results on it are not comparable; to accept it, remove {self.key} from {self.path}",
            )
        return f"equals the sha256 recorded on {day}"

    def _read(self) -> dict[str, dict[str, str]]:
        if not self.path.exists():
            return {}
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
            if not all(isinstance(entry[name], str) for entry in known.values() for name in ("sha256", "recorded")):
                raise ValueError("checksums must be texts")
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            place = str(self.path)
            raise InputError(f"no readable record of checksums ({error})", file=place, remedy="repair it") from error
        return dict(known)


def _fetch(remote: RemoteFile, partial: Path, target: Path, timeout: float) -> None:
    """Transfers to the .part file, going on where an earlier transfer stopped."""
    with task(f"download {remote.name}") as bar:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _transfer(remote, partial, timeout, bar)
                return
            except urllib.error.HTTPError as error:
                raise InputError(
                    f"{remote.url} answers {error.code} {error.reason}",
                    file=remote.name,
                    remedy=f"look for the file at the source, put it at {target} and run this again",
                ) from error
            except (OSError, http.client.HTTPException) as error:
                size = partial.stat().st_size if partial.exists() else 0
                if attempt == ATTEMPTS:
                    kept = f"; {size:,} bytes are kept, run this again to go on" if size else ""
                    raise InputError(
                        f"cannot fetch {remote.url} ({error}){kept}",
                        file=remote.name,
                        remedy=f"without a network: put the file at {target} and run this again",
                    ) from error
                time.sleep(0.2 * attempt)


def _transfer(remote: RemoteFile, partial: Path, timeout: float, bar: Task) -> None:
    """One request: the rest of the file if it is unchanged upstream, the whole otherwise.

    Raises OSError when the transfer ends before the announced length.
    """
    mark = partial.with_name(partial.name + ".json")
    have, version = _resumable(partial, mark, remote.url)
    headers = {"User-Agent": "generec", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(remote.url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return  # all of it was here already
        _forget(partial)
        raise OSError("the server cannot go on from here; starting again") from error
    with answer:
        resumed = answer.status == 206 and _begins(answer.headers.get("Content-Range")) == have
        if not resumed:
            if answer.status != 200:
                _forget(partial)
                raise OSError(f"the server sent another part than asked for (status {answer.status})")
            have = 0
        length = answer.headers.get("Content-Length")
        total = None if length is None else have + int(length)
        version = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        _write_atomically(mark, {"url": remote.url, "version": "" if version.startswith("W/") else version})
        bar.advance(0, note=_size(have, total))
        with open(partial, "ab" if resumed else "wb") as sink:
            while piece := answer.read1(_PIECE):
                sink.write(piece)
                have += len(piece)
                bar.advance(len(piece), note=_size(have, total))
    if total is not None and have != total:
        raise OSError(f"the transfer ended at {have:,} of {total:,} bytes")


def _resumable(partial: Path, mark: Path, url: str) -> tuple[int, str]:
    """How many bytes are here of which version of the file; 0 where going on would not be safe."""
    if not partial.exists() or not mark.exists():
        return 0, ""
    try:
        kept = json.loads(mark.read_text(encoding="utf-8"))
    except ValueError:
        return 0, ""
    if kept.get("url") != url or not kept.get("version"):
        return 0, ""
    return partial.stat().st_size, str(kept["version"])


def _begins(content_range: str | None) -> int | None:
    found = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", content_range or "")
    return int(found[1]) if found else None


def _published(url: str, timeout: float, optional: bool) -> str | None:
    """The md5 that upstream publishes; None where it publishes none, or (optional) where it cannot be reached."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "generec"})
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            text = answer.read(4096).decode("utf-8", errors="replace")
    except urllib.error.HTTPError as error:
        if error.code in (403, 404, 410) or optional:
            return None
        raise InputError(f"{url} answers {error.code} {error.reason}", remedy="try again later") from error
    except (OSError, http.client.HTTPException) as error:
        if optional:
            return None
        raise InputError(f"cannot read the checksum at {url} ({error})", remedy="try again later") from error
    found = re.search(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])", text)
    if found is None:
        raise InputError(f"expected an md5 checksum at {url}, got {text[:60]!r}", remedy="try again later")
    return found[0].lower()


def _digests(path: Path) -> dict[str, str]:
    sums = {"md5": hashlib.md5(usedforsecurity=False), "sha256": hashlib.sha256()}
    with open(path, "rb") as source:
        while piece := source.read(_PIECE):
            for digest in sums.values():
                digest.update(piece)
    return {name: digest.hexdigest() for name, digest in sums.items()}


def _write_atomically(path: Path, value: object) -> None:
    partial = path.with_name(path.name + ".new")
    partial.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(partial, path)


def _forget(partial: Path) -> None:
    """Removes what is left of a transfer."""
    partial.unlink(missing_ok=True)
    partial.with_name(partial.name + ".json").unlink(missing_ok=True)


def _size(have: int, total: int | None) -> str:
    return f"{have / 1e6:.1f} MB" + ("" if total is None else f" of {total / 1e6:.1f} MB")
