"""Keys: a master key that lies apart from any store, the keys of people that it wraps, and what is sealed with them.

The master key wraps the key of every person and says, without telling the user id, which rows are theirs, so that a
copy of the store alone names nobody and opens nothing. A copy made before a person was deleted, together with the
master key, still reads that person: such copies must expire.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from generec.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy.engine import Row

KEY_FILE = "log.key"
KEY_BYTES = 32
_NONCE = 12


@dataclass(frozen=True)
class Vault:
    """The master key and what is derived from it."""

    master: bytes = field(repr=False)

    @staticmethod
    def open(directory: str | os.PathLike[str]) -> Vault:
        """The vault of a folder; the first call makes the folder (mode 0700) and its key (mode 0600).

        Raises InputError when the key can be read by others, is no key, or is a link.
        """
        path = Path(directory) / KEY_FILE
        if not path.is_symlink() and not path.exists():
            _create(path)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        except OSError as error:
            raise InputError(f"the key cannot be read ({error.strerror})", file=str(path)) from error
        with os.fdopen(descriptor, "rb") as stream:
            mode, text = os.fstat(stream.fileno()).st_mode, stream.read(4 * KEY_BYTES)
        if stat.S_IMODE(mode) & 0o077:
            raise InputError("others may read the key", file=str(path), remedy=f"chmod 600 {path}")
        try:
            key = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            remedy = "bring the key back from its backup"
            raise InputError(f"expected {KEY_BYTES} bytes in hexadecimal", file=str(path), remedy=remedy)
        return Vault(key)

    @cached_property
    def check(self) -> bytes:
        """16 bytes that tell whether a store was written under this key, and nothing else."""
        return _keyed(self.master, b"check", b"", 16)

    def lookup(self, user_id: str) -> bytes:
        """16 bytes under which a person is found; without the master key they lead to nobody."""
        return _keyed(self.master, b"lookup", user_id.encode(), 16)

    def wrap(self, key: bytes, person: str) -> bytes:
        """The key of a person as it may lie in the store."""
        return _seal(self._wrapping, key, person.encode())

    def unwrap(self, wrapped: bytes, person: str) -> bytes:
        """The key of a person. Raises InputError when it was wrapped elsewhere or for somebody else."""
        return _unseal(self._wrapping, wrapped, person.encode())

    @cached_property
    def _wrapping(self) -> AESGCM:
        return AESGCM(_keyed(self.master, b"wrap", b"", KEY_BYTES))


def seal(key: bytes, plain: bytes, about: bytes) -> bytes:
    """Encrypts with AES-256-GCM under a fresh nonce (12 bytes in front). about: what the sealed bytes are bound to."""
    return _seal(AESGCM(key), plain, about)


def _seal(cipher: AESGCM, plain: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, about)


def unseal(key: bytes, sealed: bytes, about: bytes) -> bytes:
    """What was sealed. Raises InputError when the key, the bytes or what they are bound to are not the same."""
    return _unseal(AESGCM(key), sealed, about)


def _unseal(cipher: AESGCM, sealed: bytes, about: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
    except (InvalidTag, ValueError) as error:
        raise InputError("sealed bytes do not open: another key, or they were changed") from error


def token(key: bytes, text: str) -> bytes:
    """16 bytes that stand for a text of a person, equal for equal texts; without the key nobody can guess the text."""
    return _keyed(key, b"token", text.encode(), 16)


def _keyed(key: bytes, purpose: bytes, text: bytes, size: int) -> bytes:
    return hashlib.blake2b(text, key=key, person=purpose, digest_size=size).digest()


def _create(path: Path) -> None:
    """Writes a fresh key; of two that try at once, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{KEY_FILE}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(partial, path)  # never replaces a key that is there
    except FileExistsError:
        return
    finally:
        partial.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # an event must not outlive the key that reads it
    finally:
        os.close(folder)


@dataclass(frozen=True)
class Person:
    """A pseudonym and its key."""

    id: str
    key: bytes = field(repr=False)
    user_id: str | None = None

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """The ciphertext of an event, bound to its place (see `place_of`)."""
        return seal(self.key, plain, place)

    def unseal(self, row: Row[Any]) -> bytes:
        """The plain event of a row of the chain."""
        return unseal(self.key, row.sealed, place_of(row.seq, row.person, row.token))


def place_of(seq: int, person: str, mark: bytes) -> bytes:
    """What the ciphertext of an event, and the link to it, are bound to."""
    return f"{seq} {person} ".encode() + mark
