"""The operator's keys: one Ed25519 pair to sign origins with, one secret for watermarks, and the keys that are trusted.

They lie in a folder of their own, outside every store, so that neither a copied store nor a served one gives them away:

    signing.pem         the private key, made on first use, for its owner alone (mode 0600)
    watermark.key       32 random bytes, likewise
    trusted/ID.pem      public keys whose signatures count; one's own is put there

To change the key, move signing.pem away: the next use makes another, and what was signed before still verifies.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generec.errors import InputError, UsageError
from generec.fidelity.extras import loop_extra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@dataclass(frozen=True)
class Keys:
    """The keys in one folder. Raises UsageError for a secret that others may read, InputError for a foreign key."""

    folder: Path

    def signing(self) -> Ed25519PrivateKey:
        """The private key, made on first use; its public half is trusted from then on."""
        with loop_extra("cryptography"):
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        try:
            key = load_pem_private_key(self._private("signing.pem", _new_key), None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise InputError("is no Ed25519 key without a password", file=str(self.folder / "signing.pem"))
        self._trust(key.public_key())
        return key

    def trusted(self) -> Mapping[str, Ed25519PublicKey]:
        """Key id -> public key, of everybody whose signatures count here."""
        with loop_extra("cryptography"):
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
            from cryptography.hazmat.primitives.serialization import load_pem_public_key
        found = {}
        for path in sorted((self.folder / "trusted").glob("*.pem")):
            try:
                key = load_pem_public_key(path.read_bytes())
            except ValueError:
                key = None
            if not isinstance(key, Ed25519PublicKey):
                raise InputError("is no public Ed25519 key", file=str(path), remedy="take it out of the folder")
            found[key_id(key)] = key
        return found

    def watermark(self) -> bytes:
        """The secret of text watermarks, made on first use."""
        return self._private("watermark.key", lambda: secrets.token_bytes(32))

    def _private(self, name: str, fresh: Callable[[], bytes]) -> bytes:
        path = self.folder / name
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_once(path, fresh(), 0o600)
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"{path} may be read by others; take their rights away: chmod 600 {path}")
        return path.read_bytes()

    def _trust(self, key: Ed25519PublicKey) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        path = self.folder / "trusted" / f"{key_id(key)}.pem"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_once(path, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)


def default_keys() -> Keys:
    """The keys of this user: in $GENEREC_KEYS, else in ~/.config/generec/keys."""
    return Keys(Path(os.environ.get("GENEREC_KEYS") or "~/.config/generec/keys").expanduser())


def key_id(key: Ed25519PublicKey) -> str:
    """A short name of a public key: the first 16 hexadecimal digits of its sha256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def _new_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_once(path: Path, content: bytes, mode: int) -> None:
    """Puts a file at its place whole and only if there is none: of two processes the first one's counts."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
