"""Recipes as JSON: authored in Python, recorded beside the weights, overridden from the command line."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import typing
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, TypeVar

from generec.errors import ArtefactError, FittingError, UsageError, unknown

PartT = TypeVar("PartT")
_ENTRY_POINTS = "generec.parts"


def describe(part: object) -> Any:
    """A JSON value that `rebuild` turns into an equal part. Raises FittingError for what has no name to find it by."""
    if part is None or isinstance(part, bool | int | float | str):
        return part
    if isinstance(part, tuple | list):
        return [describe(member) for member in part]
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = {field.name: describe(getattr(part, field.name)) for field in dataclasses.fields(part)}
        return {"part": _name(type(part)), **fields}
    if inspect.isfunction(part):
        return {"function": _name(part)}
    raise FittingError(f"{part!r} cannot be recorded in a recipe; use a frozen dataclass or a module-level function")


def _name(thing: type | Any) -> str:
    if "<" in thing.__qualname__:
        raise FittingError(f"{thing.__qualname__} cannot be recorded in a recipe: give it a name at module level")
    return f"{thing.__module__}:{thing.__qualname__}"


def rebuild(document: Any) -> Any:
    """The inverse of `describe`. Only parts of generec and of installed `generec.parts` entry points are resolved."""
    if isinstance(document, list):
        return tuple(rebuild(member) for member in document)
    if not isinstance(document, dict):
        return document
    if "function" in document:
        return _resolve(str(document["function"]))
    cls = _resolve(str(document.get("part")))
    if not (isinstance(cls, type) and dataclasses.is_dataclass(cls)):
        raise ArtefactError(f"{document.get('part')} is not a part; the recipe was not written by generec")
    known = {field.name for field in dataclasses.fields(cls)}
    for name in document.keys() - {"part"} - known:
        raise ArtefactError(f"{document['part']} has no hyperparameter {name!r}; it is from another version of generec")
    return cls(**{name: rebuild(value) for name, value in document.items() if name != "part"})


def _resolve(name: str) -> Any:
    module, _, qualified = name.partition(":")
    allowed = {"generec", *(point.module.partition(".")[0] for point in entry_points(group=_ENTRY_POINTS))}
    if module.partition(".")[0] not in allowed or not qualified:
        raise ArtefactError(f"the recipe names {name!r}, which is outside generec; only installed parts are loaded")
    try:
        found: Any = importlib.import_module(module)
        for attribute in qualified.split("."):
            found = getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise ArtefactError(f"the recipe names {name!r}, which this version of generec does not have") from error
    if getattr(found, "__module__", None) != module:
        raise ArtefactError(f"the recipe names {name!r}, which is not defined there")
    return found


def override(part: PartT, settings: Sequence[str]) -> PartT:
    """A copy with hyperparameters replaced: `tokenizer.levels=4`, `stages.0.optimisation.epochs=10`.

    Raises UsageError naming the nearest real hyperparameter, or the type that was expected.
    """
    for setting in settings:
        path, separator, value = setting.partition("=")
        if not separator:
            raise UsageError(f"--set takes key=value, got {setting!r}")
        part = _replace(part, path.strip().split("."), value.strip(), setting)
    return part


def _replace(part: Any, path: Sequence[str], value: str, setting: str) -> Any:
    name, rest = path[0], path[1:]
    if isinstance(part, tuple):
        if not name.isdigit() or int(name) >= len(part):
            raise UsageError(f"{setting!r}: {name!r} must be a place from 0 to {len(part) - 1}")
        place = int(name)
        return (*part[:place], _replace(part[place], rest, value, setting), *part[place + 1 :])
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        raise UsageError(f"{setting!r}: there is nothing below {part!r}")
    names = [field.name for field in dataclasses.fields(part)]
    if name not in names:
        raise unknown(f"hyperparameter of {type(part).__name__}", name, names)
    before = getattr(part, name)
    after = _replace(before, rest, value, setting) if rest else _parse(type(part), name, before, value, setting)
    return dataclasses.replace(part, **{name: after})


def _parse(cls: type, name: str, before: object, value: str, setting: str) -> Any:
    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticSchemaGenerationError

    if dataclasses.is_dataclass(before):
        fields = ", ".join(field.name for field in dataclasses.fields(before))
        raise UsageError(f"{setting!r}: {name} is a part; set one of its hyperparameters ({fields})")
    try:
        parsed = json.loads(value)
    except json.JSONDecodeError:
        parsed = value
    hint = typing.get_type_hints(cls)[name]
    try:
        return TypeAdapter(hint).validate_python(parsed)
    except PydanticSchemaGenerationError:  # a slot for a part, which may stand empty
        if parsed is not None or type(None) not in typing.get_args(hint):
            raise UsageError(f"{setting!r}: {name} takes a part, which only a recipe in Python can put there") from None
        return None
    except ValidationError as error:
        raise UsageError(f"{setting!r}: {name} takes {hint}, {error.errors()[0]['msg'].lower()}") from None


def hyperparameters(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Every settable key of a described part with its value, as `--set` takes it."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if name in ("part", "function"):
            continue
        if isinstance(value, dict):
            found |= hyperparameters(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and all(isinstance(member, dict) for member in value):
            for place, member in enumerate(value):
                found |= hyperparameters(member, f"{prefix}{name}.{place}.")
        else:
            found[prefix + name] = value
    return found
