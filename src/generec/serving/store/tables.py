"""The tables of the store, but for those of the event log, which keeps its own beside them (data/chain.py).

Every row carries its tenant. The schema is made by the migrations; what they make is compared with this page in the
tests.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Dialect

from generec.data.chain import NAME, NUMBER, PERSON, Bytes
from generec.errors import InputError

META = sql.MetaData()
TENANT_NAME = sql.String(64)


class Document(sql.TypeDecorator[Any]):
    """Plain values as JSON text, in ASCII: every store keeps it, whatever the text held."""

    impl = sql.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def plain(value: Any, name: str) -> Any:
    """The value if JSON can hold it. Raises InputError naming it otherwise (objects, NaN, keys that are no text)."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{name} cannot be kept as JSON ({error}); give plain values") from None
    return value


def _tenant() -> sql.Column[str]:
    return sql.Column("tenant", TENANT_NAME, primary_key=True)


TENANTS = sql.Table(
    "tenant", META,
    sql.Column("name", TENANT_NAME, primary_key=True),
    sql.Column("created", NUMBER, nullable=False),
    sql.Column("watermark", NUMBER, nullable=False),  # number of the last change to the catalogue
    sql.Column("columns", Document, nullable=False),  # of the catalogue: name -> kind
)  # fmt: skip
ITEMS = sql.Table(
    "item", META,
    _tenant(),
    sql.Column("item_id", NAME, primary_key=True),
    sql.Column("number", NUMBER, nullable=False),  # its place in the catalogue
    sql.Column("change", NUMBER, nullable=False),  # the last change to it
    sql.Column("version", sql.Integer, nullable=False),
    sql.Column("updated", NUMBER, nullable=False),
    sql.Column("gone", sql.Boolean, nullable=False),  # deleted; the row stays, so that a replay knows
    sql.Column("fields", Document, nullable=False),
    sql.Column("words", sql.Text, nullable=False),  # what is searched
    sql.Index("item_by_number", "tenant", "number", unique=True),
    sql.Index("item_by_change", "tenant", "change"),
)  # fmt: skip
PROFILES = sql.Table(
    "profile", META,
    _tenant(),
    sql.Column("person", PERSON, primary_key=True),
    sql.Column("sealed", Bytes, nullable=False),  # under the key of the person
    sql.Column("updated", NUMBER, nullable=False),
)  # fmt: skip
MODELS = sql.Table(
    "model_version", META,
    _tenant(),
    sql.Column("version", NAME, primary_key=True),
    sql.Column("folder", sql.Text, nullable=False),
    sql.Column("manifest", sql.String(64), nullable=False),
    sql.Column("figures", Document, nullable=False),
    sql.Column("watermark", NUMBER, nullable=False),
    sql.Column("state", sql.String(16), nullable=False),
    sql.Column("share", sql.Double, nullable=False),
    sql.Column("replaced", NAME),  # the version that was active before it
    sql.Column("created", NUMBER, nullable=False),
    sql.Index("one_active_model", "tenant", unique=True, sqlite_where=sql.text("state = 'active'"),
              postgresql_where=sql.text("state = 'active'")),
)  # fmt: skip
RULES = sql.Table(
    "slate_rule", META,
    _tenant(),
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("kind", sql.String(16), nullable=False),
    sql.Column("conditions", Document, nullable=False),
    sql.Column("weight", sql.Double, nullable=False),
    sql.Column("starts", NUMBER), sql.Column("ends", NUMBER),
    sql.Column("created", NUMBER, nullable=False),
)  # fmt: skip
KEYS = sql.Table(
    "api_key", META,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("tenant", TENANT_NAME, nullable=False, index=True),
    sql.Column("name", NAME, nullable=False),
    sql.Column("hash", Bytes(32), nullable=False),
    sql.Column("scopes", Document, nullable=False),
    sql.Column("created", NUMBER, nullable=False), sql.Column("revoked", NUMBER),
)  # fmt: skip
APPROVALS = sql.Table(
    "approval", META,
    _tenant(),
    sql.Column("id", NAME, primary_key=True),  # Draft.id
    sql.Column("number", NUMBER, nullable=False),
    sql.Column("draft", sql.Text, nullable=False), sql.Column("report", sql.Text, nullable=False),
    sql.Column("state", sql.String(16), nullable=False),
    sql.Column("submitted", NUMBER, nullable=False), sql.Column("decided", NUMBER),
    sql.Column("by", NAME), sql.Column("reason", sql.Text, nullable=False), sql.Column("item_id", NAME),
)  # fmt: skip
JOBS = sql.Table(
    "job", META,
    _tenant(),
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("kind", sql.String(32), nullable=False), sql.Column("state", sql.String(16), nullable=False),
    sql.Column("progress", sql.Double, nullable=False), sql.Column("line", sql.Text, nullable=False),
    sql.Column("options", Document, nullable=False), sql.Column("result", Document),
    sql.Column("number", NUMBER, nullable=False),
    sql.Column("created", NUMBER, nullable=False), sql.Column("updated", NUMBER, nullable=False),
)  # fmt: skip
ANSWERS = sql.Table(
    "answer", META,
    _tenant(),
    sql.Column("key", NAME, primary_key=True),
    sql.Column("request", sql.String(64), nullable=False),
    sql.Column("lookup", Bytes(16)),  # of the person whom it is about
    sql.Column("status", sql.Integer), sql.Column("body", Document),  # null while the request is worked on
    sql.Column("expires", NUMBER, nullable=False, index=True),
)  # fmt: skip
AUDIT = sql.Table(
    "audit", META,
    sql.Column("number", NUMBER, primary_key=True, autoincrement=True),
    sql.Column("tenant", TENANT_NAME, nullable=False, index=True),
    sql.Column("time", NUMBER, nullable=False),
    sql.Column("by", NAME, nullable=False), sql.Column("act", sql.String(32), nullable=False),
    sql.Column("target", NAME, nullable=False),  # of a person the pseudonym, which leads nowhere once they are deleted
    sql.Column("detail", Document, nullable=False),
)  # fmt: skip
