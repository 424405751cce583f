"""The first schema. A migration says in full what it does: it must do the same when the tables have moved on."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sql
from alembic import op

revision = "0001"
down_revision = None

Kind = sql.types.TypeEngine[Any] | type[sql.types.TypeEngine[Any]]
NUMBER = sql.BigInteger().with_variant(sql.Integer, "sqlite")
TENANT, NAME, ID, WORD = sql.String(64), sql.String(512), sql.String(32), sql.String(16)


def upgrade() -> None:
    """Makes the tables, and the tenant of a store that is not shared."""
    tenants = op.create_table(
        "tenant", _key("name", TENANT), _full("created", NUMBER), _full("watermark", NUMBER), _full("columns", sql.Text)
    )
    op.create_table(
        "item", _key("tenant", TENANT), _key("item_id", NAME), _full("number", NUMBER), _full("change", NUMBER),
        _full("version", sql.Integer), _full("updated", NUMBER), _full("gone", sql.Boolean), _full("fields", sql.Text),
        _full("words", sql.Text),
    )  # fmt: skip
    op.create_index("item_by_number", "item", ["tenant", "number"], unique=True)
    op.create_index("item_by_change", "item", ["tenant", "change"])
    op.create_table(
        "profile", _key("tenant", TENANT), _key("person", ID), _full("sealed", sql.LargeBinary),
        _full("updated", NUMBER),
    )  # fmt: skip
    op.create_table(
        "model_version", _key("tenant", TENANT), _key("version", NAME), _full("folder", sql.Text),
        _full("manifest", sql.String(64)), _full("figures", sql.Text), _full("watermark", NUMBER), _full("state", WORD),
        _full("share", sql.Double), sql.Column("replaced", NAME), _full("created", NUMBER),
    )  # fmt: skip
    active = sql.text("state = 'active'")
    op.create_index(
        "one_active_model", "model_version", ["tenant"], unique=True, sqlite_where=active, postgresql_where=active
    )
    op.create_table(
        "slate_rule", _key("tenant", TENANT), _key("id", ID), _full("kind", WORD), _full("conditions", sql.Text),
        _full("weight", sql.Double), sql.Column("starts", NUMBER), sql.Column("ends", NUMBER), _full("created", NUMBER),
    )  # fmt: skip
    op.create_table(
        "api_key", _key("id", ID), _full("tenant", TENANT), _full("name", NAME), _full("hash", sql.LargeBinary(32)),
        _full("scopes", sql.Text), _full("created", NUMBER), sql.Column("revoked", NUMBER),
    )  # fmt: skip
    op.create_index("ix_api_key_tenant", "api_key", ["tenant"])
    op.create_table(
        "approval", _key("tenant", TENANT), _key("id", NAME), _full("number", NUMBER), _full("draft", sql.Text),
        _full("report", sql.Text), _full("state", WORD), _full("submitted", NUMBER), sql.Column("decided", NUMBER),
        sql.Column("by", NAME), _full("reason", sql.Text), sql.Column("item_id", NAME),
    )  # fmt: skip
    op.create_table(
        "job", _key("tenant", TENANT), _key("id", ID), _full("kind", ID), _full("state", WORD),
        _full("progress", sql.Double), _full("line", sql.Text), _full("options", sql.Text),
        sql.Column("result", sql.Text), _full("number", NUMBER), _full("created", NUMBER), _full("updated", NUMBER),
    )  # fmt: skip
    op.create_table(
        "answer", _key("tenant", TENANT), _key("key", NAME), _full("request", sql.String(64)),
        sql.Column("lookup", sql.LargeBinary(16)), sql.Column("status", sql.Integer), sql.Column("body", sql.Text),
        _full("expires", NUMBER),
    )  # fmt: skip
    op.create_index("ix_answer_expires", "answer", ["expires"])
    op.create_table(
        "audit", sql.Column("number", NUMBER, primary_key=True, autoincrement=True), _full("tenant", TENANT),
        _full("time", NUMBER), _full("by", NAME), _full("act", ID), _full("target", NAME), _full("detail", sql.Text),
    )  # fmt: skip
    op.create_index("ix_audit_tenant", "audit", ["tenant"])
    op.bulk_insert(tenants, [{"name": "default", "created": int(time.time()), "watermark": 0, "columns": "{}"}])


def _key(name: str, kind: Kind) -> sql.Column[Any]:
    return sql.Column(name, kind, primary_key=True)


def _full(name: str, kind: Kind) -> sql.Column[Any]:
    return sql.Column(name, kind, nullable=False)
