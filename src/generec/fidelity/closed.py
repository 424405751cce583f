"""Reads what an operator wrote: closed schemas, in which a misspelt key is an error that names the right one."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from generec.errors import InputError, unknown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ReadT = TypeVar("ReadT", bound="DataclassInstance")


def closed(kind: type[ReadT], values: object, where: str) -> ReadT:
    """A dataclass from a mapping. Raises UsageError for an unknown key, InputError for a value of the wrong type.

    Types are strict (the text "true" is no truth value); lists become tuples or sets, ISO text becomes dates.
    """
    from pydantic import TypeAdapter, ValidationError

    if not isinstance(values, Mapping):
        raise InputError(f"{where} must be a table of keys and values, got {values!r}")
    names = [field.name for field in fields(kind)]
    for key in values:
        if key not in names:
            raise unknown(f"key of {where}", str(key), names)
    try:
        found: ReadT = TypeAdapter(kind).validate_json(json.dumps(dict(values), default=_plain), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return found


def read_toml(path: str | Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises InputError when it cannot be read."""
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {error}", file=str(path), remedy="give a TOML file in UTF-8") from error


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)
