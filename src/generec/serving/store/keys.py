"""API keys: the secret is shown once, the store keeps its hash.

A secret is 256 random bits, which nobody guesses; a slow hash, as passwords need it, would only cost time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import sqlalchemy as sql
from sqlalchemy.engine import Row

from generec.errors import UsageError, unknown
from generec.serving.store.database import Database, note, now
from generec.serving.store.recent import Recent
from generec.serving.store.tables import KEYS

Scope = Literal["read", "write", "admin"]
"""Each scope includes those before it."""

_ORDER: tuple[Scope, ...] = get_args(Scope)
_SECRET = re.compile(r"generec_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class ApiKey:
    """What is kept of a key. `id` is what the audit calls its holder."""

    id: str
    tenant: str
    name: str
    scopes: tuple[Scope, ...]
    created: int  # UTC seconds
    revoked: int | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the key allows what needs this scope."""
        return self.revoked is None and any(_ORDER.index(one) >= _ORDER.index(scope) for one in self.scopes)


@dataclass(frozen=True)
class NewKey:
    """A key with the secret that its holder must keep: it is not kept here."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True)
class KeyRing:
    """The valid keys of all tenants at one moment, by their ids, each with the hash of its secret."""

    keys: Mapping[str, tuple[bytes, ApiKey]] = field(repr=False)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def holder(self, secret: str) -> ApiKey | None:
        """Whose secret it is, tenant included; None for what is no valid key."""
        read = _SECRET.fullmatch(secret)
        hash_, key = (read and self.keys.get(read[1])) or (b"", None)
        return key if read is not None and hmac.compare_digest(hash_, _hash(read[2])) else None


@dataclass(frozen=True)
class ApiKeys:
    """The keys of each tenant. What other processes do to them counts within a second, what this one does at once."""

    db: Database

    @cached_property
    def ring(self) -> Recent[KeyRing]:
        """The valid keys, which every request asks for."""
        return Recent(self._valid)

    def _valid(self) -> KeyRing:
        with self.db.reading() as c:
            rows = c.execute(sql.select(KEYS).where(KEYS.c.revoked.is_(None))).all()
        return KeyRing({row.id: (row.hash, _key(row)) for row in rows})

    def create(self, tenant: str, name: str, scopes: Sequence[Scope], *, by: str) -> NewKey:
        """A new key with its secret, which cannot be had again."""
        for scope in scopes:
            if scope not in _ORDER:
                raise unknown("scope", scope, _ORDER)
        if not scopes or not name:
            raise UsageError("a key needs a name and one of the scopes read, write and admin")
        key_id, random = secrets.token_hex(8), secrets.token_urlsafe(32)
        key = ApiKey(key_id, tenant, name, tuple(one for one in _ORDER if one in scopes), now())
        with self.db.writing(tenant) as (c, _):
            c.execute(sql.insert(KEYS).values(
                id=key.id, tenant=tenant, name=name, hash=_hash(random), scopes=list(key.scopes), created=key.created
            ))  # fmt: skip
            note(c, tenant, by, "create key", key.id, {"scopes": list(key.scopes)})
        self.ring.drop()
        return NewKey(key, f"generec_{key_id}_{random}")

    def authenticate(self, secret: str) -> ApiKey | None:
        """Whose secret it is, tenant included; None for what is no key, and for a revoked one."""
        return self.ring.get().holder(secret)

    def revoke(self, tenant: str, key_id: str, *, by: str) -> None:
        """Ends a key. Raises UsageError when the tenant has none of that id; asked twice, the first time counts."""
        with self.db.writing(tenant) as (c, _):
            mine = sql.update(KEYS).where(KEYS.c.tenant == tenant, KEYS.c.id == key_id)
            ended = c.execute(mine.values(revoked=sql.func.coalesce(KEYS.c.revoked, now())))
            if not ended.rowcount:
                raise UsageError(f"there is no key {key_id!r}; `generec keys list` shows them")
            note(c, tenant, by, "revoke key", key_id)
        self.ring.drop()

    def list(self, tenant: str) -> tuple[ApiKey, ...]:
        """All keys, revoked ones too, oldest first."""
        query = sql.select(KEYS).where(KEYS.c.tenant == tenant).order_by(KEYS.c.created, KEYS.c.id)
        with self.db.reading() as c:
            return tuple(map(_key, c.execute(query)))

    def any(self) -> bool:
        """Whether anybody holds a valid key: what a server asks before it listens to more than this machine."""
        return bool(self.ring.get())


def _hash(random: str) -> bytes:
    return hashlib.sha256(random.encode()).digest()


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(row.id, row.tenant, row.name, tuple(row.scopes), row.created, row.revoked)
