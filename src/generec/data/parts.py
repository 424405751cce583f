"""A split written out: training and refit events, and the questions with their answers, as parquet and JSON."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generec.errors import UsageError
from generec.types import Case, Catalog, Events, Split


def describe_split(split: Split) -> dict[str, Any]:
    """Name, protocol line and sizes."""
    return {
        "name": split.name,
        "description": split.description,
        "train": {"events": split.train.items.numel(), "users": len(split.train)},
        "refit": {"events": split.refit.items.numel(), "users": len(split.refit)},
        "validation": {"cases": len(split.validation)},
        "test": {"cases": len(split.test)},
    }


def write_split(split: Split, catalog: Catalog, directory: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Writes train, refit (user_id, item_id, timestamp), validation and test (user_id, history, relevant), split.json.

    The folder appears finished or not at all. Raises UsageError when it exists and is no split, or overwrite is False.
    """
    target = Path(directory).absolute()
    if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
        if not (target / "split.json").is_file():
            raise UsageError(f"{target} holds something that is no split; name a new folder")
        if not overwrite:
            raise UsageError(f"{target} exists; name another folder, or replace it with --overwrite")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        _events(split.train, catalog).write_parquet(partial / "train.parquet")
        _events(split.refit, catalog).write_parquet(partial / "refit.parquet")
        _cases(split.validation).write_parquet(partial / "validation.parquet")
        _cases(split.test).write_parquet(partial / "test.parquet")
        text = json.dumps(describe_split(split), indent=2, ensure_ascii=False)
        (partial / "split.json").write_text(text + "\n", encoding="utf-8")
        partial.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def _events(events: Events, catalog: Catalog) -> pl.DataFrame:
    users = pl.Series("user_id", events.user_ids, dtype=pl.String)
    rows = np.repeat(np.arange(len(users)), events.lengths.numpy())
    times = None if events.times is None else events.times.numpy()
    return pl.DataFrame(
        {
            "user_id": users.gather(rows),
            "item_id": catalog.frame["item_id"].gather(events.items.numpy()),
            "timestamp": pl.Series([None] * events.items.numel() if times is None else times, dtype=pl.Int64),
        }
    )


def _cases(cases: Sequence[Case]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": [case.request.user_id for case in cases],
            "history": [list(case.request.history) for case in cases],
            "relevant": [list(case.relevant) for case in cases],
        },
        schema={"user_id": pl.String, "history": pl.List(pl.String), "relevant": pl.List(pl.String)},
    )
