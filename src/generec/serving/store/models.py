"""Which model answers: the versions of a tenant, the active one, the shares of trials, and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from generec.errors import InputError, UsageError, unknown
from generec.serving.store.database import Database, note, now
from generec.serving.store.tables import MODELS, plain

State = Literal["candidate", "active", "shadow", "retired"]
"""Candidates may get a share of the traffic, shadows answer unseen, one version is active, the others were."""


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """An artefact folder under a name. `share`: of the traffic, for a candidate; the active version has the rest."""

    version: str
    folder: str
    manifest: str  # sha256 of its MANIFEST.json
    figures: Mapping[str, Any]  # as it was judged
    watermark: int  # of the catalogue that it was trained on
    state: State = "candidate"
    share: float = 0.0
    replaced: str | None = None  # the version that was active before it
    created: int = 0


@dataclass(frozen=True)
class Models:
    """The versions of each tenant. Every change is one transaction: never two are active, and none never."""

    db: Database

    def add(
        self,
        tenant: str,
        version: str,
        *,
        folder: str,
        manifest: str,
        watermark: int,
        figures: Mapping[str, Any] | None = None,
        by: str,
    ) -> ModelVersion:
        """Enters a version as a candidate. Raises UsageError when its name is taken, InputError for no sha256."""
        if not re.fullmatch("[0-9a-f]{64}", manifest):
            raise InputError(f"expected the sha256 of the manifest in hexadecimal, got {manifest[:80]!r}")
        row = {"version": version, "folder": folder, "manifest": manifest, "watermark": watermark,
               "figures": plain(dict(figures or {}), "the figures"), "state": "candidate", "share": 0.0,
               "created": now()}  # fmt: skip
        with self.db.writing(tenant) as (c, _):
            if version in _versions(c, tenant):
                raise UsageError(f"model version {version!r} is there already; a retrained model is a new version")
            c.execute(sql.insert(MODELS).values(tenant=tenant, **row))
            note(c, tenant, by, "add model", version)
            return _versions(c, tenant)[version]

    def list(self, tenant: str) -> tuple[ModelVersion, ...]:
        """All versions, oldest first."""
        with self.db.reading() as c:
            return tuple(_versions(c, tenant).values())

    def get(self, tenant: str, version: str) -> ModelVersion:
        """One version. Raises UsageError with the nearest one when there is none."""
        with self.db.reading() as c:
            return _of(_versions(c, tenant), version)

    def active(self, tenant: str) -> ModelVersion | None:
        """The version that answers where no trial does; None before the first activation."""
        return next((one for one in self.list(tenant) if one.state == "active"), None)

    def activate(self, tenant: str, version: str, *, by: str) -> ModelVersion:
        """Lets a version answer; the one before it retires and is where `roll_back` leads."""
        with self.db.writing(tenant) as (c, _):
            known = _versions(c, tenant)
            new, old = _of(known, version), _active(known)
            if new.state != "active":
                _retire(c, tenant, old)
                before = None if old is None else old.version
                _set(c, tenant, version, state="active", share=0.0, replaced=before)
                note(c, tenant, by, "activate model", version, {"instead of": before})
            return _versions(c, tenant)[version]

    def roll_back(self, tenant: str, *, by: str) -> ModelVersion:
        """Back to the version that was active before; again, to the one before that. Raises UsageError at the first."""
        with self.db.writing(tenant) as (c, _):
            known = _versions(c, tenant)
            old = _active(known)
            if old is None or old.replaced is None:
                raise UsageError("no version was active before this one; activate one by name")
            _retire(c, tenant, old)
            _set(c, tenant, old.replaced, state="active", share=0.0)
            note(c, tenant, by, "roll back model", old.replaced, {"instead of": old.version})
            return _versions(c, tenant)[old.replaced]

    def try_out(self, tenant: str, version: str, *, share: float, by: str) -> ModelVersion:
        """Gives a version a share of the traffic as a candidate; 0 ends the trial."""
        with self.db.writing(tenant) as (c, _):
            known = _versions(c, tenant)
            _idle(_of(known, version))
            others = sum(one.share for one in known.values() if one.version != version)
            if not 0 <= share <= 1 - others:
                raise UsageError(f"a share is 0 to {1 - others:g} beside the other trials, got {share:g}")
            _set(c, tenant, version, state="candidate", share=share)
            note(c, tenant, by, "try out model", version, {"share": share})
            return _versions(c, tenant)[version]

    def shadow(self, tenant: str, version: str, *, by: str) -> ModelVersion:
        """Lets a version answer beside the active one, unseen."""
        return self._put(tenant, version, "shadow", by)

    def retire(self, tenant: str, version: str, *, by: str) -> ModelVersion:
        """Takes a version out of trials and shadows; the active one is replaced instead."""
        return self._put(tenant, version, "retired", by)

    def _put(self, tenant: str, version: str, state: State, by: str) -> ModelVersion:
        with self.db.writing(tenant) as (c, _):
            _idle(_of(_versions(c, tenant), version))
            _set(c, tenant, version, state=state, share=0.0)
            note(c, tenant, by, f"{state} model", version)
            return _versions(c, tenant)[version]


def _versions(c: Connection, tenant: str) -> dict[str, ModelVersion]:
    query = sql.select(MODELS).where(MODELS.c.tenant == tenant).order_by(MODELS.c.created, MODELS.c.version)
    return {row.version: _version(row) for row in c.execute(query)}


def _version(row: Row[Any]) -> ModelVersion:
    return ModelVersion(
        version=row.version, folder=row.folder, manifest=row.manifest, figures=row.figures, watermark=row.watermark,
        state=row.state, share=row.share, replaced=row.replaced, created=row.created,
    )  # fmt: skip


def _of(known: Mapping[str, ModelVersion], version: str) -> ModelVersion:
    if version not in known:
        raise unknown("model version", version, known)
    return known[version]


def _active(known: Mapping[str, ModelVersion]) -> ModelVersion | None:
    return next((one for one in known.values() if one.state == "active"), None)


def _idle(model: ModelVersion) -> None:
    if model.state == "active":
        raise UsageError(f"model version {model.version!r} is active; activate another one first")


def _retire(c: Connection, tenant: str, model: ModelVersion | None) -> None:
    if model is not None:
        _set(c, tenant, model.version, state="retired", share=0.0, replaced=model.replaced)


def _set(c: Connection, tenant: str, version: str, *, state: State, share: float, replaced: str | None = None) -> None:
    """Without `replaced` it stays: the way back is only written when a version becomes active."""
    changed = sql.update(MODELS).where(MODELS.c.tenant == tenant, MODELS.c.version == version)
    changed = changed.values(state=state, share=share)
    c.execute(changed if replaced is None else changed.values(replaced=replaced))
