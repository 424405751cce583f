"""Pictures of items from a folder: what may be shown, at addresses that nobody can guess."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from generec.errors import UsageError

LARGEST = 8 << 20  # bytes of one picture
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Picture:
    """Bytes that are what their type says."""

    content: bytes
    media_type: str


@dataclass(eq=False)
class Pictures:
    """A folder with pictures named by item id. No name of a request ever becomes a path: the folder is listed.

    An address holds a signature, so that an <img>, which sends no key, shows what its page was given and nothing else;
    it changes with the file, so that browsers may keep what they have. Raises UsageError where there is no folder.
    """

    folder: Path
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _listed: tuple[int, dict[str, str]] = (-1, {})  # when the folder last changed, in nanoseconds; id -> file name

    def __post_init__(self) -> None:
        if not self.folder.is_dir():
            raise UsageError(f"--pictures expects a folder of pictures named by item id, and {self.folder} is none")
        self.folder = self.folder.resolve()

    def address(self, item_id: str) -> str | None:
        """Where a page finds the picture of an item; None where there is none."""
        name = self._names().get(item_id)
        try:
            found = None if name is None else os.lstat(self.folder / name)
        except OSError:
            return None
        if found is None or not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return None
        return f"/pictures/{self._signed(item_id, found.st_mtime_ns)}/{quote(item_id, safe='')}"

    def read(self, item_id: str, signature: str) -> Picture | None:
        """The picture at an address; None where the address is not right (any more) or the file is no picture."""
        name = self._names().get(item_id)
        if name is None:
            return None
        try:
            handle = os.open(self.folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            right = hmac.compare_digest(self._signed(item_id, about.st_mtime_ns).encode(), signature.encode())
            if not right or not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
                return None
            content = file.read(LARGEST)
        kind = media_type(content)
        return None if kind is None else Picture(content, kind)

    def _names(self) -> dict[str, str]:
        changed = os.stat(self.folder).st_mtime_ns
        if changed != self._listed[0]:
            with os.scandir(self.folder) as entries:
                files = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
            named = {unquote(name.rpartition(".")[0]): name for name in files if name.lower().endswith(_ENDINGS)}
            self._listed = changed, named
        return self._listed[1]

    def _signed(self, item_id: str, changed: int) -> str:
        return hmac.new(self._key, f"{changed}/{item_id}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


def media_type(content: bytes) -> str | None:
    """What a file is by its first bytes; None for what is no PNG, JPEG or WebP: a drawing in SVG can hold scripts."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None
